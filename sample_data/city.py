"""The sample city as Arrow tables: ``build(seed)`` is the same, byte for byte, on every machine.

1 city, 10 districts, 90 subdistricts, 1,260 communities, some 27,000 buildings, 300,000 homes, 35,000 facilities and
the ways between them. All of it is invented and said to be (``is_sample``); where its shares come from stands in
``city_people``. Written into a store by ``city_load``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from sample_data import city_names, city_people, city_places
from sample_data.city_plan import GREEN, SIDE, Floats, Ints, Plan, draw
from sample_data.city_shapes import degrees, outlines, polygons, rivers, wkb
from sample_data.city_ways import ROAD, STREET, WIDTH_M, ways
from twin_model.entities import KINDS, HeightSource, columns

HOMES, FACILITIES = 300_000, 35_000
LATE = 0.06
"""Facilities that opened in the last year, a quarter of them at the end of each quarter."""
QUARTERS = 4
IN_WATER = 3
"""Facilities that a mistyped coordinate put into the river, as in real lists."""
SCHEMES = ("旧改类引领型", "旧改类普惠型", "新建类引领型", None)
"""Types of project; most communities are none."""
LAYERS = {ROAD: "road", STREET: "path"}
SOURCE = "sample"

Tables = dict[str, pa.Table]


@dataclass(frozen=True)
class Size:
    """How much of everything; a smaller one for tests."""

    communities: int = 1_260
    homes: int = HOMES
    facilities: int = FACILITIES
    side: int = SIDE


@dataclass(frozen=True)
class Made:
    """``tables``: what has been there for two years. ``opened``: facilities that came at the end of each quarter.

    ``homes``, ``codes``: how many homes each community has, and its id; for the records that are made to it.
    """

    tables: Tables
    opened: list[pa.Table]
    codes: list[str]
    homes: Ints


def build(seed: int = 7, size: Size | None = None) -> Made:
    """Every entity of the city, by kind."""
    size = size or Size()
    plan = draw(seed, size.communities, size.side)
    codes = _codes(plan)
    ids = pa.array(codes)
    many = city_people.homes_by_community(size.homes, size.communities, np.random.default_rng([seed, 63]))
    stock = _stock(plan, many, seed)
    own = _own_places(plan, many, size.facilities, seed)
    buildings = _buildings(plan, ids, stock, own)
    dwellings = buildings["building_id"].slice(0, len(stock.types)).combine_chunks()
    facilities = _facilities(plan, ids, own, buildings, seed)
    quarter = _quarters(facilities, seed)
    tables = {
        "division": _divisions(plan, seed),
        "community": _communities(plan, ids, seed),
        "estate": _estates(plan, ids, stock),
        "building": buildings,
        "home": city_people.homes(dwellings, stock.types, stock.wanted, stock.community, ids, seed),
        "facility": facilities.filter(pc.equal(quarter, 0)),
        "ground": _ground(plan, ids, seed),
    }
    opened = [facilities.filter(pc.equal(quarter, n)) for n in range(1, QUARTERS + 1)]
    whole = {kind: _complete(kind, table) for kind, table in tables.items()}
    return Made(whole, [_complete("facility", table) for table in opened], codes, many)


def _complete(kind: str, table: pa.Table) -> pa.Table:
    """With all columns of the kind; those that nothing is said about are unknown."""
    known = {f.name: f for f in fields(KINDS[kind])}
    for name in columns(KINDS[kind]):
        if name not in table.column_names:
            default = known[name].default
            value = default if isinstance(default, str | int | float | bool) else None
            table = table.append_column(name, pa.array([value] * table.num_rows))
    return table.select(columns(KINDS[kind]))


# --- divisions and communities --------------------------------------------------------------------------------------


def _codes(plan: Plan) -> list[str]:
    """``s03-05-11``: district, subdistrict in it, community in that."""
    found, count = [], dict[int, int]()
    part = _rank(plan.district_of)
    for subdistrict in plan.subdistrict_of.tolist():
        count[subdistrict] = count.get(subdistrict, 0) + 1
        district = int(plan.district_of[subdistrict])
        found.append(f"s{district + 1:02}-{part[subdistrict]:02}-{count[subdistrict]:02}")
    return found


def _rank(of: Ints) -> list[int]:
    """Of parts in the order of their wholes: which of its whole each is, from 1."""
    return [int(n) for n in np.arange(len(of)) - np.searchsorted(of, of) + 1]


def _division_ids(plan: Plan) -> tuple[list[str], list[str]]:
    part = _rank(plan.district_of)
    districts = [f"s{n + 1:02}" for n in range(len(plan.districts))]
    return districts, [f"{districts[d]}-{k:02}" for d, k in zip(plan.district_of.tolist(), part, strict=True)]


def _divisions(plan: Plan, seed: int) -> pa.Table:
    districts, subdistricts = _division_ids(plan)
    whole = [(0, 0, plan.grid.community.shape[0], plan.grid.community.shape[0])]
    names = city_names.pairs(len(subdistricts), seed + 1)
    rows = [{"division_id": "s", "level": "city", "name": city_names.CITY[0], "name_en": city_names.CITY[1],
             "parent_id": None}]  # fmt: skip
    rows += [
        {"division_id": one, "level": "district", "name": zh, "name_en": f"{en} District", "parent_id": "s"}
        for one, (zh, en) in zip(districts, city_names.DISTRICTS, strict=False)
    ]
    rows += [
        {"division_id": one, "level": "subdistrict", "name": f"{zh}街道", "name_en": f"{en} Subdistrict",
         "parent_id": districts[d]}
        for one, (zh, en), d in zip(subdistricts, names, plan.district_of.tolist(), strict=True)
    ]  # fmt: skip
    shapes = [_outline(plan, rects, 6) for rects in (whole, plan.districts, plan.subdistricts)]
    table = pa.Table.from_pylist(rows)
    return table.append_column("boundary", wkb(np.concatenate(shapes)))


def _outline(plan: Plan, rects: Any, every: int) -> Any:
    points, of = outlines(rects, plan.grid.community.shape[0] + 1, every)
    return polygons(points, of, degrees(plan.grid.xy))


def _communities(plan: Plan, ids: pa.Array, seed: int) -> pa.Table:
    names = city_names.pairs(len(ids), seed)
    parts = _division_ids(plan)[1]
    scheme = np.random.default_rng([seed, 71]).choice(len(SCHEMES), size=len(ids), p=(0.12, 0.4, 0.06, 0.42))
    return pa.table(
        {
            "community_id": ids, "name": [f"{zh}社区" for zh, _ in names],
            "name_en": [f"{en} Community" for _, en in names], "is_sample": [True] * len(ids),
            "scheme": pa.array([SCHEMES[n] for n in scheme.tolist()], pa.string()),
            "boundary": wkb(_outline(plan, plan.communities, 3)),
            "subdistrict_id": [parts[s] for s in plan.subdistrict_of.tolist()],
        }
    )  # fmt: skip


# --- buildings ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Stock:
    """Buildings of homes: type, community, face of the grid and how many of its homes are there."""

    types: Ints
    wanted: Ints
    community: Ints
    face: Ints


def _stock(plan: Plan, many: Ints, seed: int) -> _Stock:
    rng = np.random.default_rng([seed, 67])
    room = np.array([levels * units * doors for levels, units, doors in city_people.TYPES])
    dry = _dry_faces(plan)
    types, wanted, community, face = [], [], [], []
    for number, (faces, homes) in enumerate(zip(dry, many.tolist(), strict=True)):
        usable = faces[plan.grid.parcel_kind[plan.grid.parcel.ravel()[faces]] != GREEN]
        usable = usable if len(usable) >= 4 else faces
        kinds = city_people.buildings_of(homes, len(usable) * 2 // 3, rng)
        if len(kinds) > len(usable):
            raise ValueError(f"community {number} has no ground for {homes} homes")
        full = room[kinds]
        full[-1] -= int(full.sum()) - homes
        types.append(kinds)
        wanted.append(full)
        community.append(np.full(len(kinds), number))
        face.append(np.sort(rng.choice(usable, len(kinds), replace=False)))
    return _Stock(*(np.concatenate(part) for part in (types, wanted, community, face)))


def _dry_faces(plan: Plan) -> list[Ints]:
    """The faces of each community that no river touches."""
    side = plan.grid.community.shape[0] + 1
    wet = plan.grid.wet.reshape(side, side) > 0
    touched = wet[:-1, :-1] | wet[1:, :-1] | wet[:-1, 1:] | wet[1:, 1:]
    of = plan.grid.community.ravel()
    order = np.argsort(of, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(of[order])) + 1)
    dry = ~touched.ravel()
    return [part[dry[part]] if dry[part].any() else part for part in parts]


def _corners(plan: Plan, face: Ints) -> Floats:
    """The four points of faces, from the south west on ([n, 4, 2], metres)."""
    faces = plan.grid.community.shape[0]
    row, column = np.divmod(face, faces)
    first = row * (faces + 1) + column
    return np.asarray(plan.grid.xy[np.stack([first, first + 1, first + faces + 2, first + faces + 1], axis=1)])


def _footprints(plan: Plan, face: Ints, wide: Floats, deep: Floats) -> Any:
    """Rectangles within faces, along the grid: ``wide`` and ``deep`` as shares of the face."""
    corner = _corners(plan, face)
    middle = corner.mean(axis=1)
    east = ((corner[:, 1] + corner[:, 2]) - (corner[:, 0] + corner[:, 3])) / 4 * wide[:, None]
    north = ((corner[:, 3] + corner[:, 2]) - (corner[:, 0] + corner[:, 1])) / 4 * deep[:, None]
    ring = np.stack([middle - east - north, middle + east - north, middle + east + north, middle - east + north], 1)
    return shapely.polygons(degrees(ring.reshape(-1, 2)).reshape(-1, 4, 2))


def _buildings(plan: Plan, ids: pa.Array, stock: _Stock, own: _Own) -> pa.Table:
    """First those of homes, then those that facilities have to themselves."""
    community = np.concatenate([stock.community, own.community[own.building]])
    face = np.concatenate([stock.face, own.face[own.building]])
    is_home = np.arange(len(face)) < len(stock.types)
    levels = np.where(is_home, np.r_[np.array(city_people.TYPES)[stock.types, 0], np.full(own.building.sum(), 3)], 3)
    units = np.r_[np.array(city_people.TYPES)[stock.types, 1], np.full(own.building.sum(), 2)]
    wide = np.where(is_home, np.where(units > 1, 0.78, 0.55), 0.7)
    shapes = _footprints(plan, face, wide, np.where(is_home, 0.36, 0.5))
    owner = ids.take(pa.array(community))
    number = pc.utf8_lpad(pa.array(_of_each(community) + 1).cast(pa.string()), 3, "0")
    estate = _estate_ids(ids, community, plan.grid.parcel.ravel()[face], plan)
    return pa.table(
        {
            "building_id": pc.binary_join_element_wise(owner, number, "-b"), "community_id": owner,
            "estate_id": pc.if_else(pa.array(is_home), estate, pa.scalar(None, pa.string())),
            "name": pc.if_else(
                pa.array(is_home), pc.binary_join_element_wise(pc.utf8_ltrim(number, "0"), pa.scalar("幢"), ""), None
            ),
            "use": np.where(is_home, "residential", "facility"), "footprint": wkb(shapes),
            "height_m": np.round(levels * 3.0 + 0.6, 1), "height_source": [HeightSource.LEVELS.value] * len(face),
            "levels": levels, "source": [SOURCE] * len(face),
        }
    )  # fmt: skip


def _of_each(of: Ints) -> Ints:
    """Of things that belong to wholes in any order: which of its whole each is, from 0."""
    order = np.argsort(of, kind="stable")
    rank = np.empty(len(of), dtype=np.int64)
    rank[order] = np.arange(len(of)) - np.searchsorted(of[order], of[order])
    return rank


def _estate_ids(ids: pa.Array, community: Ints, parcel: Ints, plan: Plan) -> pa.Array:
    first = np.searchsorted(plan.community_of, np.arange(len(plan.communities)))
    number = pa.array(parcel - first[community] + 1).cast(pa.string())
    return pc.binary_join_element_wise(ids.take(pa.array(community)), number, "-e")


def _estates(plan: Plan, ids: pa.Array, stock: _Stock) -> pa.Table:
    """The parcels that somebody lives in."""
    parcel = np.unique(plan.grid.parcel.ravel()[stock.face])
    community = plan.community_of[parcel]
    first = np.searchsorted(plan.community_of, community)
    number = pa.array(parcel - first + 1).cast(pa.string())
    shapes = _outline(plan, [plan.parcels[n] for n in parcel.tolist()], 5)
    return pa.table(
        {
            "estate_id": _estate_ids(ids, community, parcel, plan), "community_id": ids.take(pa.array(community)),
            "name": pc.binary_join_element_wise(number, pa.scalar("区"), ""),
            "name_en": pc.binary_join_element_wise(pa.scalar("Estate"), number, " "), "boundary": wkb(shapes),
        }
    )  # fmt: skip


# --- facilities -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Own:
    """Facilities: kind (place in ``city_places.KINDS``), community, face; ``building``: it has one to itself."""

    kind: Ints
    community: Ints
    face: Ints
    building: Any


def _own_places(plan: Plan, homes: Ints, total: int, seed: int) -> _Own:
    rng = np.random.default_rng([seed, 68])
    kind, community = city_places.spread(total, homes, plan.subdistrict_of, seed)
    order = np.argsort(community, kind="stable")
    kind, community = kind[order], community[order]
    dry = _dry_faces(plan)
    face = np.concatenate(
        [rng.choice(dry[number], count) for number, count in enumerate(np.bincount(community, minlength=len(dry)))]
    )
    has_own = np.array([one.own for one in city_places.KINDS])[kind]
    return _Own(kind, community, face, has_own)


def _facilities(plan: Plan, ids: pa.Array, own: _Own, buildings: pa.Table, seed: int) -> pa.Table:
    rng = np.random.default_rng([seed, 69])
    kinds = [city_places.KINDS[n] for n in own.kind.tolist()]
    corner = _corners(plan, own.face)
    toward = corner[np.arange(len(corner)), rng.integers(0, 4, len(corner))]
    middle = corner.mean(axis=1)
    at = np.where(own.building[:, None], middle, middle + 0.72 * (toward - middle))  # most stand by the street
    wrong = np.flatnonzero(np.array([k.kind for k in kinds]) == "toilet")[:IN_WATER]
    wet = plan.grid.xy[plan.grid.wet > 0]
    if len(wet):
        at[wrong] = wet[rng.integers(0, len(wet), len(wrong))]
    place = degrees(at)
    owner = ids.take(pa.array(own.community))
    rank = _of_each(own.community * len(city_places.KINDS) + own.kind)
    number = pc.utf8_lpad(pa.array(_of_each(own.community) + 1).cast(pa.string()), 2, "0")
    within = np.full(len(kinds), -1)
    within[own.building] = np.arange(buildings.num_rows - int(own.building.sum()), buildings.num_rows)
    ordinal = [f" {n + 1}" if n else "" for n in rank.tolist()]
    hours = [k.hours if ok else None for k, ok in zip(kinds, (rng.random(len(kinds)) > 0.05).tolist(), strict=True)]
    return pa.table(
        {
            "facility_id": pc.binary_join_element_wise(owner, number, "-f"), "community_id": owner,
            "facility_kind": [k.kind for k in kinds],
            "name": [f"{k.zh}{n}" for k, n in zip(kinds, ordinal, strict=True)],
            "name_en": [f"{k.en}{n}" for k, n in zip(kinds, ordinal, strict=True)],
            "building_id": buildings["building_id"].combine_chunks().take(pa.array(within, mask=within < 0)),
            "lon": place[:, 0], "lat": place[:, 1],
            "area_m2": pa.array(
                city_places.sizes([k.area for k in kinds], rng, missing=0.06, whole=False), pa.float64()
            ),
            "capacity": pa.array(
                city_places.sizes([k.capacity for k in kinds], rng, missing=0.06, whole=True), pa.int64()
            ),
            "opening_hours": hours,
        }
    )  # fmt: skip


def _quarters(facilities: pa.Table, seed: int) -> pa.Array:
    """At the end of which quarter of the last year each facility opened; 0: it was there before."""
    drawn = np.random.default_rng([seed, 70]).random(facilities.num_rows)
    return pa.array(np.where(drawn < LATE, (drawn / LATE * QUARTERS).astype(np.int64) + 1, 0))


# --- the ground -----------------------------------------------------------------------------------------------------


def _ground(plan: Plan, ids: pa.Array, seed: int) -> pa.Table:
    lines = ways(plan, seed)
    of = np.repeat(np.arange(len(lines.kind)), np.diff(lines.first))
    shapes = shapely.linestrings(degrees(plan.grid.xy[lines.points]), indices=of)
    green = np.flatnonzero(plan.grid.parcel_kind == GREEN)
    lawns = _outline(plan, [plan.parcels[n] for n in green.tolist()], 3)
    water, wet = _water(plan)
    layer = [LAYERS.get(kind, "path") for kind in lines.kind.tolist()] + ["green"] * len(green) + ["water"] * len(wet)
    community = np.concatenate([lines.community, plan.community_of[green], wet])
    order = np.argsort(community, kind="stable")
    community = community[order]
    width = np.r_[WIDTH_M[lines.kind], np.full(len(green) + len(wet), np.nan)][order]
    number = pc.utf8_lpad(pa.array(_of_each(community) + 1).cast(pa.string()), 3, "0")
    owner = ids.take(pa.array(community))
    return pa.table(
        {
            "ground_id": pc.binary_join_element_wise(owner, number, "-g"), "community_id": owner,
            "source": [SOURCE] * len(order), "layer": np.array(layer)[order],
            "geometry": wkb(np.concatenate([shapes, lawns, water])[order]),
            "width_m": pa.array(width, mask=np.isnan(width)),
        }
    )  # fmt: skip


def _water(plan: Plan) -> tuple[Any, Ints]:
    """The rivers cut into the communities they run through."""
    points, of = outlines(plan.communities, plan.grid.community.shape[0] + 1, 3)
    places = polygons(points, of, plan.grid.xy)
    found, owners = [], []
    for river in rivers(float(np.abs(plan.grid.xy).max())):
        near = np.flatnonzero(shapely.intersects(river, places))
        cut = shapely.intersection(places[near], river)
        is_area = (shapely.get_dimensions(cut) == 2) & (shapely.get_type_id(cut) == shapely.GeometryType.POLYGON)
        found.append(shapely.transform(cut[is_area], degrees))
        owners.append(near[is_area])
    return np.concatenate(found), np.concatenate(owners)
