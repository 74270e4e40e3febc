"""Living circles: a real district from its file to all circles, a city's walks, one more facility, against networkx.

The city is made in memory: 450 x 450 crossings with a fifth of the streets missing, 27,000 buildings in which 300,000
homes lie, 35,000 facilities of 20 kinds. ``city_build_s`` is all of it from bare lines: the network, every building and
facility put on it, and the nearest facility of every kind for every building within 1,200 m, said for each home.
``city_added_ms``: one facility put anywhere, its walks to all homes. ``--homes-apart`` gives every home a point of its
own. The district's walks are compared with networkx on the same network, pair by pair.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.batch import ImportOptions, import_file
from twin_model.twin import Twin
from twin_model.walking import OPEN, PROFILES, Lines, Network, Snapped

SIDE, STEP_M, MISSING = 450, 90.0, 0.22
HOMES, BUILDINGS, FACILITIES, KINDS = 300_000, 27_000, 35_000, 20
LIMIT_M = 1_200.0
ADULT = PROFILES["adult"]
DISTRICT = Path(__file__).resolve().parents[1] / "../shared/data/chengdu-osm/jinniu.osm"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A home each with its own way onto the network, where they otherwise share that of their building."""
    parser.add_argument("--homes-apart", action="store_true", help="300,000 points instead of 27,000 buildings")


def main(quick: bool, homes_apart: bool = False) -> dict[str, Any]:
    """Both parts; ``quick`` compares with networkx from every tenth facility only, and repeats less."""
    import scipy.sparse.csgraph  # noqa: F401  # its import is not part of any walk

    return {
        "bench": "circles", **city(3 if quick else 7, apart=homes_apart),
        **(district(10 if quick else 1) if DISTRICT.exists() else {"district": None}),
    }  # fmt: skip


def city(times: int, *, apart: bool) -> dict[str, Any]:
    """Medians over ``times`` whole rounds."""
    rng = np.random.default_rng(7)
    lines = streets(rng)
    extent = (SIDE - 1) * STEP_M
    places = rng.uniform(0, extent, (HOMES if apart else BUILDINGS, 2))
    building = np.arange(HOMES) if apart else rng.integers(0, BUILDINGS, HOMES)
    spots, kind = rng.uniform(0, extent, (FACILITIES, 2)), rng.integers(0, KINDS, FACILITIES)

    def build() -> tuple[Network, Snapped, NDArray[np.float64]]:
        network = Network.build(lines)
        doors, shops = network.snap(places), network.snap(spots)
        by_kind = [network.nearest(shops[kind == k], doors, ADULT, LIMIT_M)[building] for k in range(KINDS)]
        return network, doors, np.stack(by_kind)

    rounds = [_timed(build) for _ in range(min(times, 3))]
    network, doors, walks = rounds[-1][2]
    again = build()[2]
    added: list[tuple[float, float, Any]] = []
    for turn in range(times * 3):
        spot = rng.uniform(extent * 0.1, extent * 0.9, (1, 2))

        def put(spot: NDArray[np.float64] = spot) -> NDArray[np.float64]:
            return network.within(network.snap(spot), doors, ADULT, LIMIT_M)[building]

        if turn:  # the first one also pays for what is made once
            added.append(_timed(put))
    return {
        "nodes": len(network.nodes), "edges": len(network.edge_m), "homes": HOMES, "ways_in": len(places),
        "facilities": FACILITIES, "kinds": KINDS, "reached_share": round(float(np.isfinite(walks).mean()), 4),
        "city_build_s": round(median(wall for wall, *_ in rounds), 2),
        "city_build_cpu_s": round(median(cpu for _, cpu, _ in rounds), 2),
        "city_added_ms": round(median(wall for wall, *_ in added) * 1000, 1),
        "city_added_cpu_ms": round(median(cpu for _, cpu, _ in added) * 1000, 1),
        "same_twice": bool(np.array_equal(walks, again)),
    }  # fmt: skip


def streets(rng: np.random.Generator) -> Lines:
    """A bent grid of streets, half of them with a corner in between."""
    corners = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), -1).reshape(-1, 2) * STEP_M
    corners = corners + rng.uniform(-20, 20, corners.shape)
    number = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    across = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], 1)
    along = np.stack([number[:-1].ravel(), number[1:].ravel()], 1)
    ends = np.concatenate([across, along])
    ends = ends[rng.random(len(ends)) >= MISSING]
    m = len(ends)
    bent = rng.random(m) < 0.5
    middle = (corners[ends[:, 0]] + corners[ends[:, 1]]) / 2 + rng.uniform(-8, 8, (m, 2))
    between = np.full(m, -1)
    between[bent] = len(corners) + np.arange(int(bent.sum()))
    vertices = np.stack([ends[:, 0], between, ends[:, 1]], 1).ravel()
    return Lines(
        points=np.vstack([corners, middle[bent]]), vertices=vertices[vertices >= 0],
        first=np.concatenate([[0], np.cumsum(2 + bent)]).astype(np.int64), stairs=rng.random(m) < 0.01,
        exact=np.ones(m, bool), slope=np.full(m, np.nan), wheelchair=np.zeros(m, np.int8),
        level=np.zeros(m, np.int64),
    )  # fmt: skip


def district(every: int) -> dict[str, Any]:
    """From the file to the circles of all kinds, then every walk against networkx."""
    clock = [datetime(2026, 11, 22, 4, 0, tzinfo=UTC)]
    twin = Twin.open(None, clock=lambda: clock[0])
    try:
        began = time.perf_counter()
        report = import_file(twin, DISTRICT, ImportOptions(community="jinniu"), progress=False)
        imported = time.perf_counter() - began
        clock[0] += timedelta(minutes=1)
        table = twin.circles.coverage(twin.now(), "jinniu")
        total = time.perf_counter() - began
        walk = twin.circles.network(twin.now(), "jinniu")
        pairs, worst = compared(walk.network, walk.facility_doors(ADULT).at, walk.building_doors(ADULT).at, every)
        return {
            "district_rows": report.read, "district_buildings": walk.buildings.num_rows,
            "district_facilities": walk.facilities.num_rows, "district_import_s": round(imported, 2),
            "district_circles_s": round(total - imported, 2), "district_total_s": round(total, 2),
            "district_coverage_rows": table.num_rows, "networkx_pairs": pairs,
            "networkx_worst_mm": None if worst is None else round(worst * 1000, 6),
        }  # fmt: skip
    finally:
        twin.close()


def compared(network: Network, shops: Snapped, homes: Snapped, every: int) -> tuple[int, float | None]:
    """Pairs compared with networkx, and the largest difference in metres; inf where only one of them finds a walk.

    Without networkx, which only the tests bring, none.
    """
    if importlib.util.find_spec("networkx") is None:
        return 0, None
    import networkx as nx

    graph, on = nx.Graph(), dict[int, list[tuple[float, object]]]()
    for name, places in (("shop", shops), ("home", homes)):
        for i in np.flatnonzero(places.ok).tolist():
            graph.add_edge((name, i), (name, i, "path"), weight=float(places.snap_m[i]))
            on.setdefault(int(places.edge[i]), []).append((float(places.offset_m[i]), (name, i, "path")))
    is_open = network.graph(ADULT, OPEN).open_edge
    for edge in np.flatnonzero(is_open).tolist():
        ends = ("node", int(network.edge_u[edge])), ("node", int(network.edge_v[edge]))
        middle = sorted(on.get(edge, []), key=lambda one: one[0])
        chain = [(0.0, ends[0]), *middle, (float(network.edge_m[edge]), ends[1])]
        for (a, one), (b, other) in pairwise(chain):
            if not graph.has_edge(one, other) or graph[one][other]["weight"] > b - a:
                graph.add_edge(one, other, weight=b - a)
    pairs, worst = 0, 0.0
    for shop in np.flatnonzero(shops.ok)[::every].tolist():
        found = nx.single_source_dijkstra_path_length(graph, ("shop", shop))
        theirs = np.array([found.get(("home", i), np.inf) for i in range(len(homes))])
        ours = network.within(shops[shop : shop + 1], homes, ADULT)
        if (np.isfinite(ours) != np.isfinite(theirs)).any():
            return pairs, float("inf")
        known = np.isfinite(ours)
        pairs += int(known.sum())
        worst = max(worst, float(np.abs(ours[known] - theirs[known]).max(initial=0.0)))
    return pairs, worst


def _timed(ask: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds by the clock and of this process: on a busy machine they part."""
    began, worked = time.perf_counter(), time.process_time()
    answer = ask()
    return time.perf_counter() - began, time.process_time() - worked, answer
