"""Numbers and instants as a reader expects them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from layouts.page import View, parse_instant
from layouts.parts import format as f

NOW = datetime(2026, 11, 22, 6, 5, 7, tzinfo=UTC)  # Sunday 14:05:07


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (None, "—", "—"),
        (0, "0", "0"),
        (1821, "1,821", "1,821"),
        (12_000, "1.2 万", "12.0k"),
        (123_456_789, "1.2 亿", "123.5M"),
    ],
)
def test_large_numbers_are_shortened_in_each_languages_own_steps(value, zh, en):
    assert (f.large("zh", value), f.large("en", value)) == (zh, en)


@pytest.mark.parametrize(
    ("value", "text"), [(418.4, "418"), (21.53, "21.5"), (3.0, "3"), (0.62, "0.62"), (0.004, "0.004")]
)
def test_a_measure_has_the_digits_it_deserves(value, text):
    assert f.measure(value) == text


def test_nearly_all_is_not_called_all():
    assert f.share(0.99996) == "99.9%"
    assert f.share(1.0) == "100.0%"


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (-3, "刚刚", "just now"),
        (8, "8 秒前", "8 s ago"),
        (180, "3 分钟前", "3 min ago"),
        (7300, "2 小时前", "2 h ago"),
        (200_000, "2 天前", "2 d ago"),
    ],
)
def test_ages_count_from_the_instant_shown(seconds, zh, en):
    then = NOW - timedelta(seconds=seconds)
    assert (f.ago("zh", then, NOW), f.ago("en", then, NOW)) == (zh, en)


@pytest.mark.parametrize(
    ("length", "zh"),
    [
        ({"seconds": 38}, "38 秒"),
        ({"minutes": 24}, "24 分"),
        ({"minutes": 81}, "1 小时 21 分"),
        ({"hours": 51}, "2 天 3 小时"),
    ],
)
def test_lengths_of_time_have_two_units_at_most(length, zh):
    assert f.lasting("zh", timedelta(**length)) == zh


def test_days_and_clocks_are_the_neighbourhoods():
    assert f.day("zh", NOW) == "11月22日 周日"
    assert f.day("en", NOW) == "Sun 22 Nov"
    assert f.stamp("zh", NOW, seconds=True) == "11月22日 14:05:07"
    assert f.moment("zh", NOW - timedelta(hours=1), NOW) == "13:05"
    assert f.moment("zh", NOW - timedelta(hours=15), NOW) == "11月21日 23:05"
    assert f.moment("zh", NOW - timedelta(days=400), NOW) == "2025年10月18日 14:05"


def test_what_is_kept_by_days_is_said_without_the_minute():
    assert f.on("zh", NOW - timedelta(hours=1), NOW) == "11月22日"
    assert f.on("zh", NOW - timedelta(days=400), NOW) == "2025年10月18日"
    assert f.on("en", NOW - timedelta(hours=15), NOW) == "21 Nov"


def test_a_running_clock_shows_hours_only_when_there_are_some():
    assert f.elapsed(timedelta(seconds=38)) == "00:38"
    assert f.elapsed(timedelta(hours=1, seconds=125)) == "1:02:05"


def test_an_address_without_an_offset_means_local_time():
    assert parse_instant("2026-11-22T14:05:00") == datetime(2026, 11, 22, 6, 5, tzinfo=UTC)
    assert parse_instant("2026-11-22T14:05:00 08:00") == datetime(2026, 11, 22, 6, 5, tzinfo=UTC)
    with pytest.raises(ValueError, match="at='yesterday' is not an instant"):
        View.of({"at": "yesterday"})
