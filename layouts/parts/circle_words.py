"""The words of walking circles: kinds, limits, minutes."""

from __future__ import annotations

import re

from layouts.parts.text import some, t

LIMIT = re.compile(r"(\d{1,4})(min|m)")
USUAL = "15min"
LIMITS = (("5min", "10min", "15min"), ("300m", "500m", "1000m"))  # GB 50180-2018, twin_model/rulebooks/circles.toml


def kind_of(lang: str, kind: str) -> str:
    """``社区卫生服务站``; a kind without a name keeps its code, so that nothing is hidden."""
    return some(lang, "facility_kind", kind)


def limit_of(text: str | None) -> tuple[int, str]:
    """``10min`` -> (10, "min"), ``500m`` -> (500, "m"); what cannot be read is the widest circle in minutes."""
    found = LIMIT.fullmatch(text or "") or LIMIT.fullmatch(USUAL)
    assert found is not None
    return int(found[1]), found[2]


def limit_words(lang: str, limit: str) -> str:
    """``10 分钟``, ``500 米``."""
    amount, unit = limit_of(limit)
    return t(lang, f"circles.{unit}", n=amount)


def hours_words(lang: str, text: str | None) -> str | None:
    """Opening hours as they are registered, with the days of the week in Chinese where the reader's language is."""
    if not text or lang != "zh":
        return text
    said = text.replace("24/7", "全天").replace("off", "休息")
    for code, day in zip(("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "PH"), "一二三四五六日休", strict=True):
        said = said.replace(code, f"周{day}" if code != "PH" else "节假日")
    said = re.sub("(周.)-(周.)", r"\1至\2", said).replace("周一至周日", "每天")
    return re.sub(r"(\d)-(\d)", r"\1–\2", said).replace("; ", "；")


def minutes(lang: str, value: float) -> str:
    """``7.4 分钟``: to a tenth, because a minute is 80 m and an entrance is not."""
    return t(lang, "circles.min", n=f"{value:.1f}")
