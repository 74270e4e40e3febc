"""What a report rests on: the revision of the data, the definitions, the program. Goes into the manifest."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import twin_model
from cockpit.reports.kinds import Wish
from cockpit.row_files import csv_of
from layouts.parts.kpi_answers import source_titles
from twin_model.kpi_evidence import without_homes
from twin_model.last_commit import last_commit
from twin_model.rights import worked_out
from twin_model.twin import Twin

PACKAGE = "cim-cockpit"
_DECLARED = ("*.sql", "*.toml")


def identity_of(twin: Twin, at: datetime, wish: Wish) -> dict[str, Any]:
    """Everything a paper prints of what it rests on: the same on every machine that has this data and this program."""
    kpis = [kpi for kpi in twin.catalogue.kpis.values() if kpi.public or not wish.is_public]
    names = sorted({name for kpi in kpis for name in (*kpi.sources, *kpi.requires)})
    book = twin.catalogue.scene_book
    return {
        "data_revision": revision_words(last_commit(twin, at)),
        "version": program_version(),
        "definitions": {
            "kpis": {kpi.id: kpi.version for kpi in kpis}, "scenes": book.version, "digest": declarations_digest(),
        },
        "scene_titles": {key: scene.title for key, scene in book.scenes.items()},
        "source_titles": {name: known["title"] for name, known in source_titles(twin, names).items()},
    }  # fmt: skip


def revision_words(commit: datetime | None) -> str:
    """The last commit an instant sees, as it is printed: its UTC instant to the microsecond."""
    return "—" if commit is None else commit.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def program_version() -> str:
    """The package's version, whether it is installed or run from a checkout."""
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        path = Path(__file__).resolve().parents[2] / "pyproject.toml"
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            if line.startswith("version = "):
                return line.partition("=")[2].strip().strip('"')
        return "unknown"


@cache
def declarations_digest() -> str:
    """SHA-256 over every declaration file: its path, its length and its bytes, in the order of the paths."""
    root = Path(twin_model.__file__).parent
    found = hashlib.sha256()
    for path in sorted({p for pattern in _DECLARED for p in root.rglob(pattern)}, key=lambda p: p.as_posix()):
        data = path.read_bytes()
        found.update(f"{path.relative_to(root).as_posix()}\0{len(data)}\0".encode())
        found.update(data)
    return found.hexdigest()


def commit_of(root: Path) -> str | None:
    """The git commit checked out at ``root``, read from the files of git; None where there is none."""
    try:
        git = root / ".git"
        if git.is_file():  # a work tree of its own
            git = (root / git.read_text(encoding="utf-8").partition(":")[2].strip()).resolve()
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref:"):
            return head
        name = head.partition(":")[2].strip()
        common = git / "commondir"
        base = (git / common.read_text(encoding="utf-8").strip()).resolve() if common.is_file() else git
        if (base / name).is_file():
            return (base / name).read_text(encoding="utf-8").strip()
        for line in (base / "packed-refs").read_text(encoding="utf-8").splitlines():
            if line.endswith(f" {name}"):
                return line.split()[0]
    except (OSError, ValueError):
        pass
    return None


@worked_out
def evidence_of(twin: Twin, at: datetime, wish: Wish) -> dict[str, bytes]:
    """The rows behind every KPI as CSV, by KPI: without the columns that could lead to a home, whoever reads them.

    Worked out with all there is, so that they are the same rows for every audience and on every machine.
    """
    found = {}
    for kpi in twin.catalogue.kpis.values():
        if wish.is_public and not kpi.public:
            continue
        rows = twin.kpis.evidence(kpi.id, at, community_id=wish.community)
        found[kpi.id] = csv_of(without_homes(rows, kpi, twin.catalogue.record_kinds))
    return found


def evidence_index(files: dict[str, bytes]) -> list[dict[str, Any]]:
    """How many rows each KPI rests on and their digest; the first line of a CSV is its head."""
    return [
        {"kpi": name, "rows": _rows(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
    ]


def _rows(data: bytes) -> int:
    return max(0, sum(1 for _ in csv.reader(io.StringIO(data.decode("utf-8-sig")))) - 1)
