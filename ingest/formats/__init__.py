"""One file format per module: a path becomes features (with geometry) or rows (tables). Nothing is stored here.

A reader raises :class:`FormatError` with one sentence when the file as a whole cannot be used; what is wrong
with a single feature travels with it in ``problem``, so the rest of the file goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shapely.geometry.base import BaseGeometry

from ingest.refusals import Refusal
from twin_model.procedure import Words

NO_GEOMETRY: Words = {"zh": "没有几何；应有坐标", "en": "has no geometry; expected coordinates"}


class FormatError(Refusal):
    """The file cannot be read: says what was found, what was expected and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One thing with a shape. ``tags`` use OpenStreetMap's words where there is one; nulls are left out.

    ``row`` counts from 1 in file order; ``ref`` is the file's own identity (``way/123``) or empty.
    ``geometry`` is in the file's coordinate system; ``repaired`` says what the reader had to mend in it.
    """

    row: int
    ref: str
    tags: dict[str, str]
    geometry: BaseGeometry | None
    problem: Words | None = None
    repaired: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table as text cells; ``row`` is the line or sheet row number, from 1."""

    row: int
    cells: tuple[str, ...]
    sheet: str = ""


class FeatureFile(Protocol):
    """A file being read: ``crs`` is what it names, known once it has been iterated."""

    crs: str | None

    def __iter__(self) -> Iterator[Feature]: ...


@dataclass(slots=True)
class ReadState:
    """What a reader learns on the way; base of the feature readers."""

    path: Path
    crs: str | None = None
