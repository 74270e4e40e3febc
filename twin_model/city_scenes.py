"""How the nine scenes stand in every community of a city: the sums of ``scenes.scene_stands``, made of arrays.

A city's KPIs are 200,000 rows. The numbers are those of ``scene_stands``, community by community: a test compares.
Above a community stand the middle of those that are graded and how many have each grade: never a mean of means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin_model.kpi import Kpi
from twin_model.scene_book import SceneBook

SCHEMA = pa.schema(
    [
        ("community_id", pa.string()), ("scene", pa.string()), ("attainment", pa.float64()), ("grade", pa.string()),
        ("measured", pa.int64()), ("graded", pa.int64()), ("indicators", pa.int64()),
        ("missing", pa.list_(pa.string())),
    ]
)  # fmt: skip
"""measured: of the scene's indicators those with a measured KPI; graded: those with an attainment; missing: the kinds
of data without which the others cannot be told."""
Row = Mapping[str, Any]
F64 = NDArray[np.float64]


def scene_table(book: SceneBook, kpis: Mapping[str, Kpi], values: pa.Table) -> pa.Table:
    """``SCHEMA`` from the KPIs' values of one day (``kpi_engine.SCHEMA``): by community, then in the scenes' order."""
    known = {name: place for place, name in enumerate(kpis)}
    known_names = pc.unique(values["community_id"])
    names = known_names.to_pylist()
    row = np.array([known[name] for name in values["kpi"].to_pylist()], dtype=np.int64)
    column = pc.index_in(values["community_id"], known_names).to_numpy()
    attained = np.full((len(known), len(names)), np.nan)
    attained[row, column] = values["attainment"].to_numpy()
    measured = np.zeros(attained.shape, dtype=bool)
    measured[row, column] = pc.is_in(values["status"], pa.array(["measured", "no_cases"])).to_numpy()
    missing = _missing(kpis, values)
    order = np.argsort(np.array(names, dtype=object))
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    for scene in book.scenes:
        own = [kpi for kpi in kpis.values() if kpi.scene == scene and kpi.indicators]
        numbers = [found.number for found in book.of_scene(scene)]
        of = [[known[kpi.id] for kpi in own if number in kpi.indicators] for number in numbers]
        stand = np.array([_mean(attained[rows]) for rows in of])
        graded = np.sum(~np.isnan(stand), axis=0)
        share = np.where(graded >= book.least_share * len(numbers), _mean(stand), np.nan)[order]
        told = [None if np.isnan(value) else float(value) for value in share]
        columns["community_id"] += [names[place] for place in order]
        columns["scene"] += [scene] * len(names)
        columns["attainment"] += told
        columns["grade"] += [book.grade(value) for value in told]
        columns["measured"] += np.sum([measured[rows].any(axis=0) for rows in of], axis=0)[order].tolist()
        columns["graded"] += graded[order].tolist()
        columns["indicators"] += [len(numbers)] * len(names)
        columns["missing"] += [missing.get((names[place], scene), []) for place in order]
    table = pa.table([pa.array(columns[field.name], field.type) for field in SCHEMA], schema=SCHEMA)
    place = pc.index_in(table["scene"], pa.array(list(book.scenes)))
    order_by = [("community_id", "ascending"), ("place", "ascending")]
    return table.append_column("place", place).sort_by(order_by).drop_columns(["place"])


def _mean(rows: F64) -> F64:
    """By column the mean of what there is; nan of nothing."""
    known = ~np.isnan(rows)
    many = np.sum(known, axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sum(np.where(known, rows, 0.0), axis=0) / many)


def _missing(kpis: Mapping[str, Kpi], values: pa.Table) -> dict[tuple[str, str], list[str]]:
    """By community and scene the sources that KPIs with an indicator wait for, the ones most wait for first."""
    chosen = values.filter(pc.greater(pc.list_value_length(values["missing"]), 0))
    graded = pa.array([name for name, kpi in kpis.items() if kpi.indicators])
    chosen = chosen.filter(pc.is_in(chosen["kpi"], graded)).select(["community_id", "scene", "missing"])
    flat = chosen.take(pc.list_parent_indices(chosen["missing"].combine_chunks()))
    flat = flat.set_column(2, "source", pc.list_flatten(chosen["missing"]))
    counted = flat.group_by(["community_id", "scene", "source"]).aggregate([([], "count_all")])
    counted = counted.sort_by([("count_all", "descending"), ("source", "ascending")])
    found: dict[tuple[str, str], list[str]] = {}
    columns = (counted[name].to_pylist() for name in ("community_id", "scene", "source"))
    for community, scene, source in zip(*columns, strict=True):
        found.setdefault((community, scene), []).append(source)
    return found


def scenes_summed(book: SceneBook, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The nine over some communities: how many, how many are graded and with what, the middle attainment.

    ``missing``: (source, communities that lack it), what most lack first.
    """
    by_scene: dict[str, list[Row]] = {scene: [] for scene in book.scenes}
    for row in rows:
        by_scene[row["scene"]].append(row)
    found = []
    for scene, own in by_scene.items():
        told = [row["attainment"] for row in own if row["attainment"] is not None]
        grades = Counter(row["grade"] for row in own if row["grade"] is not None)
        lacking = Counter(source for row in own if row["attainment"] is None for source in row["missing"])
        found.append(
            {
                "scene": scene, "communities": len(own), "graded": len(told),
                "attainment": float(np.median(told)) if told else None,
                "grades": {grade.key: grades[grade.key] for grade in book.grades},
                "measured": sum(row["measured"] for row in own), "indicators": sum(row["indicators"] for row in own),
                "missing": sorted(lacking.items(), key=lambda pair: (-pair[1], pair[0])),
            }
        )  # fmt: skip
    return found
