"""Everything declared in files, read and checked once: sensor types, alert rules, procedures, kinds of records.

``Catalogue.load()`` either returns a complete catalogue or raises one ``DeclarationError`` with every mistake
found in the tree.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from twin_model.declared import (
    DeclarationError,
    Declared,
    duration,
    load_sql,
    load_toml,
    unknown_keys,
    wrong_titles,
)
from twin_model.health_book import HealthBooks, load_health_books
from twin_model.health_book_check import Known
from twin_model.kpi import Kpi, load_kpi
from twin_model.procedure import Procedure, load_procedures
from twin_model.record_kinds import RecordKind, load_record_kinds
from twin_model.scene_book import SceneBook, load_scene_book
from twin_model.tariff import BOOK as TARIFFS
from twin_model.tariff import TariffBook, load_tariffs

HERE = Path(__file__).parent
SCENE_BOOK = HERE / "rulebooks" / "scenes.toml"
FOLDERS = ("sensors", "alerts", "procedures", "record_kinds", "kpis", "rulebooks")
DIALECTS = ("json", "chirpstack", "zigbee2mqtt")
METRIC_KINDS = ("state", "measure", "counter", "event")
SEVERITIES = ("act", "look", "blind")
SCOPES = ("home", "device", "gateway")
ABSENCES = ("away", "cleaning", "maintenance")

_TYPE_KEYS = {"title", "stale_after", "lost_after", "icon", "topic", "time", "metric", "example"}
_METRIC_KEYS = {
    "name", "title", "unit", "kind", "range", "labels", "json", "alarm", "chirpstack", "zigbee2mqtt",
    "scale", "map", "invert",
}  # fmt: skip

T = TypeVar("T")


class Registry(dict[str, T]):
    """A dict that refuses a second item of the same name and says where the first one is."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what
        self._origin: dict[str, Path] = {}

    def add(self, name: str, item: T, source: Path) -> None:
        """Register ``item``; a taken name raises with both files."""
        if name in self:
            raise DeclarationError(
                [f"{source}: {self._what} {name!r} is already declared in {self._origin[name]}; choose another name"]
            )
        self[name] = item
        self._origin[name] = source


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One measured quantity of a sensor type. ``paths``: where each dialect carries it."""

    name: str
    title: dict[str, str]
    unit: str
    kind: str
    low: float
    high: float
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    alarm_at_least: float | None = None
    alarm_class: str | None = None
    paths: dict[str, str]
    scale: float = 1.0
    map: dict[str, float] = field(default_factory=dict)
    invert: bool = False


@dataclass(frozen=True, kw_only=True)
class SensorType:
    """A kind of device: how long it may be silent, where it publishes, what it measures.

    ``topic`` and ``time_path`` are of the plain JSON dialect; a declaration without them takes the usual ones,
    ``community/{community}/<type>/{address}`` and ``ts``, so that every type can be spoken to in plain JSON.
    """

    name: str
    title: dict[str, str]
    stale_after: timedelta
    lost_after: timedelta
    icon: str
    topic: str
    time_path: str
    metrics: dict[str, Metric]
    examples: tuple[dict[str, Any], ...]
    path: Path


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A number a rule goes by, in ``unit``: the default, what it may be set to, and where it comes from.

    ``source`` in both languages; that of a number nobody published begins with ``proposal``, ``建议值``.
    ``variants`` are published values by the name of the place that uses them.
    """

    name: str
    title: dict[str, str]
    value: float
    unit: str
    low: float
    high: float
    source: dict[str, str]
    variants: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class AlertRule:
    """What is in breach at an instant: one SELECT over ``state`` and the entities, with its own examples.

    ``grade`` 1 (red) to 4 (blue); ``scope`` what a subject is; ``metrics`` the readings it goes by, without any of
    which it has nothing to say (none: any); ``urgent`` rules are stepped in the commit that brings the reading. A
    breach fires after ``hold`` and clears after having been gone for ``clear``. ``window``: how far back ``recent``
    reaches.
    ``procedure``: the incident it opens; ``weight`` 0..1: how strongly it alone says that somebody needs help;
    ``suppressed_by``: the declared absences that hold it down.
    """

    name: str
    title: dict[str, str]
    sentence: dict[str, str]
    severity: str
    grade: int
    scope: str
    metrics: frozenset[str]
    urgent: bool
    hold: timedelta
    clear: timedelta
    window: timedelta | None
    procedure: str | None
    weight: float
    suppressed_by: frozenset[str]
    parameters: dict[str, Parameter]
    sql: str
    examples: tuple[dict[str, Any], ...]
    path: Path


@dataclass(frozen=True)
class Catalogue:
    """All declarations of one installation."""

    sensor_types: Registry[SensorType]
    alert_rules: Registry[AlertRule]
    procedures: dict[str, Procedure] = field(default_factory=dict)
    record_kinds: Registry[RecordKind] = field(default_factory=lambda: Registry("record kind"))
    kpis: Registry[Kpi] = field(default_factory=lambda: Registry("KPI"))
    scene_book: SceneBook = field(default_factory=lambda: load_scene_book(SCENE_BOOK))
    tariffs: TariffBook = field(default_factory=load_tariffs)
    health_books: HealthBooks = field(default_factory=HealthBooks)

    @classmethod
    def load(cls, root: Path = HERE) -> Catalogue:
        """Read every declaration below ``root``; raises one ``DeclarationError`` with all mistakes.

        Remembered until a file changes: reading some three hundred files takes as long as opening a twin.
        """
        found = (path for folder in FOLDERS for path in (root / folder).rglob("*"))
        files = sorted(path for path in found if path.suffix in (".sql", ".toml"))
        known = ((path, path.stat()) for path in files)
        return _loaded(root, tuple((path, stat.st_mtime_ns, stat.st_size) for path, stat in known))


@lru_cache(maxsize=4)
def _loaded(root: Path, _files: tuple[tuple[Path, int, int], ...]) -> Catalogue:
    problems: list[str] = []
    types: Registry[SensorType] = Registry("sensor type")
    rules: Registry[AlertRule] = Registry("alert rule")
    for path in sorted((root / "sensors").glob("*.toml")):
        try:
            types.add(path.stem, _sensor_type(path), path)
        except DeclarationError as error:
            problems += error.problems
    for path in sorted((root / "alerts").glob("*.sql")):
        try:
            rules.add(path.stem, _alert_rule(path), path)
        except DeclarationError as error:
            problems += error.problems
    kinds: Registry[RecordKind] = Registry("record kind")
    try:
        for kind in load_record_kinds(root / "record_kinds"):
            kinds.add(kind.name, kind, kind.path)
    except DeclarationError as error:
        problems += error.problems
    procedures: dict[str, Procedure] = {}
    try:
        procedures = load_procedures(root / "procedures")
    except DeclarationError as error:
        problems += error.problems
    else:
        for rule in rules.values():
            if rule.procedure not in (None, *procedures):
                known = ", ".join(procedures) or "none"
                problems.append(f"{rule.path}: procedure is {rule.procedure!r}; there are: {known}")
    book, kpis = _scenes(root, kinds, types, problems)
    tariffs = load_tariffs()
    own = root / "rulebooks" / TARIFFS.name
    try:
        tariffs = load_tariffs(own) if own.exists() else tariffs
    except DeclarationError as error:
        problems += error.problems
    health_books = HealthBooks()
    if not problems:  # a KPI or a kind that is wrong would be reported once more as unknown
        try:
            health_books = load_health_books(root / "rulebooks" / "health", Known(kpis, kinds, book))
        except DeclarationError as error:
            problems += error.problems
    if problems:
        raise DeclarationError(problems)
    return Catalogue(types, rules, procedures, kinds, kpis, book, tariffs, health_books)


def _scenes(
    root: Path, kinds: Registry[RecordKind], types: Registry[SensorType], problems: list[str]
) -> tuple[SceneBook, Registry[Kpi]]:
    """The rulebook of the scenes and every KPI, in the order of the scenes; mistakes are added to ``problems``."""
    kpis: Registry[Kpi] = Registry("KPI")
    own = root / "rulebooks" / SCENE_BOOK.name
    book = load_scene_book(SCENE_BOOK)
    try:
        book = load_scene_book(own) if own.exists() else book
    except DeclarationError as error:
        problems += error.problems
    order = {scene: n for n, scene in enumerate(book.scenes)}
    for path in sorted((root / "kpis").glob("*/*.sql"), key=lambda p: (order.get(p.parent.name, 99), p.stem)):
        try:
            kpis.add(path.stem, load_kpi(path, kinds, types, book), path)
        except DeclarationError as error:
            problems += error.problems
    return book, kpis


def _sensor_type(path: Path) -> SensorType:
    data = load_toml(path)
    problems = [*unknown_keys(set(data), _TYPE_KEYS, str(path)), *wrong_titles(data.get("title"), str(path))]
    limits: dict[str, timedelta] = {}
    for key in ("stale_after", "lost_after"):
        try:
            limits[key] = duration(data.get(key))
        except DeclarationError as error:
            problems += [f"{path}: {key}: {p}" for p in error.problems]
    if len(limits) == 2 and limits["stale_after"] >= limits["lost_after"]:
        problems.append(f"{path}: stale_after must be shorter than lost_after")
    metrics: Registry[Metric] = Registry(f"metric of {path.stem}")
    for number, raw in enumerate(data.get("metric", []), start=1):
        where = f"{path}: metric {raw.get('name', number)!r}"
        found = list(_metric_problems(raw, where))
        problems += found
        if not found:
            try:
                metrics.add(raw["name"], _metric(raw), path)
            except DeclarationError as error:
                problems += error.problems
    if not data.get("metric"):
        problems.append(f"{path}: declares no [[metric]]; a sensor type measures at least one")
    for example in data.get("example", []):
        if missing := sorted({"dialect", "topic", "payload", "readings"} - example.keys()):
            problems.append(f"{path}: an [[example]] lacks {', '.join(missing)}")
    if problems:
        raise DeclarationError(problems)
    return SensorType(
        name=path.stem, title=data["title"], **limits, icon=data.get("icon", path.stem),
        topic=data.get("topic", f"community/{{community}}/{path.stem}/{{address}}"),
        time_path=data.get("time", "ts"), metrics=metrics, examples=tuple(data.get("example", ())), path=path,
    )  # fmt: skip


def _metric_problems(raw: dict[str, Any], where: str) -> Iterator[str]:
    yield from unknown_keys(set(raw), _METRIC_KEYS, where)
    yield from wrong_titles(raw.get("title"), where)
    if not isinstance(raw.get("name"), str):
        yield f"{where}: lacks a name"
    if raw.get("kind") not in METRIC_KINDS:
        yield f"{where}: kind is {raw.get('kind')!r}; write one of {', '.join(METRIC_KINDS)}"
    limits = raw.get("range")
    if not (isinstance(limits, list) and len(limits) == 2 and limits[0] < limits[1]):
        yield f"{where}: range must be [lowest, highest]"
    alarm = raw.get("alarm")
    if alarm is not None and not (
        isinstance(alarm, dict) and alarm.get("class") in SEVERITIES and isinstance(alarm.get("at_least"), (int, float))
    ):
        yield f'{where}: alarm must be {{ at_least = number, class = "act" | "look" }}'
    scale = raw.get("scale", 1)
    if not isinstance(scale, (int, float)) or not math.isfinite(scale) or scale == 0:
        yield f"{where}: scale must be a number other than 0"


def _metric(raw: dict[str, Any]) -> Metric:
    alarm = raw.get("alarm") or {}
    return Metric(
        name=raw["name"], title=raw["title"], unit=raw.get("unit", ""), kind=raw["kind"],
        low=float(raw["range"][0]), high=float(raw["range"][1]), labels=raw.get("labels", {}),
        alarm_at_least=alarm.get("at_least"), alarm_class=alarm.get("class"),
        paths={d: raw.get(d, raw["name"]) for d in DIALECTS}, scale=float(raw.get("scale", 1)),
        map={str(k): float(v) for k, v in raw.get("map", {}).items()}, invert=bool(raw.get("invert", False)),
    )  # fmt: skip


_RULE_KEYS = {
    "title", "sentence", "severity", "grade", "scope", "metrics", "urgent", "hold", "clear", "window", "procedure",
    "weight", "suppressed_by", "parameter", "example",
}  # fmt: skip
_PARAMETER_KEYS = {"title", "value", "unit", "low", "high", "source", "variants"}


def _alert_rule(path: Path) -> AlertRule:
    required = frozenset({"title", "sentence", "severity", "grade", "scope", "example"})
    declared: Declared = load_sql(path, required=required)
    header, where = declared.header, str(path)
    problems = [*unknown_keys(set(header), _RULE_KEYS, where), *wrong_titles(header["title"], where)]
    problems += wrong_titles(header["sentence"], where, "sentence")
    for key, known in (("severity", SEVERITIES), ("grade", (1, 2, 3, 4)), ("scope", SCOPES)):
        if header[key] not in known:
            problems.append(f"{path}: {key} is {header[key]!r}; write one of {', '.join(map(str, known))}")
    for kind in set(header.get("suppressed_by", ())) - set(ABSENCES):
        problems.append(f"{path}: suppressed_by has {kind!r}; an absence is one of {', '.join(ABSENCES)}")
    if not 0 <= header.get("weight", 0) <= 1:
        problems.append(f"{path}: weight is {header['weight']!r}; write a number from 0 to 1")
    lengths: dict[str, timedelta | None] = {}
    for key, default in (("hold", "0s"), ("clear", "0s"), ("window", None)):
        try:
            given = header.get(key, default)
            lengths[key] = None if given is None else duration(given)
        except DeclarationError as error:
            problems += [f"{path}: {key}: {p}" for p in error.problems]
    for name, raw in header.get("parameter", {}).items():
        problems += _parameter_problems(raw, f"{path}: parameter {name!r}")
    if problems:
        raise DeclarationError(problems)
    return AlertRule(
        name=declared.name, title=header["title"], sentence=header["sentence"], severity=header["severity"],
        grade=header["grade"], scope=header["scope"], metrics=frozenset(header.get("metrics", ())),
        urgent=bool(header.get("urgent", False)), hold=lengths["hold"] or timedelta(0),
        clear=lengths["clear"] or timedelta(0), window=lengths["window"], procedure=header.get("procedure"),
        weight=float(header.get("weight", 0)), suppressed_by=frozenset(header.get("suppressed_by", ())),
        parameters={name: _parameter(name, raw) for name, raw in header.get("parameter", {}).items()},
        sql=declared.sql, examples=tuple(header["example"]), path=path,
    )  # fmt: skip


def _parameter_problems(raw: dict[str, Any], where: str) -> Iterator[str]:
    yield from unknown_keys(set(raw), _PARAMETER_KEYS, where)
    yield from wrong_titles(raw.get("title"), where)
    if missing := sorted({"value", "unit", "low", "high", "source"} - raw.keys()):
        yield f"{where}: lacks {', '.join(missing)}"
        return
    yield from wrong_titles(raw["source"], where, "source")
    for name, value in {"value": raw["value"], **raw.get("variants", {})}.items():
        if not raw["low"] <= value <= raw["high"]:
            yield f"{where}: {name} is {value}, outside {raw['low']} to {raw['high']}"


def _parameter(name: str, raw: dict[str, Any]) -> Parameter:
    return Parameter(
        name=name, title=raw["title"], value=float(raw["value"]), unit=raw["unit"], low=float(raw["low"]),
        high=float(raw["high"]), source=raw["source"],
        variants={k: float(v) for k, v in raw.get("variants", {}).items()},
    )  # fmt: skip
