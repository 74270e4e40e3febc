"""What reports there are: their kind, their audience, and the span of time each tells of. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from layouts.page import ZONE
from layouts.parts.format import stamp
from layouts.parts.text import LANGUAGES, t

KINDS = ("daily", "weekly", "monthly", "acceptance")
PLANS = ("gap_plan", "gap_plan_city")
"""What a health check leads to: the gap plan of a community, and of the bottom tenth of all there are."""
SCENARIO = "scenario"
"""One what-if scenario, or a few side by side."""
MOST_SCENARIOS = 3
_SCENARIO_ID = re.compile(r"[0-9a-f]{16}")
CITY = "all"
"""What stands in place of the community where a report is of all of them."""
AUDIENCES = ("public", "staff", "management")


class ReportRefused(Exception):
    """A report that cannot be made as it was asked for; nothing was written. The sentence says what to do; ``said`` is
    the same for a page in its language, where it can come to be read there."""

    def __init__(self, sentence: str, said: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.said = dict(said or dict.fromkeys(LANGUAGES, sentence))


def refused(key: str, **values: object) -> ReportRefused:
    """The sentence of that name in the section ``report.refused`` of the locale files.

    A value may be a dict by language; a page shows an instant as pages do, programs and the command line as RFC 3339.
    """
    said = in_words(f"refused.{key}", **values)
    exact = _worded("en", values, lambda _lang, at: at.astimezone(ZONE).isoformat(timespec="seconds"))
    return ReportRefused(t("en", f"report.refused.{key}", **exact), said)


def in_words(key: str, **values: object) -> dict[str, str]:
    """A sentence of the section ``report`` of the locale files, by language; values as for `refused`."""
    return {lang: t(lang, f"report.{key}", **_worded(lang, values, _stamp)) for lang in LANGUAGES}


def _stamp(lang: str, at: datetime) -> str:
    return stamp(lang, at, year=True)


def _worded(lang: str, values: Mapping[str, object], instant: Callable[[str, datetime], str]) -> dict[str, object]:
    def word(value: object) -> object:
        if isinstance(value, datetime):
            return instant(lang, value)
        return value[lang] if isinstance(value, dict) else value

    return {name: word(value) for name, value in values.items()}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for: of which community, which kind, for whom, in which language.

    ``rulebook``: of a plan; ``scenarios``: the ids of those a report of scenarios tells of.
    """

    community: str
    kind: str = "daily"
    audience: str = "staff"
    lang: str = "zh"
    rulebook: str = "complete_community_2020"
    scenarios: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, known in (("kind", (*KINDS, *PLANS, SCENARIO)), ("audience", AUDIENCES), ("lang", LANGUAGES)):
            if (found := getattr(self, name)) not in known:
                raise refused("choice", name=name, found=repr(found), known=", ".join(known))
        if self.of_scenarios:
            if self.is_public:
                raise refused("scenario_public")
            wrong = next((one for one in self.scenarios if not _SCENARIO_ID.fullmatch(one)), None)
            if wrong is not None:
                raise refused("scenario_id", found=repr(wrong))
            if not 1 <= len(set(self.scenarios)) == len(self.scenarios) <= MOST_SCENARIOS:
                raise refused("scenario_many", found=len(self.scenarios), most=MOST_SCENARIOS)
        elif self.scenarios:
            raise refused("scenario_kind", kind=self.kind)

    @property
    def of_scenarios(self) -> bool:
        """Whether it tells of what is thought of, not of what is."""
        return self.kind == SCENARIO

    @property
    def is_public(self) -> bool:
        return self.audience == "public"

    @property
    def is_plan(self) -> bool:
        """Whether it is a gap plan."""
        return self.kind in PLANS

    @property
    def of_city(self) -> bool:
        """Whether it is of all communities, and names ``CITY``."""
        return self.kind == "gap_plan_city"

    @property
    def sees_homes(self) -> bool:
        """Whether single homes and incidents may be named; persons never are."""
        return self.audience == "staff"


@dataclass(frozen=True, kw_only=True)
class Span:
    """From ``start`` to ``end``, and the span of the same kind before it, from ``before``."""

    before: datetime
    start: datetime
    end: datetime


def span_of(kind: str, at: datetime) -> Span:
    """The span a report of ``at`` tells of: the day, the week, the month or the year that ends with the instant."""

    if kind in (*PLANS, SCENARIO):  # a plan is of an instant
        return Span(before=at, start=at, end=at)

    def back(end: datetime) -> datetime:
        if kind == "daily":
            return end - timedelta(days=1)
        if kind == "weekly":
            return end - timedelta(days=7)
        return _months_back(end, 1 if kind == "monthly" else 12)

    start = back(at)
    return Span(before=back(start), start=start, end=at)


def _months_back(at: datetime, months: int) -> datetime:
    """The same day and hour some months earlier, by the neighbourhood's calendar; the 31st becomes a month's last."""
    local = at.astimezone(ZONE)
    number = local.year * 12 + local.month - 1 - months
    year, month = number // 12, number % 12 + 1
    day = min(local.day, monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day).astimezone(at.tzinfo)


def name_of(wish: Wish, at: datetime) -> str:
    """The name of a report, the same for the same wish and instant; it holds nothing personal."""
    local = at.astimezone(ZONE)
    stamp = local.strftime("%Y%m%dT%H%M%S") + (f".{at.microsecond:06d}" if at.microsecond else "")
    place = re.sub(r"[^A-Za-z0-9_-]", "-", wish.community)
    kind = wish.kind + ("-" + re.sub(r"[^A-Za-z0-9_-]", "-", wish.rulebook) if wish.is_plan else "")
    kind = "-".join([kind, *wish.scenarios])
    return f"{place}_{kind}_{stamp}_{wish.audience}_{wish.lang}"
