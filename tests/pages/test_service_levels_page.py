"""Service levels on screen: every figure with its target and source, or a dash and why; the way to its rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from layouts.page import ZONE, View
from layouts.parts import service_answers, service_views
from layouts.parts.home_asking import Minutely, Restricted
from layouts.parts.service_answers import trend, window
from tests.pages.conftest import HERE, classes_of, text_of, titles_of
from twin_model.care import Visit
from twin_model.service_levels import Figure

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
WORDS = {"zh": "定义", "en": "definition"}


def figure(name: str = "acknowledged_60s", n: int = 155, of: int = 158, **more) -> Figure:
    rows = tuple(f"i{i}" for i in range(of))
    known = {"unit": "share", "value": n / of if of else None, "target": 0.975, "source": "TSA"}
    missing = None if of else {"zh": "没有可判定的事件", "en": "nothing to judge"}
    return Figure(name=name, n=n, of=of, rows=rows, missed=rows[n:], definition=WORDS, missing=missing, **known | more)


def local(month: int, day: int) -> datetime:
    return datetime(2026, month, day, tzinfo=ZONE)


def test_a_period_is_whole_days_and_months_of_the_neighbourhood():
    assert window("7d", NOW) == (local(11, 16), NOW)
    assert window("month", NOW) == (local(11, 1), NOW)
    assert window("last_month", NOW) == (local(10, 1), local(11, 1))
    assert window("90d", NOW) == (local(8, 25), NOW)
    assert window(None, NOW) == window("month", NOW)


def test_the_course_counts_each_incident_on_the_day_it_was_raised_and_leaves_empty_days_unknown():
    found = figure(n=2, of=3)
    raised = {"i0": local(11, 20), "i1": local(11, 20) + timedelta(hours=5), "i2": local(11, 20) + timedelta(hours=9)}
    points = trend(found, raised, local(11, 19), local(11, 22), timedelta(days=1))
    assert [(share and round(share, 3), of) for _, share, of in points] == [(None, 0), (0.667, 3), (None, 0)]


def test_the_course_of_false_alarms_counts_the_false_ones():
    found = figure("false_share", n=1, of=2, target=None)
    found = Figure(**{name: getattr(found, name) for name in Figure.__slots__} | {"missed": ("i0",)})
    points = trend(found, {"i0": local(11, 20), "i1": local(11, 20)}, local(11, 20), local(11, 21), timedelta(days=1))
    assert points[0][1:] == (0.5, 2)


def test_an_unmeasured_day_breaks_the_line():
    points = [(local(11, day), share, 1) for day, share in ((1, 1.0), (2, None), (3, 0.9))]
    picture = service_views.curve(points, 0.5, 1.0, 0.975)
    assert picture.count("M0.0") == 2
    assert "L" not in picture.split('d="')[2].split('"')[0]


@pytest.mark.parametrize(("n", "words", "tone"), [(155, "达标", None), (150, "未达标", "short")])
def test_a_figure_stands_against_its_target_and_who_says_so(n, words, tone):
    answer = {"levels": type("L", (), {"acknowledged_60s": figure(n=n)}), "trends": {"acknowledged_60s": []}}
    card = service_views._headline("zh", answer, "acknowledged_60s")
    assert words in text_of(card)
    assert "目标 ≥97.5%（TSA / TEC Quality）" in text_of(card)
    assert f"158 起中 {n} 起" in text_of(card)
    assert ("short" in classes_of(card)) == (tone == "short")


def test_nothing_to_measure_is_a_dash_and_why_never_a_zero():
    answer = {"levels": type("L", (), {"acknowledged_60s": figure(n=0, of=0)}), "trends": {"acknowledged_60s": []}}
    card = service_views._headline("zh", answer, "acknowledged_60s")
    assert "—" in text_of(card)
    assert "没有可判定的事件" in text_of(card)
    assert "0.0%" not in text_of(card)
    small = service_views._small("en", figure("handed_over", n=0, of=0, target=None))
    assert text_of(small)[1:3] == ["—", "nothing to judge"]


def test_a_time_is_said_as_a_length():
    assert service_views.value("zh", figure("contact_p50", unit="s", value=253.0, target=None)) == "4 分"


def test_the_board_says_that_drills_are_left_out_and_until_when_it_counts(living, clock):
    view = View(HERE)
    answer = service_answers.levels(living, clock(), HERE, period="7d")
    tree = service_views.board(view, clock(), answer)
    words = " ".join(text_of(tree))
    assert "不含演练" in words
    assert "截至 13:00" in words
    assert "0 起事件" in words
    english = " ".join(text_of(service_views.board(View(HERE, lang="en"), clock(), answer)))
    assert "without drills" in english
    assert "as of 13:00" in english


def test_a_press_on_devices_online_lists_the_devices_with_those_away_first(living, clock):
    answer = service_answers.rows(living, clock(), HERE, period="7d", key="devices_online")
    assert {row["id"] for row in answer["rows"]} >= {"d-motion", "d-smoke"}
    drawer = service_views.rows(View(HERE), clock(), answer)
    assert "设备在线" in text_of(drawer)
    assert "人体红外" in text_of(drawer)


def test_a_press_on_visits_lists_homes_that_were_not_visited(living, clock):
    long_ago = clock() - timedelta(days=60)
    living.care.record_visits([Visit(home_id="h502", visited_at=long_ago, visited_by="网格员", role="grid_worker")])
    clock.forward(minutes=1)
    answer = service_answers.rows(living, clock(), HERE, period="7d", key="visited")
    assert [row["id"] for row in answer["rows"]] == ["h502"]
    drawer = service_views.rows(View(HERE), clock(), answer)
    assert "未走访" in text_of(drawer)
    assert "东园 3幢 2单元 502" in text_of(drawer)


def test_an_unknown_key_opens_nothing(living, clock):
    assert service_answers.rows(living, clock(), HERE, period="7d", key="rule:nothing") is None
    assert service_answers.rows(living, clock(), HERE, period="7d", key=None) is None


class Asked:
    """Who asks, and what was asked."""

    def __init__(self, sees_a_home: bool, now: datetime = NOW) -> None:
        self.sees_a_home, self.services, self.asked = sees_a_home, None, []
        self.twin = type("T", (), {"now": staticmethod(lambda: now)})

    def __call__(self, name, question, view, **args):
        self.asked.append((name, view.at))
        return "answer"


def test_rows_that_name_homes_are_kept_back_from_whoever_may_not_look_at_one():
    barred = Restricted(Asked(False), only={service_answers.rows}, instead=lambda args: {"kind": "barred"})
    assert barred("rows", service_answers.rows, View(HERE), key="visited") == {"kind": "barred"}
    assert barred("levels", service_answers.levels, View(HERE)) == "answer"
    assert Restricted(Asked(False))("any", service_answers.levels, View(HERE)) is None
    assert Restricted(Asked(True))("any", service_answers.levels, View(HERE)) == "answer"
    drawer = service_views.rows(View(HERE), NOW, {"kind": "barred"})
    assert any("只对网格员" in words for words in text_of(drawer) + titles_of(drawer))


def test_figures_over_weeks_are_asked_once_a_minute_and_in_the_past_as_of_the_past():
    ask = Asked(True, now=NOW + timedelta(seconds=42))
    Minutely(ask)("levels", service_answers.levels, View(HERE))
    Minutely(ask)("levels", service_answers.levels, View(HERE, at=NOW - timedelta(days=1)))
    assert [at for _, at in ask.asked] == [NOW, NOW - timedelta(days=1)]
