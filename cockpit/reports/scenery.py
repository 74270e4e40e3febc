"""The neighbourhood as the twin knows it at an instant, made ready to be drawn on paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import shapely

from cockpit.reports.axonometry import Block, Legend, Model, Spot, picture
from layouts.parts.map_shapes import DEFAULT_WIDTH_M, Plane, boundary_of, plane_around, sound
from layouts.parts.text import named, t
from twin_model.twin import Twin

CLASSES = {
    "0": "#EEF4FA", "1": "#BDD7EF", "2": "#82B1DE", "3": "#4384C4", "unknown": "url(#unknown)", "few": "#F7F3E4",
    "none": "#D3D7DC",
}  # fmt: skip
"""How full a building is in quarters, light to dark: apart also in grey and to colour-blind eyes."""
SIGNED = ("act", "look", "blind")
USUAL_HEIGHT_M = 3.0
MINOR = ("parking", "parcel_lockers", "charging", "recycling", "toilet", "bus_stop", "property_office")
NAMED = 9
"""Facilities with a name on the drawing; what everybody knows how to find needs none."""


def map_picture(twin: Twin, at: datetime, community: str, rows: Sequence[Mapping[str, Any]], lang: str) -> str | None:
    """The map coloured by how full buildings are, alarms as signs; None where no building is known."""
    known = {row["building_id"]: row for row in rows}
    return drawn(
        twin, at, community, known, lambda row, part: _block(row, part, known.get(row["building_id"]), lang),
        lambda plane, blocks: _spots(twin, at, community, plane, blocks, lang), _legend(rows, lang),
    )  # fmt: skip


def drawn(
    twin: Twin, at: datetime, community: str, own: Container[str], block: Callable[[Mapping[str, Any], Any], Block],
    spots: Callable[[Plane, Sequence[Block]], Sequence[Spot]], legend: Legend,
) -> str | None:  # fmt: skip
    """The community from above at an angle; ``own``: the buildings it is framed by, ``block``: how each looks."""
    entity = twin.entity("community", community, at) or {}
    table = twin.entities("building", at, community_id=community).to_pylist()
    ids, shapes = sound([r["building_id"] for r in table], [r["footprint"] for r in table], 2, [])
    if not ids:
        return None
    boundary = boundary_of(entity.get("boundary"))
    mine = np.array([key in own for key in ids])
    plane = plane_around(boundary, shapes[mine] if mine.any() else shapes)
    by_id = {row["building_id"]: row for row in table}
    blocks = []
    for key, shape in zip(ids, shapely.transform(shapes, plane.metres), strict=True):
        for part in shapely.get_parts(shape):
            if part.geom_type == "Polygon" and part.area >= 1:
                blocks.append(block(by_id[key], part))
    frame = (
        shapely.union_all(shapely.transform(boundary, plane.metres)) if len(boundary)
        else shapely.union_all([b.outline for b in blocks if not b.is_context] or [b.outline for b in blocks]).envelope
    )  # fmt: skip
    frame = frame if frame.geom_type == "Polygon" else frame.convex_hull
    reach = frame.buffer(60)
    model = Model(
        frame=frame,
        ground=_ground(twin, at, community, plane),
        blocks=[b for b in blocks if not b.is_context or reach.intersects(b.outline)],
        spots=spots(plane, blocks),
    )
    return picture(model, legend)


def _block(row: Mapping[str, Any], outline: Any, known: Mapping[str, Any] | None, lang: str) -> Block:
    height = row["height_m"] if row["height_m"] and row["height_m"] > 0 else USUAL_HEIGHT_M
    common = {"key": row["building_id"], "outline": outline, "base": row["base_m"] or 0.0, "height": height}
    if known is None:
        return Block(**common, is_context=True)
    word = named(lang, row, "") if row["use"] == "residential" else ""
    return Block(
        **common, levels=row["levels"] or 0, fill=CLASSES[known["occupancy"]],
        sign=known["alert"] if known["alert"] in SIGNED else "", word=_number(word),
    )  # fmt: skip


def _number(name: str) -> str:
    """The number of a building out of its name: what stands on its roof."""
    return "".join(sign for sign in name if sign.isdigit())


def _ground(twin: Twin, at: datetime, community: str, plane: Plane) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    rows = {row["ground_id"]: row for row in twin.entities("ground", at, community_id=community).to_pylist()}
    ids, shapes = sound(list(rows), [row["geometry"] for row in rows.values()], 1, [])
    for key, shape in zip(ids, shapely.transform(shapes, plane.metres), strict=True):
        row = rows[key]
        if shapely.get_dimensions(shape) < 2:
            width = row["width_m"] or DEFAULT_WIDTH_M.get(row["layer"], 3.0)
            shape = shape.buffer(width / 2, cap_style="flat", quad_segs=4)
        found.setdefault(row["layer"], []).append(shape)
    return found


def _spots(
    twin: Twin, at: datetime, community: str, plane: Plane, blocks: Sequence[Block], lang: str
) -> list[Spot]:
    """Names of estates, then of facilities, the neighbourhood centre first, the largest next."""
    roofs = {block.key: block for block in blocks}
    found = []
    facilities = twin.entities("facility", at, community_id=community).to_pylist()
    facilities.sort(key=lambda r: (r["facility_kind"] != "centre", -(r["capacity"] or 0), r["facility_id"]))
    for row in [r for r in facilities if r["facility_kind"] not in MINOR][:NAMED]:
        block = roofs.get(row["building_id"])
        if block is not None:
            spot = block.outline.representative_point()
            x, y, high = spot.x, spot.y, block.base + block.height
        else:
            (x, y), high = plane.metres(np.array([[row["lon"], row["lat"]]]))[0], 0.0
        found.append(Spot(x=float(x), y=float(y), height=high, words=named(lang, row)))
    estates = [r for r in twin.entities("estate", at, community_id=community).to_pylist() if r["boundary"]]
    ids, shapes = sound([r["estate_id"] for r in estates], [r["boundary"] for r in estates], 2, [])
    names = {r["estate_id"]: named(lang, r) for r in estates}
    areas = []
    for key, shape in zip(ids, shapely.transform(shapes, plane.metres), strict=True):
        middle = shape.centroid
        corner = min(shapely.get_coordinates(shape), key=lambda xy: float(xy[1] + 0.45 * xy[0]))
        x, y = (float(0.72 * c + 0.28 * m) for c, m in zip(corner, (middle.x, middle.y), strict=True))
        areas.append(Spot(x=x, y=y, height=0.0, words=names[key], is_area=True))
    return [*found[:1], *areas, *found[1:]]


def _legend(rows: Sequence[Mapping[str, Any]], lang: str) -> Legend:
    """Only what is there, each class with how many buildings are in it."""
    classes, alerts = Counter(row["occupancy"] for row in rows), Counter(row["alert"] for row in rows)
    return Legend(
        title=t(lang, "report.map.occupancy"),
        fills=[(fill, f"{t(lang, f'report.map.class_{name}')} · {classes[name]}")
               for name, fill in CLASSES.items() if classes[name]],
        signs=[(name, f"{t(lang, f'legend.alert.{name}')} · {alerts[name]}") for name in SIGNED if alerts[name]],
        north=t(lang, "report.map.north"),
        scale=t(lang, "report.map.scale"),
    )  # fmt: skip
