"""What the interface answers as a file: Parquet, CSV, GeoJSON or NGSI-LD, as known at an instant.

The rows are those of the interface itself, page by page, so names and values are the same. Personal columns, and rows
that tell of the life in one home, are left out unless somebody says that he wants them and why.
"""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
from starlette.types import ASGIApp

from cockpit.asking import GEOJSON, JSON
from cockpit.disk_words import why
from cockpit.encoding import rfc3339

FORMATS = ("parquet", "csv", "geojson", "ngsi-ld")
PAGE = 20_000
CONTEXT = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
UNFINISHED = ".unfinished"
TAKEN = {"type": "category", "location": "place"}
"""Columns whose names mean something else in NGSI-LD."""


class ExportRefused(Exception):
    """Nothing was written; the text says why and what to do."""


Asks = Callable[[str, str], bytes]
"""Answers a path of the interface in the form that is accepted; raises `ExportRefused` with its sentence."""


@dataclass(frozen=True)
class What:
    """One list of the interface. ``personal``: columns about somebody; ``of_homes``: rows with a home are, whole."""

    path: str
    keys: tuple[str, ...]
    entity: str
    personal: frozenset[str] = frozenset()
    of_homes: bool = False
    shapes: bool = False
    asked: Mapping[str, str] | None = None


_HOME = frozenset({
    "home_id", "unit_id", "floor", "number", "households", "age_0_17", "age_18_59", "age_60_79", "age_80_up",
    "age_0_3", "age_3_6", "elder_alone",
})  # fmt: skip
_ACT = frozenset({
    "home_id", "subject", "title", "sentence", "evidence", "facts", "ladder", "owner", "cause", "outcome", "by", "note",
})  # fmt: skip
KNOWN: dict[str, What] = {
    "communities": What("communities", ("community_id",), "Community", shapes=True),
    "buildings": What("buildings", ("building_id",), "Building", shapes=True),
    "facilities": What("facilities", ("facility_id",), "Facility", shapes=True),
    "rooms": What("rooms", ("room_id",), "Room"),
    "homes": What("homes", ("home_id",), "Home", personal=_HOME),
    "devices": What("devices", ("device_id",), "Device", personal=frozenset({"home_id"}), of_homes=True, shapes=True),
    "states": What("states", ("device_id", "metric"), "DeviceState", of_homes=True),
    "readings": What("readings", ("device_id", "metric", "taken_at"), "DeviceReading", of_homes=True),
    "occupancy": What("occupancy", ("place_id",), "Occupancy"),
    "alerts": What("alerts", ("id",), "Alert", personal=_ACT),
    "incidents": What("incidents", ("id",), "Incident", personal=_ACT, asked={"state": "all"}),
    "kpis": What("kpis", ("id", "community"), "KeyPerformanceIndicator"),
    "quarantine": What("quarantine", ("quarantine_id",), "Quarantined", personal=frozenset({"raw"})),
}


@dataclass(frozen=True)
class Exported:
    """A finished file. ``left_out``: rows of homes that are not in it."""

    path: Path
    rows: int
    left_out: int
    columns: tuple[str, ...]


def export(
    ask: Asks, name: str, form: str, out: Path, *, at: datetime, community: str | None = None, personal: bool = False,
    hours: float = 24.0,
) -> Exported:  # fmt: skip
    """Write one list as known at ``at``. ``hours``: of readings, so many before it. Raises `ExportRefused`."""
    what = KNOWN[name]
    if form == "geojson" and not what.shapes:
        with_shapes = ", ".join(sorted(known for known, one in KNOWN.items() if one.shapes))
        raise ExportRefused(f"{name} have no shapes; as geojson there are {with_shapes}. Choose parquet or csv.")
    if out.exists():
        raise ExportRefused(f"{out} is there already and is not overwritten; name another file with --out")
    common = {"at": rfc3339(at), **({"community": community} if community else {}), **(what.asked or {})}
    homes = set() if personal or not what.of_homes else _at_home(ask, common)
    if name == "readings":
        rows = list(_readings(ask, common, at - timedelta(hours=hours), homes))
        left_out = len(homes)
    else:
        everything = list(_rows(ask, what, common, shapes=what.shapes and form in ("geojson", "ngsi-ld")))
        rows = [row for row in everything if row.get("device_id") not in homes]
        left_out = len(everything) - len(rows)
    hidden = frozenset() if personal else what.personal
    rows = [{key: value for key, value in row.items() if key not in hidden} for row in rows]
    columns = tuple(dict.fromkeys(key for row in rows[:1_000] for key in row if key != "geometry"))
    unfinished = out.with_name(out.name + UNFINISHED)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _WRITERS[form](unfinished, rows, columns, what, rfc3339(at))
        unfinished.replace(out)
    except OSError as error:
        reason = why(error)["en"]
        raise ExportRefused(
            f"{out} could not be written ({reason}); make room or name another folder with --out. Nothing of it is kept"
        ) from error
    finally:
        with suppress(OSError):
            unfinished.unlink()
    return Exported(out, len(rows), left_out, columns)


def asking_of(server: ASGIApp, token: str) -> Asks:
    """The interface of a program in this process, without a port."""

    def ask(path: str, accept: str) -> bytes:
        async def answer() -> httpx.Response:
            inside = httpx.ASGITransport(app=server)
            async with httpx.AsyncClient(transport=inside, base_url="http://127.0.0.1", timeout=None) as client:
                return await client.get(path, headers={"Authorization": f"Bearer {token}", "Accept": accept})

        said = asyncio.run(answer())
        if said.status_code != 200:
            raise ExportRefused(str(said.json().get("detail", said.status_code)))
        return said.content

    return ask


def _rows(ask: Asks, what: What, common: Mapping[str, str], *, shapes: bool = False) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        asked = {**common, "limit": str(PAGE), **({"cursor": cursor} if cursor else {})}
        page = json.loads(ask(f"/api/v1/{what.path}?{urlencode(asked)}", GEOJSON if shapes else JSON))
        if shapes:
            yield from ({**feature["properties"], "geometry": feature["geometry"]} for feature in page["features"])
        else:
            yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _at_home(ask: Asks, common: Mapping[str, str]) -> set[str]:
    """The devices in homes: what they tell is the life of those who live there."""
    devices = _rows(ask, KNOWN["devices"], {k: v for k, v in common.items() if k in ("at", "community")})
    return {device["device_id"] for device in devices if device["home_id"]}


def _readings(ask: Asks, common: Mapping[str, str], since: datetime, homes: set[str]) -> Iterator[dict[str, Any]]:
    for state in list(_rows(ask, KNOWN["states"], common)):
        which = {"device_id": state["device_id"], "metric": state["metric"]}
        if state["device_id"] in homes or state["taken_at"] is None:
            continue
        of_one = {"at": common["at"], "from": rfc3339(since), **which}
        yield from ({**which, "unit": state["unit"], **row} for row in _rows(ask, KNOWN["readings"], of_one))


Rows = Sequence[Mapping[str, Any]]


def _parquet(path: Path, rows: Rows, columns: Sequence[str], _what: What, at: str) -> None:
    arrays = [_column([_flat(row.get(name)) for row in rows], name) for name in columns]
    table = pa.table(dict(zip(columns, arrays, strict=True))).replace_schema_metadata({"at": at})
    pq.write_table(table, path, compression="zstd")


def _column(values: list[Any], name: str) -> pa.Array:
    """Instants as instants; a column of several kinds of values as text."""
    if name.endswith("_at") or name in ("valid_from", "since", "last_seen", "newest", "at"):
        return pa.array([None if v is None else datetime.fromisoformat(v) for v in values], pa.timestamp("us", "UTC"))
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return pa.array(values, pa.float64())
    if len(kinds) == 1:
        return pa.array(values)
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def _csv(path: Path, rows: Rows, columns: Sequence[str], _what: What, _at: str) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:  # the mark is for Excel
        sheet = csv.writer(stream)
        sheet.writerow(columns)
        sheet.writerows([_cell(row.get(name)) for name in columns] for row in rows)


def _cell(value: Any) -> Any:
    """As a sheet may show it: text that a sheet would take for a formula is marked as text."""
    value = _flat(value)
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else value


def _geojson(path: Path, rows: Rows, columns: Sequence[str], _what: What, at: str) -> None:
    features = [
        {"type": "Feature", "geometry": row["geometry"], "properties": {name: row.get(name) for name in columns}}
        for row in rows
    ]
    _json(path, {"type": "FeatureCollection", "at": at, "features": features})


def _ngsi_ld(path: Path, rows: Rows, columns: Sequence[str], what: What, at: str) -> None:
    _json(path, [_entity(row, columns, what, at, n) for n, row in enumerate(rows)])


def _entity(row: Mapping[str, Any], columns: Sequence[str], what: What, at: str, number: int) -> dict[str, Any]:
    """A row as an NGSI-LD entity: what is unknown is not said; the instant stands at every property."""
    keys = [str(row[key]) for key in what.keys if key in row] or [str(number)]
    identity = f"urn:ngsi-ld:{what.entity}:{':'.join(keys)}"
    entity: dict[str, Any] = {"id": identity, "type": what.entity, "@context": CONTEXT}
    seen = datetime.fromisoformat(row.get("taken_at") or at).astimezone(UTC).isoformat().replace("+00:00", "Z")
    for name in columns:
        if row.get(name) is not None and name != "id":
            entity[TAKEN.get(name, name)] = {"type": "Property", "value": row[name], "observedAt": seen}
    if row.get("geometry") is not None:
        entity["location"] = {"type": "GeoProperty", "value": row["geometry"]}
    return entity


def _json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def _flat(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


_WRITERS: dict[str, Callable[[Path, Rows, Sequence[str], What, str], None]] = {
    "parquet": _parquet, "csv": _csv, "geojson": _geojson, "ngsi-ld": _ngsi_ld,
}  # fmt: skip
