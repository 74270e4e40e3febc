"""Charts keep gaps, drawings keep proportions, and what is near hides what is far."""

from __future__ import annotations

import re

import shapely

from cockpit.reports import drawing
from cockpit.reports.axonometry import Block, Legend, Model, depth_order, picture


def test_a_gap_is_neither_drawn_as_zero_nor_bridged():
    svg = drawing.course([5.0, 7.0, None, None, 3.0, 4.0], [(0, "a")], unit="人", unknown="未知")
    lines = re.findall(r'<polyline points="([^"]+)"', svg)
    assert [line.count(",") for line in lines] == [2, 2]
    assert "url(#gap)" in svg
    assert drawing.gaps([None, 1.0, None, None]) == [(0, 0), (2, 3)]


def test_an_unknown_bar_is_hatched_and_a_short_one_is_told_apart():
    svg = drawing.bars([("邻里", None, "—"), ("交通", 40.0, "40"), ("健康", 90.0, "90")], limit=(80.0, "良好"))
    assert svg.count('fill="url(#gap)"') == 1
    assert drawing.LOOK in svg
    assert drawing.ACCENT in svg


def test_words_cannot_become_markup():
    svg = drawing.bars([('<script>"&', 10.0, "10")])
    assert "<script" not in svg


def test_steps_of_an_axis_are_round_and_reach_the_top():
    for top in (0.4, 1, 7, 23, 870, 12_345):
        steps = drawing.scale(top)
        assert steps[0] == 0
        assert steps[-1] >= top
        assert 2 <= len(steps) <= 6


def block(key: str, x: float, y: float, height: float = 10.0, **more: object) -> Block:
    return Block(key=key, outline=shapely.box(x, y, x + 10, y + 10), base=0.0, height=height, fill="#4384C4", **more)


def test_what_is_behind_is_painted_first():
    far, middle, near = block("far", -24, 54), block("middle", -12, 27), block("near", 0, 0)
    assert [b.key for b in depth_order([near, far, middle])] == ["far", "middle", "near"]


def test_a_tower_is_painted_after_the_podium_it_stands_on():
    podium = Block(key="podium", outline=shapely.box(0, 0, 60, 60), base=0.0, height=8.0, fill="#4384C4")
    tower = Block(key="tower", outline=shapely.box(20, 35, 40, 55), base=8.0, height=40.0, fill="#4384C4")
    assert [b.key for b in depth_order([tower, podium])] == ["podium", "tower"]


def test_a_building_twice_as_high_stands_twice_as_high_on_the_paper():
    def rise(height: float) -> float:
        model = Model(frame=shapely.box(-50, -50, 60, 60), ground={}, spots=(),
                      blocks=[block("b", 0, 0, height), block("tallest", 40, 40, 60.0)])  # fmt: skip
        legend = Legend(title="", fills=(), signs=(), north="北", scale="")
        walls = re.findall(r'<polygon points="([^"]+)" fill="#[0-9A-F]{6}" stroke="[^"]+" stroke-width="0.25"',
                           picture(model, legend))  # fmt: skip
        corners = [tuple(map(float, pair.split(","))) for pair in walls[-1].split()]
        return corners[0][1] - corners[3][1]

    assert abs(rise(30.0) / rise(15.0) - 2) < 0.02
