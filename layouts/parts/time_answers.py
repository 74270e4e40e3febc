"""What the time bar asks the twin: the strips of its window, and what came to be known later of an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from layouts.page import ZONE
from layouts.parts.where import described, placed
from twin_model import passed
from twin_model.late import late
from twin_model.twin import DECLARED_ALARM, Twin

Answer = dict[str, Any]


def strips(twin: Twin, at: datetime, community: str, *, start: datetime, end: datetime, buckets: int) -> Answer:
    """The time bar's window: electric power and people counted per bucket, what happened, the first instant.

    ``start`` and ``end`` come back on the buckets' own boundaries. A bucket in which fewer than half of the usual
    devices were heard is None: a gap, not a dip.
    """
    known = max(at, min(end, twin.now()))
    bucket = timedelta(seconds=round((end - start).total_seconds() / buckets))
    start -= (start.astimezone(ZONE).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) % bucket
    ends = start + bucket * (buckets + 1)

    def summed(metric: str, kind: str) -> list[float | None]:
        rows = passed.sums(twin, metric, start, ends, known, bucket=bucket, community_id=community, types=(kind,))
        return line(rows, start, bucket, buckets + 1, known)

    happened = passed.happened(twin, start, ends, known, community_id=community)
    return {
        "start": start,
        "end": ends,
        "power": summed("power_kw", "electricity_meter"),
        "people": summed("people", "people_counter"),
        "events": [_event(twin, row) for row in happened],
        "first": twin.first_instant(community),
        "judged": twin.entities("device", known, community_id=community).num_rows > 0,  # else nothing could alarm
    }


def _event(twin: Twin, row: Answer) -> Answer:
    """A mark with its words in both languages."""
    title: dict[str, str]
    if row["kind"] == "records":
        kind = twin.catalogue.record_kinds.get(row["what"])
        title = dict(kind.title) if kind else {}
    elif row["kind"] == "source":
        title = {"zh": row["what"], "en": row["what"]}
    else:
        rule = row["what"] or DECLARED_ALARM
        title = {lang: twin.alert_title(rule, row["metric"], lang) for lang in ("zh", "en")}
    return {
        "at": row["happened_at"], "kind": row["kind"], "class": row["class"], "title": title, "n": row.get("n", 1),
        "building_id": row["building_id"],
    }  # fmt: skip


def line(rows: list[Answer], start: datetime, bucket: timedelta, n: int, known: datetime) -> list[float | None]:
    """One value per bucket from ``start``; None where too few devices were heard for a sum to mean anything.

    The bucket that ``known`` lies in has only begun: None too.
    """
    usual = sorted(row["devices"] for row in rows)[len(rows) // 2] if rows else 0
    values: list[float | None] = [None] * n
    for row in rows:
        i = (row["bucket"] - start) // bucket
        if 0 <= i < n and row["devices"] * 2 >= usual and row["bucket"] + bucket <= known:
            values[i] = round(row["value"], 1)
    return values


def known(twin: Twin, at: datetime, community: str, *, until: datetime | None) -> Answer | None:
    """What came later of a past instant: readings, devices, panels concerned, the first few; None while live."""
    if until is None:
        return None
    rows = late(twin, at, until, community_id=community)
    # After a long outage thousands of series are late: only the few that are told of become rows.
    of_device = rows["device_id"].combine_chunks().dictionary_encode()
    placed_in = [pc.is_valid(rows["home_id"]), pc.is_valid(rows["facility_id"])]
    kinds = pa.table([rows["type"], *placed_in], _OF_A_PANEL).group_by([*_OF_A_PANEL]).aggregate([])
    first = np.unique(of_device.indices.to_numpy(), return_index=True)[1][:TOLD]
    return {
        "readings": pc.sum(rows["readings"]).as_py() or 0,
        "devices": len(of_device.dictionary),
        "came_at": pc.max(rows["came_at"]).as_py(),
        "panels": sorted({_panel(**kind) for kind in kinds.to_pylist()}),
        "first": described(twin, placed(twin, at, rows.take(first).to_pylist())),
    }


TOLD = 2
CITY = ("parking_bay", "parking_barrier", "ev_charger", "air_quality", "electricity_meter")
_OF_A_PANEL = ("device_type", "in_home", "in_facility")


def _panel(*, device_type: str, in_home: bool, in_facility: bool) -> str:
    """The panel of the overview that a late reading concerns."""
    if in_home:
        return "elders"
    return "city" if device_type in CITY else "centre" if in_facility else "health"
