"""What docs/operation.md and the unit for systemd promise is so."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import run
from cockpit.settings import FIELDS

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "cim-cockpit.service"
TEXT = (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")


def test_systemd_finds_no_mistake_in_the_unit(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    here = UNIT.read_text(encoding="utf-8").replace("/opt/cim-cockpit/.venv/bin/python", sys.executable)
    unit = tmp_path / UNIT.name
    unit.write_text(here.replace("/opt/cim-cockpit", str(ROOT)), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=30, check=False
    )
    assert [line for line in done.stderr.splitlines() if UNIT.name in line] == []
    assert done.returncode == 0


def test_the_unit_starts_a_command_there_is():
    (start,) = re.findall(r"^ExecStart=\S+ run\.py (.+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert run._parser().parse_args(start.split()).run is run.serve


def test_every_command_and_setting_it_names_exists():
    commands = set(run._parser()._subparsers._group_actions[0].choices)
    assert set(re.findall(r"`(?:.*? )?run\.py (\w+)", TEXT)) - commands == set()
    settings = set(re.findall(r"^(\w+)\s+= ", TEXT, re.MULTILINE))
    assert settings >= {"backup_folder", "backup_time", "backup_keep"}
    assert settings - FIELDS.keys() == set()
