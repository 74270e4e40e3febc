"""What somebody would change about facilities: put, move, close, enlarge. Pure; read from and told as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from twin_model import hours

OPS = ("put", "move", "close", "enlarge")
MOST_EDITS = 40
_NEEDS = {"put": ("facility_kind", "lon", "lat"), "move": ("facility_id", "lon", "lat"), "close": ("facility_id",),
          "enlarge": ("facility_id", "capacity")}  # fmt: skip
_TEXTS = ("op", "facility_kind", "facility_id", "site_no", "name", "opening_hours")
_NUMBERS = ("lon", "lat", "area_m2", "capacity", "yuan_per_m2")
_LONGEST = 60


class WrongEdit(ValueError):
    """An edit that cannot be: ``where`` it stands (from 1; 0: the list), what was found and expected."""

    def __init__(self, where: int, found: object, expected: str) -> None:
        self.where, self.found, self.expected = where, found, expected
        place = f"edit {where}: " if where else ""
        super().__init__(f"{place}found {found!r}, expected {expected}")


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One change. ``site_no``: the candidate site it stands on; ``yuan_per_m2``: a year; None: not stated.

    ``opening_hours``: of what is put, or those that a facility which is moved or enlarged would have.
    """

    op: str
    facility_kind: str | None = None
    facility_id: str | None = None
    site_no: str | None = None
    name: str | None = None
    lon: float | None = None
    lat: float | None = None
    area_m2: float | None = None
    capacity: float | None = None
    yuan_per_m2: float | None = None
    opening_hours: str | None = None

    @classmethod
    def read(cls, said: Mapping[str, Any], where: int = 1) -> Self:
        """Raises ``WrongEdit`` for anything that is not one of the four with all it needs."""
        if unknown := sorted(set(said) - set(cls.__dataclass_fields__)):
            raise WrongEdit(where, unknown[0], f"one of {', '.join(cls.__dataclass_fields__)}")
        op = said.get("op")
        if op not in _NEEDS:
            raise WrongEdit(where, op, f"op: one of {', '.join(OPS)}")
        for name in _NEEDS[op]:
            if said.get(name) is None:
                raise WrongEdit(where, None, f"{name}, which {op} needs")
        for name in _TEXTS:
            text = said.get(name)
            if text is not None and (not isinstance(text, str) or not 0 < len(text) <= _LONGEST):
                raise WrongEdit(where, text, f"{name}: a text of at most {_LONGEST} characters")
        if (text := said.get("opening_hours")) is not None and hours.read(text) is None:
            raise WrongEdit(where, text, "opening_hours: such as Mo-Fr 08:00-18:00; Sa 09:00-12:00, or 24/7")
        for name in _NUMBERS:
            number = said.get(name)
            if number is None:
                continue
            if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
                raise WrongEdit(where, number, f"{name}: a number")
            low, high = {"lon": (-180, 180), "lat": (-90, 90)}.get(name, (0, 1e7))
            if not low <= number <= high:
                raise WrongEdit(where, number, f"{name}: {low} to {high:g}")
        return cls(**{name: value for name, value in said.items() if value is not None})

    def told(self) -> dict[str, Any]:
        """As it was said, without what was not."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def read_edits(said: Sequence[Mapping[str, Any]]) -> tuple[Edit, ...]:
    """A list of edits; no facility is changed twice. Raises ``WrongEdit``."""
    if len(said) > MOST_EDITS:
        raise WrongEdit(0, len(said), f"at most {MOST_EDITS} edits")
    edits = tuple(Edit.read(one, where) for where, one in enumerate(said, 1))
    seen: set[str] = set()
    for where, edit in enumerate(edits, 1):
        if edit.facility_id is not None:
            if edit.facility_id in seen:
                raise WrongEdit(where, edit.facility_id, "each facility in one edit only")
            seen.add(edit.facility_id)
    return edits
