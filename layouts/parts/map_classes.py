"""The changing half of the 3D map: one small number per building and colouring.

An open incident colours its building until it is closed, also when its alert has gone.

Numbers are in the building order of ``map_scene.geometry_bytes``, community buildings only (buildings
around it carry no data). Alert: 0 none, 1 look, 2 act, 3 blind. Occupancy: 0 to 3 the quarter of the
people at home, 4 unknown, 5 no homes. Freshness: 0 fresh, 1 stale, 2 lost, 3 no devices.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from layouts.parts import care_answers, map_scene

if TYPE_CHECKING:
    from twin_model.twin import Twin

ALERT = ("none", "look", "act", "blind")
OCCUPANCY = ("0", "1", "2", "3", "unknown", "none")
URGENCY = ("act", "look", "blind", "none")
FRESHNESS = ("fresh", "stale", "lost", "none")
KEPT_VERSIONS = 8

_orders: WeakKeyDictionary[Any, OrderedDict[tuple[str, str], dict[str, int]]] = WeakKeyDictionary()
_orders_lock = Lock()


def classes(twin: Twin, community_id: str, at: datetime) -> dict[str, Any]:
    """Class numbers of every community building at ``at``, and the people in each facility.

    Keys: revision, at, version (of the geometry they belong to), alert, occupancy, freshness (lists of
    numbers), share (people at home / residents, null when unknown), pins ([facility_id, people, grade]).
    """
    version = twin.geometry_version(community_id, at)
    order = _order(twin, community_id, at, version)
    answer: dict[str, Any] = {
        "revision": twin.revision,
        "at": at.isoformat(),
        "version": version,
        "alert": [ALERT.index("none")] * len(order),
        "occupancy": [OCCUPANCY.index("none")] * len(order),
        "freshness": [FRESHNESS.index("none")] * len(order),
        "share": [None] * len(order),
    }
    for row in coloured(twin, at, community_id):
        i = order.get(row["building_id"])
        if i is None:  # a footprint that cannot be drawn, named in the geometry's header
            continue
        answer["alert"][i] = ALERT.index(row["alert"])
        # whoever is told of few by word only gets no colour for them either
        answer["occupancy"][i] = OCCUPANCY.index("none" if row["occupancy"] == "few" else row["occupancy"])
        answer["freshness"][i] = FRESHNESS.index(row["freshness"])
        share = row["occupancy_share"]
        answer["share"][i] = None if share is None else round(share, 3)
    answer["pins"] = [
        [row["place_id"], row["people"], row["grade"]]
        for row in twin.occupancy(at, community_id=community_id).to_pylist()
        if row["place_kind"] == "facility"
    ]
    return answer


def coloured(twin: Twin, at: datetime, community_id: str) -> list[dict[str, Any]]:
    """The twin's classes of each building, ``alert`` the worse of its alerts and of its open incidents (no drills)."""
    rows: list[dict[str, Any]] = twin.building_classes(at, community_id=community_id).to_pylist()
    worst: dict[str | None, str] = {}
    for incident in care_answers.open_incidents(twin, at, community_id):
        if incident.drill_id is None and not care_answers.is_upkeep(incident):
            worst.setdefault(incident.building_id, incident.severity)  # they come the most urgent first
    for row in rows:
        told = worst.get(row["building_id"], "none")
        row["alert"] = min(row["alert"], told, key=URGENCY.index)
    return rows


def diff(before: dict[str, Any] | None, after: dict[str, Any]) -> list[list[int]] | None:
    """Buildings whose numbers differ: [[index, alert, occupancy, freshness], ...].

    ``None`` when the answers belong to different geometry, so that the map must be fetched again.
    """
    if before is None or before["version"] != after["version"]:
        return None
    old = zip(before["alert"], before["occupancy"], before["freshness"], strict=True)
    new = zip(after["alert"], after["occupancy"], after["freshness"], strict=True)
    return [[i, *b] for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]


def _order(twin: Twin, community_id: str, at: datetime, version: str) -> dict[str, int]:
    """Building id -> its number in the geometry, kept per version."""
    with _orders_lock:
        kept = _orders.setdefault(twin, OrderedDict())
        if (order := kept.get((community_id, version))) is not None:
            return order
    order = map_scene.building_order(map_scene.geometry_bytes(twin, community_id, at))
    with _orders_lock:
        kept[community_id, version] = order
        while len(kept) > KEPT_VERSIONS:
            kept.popitem(last=False)
    return order
