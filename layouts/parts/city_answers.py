"""What the City page asks: all communities at once, painted, ranked, and summed up by division.

Nothing is judged here: figures come from ``twin.city``, the index from ``twin.health``. A count of people that could be
somebody is kept back; unknown stays None to the screen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow.compute as pc

from layouts.parts import city_shapes
from twin_model.city import KEY_KINDS, LEVELS, MINUTES, rolled_up, summed
from twin_model.masking import too_few
from twin_model.scene_book import SCENES
from twin_model.twin import Twin

Answer = dict[str, Any]
Value = Callable[[Mapping[str, Any]], float | None]

FIGURES = ("index", "reach", "scenes", "elders", "people", "facilities", "projects")
CLASSES = 5
PAGE = 15
QUARTER = timedelta(days=91)
QUARTERS = 4
_PART = {"city": "city_id", "district": "district_id", "subdistrict": "subdistrict_id"}


def here(twin: Twin, at: datetime, part: str | None) -> tuple[list[Answer], list[Answer]]:
    """The communities within a division (None: all in the scope), and the way to it from the whole."""
    rows = twin.city.communities(at).to_pylist()
    known = {row["division_id"]: row for row in twin.entities("division", at).drop_columns(["boundary"]).to_pylist()}
    chosen = known.get(part or "")
    if chosen is None:
        return rows, []
    column = _PART[chosen["level"]]
    path = [chosen]
    while path[0]["parent_id"] in known and len(path) < len(LEVELS):
        path.insert(0, known[path[0]["parent_id"]])
    return [row for row in rows if row[column] == part], [one for one in path if one["level"] != "city"]


def overview(twin: Twin, at: datetime, community: str, *, part: str | None) -> Answer:
    """The whole, or a division: its sums, its parts with theirs, and its gap projects."""
    rows, path = here(twin, at, part)
    level = {0: "district_id", 1: "subdistrict_id"}.get(len(path))
    index, projects = twin.city.index(at), twin.city.project_sums(at)
    names = {row["division_id"]: row for row in twin.entities("division", at).drop_columns(["boundary"]).to_pylist()}
    parts: dict[str, list[Answer]] = {}
    for row in rows if level else ():
        if row[level] is not None:
            parts.setdefault(row[level], []).append(row)
    return {
        "whole": _sum(rows, index, projects),
        "path": path,
        "city": next((one for one in names.values() if one["level"] == "city"), None),
        "parts": [
            {**_sum(mine, index, projects), "id": one, "name": names[one]["name"], "name_en": names[one]["name_en"]}
            for one, mine in sorted(parts.items())
        ],
        "single": len(rows) == 1 and not path,
    }


def _sum(rows: Sequence[Answer], index: Mapping[str, Answer], projects: Mapping[str, Answer]) -> Answer:
    """As ``rolled_up``, with counts of elders that could be somebody kept back."""
    found = rolled_up(rows, index, projects)
    return {name: None if name.startswith("aged") and too_few(n) else n for name, n in found.items()}


def painted(
    twin: Twin, at: datetime, community: str, *, figure: str | None, kind: str | None, minutes: str | None,
    scene: str | None, part: str | None,
) -> Answer:  # fmt: skip
    """The chosen figure of every community: value and class (0 to 4, None: cannot be told), the limits, the counts."""
    figure = figure if figure in FIGURES else FIGURES[0]
    kind = kind if kind in KEY_KINDS else KEY_KINDS[0]
    limit = float(minutes) if minutes in [f"{m:g}" for m in MINUTES] else MINUTES[1]
    scene = scene if scene in SCENES else SCENES[0]
    rows, _ = here(twin, at, None)
    if figure == "scenes":
        values = _graded(twin, at, scene)
    else:
        values = {row["community_id"]: value for row, value in _values(twin, at, rows, figure, kind, limit)}
    inside = {row["community_id"] for row in here(twin, at, part)[0]}
    told = [value for name, value in values.items() if value is not None and name in inside]
    book = twin.catalogue.scene_book
    limits = [*sorted(g.at_least for g in book.grades), 100.0] if figure == "scenes" else _limits(told, figure)
    classes = {name: _class(value, limits) for name, value in values.items()}
    counted = Counter(classes[name] for name in inside)
    index = twin.city.index(at)
    return {
        "figure": figure, "kind": kind, "minutes": limit, "limits": limits, "part": part,
        "scene": scene, "scenes": {name: book.scenes[name].title for name in SCENES},
        "grades": [grade.title for grade in reversed(book.grades)],
        "counts": [counted[n] for n in range(len(limits) - 1)], "unknown": counted[None],
        "values": {name: None if value is None else round(value, 4) for name, value in values.items()},
        "classes": classes, "bottom": sorted(name for name, one in index.items() if one["bottom"]),
        "version": city_shapes.version(twin, at), "at": at,
    }  # fmt: skip


def _graded(twin: Twin, at: datetime, scene: str) -> dict[str, float | None]:
    """The attainment of a scene in every community, rounded before it is graded, as everywhere."""
    table = twin.city.scenes(at).filter(pc.field("scene") == scene).to_pylist()
    return {row["community_id"]: None if row["grade"] is None else float(round(row["attainment"])) for row in table}


def _values(
    twin: Twin, at: datetime, rows: Sequence[Answer], figure: str, kind: str, minutes: float
) -> list[tuple[Answer, float | None]]:
    if figure == "index":
        index = twin.city.index(at)
        return [(row, index.get(row["community_id"], {}).get("index")) for row in rows]
    if figure == "reach":
        table = twin.city.coverage(at, kinds=KEY_KINDS).to_pylist()
        shares = {
            one["community_id"]: _share(one) for one in table
            if one["facility_kind"] == kind and one["limit"] == minutes
        }  # fmt: skip
        return [(row, shares.get(row["community_id"])) for row in rows]
    if figure == "projects":
        sums = twin.city.project_sums(at)
        open_ = {name: one["planned"] + one["building"] for name, one in sums.items()}
        # where nobody keeps such a list, none of them is not known to be none
        return [(row, float(open_.get(row["community_id"], 0)) if sums else None) for row in rows]
    value: Value = {"elders": _elders, "people": _of("people"), "facilities": _of("facilities")}[figure]
    return [(row, value(row)) for row in rows]


def _of(name: str) -> Value:
    return lambda row: None if row[name] is None or (name == "people" and too_few(row[name])) else float(row[name])


def _elders(row: Mapping[str, Any]) -> float | None:
    """The share of people of 60 and over among those whose age is registered."""
    if not row["people"] or row["aged_60"] is None or too_few(row["aged_60"]):
        return None
    return float(row["aged_60"] / row["people"])


def _share(row: Mapping[str, Any]) -> float | None:
    known = (row["total"] or 0) - (row["unknown"] or 0)
    return row["reached"] / known if row["total"] is not None and known > 0 else None


def _limits(values: Sequence[float], figure: str) -> list[float]:
    """Where one class ends and the next begins: of shares and the index fixed, of counts by fifths of what there is."""
    if figure == "index":
        return [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    if figure == "reach":
        return [0.0, 0.4, 0.6, 0.8, 0.95, 1.0]
    if not values:
        return [0.0, 1.0]
    edges = np.quantile(values, np.linspace(0, 1, CLASSES + 1))
    digits = 2 if figure == "elders" else 0
    rounded = sorted({round(float(edge), digits) for edge in edges})
    if len(rounded) < 2:
        return [rounded[0], rounded[0] + 10.0**-digits]
    rounded[0], rounded[-1] = float(min(values)), float(max(values))
    return rounded


def _class(value: float | None, limits: Sequence[float]) -> int | None:
    if value is None:
        return None
    return int(min(max(np.searchsorted(limits, value, side="right") - 1, 0), len(limits) - 2))


def ranked(
    twin: Twin, at: datetime, community: str, *, part: str | None, order: str | None, page: str | None
) -> Answer:  # fmt: skip
    """The communities by the health check's index, the last first unless asked otherwise; one page of them."""
    rows, _ = here(twin, at, part)
    index, projects = twin.city.index(at), twin.city.project_sums(at)
    listed = [
        {
            **{name: row[name] for name in ("community_id", "name", "name_en", "subdistrict", "subdistrict_en")},
            **index.get(row["community_id"], dict.fromkeys(("index", "rank", "of", "bottom", "failed"))),
            "elders": _elders(row), "open": _open(projects.get(row["community_id"])),
        }
        for row in rows
    ]  # fmt: skip
    is_best = order == "best"
    turn = 1 if is_best else -1  # of equals those of the last tenth stand last
    ranks = sorted(listed, key=lambda one: (turn * (one["rank"] or 0), turn * one["bottom"] if one["rank"] else 0))
    unknown = [one for one in listed if one["rank"] is None]
    ordered = [*(one for one in ranks if one["rank"] is not None), *unknown]
    last = max(0, (len(ordered) - 1) // PAGE)
    number = min(max(int(page) if page and page.isdigit() else 0, 0), last)
    return {
        "rows": ordered[number * PAGE : (number + 1) * PAGE], "all": len(ordered), "page": number, "last": last,
        "order": "best" if is_best else "worst", "bottom": sum(1 for one in listed if one["bottom"]),
        "unknown": len(unknown), "of": max((one["of"] or 0 for one in listed), default=0),
    }  # fmt: skip


def _open(projects: Mapping[str, Any] | None) -> int:
    return (projects["planned"] + projects["building"]) if projects else 0


def covered(twin: Twin, at: datetime, community: str, *, part: str | None, drawn: str | None) -> Answer | None:
    """Who reaches what: by kind the share of people within 5, 10 and 15 minutes, and who could not be told of.

    None until the map is ``drawn``: the first walks of a whole city take seconds of the processor the map waits for.
    """
    if not drawn:
        return None
    inside = {row["community_id"] for row in here(twin, at, part)[0]}
    sums: dict[tuple[str, float], Counter[str]] = {}
    silent = set()
    for row in twin.city.coverage(at).to_pylist():
        if row["community_id"] not in inside:
            continue
        if row["total"] is None:
            silent.add(row["community_id"])
            continue
        one = sums.setdefault((row["facility_kind"], row["limit"]), Counter())
        one.update({name: row[name] for name in ("total", "reached", "unknown")})
    kinds = sorted({kind for kind, _ in sums}, key=KEY_KINDS.index)
    return {
        "kinds": [
            {"kind": kind, "shares": [_share(sums[kind, m]) for m in MINUTES], "total": sums[kind, MINUTES[0]]["total"],
             "unknown": sums[kind, MINUTES[-1]]["unknown"]}
            for kind in kinds
        ],
        "minutes": list(MINUTES), "silent": len(silent),
    }  # fmt: skip


def course(twin: Twin, at: datetime, community: str, *, part: str | None) -> Answer:
    """The last year by quarters: the middle index, facilities, finished gap projects; None where nothing was known."""
    points = []
    for back in range(QUARTERS, -1, -1):
        then = at - QUARTER * back
        rows, _ = here(twin, then, part)
        index = twin.city.index(then) if rows else {}
        graded = [index[r["community_id"]]["index"] for r in rows if r["community_id"] in index]
        graded = [value for value in graded if value is not None]
        inside = {row["community_id"] for row in rows}
        done = [one["done"] for name, one in twin.city.project_sums(then).items() if name in inside]
        points.append(
            {
                "at": then, "index": float(np.median(graded)) if graded else None,
                "facilities": summed(rows)["facilities"], "done": sum(done) if done else None,
            }
        )  # fmt: skip
    return {"points": points}


def one(twin: Twin, at: datetime, community: str, *, chosen: str | None) -> Answer | None:
    """What stands beside the map of one chosen community."""
    row = next((r for r in twin.city.communities(at).to_pylist() if r["community_id"] == chosen), None)
    if row is None:
        return None
    index = twin.city.index(at).get(row["community_id"])
    people = {name: None if too_few(row[name]) else row[name] for name in ("people", "aged_60", "aged_80")}
    projects = twin.city.project_sums(at).get(row["community_id"])
    return {**row, **people, "check": index, "projects": projects, "elders": _elders(row)}
