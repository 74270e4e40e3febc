"""What comes near a path without meeting it: reported, never joined. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from twin_model.walking import Network

NEAR_M = 2.0
"""An end that comes this close to another path without meeting it is reported as unconnected."""


@dataclass(frozen=True)
class Unconnected:
    """Something that comes near a path without meeting it. ``what``: end, crossing or gate."""

    what: str
    line: int
    xy: tuple[float, float]
    metres: float | None
    other: int | None


def unconnected(network: Network) -> list[Unconnected]:
    """Ends within ``NEAR_M`` of a path they do not meet, crossings of one level without a shared point, gates."""
    found = _loose_ends(network)
    if len(network.segment_m):
        found += _crossings(network)
    loose = np.flatnonzero(network.gate_node < 0)
    return [*found, *(Unconnected("gate", int(gate), (np.nan, np.nan), None, None) for gate in loose)]


def _loose_ends(network: Network) -> list[Unconnected]:
    degree = np.bincount(np.concatenate([network.edge_u, network.edge_v]), minlength=len(network.nodes))
    ends = np.flatnonzero(degree == 1)
    if not len(ends):
        return []
    owner = np.zeros(len(network.nodes), np.int64)
    owner[network.edge_u], owner[network.edge_v] = np.arange(len(network.edge_u)), np.arange(len(network.edge_v))
    tree, numbers = network.tree()
    places = shapely.points(network.nodes[ends])
    place, segment = tree.query(places, predicate="dwithin", distance=NEAR_M)
    segment = numbers[segment]
    own, beside = owner[ends[place]], network.segment_edge[segment]
    inner = np.where(network.edge_u[own] == ends[place], network.edge_v[own], network.edge_u[own])
    # a tail of a path that does meet it a step further on is no near miss
    beside = (beside != own) & (network.edge_u[beside] != inner) & (network.edge_v[beside] != inner)
    place, segment = place[beside], segment[beside]
    lines = shapely.linestrings(np.stack([network.segment_a[segment], network.segment_b[segment]], axis=1))
    metres = shapely.distance(places[place], lines)
    order = np.lexsort((segment, metres, place))
    place, segment, metres = place[order], segment[order], metres[order]
    _, first = np.unique(place, return_index=True)
    return [
        Unconnected(
            "end", int(network.edge_line[owner[ends[place[i]]]]), tuple(network.nodes[ends[place[i]]].tolist()),
            float(metres[i]), int(network.edge_line[network.segment_edge[segment[i]]]),
        )
        for i in first
    ]  # fmt: skip


def _crossings(network: Network) -> list[Unconnected]:
    tree, numbers = network.tree()
    one, other = tree.query(tree.geometries, predicate="crosses")
    line_a = network.edge_line[network.segment_edge[numbers[one]]]
    line_b = network.edge_line[network.segment_edge[numbers[other]]]
    levels = network.lines.level
    kept = (line_a < line_b) & (levels[line_a] == levels[line_b])
    at = shapely.intersection(tree.geometries[one[kept]], tree.geometries[other[kept]])
    return [
        Unconnected("crossing", int(a), (float(p.x), float(p.y)), 0.0, int(b))
        for a, b, p in zip(line_a[kept], line_b[kept], at, strict=True)
        if p.geom_type == "Point"
    ]
