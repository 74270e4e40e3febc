"""Closed loops as they are declared in ``procedures/*.toml``: steps and rights, ladder, deadlines, outcomes, words.

``load_procedures`` returns all of them or raises one ``DeclarationError`` with every mistake, each with file and key.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from twin_model.declared import DeclarationError, duration, load_toml

HERE = Path(__file__).parent / "procedures"
PHASES = ("raised", "acknowledged", "contacted", "dispatched", "arrived", "handled", "confirmed", "closed")
STEPS = (
    "acknowledge", "contact", "dispatch", "arrive", "handle", "confirm", "close", "reopen", "hand_over", "merge",
    "note",
)  # fmt: skip
OUTCOMES = ("true", "false", "test")
CONFIDENCE_WORDS = ("high", "medium", "low")
ROLES = frozenset(
    {"duty_officer", "grid_worker", "doctor", "subdistrict", "property", "family", "neighbour", "manager",
     "administrator"}
)  # fmt: skip

Words = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Skip:
    """A legal short way into a step from a phase that is not its usual one, for some grades or contact results."""

    from_phase: str
    grades: frozenset[int]
    results: frozenset[str]
    why: Words


@dataclass(frozen=True, kw_only=True)
class StepRule:
    """A step: ``title`` on its button, ``done`` in the log; ``to`` None: it leads nowhere new.

    ``not_by``: the step whose doer may not take this one.
    """

    name: str
    title: Words
    done: Words
    from_phases: frozenset[str]
    to: str | None
    roles: frozenset[str]
    skips: tuple[Skip, ...]
    not_by: str | None


@dataclass(frozen=True, kw_only=True)
class ResultRule:
    """What a contact brought. ``answered``: somebody spoke; ``well``: nobody need go."""

    name: str
    title: Words
    answered: bool
    well: bool


@dataclass(frozen=True, kw_only=True)
class RungRule:
    """Who is asked. ``instead`` names another role when the evidence has one of ``instead_metrics``; ``always``: there
    is somebody without being listed as a contact."""

    role: str
    title: Words
    always: bool
    instead_metrics: frozenset[str]
    instead_role: str | None
    instead_title: Words | None


@dataclass(frozen=True, kw_only=True)
class GradeRule:
    """Deadlines of a grade, counted from being raised; ``rung``: how long one who was asked may be silent; ``handle``:
    how long on site without a word; ``confirm``: how long what was handled, or confirmed, may wait for the next.

    ``until``: the index of the last rung the clock hands over to by itself.
    """

    grade: int
    title: Words
    acknowledge: timedelta | None
    contact: timedelta | None
    arrive: timedelta | None
    handle: timedelta | None
    confirm: timedelta | None
    rung: timedelta
    until: int
    status: str
    source: str


@dataclass(frozen=True, kw_only=True)
class CauseRule:
    """Why it ended as it did, and with which outcomes that goes. ``teaches``: it says something about the threshold."""

    name: str
    title: Words
    outcomes: frozenset[str]
    teaches: bool


@dataclass(frozen=True, kw_only=True)
class FactRule:
    """What a home's sensors say besides; ``factor`` below 1 speaks against somebody needing help."""

    name: str
    text: Words
    factor: float


@dataclass(frozen=True, kw_only=True)
class ConfidenceRule:
    """Limits of the words, what a cleared alert still counts, and the metrics that nothing softens.

    ``least``: how sure anything that fires is, whatever its weight: a device that is silent is silent.
    """

    high: float
    medium: float
    cleared: float
    least: float
    firm: frozenset[str]
    words: dict[str, Words]


@dataclass(frozen=True, kw_only=True)
class Procedure:
    """One closed loop. ``opens``: the mildest grade that opens an incident; ``realarm``: see the file."""

    name: str
    title: Words
    opens: int
    realarm: timedelta
    phases: dict[str, Words]
    main: dict[str, str]
    steps: dict[str, StepRule]
    results: dict[str, ResultRule]
    default_result: str
    ladder: tuple[RungRule, ...]
    grades: dict[int, GradeRule]
    outcomes: dict[str, Words]
    default_cause: dict[str, str]
    causes: dict[str, CauseRule]
    confidence: ConfidenceRule
    facts: dict[str, FactRule]
    path: Path

    def rung_index(self, role: str) -> int | None:
        """The place of a role on the ladder, also by the name it has instead; None when it has none."""
        for index, rung in enumerate(self.ladder):
            if role in (rung.role, rung.instead_role):
                return index
        return None


def load_procedures(root: Path = HERE) -> dict[str, Procedure]:
    """Every procedure below ``root`` by name; raises one ``DeclarationError`` with all mistakes."""
    problems: list[str] = []
    found: dict[str, Procedure] = {}
    for path in sorted(root.glob("*.toml")):
        try:
            found[path.stem] = _procedure(path)
        except DeclarationError as error:
            problems += error.problems
    if problems:
        raise DeclarationError(problems)
    return found


_KEYS = {
    "title", "opens", "realarm", "phases", "steps", "results", "ladder", "grades", "outcomes", "causes", "confidence",
    "facts",
}  # fmt: skip
_STEP_KEYS = {"title", "done", "from", "to", "roles", "skip", "not_by"}
LIMITS = ("acknowledge", "contact", "arrive", "handle", "confirm")
_GRADE_KEYS = {"title", *LIMITS, "rung", "until", "status", "source"}


def _procedure(path: Path) -> Procedure:
    data = load_toml(path)
    if missing := sorted(_KEYS - data.keys()):
        raise DeclarationError([f"{path}: lacks {', '.join(missing)}"])
    tables = sorted(key for key in _KEYS - {"title", "opens", "realarm", "ladder"} if not isinstance(data[key], dict))
    problems = [f"{path}: {key} must be a table: [{key}.…]" for key in tables] or list(_problems(data, str(path)))
    if problems:
        raise DeclarationError(problems)
    ladder = tuple(_rung(raw) for raw in data["ladder"])
    roles = [rung.role for rung in ladder]
    confidence = data["confidence"]
    return Procedure(
        name=path.stem, title=data["title"], opens=data["opens"], realarm=duration(data["realarm"]),
        phases={name: raw["title"] for name, raw in data["phases"].items()},
        main={name: raw["main"] for name, raw in data["phases"].items() if "main" in raw},
        steps={name: _step(name, raw) for name, raw in data["steps"].items()},
        results={
            name: ResultRule(
                name=name, title=raw["title"], answered=raw.get("answered", False), well=raw.get("well", False)
            )
            for name, raw in data["results"].items()
        },
        default_result=next(name for name, raw in data["results"].items() if raw.get("default")),
        ladder=ladder,
        grades={int(name): _grade(int(name), raw, roles) for name, raw in data["grades"].items()},
        outcomes={name: raw["title"] for name, raw in data["outcomes"].items()},
        default_cause={name: raw["default_cause"] for name, raw in data["outcomes"].items()},
        causes={
            name: CauseRule(
                name=name, title=_words(raw), outcomes=frozenset(raw["outcomes"]), teaches=raw.get("teaches", True)
            )
            for name, raw in data["causes"].items()
        },
        confidence=ConfidenceRule(
            high=confidence["high"], medium=confidence["medium"], cleared=confidence["cleared"],
            least=confidence.get("least", 0.0),
            firm=frozenset(confidence["firm"]), words=confidence["words"],
        ),
        facts={
            name: FactRule(name=name, text=raw["text"], factor=raw.get("factor", 1.0))
            for name, raw in data["facts"].items()
        },
        path=path,
    )  # fmt: skip


def _problems(data: Mapping[str, Any], where: str) -> Iterator[str]:
    yield from _unknown(data, _KEYS, where)
    yield from _both(data["title"], f"{where}: title")
    if data["opens"] not in (1, 2, 3, 4):
        yield f"{where}: opens is {data['opens']!r}; write the mildest grade that opens an incident, 1 to 4"
    yield from _length(data["realarm"], f"{where}: realarm")
    yield from _exactly(data["phases"], PHASES, f"{where}: phases")
    for name, raw in data["phases"].items():
        yield from _both(raw.get("title"), f"{where}: phases.{name}.title")
        yield from _one_of(raw.get("main", "note"), data["steps"], f"{where}: phases.{name}.main")
    yield from _exactly(data["steps"], STEPS, f"{where}: steps")
    for name, raw in data["steps"].items():
        yield from _step_problems(raw, data, f"{where}: steps.{name}")
    for name, raw in data["results"].items():
        yield from _both(raw.get("title"), f"{where}: results.{name}.title")
    if sum(bool(raw.get("default")) for raw in data["results"].values()) != 1:
        yield f"{where}: results: exactly one must say default = true, for a contact whose result is not stated"
    for number, raw in enumerate(data["ladder"], start=1):
        yield from _rung_problems(raw, f"{where}: ladder {number}")
    yield from _exactly(data["grades"], ("1", "2", "3", "4"), f"{where}: grades")
    rungs = [raw.get("role") for raw in data["ladder"]]
    for name, raw in data["grades"].items():
        yield from _grade_problems(raw, rungs, f"{where}: grades.{name}")
    yield from _exactly(data["outcomes"], OUTCOMES, f"{where}: outcomes")
    for name, raw in data["causes"].items():
        yield from _unknown(raw, {"zh", "en", "outcomes", "teaches"}, f"{where}: causes.{name}")
        yield from _both(raw, f"{where}: causes.{name}")
        for outcome in raw.get("outcomes") or [None]:
            yield from _one_of(outcome, data["outcomes"], f"{where}: causes.{name}.outcomes")
    for name, raw in data["outcomes"].items():
        yield from _both(raw.get("title"), f"{where}: outcomes.{name}.title")
        cause = raw.get("default_cause")
        if name not in data["causes"].get(cause, {}).get("outcomes", ()):
            yield f"{where}: outcomes.{name}.default_cause is {cause!r}; write a cause that goes with {name!r}"
    yield from _confidence_problems(data["confidence"], f"{where}: confidence")
    for name, raw in data["facts"].items():
        yield from _both(raw.get("text"), f"{where}: facts.{name}.text")
        yield from _share(raw.get("factor", 1.0), f"{where}: facts.{name}.factor")


def _step_problems(raw: Mapping[str, Any], data: Mapping[str, Any], where: str) -> Iterator[str]:
    yield from _unknown(raw, _STEP_KEYS, where)
    for key in ("title", "done"):
        yield from _both(raw.get(key), f"{where}.{key}")
    for phase in raw.get("from") or [None]:
        yield from _one_of(phase, PHASES, f"{where}.from")
    if "to" in raw:
        yield from _one_of(raw["to"], PHASES, f"{where}.to")
    for role in raw.get("roles") or [None]:
        yield from _one_of(role, ROLES, f"{where}.roles")
    if "not_by" in raw:
        yield from _one_of(raw["not_by"], STEPS, f"{where}.not_by")
    for skip in raw.get("skip", ()):
        yield from _unknown(skip, {"from", "grades", "results", "why"}, f"{where}.skip")
        yield from _one_of(skip.get("from"), PHASES, f"{where}.skip.from")
        yield from _both(skip.get("why"), f"{where}.skip.why")
        for result in skip.get("results", ()):
            yield from _one_of(result, data["results"], f"{where}.skip.results")
        for grade in skip.get("grades", ()):
            yield from _one_of(str(grade), ("1", "2", "3", "4"), f"{where}.skip.grades")


def _rung_problems(raw: Mapping[str, Any], where: str) -> Iterator[str]:
    yield from _unknown(raw, {"role", "title", "always", "instead"}, where)
    if not isinstance(raw.get("role"), str):
        yield f"{where}: lacks a role"
    yield from _both(raw.get("title"), f"{where}.title")
    if instead := raw.get("instead"):
        if missing := sorted({"metrics", "role", "title"} - instead.keys()):
            yield f"{where}.instead: lacks {', '.join(missing)}"
        yield from _both(instead.get("title"), f"{where}.instead.title")


def _grade_problems(raw: Mapping[str, Any], rungs: Collection[object], where: str) -> Iterator[str]:
    yield from _unknown(raw, _GRADE_KEYS, where)
    yield from _both(raw.get("title"), f"{where}.title")
    for key in (*LIMITS, "rung"):
        if key in raw or key == "rung":
            yield from _length(raw.get(key), f"{where}.{key}")
    if raw.get("until") not in rungs:
        yield f"{where}.until is {raw.get('until')!r}; write a role of the ladder: {', '.join(map(str, rungs))}"
    for key in ("status", "source"):
        if not raw.get(key):
            yield f"{where}: lacks {key}; say whether the deadlines are a rule or a proposal, and whose"


def _confidence_problems(raw: Mapping[str, Any], where: str) -> Iterator[str]:
    yield from _unknown(raw, {"high", "medium", "cleared", "least", "firm", "words"}, where)
    for key in ("high", "medium", "cleared"):
        yield from _share(raw.get(key), f"{where}.{key}")
    yield from _share(raw.get("least", 0.0), f"{where}.least")
    words = raw.get("words", {})
    yield from _exactly(words, CONFIDENCE_WORDS, f"{where}.words")
    for name, text in words.items():
        yield from _both(text, f"{where}.words.{name}")
    if not isinstance(raw.get("firm"), list):
        yield f"{where}.firm must list the metrics that nothing softens; [] for none"


def _unknown(raw: Mapping[str, Any], known: Collection[str], where: str) -> Iterator[str]:
    for key in sorted(raw.keys() - set(known)):
        near = difflib.get_close_matches(key, known, 1)
        yield f"{where}: unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def _exactly(raw: Mapping[str, Any], wanted: Collection[str], where: str) -> Iterator[str]:
    yield from _unknown(raw, wanted, where)
    if missing := [name for name in wanted if name not in raw]:
        yield f"{where}: lacks {', '.join(missing)}"


def _both(value: object, where: str) -> Iterator[str]:
    if not isinstance(value, Mapping) or not value.get("zh") or not value.get("en"):
        yield f'{where} must give both languages: {{ zh = "…", en = "…" }}'


def _one_of(value: object, known: Collection[str], where: str) -> Iterator[str]:
    if value not in known:
        yield f"{where} is {value!r}; write one of {', '.join(sorted(known))}"


def _share(value: object, where: str) -> Iterator[str]:
    if not isinstance(value, (int, float)) or not 0 <= value <= 1:
        yield f"{where} is {value!r}; write a number from 0 to 1"


def _length(value: object, where: str) -> Iterator[str]:
    try:
        duration(value)
    except DeclarationError as error:
        yield f"{where}: {error.problems[0]}"


def _words(raw: Mapping[str, Any]) -> Words:
    return {"zh": raw["zh"], "en": raw["en"]}


def _step(name: str, raw: Mapping[str, Any]) -> StepRule:
    return StepRule(
        name=name, title=raw["title"], done=raw["done"], from_phases=frozenset(raw["from"]), to=raw.get("to"),
        roles=frozenset(raw["roles"]), not_by=raw.get("not_by"),
        skips=tuple(
            Skip(
                from_phase=skip["from"], grades=frozenset(skip.get("grades", ())),
                results=frozenset(skip.get("results", ())), why=skip["why"],
            )
            for skip in raw.get("skip", ())
        ),
    )  # fmt: skip


def _rung(raw: Mapping[str, Any]) -> RungRule:
    instead = raw.get("instead", {})
    return RungRule(
        role=raw["role"], title=raw["title"], always=raw.get("always", False),
        instead_metrics=frozenset(instead.get("metrics", ())),
        instead_role=instead.get("role"), instead_title=instead.get("title"),
    )  # fmt: skip


def _grade(grade: int, raw: Mapping[str, Any], roles: list[str]) -> GradeRule:
    lengths = {k: duration(raw[k]) if k in raw else None for k in LIMITS}
    return GradeRule(
        grade=grade, title=raw["title"], rung=duration(raw["rung"]), until=roles.index(raw["until"]),
        status=raw["status"], source=raw["source"], **lengths,
    )  # fmt: skip
