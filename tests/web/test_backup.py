"""Backups: made while messages come in, proven before they count, restored by what proves itself or not at all."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cockpit import restoring
from cockpit.backups import MANIFEST, STORE, BackupError, Resting, back_up, backups_in, read_manifest
from cockpit.copying import Copies
from cockpit.encoding import rows
from cockpit.restoring import find, restore
from ingest.mqtt import Publisher
from ingest.url import BrokerUrl
from twin_model.entities import Community, Device
from twin_model.twin import Twin

from ..conftest import Clock, Served, eventually, unused_port
from .conftest import report, settle, square

ROOT = Path(__file__).resolve().parents[2]
DEVICES = 20
MESSAGES_A_SECOND = 500


class Fault(Exception):
    """Something happened in the middle."""


@pytest.fixture(scope="module")
def street(tmp_path_factory) -> Path:
    """A data folder nobody has open: a street, a token file, a key."""
    data = tmp_path_factory.mktemp("street")
    twin = opened(data / STORE)
    settle(twin)
    twin.close()
    (data / "tokens.json").write_text("[]", encoding="utf-8")
    (data / "audit").mkdir()
    (data / "audit" / "2026-11.jsonl").write_text('{"n": 1}\n', encoding="utf-8")
    (data / "serving.json").write_text("{}", encoding="utf-8")
    (data / "logs").mkdir()
    (data / "logs" / "cockpit.log").write_text("…", encoding="utf-8")
    return data


@pytest.fixture
def data(street, tmp_path) -> Path:
    """The same, to change."""
    return Path(shutil.copytree(street, tmp_path / "data"))


@pytest.fixture(scope="module")
def kept(street, tmp_path_factory) -> Path:
    """One backup of the street, to look at."""
    return made(tmp_path_factory.mktemp("kept"), street)


def opened(path: Path) -> Twin:
    return Twin.open(path, clock=Clock())


def made(into: Path, data: Path, source=None, after: int = 0, keep: int | None = None) -> Path:
    clock = Clock()
    clock.forward(seconds=after)
    source = source or Resting(data / STORE, opened)
    return back_up(into, data, source, now=clock, version="1", keep=keep, while_serving=False).folder


def changed(backup: Path, tmp_path, **said) -> Path:
    """A copy of a backup whose manifest says something else, with the digest that fits."""
    from cockpit.backups import _write_manifest

    folder = Path(shutil.copytree(backup, tmp_path / "changed"))
    manifest = read_manifest(folder / MANIFEST)
    (folder / MANIFEST).unlink()
    _write_manifest(folder / MANIFEST, manifest.__class__(**{**vars(manifest), **said}))
    return folder


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# --- what a backup is


def test_it_holds_the_store_and_what_belongs_to_it_for_its_owner_only(kept):
    """not what is of this run or of this machine"""
    assert names(kept) == {MANIFEST, STORE, "tokens.json", "audit/2026-11.jsonl"}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    manifest = read_manifest(kept / MANIFEST)
    assert manifest.rows["reading"] == 5
    assert manifest.schema[0] == "0001_core"
    assert set(manifest.screens) == {"demo"}


def test_what_did_not_change_is_on_the_disk_once(data, tmp_path):
    first, second = made(tmp_path / "b", data), made(tmp_path / "b", data, after=1)
    assert (first / "audit/2026-11.jsonl").stat().st_ino == (second / "audit/2026-11.jsonl").stat().st_ino


def test_the_oldest_go_when_the_new_one_has_proved_itself_and_not_before(data, tmp_path):
    into = tmp_path / "b"
    folders = [made(into, data, after=n, keep=2) for n in range(3)]
    assert [backup.folder for backup in backups_in(into)] == folders[1:]

    class Failing(Resting):
        def end(self):
            super().end()
            return {"demo": {"states": "other"}}

    with pytest.raises(BackupError, match="does not show what the server shows"):
        made(into, data, Failing(data / STORE, opened), after=9, keep=2)
    assert [backup.folder for backup in backups_in(into)] == folders[1:]
    assert sorted(p.name for p in into.iterdir() if p.is_dir()) == [folder.name for folder in folders[1:]]


def test_an_old_one_that_is_half_removed_does_not_look_like_one(data, tmp_path, monkeypatch):
    """killed, or let down by the disk, while the oldest goes; the manifest may be the file that is still there"""
    into = tmp_path / "b"
    first = made(into, data)
    monkeypatch.setattr(shutil, "rmtree", refuses := Refuses())
    second = made(into, data, after=1, keep=1)
    assert refuses.asked
    assert [backup.folder for backup in backups_in(into)] == [second]
    assert (into / f"{first.name}.unfinished/manifest.json").exists()
    monkeypatch.undo()
    third = made(into, data, after=2, keep=1)
    assert [path.name for path in into.glob("cim-*")] == [third.name]


class Refuses:
    """A disk on which nothing can be removed."""

    asked = 0

    def __call__(self, *_: object, **__: object) -> None:
        self.asked += 1
        raise PermissionError("nothing can be removed")


def test_one_into_the_data_folder_is_refused(data):
    for place in (data, data / "backups"):
        with pytest.raises(BackupError, match="inside the data folder"):
            made(place, data)
    assert not (data / "backups").exists()


def test_what_a_killed_one_left_is_taken_away_by_the_next(data, tmp_path):
    (tmp_path / "b" / "cim-20260101T000000Z.unfinished").mkdir(parents=True)
    folder = made(tmp_path / "b", data)
    assert [path.name for path in (tmp_path / "b").glob("cim-*")] == [folder.name]


def test_a_disk_that_is_full_leaves_nothing_half_written(data, tmp_path):
    """the system refuses to write on in the middle of the store"""

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    done = subprocess.run(
        [sys.executable, "run.py", "backup", str(tmp_path / "b"), "--data", str(data)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, preexec_fn=little,
    )  # fmt: skip
    assert done.returncode == 1
    assert "(the file is larger than allowed); nothing of it is kept" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert list((tmp_path / "b").glob("cim-*")) == []


def test_too_little_room_is_seen_before_anything_is_written(data, tmp_path, monkeypatch):
    nearly_full = shutil.disk_usage(tmp_path)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: nearly_full)
    with pytest.raises(BackupError, match=r"1\.0 MB free and the backup needs"):
        made(tmp_path / "b", data)
    assert list((tmp_path / "b").glob("cim-*")) == []


# --- the server's part


def test_a_command_that_died_does_not_keep_the_store_standing(tmp_path, wait_for):
    twin = opened(tmp_path / STORE)
    try:
        Copies(twin, lease=0.05).begin()
        wait_for(lambda: twin.store._still is None, what="the copy to be forgotten")
        copies = Copies(twin)
        copies.begin()
        assert copies.renew()
        assert copies.end() == twin.now()
        assert not copies.renew()
        assert copies.end() is None
    finally:
        twin.close()


def test_only_the_programs_own_commands_may_copy(site):
    with site.client() as administrator:
        assert administrator.post("/api/v1/copies", json={}).status_code == 403
        assert administrator.delete("/api/v1/copies").status_code == 403


# --- a restore


def test_a_restored_folder_shows_what_was_backed_up(kept, tmp_path):
    done = restore(find(kept.parent), tmp_path / "new", now=Clock())
    assert (done.replaced, done.screens) == (None, 16)
    assert names(tmp_path / "new") == {STORE, "tokens.json", "audit/2026-11.jsonl"}
    twin = opened(tmp_path / "new" / STORE)
    assert twin.states(twin.now(), device_id="demo-air")["value"].to_pylist() == [21.5, None, None]
    twin.close()


def test_what_is_there_is_replaced_only_when_told_and_then_kept(kept, data):
    before = names(data)
    with pytest.raises(BackupError, match="--replace"):
        restore(find(kept), data, now=Clock())
    assert names(data) == before
    done = restore(find(kept), data, now=Clock(), replace=True)
    assert names(done.replaced) == {STORE, "tokens.json", "audit/2026-11.jsonl", "serving.json"}
    assert names(data) >= {STORE, "tokens.json", "logs/cockpit.log"}


def test_no_folder_and_no_backup_are_told_apart(tmp_path):
    with pytest.raises(BackupError, match="there is no folder"):
        find(tmp_path / "no")
    with pytest.raises(BackupError, match="is no backup and holds none"):
        find(tmp_path)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", [STORE, "tokens.json"])
def test_a_damaged_file_is_named_and_nothing_is_touched(kept, tmp_path, name):
    folder = Path(shutil.copytree(kept, tmp_path / "b"))
    flip(folder / name)
    with pytest.raises(BackupError, match=f"damaged: {name}"):
        restore(find(folder), tmp_path / "new", now=Clock())
    assert not (tmp_path / "new").exists()


def test_a_damaged_manifest_is_not_believed(kept, tmp_path):
    folder = Path(shutil.copytree(kept, tmp_path / "b"))
    text = (folder / MANIFEST).read_text(encoding="utf-8")
    (folder / MANIFEST).write_text(text.replace('"reading": 5', '"reading": 4'), encoding="utf-8")
    with pytest.raises(BackupError, match="its digest does not fit"):
        find(folder)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"schema": ["0001_core", "9999_later"]}, "newer program"),
        ({"rows": {"reading": 6}}, "reading 5 instead of 6"),
        ({"revision": 999}, "manifest of 999"),
        ({"screens": {"demo": {"kpis": "other"}}}, "does not show what it showed"),
    ],
)
def test_what_the_manifest_says_must_be_so(kept, tmp_path, said, answer):
    with pytest.raises(BackupError, match=answer):
        restore(find(changed(kept, tmp_path, **said)), tmp_path / "new", now=Clock())
    assert not any((tmp_path / "new").rglob("*"))


def test_another_program_compares_rows_but_not_screens(kept, tmp_path):
    folder = changed(kept, tmp_path, definitions="other", screens={"demo": {"kpis": "other"}})
    assert restore(find(folder), tmp_path / "new", now=Clock()).screens is None


def test_a_restore_that_was_interrupted_is_done_again_before_anything_starts(kept, data, monkeypatch):
    real = Path.rename
    count = 0

    def rename(self, target):
        nonlocal count
        count += 1
        if count == 5:
            raise Fault
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(Fault):
        restore(find(kept), data, now=Clock(), replace=True)
    monkeypatch.undo()
    assert restoring.unfinished(data)
    later = Clock()
    later.forward(seconds=1)
    restore(find(kept), data, now=later, replace=True)
    assert not restoring.unfinished(data)
    assert names(data) >= {STORE, "tokens.json", "audit/2026-11.jsonl"}


# --- the whole, as a user does it


def test_nothing_acknowledged_before_the_backup_is_missing_after_a_kill_and_a_restore(tmp_path, wait_for):
    """500 messages a second come in, a backup is made, the program is killed; every reading it had told of is there"""
    program = Served(tmp_path / "data", unused_port(), unused_port(), ["--no-sample"])
    twin = Twin.open(program.data / STORE, clock=lambda: datetime.now(UTC))
    twin.record([Community(community_id="c", name="小区", boundary=square(104, 30))])
    sensors = [
        Device(community_id="c", device_id=f"t{n}", type="temperature", dialect="json", address=f"t{n}")
        for n in range(DEVICES)
    ]
    twin.record(sensors)
    report(twin, ("t0", "battery", 1.0))
    twin.close()
    program.start()
    over, sent = threading.Event(), 0

    def publish() -> None:
        nonlocal sent
        publisher = Publisher(BrokerUrl.parse(program.mqtt_url), client_id="test")
        began, first = time.monotonic(), datetime.now(UTC)
        while not over.wait(0.02):
            for n in range(sent, int((time.monotonic() - began) * MESSAGES_A_SECOND)):
                said = {"temp": n % 50, "ts": (first + timedelta(milliseconds=2 * n)).isoformat()}
                publisher.publish(f"community/c/climate/t{n % DEVICES}", json.dumps(said).encode(), timeout=5)
                sent = n + 1
        publisher.close(timeout=5)

    def readings(at: str, of: str = "t1") -> list[tuple[str, float]]:
        items = program.get("/api/v1/readings", device_id=of, metric="temperature", at=at).json()["items"]
        return [(item["taken_at"], item["value"]) for item in items]

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        wait_for(lambda: sent > 2 * MESSAGES_A_SECOND, what="messages to come in")
        done = program.run("backup", str(tmp_path / "b"), "--data", str(program.data))
        assert done.returncode == 0, done.stderr
        used = program.run("restore", str(tmp_path / "b"), "--data", str(program.data), "--replace")
        assert used.returncode == 1
        assert "in use" in used.stderr
        sent_by_then = sent
        wait_for(lambda: sent > sent_by_then + MESSAGES_A_SECOND, what="messages after the backup")
    finally:
        over.set()
        thread.join(20)
    manifest = find(tmp_path / "b").manifest
    assert manifest.while_serving
    assert manifest.paused_ms < 100
    stored = eventually(
        lambda: sum(len(readings(datetime.now(UTC).isoformat(), s.device_id)) for s in sensors) == sent,
        within=20, what="every message, also those sent during the backup, to be stored",
    )  # fmt: skip
    assert stored
    told = {s.device_id: readings(manifest.at, s.device_id) for s in sensors}
    assert sum(map(len, told.values())) > MESSAGES_A_SECOND
    program.stop(signal.SIGKILL)

    done = program.run("restore", str(tmp_path / "b"), "--data", str(program.data), "--replace")
    assert done.returncode == 0, done.stderr
    assert "recovery took" in done.stdout
    twin = Twin.open(program.data / STORE, clock=lambda: datetime.now(UTC))
    at, early = manifest.instant, manifest.instant - timedelta(days=1)
    back = {name: twin.series(name, "temperature", early, at + timedelta(days=1), at) for name in told}
    twin.close()
    assert {name: [(r["taken_at"], r["value"]) for r in rows(table)] for name, table in back.items()} == told


def test_a_backup_that_is_told_to_stop_takes_away_what_it_began(data, tmp_path, wait_for):
    asked = [sys.executable, "run.py", "backup", str(tmp_path / "b"), "--data", str(data)]
    process = subprocess.Popen(asked, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: list((tmp_path / "b").glob("cim-*")), within=20, what="the backup to begin")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 130 or os.path.exists(next((tmp_path / "b").glob("cim-*/manifest.json")))
    assert list((tmp_path / "b").glob("*.unfinished")) == []
