"""The audit trail: what is noted is on disk, and whoever changes it is found out, whatever he changes."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from cockpit import audit_chain as chain
from cockpit.audit import Audit
from cockpit.audit_chain import Anchor, Wanted
from cockpit.services import AuditRefused

from ..conftest import ROOT, Clock

BUSY = """
import sys, threading
from datetime import UTC, datetime
from pathlib import Path
from cockpit.audit import Audit
audit = Audit(Path(sys.argv[1]), lambda: datetime.now(UTC))
def work(who):
    for n in range(1_000_000):
        audit.note("step", actor=who, role="duty_officer", subject=f"{who}-{n}")
        sys.stdout.write(f"{who}-{n}\\n")
        sys.stdout.flush()
for who in "abcd":
    threading.Thread(target=work, args=(who,)).start()
"""


@pytest.fixture
def audit(tmp_path):
    return Audit(tmp_path, Clock())


@pytest.fixture
def trail(audit):
    """Six entries in November; the file they are in."""
    for n in range(1, 7):
        audit.note("step", actor="lin", role="duty_officer", subject=f"i-{n}", step="contact")
    return audit.folder / "2026-11.jsonl"


def fault(audit, anchors=()):
    """File, line and words of the first thing that does not fit."""
    misfit = chain.verify(audit.folder, anchors).misfit
    return misfit and (misfit.file, misfit.line, misfit.reason["en"])


def test_what_was_noted_is_read_back_newest_first(audit):
    audit.note("view_person", actor="lin", role="grid_worker", subject="h-7", purpose="incident", fields=["phone"])
    audit.note("sign_out", actor="lin", role="grid_worker")
    last, first = audit.entries(Wanted(), 10)
    assert (first.act, first.subject, first.purpose, first.details) == (
        "view_person", "h-7", "incident", {"fields": ["phone"]},
    )  # fmt: skip
    assert (first.n, last.n, last.before) == (1, 2, first.hash)
    assert [e.n for e in audit.entries(Wanted(act="view_person"), 10)] == [1]
    assert [e.n for e in audit.entries(Wanted(actor="l"), 1)] == [2]
    assert audit.entries(Wanted(subject="h-8"), 10) == []


def test_a_whole_trail_fits(audit, trail):
    verdict = chain.verify(audit.folder)
    assert (verdict.misfit, verdict.lines, verdict.first, verdict.last) == (None, 6, 1, 6)


def test_an_edited_line_is_found(audit, trail):
    trail.write_bytes(trail.read_bytes().replace(b'"i-3"', b'"i-9"'))
    assert fault(audit) == ("2026-11.jsonl", 3, "this line was changed, or only half of it was written")


def test_a_line_edited_with_its_own_hash_made_anew_is_found_at_the_next(audit, trail):
    lines = trail.read_bytes().splitlines(keepends=True)
    entry = vars(chain.entry_of(lines[2][:-1])) | {"actor": "wu", "at": "2026-11-22T12:00:00+08:00"}
    lines[2], _ = chain.line_of({k: v for k, v in entry.items() if k != "hash"})
    trail.write_bytes(b"".join(lines))
    assert fault(audit) == ("2026-11.jsonl", 4, "it does not follow the line before: that one was changed")


def test_a_removed_line_is_found(audit, trail):
    lines = trail.read_bytes().splitlines(keepends=True)
    trail.write_bytes(b"".join(lines[:2] + lines[3:]))
    assert fault(audit) == ("2026-11.jsonl", 3, "the numbers jump (2 → 4): a line was removed, inserted or moved")


def test_an_inserted_line_is_found(audit, trail):
    lines = trail.read_bytes().splitlines(keepends=True)
    trail.write_bytes(b"".join([*lines[:3], lines[1], *lines[3:]]))
    assert fault(audit)[:2] == ("2026-11.jsonl", 4)


def test_two_lines_that_changed_places_are_found(audit, trail):
    lines = trail.read_bytes().splitlines(keepends=True)
    lines[2], lines[3] = lines[3], lines[2]
    trail.write_bytes(b"".join(lines))
    assert fault(audit)[:2] == ("2026-11.jsonl", 3)


def test_an_end_that_was_cut_off_is_found_and_writing_on_does_not_mend_it(audit, trail):
    lines = trail.read_bytes().splitlines(keepends=True)
    trail.write_bytes(b"".join(lines[:4]))
    assert fault(audit) == ("2026-11.jsonl", 4, "head.json remembers line 6: 2 lines were cut off the end")
    Audit(audit.folder.parent, Clock()).note("sign_in", actor="wu", role="administrator")
    assert fault(audit) == ("2026-11.jsonl", 5, "the numbers jump (4 → 7): a line was removed, inserted or moved")


def test_an_end_cut_off_together_with_its_head_file_is_found_by_what_the_twin_remembers(audit, trail):
    anchor = Anchor(*audit.end(), where="the twin")
    lines = trail.read_bytes().splitlines(keepends=True)
    trail.write_bytes(b"".join(lines[:4]))
    (audit.folder / "head.json").unlink()
    assert fault(audit) is None, "nothing in the folder can tell"
    assert fault(audit, [anchor]) == ("2026-11.jsonl", 4, "the twin remembers line 6: 2 lines were cut off the end")


def test_a_trail_written_anew_from_the_start_is_found_by_what_the_twin_remembers(audit, trail):
    anchor = Anchor(*audit.end(), where="the twin")
    trail.unlink()
    (audit.folder / "head.json").unlink()
    for n in range(1, 9):
        audit.note("step", actor="nobody", role="duty_officer", subject=f"i-{n}")
    assert fault(audit) is None
    assert fault(audit, [anchor]) == ("2026-11.jsonl", 6, "not what the twin remembers: it was written anew")


def test_a_month_that_was_taken_away_is_found_and_one_in_the_archive_is_not_missed(audit, trail):
    audit._clock.set(datetime(2027, 7, 1, tzinfo=UTC))
    audit.note("sign_in", actor="lin", role="auditor")
    trail.rename(trail.with_suffix(".elsewhere"))
    assert fault(audit) == ("2027-07.jsonl", 1, "lines 1 to 6 are gone and no line says that they were archived")
    trail.with_suffix(".elsewhere").rename(trail)
    assert audit.archive(keep_days=1) == ["2026-11.jsonl"], "half a year is over"
    assert fault(audit) is None
    (audit.folder / "archive" / trail.name).unlink()
    assert fault(audit) is None, "the line that says it was archived carries its last hash"


def test_half_a_year_is_kept_whatever_the_setting_says(audit, trail):
    audit._clock.set(datetime(2027, 5, 20, tzinfo=UTC))
    audit.note("sign_in", actor="lin", role="auditor")
    assert audit.archive(keep_days=1) == []


def test_half_a_line_at_the_end_is_set_aside_and_said(audit, trail):
    with trail.open("ab") as stream:
        stream.write(b'{"act":"step","actor":"li')
    again = Audit(audit.folder.parent, Clock())
    again.note("step", actor="lin", role="duty_officer", subject="i-7")
    verdict = chain.verify(audit.folder)
    assert (verdict.misfit, verdict.last, len(verdict.torn)) == (None, 8, 1)
    said = again.entries(Wanted(act="torn_line"), 1)[0]
    assert (said.n, said.details["bytes"]) == (7, 25)


def test_threads_and_processes_write_one_chain(audit, tmp_path):
    beside = Audit(tmp_path, Clock())
    with ThreadPoolExecutor(8) as threads:
        for n in range(120):
            threads.submit((audit, beside)[n % 2].note, "step", actor="lin", role="duty_officer", subject=f"i-{n}")
    verdict = chain.verify(audit.folder)
    assert (verdict.misfit, verdict.lines) == (None, 120)
    assert len({e.subject for e in audit.entries(Wanted(), 200)}) == 120


def test_after_kill_9_the_chain_is_whole_and_every_note_that_returned_is_in_it(tmp_path):
    said: list[str] = []
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", BUSY, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        said += [process.stdout.readline().strip() for _ in range(60)]
        process.send_signal(signal.SIGKILL)
        said += [line for line in process.stdout.read().split("\n")[:-1] if line]
        process.wait(10)
        process.stdout.close()
    audit = Audit(tmp_path, lambda: datetime.now(UTC))
    audit.note("sign_in", actor="lin", role="auditor")
    assert chain.verify(audit.folder).misfit is None
    assert set(said) <= {e.subject for e in audit.entries(Wanted(act="step"), 1_000_000)}


@pytest.fixture
def full_disk(audit, trail):
    """The trail's file may not grow beyond a few more bytes: half a line fits, as on a disk that is nearly full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (trail.stat().st_size + 50, before[1]))
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


def test_on_a_full_disk_nobody_looks_at_a_person_and_help_goes_on(audit, trail, full_disk):
    size = trail.stat().st_size
    with pytest.raises(AuditRefused, match="make room or repair"):
        audit.note("view_person", actor="lin", role="grid_worker", subject="h-7", purpose="incident")
    audit.note("step", actor="lin", role="grid_worker", subject="i-7")
    assert (os.stat(trail).st_size, audit.standing().waiting) == (size, 1), "nothing half-written"
    full_disk()
    audit.note("view_person", actor="lin", role="grid_worker", subject="h-7", purpose="incident")
    assert [e.subject for e in audit.entries(Wanted(), 2)] == ["h-7", "i-7"]
    assert (chain.verify(audit.folder).misfit, audit.standing().waiting) == (None, 0)


def test_an_entry_names_things_and_does_not_tell_them(audit):
    audit.note("export", actor="lin", role="administrator", text="长" * 5_000, many=list(range(5_000)))
    details = audit.entries(Wanted(), 1)[0].details
    assert (len(details["text"]), len(details["many"])) == (300, 100)
