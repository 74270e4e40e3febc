"""The page of the health check: verdicts by sign and word, what is missing and who could give it, the gap plan."""

from __future__ import annotations

from dataclasses import replace

import openpyxl
import pytest

from cockpit.reports.gap_papers import plan_papers
from cockpit.reports.kinds import CITY, ReportRefused, Wish
from layouts.page import View
from layouts.parts import health_answers as answers
from layouts.parts import health_detail, health_views
from tests.conftest import NOON, Clock
from tests.pages.conftest import classes_of, text_of
from tests.twin.registers import declared
from twin_model.entities import Community, Facility, Home
from twin_model.twin import Twin

VIEW = View(community="c00")
CHOSEN = {"rulebook": None, "item": None}


@pytest.fixture(scope="module")
def city():
    """Twenty communities on one street; the larger the number, the larger the station. c00 has no area registered."""
    twin = Twin.open(None, clock=Clock())
    names = [f"c{n:02d}" for n in range(20)]
    twin.record([Community(community_id=c, name=f"社区{c}", scheme="旧改类引领型") for c in names])
    for kind in ("centre", "clinic", "kindergarten", "supermarket"):
        twin.record([
            Facility(community_id=c, facility_id=f"{c}-{kind}", facility_kind=kind, name=kind, lon=120.0, lat=30.0,
                     area_m2=None if n == 0 and kind == "centre" else 40.0 * n)
            for n, c in enumerate(names)
        ])  # fmt: skip
    twin.record([Home(community_id=c, home_id=f"{c}-h", building_id="b", number="1", households=9) for c in names])
    declared(twin, *names)
    yield twin
    twin.close()


def words(tree) -> str:
    return " ".join(text_of(tree))


def test_what_is_not_measurable_says_what_is_missing_and_who_could_give_it(city):
    answer = answers.detail(city, city.now(), "c00", rulebook=None, item="service_station")
    card, rows = health_detail.detail(VIEW, NOON, answer)
    assert "无法评定" in words(card)
    assert "设施的建筑面积（1 条） 社区、街道（设施普查）" in words(card)
    assert "未登记" in words(rows)
    assert "sign-blind" in classes_of(card)


def test_a_verdict_is_a_sign_and_a_word_and_an_unverified_threshold_is_marked(city):
    tree = health_views.items(VIEW, NOON, answers.items(city, city.now(), "c09", **CHOSEN))
    assert {"sign-fresh", "sign-look", "sign-blind"} <= classes_of(tree)
    assert "未达标" in text_of(tree)
    assert text_of(tree).count("未核实") == sum(
        not row["verified"] for row in answers.items(city, city.now(), "c09", **CHOSEN)["rows"]
    )


def test_a_gap_is_told_in_absolute_terms_with_what_would_mend_it(city):
    answer = answers.detail(city, city.now(), "c10", rulebook=None, item="service_station")
    assert "还差 400 平方米 可补建、购置、置换、租赁、改造" in words(health_detail.detail(VIEW, NOON, answer)[0])


def test_both_languages_say_everything(city):
    for name in city.health.books.names():
        for lang in ("zh", "en"):
            view = replace(VIEW, lang=lang)
            for key in city.health.book(name, city.now()).items:
                answer = answers.detail(city, city.now(), "c00", rulebook=name, item=key)
                assert health_detail.detail(view, NOON, answer)
            chosen = {"rulebook": name, "against": "complete_community_hubei_draft"}
            assert health_views.choice(view, NOON, answers.choice(city, city.now(), "c00", **chosen))
            changed = health_views.changes(view, NOON, answers.changes(city, city.now(), "c00", **chosen))
            assert (changed is None) == (name == chosen["against"])
            assert health_views.items(view, NOON, answers.items(city, city.now(), "c00", rulebook=name, item=None))


def test_the_ranking_shows_the_bottom_and_where_one_stands(city):
    tree = health_views.ranking(VIEW, NOON, answers.ranking(city, city.now(), "c01", rulebook=None))
    assert "here" in classes_of(tree)
    assert "20 个社区，20 个有指数，末位 2 个" in words(tree)


def test_the_citys_plan_is_of_the_bottom_tenth_and_holds_every_shortfall(city, tmp_path):
    wish = Wish(community=CITY, kind="gap_plan_city", audience="management")
    facts, _, papers = plan_papers(city, city.now(), wish)
    assert [one["id"] for one in facts["communities"]] == ["c00", "c01"]
    (tmp_path / "annex.xlsx").write_bytes(papers["annex.xlsx"])
    book = openpyxl.load_workbook(tmp_path / "annex.xlsx")
    short = [row for one in facts["communities"] for row in one["rows"] if row["verdict"] == "fail"]
    assert book["短板"].max_row == 1 + len(short)
    assert papers["report.pdf"].startswith(b"%PDF")
    assert plan_papers(city, city.now(), wish)[2]["annex.xlsx"] == papers["annex.xlsx"]


def test_a_plan_of_an_unknown_rulebook_or_of_too_few_communities_is_refused(city):
    with pytest.raises(ReportRefused, match="rulebook: found 'nobodys', expected one of"):
        plan_papers(city, city.now(), Wish(community="c01", kind="gap_plan", rulebook="nobodys"))
    with pytest.raises(ReportRefused, match="a bottom tenth takes ten"):
        plan_papers(city, city.now(), Wish(community=CITY, kind="gap_plan_city", rulebook="template_8x20"))
