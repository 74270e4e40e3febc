"""What may be shown of people where strangers look: names cut, small counts kept back, addresses cut to the building.

One place for all public answers (interface, live stream, wall screens, public reports), so that one test can hold
them all to it. Nothing here knows who asks; whoever answers a public screen calls it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

UNKNOWN = "—"
FEWEST = 5
"""A count of people or homes below this could be somebody: it is shown as fewer than this (a usual proposal)."""

Row = dict[str, Any]
K = TypeVar("K", bound=Hashable)


def masked(name: str | None) -> str:
    """A person's name as a screen shows it: ``王**``, whatever its length; a Latin name keeps its first letter."""
    return f"{name.strip()[0]}**" if name and name.strip() else UNKNOWN


def place_of(row: Mapping[str, Any]) -> Row:
    """The place of something as strangers may know it: community, building and facility, nothing nearer."""
    return {name: row.get(name) for name in ("community_id", "building_id", "facility_id")}


def too_few(n: float | None) -> bool:
    """True for a count of people or homes that could be somebody; nobody at all is no secret."""
    return n is not None and 0 < n < FEWEST


def shown(count: int) -> Row:
    """A count on its own: ``count`` and ``fewer_than``, one of which is None."""
    return {"count": None, "fewer_than": FEWEST} if too_few(count) else {"count": count, "fewer_than": None}


def suppressed(cells: Mapping[K, int], *, group: Callable[[K], Hashable] | None = None) -> dict[K, int | None]:
    """Counts with the small ones kept back (None).

    ``group``: cells whose sum is known elsewhere. One small cell alone in its group would follow from the sum and the
    others, so that the next smallest is kept back too; what is left of the sum then hides both.
    """
    kept: dict[K, int | None] = {key: None if too_few(n) else n for key, n in cells.items()}
    if group is None:
        return kept
    groups: dict[Hashable, list[K]] = defaultdict(list)
    for key in cells:
        groups[group(key)].append(key)
    for keys in groups.values():
        hidden = [key for key in keys if kept[key] is None]
        if (hidden and sum(cells[key] for key in hidden) < FEWEST) or len(hidden) == 1:
            rest = sorted((key for key in keys if kept[key]), key=lambda key: (cells[key], str(key)))
            for key in rest[:1]:
                kept[key] = None
    return kept


def suppressed_table(rows: Sequence[Mapping[str, int | None]]) -> list[Row]:
    """A table of counts with the small ones kept back, where every row and every column adds up to what is known.

    Rows and columns are gone through until no cell kept back follows from those that are told. A column that is the sum
    of the others may stand among them. Unknown cells (None) are no secret and hide nothing.
    """
    cells = {(n, name): count for n, row in enumerate(rows) for name, count in row.items() if count is not None}
    told: dict[tuple[int, str], int | None] = suppressed(cells)
    while True:
        hidden = {key for key, count in told.items() if count is None}
        for line in (0, 1):
            lines: dict[Hashable, list[tuple[int, str]]] = defaultdict(list)
            for key in cells:
                lines[key[line]].append(key)
            for keys in lines.values():
                mine = [key for key in keys if told[key] is None]
                left = sorted((key for key in keys if told[key]), key=lambda key: (cells[key], key))
                if left and mine and (len(mine) == 1 or sum(cells[key] for key in mine) < FEWEST):
                    told[left[0]] = None
        if hidden == {key for key, count in told.items() if count is None}:
            return [{name: told.get((n, name)) for name in row} for n, row in enumerate(rows)]


def occupied(places: pa.Table) -> pa.Table:
    """People now in places (``Twin.occupancy``) as the street may know them: public places, small counts kept back.

    ``kept_back`` says where, and ``fewer_than`` how few; a place whose rooms add up to what is told of it hides another
    room where one alone would follow from the sum. Unknown stays unknown: neither is set there.
    """
    rows = [row for row in places.to_pylist() if row["place_kind"] in ("room", "facility")]
    summed = {row["place_id"] for row in rows if row["method"] == "rooms"}
    cells = {row["place_id"]: row["people"] for row in rows if row["people"] is not None}
    whole = {row["place_id"]: row["within"] if row["within"] in summed else row["place_id"] for row in rows}
    alone = {key: n for key, n in cells.items() if whole[key] == key}
    told = suppressed(alone) | suppressed({k: n for k, n in cells.items() if k not in alone}, group=whole.__getitem__)
    for row in rows:
        n = cells.get(row["place_id"])
        if n is not None and told[row["place_id"]] is None:
            few = FEWEST if too_few(n) else None
            row |= {"people": None, "share": None, "kept_back": True, "fewer_than": few}
    return pa.Table.from_pylist(rows, schema=places.schema)


def occupied_hours(hours: pa.Table) -> pa.Table:
    """People by hour (``Twin.occupancy_hours``) as the street may know them: public places, no small mean."""
    hours = hours.filter(pc.is_in(hours["place_kind"], pa.array(["room", "facility"])))
    rows = hours.to_pylist()
    for row in rows:
        if too_few(row["people"]):
            row |= {"people": None, "share": None}
    return pa.Table.from_pylist(rows, schema=hours.schema)


def counted(cells: Mapping[K, int], names: Sequence[str], *, group: Callable[[K], Hashable] | None = None) -> list[Row]:
    """Rows ``{name: part of the key …, count, fewer_than}`` in the order of the keys.

    ``fewer_than`` is None where the count is told, and where it is kept back only to hide another.
    """
    told = suppressed(cells, group=group)
    rows = []
    for key in sorted(cells, key=str):
        parts = key if isinstance(key, tuple) else (key,)
        few = FEWEST if too_few(cells[key]) else None
        rows.append({**dict(zip(names, parts, strict=True)), "count": told[key], "fewer_than": few})
    return rows
