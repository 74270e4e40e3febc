"""Who walks, what is shut, and the network as one may walk it: a matrix of costs. Pure.

A cost is metres, or metres *as on the flat*: what is walked there in the time a slope takes. Slopes slow by Tobler's
hiking function (W. Tobler, 1993: 6 exp(-3.5 |s + 0.05|) km/h for the slope s) relative to its own speed on the flat, so
that every profile keeps its speed there. Nobody is credited with being faster downhill: the speeds are what planning
counts with, and a walk in minutes is then never shorter than its metres. An unknown slope is walked as the flat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin_model.walking_lines import F64, Bool

if TYPE_CHECKING:
    from twin_model.walking import Network

LENGTH, TOWARDS, AWAY = "length", "towards", "away"
"""What is made small: metres; or minutes (as metres on the flat) of walks towards, or away from, the sources."""
_STEEPNESS, _BEST = 3.5, 0.05


@dataclass(frozen=True)
class Profile:
    """Who walks. ``max_slope``: rise over run that can still be managed, None: any. Speeds: see docs/circles.md."""

    name: str
    metres_per_minute: float
    stairs: bool = True
    max_slope: float | None = None


@dataclass(frozen=True)
class Shut:
    """What may not be walked at some hour: lines and gates, by their numbers."""

    lines: frozenset[int] = frozenset()
    gates: frozenset[int] = frozenset()


OPEN = Shut()


@dataclass(frozen=True)
class Graph:
    """The network as one profile may walk it: compressed rows over the nodes, both directions.

    ``forth``, ``back``: by edge, the cost of a metre for a search that passes it from its beginning to its end, and the
    other way; None: a metre is a metre.
    """

    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    costs: F64
    open_edge: Bool
    open_node: Bool
    component: NDArray[np.int32]
    main: int
    forth: F64 | None
    back: F64 | None

    def per_metre(self, edge: Any) -> tuple[F64 | float, F64 | float]:
        """``forth`` and ``back`` of some edges."""
        if self.forth is None or self.back is None:
            return 1.0, 1.0
        return self.forth[edge], self.back[edge]


def as_flat(slope: F64) -> F64:
    """Metres on the flat that take as long as one metre up (or down, where negative) a slope; at least 1."""
    with np.errstate(invalid="ignore"):
        slowed = np.exp(_STEEPNESS * (np.abs(slope + _BEST) - _BEST))
    return np.asarray(np.where(np.isnan(slope), 1.0, np.maximum(slowed, 1.0)), np.float64)


def passable(network: Network, profile: Profile) -> Bool:
    """Which lines a profile may walk. A line said to be fit for wheelchairs is, stairs and slope or not."""
    lines = network.lines
    found = np.ones(len(lines), bool)
    if not profile.stairs:
        found &= ~lines.stairs & (lines.wheelchair >= 0)
    if profile.max_slope is not None:
        with np.errstate(invalid="ignore"):
            found &= ~(np.abs(lines.slope) > profile.max_slope)
    if not profile.stairs:
        found |= lines.wheelchair > 0
    return np.asarray(found, np.bool_)


def made(network: Network, profile: Profile, shut: Shut, by: str) -> Graph:
    """The graph of a network for one who walks while some lines and gates are shut."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    n = len(network.nodes)
    may = passable(network, profile)
    if shut.lines:
        may[sorted(shut.lines)] = False
    open_edge = may[network.edge_line]
    open_node = np.ones(n, bool)
    closed = [network.gate_node[gate] for gate in shut.gates if network.gate_node[gate] >= 0]
    open_node[closed] = False
    walked = open_edge & open_node[network.edge_u] & open_node[network.edge_v] & (network.edge_u != network.edge_v)
    u, v, metres = network.edge_u[walked], network.edge_v[walked], network.edge_m[walked]
    forth = back = None
    onwards = backwards = metres
    if by != LENGTH:
        slope = network.lines.slope[network.edge_line]
        up, down = as_flat(slope), as_flat(-slope)
        forth, back = (up, down) if by == AWAY else (down, up)  # a search from the end of a walk passes it backwards
        onwards, backwards = metres * forth[walked], metres * back[walked]
    rows, columns = np.concatenate([u, v]), np.concatenate([v, u])
    costs = np.concatenate([onwards, backwards])
    order = np.lexsort((costs, rows * n + columns))
    rows, columns, costs = rows[order], columns[order], costs[order]
    first = np.ones(len(rows), bool)  # of two ways between the same points the shorter
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    rows, columns, costs = rows[first], columns[first], costs[first]
    indptr = np.searchsorted(rows, np.arange(n + 1)).astype(np.int32)
    matrix = csr_array((costs, columns.astype(np.int32), indptr), shape=(n, n))
    _, component = connected_components(matrix, directed=False) if n else (0, np.empty(0, np.int32))
    size = np.bincount(component[network.edge_u[open_edge]], weights=network.edge_m[open_edge], minlength=1)
    return Graph(
        indptr, columns.astype(np.int32), costs, open_edge, open_node, component, int(size.argmax()), forth, back
    )
