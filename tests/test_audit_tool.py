"""What is installed is what was locked, under licences that may be used."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def audit():
    """tools/audit.py, which is a script and no package."""
    spec = importlib.util.spec_from_file_location("audit_tool", ROOT / "tools" / "audit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_locked_package_is_installed_as_locked_and_its_licence_may_be_used(audit):
    assert audit.problems() == []


def test_a_package_without_an_exact_version_or_twice_is_found(audit, tmp_path):
    (tmp_path / "requirements.lock").write_text("orjson>=3\npytest==1.0\npytest==2.0\nnot a line\nabsent-one==1\n")
    (tmp_path / "requirements-test.lock").write_text("# nothing\n")
    said = "\n".join(audit.problems(tmp_path))
    assert "requirements.lock:1: 'orjson>=3' is no exact version" in said
    assert "requirements.lock:3: pytest stands here twice" in said
    assert "requirements.lock:4: 'not a line' is no exact version" in said
    assert "absent-one==1 is locked and not installed" in said
    assert "pytest 9" in said


@pytest.mark.parametrize(
    ("licence", "is_allowed"),
    [
        ("MIT", True), ("BSD 3-Clause License", True), ("MPL-2.0 AND (Apache-2.0 OR MIT)", True), ("", False),
        ("GPL-3.0-only", False), ("GPL-3.0-only OR MIT", True), ("MIT AND AGPL-3.0", False), ("Proprietary", False),
        ("GNU Lesser General Public License", False), ("Mozilla Public License 2.0 (MPL 2.0)", True),
    ],
)  # fmt: skip
def test_a_licence_counts_when_each_of_its_parts_may_be_used(audit, licence, is_allowed):
    assert audit.is_allowed(licence) is is_allowed
