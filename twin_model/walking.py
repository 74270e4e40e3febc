"""The walking network: lines one may walk, joined where they meet, and exact shortest walks on it. Pure.

Everything is in metres in a flat plane (see ``plane``); nothing here knows the twin, SQL or time. Lines join only where
they share a point (and, for lines that are not exact, where points lie within ``JOIN_M``); what merely comes close is
reported and stays apart. Between two such points a line is one edge; a place stands at the nearest point *on* an edge,
so that no walk is longer than it is because a node is missing. Metres are the same in both directions, minutes are not
where slopes are known. Somewhat long, because the network is one thing; its lines are in ``walking_lines``, who walks
and what that costs in ``walking_graph``, its near misses in ``walking_report``.

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

from twin_model.walking_graph import (
    AWAY,
    LENGTH,
    OPEN,
    TOWARDS,
    Graph,
    Profile,
    Shut,
    as_flat,
    made,
    passable,
)
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
    "AWAY", "F64", "GATE_M", "I64", "JOIN_M", "LENGTH", "OPEN", "PROFILES", "SNAP_LIMIT_M", "TOWARDS", "Bool", "Graph",
    "Lines", "Network", "Profile", "Shut", "Snapped", "Stretches", "Unconnected", "straight",
]  # fmt: skip

SNAP_LIMIT_M = 150.0
"""A place further than this from any path stands on no network. A proposal; no standard says it."""
GRAPHS_KEPT = 8


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
    _graphs: OrderedDict[tuple[str, Shut, str], Graph] = field(default_factory=OrderedDict, repr=False)
    _slowest: dict[str, float] = field(default_factory=dict, repr=False)
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

    def graph(self, profile: Profile, shut: Shut = OPEN, by: str = LENGTH) -> Graph:
        """What this profile may walk while some lines and gates are shut; ``by`` what walks are made short."""
        if by != LENGTH and self.is_flat(profile):
            by = LENGTH
        key = profile.name, shut, by
        found = self._graphs.get(key)
        if found is None:
            found = made(self, profile, shut, by)
            self._graphs[key] = found
            while len(self._graphs) > GRAPHS_KEPT:
                self._graphs.popitem(last=False)
        return found

    def is_flat(self, profile: Profile) -> bool:
        """Whether no slope that is known slows this profile: minutes are then metres at its speed."""
        return self.slowest(profile) == 1.0

    def slowest(self, profile: Profile) -> float:
        """How many metres on the flat the steepest metre this profile may walk stands for."""
        if profile.name not in self._slowest:
            slope = self.lines.slope
            known = ~np.isnan(slope)
            known[known] = passable(self, profile)[known]
            costs = as_flat(np.abs(slope[known]))
            self._slowest[profile.name] = float(costs.max(initial=1.0))
        return self._slowest[profile.name]

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
        shut: Shut = OPEN, by: str = LENGTH,
    ) -> F64:  # fmt: skip
        """Metres from each place to the nearest source, both snap legs included; inf beyond the limit or unreached.

        ``by``: LENGTH; TOWARDS or AWAY from the sources: metres on the flat that take as long as the quickest walk.
        """
        return self.nearest_which(sources, of, profile, limit_m, shut, by)[0]

    def nearest_which(
        self, sources: Snapped, of: Snapped, profile: Profile = PROFILES["adult"], limit_m: float = np.inf,
        shut: Shut = OPEN, by: str = LENGTH,
    ) -> tuple[F64, I64]:  # fmt: skip
        """As ``nearest``, with the number of the source that is the nearest (-1: none); of equals the first."""
        graph = self.graph(profile, shut, by)
        metres, which = np.full(len(of), np.inf), np.full(len(of), -1, np.int64)
        usable = np.flatnonzero(sources.ok & graph.open_edge[sources.edge]) if len(self.edge_m) else np.empty(0, int)
        here = np.flatnonzero(of.ok & graph.open_edge[of.edge]) if len(usable) else np.empty(0, int)
        if not len(here):
            return metres, which
        node, cost, owner = self._starts(sources[usable], graph)
        found, before = self._searched(graph, node, cost, limit_m)
        reached = _reached(before, node, usable[owner])
        total, by_u = self._on_edges(found, graph, of[here])
        u, v = self.edge_u[of.edge[here]], self.edge_v[of.edge[here]]
        nearest = np.where(by_u, reached[u], reached[v])
        self._directly(sources[usable], usable, of[here], graph, total, nearest)
        total += of.snap_m[here]
        near = total <= limit_m
        metres[here[near]], which[here[near]] = total[near], nearest[near]
        return metres, which

    def within(
        self, sources: Snapped, targets: Snapped, profile: Profile = PROFILES["adult"], limit_m: float = np.inf,
        shut: Shut = OPEN, by: str = LENGTH,
    ) -> F64:  # fmt: skip
        """As ``nearest``, from one place (or few doors of one): what one more facility costs.

        A search from the two ends of the place's edge that stops at the limit.
        """
        graph = self.graph(profile, shut, by)
        metres = np.full(len(targets), np.inf)
        sources = self._usable(sources, graph)
        if not len(sources):
            return metres
        found = self._from(sources, graph, limit_m)
        total, _ = self._on_edges(found, graph, targets)
        if len(sources) == 1:
            same = np.flatnonzero(targets.edge == sources.edge[0])
        else:
            same = np.flatnonzero(np.isin(targets.edge, sources.edge))
        direct, whose = total[same], np.zeros(len(same), np.int64)
        self._directly(sources, np.arange(len(sources)), targets[same], graph, direct, whose)
        total[same] = direct
        total += targets.snap_m
        near = targets.ok & graph.open_edge[targets.edge] & (total <= limit_m)
        metres[near] = total[near]
        return metres

    def reach(
        self, sources: Snapped, profile: Profile = PROFILES["adult"], limit_m: float = 1_200.0, *,
        bands_m: Iterable[float] = (), shut: Shut = OPEN, by: str = LENGTH,
    ) -> Stretches:  # fmt: skip
        """The streets within the limit of one place (of its doors), cut exactly there and at each of ``bands_m``.

        A piece never holds the point where two ways to it are as long, so that metres are linear along each.
        """
        graph = self.graph(profile, shut, by)
        sources = self._usable(sources, graph)
        if not len(sources):
            none = np.empty(0)
            return Stretches(np.empty((0, 2)), np.empty((0, 2)), none, none, none.astype(np.int64))
        found = self._from(sources, graph, limit_m)
        segment = np.arange(len(self.segment_m))
        start, end = np.zeros(len(segment)), self.segment_m
        own = np.flatnonzero(np.isin(self.segment_edge, sources.edge))
        for turn in range(len(sources)):  # no source inside of a piece: it is cut where one stands
            offset = sources.offset_m[turn] - self.segment_offset[own]
            of = own[(self.segment_edge[own] == sources.edge[turn]) & (offset > 0) & (offset < self.segment_m[own])]
            for one in of.tolist():
                at = float(sources.offset_m[turn] - self.segment_offset[one])
                inside = np.flatnonzero((segment == one) & (start < at) & (at < end))
                segment, start, end = (
                    np.append(segment, segment[inside]),
                    np.append(start, at),
                    np.append(end, end[inside]),
                )
                end[inside] = at
        edge, offset = self.segment_edge[segment], self.segment_offset[segment]
        whole = np.ones(len(edge), bool)
        ends = [
            Snapped(
                edge, np.minimum(offset + along, self.edge_m[edge]), np.zeros(len(edge)), whole, self.segment_a[segment]
            )
            for along in (start, end)
        ]
        by_a, by_b = (self._on_edges(found, graph, one)[0] for one in ends)
        beside = np.flatnonzero(np.isin(edge, sources.edge))
        for one, cost in zip(ends, (by_a, by_b), strict=True):
            direct = cost[beside]
            numbers = np.arange(len(sources))
            self._directly(sources, numbers, one[beside], graph, direct, np.zeros(len(beside), np.int64))
            cost[beside] = direct
        chosen = np.flatnonzero(graph.open_edge[edge] & (np.minimum(by_a, by_b) <= limit_m))
        segment, start, end, edge = segment[chosen], start[chosen], end[chosen], edge[chosen]
        way = (self.segment_b - self.segment_a)[segment] / np.maximum(self.segment_m[segment], 1e-12)[:, None]
        a = self.segment_a[segment] + way * start[:, None]
        b = self.segment_a[segment] + way * end[:, None]
        b[end == self.segment_m[segment]] = self.segment_b[segment][end == self.segment_m[segment]]
        forth, back = (np.broadcast_to(one, len(edge)) for one in graph.per_metre(edge))
        return pieces(
            a, b, end - start, by_a[chosen], by_b[chosen], forth, back, self.edge_line[edge], limit_m,
            sorted({*bands_m, limit_m}),
        )  # fmt: skip

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

    def _usable(self, sources: Snapped, graph: Graph) -> Snapped:
        if not len(self.edge_m):
            return sources[:0]
        return sources[sources.ok & graph.open_edge[sources.edge]]

    def _legs(self, places: Snapped, graph: Graph) -> tuple[I64, F64, I64]:
        """From each place to both ends of its edge, as far as these are open: node, cost, and which place."""
        u, v = self.edge_u[places.edge], self.edge_v[places.edge]
        forth, back = graph.per_metre(places.edge)
        node = np.concatenate([u, v])
        cost = np.concatenate([places.offset_m * back, (self.edge_m[places.edge] - places.offset_m) * forth])
        cost += np.concatenate([places.snap_m, places.snap_m])
        place = np.tile(np.arange(len(places)), 2)
        kept = graph.open_node[node]
        return node[kept], cost[kept], place[kept]

    def _starts(self, sources: Snapped, graph: Graph) -> tuple[I64, F64, I64]:
        """The nodes a search from all sources begins at, each with its least cost and whose it is."""
        node, cost, owner = self._legs(sources, graph)
        order = np.lexsort((owner, cost, node))
        node, cost, owner = node[order], cost[order], owner[order]
        first = np.ones(len(node), bool)
        first[1:] = node[1:] != node[:-1]
        return node[first], cost[first], owner[first]

    def _searched(self, graph: Graph, node: I64, cost: F64, limit_m: float) -> tuple[F64, NDArray[np.int32]]:
        """Costs to every node from one source that is joined to these nodes, and the node before each."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        n = len(self.nodes)
        matrix = csr_array(
            (
                np.concatenate([graph.costs, cost]), np.concatenate([graph.indices, node.astype(np.int32)]),
                np.append(graph.indptr, graph.indptr[-1] + len(node)).astype(np.int32),
            ),
            shape=(n + 1, n + 1),
        )  # fmt: skip
        found, before = dijkstra(matrix, indices=n, limit=limit_m, return_predecessors=True)
        return found[:n], before[:n]

    def _from(self, sources: Snapped, graph: Graph, limit_m: float) -> F64:
        """Costs from one place, or from the nearest of its doors, to every node; inf beyond the limit."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        if len(sources) > 1:
            node, cost, _ = self._starts(sources, graph)
            return self._searched(graph, node, cost, limit_m)[0]
        n = len(self.nodes)
        found = np.full(n, np.inf)
        matrix = csr_array((graph.costs, graph.indices, graph.indptr), shape=(n, n))
        node, cost, _ = self._legs(sources, graph)
        for start, metres in zip(node.tolist(), cost.tolist(), strict=True):
            if metres <= limit_m:
                reached = dijkstra(matrix, indices=start, limit=limit_m - metres)
                np.minimum(found, reached + metres, out=found)
        return found

    def _on_edges(self, found: F64, graph: Graph, places: Snapped) -> tuple[F64, Bool]:
        """The cost to each place by the better end of its edge, and where that is its beginning."""
        u, v = self.edge_u[places.edge], self.edge_v[places.edge]
        forth, back = graph.per_metre(places.edge)
        if not graph.open_node.all():
            found = np.where(graph.open_node, found, np.inf)
        by_u = found[u] + places.offset_m * forth
        by_v = found[v] + (self.edge_m[places.edge] - places.offset_m) * back
        return np.minimum(by_u, by_v), by_u <= by_v

    def _directly(self, sources: Snapped, numbers: I64, places: Snapped, graph: Graph, total: F64, by: I64) -> None:
        """Sources on the very edge a place stands on: along it, without a node between."""
        order = np.argsort(sources.edge, kind="stable")
        edges = sources.edge[order]
        low, high = np.searchsorted(edges, places.edge, "left"), np.searchsorted(edges, places.edge, "right")
        forth, back = graph.per_metre(places.edge)
        for turn in range(int((high - low).max(initial=0))):
            place = np.flatnonzero(low + turn < high)
            source = order[low[place] + turn]
            ahead = places.offset_m[place] - sources.offset_m[source]
            if graph.forth is None:
                metres = np.abs(ahead) + sources.snap_m[source]
            else:
                per = np.where(ahead >= 0, np.asarray(forth)[place], np.asarray(back)[place])
                metres = np.abs(ahead) * per + sources.snap_m[source]
            nearer = metres < total[place]
            total[place[nearer]], by[place[nearer]] = metres[nearer], numbers[source[nearer]]


def straight(places: F64, others: F64) -> F64:
    """As the crow flies: metres from each place to the nearest of the others; inf where there is none."""
    from scipy.spatial import KDTree

    if not len(others) or not len(places):
        return np.full(len(places), np.inf)
    return np.asarray(KDTree(others).query(places)[0], np.float64)


def _reached(before: NDArray[np.int32], node: I64, owner: I64) -> I64:
    """Which source each node was reached from: the steps back are doubled until all have arrived."""
    super_source = len(before)
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
