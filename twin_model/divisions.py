"""Taking divisions back that should not have been recorded. What was known of them stays in the past.

A division that something is part of goes only together with its parts: the divisions within it are taken back too, and
the communities that lay there lie in none from then on, until a list says where. A right that names what is gone leads
to nothing, for there is nothing in it any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twin_model.rights import program

if TYPE_CHECKING:
    from twin_model.twin import Twin


class DivisionStays(ValueError):
    """It cannot be taken back as asked; the text says what was found and what to do."""


class UnknownDivision(DivisionStays):
    """None of this number is known now."""


@dataclass(frozen=True)
class TakenBack:
    """The divisions that are gone, from the whole to the part, and the communities that lie in none now."""

    divisions: tuple[str, ...]
    communities: tuple[str, ...]


def withdraw(twin: Twin, division_id: str, *, with_parts: bool = False) -> TakenBack:
    """Take a division back. Raises ``DivisionStays``; ``NotAllowed`` where a community in it is out of the scope."""
    at = twin.now()
    with program():
        known = {row["division_id"]: row for row in twin.entities("division", at).to_pylist()}
        communities = twin.entities("community", at).select(["community_id", "subdistrict_id"]).to_pylist()
    if division_id not in known:
        raise UnknownDivision(f"there is no division {division_id!r} now; see /api/v1/city/divisions")
    gone = _within(known, division_id)
    inside = [row["community_id"] for row in communities if row["subdistrict_id"] in gone]
    for community in inside:
        twin.sight.need(community)
    if (len(gone) > 1 or inside) and not with_parts:
        raise DivisionStays(
            f"{known[division_id]['level']} {division_id} has {len(gone) - 1} divisions and {len(inside)} communities "
            "in it; import a list that says where they belong first, or take it back with its parts (--with-parts, "
            '"with_parts": true): they lie in no division then'
        )
    twin.withdraw_divisions(gone, inside)
    return TakenBack(tuple(gone), tuple(inside))


def _within(known: Mapping[str, Mapping[str, Any]], division_id: str) -> Sequence[str]:
    """A division and all within it."""
    found = [division_id]
    for one in found:
        found += [name for name, row in known.items() if row["parent_id"] == one and name not in found]
    return found
