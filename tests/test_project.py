"""What holds for every file in the tree: versions, addresses, clocks."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
# Written in halves so that this file does not name what it forbids.
REGISTRIES = [
    "pypi" + r"\.org",
    "python" + r"hosted\.org",
    "registry" + r"\.npmjs",
    "npm" + "mirror",
    "deb" + r"\.debian\.org",
    "extra" + "-index-url",
    "--index" + "-url",
]
ONLINE = [
    r"https?://cdn\.",
    r"https?://unpkg\.com",
    "cdn" + "js",
    "fonts" + r"\.googleapis",
    "api" + r"\.mapbox",
    "basemaps" + r"\.cartocdn",
    "jsdel" + "ivr",
]
MACHINE = [
    "/work" + "/(main|shared|steering)",
    "/tmp" + "/(plan|spike|research)",
    "/root" + "/",
    "/home" + "/[a-z]",
]


def tracked() -> list[Path]:
    """Files git knows; outside a clone (an unpacked archive) there is nothing to check."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> dict[str, str]:
    """Path from the root -> content of every tracked text file."""
    found = {}
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data:
            found[str(path.relative_to(ROOT))] = data.decode("utf-8")
    return found


def lines_with(patterns: list[str]) -> list[str]:
    pattern = re.compile("|".join(patterns))
    return [
        f"{path}:{number}: {line.strip()[:80]}"
        for path, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize(
    ("what", "patterns"),
    [
        ("the address of a package registry", REGISTRIES),
        ("a CDN or an online map", ONLINE),
        ("a path of one machine", MACHINE),
    ],
)
def test_no_tracked_file_names(what, patterns):
    assert lines_with(patterns) == [], f"{what} is written in a tracked file"


def test_no_tracked_file_is_over_two_mebibytes():
    assert [str(path) for path in tracked() if path.stat().st_size > 2 << 20] == []


def test_no_sql_reads_the_clock():
    """Time is an argument: SQL gets the instant, it never asks for it (now(), current_timestamp, ...)."""
    clock = re.compile(r"\b((now|today)\s*\(\s*\)|current_(timestamp|date|time)|get_current_)", re.IGNORECASE)
    sql = {path: text for path, text in texts().items() if path.endswith(".sql")}
    assert sql, "the twin's SQL is in .sql files"
    bare = {path: re.sub(r"--.*|/\*.*?\*/", "", text, flags=re.DOTALL) for path, text in sql.items()}
    assert [path for path, text in bare.items() if clock.search(text)] == []


def lock(name: str) -> dict[str, str]:
    pins = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            (specifier,) = requirement.specifier
            assert specifier.operator == "==", f"{name}: {line} is not an exact version"
            pins[canonicalize_name(requirement.name)] = specifier.version
    return pins


def test_the_locked_versions_are_those_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    run, test = lock("requirements.lock"), lock("requirements-test.lock")
    assert run.keys() & test.keys() == set()
    extras = project["optional-dependencies"]
    for wanted, pins in ((project["dependencies"], run), (extras["test"] + extras["lint"], run | test)):
        for requirement in map(Requirement, wanted):
            version = pins.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement.name} is not locked; run make lock"
            assert requirement.specifier.contains(version), f"{requirement}, locked {version}; run make lock"


def test_every_decision_has_its_number_once():
    numbers = [path.name[:4] for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == sorted(set(numbers))
