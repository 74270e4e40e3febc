"""The top bar: whose neighbourhood it is, and how to get to another one."""

from __future__ import annotations

from dash import html

from layouts.page import Page, View
from layouts.parts import answers
from layouts.parts.shell_bar import bar, brand, figures
from tests.pages.conftest import HERE, text_of
from twin_model.entities import Community


def test_one_community_is_a_name_and_several_are_a_choice(twin, clock, view):
    twin.record([Community(community_id=HERE, name="样板社区", is_sample=True)])
    alone = brand(view, clock(), answers.community(twin, twin.now(), HERE))
    assert text_of(alone) == ["样板社区", "CIM 驾驶舱", "模拟数据"]
    twin.record([Community(community_id="next", name="邻村")])
    several = brand(view, clock(), answers.community(twin, twin.now(), HERE))
    assert text_of(several) == ["样板社区", "样板社区", "邻村", "CIM 驾驶舱", "模拟数据"]


def test_the_community_of_a_drill_is_never_a_choice_and_always_says_drill(twin, clock, view):
    twin.record([Community(community_id=HERE, name="样板社区"),
                 Community(community_id="exercise", name="样板社区", drill_of=HERE)])  # fmt: skip
    assert text_of(brand(view, clock(), answers.community(twin, twin.now(), HERE))) == ["样板社区", "CIM 驾驶舱"]
    inside = brand(view, clock(), answers.community(twin, twin.now(), "exercise"))
    assert "演练" in text_of(inside)


def test_the_bar_counts_open_incidents_and_tells_drills_apart(view, clock):
    answer = {"open": 3, "drills": 2, "act": 1, "look": 2, "blind": 0, "online": 9, "devices": 10}
    words = text_of(figures(view, clock(), answer))
    assert words[:3] == ["待处理 ", "3", "演练 2"]
    assert "演练 0" not in text_of(figures(view, clock(), {**answer, "drills": 0}))


def entries(pages: list[Page], slug: str) -> tuple[list[str], list[str]]:
    """The words of the navigation and of the line under it."""
    shown = [nav for nav in bar(View(community=HERE), pages, slug).children if isinstance(nav, html.Nav)]
    main, beside = (*shown, None)[:2]
    return text_of(main), text_of(beside)


def page(slug: str, title_key: str, group: str = "") -> Page:
    return Page(slug, title_key, 10, lambda view: html.Div(), lambda app, ask: None, group=group)


def test_pages_of_a_group_share_one_entry_and_stand_beside_each_other_under_it():
    care = [page("one", "population.title", "care"), page("two", "elders.title_none", "care")]
    pages = [page("overview", "nav.overview"), *care]
    assert entries(pages, "two") == (["总览", "一老一小"], ["在住人口", "独居老人"])
    assert entries(pages, "overview") == (["总览", "一老一小"], []), "elsewhere there is only the entry"
