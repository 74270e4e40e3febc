"""The rulebook of the nine scenes: scenes, the 33 indicators, types of project and what a grade means.

Versioned data, not code: ``rulebooks/scenes.toml`` names its source and says which parts were checked against an
original. Nothing in it is a threshold; targets stand in the KPI files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin_model.declared import DeclarationError, load_toml

Title = dict[str, str]

SCENES = (
    "neighbourhood", "education", "health", "enterprise", "building", "mobility", "low_carbon", "services",
    "governance",
)  # fmt: skip
"""邻里 教育 健康 创业 建筑 交通 低碳 服务 治理: always in this order; position is identity."""
INDICATORS = 33


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One of the nine. ``aliases``: older names of it."""

    key: str
    title: Title
    slogan: Title
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One of the 33 of the pilot standard; ``note`` says what it is about."""

    number: int
    scene: str
    title: Title
    note: Title


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """A type of project: which scenes it must show, which it is encouraged to, and which views come first."""

    key: str
    title: Title
    names: tuple[str, ...]
    mandatory: tuple[str, ...]
    encouraged: tuple[str, ...]
    first: tuple[str, ...]
    source: Title
    verified: bool

    def demand(self, scene: str) -> str | None:
        """``mandatory``, ``encouraged``, or None where the type says nothing of the scene."""
        return "mandatory" if scene in self.mandatory else "encouraged" if scene in self.encouraged else None


@dataclass(frozen=True, kw_only=True)
class Grade:
    """A word for an attainment from ``at_least`` on (0 to 100)."""

    key: str
    title: Title
    at_least: float


@dataclass(frozen=True, kw_only=True)
class SceneBook:
    """The whole rulebook. ``least_share``: of a scene's indicators that must be graded before the scene is."""

    version: str
    source: Title
    verified: bool
    least_share: float
    grades: tuple[Grade, ...]
    schemes: tuple[Scheme, ...]
    views: dict[str, Title]
    scenes: dict[str, Scene]
    indicators: dict[int, Indicator]

    def grade(self, attainment: float | None) -> str | None:
        """The grade of an attainment, rounded to a whole number first as it is shown; None for none."""
        if attainment is None:
            return None
        whole = round(attainment)
        for grade in self.grades:  # asked a hundred thousand times for a city
            if whole >= grade.at_least:
                return grade.key
        return None

    def scheme_of(self, name: str | None) -> Scheme | None:
        """The type a community's ``scheme`` names; older and longer names count (旧改类普惠型 is 普惠型)."""
        return next((s for s in self.schemes for known in s.names if (name or "").endswith(known)), None)

    def of_scene(self, scene: str) -> list[Indicator]:
        """The indicators of a scene, by number."""
        return [found for found in self.indicators.values() if found.scene == scene]


def load_scene_book(path: Path) -> SceneBook:
    """The rulebook in ``path``. Raises ``DeclarationError`` with everything that is wrong in it."""
    raw = load_toml(path)
    if problems := list(_problems(raw, path)):
        raise DeclarationError(problems)
    return SceneBook(
        version=raw["version"], source=raw["source"], verified=raw["verified"], least_share=float(raw["least_share"]),
        grades=tuple(Grade(key=g["key"], title=g["title"], at_least=float(g["from"])) for g in raw["grade"]),
        schemes=tuple(map(_scheme, raw["scheme"])),
        views={v["key"]: v["title"] for v in raw["view"]},
        scenes={s["key"]: Scene(**{**s, "aliases": tuple(s.get("aliases", ()))}) for s in raw["scene"]},
        indicators={i["number"]: Indicator(**i) for i in raw["indicator"]},
    )  # fmt: skip


def _scheme(raw: dict[str, Any]) -> Scheme:
    return Scheme(
        key=raw["key"], title=raw["title"], names=tuple(raw["names"]), mandatory=tuple(raw["mandatory"]),
        encouraged=tuple(raw["encouraged"]), first=tuple(raw.get("first", ())), source=raw["source"],
        verified=raw["verified"],
    )  # fmt: skip


def _problems(raw: dict[str, Any], path: Path) -> Iterator[str]:
    wanted = {"version", "source", "verified", "least_share", "grade", "scheme", "view", "scene", "indicator"}
    if missing := sorted(wanted - raw.keys()):
        yield f"{path}: lacks {', '.join(missing)}"
        return
    if (found := tuple(s.get("key") for s in raw["scene"])) != SCENES:
        yield f"{path}: the scenes are {', '.join(map(str, found))}; expected, in this order, {', '.join(SCENES)}"
    numbers = [i.get("number") for i in raw["indicator"]]
    if numbers != list(range(1, INDICATORS + 1)):
        yield f"{path}: the indicators are numbered {numbers}; expected 1 to {INDICATORS}, each once, in order"
    named = {i.get("scene") for i in raw["indicator"]} | {x for s in raw["scheme"] for x in s["mandatory"]}
    for scene in sorted((named | {x for s in raw["scheme"] for x in s["encouraged"]}) - set(SCENES)):
        yield f"{path}: scene {scene!r} is not one of {', '.join(SCENES)}"
    if sorted((g["from"] for g in raw["grade"]), reverse=True) != [g["from"] for g in raw["grade"]] or (
        raw["grade"][-1]["from"] != 0
    ):
        yield f"{path}: grades must be listed from the highest `from` down to one of 0"
