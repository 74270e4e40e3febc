"""The walking network: what is joined, who may walk where, and that every walk is the shortest there is."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from twin_model.walking import AWAY, LENGTH, OPEN, PROFILES, TOWARDS, Lines, Network, Shut, Snapped
from twin_model.walking_graph import as_flat

ADULT, CHAIR = PROFILES["adult"], PROFILES["wheelchair"]
CROSS = [[(0, 0), (100, 0), (200, 0)], [(100, 0), (100, 100)]]  # a street, and a lane that leaves it at 100 m
MILLIMETRE = 0.001


def at(network: Network, *places: tuple[float, float], **more: object) -> Snapped:
    return network.snap(np.array(places, float), **more)


def test_a_walk_goes_along_the_paths_with_both_ways_onto_them():
    network = Network.build(CROSS)
    homes, school = at(network, (10, 3), (190, -4)), at(network, (102, 90))
    assert network.nearest(school, homes).tolist() == pytest.approx([3 + 90 + 90 + 2, 4 + 90 + 90 + 2])
    assert homes.snap_m.tolist() == [3, 4]


def test_of_two_on_one_path_the_walk_does_not_go_round_by_its_ends():
    network = Network.build(CROSS)
    assert network.nearest(at(network, (20, 0)), at(network, (50, 0)))[0] == pytest.approx(30)
    assert network.within(at(network, (20, 0)), at(network, (50, 0)))[0] == pytest.approx(30)


def test_of_two_ways_between_the_same_corners_the_shorter_counts_and_they_are_not_added():
    network = Network.build([[(0, 0), (100, 0)], [(0, 0), (50, 40), (100, 0)]])
    assert network.nearest(at(network, (0, 0)), at(network, (100, 0)))[0] == pytest.approx(100)


def test_lines_that_cross_without_a_shared_point_are_not_joined_but_reported():
    network = Network.build([[(0, 0), (100, 0)], [(50, -50), (50, 50)]])
    assert np.isinf(network.nearest(at(network, (0, 0)), at(network, (50, 50)))[0])
    assert [(one.what, one.xy) for one in network.unconnected] == [("crossing", (50.0, 0.0))]


def test_a_bridge_over_a_street_is_no_mistake():
    lines = Lines.of([[(0, 0), (100, 0)], [(50, -50), (50, 50)]], level=[0, 1])
    assert Network.build(lines).unconnected == []


@pytest.mark.parametrize(("gap", "is_joined"), [(0.04, True), (0.06, False), (1.5, False)])
def test_surveyed_ends_are_joined_within_five_centimetres_and_near_misses_reported(gap, is_joined):
    network = Network.build(Lines.of([[(0, 0), (100, 0)], [(100 + gap, 0), (200, 0)]], exact=False))
    walk = network.nearest(at(network, (0, 0)), at(network, (200, 0)))[0]
    assert np.isfinite(walk) == is_joined
    assert [one.what for one in network.unconnected] == ([] if is_joined else ["end", "end"])


def test_exact_lines_are_joined_in_shared_points_only():
    network = Network.build(Lines.of([[(0, 0), (100, 0)], [(100.04, 0), (200, 0)]]))
    assert np.isinf(network.nearest(at(network, (0, 0)), at(network, (200, 0)))[0])


def test_an_island_is_found_and_only_reached_from_itself():
    network = Network.build([*CROSS, [(500, 0), (560, 0)]])
    shop, homes = at(network, (0, 0), (505, 0)), at(network, (550, 0), (200, 0))
    assert [(round(metres), xy.tolist()) for _, metres, xy in network.islands()] == [(60, [500, 0])]
    assert network.on_island(homes).tolist() == [True, False]
    assert np.isinf(network.nearest(shop[:1], homes)).tolist() == [True, False]
    assert network.nearest(shop, homes)[0] == pytest.approx(45)


def test_stairs_and_steep_paths_are_closed_to_a_wheelchair_unless_they_are_said_to_be_fit():
    detour = [[(0, 0), (100, 0)], [(0, 0), (0, 50), (100, 50), (100, 0)]]
    for closed in ({"stairs": [True, False]}, {"slope": [0.2, np.nan]}, {"wheelchair": [-1, 0]}):
        network = Network.build(Lines.of(detour, **closed))
        for who, metres in ((ADULT, 100), (CHAIR, 200)):
            ends = at(network, (0, 0), profile=who), at(network, (100, 0), profile=who)
            assert network.nearest(*ends, who)[0] == pytest.approx(metres), closed
    ramp = Network.build(Lines.of(detour, stairs=[True, False], wheelchair=[1, 0]))
    assert ramp.nearest(at(ramp, (0, 0)), at(ramp, (100, 0)), CHAIR)[0] == pytest.approx(100)


def test_a_shut_gate_lets_nobody_through_from_either_side():
    network = Network.build(CROSS, gates=np.array([[60.0, 1.0]]))
    homes, shop = at(network, (50, 0), (70, 0)), at(network, (40, 0))
    assert network.nearest(shop, homes, ADULT).tolist() == pytest.approx([10, 30])
    assert network.nearest(shop, homes, ADULT, shut=Shut(gates=frozenset({0}))).tolist() == pytest.approx([10, np.inf])
    assert network.within(shop, homes, ADULT, shut=Shut(gates=frozenset({0}))).tolist() == pytest.approx([10, np.inf])


def test_a_gate_far_from_any_path_is_reported_and_shuts_nothing():
    network = Network.build(CROSS, gates=np.array([[60.0, 20.0]]))
    assert [one.what for one in network.unconnected] == ["gate"]
    assert network.nearest(at(network, (40, 0)), at(network, (70, 0)), shut=Shut(gates=frozenset({0})))[0] == 30


def test_a_place_beyond_the_limit_stands_on_no_network():
    network = Network.build(CROSS)
    far = at(network, (10, -150.01), (10, -150.0))
    assert far.ok.tolist() == [False, True]
    assert np.isinf(network.nearest(at(network, (0, 0)), far)).tolist() == [True, False]


def test_reached_streets_are_cut_exactly_at_the_limit_and_at_each_band():
    network = Network.build(CROSS)
    found = network.reach(at(network, (30, 0)), ADULT, 120.0, bands_m=[40.0])
    length = np.hypot(*(found.end - found.start).T)
    assert float(length.sum()) == pytest.approx(30 + 120 + 50)
    assert max(found.start_m.max(), found.end_m.max()) == pytest.approx(120)
    inner = np.maximum(found.start_m, found.end_m) <= 40 + 1e-9
    assert float(length[inner].sum()) == pytest.approx(30 + 40)


def test_a_network_of_nothing_reaches_nothing():
    network = Network.build([])
    place = at(network, (0, 0))
    assert not place.ok[0]
    assert np.isinf(network.nearest(place, place)[0])
    assert network.islands() == []
    assert len(network.reach(place)) == 0


def test_uphill_takes_longer_than_downhill_and_metres_stay_metres():
    network = Network.build(Lines.of(CROSS, slope=[0.1, np.nan]))
    top, foot = at(network, (100, 0)), at(network, (0, 0))
    up = 100 * np.exp(3.5 * 0.1)  # Tobler: as many metres on the flat
    assert network.nearest(top, foot, by=TOWARDS)[0] == pytest.approx(up)
    assert network.nearest(top, foot, by=AWAY)[0] == pytest.approx(100)  # nobody is credited with running downhill
    assert network.nearest(foot, top, by=AWAY)[0] == pytest.approx(up)
    assert network.within(top, foot)[0] == network.nearest(top, foot)[0] == pytest.approx(100)
    assert network.slowest(ADULT) == pytest.approx(np.exp(3.5 * 0.1))


def test_of_a_short_steep_and_a_long_flat_way_metres_and_minutes_choose_their_own():
    network = Network.build(Lines.of([[(0, 0), (100, 0)], [(0, 0), (0, 20), (100, 20), (100, 0)]], slope=[0.15, 0.0]))
    ends = at(network, (100, 0)), at(network, (0, 0))
    assert network.nearest(*ends)[0] == pytest.approx(100)
    assert network.nearest(*ends, by=TOWARDS)[0] == pytest.approx(140)
    assert network.nearest(*ends, by=AWAY)[0] == pytest.approx(100 * as_flat(np.array([-0.15]))[0])


def test_an_unknown_slope_is_walked_as_the_flat_and_costs_no_second_network():
    network = Network.build(CROSS)
    assert network.is_flat(ADULT)
    assert network.graph(ADULT, by=TOWARDS) is network.graph(ADULT, by=LENGTH)
    assert as_flat(np.array([np.nan, 0.0, -0.05, -0.1])).tolist() == [1, 1, 1, 1]


def test_streets_reached_uphill_end_where_the_minutes_do():
    network = Network.build(Lines.of([[(0, 0), (1000, 0)]], slope=[0.1]))
    found = network.reach(at(network, (500, 0)), ADULT, 100.0, by=AWAY)
    east = max(found.start[:, 0].max(), found.end[:, 0].max())
    assert east == pytest.approx(500 + 100 / np.exp(0.35))
    assert min(found.start[:, 0].min(), found.end[:, 0].min()) == pytest.approx(400)


def test_from_several_doors_each_street_is_reached_from_the_nearest():
    network = Network.build([[(0, 0), (100, 0)]])
    doors = at(network, (20, 0), (80, 0))
    found = network.reach(doors, ADULT, 15.0)
    assert float(np.hypot(*(found.end - found.start).T).sum()) == pytest.approx(60)
    places = at(network, (30, 0), (75, 0), (100, 0))
    assert network.within(doors, places).tolist() == pytest.approx([10, 5, 20])
    assert network.nearest(doors, places).tolist() == pytest.approx([10, 5, 20])


def random_lines(rng: np.random.Generator) -> list[np.ndarray]:
    """Walks on a small grid: they cross, overlap, close and miss each other."""
    lines = []
    for _ in range(60):
        steps = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])[rng.integers(0, 4, rng.integers(1, 7))]
        lines.append(np.cumsum(np.vstack([rng.integers(0, 12, 2), steps]), axis=0) * 10.0)
    return lines


def drawn(network: Network, profile, shut, places: dict[str, Snapped], by: str) -> nx.DiGraph:
    """The same network for another tool, in the direction people walk: every place on its path is a point of it."""
    graph, whole = nx.DiGraph(), network.graph(profile, shut)
    slopes = np.nan_to_num(network.lines.slope)[network.edge_line]
    on: dict[int, list[tuple[float, object]]] = {}
    for name, snapped in places.items():
        for i in np.flatnonzero(snapped.ok):
            graph.add_edge((name, i), (name, i, "on the path"), weight=snapped.snap_m[i])
            graph.add_edge((name, i, "on the path"), (name, i), weight=snapped.snap_m[i])
            on.setdefault(int(snapped.edge[i]), []).append((float(snapped.offset_m[i]), (name, i, "on the path")))

    def join(a, b, metres):
        if not graph.has_edge(a, b) or graph[a][b]["weight"] > metres:
            graph.add_edge(a, b, weight=metres)

    for edge in np.flatnonzero(whole.open_edge):
        ends = [
            ("node", int(node)) if whole.open_node[node] else ("shut", int(edge), side)
            for side, node in enumerate((network.edge_u[edge], network.edge_v[edge]))
        ]
        middle = sorted(on.get(int(edge), []), key=lambda one: one[0])
        chain = [(0.0, ends[0]), *middle, (float(network.edge_m[edge]), ends[1])]
        for (a, one), (b, other) in pairwise(chain):
            for start, end, slope in ((one, other, slopes[edge]), (other, one, -slopes[edge])):
                slowed = max(1.0, np.exp(3.5 * abs(slope + 0.05)) / np.exp(3.5 * 0.05))
                join(start, end, (b - a) * (1.0 if by == LENGTH else slowed))
    return graph


@pytest.mark.parametrize(
    ("profile", "shut", "by"),
    [
        (ADULT, OPEN, LENGTH), (CHAIR, Shut(gates=frozenset({0, 1})), LENGTH), (ADULT, OPEN, AWAY),
        (CHAIR, Shut(gates=frozenset({0, 1})), TOWARDS),
    ],
)  # fmt: skip
def test_every_walk_is_as_long_as_networkx_finds_it(profile, shut, by):
    worst = pairs = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        lines = random_lines(rng)
        slope = np.where(rng.random(len(lines)) < 0.4, rng.uniform(-0.1, 0.1, len(lines)), np.nan)
        made = Lines.of(lines, stairs=rng.random(len(lines)) < 0.15, slope=slope)
        network = Network.build(made, gates=rng.integers(0, 12, (2, 2)) * 10.0)
        shops = network.snap(rng.random((6, 2)) * 120, 30, profile=profile)
        homes = network.snap(rng.random((40, 2)) * 120, 30, profile=profile)
        graph = drawn(network, profile, shut, {"shop": shops, "home": homes}, by)
        walked = graph.reverse() if by == TOWARDS else graph
        other = np.full((6, 40), np.inf)
        for i in np.flatnonzero(shops.ok):
            for place, metres in nx.single_source_dijkstra_path_length(walked, ("shop", i)).items():
                if place[0] == "home" and len(place) == 2:
                    other[i, place[1]] = metres
        one_by_one = [network.within(shops[i : i + 1], homes, profile, shut=shut, by=by) for i in range(6)]
        ours = np.array(one_by_one)
        assert (np.isfinite(ours) == np.isfinite(other)).all()
        known = np.isfinite(other)
        worst, pairs = max(worst, float(np.abs(ours[known] - other[known]).max())), pairs + int(known.sum())
        nearest, which = network.nearest_which(shops, homes, profile, shut=shut, by=by)
        assert nearest == pytest.approx(other.min(axis=0), abs=MILLIMETRE)
        assert network.within(shops, homes, profile, shut=shut, by=by) == pytest.approx(nearest, abs=MILLIMETRE)
        reached = np.flatnonzero(which >= 0)
        assert ours[which[reached], reached] == pytest.approx(nearest[reached], abs=MILLIMETRE)
        within = network.nearest(shops, homes, profile, 45.0, shut, by)
        assert within == pytest.approx(np.where(other.min(axis=0) <= 45, other.min(axis=0), np.inf), abs=MILLIMETRE)
    assert pairs > 400
    assert worst < MILLIMETRE
