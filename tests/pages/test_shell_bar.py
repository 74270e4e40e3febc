"""The top bar: whose neighbourhood it is, and how to get to another one."""

from __future__ import annotations

from layouts.parts import answers
from layouts.parts.shell_bar import brand
from tests.pages.conftest import HERE, text_of
from twin_model.entities import Community


def test_one_community_is_a_name_and_several_are_a_choice(twin, clock, view):
    twin.record([Community(community_id=HERE, name="样板社区", is_sample=True)])
    alone = brand(view, clock(), answers.community(twin, twin.now(), HERE))
    assert text_of(alone) == ["样板社区", "CIM 驾驶舱", "模拟数据"]
    twin.record([Community(community_id="next", name="邻村")])
    several = brand(view, clock(), answers.community(twin, twin.now(), HERE))
    assert text_of(several) == ["样板社区", "样板社区", "邻村", "CIM 驾驶舱", "模拟数据"]
