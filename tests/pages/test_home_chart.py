"""The last two days of a home: gaps stay gaps, states are spans, what is usual comes from the days before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pyarrow as pa
import pytest

from layouts.page import View
from layouts.parts import home_chart, home_tracks
from layouts.parts.home_tracks import columns, common, gaps_of, spans_of
from tests.pages.conftest import HERE, classes_of, readings, text_of, titles_of
from twin_model.entities import Device

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
START = NOON - timedelta(hours=48)
HOUR = timedelta(hours=1)


def before(hours: float) -> datetime:
    return NOON - timedelta(hours=hours)


def test_silence_longer_than_the_sensor_may_be_silent_is_a_gap_until_its_next_word():
    heard = [before(49), before(47), before(40), before(1)]
    assert gaps_of(heard, 3 * HOUR, START, NOON) == [(before(44), before(40)), (before(37), before(1))]


def test_a_sensor_that_never_spoke_is_one_gap_and_one_that_died_is_a_gap_to_the_end():
    assert gaps_of([], HOUR, START, NOON) == [(START, NOON)]
    assert gaps_of([before(60), before(10)], HOUR, START, NOON)[-1] == (before(9), NOON)


def test_a_state_that_is_still_on_is_drawn_to_the_end_but_never_into_a_gap():
    points = [(before(30), 1.0), (before(29), 0.0), (before(5), 1.0)]
    assert spans_of(points, [], START, NOON) == [(before(30), before(29)), (before(5), NOON)]
    assert spans_of(points, [(before(2), NOON)], START, NOON)[-1] == (before(5), before(2))


def test_a_state_that_was_on_before_the_window_is_drawn_from_its_left_edge():
    assert spans_of([(before(50), 1.0), (before(47), 0.0)], [], START, NOON) == [(START, before(47))]


def test_a_counter_is_drawn_by_what_it_grew_and_never_falls_below_nothing():
    points = [(before(3), 10.0), (before(2), 12.5), (before(1), 0.5), (before(0.9), 1.0)]
    grown = columns(points, START, NOON)
    assert [round(amount, 3) for _, _, amount in grown] == [2.5, 0.5], "the counter's reset is no growth"
    assert all(ended - begun == timedelta(minutes=30) for begun, ended, _ in grown)


def test_the_home_is_unknown_only_where_no_sensor_was_heard():
    assert common([[(before(9), before(5))], [(before(7), before(3))]]) == [(before(7), before(5))]
    assert common([[(before(9), before(5))], []]) == []


@pytest.fixture
def watched(place, clock):
    """Four days in the home: somebody moves at 9 o'clock for half an hour, every day; heard every hour."""
    now = clock()
    number = place.directory().lookup("json", "motion-1").series["motion"].series_no
    times, values = [], []
    for hours in range(96, 0, -1):
        at = now - timedelta(hours=hours)
        is_nine = at.astimezone(UTC).hour == 1  # 9 in the neighbourhood
        for minutes, value in ((0, 1.0 if is_nine else 0.0), (25, 0.0)):
            times.append((at + timedelta(minutes=minutes)).replace(tzinfo=None))
            values.append(value)
    place.apply(pa.table({
        "series_no": pa.array([number] * len(times), pa.int32()),
        "taken_at": pa.array(times, pa.timestamp("us")),
        "value": pa.array(values, pa.float64()),
        "retained": pa.array([False] * len(times)),
    }))  # fmt: skip
    clock.forward(minutes=1)
    return place


def test_what_is_usual_comes_from_the_days_before_and_stands_behind_what_happened(watched, clock):
    at = clock()
    found = home_tracks.tracks(watched, at, HERE, home="h502")
    learned = home_tracks.usual(watched, at, HERE, home="h502")
    assert found is not None
    assert learned is not None
    motion = next(track for track in found["tracks"] if track["metric"] == "motion")
    assert [begun.astimezone(UTC).hour for begun, _, _ in motion["spans"]] == [1, 1], "9 o'clock on two days"
    profile = learned["usual"]["d-motion", "motion"]
    assert profile[18] == max(profile) > 0.6, "usual at 9"
    assert profile[30] == 0, "never at 15"
    long_ago = at - timedelta(days=4)
    assert home_tracks.usual(watched, long_ago, HERE, home="h502") is None, "then the home was not registered"


def test_a_sensor_heard_on_two_days_only_has_no_usual_yet(living, clock):
    learned = home_tracks.usual(living, clock(), HERE, home="h502")
    assert learned == {"days": 1, "usual": {}}
    whole = home_tracks.together(home_tracks.tracks(living, clock(), HERE, home="h502"), learned)
    assert whole["learned"] is False
    assert "平日：学满 3 天才画" in text_of(home_chart.legend("zh", whole))


def test_a_home_of_another_community_is_not_shown(living, clock):
    assert home_tracks.tracks(living, clock(), "elsewhere", home="h502") is None
    assert home_tracks.usual(living, clock(), HERE, home="nobody") is None


def drawn(twin, at: datetime, lang: str):
    whole = home_tracks.together(home_tracks.tracks(twin, at, HERE, home="h502"), None)
    return home_chart.chart(View(HERE, lang=lang), whole | {"events": []}), whole


def test_every_sensor_has_a_line_and_its_gap_says_from_when_to_when(living, clock):
    tree, whole = drawn(living, clock(), "zh")
    names = [words for words in text_of(tree) if words in ("全家", "人体红外", "烟雾报警器")]
    assert names[:3] == ["全家", "人体红外", "烟雾报警器"]
    assert "gap" in classes_of(tree)
    assert any(title.startswith("未知：11月20日") for title in titles_of(tree))
    assert whole["tracks"][0]["gaps"], "the whole home is unknown before anything was heard"


def test_the_picture_of_a_line_asks_nothing_from_outside_and_draws_alarms_red(living, clock):
    living.apply(readings(living, ("smoke-1", "smoke", 1, 1)))
    clock.forward(seconds=5)
    found = home_tracks.tracks(living, clock(), HERE, home="h502")
    smoke = next(track for track in found["tracks"] if track["metric"] == "smoke")
    picture = home_chart.picture(smoke, found["start"], found["end"])
    assert picture.startswith("data:image/svg+xml,")
    svg = unquote(picture)
    assert home_chart.ALARM in svg
    assert svg.count("http") == 1, "only the name of the SVG language itself"


def test_the_chart_can_be_read_as_a_table_newest_first(living, clock):
    tree, _ = drawn(living, clock(), "en")
    words = text_of(tree)
    assert "Show as a table" in words
    times = [w for w in words if w.startswith(("22 Nov", "21 Nov"))]
    assert len(times) >= 2


def test_an_answer_that_several_screens_share_is_not_changed_by_drawing_it(living, clock):
    meter = Device(
        community_id=HERE, device_id="d-water", type="water_meter", dialect="json", address="water-1", home_id="h502"
    )
    living.record([meter])
    living.apply(readings(living, ("water-1", "water_m3", 1.0, 40), ("water-1", "water_m3", 1.2, 5)))
    clock.forward(minutes=1)
    shared = home_tracks.tracks(living, clock(), HERE, home="h502")
    first, second = (home_tracks.together(shared, None) for _ in range(2))
    water = [track for track in first["tracks"] if track["metric"] == "water_m3"]
    assert first == second
    assert [round(share, 6) for _, _, share in water[0]["spans"]] == [1.0], "the highest column is full"
