"""Drill scenarios: what happens in an invented hour, and what the rules should say about it.

One file of ``drills/`` each. Times are local times of day; one before ``starts`` is on the next day. What a device
does not say in a scenario, ``ingest.drill`` says for it: its heartbeat, and with ``life`` the stirrings of a day.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from twin_model.declared import DeclarationError, duration, load_toml

HERE = Path(__file__).parent / "drills"
SLOWEST, FASTEST = 1.0, 3600.0
"""A drill runs this many times as fast as the clock on the wall."""
MOST_HOMES = 500
GATEWAY = "gateway"

_TIME = re.compile(r"\A([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?\Z")
_KEYS = {"title", "about", "starts", "lasts", "speed", "homes", "kit", "life", "event", "course", "silence", "expect"}
_PART_KEYS = {
    "event": {"at", "home", "device", "values", "every", "times"},
    "course": {"home", "device", "metric", "points", "every"},
    "silence": {"device", "home", "from", "until"},
    "expect": {"rule", "home", "gateway", "at", "within"},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Event:
    """A device of a home (counted from 1; None: of every home) reports ``values``. ``at``: after the beginning."""

    at: timedelta
    home: int | None
    device: str
    values: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Silence:
    """A device says nothing from ``begin`` to ``end``. With ``gateway`` it is the gateway, and all behind it."""

    begin: timedelta
    end: timedelta
    home: int | None
    device: str


@dataclass(frozen=True, kw_only=True)
class Expect:
    """A rule should fire for a home (None: for the gateway) at ``at``, not more than ``within`` later."""

    rule: str
    home: int | None
    at: timedelta
    within: timedelta


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """An exercise as declared. ``starts``: local time of day; ``kit``: the types of device each home has."""

    name: str
    title: dict[str, str]
    about: dict[str, str]
    starts: timedelta
    lasts: timedelta
    speed: float
    homes: int
    kit: tuple[str, ...]
    life: bool
    events: tuple[Event, ...]
    silences: tuple[Silence, ...]
    expects: tuple[Expect, ...]


def home_of(community_id: str, number: int) -> str:
    """The identity of a drill's home, counted from 1."""
    return f"{community_id}-h{number:03}"


def gateway_of(community_id: str) -> str:
    """The identity of a drill's gateway."""
    return f"{community_id}-gw"


def load_scenarios(
    types: Mapping[str, Collection[str]], rules: Collection[str], root: Path = HERE
) -> dict[str, Scenario]:
    """All scenarios by name. ``types``: the metrics of each declared sensor type. One ``DeclarationError`` names all
    mistakes."""  # fmt: skip
    found, problems = {}, []
    for path in sorted(root.glob("*.toml")):
        try:
            found[path.stem] = _scenario(path, types, rules)
        except DeclarationError as error:
            problems += error.problems
    if problems:
        raise DeclarationError(problems)
    return found


def _scenario(path: Path, types: Mapping[str, Collection[str]], rules: Collection[str]) -> Scenario:
    data = load_toml(path)
    problems = list(_problems(data, types, rules, str(path)))
    if problems:
        raise DeclarationError(problems)
    starts = _of_day(data["starts"])

    def after(text: str) -> timedelta:
        length = _of_day(text) - starts
        return length if length >= timedelta(0) else length + timedelta(days=1)

    events = [*_events(data.get("event", ()), after), *_courses(data.get("course", ()), after)]
    return Scenario(
        name=path.stem, title=data["title"], about=data["about"], starts=starts, lasts=duration(data["lasts"]),
        speed=float(data["speed"]), homes=data["homes"], kit=tuple(data["kit"]), life=bool(data.get("life", False)),
        events=tuple(sorted(events, key=lambda e: e.at)),
        silences=tuple(
            Silence(begin=after(s["from"]), end=after(s["until"]), home=s.get("home"), device=s["device"])
            for s in data.get("silence", ())
        ),
        expects=tuple(
            Expect(rule=e["rule"], home=e.get("home"), at=after(e["at"]), within=duration(e["within"]))
            for e in data.get("expect", ())
        ),
    )  # fmt: skip


def _of_day(text: str) -> timedelta:
    match = _TIME.match(text)
    if match is None:
        raise DeclarationError([f"{text!r} is not a time of day; write 03:10 or 03:10:30"])
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _events(rows: list[dict[str, Any]], after: Any) -> Iterator[Event]:
    for row in rows:
        step = duration(row["every"]) if "every" in row else timedelta(0)
        values = {name: float(value) for name, value in row["values"].items()}
        for turn in range(row.get("times", 1)):
            yield Event(at=after(row["at"]) + turn * step, home=row.get("home"), device=row["device"], values=values)


def _courses(rows: list[dict[str, Any]], after: Any) -> Iterator[Event]:
    """A value that goes along straight lines between points, told at a steady pace."""
    for row in rows:
        points = [(after(at), float(value)) for at, value in row["points"]]
        at, step = points[0][0], duration(row["every"])
        for (begin, first), (end, last) in pairwise(points):
            while at <= end:
                value = first + (last - first) * ((at - begin) / (end - begin))
                yield Event(at=at, home=row.get("home"), device=row["device"], values={row["metric"]: round(value, 1)})
                at += step


# ---------------------------------------------------------------------------------------------------- mistakes


def _problems(
    data: dict[str, Any], types: Mapping[str, Collection[str]], rules: Collection[str], where: str
) -> Iterator[str]:
    if missing := sorted({"title", "about", "starts", "lasts", "speed", "homes", "kit"} - data.keys()):
        yield f"{where}: lacks {', '.join(missing)}"
        return
    for key in sorted(data.keys() - _KEYS):
        yield f"{where}: unknown key {key!r}; there are {', '.join(sorted(_KEYS))}"
    for key in ("title", "about"):
        if not isinstance(data[key], dict) or not data[key].get("zh") or not data[key].get("en"):
            yield f'{where}: {key} must give both languages: {key} = {{ zh = "…", en = "…" }}'
    if not isinstance(data["speed"], (int, float)) or not SLOWEST <= data["speed"] <= FASTEST:
        yield f"{where}: speed is {data['speed']!r}; write a number from {SLOWEST:g} to {FASTEST:g}"
    if not isinstance(data["homes"], int) or not 1 <= data["homes"] <= MOST_HOMES:
        yield f"{where}: homes is {data['homes']!r}; write a number from 1 to {MOST_HOMES}"
        return
    for kind in data["kit"]:
        if kind not in types:
            yield f"{where}: kit has {kind!r}, which is no declared sensor type"
    yield from _times(data, where)
    for part, known in _PART_KEYS.items():
        for number, row in enumerate(data.get(part, ()), start=1):
            yield from _part_problems(part, row, known, data, types, rules, f"{where}: {part} {number}")


def _times(data: dict[str, Any], where: str) -> Iterator[str]:
    try:
        _of_day(data["starts"])
        duration(data["lasts"])
    except DeclarationError as error:
        yield from (f"{where}: {problem}" for problem in error.problems)


def _part_problems(
    part: str, row: dict[str, Any], known: set[str], data: dict[str, Any], types: Mapping[str, Collection[str]],
    rules: Collection[str], where: str,
) -> Iterator[str]:  # fmt: skip
    optional = {"home", "gateway", "every", "times"} - ({"every"} if part == "course" else set())
    if missing := sorted(known - optional - row.keys()):
        yield f"{where}: lacks {', '.join(missing)}"
        return
    for key in sorted(row.keys() - known):
        yield f"{where}: unknown key {key!r}; there are {', '.join(sorted(known))}"
    for key in {"at", "from", "until"} & row.keys():
        try:
            _of_day(row[key])
        except DeclarationError as error:
            yield from (f"{where}: {problem}" for problem in error.problems)
    if "home" in row and not 1 <= row["home"] <= data["homes"]:
        yield f"{where}: home is {row['home']}; there are 1 to {data['homes']}"
    device = str(row.get("device", GATEWAY))
    if device not in (*data["kit"], GATEWAY):
        yield f"{where}: device is {device!r}; the homes have {', '.join(data['kit'])}, and there is a gateway"
    for metric in (*row.get("values", ()), *([row["metric"]] if "metric" in row else [])):
        if device in types and metric not in types[device]:
            yield f"{where}: {device} does not measure {metric!r}; it measures {', '.join(sorted(types[device]))}"
    if part == "expect" and row["rule"] not in rules:
        yield f"{where}: there is no rule {row['rule']!r}; there are {', '.join(sorted(rules))}"
    if part == "expect" and ("home" in row) == bool(row.get("gateway")):
        yield f"{where}: say either home = n or gateway = true"
