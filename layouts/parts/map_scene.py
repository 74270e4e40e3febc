"""What the 3D map is made of: the neighbourhood's geometry as one compact binary answer.

The browser fetches it once per version of the entities and afterwards only recolours (``map_classes``).

Format ``CIM1`` (little endian, every array starts at a multiple of 4 bytes)::

    0   4 bytes   magic b"CIM1"
    4   uint32    length of the header in bytes (a multiple of 4)
    8   header    JSON, UTF-8, padded with spaces
    8+n data      the arrays; header["arrays"][name] = {"type", "offset", "length"},
                  offset in bytes from the start of the data, length in elements

Coordinates are metres east and north of ``header["origin"]`` (longitude, latitude), float32: at a few
kilometres from the origin one step is under half a millimetre, in degrees it would be 0.65 m.

Arrays ``b_*`` are buildings (community first, context after; ``buildings.core`` counts the first part):
``b_xy`` points, ``b_ring`` first point of each ring (+ end), ``b_first_ring`` first ring of each building
(+ end), ``b_tri`` roof triangles as point numbers, ``b_first_tri`` first index of each building (+ end),
``b_height`` metres above ``b_base``, ``b_base`` metres above the ground, ``b_levels`` storeys (0 unknown),
``b_use`` 0 residential, 1 facility, 2 context, ``b_source`` 0 measured, 1 levels, 2 assumed.
Rings are open (no repeated last point); outer rings run counter-clockwise, holes clockwise.
Arrays ``g_*`` are the ground: ``g_layer`` indexes ``GROUND_LAYERS``, ``g_line`` 1 for a line with
``g_width`` metres. Arrays ``c_*`` are the community's boundary.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import datetime
from importlib.metadata import distribution
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from layouts.parts.map_shapes import (
    GROUND_LAYERS,
    Arrays,
    Header,
    Plane,
    boundary_of,
    bounds,
    building_arrays,
    centres,
    ground_arrays,
    height_arrays,
    plane_around,
    ring_arrays,
    sound,
    source_code,
)
from twin_model.rights import asked

if TYPE_CHECKING:
    from twin_model.twin import Twin

MAGIC = b"CIM1"
USES = ("residential", "facility", "context")
KEPT_VERSIONS = 8

_kept: WeakKeyDictionary[Any, OrderedDict[tuple[str, str], bytes]] = WeakKeyDictionary()
_kept_lock = Lock()
_making = Lock()


def deck_bundle_path() -> Path:
    """The deck.gl program that comes inside the installed pydeck wheel; to import pydeck would take 0.2 s."""
    return Path(str(distribution("pydeck").locate_file("pydeck/nbextension/static/index.js")))


def geometry_bytes(twin: Twin, community_id: str, at: datetime) -> bytes:
    """The geometry of one community as known at ``at``, in the format above.

    Answers are kept per ``twin.geometry_version``, so asking again costs a lookup. A shape that cannot be
    drawn is left out and named in ``header["skipped"]``; it never costs the rest.
    """
    version = twin.geometry_version(community_id, at)
    with _kept_lock:
        answers = _kept.setdefault(twin, OrderedDict())
        if (answer := answers.get((community_id, version))) is not None:
            answers.move_to_end((community_id, version))
            return answer
    with _making:  # a page asks for several pictures of one place at once: one of them makes it, the others wait
        if (made := answers.get((community_id, version))) is not None:
            return made
        answer = encode(*_collect(twin, community_id, at, version))
        with _kept_lock:
            answers[community_id, version] = answer
            while len(answers) > KEPT_VERSIONS:
                answers.popitem(last=False)
    return answer


def building_order(geometry: bytes) -> dict[str, int]:
    """Community building id -> its number in an answer of ``geometry_bytes``."""
    length = int.from_bytes(geometry[4:8], "little")
    buildings = json.loads(geometry[8 : 8 + length])["buildings"]
    return {building_id: i for i, building_id in enumerate(buildings["ids"][: buildings["core"]])}


def building_detail(twin: Twin, building_id: str, at: datetime) -> dict[str, Any] | None:
    """Storeys, staircases and homes of one building with the state of each home, for the lifted floors.

    A home is an address, not a person: ``state`` is ``act``, ``look``, ``active``, ``quiet``, ``away``, ``blind``
    or ``none`` (not equipped). ``None`` when there is no such building at ``at``. Whoever may not look at one home
    gets how many homes are in which state, and none of them.
    """
    building = twin.entity("building", building_id, at)
    if building is None:
        return None
    community_id = building["community_id"]
    units = twin.entities("unit", at, community_id=community_id, building_id=building_id).to_pylist()
    homes = twin.entities("home", at, community_id=community_id, building_id=building_id).to_pylist()
    states = {
        row["home_id"]: row["state"]
        for row in twin.home_states(at, community_id=community_id).to_pylist()
        if row["building_id"] == building_id
    }
    for row in twin.alerts(at, community_id=community_id).to_pylist():
        upkeep = (row["grade"] or 0) >= 4 and row["severity"] != "blind"  # a battery is no state of a home
        if row["building_id"] == building_id and row["home_id"] is not None and not upkeep:
            _raise_state(states, row["home_id"], row["severity"])
    order = {unit["unit_id"]: i for i, unit in enumerate(sorted(units, key=lambda u: u["unit_id"]))}
    floors = max([building["levels"] or 0, *(home["floor"] or 0 for home in homes)])
    cells = [
        {
            "home_id": home["home_id"],
            "number": home["number"],
            "unit": order.get(home["unit_id"], 0),
            "floor": home["floor"],
            "state": states.get(home["home_id"], "none"),
        }
        for home in sorted(homes, key=lambda h: h["home_id"])
    ]
    return {
        "building_id": building_id,
        "name": building["name"],
        "name_en": building["name_en"],
        "floors": floors,
        "units": [unit["name"] for unit in sorted(units, key=lambda u: u["unit_id"])],
        "homes": cells if asked().homes else [],
        "counts": {s: sum(cell["state"] == s for cell in cells) for s in sorted({c["state"] for c in cells})},
    }


_URGENCY = ("none", "away", "active", "quiet", "blind", "look", "act")


def _raise_state(states: dict[str, str], home_id: str, severity: str) -> None:
    """The most urgent of a home's states wins."""
    if severity in _URGENCY and _URGENCY.index(severity) > _URGENCY.index(states.get(home_id, "none")):
        states[home_id] = severity


def _collect(twin: Twin, community_id: str, at: datetime, version: str) -> tuple[Header, Arrays]:
    skipped: list[dict[str, str]] = []
    community = twin.entity("community", community_id, at) or {}
    table = twin.entities("building", at, community_id=community_id).to_pydict()
    ids, shapes = sound(table["building_id"], table["footprint"], 2, skipped)
    uses = {b: u if u in USES else "residential" for b, u in zip(table["building_id"], table["use"], strict=True)}
    order = np.array(sorted(range(len(ids)), key=lambda i: (uses[ids[i]] == "context", ids[i])), dtype=np.intp)
    ids, shapes = [ids[i] for i in order], shapes[order]
    core = sum(uses[b] != "context" for b in ids)
    boundary = boundary_of(community.get("boundary"))
    plane = plane_around(boundary, shapes[:core] if core else shapes)

    arrays, drawn = building_arrays(shapes, ids, plane, skipped)
    ids = [ids[i] for i in drawn]
    core = sum(uses[b] != "context" for b in ids)
    rows = {b: i for i, b in enumerate(table["building_id"])}
    pick = np.array([rows[b] for b in ids], dtype=np.intp)
    arrays |= height_arrays(table, pick)
    arrays["b_use"] = np.array([USES.index(uses[b]) for b in ids], dtype=np.uint8)
    arrays["b_source"] = np.array([source_code(table["height_source"][i]) for i in pick], dtype=np.uint8)

    ground, named = ground_arrays(twin.entities("ground", at, community_id=community_id), plane, skipped)
    arrays |= ground
    arrays |= ring_arrays("c", boundary, plane)
    place = {b: i for i, b in enumerate(ids)}
    centre = centres(arrays)
    header: Header = {
        "version": version,
        "origin": [plane.origin[0], plane.origin[1]],
        "community": {
            "id": community_id,
            "name": community.get("name"),
            "name_en": community.get("name_en"),
        },
        "buildings": {
            "ids": ids,
            "names": [table["name"][i] or "" for i in pick],
            "names_en": [table["name_en"][i] or "" for i in pick],
            "core": core,
        },
        "ground_layers": list(GROUND_LAYERS),
        "ground_names": named,
        "bounds": bounds(arrays, core),
        "facilities": _facilities(twin, community_id, at, plane, place),
        "estates": _estates(twin, community_id, at, centre, place, table),
        "skipped": skipped,
    }
    return header, arrays


def _facilities(
    twin: Twin, community_id: str, at: datetime, plane: Plane, place: dict[str, int]
) -> list[Header]:
    found = []
    for row in twin.entities("facility", at, community_id=community_id).to_pylist():
        xy = plane.metres(np.array([row["lon"], row["lat"]], dtype=float))
        if not np.isfinite(xy).all():
            continue
        found.append({
            "id": row["facility_id"],
            "kind": row["facility_kind"],
            "name": row["name"],
            "name_en": row["name_en"],
            "x": round(float(xy[0]), 2),
            "y": round(float(xy[1]), 2),
            "building": place.get(row["building_id"], -1),
            "capacity": row["capacity"],
        })
    return sorted(found, key=lambda f: str(f["id"]))


def _estates(
    twin: Twin,
    community_id: str,
    at: datetime,
    centre: np.ndarray,
    place: dict[str, int],
    buildings: dict[str, list[Any]],
) -> list[Header]:
    estate_of = dict(zip(buildings["building_id"], buildings["estate_id"], strict=True))
    homes = twin.entities("home", at, community_id=community_id)
    households: dict[str, int] = {}
    for building_id, count in zip(
        homes["building_id"].to_pylist(), homes["households"].to_pylist(), strict=True
    ):
        estate = estate_of.get(building_id)
        if estate is not None:
            households[estate] = households.get(estate, 0) + (count or 0)
    found = []
    for row in twin.entities("estate", at, community_id=community_id).to_pylist():
        members = sorted(place[b] for b, e in estate_of.items() if e == row["estate_id"] and b in place)
        if not members:
            continue
        x, y = centre[members].mean(axis=0)
        found.append({
            "id": row["estate_id"],
            "name": row["name"],
            "name_en": row["name_en"],
            "households": households.get(row["estate_id"]),
            "x": round(float(x), 2),
            "y": round(float(y), 2),
            "buildings": members,
        })
    return sorted(found, key=lambda e: str(e["id"]))


def encode(header: Header, arrays: Arrays) -> bytes:
    """A header and arrays (float32, uint32, uint16, uint8) in the format above; walking circles use it too."""
    parts: list[bytes] = []
    offset = 0
    described = {}
    for name, array in arrays.items():
        kind = f"{array.dtype.kind}{array.dtype.itemsize * 8}"
        raw = array.astype(array.dtype.newbyteorder("<")).tobytes()
        described[name] = {"type": kind, "offset": offset, "length": len(array)}
        raw += b"\0" * (-len(raw) % 4)
        parts.append(raw)
        offset += len(raw)
    text = json.dumps(header | {"arrays": described}, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([MAGIC, len(text).to_bytes(4, "little"), text, *parts])
