"""Rulebooks of the community health check: items with clause, source, threshold and how each is measured.

One file per rulebook and version in ``rulebooks/health/``. A rulebook may extend another (a province's draft over the
national standard): it then says only what differs. What a measure may be is a closed list (``MEASURES``); what is
measured is worked out in ``health_measures``. See docs/health-check.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from twin_model.declared import DeclarationError, load_toml
from twin_model.health_book_check import CATEGORY_OF, Known, problems_of
from twin_model.scene_book import Title

HERE = Path(__file__).parent / "rulebooks" / "health"
AT_VERSION = "@"
"""``complete_community_2020@1.0``: this version; without it the one in force."""


@dataclass(frozen=True, kw_only=True)
class Applies:
    """For whom an item is; every limit that is set counts. ``estates``: new or old, told by the type of project.

    ``demand``: the type of project makes the item's scene ``mandatory``. ``households``, ``people``: from, to.
    """

    estates: str | None = None
    schemes: tuple[str, ...] = ()
    demand: str | None = None
    households: tuple[float, float] | None = None
    people: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing to examine. ``key`` names it in every version of its rulebook; ``no`` as the document counts.

    ``threshold`` None: not filled in; ``verified``: a published text with this number was found, ``source`` says which.
    ``how``: parameters of ``measure``. ``also``: what the clause demands besides and nothing here measures.
    ``gives``: who could give what is missing, where that is not who usually gives such data.
    """

    key: str
    no: str
    category: str
    title: Title
    clause: Title
    source: Title
    verified: bool
    measure: str
    how: Mapping[str, Any]
    threshold: float | None
    unit: Title
    direction: str
    weight: float
    fixes: tuple[str, ...]
    applies: Applies
    also: Title = field(default_factory=dict)
    gives: Title = field(default_factory=dict)
    examples: tuple[Mapping[str, Any], ...] = ()

    def can_count_with(self, threshold: float | None) -> bool:
        """Whether it may count in the index: it has a weight, and a number unless people examine it."""
        return (threshold is not None or self.measure == "manual") and self.weight > 0

    @property
    def definition(self) -> dict[str, Any]:
        """What a verdict depends on, by what a diff calls it."""
        return {
            "threshold": (self.threshold, self.direction), "measure": (self.measure, dict(self.how)),
            "weight": self.weight, "applies": self.applies, "verified": self.verified,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class HealthBook:
    """One version of a rulebook.

    ``least_share``: of the weight that may count, so much must be measurable before there is an index; ``least_items``:
    and so many items. ``most_unknown``: the share of homes of which a group may be unregistered.
    ``is_template``: a form for a city to fill, nobody's list. ``extends``: the name of the rulebook it changes, whose
    inspections hold for it too.
    """

    name: str
    version: str
    title: Title
    valid_from: date
    publisher: Title
    document: Title
    note: Title
    is_template: bool
    extends: str | None
    least_share: float
    least_items: int
    most_unknown: float
    categories: Mapping[str, Title]
    items: Mapping[str, Item]
    path: Path

    @property
    def id(self) -> str:
        """The name with the version."""
        return f"{self.name}{AT_VERSION}{self.version}"


class HealthBooks(dict[str, HealthBook]):
    """All versions of all rulebooks, by ``id``."""

    def find(self, asked: str, on: date) -> HealthBook:
        """The rulebook of a name as in force on a day (before all, the oldest), or of a name and version.

        Raises KeyError with the names there are.
        """
        if asked in self:
            return self[asked]
        versions = sorted((b for b in self.values() if b.name == asked), key=lambda b: (b.valid_from, b.version))
        if not versions:
            raise KeyError(f"no rulebook {asked!r}; there are {', '.join(self.names()) or 'none'}")
        in_force = [b for b in versions if b.valid_from <= on]
        return in_force[-1] if in_force else versions[0]

    def names(self) -> list[str]:
        """The names, each once."""
        return sorted({book.name for book in self.values()})


def load_health_books(root: Path, known: Known) -> HealthBooks:
    """Every rulebook below ``root``; raises one ``DeclarationError`` with all mistakes of all files."""
    problems: list[str] = []
    raw: dict[Path, dict[str, Any]] = {}
    for path in sorted(root.glob("*.toml")):
        try:
            raw[path] = load_toml(path)
        except DeclarationError as error:
            problems += error.problems
    by_name = {str(data.get("name")): path for path, data in raw.items() if "extends" not in data}
    books = HealthBooks()
    for path, data in raw.items():
        whole = data
        if "extends" in data:
            base = by_name.get(str(data["extends"]))
            if base is None:
                problems.append(
                    f"{path}: extends {data['extends']!r}, which is no rulebook that stands for itself; there are "
                    f"{', '.join(sorted(by_name)) or 'none'}"
                )
                continue
            whole = _extended(raw[base], data)
        if found := list(problems_of(whole, path, known, _lines(path))):
            problems += found
            continue
        book = _book(whole, path, data.get("extends"))
        if book.id in books:
            problems.append(f"{path}: {book.id} is already declared in {books[book.id].path}; raise the version")
        else:
            books[book.id] = book
    if problems:
        raise DeclarationError(problems)
    return books


def _extended(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The base with what the other says of itself and of some items; items of new keys come after."""
    said = {item.get("key"): item for item in own.get("item", ())}
    left_out = set(own.get("without", ()))
    items = [
        {**{k: v for k, v in item.items() if k != "example"}, **said.pop(item.get("key"), {})}
        for item in base.get("item", ()) if item.get("key") not in left_out
    ]  # fmt: skip
    rest = {k: v for k, v in own.items() if k not in ("extends", "item", "without", "category")}
    categories = [*base.get("category", ()), *own.get("category", ())]
    return {**base, **rest, "category": categories, "item": [*items, *said.values()]}


def _lines(path: Path) -> dict[str, int]:
    """In which line of the file each item's key stands."""
    found: dict[str, int] = {}
    for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if match := re.match(r'\s*key\s*=\s*"([^"]*)"', line):
            found.setdefault(match[1], n)
    return found


def _book(raw: Mapping[str, Any], path: Path, extends: str | None) -> HealthBook:
    return HealthBook(
        name=raw["name"], version=raw["version"], title=raw["title"], valid_from=raw["valid_from"],
        publisher=raw["publisher"], document=raw["document"], note=raw.get("note", {}),
        is_template=raw.get("template", False), extends=extends, least_share=float(raw.get("least_share", 0.6)),
        least_items=raw.get("least_items", 3), most_unknown=float(raw.get("most_unknown", 0.05)),
        categories={c["key"]: c["title"] for c in raw["category"]},
        items={i["key"]: _item(i) for i in raw["item"]}, path=path,
    )  # fmt: skip


def _item(raw: Mapping[str, Any]) -> Item:
    applies = raw.get("applies", {})
    return Item(
        key=raw["key"], no=str(raw["no"]), category=raw["category"], title=raw["title"], clause=raw["clause"],
        source=raw["source"], verified=raw["verified"], measure=raw["measure"],
        how={k: v for k, v in raw.items() if k in CATEGORY_OF[raw["measure"]]},
        threshold=float(raw["threshold"]) if "threshold" in raw else None, unit=raw.get("unit", {}),
        direction=raw.get("direction", "up"), weight=float(raw.get("weight", 1)), fixes=tuple(raw.get("fixes", ())),
        applies=Applies(
            estates=applies.get("estates"), schemes=tuple(applies.get("schemes", ())), demand=applies.get("demand"),
            households=_span(applies.get("households")), people=_span(applies.get("people")),
        ),
        also=raw.get("also", {}), gives=raw.get("gives", {}), examples=tuple(raw.get("example", ())),
    )  # fmt: skip


def _span(limits: Any) -> tuple[float, float] | None:
    return None if limits is None else (float(limits[0]), float(limits[1]))
