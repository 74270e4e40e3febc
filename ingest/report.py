"""What one import did: the counts, the rejects with their reasons, and everything that was guessed or assumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.naming import ColumnMapping
from ingest.refusals import Refusal
from twin_model.bilingual import both, in_language
from twin_model.entities import Entity
from twin_model.procedure import Words

LAYERS = (
    "auto", "boundary", "buildings", "facilities", "paths", "homes", "residents", "devices", "records", "readings",
    "divisions",
)  # fmt: skip


LAYERS_ZH = {
    "auto": "自动", "boundary": "边界", "buildings": "楼栋", "facilities": "设施", "paths": "道路与门禁",
    "homes": "住户", "residents": "居民", "devices": "设备", "records": "台账", "readings": "读数",
    "divisions": "行政区划",
}  # fmt: skip
_HEIGHTS = {"measured": "有实测", "levels": "按层数", "assumed": "假定"}
MOST_FLAGS = 1_000
"""Of the marked records so many are listed; ``flagged`` counts all, and each carries its mark in the store."""


class ImportRefused(Refusal):
    """The file as a whole cannot be imported: says what was found, what was expected, what to do."""


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How to read a file. ``community`` None: from the file's name (shapes) or the only one there is (tables)."""

    community: str | None = None
    layer: str = "auto"
    crs: str = "auto"
    mapping: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """One row or feature that was not stored. ``place`` is its row, with the sheet where there are several."""

    row: int
    code: str
    reason: Words
    raw: str
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagged:
    """A record that was stored as it is, with a mark: it does not pass ``check``."""

    row: int
    check: str
    reason: Words


@dataclass(slots=True)
class Gathered:
    """What a file holds, before it is compared with the twin.

    ``rows``: which entity each usable row is about (several rows may be about one); ``entities``: those and
    the ones that come with them (units, facilities in buildings).
    """

    rows: list[tuple[int, tuple[str, str]]] = field(default_factory=list)
    entities: dict[tuple[str, str], Entity] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    layers: Counter[str] = field(default_factory=Counter)

    def add(self, row: int, layer: str, entity: Entity) -> None:
        """A row and the entity it is about."""
        self.rows.append((row, (entity.kind, entity.identity)))
        self.entities[entity.kind, entity.identity] = entity
        self.layers[layer] += 1

    def also(self, entity: Entity) -> None:
        """An entity that comes with a row."""
        self.entities.setdefault((entity.kind, entity.identity), entity)


@dataclass(kw_only=True)
class ImportReport:
    """The answer of an import. ``read`` = accepted + updated + unchanged + rejected, counted in rows or features.

    ``skipped`` counts what the file holds besides (bus routes, walls) by kind; it is not part of ``read``.
    ``error`` is set when the file as a whole could not be used, then nothing was stored.
    """

    file: str
    sha256: str = ""
    layer: str = ""
    crs: str = ""
    read: int = 0
    accepted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)
    community: str = ""
    format: str = ""
    error: str | None = None
    crs_reason: str = ""
    warnings: list[str] = field(default_factory=list)
    layers: Counter[str] = field(default_factory=Counter)
    stored: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    heights: Counter[str] = field(default_factory=Counter)
    repairs: list[str] = field(default_factory=list)
    flags: list[Flagged] = field(default_factory=list)

    @property
    def flagged(self) -> int:
        """How many records are in with a mark."""
        return len(self.flags)

    @property
    def repaired(self) -> int:
        """How many outlines were mended."""
        return len(self.repairs)

    @property
    def rejected(self) -> int:
        """How many rows were not stored."""
        return len(self.rejects)

    def warn(self, zh: str, en: str) -> None:
        """Say something once."""
        text = both({"zh": zh, "en": en})
        if text not in self.warnings:
            self.warnings.append(text)

    def to_json(self) -> dict[str, Any]:
        """The object ``import --json`` prints; the keys of the contract first."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "layer": self.layer,
            "crs": self.crs,
            "read": self.read,
            "accepted": self.accepted,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "rejects": [{"row": reject.row, "reason": both(reject.reason)} for reject in self.rejects],
            "flagged": self.flagged,
            "flags": [
                {"row": flag.row, "check": flag.check, "reason": both(flag.reason)} for flag in self.flags[:MOST_FLAGS]
            ],
            "community": self.community,
            "format": self.format,
            "error": self.error,
            "crs_reason": self.crs_reason,
            "warnings": self.warnings,
            "layers": dict(self.layers),
            "stored": dict(self.stored),
            "skipped": dict(self.skipped),
            "heights": {key: self.heights[key] for key in ("measured", "levels", "assumed")},
            "repaired": self.repaired,
            "repairs": self.repairs,
        }

    def summary(self) -> str:
        """The report as lines for a person."""
        if self.error:
            return f"{self.file}: {in_language('zh', self.error)}\n  {in_language('en', self.error)}"
        where = f"{self.layer} -> {self.community}" if self.community else self.layer  # divisions are of none
        lines = [
            f"{self.file}: {where}: 读到 {self.read}，新增 {self.accepted}，更新 {self.updated}，"
            f"未变 {self.unchanged}，拒收 {self.rejected}" + (f"；标记 {self.flagged}" if self.flagged else ""),
            f"  {self.read} read, {self.accepted} new, "
            f"{self.updated} updated, {self.unchanged} unchanged, {self.rejected} rejected"
            + (f"; {self.flagged} flagged" if self.flagged else ""),
        ]
        if self.crs:
            lines.append(f"  坐标系 {self.crs}：{in_language('zh', self.crs_reason)}")
            lines.append(f"    coordinates: {self.crs} ({in_language('en', self.crs_reason)})")
        if sum(self.heights.values()):
            zh = "，".join(f"{_HEIGHTS[source]} {n} 幢" for source, n in self.heights.items())
            en = ", ".join(f"{n} {source}" for source, n in self.heights.items())
            lines.append(f"  高度：{zh} · heights: {en}")
        if self.repaired:
            shown = "; ".join(self.repairs[:3]) + ("; ..." if self.repaired > 3 else "")
            lines.append(f"  修补轮廓 {self.repaired} 个 · {self.repaired} outlines repaired ({shown})")
        if self.skipped:
            told = ", ".join(f"{n} {kind}" for kind, n in self.skipped.most_common(8))
            lines.append(f"  略去 · left out: {told}")
        for text in self.warnings:
            if self.crs_reason and in_language("en", self.crs_reason) in text:  # a guess is said above
                continue
            lines += [f"  注意：{in_language('zh', text)}", f"    note: {in_language('en', text)}"]
        for flag in self.flags[:10]:
            lines.append(f"  第 {flag.row} 行已入库，标记 {flag.check}：{flag.reason['zh']}")
            lines.append(f"    row {flag.row} is in, flagged {flag.check}: {flag.reason['en']}")
        for reject in self.rejects[:20]:
            place = _where(reject)
            lines.append(f"  {place['zh']}：{reject.reason['zh']}")
            lines.append(f"    {place['en']}: {reject.reason['en']}")
        if self.rejected > 20:
            more = self.rejected - 20
            lines.append(f"  另有 {more} 行，都在隔离区 · ... and {more} more; all of them are on the quarantine page")
        return "\n".join(lines)


def _where(reject: Reject) -> Words:
    sheet, _, row = reject.place.rpartition("!")
    if not row:  # of a map
        return {"zh": f"第 {reject.row} 个要素", "en": f"feature {reject.row}"}
    if not sheet:
        return {"zh": f"第 {row} 行", "en": f"row {row}"}
    return {"zh": f"工作表“{sheet}”第 {row} 行", "en": f"sheet '{sheet}', row {row}"}


def exit_code(reports: Iterable[ImportReport]) -> int:
    """0: everything is in; 2: some rows were rejected, the rest stored; 1: nothing stored of any file."""
    reports = list(reports)
    stored = sum(r.accepted + r.updated + r.unchanged for r in reports)
    if not stored:
        return 1
    return 2 if any(r.rejects or r.error for r in reports) else 0


@dataclass(frozen=True, kw_only=True)
class Job:
    """One import under way: where it goes and how it is read; what it finds out goes into ``report``."""

    file: str
    community_id: str
    layer: str
    crs: str
    mapping: ColumnMapping
    report: ImportReport
