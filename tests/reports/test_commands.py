"""The commands: byte for byte the same from two processes, clear words for bad input, nothing half-written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import run
from cockpit.audit import Audit
from cockpit.audit_chain import Wanted
from cockpit.reports.folder import put, sweep
from cockpit.reports.kinds import ReportRefused
from tests.conftest import ROOT

from .conftest import COMMUNITY

AT = "2026-11-22T12:00:00+08:00"


def process(*arguments: object, code: str = "", folder: Path = ROOT, umask: int = 0o022, **world: str) -> Any:
    """The program in a process of its own; ``code`` runs before it, ``world`` is its environment."""
    script = f"{code}\nimport sys, run\nsys.exit(run.main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, encoding="utf-8",
        timeout=60, cwd=folder, umask=umask, env=os.environ | {"PYTHONPATH": str(ROOT)} | world,
    )  # fmt: skip


HERE = {"PYTHONHASHSEED": "1", "TZ": "Asia/Shanghai", "LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}
ELSEWHERE = {"PYTHONHASHSEED": "4242", "TZ": "America/St_Johns", "LANG": "C", "LC_ALL": "POSIX"}


def papers(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_two_processes_in_other_worlds_make_the_same_bytes_and_a_third_verifies_them(data, tmp_path, capsys):
    """Another hash seed, time zone, language, home, folder and umask, as on a second machine."""
    said = {}
    for name, world, umask in (("1", HERE, 0o022), ("4242", ELSEWHERE, 0o077)):
        own = tmp_path / f"home-{name}"
        own.mkdir()
        wanted = ("--data", data, "--at", AT, "--kind", "weekly", "--out", tmp_path / name)
        done = process("report", *wanted, folder=own, umask=umask, HOME=str(own), **world)
        assert done.returncode == 0, done.stderr
        said[name] = done.stdout
    made = [papers(tmp_path / name) for name in said]
    assert made[0] == made[1]
    assert len(made[0]) >= 8
    folder = next((tmp_path / "1").iterdir())
    assert str(folder / "report.pdf") in said["4242"].replace(f"{os.sep}4242{os.sep}", f"{os.sep}1{os.sep}")
    assert run.main(["verify", "--data", str(data), str(folder / "report.pdf")]) == 0
    told = capsys.readouterr().out
    assert told.startswith("成立：")
    assert "verdict    holds" in told
    (folder / "kpis.csv").write_bytes(b"other")
    assert run.main(["verify", "--data", str(data), str(folder)]) == 2
    assert "kpis.csv           changed after it was made" in capsys.readouterr().out
    written = [(one.act, one.details["found"]) for one in Audit(data, run.utc_now).entries(Wanted(), 2)]
    assert written == [("report_checked", "broken"), ("report_checked", "holds")]
    trail = data / "audit"
    trail.rename(data / "kept")
    trail.write_text("no folder can be here")
    assert run.main(["verify", "--data", str(data), str(folder)]) == 2
    assert capsys.readouterr().err.count("没有记入审计记录") == 1
    trail.unlink()
    (data / "kept").rename(trail)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--at", "2001-01-01T00:00:00+08:00"], "lies before the first data of this community"),
        (["--at", "2999-01-01T00:00:00+08:00"], "lies in the future"),
        (["--at", "yesterday"], "expected an instant such as"),
        (["--at", "2026-11-22T12:00:00"], "expected an instant such as"),
        (["--kind", "hourly"], "expected daily, weekly, monthly, acceptance"),
        (["--audience", "friends"], "expected public, staff, management"),
        (["--community", "nowhere"], "expected one of: lane"),
    ],
)
def test_bad_input_is_told_in_one_sentence_and_leaves_nothing(data, tmp_path, capsys, arguments, said):
    assert run.main(["report", "--data", str(data), "--out", str(tmp_path / "out"), *arguments]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_data_folder_without_a_store_is_told(tmp_path, capsys):
    assert run.main(["report", "--data", str(tmp_path / "empty")]) == 1
    assert "there is no store" in capsys.readouterr().err


def test_a_disk_that_fills_leaves_nothing_and_the_report_before_stays(data, tmp_path):
    out = tmp_path / "out"
    arguments = ("report", "--data", data, "--at", AT, "--audience", "public", "--out", out)
    assert run.main([*map(str, arguments)]) == 0
    before = papers(out)
    # the largest file that may be written is smaller than the PDF: the file system's no, in the middle of a paper
    limit = "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" \
            "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))"  # fmt: skip
    code = (
        "import cockpit.reports.commands as c\nmake = c.make\n"
        f"def limited(*a):\n    made = make(*a)\n    exec({limit!r})\n    return made\nc.make = limited"
    )
    done = process(*arguments, code=code)
    assert done.returncode == 1
    assert "Nothing was left half-written" in done.stderr
    assert papers(out) == before
    assert [p.name for p in out.iterdir()] == [next(out.iterdir()).name]


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ReportRefused, match="choose another folder") as problem:
        put("r", {"a.txt": b"x"}, tmp_path / "file" / "inner")
    assert "路径中有一段不是文件夹" in problem.value.said["zh"], "the system's reason as well"


def test_what_a_killed_program_left_is_swept_away_and_finished_reports_stay(tmp_path):
    put("r", {"a.txt": b"x", "evidence/b.csv": b"y"}, tmp_path)
    (tmp_path / ".other.999999999.new").mkdir()
    (tmp_path / ".other.999999999.new" / "half.pdf").write_bytes(b"%PD")
    sweep(tmp_path)
    assert papers(tmp_path) == {"r/a.txt": b"x", "r/evidence/b.csv": b"y"}
    assert (tmp_path / "r" / "a.txt").stat().st_mode & 0o077 == 0


def test_what_a_killed_program_left_is_taken_away_by_the_next_and_what_it_had_put_aside_is_back(tmp_path):
    over = subprocess.Popen([sys.executable, "-c", ""])
    over.wait()
    (tmp_path / f".r.{over.pid}.old").mkdir()
    (tmp_path / f".r.{over.pid}.old" / "a.txt").write_bytes(b"whole")
    (tmp_path / f".r.{over.pid}.new").mkdir()
    (tmp_path / f".s.{os.getpid()}.new").mkdir()  # under way on another thread
    put("t", {"b.txt": b"y"}, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"r", "t", f".s.{os.getpid()}.new"}
    assert (tmp_path / "r" / "a.txt").read_bytes() == b"whole"


def test_the_community_is_asked_for_only_where_there_are_several(data, tmp_path, capsys):
    assert run.main(["report", "--data", str(data), "--at", AT, "--audience", "public", "--out", str(tmp_path)]) == 0
    assert f"{COMMUNITY}_daily_20261122T120000_public_zh" in capsys.readouterr().out
