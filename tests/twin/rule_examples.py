"""Plays the examples of an alert rule through the real engine: a twin in memory, its commits, and its clock.

All examples of a rule are played at once, each in a neighbourhood of its own, so that they also prove that homes do not
disturb each other. An example is a small play; instants are the neighbourhood's clock on one Sunday in November, going
on past 24:00 into the next day ("26:30" is half past two in the night after) and before it ("-10:00").

devices     name = sensor type, in home h1 unless it says where: "motion@h2", "waste_bin@f1" (a facility)
behind      gateway = [devices that speak through it]; its own metric is "gateway.children"
thresholds  [[place, parameter, value]]: place is "c" (the community) or a home
absences    [[place, kind, from, until]], declared before the play begins
readings    [[when, "device.metric", value, {...}]]; when: an instant, or "07:00..19:00 every 30m" (both ends included);
            value: a number, several a millisecond apart [1, 0], or counted up {from = 100.0, step = 0.02};
            taken: what the device's clock said instead, ahead: how far it runs ahead, retained: kept by the broker
expect      [[when, {subject = phase}]]: all alerts of the rule open then; a subject is a home, device or gateway
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conftest import Clock
from tests.twin.conftest import NEIGHBOURHOOD, Row, device, table
from twin_model.catalogue import AlertRule, Catalogue, Registry
from twin_model.declared import duration
from twin_model.entities import Entity, Home
from twin_model.twin import Twin

MIDNIGHT = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)  # the neighbourhood's, UTC+8
KEYS = {"name", "devices", "behind", "thresholds", "absences", "readings", "expect"}
# Before each question the engine's own looks are stood in for by these, so that what wears off is noticed as in life.
LOOKS = [timedelta(minutes=m) for m in (1, 11, 31)]
_EVERY = re.compile(r"(?P<first>\S+)\.\.(?P<last>\S+) every (?P<step>\S+)")


def instant(text: str) -> datetime:
    """ "26:30" or "-10:00:30" as an instant."""
    sign = -1 if text.startswith("-") else 1
    hours, minutes, *seconds = text.removeprefix("-").split(":")
    after = timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds[0]) if seconds else 0)
    return MIDNIGHT + sign * after


def instants(text: str) -> list[datetime]:
    """One instant, or all of "07:00..19:00 every 30m"."""
    match = _EVERY.fullmatch(text)
    if match is None:
        return [instant(text)]
    first, last, step = instant(match["first"]), instant(match["last"]), duration(match["step"])
    return [first + n * step for n in range(int((last - first) / step) + 1)]


Seen = tuple[str, dict[str, str], dict[str, str]]


def play(catalogue: Catalogue, rule: AlertRule) -> dict[str, list[Seen]]:
    """By the name of each example: (when, expected, found) for each of its expectations, in order of time."""
    plays = [Play(f"{n}-", example, rule) for n, example in enumerate(rule.examples)]
    rules: Registry[AlertRule] = Registry("alert rule")
    rules.add(rule.name, rule, rule.path)
    asked = {at for play in plays for at in play.asked}
    events = sorted(asked | {at for play in plays for at in play.messages})
    clock = Clock(events[0] - timedelta(minutes=1))
    twin = Twin.open(None, clock=clock, catalogue=replace(catalogue, alert_rules=rules))
    try:
        twin.record([entity for play in plays for entity in play.entities()])
        for play in plays:
            play.declare(twin)
        for event, following in zip(events, [*events[1:], None], strict=True):
            clock.set(event)
            for retained in (False, True):
                rows = [row for play in plays for row in play.messages.get(event, {}).get(retained, [])]
                if rows:
                    twin.apply(table(twin, rows, retained))
            twin.care.step()
            if event in asked:
                found = phases(twin, rule.name)
                for play in plays:
                    play.note(event, found)
            for later in LOOKS if following in asked else ():
                if event + later < following:
                    clock.set(event + later)
                    twin.care.step()
        assert not twin.care.broken_rules, twin.care.broken_rules
        return {play.example["name"]: play.seen for play in plays}
    finally:
        twin.close()


def phases(twin: Twin, rule: str) -> dict[str, str]:
    """The phase of each open alert of a rule, by subject."""
    rows = twin.care.alerts(twin.now(), phases=("firing", "suppressed")).to_pylist()
    return {row["subject"]: row["phase"] for row in rows if row["rule"] == rule}


class Play:
    """One example; the ids of its neighbourhood begin with ``prefix``."""

    def __init__(self, prefix: str, example: dict[str, Any], rule: AlertRule) -> None:
        if unknown := example.keys() - KEYS:
            raise ValueError(f"{rule.path}: example {example['name']!r} has unknown keys: {', '.join(sorted(unknown))}")
        self.prefix, self.example, self.rule = prefix, example, rule
        self.messages = self._messages()
        self.asked = {instant(when): (when, expected) for when, expected in example["expect"]}
        self.seen: list[Seen] = []

    def entities(self) -> list[Entity]:
        """The neighbourhood and its devices."""
        own, community = self.prefix, f"{self.prefix}c"
        behind = {name: gateway for gateway, names in self.example.get("behind", {}).items() for name in names}
        devices = [device(own + g, "gateway", building_id=f"{own}b1") for g in self.example.get("behind", {})]
        for name, described in self.example["devices"].items():
            kind, _, place = described.partition("@")
            where = {"facility_id" if place == "f1" else "home_id": own + (place or "h1")}
            gateway = own + behind[name] if name in behind else None
            devices.append(replace(device(own + name, kind, **where), gateway_id=gateway))
        return [*neighbourhood(own), *(replace(d, community_id=community) for d in devices)]

    def declare(self, twin: Twin) -> None:
        """Its thresholds and absences."""
        community = f"{self.prefix}c"
        for place, parameter, value in self.example.get("thresholds", []):
            twin.care.set_threshold(
                self.rule.name, parameter, value, community_id=community, home_id=self._home(place), by="office",
                reason="for the example",
            )  # fmt: skip
        for place, kind, start, end in self.example.get("absences", []):
            twin.care.declare_absence(
                community_id=community, home_id=self._home(place), kind=kind, starts_at=instant(start),
                ends_at=instant(end), reason="for the example", by="office",
            )  # fmt: skip

    def note(self, event: datetime, found: dict[str, str]) -> None:
        """Keep what was found at an instant this example asks about."""
        if event in self.asked:
            when, expected = self.asked[event]
            mine = {s.removeprefix(self.prefix): phase for s, phase in found.items() if s.startswith(self.prefix)}
            self.seen.append((when, expected, mine))

    def _home(self, place: str) -> str | None:
        return None if place == "c" else self.prefix + place

    def _messages(self) -> dict[datetime, dict[bool, list[Row]]]:
        """What comes in at each instant, kept apart by whether the broker had kept it; in the order of the example."""
        found: dict[datetime, dict[bool, list[Row]]] = {}
        for when, series, value, *options in self.example["readings"]:
            extra = options[0] if options else {}
            name, metric = series.split(".")
            for n, at in enumerate(instants(when)):
                taken = instant(extra["taken"]) if "taken" in extra else at
                if "ahead" in extra:
                    taken += instant(extra["ahead"]) - MIDNIGHT
                values = [value["from"] + n * value["step"]] if isinstance(value, dict) else value
                several = values if isinstance(values, list) else [values]
                for back, one in zip(range(len(several) - 1, -1, -1), several, strict=True):
                    rows = found.setdefault(at, {}).setdefault(extra.get("retained", False), [])
                    rows.append((self.prefix + name, metric, taken - back * timedelta(milliseconds=1), float(one)))
        return found


def neighbourhood(prefix: str = "") -> list[Entity]:
    """The small neighbourhood of the tests with three homes; its ids begin with ``prefix``."""
    home = next(e for e in NEIGHBOURHOOD if isinstance(e, Home))
    homes = [replace(home, home_id=f"h{n}", number=f"10{n}") for n in (2, 3)]
    ids = ("community_id", "building_id", "home_id", "facility_id", "room_id")
    return [
        replace(e, **{name: prefix + getattr(e, name) for name in ids if getattr(e, name, None) is not None})
        for e in [*NEIGHBOURHOOD, *homes]
    ]
