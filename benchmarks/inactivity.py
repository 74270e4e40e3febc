"""The product's own rule of stillness over recorded homes, at full speed; without recordings, over invented ones.

Recordings: CSV files with the columns home, ts (local time, ISO 8601), sensor, kind, value. Every row but a heartbeat,
a battery or status report and a motion 'off' is a sign of life; kind ``door_out`` is the outside door. The alarms are
written as home, ts, kind (inactivity or not_returned), cleared_ts (empty: still open). Where a home sends heartbeats,
hours without any row are unwatched. Rows that cannot be read are counted and left out.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from benchmarks.invented_homes import FIRST_DAY, Recording, cohort
from twin_model.rhythm import DAY, HOUR, INACTIVITY, Due, Rhythm, sensor_code

F64 = NDArray[np.float64]

COLUMNS = ("home", "ts", "sensor", "kind", "value")
NO_LIFE = ("heartbeat", "battery", "status")
PATIENCE = 3 * HOUR
HEARTBEATS = 4  # so many make it a habit to expect them
LEARNING = 7  # days of each invented home that only teach
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Rows:
    """The readable rows of all files, by home and time; and how many could not be read."""

    home: pa.ChunkedArray
    at: F64
    sensor: NDArray[np.uint8]
    life: NDArray[np.bool_]
    door: NDArray[np.bool_]
    heartbeat: NDArray[np.bool_]
    bad: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``run.py bench inactivity`` may be told besides --quick."""
    parser.add_argument("events", nargs="*", type=Path, metavar="EVENTS.csv")
    parser.add_argument("--out", type=Path, metavar="ALARMS.csv", help="where the alarms go")


def main(quick: bool, events: Sequence[Path] = (), out: Path | None = None) -> dict[str, Any]:
    """``{bench, homes, days, rows, bad_rows, alarms, not_returned, seconds}``, or what invented homes gave."""
    if not events:
        return {"bench": "inactivity", **_invented(2 if quick else 6)}
    begun = time.perf_counter()
    rows = read(events)
    written, days, homes = [], 0.0, 0
    for name, piece in _homes(rows):
        homes += 1
        days += (rows.at[piece][-1] - rows.at[piece][0]) / DAY
        written += [(name, due, cleared) for due, cleared in alarms(rows, piece)]
    if out is not None:
        _write(out, written)
    kinds = [due.kind for _, due, _ in written]
    return {
        "bench": "inactivity", "homes": homes, "days": round(days, 1), "rows": len(rows.at), "bad_rows": rows.bad,
        "alarms": kinds.count(INACTIVITY), "not_returned": len(kinds) - kinds.count(INACTIVITY),
        "seconds": round(time.perf_counter() - begun, 2),
    }  # fmt: skip


def alarms(rows: Rows, piece: slice) -> Iterator[tuple[Due, float | None]]:
    """The alarms of one home and when each was cleared (None: not within the recording)."""
    at, life = rows.at[piece], rows.life[piece]
    rhythm, fed = Rhythm(), 0
    when, sensor, door = at[life], rows.sensor[piece][life], rows.door[piece][life]
    for start, end in _unheard(at, rows.heartbeat[piece]):
        upto = int(np.searchsorted(when, start, "right"))
        yield from rhythm.observe(when[fed:upto], sensor[fed:upto], door[fed:upto])
        rhythm.unwatched(start, end)
        fed = upto
    yield from rhythm.observe(when[fed:], sensor[fed:], door[fed:])
    due = rhythm.due()
    if due is not None and due.at < at[-1]:
        yield due, None


def _unheard(at: F64, heartbeat: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """From when to when a home that sends heartbeats sent nothing at all."""
    beats = at[heartbeat]
    if len(beats) < HEARTBEATS:
        return []
    patience = max(PATIENCE, 3 * float(np.median(np.diff(beats))))
    gaps = np.flatnonzero((np.diff(at) > patience) & (at[:-1] >= beats[0]))
    return [(float(at[i]), float(at[i + 1])) for i in gaps]


# ------------------------------------------------------------------------------------------------ files


def read(paths: Sequence[Path]) -> Rows:
    """All rows of all files that can be read; says on stderr which cannot."""
    bad = 0
    tables = []
    for path in paths:
        refused: list[int | None] = []

        def refuse(row: Any, refused: list[int | None] = refused) -> str:
            refused.append(row.number)
            return "skip"

        try:
            table = pyarrow.csv.read_csv(
                path,
                read_options=pyarrow.csv.ReadOptions(use_threads=False),
                parse_options=pyarrow.csv.ParseOptions(invalid_row_handler=refuse),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types={"ts": pa.string(), **dict.fromkeys(("home", "sensor", "kind", "value"), _NAMES)},
                    include_columns=list(COLUMNS), strings_can_be_null=True,
                ),
            )  # fmt: skip
        except (OSError, KeyError, pa.ArrowInvalid) as error:
            why = str(error).splitlines()[0].strip("'\"")
            raise SystemExit(
                f"{path} is no recording: {why}. Expected a CSV file headed {','.join(COLUMNS)}"
            ) from error
        instants = _instants(table["ts"])
        good = pc.and_(instants.is_valid(), table["home"].is_valid())
        wrong = len(refused) + table.num_rows - int(pc.sum(good).as_py() or 0)
        if wrong:
            print(f"{path}: {wrong} rows cannot be read and are left out", file=sys.stderr)
        bad += wrong
        tables.append(table.set_column(1, "ts", instants).filter(good).unify_dictionaries())
    return _rows(pa.concat_tables(tables).unify_dictionaries().combine_chunks(), bad)


_NAMES = pa.dictionary(pa.int32(), pa.string())


def _instants(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Local seconds of ISO texts; null where there is none."""
    try:
        return pc.cast(pc.cast(texts, pa.timestamp("ns")), pa.int64())
    except pa.ArrowInvalid:
        return pa.chunked_array([pa.array([_instant(text) for text in texts.to_pylist()], pa.int64())])


def _instant(text: str | None) -> int | None:
    try:
        # What the clock on the wall showed: an offset, if any, is left aside.
        said = datetime.fromisoformat((text or "").strip()).replace(tzinfo=UTC)
    except ValueError:
        return None
    return (said - _EPOCH) // timedelta(microseconds=1) * 1000


def _rows(table: pa.Table, bad: int) -> Rows:
    at = table["ts"].to_numpy() / 1e9
    home = _codes(table["home"])
    order = np.lexsort((at, home))
    table, at = table.take(pa.array(order)), at[order]
    kind = pc.cast(table["kind"], pa.string()).fill_null("")
    off = pc.is_in(pc.utf8_lower(pc.cast(table["value"], pa.string()).fill_null("")), pa.array(["off", "0", "false"]))
    dead = pc.or_(pc.is_in(kind, pa.array(NO_LIFE)), pc.and_(pc.equal(kind, "motion"), off))
    names = table["sensor"].combine_chunks()
    numbers = np.array([sensor_code(name or "") for name in names.dictionary.to_pylist()] or [1], np.uint8)
    return Rows(
        home=table["home"], at=at, sensor=numbers[names.indices.fill_null(0).to_numpy()],
        life=~_bools(dead), door=_bools(pc.equal(kind, "door_out")), heartbeat=_bools(pc.equal(kind, "heartbeat")),
        bad=bad,
    )  # fmt: skip


def _codes(column: pa.ChunkedArray) -> NDArray[np.int32]:
    codes: NDArray[np.int32] = column.combine_chunks().indices.to_numpy()
    return codes


def _bools(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    values: NDArray[np.bool_] = column.to_numpy()
    return values


def _homes(rows: Rows) -> Iterator[tuple[str, slice]]:
    codes = _codes(rows.home)
    names = rows.home.combine_chunks().dictionary.to_pylist()
    cuts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    for start, end in pairwise(cuts):
        if end > start:
            yield names[codes[start]], slice(start, end)


def _write(path: Path, written: Sequence[tuple[str, Due, float | None]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(("home", "ts", "kind", "cleared_ts"))
        for name, due, cleared in sorted(written, key=lambda row: (row[0], row[1].at)):
            lines.writerow((name, _text(due.at), due.kind, "" if cleared is None else _text(cleared)))


def _text(at: float) -> str:
    return (_EPOCH + timedelta(seconds=round(at))).replace(tzinfo=None).isoformat(timespec="seconds")


# -------------------------------------------------------------------------------------------- invented homes


def write_recording(homes: Sequence[Recording], events: Path, away: Path) -> None:
    """Invented homes as the files a judge wants: what the sensors said, and when nobody was home."""
    with events.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        for one in homes:
            for at, room, door in zip(one.at.tolist(), one.room.tolist(), one.door.tolist(), strict=True):
                kind = "door_out" if door else one.person.kind
                lines.writerow((one.home, _text(at), f"s{room}", kind, "on"))
    with away.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(("home", "start", "end"))
        for one in homes:
            for start, end in one.away.tolist():
                lines.writerow((one.home, _text(start), _text(end)))


def _invented(cohorts: int) -> dict[str, Any]:
    """False alarms of whole cohorts, and the delays if everybody fell still at every quarter of an hour."""
    begun = time.perf_counter()
    false, days, delays, weights, daytime = 0, 0, [], [], []
    for seed in range(cohorts):
        for home in cohort(seed):
            late, hours = _delays(home)
            delays.append(late)
            weights.append(np.full(len(late), 1 / len(late)))
            daytime.append((hours >= 6) & (hours < 18) & home.person.elder)
            false += _false_alarms(home)
            days += home.person.days - LEARNING
    late, weight, day = np.concatenate(delays), np.concatenate(weights), np.concatenate(daytime)
    return {
        "invented": True, "days": days, "false_per_301_days": round(false / days * 301, 2),
        "delay_median_h": _quantile(late, weight, 0.5), "delay_p90_h": _quantile(late, weight, 0.9),
        "elders_by_day_median_h": _quantile(late[day], weight[day], 0.5),
        "elders_by_day_p90_h": _quantile(late[day], weight[day], 0.9),
        "longest_h": round(float(late.max()), 2), "seconds": round(time.perf_counter() - begun, 2),
    }  # fmt: skip


def _delays(home: Recording) -> tuple[F64, F64]:
    """Hours from each quarter of an hour at home until the alarm if nothing more came; and its hour of the day."""
    rhythm, fed = Rhythm(), 0
    code = np.array([sensor_code(f"s{n}") for n in range(256)], np.uint8)[home.room]
    found = []
    for instant in np.arange(FIRST_DAY + LEARNING * DAY, home.at[-1], 900.0):
        upto = int(np.searchsorted(home.at, instant, "right"))
        rhythm.observe(home.at[fed:upto], code[fed:upto], home.door[fed:upto])
        fed = upto
        due = rhythm.due()
        if due is not None and due.at > instant and not _is_away(home, instant):
            found.append(((due.at - instant) / HOUR, instant % DAY / HOUR))
    pairs = np.array(found).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _false_alarms(home: Recording) -> int:
    rhythm = Rhythm()
    code = np.array([sensor_code(f"s{n}") for n in range(256)], np.uint8)[home.room]
    raised = [due for due, _ in rhythm.observe(home.at, code, home.door)]
    start = FIRST_DAY + LEARNING * DAY
    return sum(due.kind == INACTIVITY and due.at >= start and not _is_away(home, due.at) for due in raised)


def _is_away(home: Recording, instant: float) -> bool:
    position = int(np.searchsorted(home.away[:, 0], instant, "right")) - 1
    return position >= 0 and instant < float(home.away[position, 1])


def _quantile(value: F64, weight: F64, share: float) -> float:
    order = np.argsort(value)
    heaped = np.cumsum(weight[order]) / weight.sum()
    return round(float(value[order][min(int(np.searchsorted(heaped, share)), len(value) - 1)]), 2)
