"""Bring the sample city into a new store: places two years ago, what opened in the last year, its gap
projects and what was reported by hand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sample_data.city import Size, build
from sample_data.city_gaps import projects, registers
from sample_data.city_reported import reported
from twin_model.health_registers import REGISTER
from twin_model.store import Writer
from twin_model.twin import Twin

SEED = 7
SINCE = timedelta(days=730)
QUARTER = timedelta(days=91)
MEMORY = "1GB"


@dataclass(frozen=True)
class LoadedCity:
    """How much was stored."""

    communities: int
    buildings: int
    homes: int
    facilities: int
    ways: int
    projects: int
    reported: int


def make_city(path: Path, now: datetime, seed: int = SEED, size: Size | None = None) -> LoadedCity:
    """A new store at ``path`` that holds the city: made beside it and put there whole, or not at all.

    Raises ``FileExistsError`` where there is one already.
    """
    if path.exists():
        raise FileExistsError(f"{path} is there already; the sample city takes a folder of its own")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        twin = Twin.open(beside, clock=lambda: now, memory_limit=MEMORY)
        try:
            loaded = load_city(twin, now, seed, size)
        finally:
            twin.close()
        os.link(beside, path)  # unlike a rename, this never replaces a store that came meanwhile
    finally:
        for left in path.parent.glob(f"{beside.name}*"):
            left.unlink()
    return loaded


def load_city(twin: Twin, now: datetime, seed: int = SEED, size: Size | None = None) -> LoadedCity:
    """The city in a twin that holds nothing newer than ``now`` - ``SINCE``."""
    now = now.replace(microsecond=0)
    made = build(seed, size)
    twin.record_tables(made.tables, recorded_at=now - SINCE)
    opened = [_evening(now - QUARTER * (len(made.opened) - n)) for n in range(len(made.opened))]
    for at, facilities in zip(opened, made.opened, strict=True):
        twin.record_tables({"facility": facilities}, recorded_at=at)
    plans, said = projects(made, opened, now, seed), reported(made.codes, now, seed)
    found = {"gap_project": plans, REGISTER: registers(made, now), "reported_value": said}
    _record(twin, found, now - timedelta(seconds=1))
    count = {kind: table.num_rows for kind, table in made.tables.items()}
    return LoadedCity(
        communities=count["community"], buildings=count["building"], homes=count["home"],
        facilities=count["facility"] + sum(one.num_rows for one in made.opened), ways=count["ground"],
        projects=len(pc.unique(plans["project_no"])), reported=said.num_rows,
    )  # fmt: skip


def _evening(at: datetime) -> datetime:
    return datetime.combine(at.date(), time(10, 0), UTC)


def _record(twin: Twin, tables: Mapping[str, pa.Table], received_at: datetime) -> None:
    """All communities' in one commit: the ledger takes one community at a time, which takes a city too long."""
    made = [_ledger_rows(twin, name, rows) for name, rows in tables.items()]

    def change(writer: Writer) -> None:
        for name, rows in made:
            writer.append(name, rows)

    with twin.writing(received_at) as received:
        twin.commit(change, received)
        twin.ledger.reload()


def _ledger_rows(twin: Twin, name: str, rows: pa.Table) -> tuple[str, pa.Table]:
    """Rows as the ledger's table has them."""
    kind = twin.catalogue.record_kinds[name]
    if "record_id" not in rows.column_names:
        own = rows.select([column for column in rows.column_names if column in kind.columns])
        rows = rows.append_column("record_id", pa.array(twin.ledger.identities(name, own), pa.string()))
    named = {*kind.columns, "community_id", "record_id", "flags", "recorded_at", "superseded_at"}
    rows = rows.append_column("flags", pa.array([[]] * rows.num_rows, pa.list_(pa.string())))
    if wrong := set(rows.column_names) - named:
        raise ValueError(f"{name} has no column {', '.join(sorted(wrong))}")
    return kind.table, rows
