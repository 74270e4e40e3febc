"""What one community's walks rest on: its part of the network, islands, what is not joined, snap distances; as rows.

Nothing of it is repaired or guessed: the rows name what is to be corrected in the data.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin_model.twin import Twin

Row = dict[str, Any]
LISTED = ("islands", "unjoined", "off_network", "in_water", "unconnected")


class Network:
    """One community's part of the walking network at an instant, for one who walks."""

    def __init__(self, twin: Twin, at: datetime, community: str, speed: str, local: datetime | None) -> None:
        self._twin, self._at, self._community = twin, at, community
        self._walk, self._who = twin.circles.network(at, community), twin.circles.profile(speed)
        self._shut = self._walk.shut(self._who, local)

    def answer(self) -> Row:
        """The figures: lengths in km, counts, snap distances in metres."""
        network, mine = self._walk.network, self._own_edges()
        metres = network.edge_m
        stairs = network.lines.stairs[network.edge_line]
        snaps = self._snaps()
        rows = {name: self.rows(name) for name in LISTED}
        gates = [n for n, gate in enumerate(self._walk.gates) if gate["community_id"] == self._community]
        dropped = [line for line in network.dropped if self._walk.line_community[line] == self._community]
        return {
            "lines": len(np.unique(network.edge_line[mine])), "km": float(metres[mine].sum()) / 1000,
            "stairs_m": float(metres[mine & stairs].sum()),
            "slope_m": float(metres[mine & ~np.isnan(network.lines.slope[network.edge_line])].sum()),
            "no_way_in": int(self._walk.no_way_in(self._who)[self._houses()].sum()),
            "counts": {name: len(found) for name, found in rows.items()},
            "island_km": sum(row["metres"] for row in rows["islands"]) / 1000,
            "homes_off": sum(row["homes"] for row in rows["unjoined"]),
            "snap_median": float(np.median(snaps)) if len(snaps) else None,
            "snap_most": float(snaps.max()) if len(snaps) else None, "dropped": len(dropped),
            "gates": len(gates), "gates_shut": len(self._shut.gates.intersection(gates)),
            "limit_m": self._walk.report().snap_limit_m,
        }  # fmt: skip

    def rows(self, name: str) -> list[Row]:
        """The rows behind one of the counts; each says what, where and how far."""
        found: list[Row] = {
            "islands": self._islands, "unjoined": self._unjoined, "off_network": self._off, "in_water": self._wet,
            "unconnected": self._unconnected,
        }[name]()  # fmt: skip
        return found

    def _own_edges(self) -> NDArray[np.bool_]:
        network = self._walk.network
        return np.asarray(self._walk.line_community[network.edge_line] == self._community, np.bool_)

    def _snaps(self) -> NDArray[np.float64]:
        """How far the community's buildings stand from the path they are joined to."""
        doors = self._walk.building_doors(self._who)
        mine = self._houses()
        found: NDArray[np.float64] = doors.at.snap_m[doors.at.ok & mine[doors.place]]
        return found

    def _houses(self) -> NDArray[np.bool_]:
        names = self._walk.buildings["community_id"].to_numpy(zero_copy_only=False)
        return np.asarray(names == self._community, np.bool_)

    def _islands(self) -> list[Row]:
        """Parts of the network that hold a path of the community and are not joined to the largest part."""
        network = self._walk.network
        graph = network.graph(self._who, self._shut)
        mine = np.flatnonzero(self._own_edges() & graph.open_edge)
        parts = graph.component[network.edge_u[mine]]
        found = []
        for part in np.unique(parts[parts != graph.main]).tolist():
            edges = mine[parts == part]
            lon, lat = self._walk.planes.degrees(network.nodes[network.edge_u[edges[:1]]])[0].tolist()
            found.append(
                {
                    "line": self._walk.grounds[network.edge_line[edges[0]]], "lon": lon, "lat": lat,
                    "metres": float(network.edge_m[edges].sum()),
                }
            )  # fmt: skip
        return sorted(found, key=lambda row: -row["metres"])

    def _unjoined(self) -> list[Row]:
        """Buildings people live in from which nothing can be reached, and why."""
        homes = self._twin.circles.homes(self._at, self._community)
        kinds = self._twin.circles.kinds(self._at)[:1]  # how a building stands is the same for every kind
        if not kinds:
            return []
        walked = self._twin.circles.walked(self._at, kinds, self._community, self._who.name)[kinds[0]]
        why = np.where(walked.no_network, "too_far", np.where(walked.island, "island", ""))
        names = {row["building_id"]: row for row in self._twin.entities(
            "building", self._at, community_id=self._community).to_pylist()}  # fmt: skip
        return [
            {**_named(names[homes.building_id[n]]), "building_id": homes.building_id[n],
             "homes": int(homes.count["homes"][n]), "why": str(why[n])}
            for n in np.flatnonzero(why != "").tolist()
            if self._twin.sight.within(self._community, building_id=homes.building_id[n])
        ]  # fmt: skip

    def _off(self) -> list[Row]:
        return [row | {"why": "island" if row["placed"] == "island" else "too_far"}
                for row in self._facilities() if row["placed"] in ("no_network", "island")]  # fmt: skip

    def _wet(self) -> list[Row]:
        return [row | {"why": "water"} for row in self._facilities() if row["placed"] == "in_water"]

    def _facilities(self) -> list[Row]:
        rows: list[Row] = self._twin.circles.facilities(self._at, self._community).to_pylist()
        return rows

    def _unconnected(self) -> list[Row]:
        mine = set(self._walk.grounds[self._walk.line_community == self._community].tolist())
        mine |= {gate["gate_id"] for gate in self._walk.gates if gate["community_id"] == self._community}
        return [dict(row) for row in self._walk.report().unconnected if row["id"] in mine]


def _named(row: Row) -> Row:
    return {"name": row["name"], "name_en": row["name_en"]}
