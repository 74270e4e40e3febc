"""The whole screen of a community at an instant, as one plain value: what a person could have seen then.

The proof that time travel shows what was known: the screen of an instant, made while it was now and kept, equals the
screen of that instant made ever after, whatever came in between: late readings, corrections of entities and records,
steps of incidents, thresholds. ``fingerprint`` makes the two comparable without keeping either.

Plain means: dicts with text keys, lists, text, whole numbers, numbers, yes and no, nothing. Instants are RFC 3339 in
UTC; numbers are rounded to twelve digits, because a sum may be added up in another order the second time.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from twin_model.twin import Twin

STATE = ("device_id", "metric", "value", "taken_at", "received_at", "changed_at", "status", "retained")
DEVICE = ("device_id", "type", "status", "last_seen", "battery", "alarm")
ALERT = ("rule", "subject", "phase", "severity", "grade", "since", "due_at", "value", "limit_value", "building_id",
         "home_id", "facility_id", "room_id", "title_zh", "title_en")  # fmt: skip
HOME = ("home_id", "state", "since", "seen_at", "reason")
PLACE = ("place_kind", "place_id", "name", "people", "capacity", "share", "method", "grade", "counters", "newest")
QUARANTINED = 1_000


def screen(twin: Twin, at: datetime, community_id: str) -> dict[str, Any]:
    """Everything the pages show of a community as known at ``at``; equal for ever, see ``fingerprint``."""
    health = twin.device_status(at, community_id=community_id)
    incidents = twin.care.incidents(at, community_id=community_id)
    found = {
        "at": at,
        "community": _entity(twin, at, community_id),
        "map": _named("building_id", twin.building_classes(at, community_id=community_id)),
        "states": _columns(twin.states(at, community_id=community_id), STATE),
        "device_health": {
            "by_status": dict(Counter(health["status"].to_pylist())), "devices": _columns(health, DEVICE)
        },
        "alerts": _columns(twin.alerts(at, community_id=community_id), ALERT),
        "incidents": [asdict(incident) for incident in incidents],
        "homes": _columns(twin.home_states(at, community_id=community_id), HOME),
        "occupancy": _columns(twin.occupancy(at, community_id=community_id), PLACE),
        "figures": _named("figure", twin.figures(at, community_id=community_id)),
        "kpis": _named("kpi", twin.kpis.values(at, community_id=community_id)),
        "residents": twin.residents(at, community_id=community_id),
        "thresholds": [asdict(one) for one in twin.care.thresholds(at, community_id=community_id)],
        "absences": [asdict(one) for one in twin.care.absences(at, community_id=community_id)],
        "sources": sorted((asdict(source) for source in twin.sources(at)), key=lambda source: str(source["name"])),
        "quarantined": twin.quarantined(at, limit=QUARANTINED).drop_columns(["raw"]).to_pylist(),
    }  # fmt: skip
    plain: dict[str, Any] = _plain(found)
    return plain


def fingerprint(screen: Mapping[str, Any]) -> str:
    """Sixteen bytes in hex, the same for equal screens in every process."""
    written = json.dumps(screen, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.blake2b(written.encode(), digest_size=16).hexdigest()


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The parts in which two screens differ, each with the first place where it does; empty when they are equal."""
    return [
        _difference(name, one.get(name), other.get(name))
        for name in sorted(one.keys() | other.keys())
        if one.get(name) != other.get(name)
    ]


def _difference(path: str, one: Any, other: Any) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        key = next(key for key in sorted(one.keys() | other.keys()) if one.get(key) != other.get(key))
        return _difference(f"{path}.{key}", one.get(key), other.get(key))
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        place = next(place for place in range(len(one)) if one[place] != other[place])
        return _difference(f"{path}[{place}]", one[place], other[place])
    return f"{path}: {one!r} and {other!r}"


def _entity(twin: Twin, at: datetime, community_id: str) -> dict[str, Any] | None:
    row = twin.entity("community", community_id, at)
    return None if row is None else {name: value for name, value in row.items() if not isinstance(value, bytes)}


def _named(key: str, table: pa.Table) -> dict[str, Any]:
    return {row.pop(key): row for row in table.to_pylist()}


def _columns(table: pa.Table, names: tuple[str, ...]) -> dict[str, list[Any]]:
    """Columns, not rows: a quarter of the room for thousands of states."""
    return {name: table[name].to_pylist() for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, float):
        return None if value != value else float(f"{value:.12g}")
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(one) for one in value), key=str)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    raise TypeError(f"a screen holds plain values; found {type(value).__name__}: {value!r}")
