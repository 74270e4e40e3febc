"""Gap projects of the sample city: what a community has none of is planned there; some of what opened was one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from sample_data.city import Made
from sample_data.city_places import KINDS

WANTED = ("canteen", "nursery", "day_care", "clinic", "centre", "culture", "kindergarten", "fitness", "playground")
"""What gap plans are about."""
SHARE = 0.3
"""Of the communities that lack a kind those that plan to get it."""
COST = {"build": 0.62, "buy": 1.1, "swap": 0.3, "rent": 0.18, "rebuild": 0.34}
"""10,000 yuan a m², invented."""
FUNDS = ("city", "district", "subdistrict", "bond", "state_firm", "social")
FIXES = tuple(COST)


def projects(made: Made, opened: list[datetime], now: datetime, seed: int) -> pa.Table:
    """Versions of the projects with ``community_id``, ``recorded_at`` and ``superseded_at``.

    Finished: half of the facilities of those kinds that opened in the last year. Planned and being built: a share of
    what communities have none of; one in fifteen was given up.
    """
    rng = np.random.default_rng([seed, 72])
    usual = {kind.kind: kind for kind in KINDS}
    rows: list[dict[str, Any]] = []
    number: dict[str, int] = {}

    def listed(community: str, kind: str, on: date, **said: Any) -> dict[str, Any]:
        number[community] = number.get(community, 0) + 1
        fix = FIXES[int(rng.integers(len(FIXES)))]
        area = round((usual[kind].area or 200) * float(rng.uniform(0.7, 1.3)))
        capacity = usual[kind].capacity
        return {
            "community_id": community, "project_no": f"BD-{community}-{number[community]:02}",
            "title": usual[kind].zh, "facility_kind": kind, "fix": fix, "listed_on": on, "area_m2": float(area),
            "places": round(capacity * area / (usual[kind].area or area)) if capacity else None,
            "cost_wan": round(area * COST[fix], 1), "fund": FUNDS[int(rng.integers(len(FUNDS)))],
            "document": f"补短板实施方案（{on.year}）", **said,
        }  # fmt: skip

    for at, table in zip(opened, made.opened, strict=True):
        for place in table.select(["facility_id", "community_id", "facility_kind", "lon", "lat"]).to_pylist():
            if place["facility_kind"] in WANTED and rng.random() < 0.5:
                on = at.date() - timedelta(days=int(rng.integers(150, 400)))
                first = listed(
                    place["community_id"], place["facility_kind"], on, lon=place["lon"], lat=place["lat"],
                    starts_on=on + timedelta(days=45), due_on=at.date() + timedelta(days=20),
                )  # fmt: skip
                done = {"status": "done", "finished_on": at.date(), "facility": place["facility_id"]}
                rows += _versions([(_noon(on), {"status": "building"}), (at + timedelta(hours=1), done)], first)
    spots = _spots(made)
    for community, kind in _lacking(made):
        if rng.random() >= SHARE:
            continue
        on = now.date() - timedelta(days=int(rng.integers(20, 560)))
        lon, lat = spots[community]
        nudge = rng.uniform(-0.0008, 0.0008, 2)
        first = listed(
            community, kind, on, lon=round(lon + nudge[0], 7), lat=round(lat + nudge[1], 7),
            due_on=now.date() + timedelta(days=int(rng.integers(30, 500))),
        )  # fmt: skip
        age, chance = (now.date() - on).days, rng.random()
        steps: list[tuple[datetime, dict[str, Any]]] = [(_noon(on), {"status": "planned"})]
        if age > 90 and chance < 0.45:
            steps.append((_noon(on + timedelta(days=80)), {"status": "building", "starts_on": on + timedelta(days=80)}))
        elif age > 60 and chance < 0.52:
            steps.append((_noon(on + timedelta(days=50)), {"status": "dropped"}))
        rows += _versions(steps, first)
    rows.sort(key=lambda row: (row["recorded_at"], row["community_id"], row["project_no"]))
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _versions(steps: list[tuple[datetime, dict[str, Any]]], first: dict[str, Any]) -> list[dict[str, Any]]:
    """A project as it was known after each step: what one step says holds on."""
    found, said = [], dict(first)
    for (at, news), (until, _) in zip(steps, [*steps[1:], (None, {})], strict=True):
        said = said | news
        found.append({**said, "recorded_at": at, "superseded_at": until})
    return found


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def _lacking(made: Made) -> list[tuple[str, str]]:
    """(community, kind) of the wanted kinds a community has none of, also none that opened since."""
    has = {
        pair
        for table in (made.tables["facility"], *made.opened)
        for pair in zip(table["community_id"].to_pylist(), table["facility_kind"].to_pylist(), strict=True)
    }
    return [(code, kind) for code in made.codes for kind in WANTED if (code, kind) not in has]


def _spots(made: Made) -> dict[str, tuple[float, float]]:
    """A point in the middle of each community."""
    table = made.tables["community"]
    points = shapely.get_coordinates(shapely.point_on_surface(shapely.from_wkb(table["boundary"].to_pylist())))
    return dict(zip(table["community_id"].to_pylist(), map(tuple, points.tolist()), strict=True))


_TEXT, _DAY, _NUMBER = pa.string(), pa.date32(), pa.float64()
_SCHEMA = pa.schema(
    [
        ("community_id", _TEXT), ("project_no", _TEXT), ("title", _TEXT), ("facility_kind", _TEXT), ("fix", _TEXT),
        ("status", _TEXT), ("listed_on", _DAY), ("starts_on", _DAY), ("due_on", _DAY), ("finished_on", _DAY),
        ("area_m2", _NUMBER), ("places", pa.int64()), ("cost_wan", _NUMBER), ("fund", _TEXT), ("facility", _TEXT),
        ("lon", _NUMBER), ("lat", _NUMBER), ("document", _TEXT), ("recorded_at", pa.timestamp("us", "UTC")),
        ("superseded_at", pa.timestamp("us", "UTC")),
    ]
)  # fmt: skip


UNSURVEYED = 25
"""One community in so many never said that its registers are complete: of it nothing can be said to be absent."""


def registers(made: Made, now: datetime) -> pa.Table:
    """The yearly word of each community that its registers of facilities are complete."""
    rows = []
    for year in (2, 1, 0):
        on = now.date() - timedelta(days=365 * year + 20 * (year != 2))
        for code in [code for n, code in enumerate(made.codes) if n % UNSURVEYED != UNSURVEYED - 1]:
            said = {"community_id": code, "record_id": f"{on:%Y}-{code}", "declared_on": on, "facility_kind": "all"}
            rows.append(
                said | {"complete": "yes", "document": f"社区设施普查表（{on:%Y}）", "declared_by_role": "街道民政办",
                        "recorded_at": _noon(on), "superseded_at": None}
            )  # fmt: skip
    instant = pa.timestamp("us", "UTC")
    names = ("community_id", "record_id", "declared_on", "facility_kind", "complete", "document", "declared_by_role")
    fields = [(name, _DAY if name == "declared_on" else _TEXT) for name in names]
    return pa.Table.from_pylist(rows, schema=pa.schema([*fields, ("recorded_at", instant), ("superseded_at", instant)]))
