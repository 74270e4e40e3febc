"""What a paper is made of: plain blocks that PDF and HTML draw alike, so that both say the same. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

TONES = ("", "good", "look", "act", "blind", "quiet")
"""How a value is marked, always beside a word or a sign: met, short of it, act now, unknown, of less weight."""


@dataclass(frozen=True)
class Heading:
    """A section, numbered, in the contents; ``level`` 2 stands inside one and is in no contents."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Points:
    """Sentences one below the other, each with its tone."""

    items: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Card:
    """One figure: what it is, the value, and beneath it what to compare it with or why it is unknown."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Cards:
    """Figures beside each other."""

    items: Sequence[Card]


@dataclass(frozen=True)
class Cell:
    """A cell with a tone, or with a small picture instead of words; ``text`` is then what the picture says."""

    text: str
    tone: str = ""
    svg: str = ""


@dataclass(frozen=True)
class Column:
    """``width``: parts of the line. Numbers stand at the end of their column."""

    title: str
    width: float = 1.0
    end: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under a head; a row of one cell spans the table and groups what follows."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell | str]]
    caption: str = ""


@dataclass(frozen=True)
class Picture:
    """A drawing with what it shows in words; ``wide`` is its share of the line."""

    svg: str
    caption: str
    wide: float = 1.0


@dataclass(frozen=True)
class Contents:
    """The list of sections with their pages."""


Block = Heading | Text | Points | Cards | Table | Picture | Contents


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A whole report in words: ``title``, ``subtitle`` and ``marks`` stand on top, ``foot`` on every page."""

    lang: str
    title: str
    subtitle: str
    marks: Sequence[str]
    foot: Sequence[str]
    words: dict[str, str]
    year: int
    month: int
    day: int
    blocks: Sequence[Block] = field(default_factory=tuple)
