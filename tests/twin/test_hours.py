"""Opening hours as people write them; what cannot be read is unknown."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from twin_model.hours import DAYS, is_open, read

LOCAL = timezone(timedelta(hours=8))
MONDAY = datetime(2026, 11, 23, tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("text", "opened", "closed"),
    [
        ("24/7", "Mo 03:00", None),
        ("Mo-Fr 08:00-18:00", "Fr 17:59", "Sa 10:00"),
        ("08:00-20:00", "Su 08:00", "Su 20:00"),
        ("Mo-Fr 08:00-12:00,14:00-18:00; Sa 09:00-12:00", "Sa 11:00", "Mo 13:00"),
        ("Mo-Su 22:00-06:00", "Tu 05:59", "Tu 06:00"),
        ("Sa 22:00-02:00", "Su 01:00", "Sa 01:00"),
        ("Mo-Su 08:00-18:00; We off", "Th 09:00", "We 09:00"),
        ("周一至周五 8:00-17:30", "Fr 17:29", "Sa 08:00"),
        ("周一闭馆，周二至周日9:00-17:00", "Su 09:00", "Mo 09:00"),
        ("工作日 9点至下午5点半", "Mo 17:29", "Su 12:00"),
        ("每天 8点至20点", "Su 19:00", "Su 20:30"),
        ("全天开放", "Su 03:00", None),
        ("每天6点至次日1点", "Mo 00:59", "Mo 01:00"),
        ("06:00-24:00", "Mo 23:59", "Tu 00:00"),
        ("06:00-00:00", "Mo 23:59", "Tu 00:00"),
        ("Mo-Fr 20:00-02:00", "Sa 01:59", "Su 01:00"),
    ],
)
def test_hours_in_both_languages_are_read(text, opened, closed):
    for said, expected in ((opened, True), (closed, False)):
        if said is not None:
            day, clock = said.split()
            hour, minute = map(int, clock.split(":"))
            days = DAYS.index(day)
            when = MONDAY + timedelta(days=days, hours=hour, minutes=minute)
            assert is_open(text, when) is expected, said


@pytest.mark.parametrize("text", ["Apr-Oct 06:00-22:00", "sunrise-sunset", "08:00+", "看门口通知", "PH off", ""])
def test_hours_that_cannot_be_read_are_unknown_and_never_guessed(text):
    assert read(text) is None
    assert is_open(text, MONDAY) is None
