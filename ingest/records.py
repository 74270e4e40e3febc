"""Lists of records -> the ledger: every sheet by its kind, every cell checked, doubtful rows flagged, bad ones kept
in the quarantine. Nothing is stored before the whole file was read and judged; then one commit per kind, of long lists
one after each `A_COMMIT` rows: a call for help that comes meanwhile waits for one of them and not for the whole list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ingest.formats import Row
from ingest.naming import ColumnMapping, holds_personal
from ingest.places import Places
from ingest.record_cells import Read, readers
from ingest.record_sheets import Recogniser, Sheet
from ingest.report import Flagged, ImportRefused, Job, Reject
from ingest.tables import RowError, left_unread
from twin_model.bilingual import joined
from twin_model.entities import Community, Rejected
from twin_model.procedure import Words
from twin_model.record_kinds import RecordKind
from twin_model.record_tables import schema
from twin_model.tariff import MEALS, MISFIT
from twin_model.twin import Twin

MEMORY = 50_000  # cells remembered per column: most repeat
A_COMMIT = 20_000
"""Rows stored at a time, in about a tenth of a second. A file that is broken off meanwhile is imported once more: what
was stored by then changes nothing."""


@dataclass(frozen=True, slots=True)
class _From:
    """Where a record comes from. ``raw``: the row for the quarantine, without what names persons."""

    row: int
    place: str
    raw: str

    def rejected(self, code: str, reason: Words) -> Reject:
        return Reject(row=self.row, code=code, reason=reason, raw=self.raw, place=self.place)


@dataclass
class _Batch:
    """The usable rows of one kind, by column, and where each came from."""

    kind: RecordKind
    columns: dict[str, list[Any]]
    origin: list[_From] = field(default_factory=list)


def store_records(
    twin: Twin, rows: Iterable[Row], job: Job, places: Places,
    new_rejects: Callable[[Sequence[Reject]], list[Rejected]],
) -> None:  # fmt: skip
    """Store all sheets of a file; raises ImportRefused when none of them is a list of records."""
    report = job.report
    if job.community_id not in places.known(Community):
        known = list(places.known(Community))[:5]
        raise ImportRefused(
            f"没有社区“{job.community_id}”，台账无处可归；已有：{'、'.join(known) or '无'}",
            f"there is no community '{job.community_id}' whose records these could be; known: "
            f"{', '.join(known) or 'none'}",
        )
    rejects: list[Reject] = []
    batches: dict[str, _Batch] = {}
    why: list[Words] = []
    zoneless: list[str] = []
    for sheet in Recogniser(twin.catalogue.record_kinds, job.mapping).sheets(rows, job.file):
        if not isinstance(sheet, Sheet):
            why.append(sheet)
            continue
        if sheet.personal:
            report.warn(*left_unread(sheet.personal))
        kind = sheet.kind
        batch = batches.setdefault(kind.name, _Batch(kind, {name: [] for name in kind.columns}))
        _read(sheet, batch, readers(kind.columns, places, twin.now(), zoneless), job.mapping, rejects)
    if why and not batches:
        raise ImportRefused(**joined(why))
    if not batches:
        raise ImportRefused(
            f"{job.file} 没有数据行；应有标题行和数据行", f"{job.file} has no rows; expected a header line and rows"
        )
    for sentence in why:
        report.warn(f"没有采用：{sentence['zh']}", f"left out: {sentence['en']}")
    for batch in batches.values():
        _store(twin, batch, job, rejects)
    if zoneless:
        report.warn(
            f"{len(zoneless)} 个时间没有写时区，按北京时间（UTC+8）计",
            f"{len(zoneless)} times name no zone; taken as Beijing time (UTC+8)",
        )
    if rejected := new_rejects(rejects):
        twin.quarantine(rejected)
    report.rejects = sorted(rejects, key=lambda reject: reject.row)
    report.read += len(rejects)
    if not report.read:
        raise ImportRefused(
            f"{job.file} 只有标题行，下面没有数据；没有入库",
            f"{job.file} has headings but no rows below them; nothing was stored",
        )


def _read(sheet: Sheet, batch: _Batch, read: dict[str, Read], mapping: ColumnMapping, rejects: list[Reject]) -> None:
    kind = sheet.kind
    remembered: dict[str, dict[str, Any]] = {name: {} for name in kind.columns}
    for row in sheet.rows:
        cells = {
            name: mapping.value(name, row.cells[index])
            for name, index in sheet.columns.items()
            if index < len(row.cells) and row.cells[index]
        }
        if not cells:
            continue
        values: dict[str, Any] = {}
        wrong: list[RowError] = []
        for name, column in kind.columns.items():
            text = cells.get(name)
            if text is None:
                if column.required:
                    said = f"{column.title['zh']} {name}"
                    wrong.append(
                        RowError("missing_value", f"{said} 是空的；此列必填", f"{said} is empty; it must be there")
                    )
                values[name] = None
                continue
            known = remembered[name]
            if text not in known:
                if len(known) >= MEMORY:
                    known.clear()
                try:
                    known[text] = read[name](text)
                except RowError as error:
                    known[text] = error
            values[name] = known[text]
            if isinstance(known[text], RowError):
                wrong.append(known[text])
        if wrong:
            reason = joined(error.reason for error in wrong)
            rejects.append(_from(row, sheet).rejected(wrong[0].code, reason))
            continue
        for name, value in values.items():
            batch.columns[name].append(value)
        batch.origin.append(_from(row, sheet))


def _store(twin: Twin, batch: _Batch, job: Job, rejects: list[Reject]) -> None:
    """Leave out doubles and what a check rejects, store the rest in one commit, and count."""
    kind, report = batch.kind, job.report
    types = schema(kind)
    table = pa.table({name: pa.array(values, types.field(name).type) for name, values in batch.columns.items()})
    named = pa.array([f"{job.file}:{origin.place}" for origin in batch.origin], pa.string())
    table = table.append_column("origin", named)
    seen: dict[str, _From] = {}
    left_out: set[int] = set()
    for number, (identity, origin) in enumerate(
        zip(twin.ledger.identities(kind.name, table), batch.origin, strict=True)
    ):
        before = seen.setdefault(identity, origin)
        if before is not origin:
            same = [kind.columns[name].title["zh"] for name in kind.identity]
            reason = {
                "zh": f"与第 {before.place} 行是同一条记录（{'、'.join(same)}相同）；以先出现的为准",
                "en": f"is the same record as row {before.place} (same {', '.join(same)}); the first one counts",
            }
            rejects.append(origin.rejected("duplicate", reason))
            left_out.add(number)
    flagged: dict[int, Flagged] = {}
    for found in twin.ledger.judge(kind.name, table):
        if found.row in left_out:
            continue
        origin = batch.origin[found.row]
        if found.level == "reject":
            rejects.append(origin.rejected(f"check:{found.check}", found.reason))
            left_out.add(found.row)
        else:
            flagged[found.row] = Flagged(row=origin.row, check=found.check, reason=found.reason)
    doubted = _not_by_tariff(twin, kind, table, job.community_id)
    for number, reason in doubted.items():
        if number not in left_out:
            flagged.setdefault(number, Flagged(row=batch.origin[number].row, check=MISFIT, reason=reason))
    marks = [[MISFIT] if number in doubted else [] for number in range(table.num_rows)]
    table = table.append_column("flags", pa.array(marks, pa.list_(pa.string())))
    kept = table.take(pa.array([number for number in range(table.num_rows) if number not in left_out], pa.int64()))
    for begin in range(0, kept.num_rows, A_COMMIT):
        done = twin.ledger.record(kind.name, kept.slice(begin, A_COMMIT), community_id=job.community_id)
        report.accepted += done.accepted
        report.updated += done.updated
        report.unchanged += done.unchanged
        if done.changed:
            report.stored[kind.name] += done.changed
    report.read += kept.num_rows
    report.flags += flagged.values()
    report.layers[kind.name] += kept.num_rows


def _not_by_tariff(twin: Twin, kind: RecordKind, table: pa.Table, community_id: str) -> dict[int, Words]:
    """Meals whose amounts are not the community's tariff: what a check over a row's own columns cannot see."""
    if kind.name != MEALS:
        return {}
    rows = [{**row, "community_id": community_id} for row in table.to_pylist()]
    found = twin.catalogue.tariffs.misfits(rows)
    return {misfit.row: misfit.reason for misfit in found}


def _from(row: Row, sheet: Sheet) -> _From:
    """Columns nobody asked for, and restricted ones, may hold anything and are blanked."""
    shown = {index for name, index in sheet.columns.items() if not sheet.kind.columns[name].restricted}
    raw = ",".join(
        "***" if cell and (i not in shown or holds_personal(cell)) else cell for i, cell in enumerate(row.cells)
    )
    return _From(row.row, f"{row.sheet}!{row.row}" if row.sheet else str(row.row), raw)
