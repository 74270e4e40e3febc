"""A what-if scenario drawn on the server: whom it brings into the circle, whom it drops, where facilities stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import shapely

from cockpit.reports.axonometry import Block, Legend, Spot
from cockpit.reports.scenery import USUAL_HEIGHT_M, drawn
from layouts.parts.circle_words import kind_of
from layouts.parts.format import count
from layouts.parts.map_shapes import Plane
from layouts.parts.text import named, t
from twin_model.twin import Twin

FILLS = {
    "gained": "#F2B34A", "lost": "#8A7FB0", "nearer": "#5FA3E0", "further": "#5D6FA8", "within": "#BDD7EF",
    "beyond": "#F1F3F5",
}  # fmt: skip
SIGNS = {"gained": "+", "lost": "−"}
"""Written on the roof, so that no colour tells it alone."""
PLAIN = "#D3D7DC"


def class_of(row: Mapping[str, Any]) -> str:
    """What a building is coloured by: beyond the circle a shorter walk is still no walk within it."""
    if row["change"] in ("gained", "lost"):
        return str(row["change"])
    if not row["within"]:
        return "beyond"
    return "within" if row["change"] == "same" else str(row["change"])


def scenario_picture(
    twin: Twin, at: datetime, community: str, facts: Mapping[str, Any], kind: Mapping[str, Any], limit_m: float,
    lang: str,
) -> str | None:  # fmt: skip
    """One kind of facility of one scenario; None where no building is known."""
    known = {row["id"]: class_of(row) for row in kind["buildings"]}
    tall = {row["building_id"] for row in twin.entities("building", at, community_id=community).to_pylist()
            if row["use"] != "context"}  # fmt: skip

    def block(row: Mapping[str, Any], outline: Any) -> Block:
        height = row["height_m"] if row["height_m"] and row["height_m"] > 0 else USUAL_HEIGHT_M
        of = known.get(row["building_id"])
        return Block(
            key=row["building_id"], outline=outline, base=row["base_m"] or 0.0, height=height,
            levels=row["levels"] or 0, fill=FILLS[of] if of else PLAIN, word=SIGNS.get(of or "", ""),
            is_context=row["building_id"] not in tall,
        )  # fmt: skip

    def spots(plane: Plane, blocks: Sequence[Block]) -> list[Spot]:
        return [_spot(plane, blocks, *one) for one in _places(twin, at, community, facts, kind, lang)]

    counts = Counter(known.values())
    legend = Legend(
        title=t(lang, "scenario.map.title", kind=kind_of(lang, kind["kind"]), limit=count(limit_m)),
        fills=[(fill, f"{t(lang, f'what_if.legend.{name}')} {SIGNS.get(name, '')} · {counts[name]}".replace("  ", " "))
               for name, fill in FILLS.items() if counts[name]],
        signs=[], north=t(lang, "report.map.north"), scale=t(lang, "report.map.scale"),
    )  # fmt: skip
    return drawn(twin, at, community, tall, block, spots, legend)


def _places(
    twin: Twin, at: datetime, community: str, facts: Mapping[str, Any], kind: Mapping[str, Any], lang: str
) -> list[tuple[str, float, float]]:
    """What stands where: first what the scenario changes, then what is there already."""
    edits = [edit for edit in facts["edits"] if edit["kind"] == kind["kind"]]
    found, changed = [], set()
    for edit in edits:
        name = named(lang, edit, "") if edit["name"] else kind_of(lang, kind["kind"])
        op = t(lang, f"what_if.op.{edit['op']}")
        words = f"{edit['no']} {op} · {name}"
        changed.add(edit["facility_id"])
        if edit["lon"] is not None:
            found.append((words, edit["lon"], edit["lat"]))
        elif edit["lon_before"] is not None:
            found.append((words, edit["lon_before"], edit["lat_before"]))
        if edit["op"] == "move" and edit["lon_before"] is not None:
            found.append((t(lang, "scenario.map.before", no=edit["no"]), edit["lon_before"], edit["lat_before"]))
    for row in twin.circles.facilities(at, community).to_pylist():
        if row["facility_kind"] == kind["kind"] and row["facility_id"] not in changed:
            found.append((named(lang, row, row["facility_id"]), row["lon"], row["lat"]))
    return found


def _spot(plane: Plane, blocks: Sequence[Block], words: str, lon: float, lat: float) -> Spot:
    x, y = (float(v) for v in plane.metres(np.array([[lon, lat]]))[0])
    under = [b.base + b.height for b in blocks if shapely.contains_xy(b.outline, x, y)]
    return Spot(x=x, y=y, height=max(under, default=0.0), words=words)
