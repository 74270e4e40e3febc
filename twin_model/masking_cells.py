"""Counts by building that no comparison of public answers can take apart. Pure.

Whoever knows the streets knows which buildings each circle holds: two kinds of facilities whose circles differ by one
house tell by their difference who lives there, however large both counts are. So public answers are added up not from
houses but from cells of neighbouring houses with at least ``FEWEST`` people each: all of a cell are counted where most
of them live. Whatever is added and subtracted then is a sum of cells, nobody or five and more.

Groups lie within each other (80+ are 60+ are people), so that cells are made of the ages between them: a difference of
groups is a sum of cells too. Ages of whom a community has fewer than that are put to the next younger (the youngest to
the next older) ones, and the groups they would give away are not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_model.coverage import Homes
from twin_model.masking import FEWEST
from twin_model.walking import F64, I64, Bool

NESTED = ("people", "aged_60", "aged_80")
"""From the whole to the part."""
STRIP_M = 100.0


def coarse(homes: Homes, middles: F64) -> tuple[Homes, Mapping[str, frozenset[str]]]:
    """The same homes counted by cells, and by group the communities in which nothing of it may be told.

    ``middles``: of the buildings, in metres.
    """
    rows = (middles[:, 1] // STRIP_M).astype(np.int64)
    snake = np.where(rows % 2 == 0, middles[:, 0], -middles[:, 0])  # to and fro, so that neighbours follow
    order = np.lexsort((snake, rows, homes.community_id.astype(str)))
    names = homes.community_id[order]
    begins = np.flatnonzero(np.append(True, names[1:] != names[:-1])) if len(names) else np.empty(0, np.int64)
    count = {group: counts.copy() for group, counts in homes.count.items()}
    hidden: dict[str, set[str]] = {group: set() for group in ("homes", *NESTED)}
    for start, end in zip(begins.tolist(), [*begins[1:].tolist(), len(names)], strict=True):
        here, name = order[start:end], str(names[start])
        count["homes"][here] = _cells(homes.count["homes"][here])
        if 0 < homes.count["homes"][here].sum() < FEWEST:
            hidden["homes"].add(name)
        nested = [homes.count[group][here] for group in NESTED]
        for group, told, counts in zip(NESTED, *_of_ages(nested), strict=True):
            count[group][here] = counts
            if not told:
                hidden[group].add(name)
    told_of = Homes(homes.building_id, homes.community_id, homes.estate_id, count, homes.uncounted)
    return told_of, {group: frozenset(names) for group, names in hidden.items()}


def kept_back(table: pa.Table, hidden: Mapping[str, frozenset[str]]) -> pa.Table:
    """A table of ``coverage.shares`` without what may not be told: groups by community, and what is left of few."""
    few = pa.array(np.zeros(table.num_rows, bool))
    for group, communities in hidden.items():
        of_these = pc.is_in(table["community_id"], pa.array(sorted(communities), pa.string()))
        few = pc.or_(few, pc.and_(pc.equal(table["group"], group), of_these))
    nobody = table["uncounted"]
    hides = dict.fromkeys(("total", "reached", "unknown", "share", "straight_share"), few)
    hides["uncounted"] = pc.and_(pc.greater(nobody, 0), pc.less(nobody, FEWEST))
    for name, where in hides.items():
        kind = table.schema.field(name).type
        told = pc.if_else(where, pa.scalar(None, kind), table[name])
        table = table.set_column(table.column_names.index(name), name, told)
    return table


def _of_ages(nested: Sequence[F64]) -> tuple[list[bool], list[F64]]:
    """By group of ``NESTED``: whether it may be told, and its counts by cells of the ages between the groups."""
    ages = [counts - inner for counts, inner in zip(nested, [*nested[1:], np.zeros(len(nested[0]))], strict=True)]
    told = [True] * len(ages)
    for n in reversed(range(1, len(ages))):  # too few of the oldest are among the next younger ones
        if 0 < ages[n].sum() < FEWEST:
            ages[n - 1], ages[n], told[n] = ages[n - 1] + ages[n], np.zeros(len(ages[n])), False
    if 0 < ages[0].sum() < FEWEST:  # and too few of the youngest among the next older ones
        following = next((n for n in range(1, len(ages)) if ages[n].sum() > 0), None)
        if following is None:
            told[0] = False
        else:
            ages[following], ages[0] = ages[following] + ages[0], np.zeros(len(ages[0]))
            told[1 : following + 1] = [False] * following
    cells = [_cells(one) for one in ages]
    return told, [np.sum(cells[n:], axis=0) for n in range(len(cells))]


def _cells(counts: F64) -> F64:
    """Everybody of a cell where most of it live; cells follow one another, each with ``FEWEST`` or more."""
    lived = np.flatnonzero(counts > 0)
    found = np.zeros(len(counts))
    if not len(lived):
        return found
    cell: I64 = np.zeros(len(lived), np.int64)
    number, inside = 0, 0.0
    for n, people in enumerate(counts[lived].tolist()):
        cell[n] = number
        inside += people
        if inside >= FEWEST:
            number, inside = number + 1, 0.0
    if inside and number:  # what is left over joins the cell before
        cell[cell == number] = number - 1
    for one in range(int(cell[-1]) + 1):
        mine: Bool = cell == one
        houses = lived[mine]
        found[houses[counts[houses].argmax()]] = counts[houses].sum()
    return found
