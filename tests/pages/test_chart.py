"""Charts: gaps stay gaps, states hold, dates need no locale file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson

from layouts.parts import answers, chart
from tests.pages.conftest import HERE, text_of

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_silence_longer_than_the_limit_is_a_gap():
    points = [(NOON, 1.0), (NOON + MINUTE, 2.0), (NOON + 60 * MINUTE, 3.0)]
    times, values = chart.broken(points, 10 * MINUTE, NOON + 61 * MINUTE)
    assert values == [1.0, 2.0, 2.0, None, 3.0]
    assert times[2] == "2026-11-22T12:11:00", "the value is good for the silence limit, in local time"


def test_a_state_holds_to_the_end_a_measure_does_not():
    points = [(NOON, 1.0)]
    assert chart.broken(points, 10 * MINUTE, NOON + MINUTE, holds=True)[1] == [1.0, 1.0]
    assert chart.broken(points, 10 * MINUTE, NOON + MINUTE)[1] == [1.0]
    assert chart.broken(points, 10 * MINUTE, NOON + 11 * MINUTE, holds=True)[1] == [1.0, 1.0, None]


def test_the_figure_is_a_plain_dict_with_words_for_enum_values(living):
    answer = answers.series(living, living.now(), HERE, chosen="d-smoke|smoke")
    figure = chart.figure("zh", answer)
    assert orjson.loads(orjson.dumps(figure)) == figure
    assert figure["layout"]["yaxis"]["ticktext"] == [v["zh"] for v in answer["labels"].values()]
    assert figure["data"][0]["line"]["shape"] == "hv"


def test_dates_are_numeric_so_no_month_name_can_come_out_in_english():
    stops = chart._layout("zh", {**EMPTY, "kind": "measure"}, False)["xaxis"]["tickformatstops"]
    assert all("%b" not in stop["value"] and "%B" not in stop["value"] for stop in stops)
    assert stops[-1]["value"] == "%-m月%-d日"


def test_no_readings_is_a_sentence_not_an_empty_frame():
    assert text_of(chart.chart("zh", EMPTY)) == ["11月21日 12:00 至 11月22日 12:00 没有读数"]


def test_every_chart_has_its_table(living):
    answer = answers.series(living, living.now(), HERE, chosen="d-meter|power_kw")
    words = text_of(chart.chart("zh", answer))
    assert words[:3] == ["以表格显示", "时刻", "数值"]
    assert "16.4 kW" in words


def test_many_points_are_thinned_to_what_a_screen_can_show(living, clock):
    assert answers.series(living, living.now(), HERE, chosen="d-meter|nothing") is None
    assert answers.series(living, living.now(), "elsewhere", chosen="d-meter|power_kw") is None
    assert answers.series(living, living.now(), HERE, chosen=None) is None


EMPTY = {
    "points": [], "start": NOON - timedelta(days=1), "end": NOON, "labels": {}, "kind": "measure", "limit": None,
    "device_id": "d", "metric": "m", "span": "24h",
}  # fmt: skip
