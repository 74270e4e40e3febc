"""The walking network: lines one may walk, joined where they meet, and exact shortest walks on it. Pure.

Everything is in metres in a flat plane (see ``plane``); nothing here knows the twin, SQL or time. Lines join only where
they share a point (and, for lines that are not exact, where points lie within ``JOIN_M``); what merely comes close is
reported and stays apart. Between two such points a line is one edge; a place stands at the nearest point *on* an edge,
so that no walk is longer than it is because a node is missing. Walks are the same in both directions.

Distances come from Dijkstra's algorithm in scipy.sparse.csgraph: one search for all facilities of a kind together,
from a source that is joined to each of them. docs/circles.md says the rules, docs/decisions/0030 why.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I8 = NDArray[np.int8]
Bool = NDArray[np.bool_]

JOIN_M = 0.05
"""Points of lines that are not exact (GeoJSON, CSV) are one point within this distance: what a survey rounds away."""
NEAR_M = 2.0
"""An end that comes this close to another path without meeting it is reported as unconnected."""
SNAP_LIMIT_M = 150.0
"""A place further than this from any path stands on no network. A proposal; no standard says it."""
GATE_M = 5.0
"""A gate further than this from any path belongs to none."""
GRAPHS_KEPT = 8
_NEARBY_M = 50.0
_STRIP_M = 300.0


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
class Lines:
    """``m`` lines over shared points. Line ``i`` runs over ``points[vertices[first[i]:first[i + 1]]]``.

    ``exact``: joins others only in identical points. ``slope``: rise over run, NaN unknown. ``wheelchair``: 1 yes,
    0 not said, -1 no. ``level``: lines of different levels cross without meeting, which is then no mistake.
    """

    points: F64
    vertices: I64
    first: I64
    stairs: Bool
    exact: Bool
    slope: F64
    wheelchair: I8
    level: I64

    @classmethod
    def of(cls, lines: Sequence[Any], *, exact: bool = True, **attributes: Sequence[Any]) -> Self:
        """From coordinate lists, one per line; attributes (stairs, slope, wheelchair, level) one value per line."""
        parts = [np.asarray(line, np.float64).reshape(-1, 2) for line in lines]
        lengths = [len(part) for part in parts]
        every = np.concatenate(parts) if parts else np.empty((0, 2))
        points, vertices = np.unique(every, axis=0, return_inverse=True)
        m = len(parts)

        def column(name: str, usual: object, kind: type) -> NDArray[Any]:
            return np.asarray(attributes.get(name, [usual] * m), kind).reshape(m)

        return cls(
            points=points, vertices=vertices.reshape(-1).astype(np.int64),
            first=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), exact=np.full(m, exact),
            stairs=column("stairs", False, np.bool_), slope=column("slope", np.nan, np.float64),
            wheelchair=column("wheelchair", 0, np.int8), level=column("level", 0, np.int64),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.first) - 1


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
class Unconnected:
    """Something that comes near a path without meeting it. ``what``: end, crossing or gate."""

    what: str
    line: int
    xy: tuple[float, float]
    metres: float | None
    other: int | None


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


@dataclass(frozen=True)
class Stretches:
    """Streets reached, in pieces: both ends, the metres walked to them, and the edge and line each is of."""

    start: F64
    end: F64
    start_m: F64
    end_m: F64
    line: I64

    def __len__(self) -> int:
        return len(self.line)


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
        lines = _joined(lines)
        gate_point = np.empty(0, np.int64)
        if gates is not None and len(gates):
            lines, gate_point = _with_gates(lines, np.asarray(gates, np.float64).reshape(-1, 2))
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
        kept = kept[np.lexsort((lines.points[kept, 0], lines.points[kept, 1] // _STRIP_M))]
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
        first = np.ones(len(rows), bool)  # of two ways between the same points the shorter; a matrix would add them up
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
            place, found, metres, spot = _nearest(tree, a, b, places, limit_m)
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
        return _pieces(a_, b_, l_, u_, v_, self.edge_line[e_], limit_m, sorted({*bands_m, limit_m}))

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
        """Ends within ``NEAR_M`` of a path they do not meet, crossings of one level without a shared point, gates."""
        found = self._loose_ends()
        if len(self.segment_m):
            found += self._crossings()
        loose = np.flatnonzero(self.gate_node < 0)
        return [*found, *(Unconnected("gate", int(gate), (np.nan, np.nan), None, None) for gate in loose)]

    def _loose_ends(self) -> list[Unconnected]:
        degree = np.bincount(np.concatenate([self.edge_u, self.edge_v]), minlength=len(self.nodes))
        ends = np.flatnonzero(degree == 1)
        if not len(ends):
            return []
        owner = np.zeros(len(self.nodes), np.int64)
        owner[self.edge_u], owner[self.edge_v] = np.arange(len(self.edge_u)), np.arange(len(self.edge_v))
        tree, numbers = self._tree(None)
        places = shapely.points(self.nodes[ends])
        place, segment = tree.query(places, predicate="dwithin", distance=NEAR_M)
        segment = numbers[segment]
        own, beside = owner[ends[place]], self.segment_edge[segment]
        inner = np.where(self.edge_u[own] == ends[place], self.edge_v[own], self.edge_u[own])
        # a tail of a path that does meet it a step further on is no near miss
        beside = (beside != own) & (self.edge_u[beside] != inner) & (self.edge_v[beside] != inner)
        place, segment = place[beside], segment[beside]
        lines = shapely.linestrings(np.stack([self.segment_a[segment], self.segment_b[segment]], axis=1))
        metres = shapely.distance(places[place], lines)
        order = np.lexsort((segment, metres, place))
        place, segment, metres = place[order], segment[order], metres[order]
        _, first = np.unique(place, return_index=True)
        return [
            Unconnected(
                "end", int(self.edge_line[owner[ends[place[i]]]]), tuple(self.nodes[ends[place[i]]].tolist()),
                float(metres[i]), int(self.edge_line[self.segment_edge[segment[i]]]),
            )
            for i in first
        ]  # fmt: skip

    def _crossings(self) -> list[Unconnected]:
        tree, numbers = self._tree(None)
        one, other = tree.query(tree.geometries, predicate="crosses")
        line_a = self.edge_line[self.segment_edge[numbers[one]]]
        line_b = self.edge_line[self.segment_edge[numbers[other]]]
        levels = self.lines.level
        kept = (line_a < line_b) & (levels[line_a] == levels[line_b])
        at = shapely.intersection(tree.geometries[one[kept]], tree.geometries[other[kept]])
        return [
            Unconnected("crossing", int(a), (float(p.x), float(p.y)), 0.0, int(b))
            for a, b, p in zip(line_a[kept], line_b[kept], at, strict=True)
            if p.geom_type == "Point"
        ]

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


def _joined(lines: Lines) -> Lines:
    """Points of lines that are not exact taken for one within ``JOIN_M``: the first of them stands for all."""
    if lines.exact.all() or not len(lines.points):
        return lines
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    loose = np.unique(lines.vertices[~np.repeat(lines.exact, np.diff(lines.first))])
    places = shapely.points(lines.points[loose])
    one, other = shapely.STRtree(places).query(places, predicate="dwithin", distance=JOIN_M)
    size = len(lines.points)
    pairs = coo_array((np.ones(len(one), np.int8), (loose[one], loose[other])), shape=(size, size))
    _, group = connected_components(pairs, directed=False)
    _, first = np.unique(group, return_index=True)
    kept = first[group]
    return _replaced(lines, vertices=kept[lines.vertices])


def _with_gates(lines: Lines, gates: F64) -> tuple[Lines, I64]:
    """The lines with a point where each gate stands, and which point that is (-1: none is near enough)."""
    owner = np.repeat(np.arange(len(lines)), np.diff(lines.first))
    real = np.flatnonzero(owner[:-1] == owner[1:])
    a, b = lines.points[lines.vertices[real]], lines.points[lines.vertices[real + 1]]
    tree = shapely.STRtree(shapely.linestrings(np.stack([a, b], axis=1)))
    place, segment, _, spot = _nearest(tree, a, b, gates, GATE_M)
    found = np.full(len(gates), -1, np.int64)
    points = [lines.points]
    added: list[tuple[int, float, int]] = []
    for gate, number, xy in zip(place.tolist(), segment.tolist(), spot, strict=True):
        ends = lines.vertices[real[number]], lines.vertices[real[number] + 1]
        near = [int(end) for end in ends if np.hypot(*(lines.points[end] - xy)) <= JOIN_M]
        if near:
            found[gate] = near[0]
            continue
        found[gate] = len(lines.points) + len(added)
        added.append((int(real[number]), float(np.hypot(*(xy - a[number]))), int(found[gate])))
        points.append(xy.reshape(1, 2))
    if not added:
        return lines, found
    added.sort()
    before = np.array([position + 1 for position, *_ in added])
    vertices = np.insert(lines.vertices, before, [point for *_, point in added])
    first = lines.first + np.searchsorted(before, lines.first, "left")
    return _replaced(lines, points=np.vstack(points), vertices=vertices, first=first), found


def _replaced(lines: Lines, **changed: NDArray[Any]) -> Lines:
    return Lines(**{**{name: getattr(lines, name) for name in Lines.__dataclass_fields__}, **changed})


def _nearest(
    tree: shapely.STRtree, a: F64, b: F64, places: F64 | NDArray[np.object_], limit_m: float
) -> tuple[I64, I64, F64, F64]:
    """Places with a segment (``a`` to ``b``, in the order of the tree) within the limit: their numbers, the nearest
    segment (the first of several), the metres to it and the point on it."""
    near = min(limit_m, _NEARBY_M)  # most places have one this near, which boxes find faster than distances
    if places.dtype == np.object_:
        place, segment = _nearest_outline(tree, places, near, limit_m)  # type: ignore[arg-type]
        return place, segment, *_facing(places[place], a[segment], b[segment])  # type: ignore[arg-type]
    west_south, east_north = places - near, places + near
    boxes = shapely.box(west_south[:, 0], west_south[:, 1], east_north[:, 0], east_north[:, 1])
    of, segment = tree.query(boxes)
    place, segment, metres, spot = _closest(of, segment, a, b, places)  # type: ignore[arg-type]
    kept = metres <= near
    place, segment, metres, spot = place[kept], segment[kept], metres[kept], spot[kept]
    rest = np.setdiff1d(np.arange(len(places)), place, assume_unique=True)
    if len(rest) and near < limit_m:
        late, far, _ = _asked(tree, shapely.points(places[rest]), limit_m)
        late, far, more, at = _closest(rest[late], far, a, b, places)  # type: ignore[arg-type]
        place, segment, metres = np.append(place, late), np.append(segment, far), np.append(metres, more)
        spot = np.vstack([spot, at])
    return place, segment, metres, spot


def _nearest_outline(
    tree: shapely.STRtree, outlines: NDArray[np.object_], near: float, limit_m: float
) -> tuple[I64, I64]:
    """Outlines with a segment within the limit, and the first of the nearest ones."""
    bounds = shapely.bounds(outlines) + np.array([-near, -near, near, near])
    of, segment = tree.query(shapely.box(*bounds.T))
    metres = shapely.distance(outlines[of], tree.geometries[segment])
    rank = np.lexsort((segment, metres, of))
    first = np.ones(len(rank), bool)
    first[1:] = of[rank][1:] != of[rank][:-1]
    best = rank[first]
    best = best[metres[best] <= near]
    rest = np.setdiff1d(np.arange(len(outlines)), of[best], assume_unique=True)
    if not len(rest) or near >= limit_m:
        return of[best], segment[best]
    late, far, _ = _asked(tree, outlines[rest], limit_m)
    return np.append(of[best], rest[late]), np.append(segment[best], far)


def _asked(tree: shapely.STRtree, geometries: NDArray[np.object_], limit_m: float) -> tuple[I64, I64, F64]:
    """As the tree answers; asked place after neighbouring place, which it answers much faster."""
    middle = shapely.get_coordinates(shapely.centroid(geometries))
    if len(middle) != len(geometries):  # something empty among them
        middle = np.zeros((len(geometries), 2))
    order = np.lexsort((middle[:, 0], middle[:, 1] // _STRIP_M))
    (turn, found), metres = tree.query_nearest(geometries[order], max_distance=limit_m, return_distance=True)
    place = order[turn]
    rank = np.lexsort((found, place))
    place, found, metres = place[rank], found[rank], metres[rank]
    place, first = np.unique(place, return_index=True)
    return place, found[first], metres[first]


def _closest(of: I64, segment: I64, a: F64, b: F64, places: F64) -> tuple[I64, I64, F64, F64]:
    """Of pairs of a place and a segment the nearest of each place, the first of several."""
    if not len(of):
        return of, segment, np.empty(0), np.empty((0, 2))
    start, along, at = a[segment], b[segment] - a[segment], places[of]
    share = np.einsum("ij,ij->i", at - start, along) / np.maximum(np.einsum("ij,ij->i", along, along), 1e-18)
    spot = start + along * np.clip(share, 0.0, 1.0)[:, None]
    metres = np.hypot(*(at - spot).T)
    rank = np.lexsort((segment, metres, of))
    first = np.ones(len(rank), bool)
    first[1:] = of[rank][1:] != of[rank][:-1]
    best = rank[first]
    return of[best], segment[best], metres[best], spot[best]


def _facing(geometries: NDArray[np.object_], a: F64, b: F64) -> tuple[F64, F64]:
    """The point of each segment that faces the middle of an outline, and how far from the outline it is.

    A wall along a street is as near to it everywhere, so that the nearest point alone would be anybody's choice.
    """
    along, middle = b - a, shapely.get_coordinates(shapely.centroid(geometries))
    share = np.einsum("ij,ij->i", middle - a, along) / np.maximum(np.einsum("ij,ij->i", along, along), 1e-18)
    spot = np.asarray(a + along * np.clip(share, 0.0, 1.0)[:, None], np.float64)
    return np.asarray(shapely.distance(geometries, shapely.points(spot)), np.float64), spot


def _pieces(
    a: F64, b: F64, length: F64, by_a: F64, by_b: F64, line: I64, limit_m: float, bands: Sequence[float]
) -> Stretches:
    """Segments with the metres to both ends, cut where a band ends and where the two ways are as long."""
    with np.errstate(invalid="ignore"):
        middle = (by_b + length - by_a) / 2
    middle = np.where(np.isnan(middle), 0.0, middle)
    cuts = [np.zeros(len(length)), length, middle]
    for band in bands:
        cuts += [np.where(band - by_a < middle, band - by_a, 0.0)]
        cuts += [np.where(by_b + length - band > middle, by_b + length - band, 0.0)]
    at = np.sort(np.clip(np.stack(cuts, axis=1), 0.0, length[:, None]), axis=1)
    start, end = at[:, :-1].ravel(), at[:, 1:].ravel()
    row = np.repeat(np.arange(len(length)), at.shape[1] - 1)

    def metres(position: F64) -> F64:
        return np.minimum(by_a[row] + position, by_b[row] + length[row] - position)

    kept = (end - start > 1e-6) & (metres((start + end) / 2) <= limit_m)
    row, start, end = row[kept], start[kept], end[kept]
    share = (b - a)[row] / length[row][:, None]
    return Stretches(
        a[row] + share * start[:, None], a[row] + share * end[:, None], metres(start), metres(end), line[row]
    )
