"""The walking network: lines one may walk, joined where they meet, and exact shortest walks on it. Pure.

Everything is in metres in a flat plane (see ``plane``); nothing here knows the twin, SQL or time. Lines join only where
they share a point (and, for lines that are not exact, where points lie within ``JOIN_M``); what merely comes close is
reported and stays apart. Between two such points a line is one edge; a place stands at the nearest point *on* an edge,
so that no walk is longer than it is because a node is missing. Walks are the same in both directions. Somewhat long,
because the network is one thing; its lines are in ``walking_lines``, its near misses in ``walking_report``.

Distances come from Dijkstra's algorithm in scipy.sparse.csgraph: one search for all facilities of a kind together,
from a source that is joined to each of them. docs/circles.md says the rules, docs/decisions/0030 why.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin_model.walking_lines import (
    F64,
    GATE_M,
    I64,
    JOIN_M,
    STRIP_M,
    Bool,
    Lines,
    Stretches,
    joined,
    nearest_segments,
    pieces,
    with_gates,
)
from twin_model.walking_report import Unconnected, unconnected

__all__ = [
    "F64", "GATE_M", "I64", "JOIN_M", "OPEN", "PROFILES", "SNAP_LIMIT_M", "Bool", "Graph", "Lines", "Network",
    "Profile", "Shut", "Snapped", "Stretches", "Unconnected", "straight",
]  # fmt: skip

SNAP_LIMIT_M = 150.0
"""A place further than this from any path stands on no network. A proposal; no standard says it."""
GRAPHS_KEPT = 8


@dataclass(frozen=True)
class Profile:
    """Who walks. ``max_slope``: rise over run that can still be managed, None: any. Speeds: see docs/circles.md."""

    name: str
    metres_per_minute: float
    stairs: bool = True
    max_slope: float | None = None


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("adult", 80.0),
        Profile("elder", 60.0),
        Profile("child", 55.0),
        Profile("wheelchair", 50.0, stairs=False, max_slope=1 / 12),  # the ramp GB 55019-2021 allows at most
    )
}


@dataclass(frozen=True)
class Snapped:
    """Places on the network: ``edge``, ``offset_m`` along it, ``snap_m`` away from it, ``xy`` the point on it.

    Where ``ok`` is False no path lies within the limit; edge is -1 and the numbers are NaN.
    """

    edge: I64
    offset_m: F64
    snap_m: F64
    ok: Bool
    xy: F64

    def __len__(self) -> int:
        return len(self.edge)

    def __getitem__(self, chosen: Any) -> Snapped:
        """Those chosen by a slice, a mask or an array of numbers."""
        return Snapped(self.edge[chosen], self.offset_m[chosen], self.snap_m[chosen], self.ok[chosen], self.xy[chosen])


@dataclass(frozen=True)
class Shut:
    """What may not be walked at some hour: lines and gates, by their numbers."""

    lines: frozenset[int] = frozenset()
    gates: frozenset[int] = frozenset()


OPEN = Shut()


@dataclass(frozen=True)
class Graph:
    """The network as one profile may walk it: compressed rows over the nodes, both directions."""

    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    metres: F64
    open_edge: Bool
    open_node: Bool
    component: NDArray[np.int32]
    main: int


@dataclass(frozen=True, eq=False)
class Network:
    """The network, immutable. Edges run over segments in order; ``segment_*`` describe those, ``edge_*`` the edges."""

    lines: Lines
    nodes: F64
    edge_u: I64
    edge_v: I64
    edge_m: F64
    edge_line: I64
    segment_a: F64
    segment_b: F64
    segment_m: F64
    segment_offset: F64
    segment_edge: I64
    gate_node: I64
    dropped: tuple[int, ...]
    _graphs: OrderedDict[tuple[str, Shut], Graph] = field(default_factory=OrderedDict, repr=False)
    _trees: dict[bytes, tuple[shapely.STRtree, I64]] = field(default_factory=dict, repr=False)

    # ---------------------------------------------------------------- making

    @classmethod
    def build(cls, lines: Lines | Sequence[Any], *, gates: F64 | None = None) -> Network:
        """Join lines into a network. ``gates``: points that may be shut, each on the nearest path within ``GATE_M``.

        Lines without length are dropped (``dropped`` names them). A gate that lies beside a path becomes a point of it.
        """
        if not isinstance(lines, Lines):
            lines = Lines.of(lines)
        lines = joined(lines)
        gate_point = np.empty(0, np.int64)
        if gates is not None and len(gates):
            lines, gate_point = with_gates(lines, np.asarray(gates, np.float64).reshape(-1, 2))
        owner = np.repeat(np.arange(len(lines)), np.diff(lines.first))
        a, b = lines.vertices[:-1], lines.vertices[1:]
        real = (owner[:-1] == owner[1:]) & (a != b)
        a, b, line = a[real], b[real], owner[:-1][real]
        ends = np.zeros(len(lines.points), bool)
        begins = np.ones(len(line), bool)
        begins[1:] = line[1:] != line[:-1]
        closes = np.roll(begins, -1)
        ends[a[begins]] = ends[b[closes]] = True
        ends[gate_point[gate_point >= 0]] = True
        uses = np.bincount(a, minlength=len(ends)) + np.bincount(b[closes], minlength=len(ends))
        is_node = ends | (uses > 1)
        begins |= is_node[a]
        edge = np.cumsum(begins) - 1
        start = np.flatnonzero(begins)
        last = np.append(start[1:], len(a)) - 1 if len(a) else start
        length = np.hypot(*(lines.points[b] - lines.points[a]).T)
        along = np.cumsum(length) - length
        offset = along - along[start][edge] if len(a) else along
        number = np.full(len(ends), -1, np.int64)
        kept = np.flatnonzero(is_node)
        # neighbours in space are neighbours in memory, which a search is a third faster for
        kept = kept[np.lexsort((lines.points[kept, 0], lines.points[kept, 1] // STRIP_M))]
        number[kept] = np.arange(len(kept))
        missing = np.flatnonzero(np.bincount(line, minlength=len(lines)) == 0)
        return cls(
            lines=lines, nodes=lines.points[kept], edge_u=number[a[start]], edge_v=number[b[last]],
            edge_m=offset[last] + length[last], edge_line=line[start], segment_a=lines.points[a],
            segment_b=lines.points[b], segment_m=length, segment_offset=offset, segment_edge=edge,
            gate_node=np.where(gate_point < 0, -1, number[gate_point]), dropped=tuple(missing.tolist()),
        )  # fmt: skip

    def graph(self, profile: Profile, shut: Shut = OPEN) -> Graph:
        """What this profile may walk while some lines and gates are shut."""
        key = profile.name, shut
        found = self._graphs.get(key)
        if found is None:
            found = self._graph(profile, shut)
            self._graphs[key] = found
            while len(self._graphs) > GRAPHS_KEPT:
                self._graphs.popitem(last=False)
        return found

    def _graph(self, profile: Profile, shut: Shut) -> Graph:
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import connected_components

        n = len(self.nodes)
        passable = self._passable(profile)
        if shut.lines:
            passable[sorted(shut.lines)] = False
        open_edge = passable[self.edge_line]
        open_node = np.ones(n, bool)
        closed = [self.gate_node[gate] for gate in shut.gates if self.gate_node[gate] >= 0]
        open_node[closed] = False
        walked = open_edge & open_node[self.edge_u] & open_node[self.edge_v] & (self.edge_u != self.edge_v)
        u, v, metres = self.edge_u[walked], self.edge_v[walked], self.edge_m[walked]
        rows, columns, metres = np.concatenate([u, v]), np.concatenate([v, u]), np.concatenate([metres, metres])
        order = np.lexsort((metres, rows * n + columns))
        rows, columns, metres = rows[order], columns[order], metres[order]
        first = np.ones(len(rows), bool)  # of two ways between the same points the shorter
        first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
        rows, columns, metres = rows[first], columns[first], metres[first]
        indptr = np.searchsorted(rows, np.arange(n + 1)).astype(np.int32)
        matrix = csr_array((metres, columns.astype(np.int32), indptr), shape=(n, n))
        _, component = connected_components(matrix, directed=False) if n else (0, np.empty(0, np.int32))
        size = np.bincount(component[self.edge_u[open_edge]], weights=self.edge_m[open_edge], minlength=1)
        return Graph(indptr, columns.astype(np.int32), metres, open_edge, open_node, component, int(size.argmax()))

    def _passable(self, profile: Profile) -> Bool:
        """Which lines a profile may walk. A line said to be fit for wheelchairs is, stairs and slope or not."""
        lines = self.lines
        passable = np.ones(len(lines), bool)
        if not profile.stairs:
            passable &= ~lines.stairs & (lines.wheelchair >= 0)
        if profile.max_slope is not None:
            with np.errstate(invalid="ignore"):
                passable &= ~(np.abs(lines.slope) > profile.max_slope)
        if not profile.stairs:
            passable |= lines.wheelchair > 0
        return np.asarray(passable, np.bool_)

    # ------------------------------------------------------------- standing

    def snap(
        self, places: F64 | NDArray[np.object_], limit_m: float = SNAP_LIMIT_M, *, profile: Profile | None = None,
        shut: Shut = OPEN,
    ) -> Snapped:  # fmt: skip
        """The nearest point on a path of each place: (n, 2) coordinates.

        Of shapely outlines the nearest path counts, and of it the point that faces their middle; metres to the outline.
        ``profile``: only paths it may walk. Of several as near the first in the order of the lines counts.
        """
        n = len(places)
        edge, offset, away = np.full(n, -1, np.int64), np.full(n, np.nan), np.full(n, np.nan)
        xy = np.full((n, 2), np.nan)
        tree, numbers = self._tree(None if profile is None else self.graph(profile, shut).open_edge)
        if n and len(numbers):
            a, b = self.segment_a[numbers], self.segment_b[numbers]
            place, found, metres, spot = nearest_segments(tree, a, b, places, limit_m)
            segment = numbers[found]
            edge[place], away[place], xy[place] = self.segment_edge[segment], metres, spot
            along = np.hypot(*(spot - self.segment_a[segment]).T)
            offset[place] = np.minimum(self.segment_offset[segment] + along, self.edge_m[edge[place]])
        return Snapped(edge, offset, away, edge >= 0, xy)

    def _tree(self, open_edge: Bool | None) -> tuple[shapely.STRtree, I64]:
        key = b"" if open_edge is None or open_edge.all() else open_edge.tobytes()
        if key not in self._trees:
            chosen = np.arange(len(self.segment_m))
            if key and open_edge is not None:
                chosen = np.flatnonzero(open_edge[self.segment_edge])
            ends = np.stack([self.segment_a[chosen], self.segment_b[chosen]], axis=1)
            if len(self._trees) >= GRAPHS_KEPT:
                self._trees.clear()
            self._trees[key] = shapely.STRtree(shapely.linestrings(ends)), chosen
        return self._trees[key]

    def on_island(self, places: Snapped, profile: Profile = PROFILES["adult"], shut: Shut = OPEN) -> Bool:
        """Which places stand on a part of the network that is not joined to the largest part."""
        main = self.graph(profile, shut).main
        return np.asarray(places.ok & (self.component(places, profile, shut) != main), np.bool_)

    def component(self, places: Snapped, profile: Profile = PROFILES["adult"], shut: Shut = OPEN) -> I64:
        """The number of the part of the network a place stands on; -1 where it stands on none."""
        graph = self.graph(profile, shut)
        known = np.where(places.ok, places.edge, 0)
        if not len(self.edge_m):
            return np.full(len(places), -1, np.int64)
        u, v = self.edge_u[known], self.edge_v[known]
        node = np.where(graph.open_node[u], u, v)  # beside a shut gate the other end tells
        return np.where(places.ok & graph.open_edge[known], graph.component[node], -1).astype(np.int64)

    # -------------------------------------------------------------- walking

    def nearest(
        self, sources: Snapped, of: Snapped, profile: Profile = PROFILES["adult"], limit_m: float = np.inf,
        shut: Shut = OPEN,
    ) -> F64:  # fmt: skip
        """Metres from each place to the nearest source, both snap legs included; inf beyond the limit or unreached."""
        return self.nearest_which(sources, of, profile, limit_m, shut)[0]

    def nearest_which(
        self, sources: Snapped, of: Snapped, profile: Profile = PROFILES["adult"], limit_m: float = np.inf,
        shut: Shut = OPEN,
    ) -> tuple[F64, I64]:  # fmt: skip
        """As ``nearest``, with the number of the source that is the nearest (-1: none); of equals the first."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        graph = self.graph(profile, shut)
        n = len(self.nodes)
        metres, which = np.full(len(of), np.inf), np.full(len(of), -1, np.int64)
        usable = np.flatnonzero(sources.ok & graph.open_edge[sources.edge]) if len(self.edge_m) else np.empty(0, int)
        here = np.flatnonzero(of.ok & graph.open_edge[of.edge]) if len(usable) else np.empty(0, int)
        if not len(here):
            return metres, which
        starts = self._legs(sources[usable], graph)
        node, cost, owner = starts.node, starts.metres, usable[starts.place]
        order = np.lexsort((owner, cost, node))
        node, cost, owner = node[order], cost[order], owner[order]
        first = np.ones(len(node), bool)
        first[1:] = node[1:] != node[:-1]
        node, cost, owner = node[first], cost[first], owner[first]
        matrix = csr_array(
            (
                np.concatenate([graph.metres, cost]), np.concatenate([graph.indices, node.astype(np.int32)]),
                np.append(graph.indptr, graph.indptr[-1] + len(node)).astype(np.int32),
            ),
            shape=(n + 1, n + 1),
        )  # fmt: skip
        found, before = dijkstra(matrix, indices=n, limit=limit_m, return_predecessors=True)
        reached = _reached(before[:n], node, owner, n)
        places = of[here]
        u, v = self.edge_u[places.edge], self.edge_v[places.edge]
        by_u = np.where(graph.open_node[u], found[u], np.inf) + places.offset_m
        by_v = np.where(graph.open_node[v], found[v], np.inf) + (self.edge_m[places.edge] - places.offset_m)
        total = np.minimum(by_u, by_v)
        by = np.where(by_u <= by_v, reached[u], reached[v])
        self._directly(sources[usable], usable, places, total, by)
        total += places.snap_m
        near = total <= limit_m
        metres[here[near]], which[here[near]] = total[near], by[near]
        return metres, which

    def within(
        self, source: Snapped, targets: Snapped, profile: Profile = PROFILES["adult"], limit_m: float = np.inf,
        shut: Shut = OPEN,
    ) -> F64:  # fmt: skip
        """Metres from one source to each target, both snap legs included; inf beyond the limit or unreached.

        A search from the two ends of the source's edge that stops at the limit: what one more facility costs.
        """
        graph = self.graph(profile, shut)
        metres = np.full(len(targets), np.inf)
        if not len(self.edge_m) or not source.ok[0] or not graph.open_edge[source.edge[0]]:
            return metres
        found = self._from(source, graph, limit_m)
        edge = targets.edge
        u, v = self.edge_u[edge], self.edge_v[edge]
        total = np.minimum(found[u] + targets.offset_m, found[v] + (self.edge_m[edge] - targets.offset_m))
        same = np.flatnonzero(edge == source.edge[0])
        total[same] = np.minimum(total[same], np.abs(targets.offset_m[same] - source.offset_m[0]) + source.snap_m[0])
        total += targets.snap_m
        near = targets.ok & graph.open_edge[edge] & (total <= limit_m)
        metres[near] = total[near]
        return metres

    def reach(
        self, source: Snapped, profile: Profile = PROFILES["adult"], limit_m: float = 1_200.0, *,
        bands_m: Iterable[float] = (), shut: Shut = OPEN,
    ) -> Stretches:  # fmt: skip
        """The streets within the limit of one place, cut exactly there and at each of ``bands_m``.

        A piece never holds the point where two ways to it are as long, so that metres are linear along each.
        """
        graph = self.graph(profile, shut)
        if not len(self.edge_m) or not source.ok[0] or not graph.open_edge[source.edge[0]]:
            none = np.empty(0)
            return Stretches(np.empty((0, 2)), np.empty((0, 2)), none, none, none.astype(np.int64))
        found = self._from(source, graph, limit_m)
        a, b, edge = self.segment_a, self.segment_b, self.segment_edge
        length, offset = self.segment_m, self.segment_offset
        by_u = found[self.edge_u[edge]] + offset
        by_v = found[self.edge_v[edge]] + self.edge_m[edge] - offset - length
        own = np.flatnonzero(edge == source.edge[0])
        far = source.offset_m[0] - offset[own]  # of the source from the beginning of each segment of its edge
        here = source.snap_m[0]
        by_u[own] = np.where(far <= 0, here - far, by_u[own])
        by_v[own] = np.where(far >= length[own], here + far - length[own], by_v[own])
        chosen = np.flatnonzero(graph.open_edge[edge] & (np.minimum(by_u, by_v) <= limit_m))
        inside = own[(far > 0) & (far < length[own])]
        chosen = np.setdiff1d(chosen, inside)
        a_, b_, l_, u_, v_, e_ = a[chosen], b[chosen], length[chosen], by_u[chosen], by_v[chosen], edge[chosen]
        for segment in inside.tolist():  # the one the source stands on: two parts that meet in it
            cut = source.offset_m[0] - offset[segment]
            at = a[segment] + (b[segment] - a[segment]) * (cut / length[segment])
            a_, b_ = np.vstack([a_, a[segment], at]), np.vstack([b_, at, b[segment]])
            l_ = np.append(l_, [cut, length[segment] - cut])
            u_, v_ = np.append(u_, [by_u[segment], here]), np.append(v_, [here, by_v[segment]])
            e_ = np.append(e_, [edge[segment]] * 2)
        return pieces(a_, b_, l_, u_, v_, self.edge_line[e_], limit_m, sorted({*bands_m, limit_m}))

    # ------------------------------------------------------------- reporting

    def islands(self, profile: Profile = PROFILES["adult"], shut: Shut = OPEN) -> list[tuple[int, float, F64]]:
        """Parts not joined to the largest one: number, metres of path, one point; the longest first."""
        graph = self.graph(profile, shut)
        if not len(self.edge_m):
            return []
        edges = np.flatnonzero(graph.open_edge)
        part = graph.component[self.edge_u[edges]]
        size = np.bincount(part, weights=self.edge_m[edges])
        first = {int(p): int(e) for p, e in zip(part[::-1], edges[::-1], strict=True)}
        found = [(p, float(size[p]), self.nodes[self.edge_u[e]]) for p, e in first.items() if p != graph.main]
        return sorted(found, key=lambda one: (-one[1], one[0]))

    @cached_property
    def unconnected(self) -> list[Unconnected]:
        """What comes near a path without meeting it; see ``walking_report``."""
        return unconnected(self)

    def tree(self) -> tuple[shapely.STRtree, I64]:
        """All segments by where they lie, and the number of each."""
        return self._tree(None)

    # --------------------------------------------------------------- private

    def _legs(self, places: Snapped, graph: Graph) -> _Legs:
        """From each place to both ends of its edge, as far as these are open."""
        u, v = self.edge_u[places.edge], self.edge_v[places.edge]
        node = np.concatenate([u, v])
        metres = np.concatenate([places.offset_m, self.edge_m[places.edge] - places.offset_m])
        metres += np.concatenate([places.snap_m, places.snap_m])
        place = np.tile(np.arange(len(places)), 2)
        kept = graph.open_node[node]
        return _Legs(node[kept], metres[kept], place[kept])

    def _from(self, source: Snapped, graph: Graph, limit_m: float) -> F64:
        """Metres from one place to every node; inf beyond the limit."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        n = len(self.nodes)
        found = np.full(n, np.inf)
        matrix = csr_array((graph.metres, graph.indices, graph.indptr), shape=(n, n))
        legs = self._legs(source, graph)
        for node, metres in zip(legs.node.tolist(), legs.metres.tolist(), strict=True):
            if metres <= limit_m:
                reached = dijkstra(matrix, indices=node, limit=limit_m - metres)
                np.minimum(found, reached + metres, out=found)
        found[~graph.open_node] = np.inf
        return found

    def _directly(self, sources: Snapped, numbers: I64, places: Snapped, total: F64, by: I64) -> None:
        """Sources on the very edge a place stands on: along it, without a node between."""
        order = np.argsort(sources.edge, kind="stable")
        edges = sources.edge[order]
        low, high = np.searchsorted(edges, places.edge, "left"), np.searchsorted(edges, places.edge, "right")
        for turn in range(int((high - low).max(initial=0))):
            place = np.flatnonzero(low + turn < high)
            source = order[low[place] + turn]
            metres = np.abs(places.offset_m[place] - sources.offset_m[source]) + sources.snap_m[source]
            nearer = metres < total[place]
            total[place[nearer]], by[place[nearer]] = metres[nearer], numbers[source[nearer]]


def straight(places: F64, others: F64) -> F64:
    """As the crow flies: metres from each place to the nearest of the others; inf where there is none."""
    from scipy.spatial import KDTree

    if not len(others) or not len(places):
        return np.full(len(places), np.inf)
    return np.asarray(KDTree(others).query(places)[0], np.float64)


@dataclass(frozen=True)
class _Legs:
    node: I64
    metres: F64
    place: I64


def _reached(before: NDArray[np.int32], node: I64, owner: I64, super_source: int) -> I64:
    """Which source each node was reached from: the steps back are doubled until all have arrived."""
    at = np.arange(len(before))
    step = np.where((before < 0) | (before == super_source), at, before)
    while True:
        further = step[step]
        if (further == step).all():
            break
        step = further
    named = np.full(len(before), -1, np.int64)
    named[node] = owner
    return named[step]
