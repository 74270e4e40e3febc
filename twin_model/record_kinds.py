"""Kinds of records: what a community writes down day by day (meals, bookings, repairs), one TOML file per kind.

A file says what a row holds, which columns make two rows the same record, and what makes a row doubtful. Tables,
templates, the data dictionary and the checks of an import are all made from it; see docs/decisions/0013.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from twin_model.declared import DeclarationError, duration, load_toml, unknown_keys, wrong_titles
from twin_model.scene_book import SCENES

HERE = Path(__file__).parent / "record_kinds"
NUMBERS = ("count", "amount", "yuan", "share")
TYPES = ("text", "date", "instant", *NUMBERS, "yes_no", "choice", "place")
IDENTIFYING = ("text", "date", "instant", "count", "choice", "place")
PLACES = ("facility", "room", "building", "home", "estate")
LEVELS = ("reject", "flag")
TAKEN = (
    "community_id", "record_id", "row_id", "flags", "origin", "recorded_at", "superseded_at", "period",
    "place_capacity",
)  # fmt: skip
"""Names every table of records has, or a question puts beside it."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_CODE = re.compile(r"[a-z0-9][a-z0-9_]{0,47}")
_KIND_KEYS = {"title", "note", "scene", "identity", "true_at", "until", "expected_every", "column", "check"}
_COLUMN_KEYS = {
    "name", "title", "type", "required", "low", "high", "unit", "choices", "place", "restricted", "future", "note",
    "example",
}  # fmt: skip
_CHECK_KEYS = {"name", "level", "sql", "reason"}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column. ``choices``: code -> text in both languages; ``place``: the kind of entity it names.

    ``low``, ``high``: a value outside is no value. ``restricted``: staff only, and holds codes, never a person's name.
    ``future``: may lie ahead (bookings). ``unit``, ``note`` are empty when there is nothing to say.
    """

    name: str
    title: dict[str, str]
    type: str
    required: bool
    low: float | None
    high: float | None
    unit: dict[str, str]
    choices: dict[str, dict[str, str]]
    place: str | None
    restricted: bool
    future: bool
    note: dict[str, str]
    example: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """What makes a row doubtful: ``sql`` is true over its columns, and ``place_capacity`` of its first place.

    ``level`` reject: the row is not stored; flag: it is, marked with ``name``. ``reason`` may name columns in braces.
    """

    name: str
    level: str
    sql: str
    reason: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class RecordKind:
    """A kind of record. ``true_at``: the column that says when it happened, or began to hold.

    ``until``: of a register, the column that says when it ended to hold (exclusive; empty: it still does); None for
    events. ``expected_every``: a living source has something newer than this.
    """

    name: str
    title: dict[str, str]
    note: dict[str, str]
    scene: str
    identity: tuple[str, ...]
    true_at: str
    until: str | None
    expected_every: timedelta
    columns: dict[str, Column]
    checks: tuple[Check, ...]
    path: Path

    @property
    def table(self) -> str:
        """The table its records are in."""
        return f"record_{self.name}"

    @property
    def is_monthly(self) -> bool:
        """Whether a record speaks of the whole month whose first day it is true at."""
        return self.true_at == "month"

    @property
    def capacity_of(self) -> Column | None:
        """The column whose place gives ``place_capacity``: the first one that names a facility or a room."""
        return next((c for c in self.columns.values() if c.place in ("facility", "room")), None)

    @property
    def names_persons(self) -> bool:
        """Whether a record's identity holds a restricted code, so that it is itself for staff only."""
        return any(self.columns[name].restricted for name in self.identity)

    @property
    def restricted_columns(self) -> frozenset[str]:
        """The columns that could lead to a home or a person."""
        found = {c.name for c in self.columns.values() if c.restricted or c.place == "home"}
        return frozenset(found | ({"record_id"} if found & set(self.identity) else set()))


def load_record_kinds(root: Path = HERE) -> list[RecordKind]:
    """Every kind below ``root``, by name; raises one ``DeclarationError`` with all mistakes of all files."""
    files = sorted(root.glob("*.toml"))
    return list(_loaded(tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files)))


@lru_cache(maxsize=8)
def _loaded(files: tuple[tuple[Path, int, int], ...]) -> tuple[RecordKind, ...]:
    """Remembered, because reading seventy files takes longer than opening a twin; a changed file is read again."""
    problems: list[str] = []
    kinds: list[RecordKind] = []
    for path, _, _ in files:
        try:
            kinds.append(_kind(path))
        except DeclarationError as error:
            problems += error.problems
    problems += _same_titles(kinds)
    if problems:
        raise DeclarationError(problems)
    return tuple(kinds)


def _same_titles(kinds: Sequence[RecordKind]) -> Iterator[str]:
    """Sheets are recognised by titles: two kinds may not share one."""
    named: dict[str, list[RecordKind]] = defaultdict(list)
    for kind in kinds:
        for title in set(kind.title.values()):
            named[title].append(kind)
    for title, same in named.items():
        for other in same[1:]:
            yield f"{other.path}: title {title!r} is already that of {same[0].path.name}; choose another"


def _kind(path: Path) -> RecordKind:
    data = load_toml(path)
    where = str(path)
    problems = [*unknown_keys(data, _KIND_KEYS, where), *wrong_titles(data.get("title"), where)]
    if not _NAME.fullmatch(path.stem):
        problems.append(f"{where}: the file name is the kind's name; write small letters, digits and _")
    if "note" in data:
        problems += wrong_titles(data["note"], where, "note")
    if data.get("scene") not in SCENES:
        problems.append(f"{where}: scene is {data.get('scene')!r}; write one of {', '.join(SCENES)}")
    every = timedelta(0)
    try:
        every = duration(data.get("expected_every"))
    except DeclarationError as error:
        problems += [f"{where}: expected_every: {p}" for p in error.problems]
    columns: dict[str, Column] = {}
    declared = data.get("column", [])
    for number, raw in enumerate(declared, start=1):
        at = f"{where}: column {raw.get('name', number)!r}"
        found = list(_column_problems(raw, at))
        if raw.get("name") in columns:
            found.append(f"{at}: there is a column of this name already")
        problems += found
        if not found:
            columns[raw["name"]] = _column(raw)
    if not declared:
        problems.append(f"{where}: declares no [[column]]")
    elif len(columns) == len(declared):  # a wrong column would be reported once more as missing
        problems += _joint_problems(data, columns, where)
    for number, raw in enumerate(data.get("check", []), start=1):
        problems += _check_problems(raw, columns, f"{where}: check {raw.get('name', number)!r}")
    names = [raw.get("name") for raw in data.get("check", [])]
    problems += [f"{where}: check {n!r} is declared twice" for n in sorted({n for n in names if names.count(n) > 1})]
    if problems:
        raise DeclarationError(problems)
    return RecordKind(
        name=path.stem, title=data["title"], note=data.get("note", {}), scene=data["scene"],
        identity=tuple(data["identity"]), true_at=data["true_at"], until=data.get("until"), expected_every=every,
        columns=columns, checks=tuple(Check(**raw) for raw in data.get("check", [])), path=path,
    )  # fmt: skip


def _joint_problems(data: dict[str, Any], columns: dict[str, Column], where: str) -> Iterator[str]:
    """What the keys say about columns."""
    identity = data.get("identity")
    if not isinstance(identity, list) or not identity or len(set(map(str, identity))) < len(identity):
        yield f'{where}: identity is {identity!r}; list the columns that make two rows the same: ["day", "facility"]'
        identity = []
    for name in identity:
        column = columns.get(name)
        if column is None or column.type not in IDENTIFYING:
            yield f"{where}: identity has {name!r}; write columns of type {', '.join(IDENTIFYING)}"
    if identity and not any(name in columns and columns[name].required for name in identity):
        yield f"{where}: every column of identity may be empty; at least one must be required"
    times = [c.name for c in columns.values() if c.type in ("date", "instant")]
    needed = [name for name in times if columns[name].required]
    if data.get("true_at") not in needed:
        yield (
            f"{where}: true_at is {data.get('true_at')!r}; write a required column of type date or instant"
            f" (there are: {', '.join(needed) or 'none'})"
        )
    if "until" in data and (data["until"] not in times or data["until"] in needed or data["until"] == data["true_at"]):
        free = [name for name in times if name not in needed]
        yield (
            f"{where}: until is {data['until']!r}; write a date or instant that may be empty"
            f" (there are: {', '.join(free) or 'none'})"
        )
    for lang in ("zh", "en"):
        titles = [c.title[lang] for c in columns.values()]
        for title in sorted({t for t in titles if titles.count(t) > 1}):
            yield f"{where}: two columns are called {title!r}; a heading in a file would not tell them apart"


def _column_problems(raw: dict[str, Any], where: str) -> Iterator[str]:
    yield from unknown_keys(raw, _COLUMN_KEYS, where)
    yield from wrong_titles(raw.get("title"), where)
    name, kind = raw.get("name"), raw.get("type")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield f"{where}: name is {name!r}; write small letters, digits and _"
    elif name in TAKEN:
        yield f"{where}: every record has a {name} already; choose another name"
    if kind not in TYPES:
        yield f"{where}: type is {kind!r}; write one of {', '.join(TYPES)}"
    for key in ("required", "restricted", "future"):
        if not isinstance(raw.get(key, False), bool):
            yield f"{where}: {key} is {raw[key]!r}; write true or false"
    for key in ("unit", "note"):
        if key in raw:
            yield from wrong_titles(raw[key], where, key)
    if (kind == "choice") != ("choices" in raw):
        yield f"{where}: choices belong to type choice, and only there"
    elif kind == "choice":
        yield from _choice_problems(raw["choices"], where)
    if (kind == "place") != ("place" in raw):
        yield f"{where}: place belongs to type place, and only there"
    elif kind == "place" and raw["place"] not in PLACES:
        yield f"{where}: place is {raw['place']!r}; write one of {', '.join(PLACES)}"
    if raw.get("future") and kind not in ("date", "instant"):
        yield f"{where}: only a date or an instant can lie in the future"
    limits = [raw[key] for key in ("low", "high") if key in raw]
    if limits and (kind not in NUMBERS or not all(isinstance(v, (int, float)) for v in limits)):
        yield f"{where}: low and high are numbers, and limit columns of type {', '.join(NUMBERS)}"
    elif len(limits) == 2 and limits[0] > limits[1]:
        yield f"{where}: low {limits[0]} is above high {limits[1]}"


def _choice_problems(choices: object, where: str) -> Iterator[str]:
    if not isinstance(choices, dict) or not choices:
        yield f'{where}: choices must list code = {{ zh = "…", en = "…" }}'
        return
    words: dict[str, str] = {}
    for code, texts in choices.items():
        if not _CODE.fullmatch(code):
            yield f"{where}: choice {code!r} is no code; write small letters, digits and _"
        wrong = list(wrong_titles(texts, f"{where}: choice {code!r}", "it"))
        yield from wrong
        if not wrong:
            for word in {code.lower(), texts["zh"].lower(), texts["en"].lower()}:
                if words.setdefault(word, code) != code:
                    yield f"{where}: {word!r} could mean {words[word]!r} or {code!r}"


def _check_problems(raw: dict[str, Any], columns: dict[str, Column], where: str) -> Iterator[str]:
    yield from unknown_keys(raw, _CHECK_KEYS, where)
    if missing := sorted(_CHECK_KEYS - raw.keys()):
        yield f"{where}: lacks {', '.join(missing)}"
        return
    if not isinstance(raw["name"], str) or not _CODE.fullmatch(raw["name"]):
        yield f"{where}: name is {raw['name']!r}; write small letters, digits and _"
    if raw["level"] not in LEVELS:
        yield f"{where}: level is {raw['level']!r}; write one of {', '.join(LEVELS)}"
    if not isinstance(raw["sql"], str) or not raw["sql"].strip():
        yield f'{where}: sql is {raw["sql"]!r}; write what is wrong: "diners > place_capacity"'
    yield from wrong_titles(raw["reason"], where, "reason")
    if isinstance(raw["reason"], dict):
        known = {*columns, "place_capacity"}
        for text in raw["reason"].values():
            named = re.findall(r"\{(\w*)\}", str(text))
            yield from (p.replace("unknown key", "reason names") for p in unknown_keys(named, known, where))


def _column(raw: dict[str, Any]) -> Column:
    kind = raw["type"]
    lowest = {"count": 0.0, "amount": 0.0, "share": 0.0}.get(kind)
    highest = 1.0 if kind == "share" else None
    return Column(
        name=raw["name"], title=raw["title"], type=kind, required=raw.get("required", False),
        low=float(raw["low"]) if "low" in raw else lowest, high=float(raw["high"]) if "high" in raw else highest,
        unit=raw.get("unit", {}), choices=raw.get("choices", {}), place=raw.get("place"),
        restricted=raw.get("restricted", False), future=raw.get("future", False), note=raw.get("note", {}),
        example=str(raw.get("example", "")),
    )  # fmt: skip
