"""What went on in a long span of time, in few numbers: for strips of a time bar that reach over days or a year.

A year has a hundred million readings and a strip some seventy points, so nothing here reads the log of readings over
more than ``WHOLE``: beyond it a sum is taken from the keyframes, a bounded number of instants at which the whole state
was written down as it was known.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from twin_model.timeline import from_us, to_us

if TYPE_CHECKING:
    from twin_model.twin import Twin

WHOLE = timedelta(days=8)
SAMPLES = 2
"""Keyframes read for one point. Taken at thirds of a span that is no whole number of days, so that over a strip day
and night weigh alike."""
MOST_MARKS = 400
APART = 150
"""Into how many stretches a long strip is divided: a mark is then ten pixels from the next of its class."""
_RANK = {"act": 0, "blind": 1, "look": 3}


def sums(
    twin: Twin, metric: str, start: datetime, end: datetime, at: datetime, *, bucket: timedelta, community_id: str,
    types: Sequence[str],
) -> list[dict[str, Any]]:  # fmt: skip
    """The sum over all devices of a metric per bucket: bucket, value, devices (how many were heard of).

    Up to ``WHOLE`` from every reading, as ``Twin.totals``; beyond from samples of the state as it was known.
    """
    if end - start <= WHOLE:
        table = twin.totals(metric, start, end, at, bucket=bucket, community_id=community_id, types=types)
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows
    chosen = twin.chosen(min(at, end), metric, community_id, types)
    return list(_sampled(twin, chosen, start, min(end, at), bucket)) if chosen.num_rows else []


def _sampled(
    twin: Twin, chosen: pa.Table, start: datetime, end: datetime, bucket: timedelta
) -> Iterator[dict[str, Any]]:
    frames = twin.keyframes()
    while start < end:
        first, last = bisect_left(frames, to_us(start)), bisect_right(frames, to_us(min(start + bucket, end)))
        here = frames[first:last]
        picked = {here[(2 * n + 1) * len(here) // (2 * SAMPLES)] for n in range(SAMPLES)} if here else set()
        found = [
            twin.store.read("keyframe_sum", tables={"chosen": chosen}, keyframe_at=from_us(us)).to_pylist()[0]
            for us in sorted(picked)
        ]
        heard = [row for row in found if row["devices"]]
        if heard:
            value = sum(row["value"] for row in heard) / len(heard)
            yield {"bucket": start, "value": value, "devices": max(row["devices"] for row in heard)}
        start += bucket


def happened(twin: Twin, start: datetime, end: datetime, at: datetime, *, community_id: str) -> list[dict[str, Any]]:
    """What a strip marks, by time: happened_at, kind (alert, source, records), class, what, metric, building_id, n.

    Records of one day are one mark, at the last that came. Beyond ``WHOLE`` what lies close together is one mark, the
    first of its class, and ``n`` says of how many. At most ``MOST_MARKS``: the most urgent stay.
    """
    rows: list[dict[str, Any]]
    if twin.care.has_log(at):
        rows = twin.store.read(
            "happened_between", first=start, last=end, instant=at, community_id=community_id
        ).to_pylist()
    else:
        rows = []
    begun = twin.care.begun_at
    if (begun is None or begun > start) and end - start <= WHOLE:  # a history that was loaded: its devices' own alarms
        early = twin.alarm_events(start, min(end, begun or end), at, community_id=community_id).to_pylist()
        rows += [
            {"happened_at": e["taken_at"], "kind": "alarm", "class": e["severity"], "what": None, "metric": e["metric"],
             "building_id": e["building_id"]} for e in early
        ]  # fmt: skip
    rows += _records(twin, start, end, at, community_id)
    if end - start > WHOLE:
        rows = _together(rows, start, (end - start) / APART)
    if len(rows) > MOST_MARKS:
        rows = sorted(rows, key=lambda row: _RANK.get(row["class"], 2))[:MOST_MARKS]
    return sorted(rows, key=lambda row: row["happened_at"])


def _together(rows: list[dict[str, Any]], start: datetime, apart: timedelta) -> list[dict[str, Any]]:
    """One mark for each class in each stretch of time."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["happened_at"]):
        key = ((row["happened_at"] - start) // apart, row["class"])
        n = 1 if row["kind"] == "records" else row.get("n", 1)
        if key in found:
            found[key]["n"] += n
        else:
            found[key] = {**row, "n": n}
    return list(found.values())


def _records(twin: Twin, start: datetime, end: datetime, at: datetime, community_id: str) -> Iterator[dict[str, Any]]:
    """A mark per day on which records came or were corrected."""
    days: dict[int, tuple[int, set[str]]] = {}
    first, last = to_us(start), min(to_us(end), to_us(at))
    for kind in twin.ledger.kinds:
        for us in twin.ledger.changes(kind, first, last, community_id):
            day = us // 86_400_000_000
            newest, kinds = days.get(day, (0, set()))
            days[day] = (max(newest, us), kinds | {kind})
    for newest, kinds in days.values():
        yield {
            "happened_at": from_us(newest), "kind": "records", "class": "records", "what": min(kinds), "n": len(kinds),
            "metric": None, "building_id": None,
        }  # fmt: skip
