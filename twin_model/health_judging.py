"""From measures to verdicts, scores, index and rank: the arithmetic of the health check. Pure.

All of it is a matrix of items by communities. A verdict is ``pass``, ``fail`` or ``not_measurable``; what is missing is
named. Only items whose threshold has a source count in the index, and only where they could be measured.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from twin_model.health_book import HealthBook, Item
from twin_model.health_facts import F64, Bools, Facts
from twin_model.health_measures import Measured

PASS, FAIL, NOT_MEASURABLE = "pass", "fail", "not_measurable"
VERDICTS = (PASS, FAIL, NOT_MEASURABLE)
BOTTOM = 10
"""One in so many communities goes into the gap plan first (Hangzhou: the bottom 10 %)."""
DIGITS, INDEX_DIGITS = 6, 2
"""Sums of decimals depend on their order: what is shown, compared and ranked is rounded first."""

CHECK = pa.schema(
    [
        ("community_id", pa.string()), ("item", pa.string()), ("no", pa.string()), ("category", pa.string()),
        ("applies", pa.bool_()), ("verdict", pa.string()), ("value", pa.float64()), ("threshold", pa.float64()),
        ("gap", pa.float64()), ("need", pa.float64()), ("need_unit", pa.string()), ("verified", pa.bool_()),
        ("weight", pa.float64()), ("counts", pa.bool_()), ("score", pa.float64()), ("contribution", pa.float64()),
        ("partly", pa.bool_()), ("basis", pa.string()), ("missing", pa.list_(pa.string())),
        ("missing_rows", pa.int64()),
    ]
)  # fmt: skip
"""One row per community and item. verdict: None where the item does not apply. value: with ``partly`` a lower bound.
gap: how far from the threshold, in the item's unit; need: the same in absolute terms (``need_unit``). counts: whether
it is in the index; score 0..1; contribution: its points of the index. basis: data or finding (an inspection)."""

INDEX = pa.schema(
    [
        ("community_id", pa.string()), ("index", pa.float64()), ("rank", pa.int64()), ("of", pa.int64()),
        ("bottom", pa.bool_()), ("items", pa.int64()), ("passed", pa.int64()), ("failed", pa.int64()),
        ("not_measurable", pa.int64()), ("verified", pa.int64()), ("counted", pa.int64()),
        ("weight_verified", pa.float64()), ("weight_counted", pa.float64()), ("refused", pa.string()),
        ("households", pa.int64()),
    ]
)  # fmt: skip
"""One row per community. items: those that apply; verified: of them those whose threshold has a source; counted: of
them those that could be measured. index: None where ``refused`` says why (none_verified, few_measurable)."""


@dataclass(frozen=True, eq=False)
class Judged:
    """One item for all communities, in the order of ``Facts.communities``."""

    item: Item
    threshold: float | None
    verified: bool
    measured: Measured
    applies: Bools
    verdict: Any
    gap: F64
    need: F64
    score: F64
    counts: Bools
    by_finding: Bools


@dataclass(frozen=True, eq=False)
class Checked:
    """A whole check: every item, and the index that follows."""

    book: HealthBook
    communities: list[str]
    households: F64
    items: list[Judged]
    index: F64
    counted: F64
    verified: F64
    weight_counted: F64
    weight_verified: F64
    refused: list[str | None]
    tables: dict[str, pa.Table] = field(default_factory=dict)


def applies_to(
    facts: Facts, item: Item, demands: Sequence[str | None], most_unknown: float
) -> tuple[Bools, Bools, str]:
    """Where an item applies, where that cannot be said, and what would say it. ``demands``: of the item's scene."""
    yes, unknown, what = np.ones(len(facts), bool), np.zeros(len(facts), bool), ""
    limits = item.applies
    if limits.estates or limits.schemes or limits.demand:
        inside, told = np.ones(len(facts), bool), np.ones(len(facts), bool)
        for wanted, found in (
            ([limits.estates] if limits.estates else [], facts.ages), (limits.schemes, facts.schemes),
            ([limits.demand] if limits.demand else [], demands),
        ):  # fmt: skip
            if wanted:
                inside &= np.array([one in wanted for one in found], bool)
                known = facts.ages if found is facts.ages else facts.schemes
                told &= np.array([one is not None for one in known], bool)
        yes, unknown, what = inside | ~told, unknown | ~told, "community.scheme"
    for span, group in ((limits.households, "homes"), (limits.people, "people")):
        if span is not None:
            size, no_homes = facts.groups[group], facts.homes == 0
            vague = no_homes | (facts.unknown[group] > most_unknown * np.maximum(facts.homes, 1))
            yes &= vague | ((size >= span[0]) & (size <= span[1]))
            unknown |= vague
            what = what if what and not vague.any() else "home" if no_homes.any() else f"home.{group}"
    return yes, unknown & yes, what


def judge(
    item: Item, threshold: float | None, verified: bool, found: Measured, applies: tuple[Bools, Bools, str],
    findings: F64,
) -> Judged:  # fmt: skip
    """The verdicts of one item. ``findings``: 1 where the newest inspection found it met, 0 where not, else nan.

    An inspection speaks only where data do not.
    """
    yes, vague, what = applies
    value = np.round(found.value, DIGITS)
    passed, failed = np.zeros(len(value), bool), np.zeros(len(value), bool)
    if threshold is not None:
        upper = np.round(found.upper, DIGITS)
        if item.direction == "up":
            passed, failed = value >= threshold, upper < threshold
        else:
            passed, failed = upper <= threshold, value > threshold
    else:
        found.note("threshold", np.full(len(value), item.measure != "manual"))
    by_data = passed | failed
    found.note(what, vague, None)
    passed, failed = passed & ~vague, failed & ~vague
    by_finding = ~by_data & ~vague & ~np.isnan(findings) & (item.measure == "manual" or threshold is not None)
    passed |= by_finding & (findings == 1)
    failed |= by_finding & (findings == 0)
    passed, failed = passed & yes, failed & yes
    verdict = np.full(len(value), None, object)
    for which, word in ((yes, NOT_MEASURABLE), (passed, PASS), (failed, FAIL)):
        verdict[which] = word
    gap, score = _distance(item, threshold, value, passed, failed, by_finding)
    counts = (passed | failed) & (verified and item.can_count_with(threshold))
    need = np.round(gap * found.base, DIGITS)
    return Judged(
        item=item, threshold=threshold, verified=verified, measured=found, applies=yes, verdict=verdict, gap=gap,
        need=need, score=score, counts=counts, by_finding=by_finding & (passed | failed),
    )  # fmt: skip


def _distance(
    item: Item, threshold: float | None, value: F64, passed: Bools, failed: Bools, by_finding: Bools
) -> tuple[F64, F64]:
    """How far below (or above) the threshold, and how much of it is reached, 0 to 1."""
    gap, score = np.full(len(value), np.nan), np.full(len(value), np.nan)
    score[passed], score[failed] = 1.0, 0.0
    far = failed & ~by_finding
    if threshold is not None:
        gap[far] = np.round(np.abs(threshold - value[far]), DIGITS)
        with np.errstate(divide="ignore", invalid="ignore"):
            part = value[far] / threshold if item.direction == "up" else threshold / value[far]
        score[far] = np.round(np.clip(np.nan_to_num(part), 0.0, 1.0), DIGITS)
    return gap, score


def checked(book: HealthBook, facts: Facts, items: list[Judged]) -> Checked:
    """The index of every community: the weighted mean of the scores of what counts, of 100."""
    size = len(facts)
    points, weight, all_weight = np.zeros(size), np.zeros(size), np.zeros(size)
    counted, could = np.zeros(size), np.zeros(size)
    for one in items:
        may = one.applies & (one.verified and one.item.can_count_with(one.threshold))
        points += np.where(one.counts, one.item.weight * np.nan_to_num(one.score), 0.0)
        weight += np.where(one.counts, one.item.weight, 0.0)
        all_weight += np.where(may, one.item.weight, 0.0)
        counted += one.counts
        could += may
    enough = (counted >= book.least_items) & (weight >= book.least_share * all_weight - 1e-9) & (weight > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        index = np.where(enough, np.round(100 * points / weight, INDEX_DIGITS), np.nan)
    refused = [None if ok else "few_measurable" if n else "none_verified" for ok, n in zip(enough, could, strict=True)]
    return Checked(
        book=book, communities=facts.communities, households=facts.households, items=items, index=index,
        counted=counted, verified=could, weight_counted=weight, weight_verified=all_weight, refused=refused,
    )  # fmt: skip


def check_table(found: Checked) -> pa.Table:
    """As ``CHECK``: by community, then in the order of the rulebook."""
    size, items = len(found.communities), found.items

    def matrix(get: Any, kind: pa.DataType, *, numbers: bool = False) -> pa.Array:
        stacked = np.stack([np.broadcast_to(np.asarray(get(one)), (size,)) for one in items], axis=1).ravel()
        return pa.array(stacked, kind, from_pandas=numbers)

    missing: defaultdict[int, list[str]] = defaultdict(list)
    rows = np.zeros(size * len(items), np.int64)
    for n, one in enumerate(items):
        for what, where, many in one.measured.missing:
            for community in np.flatnonzero(where & (one.verdict == NOT_MEASURABLE)):
                place = int(community) * len(items) + n
                if what not in missing[place]:
                    missing[place].append(what)
                rows[place] = max(rows[place], int(many[community]))
    weights = np.where(found.weight_counted > 0, found.weight_counted, np.nan)
    nan = float("nan")
    columns = [
        pa.array(np.repeat(np.array(found.communities, dtype=object), len(items)), pa.string()),
        *(pa.array([getattr(o.item, name) for o in items] * size, pa.string()) for name in ("key", "no", "category")),
        matrix(lambda one: one.applies, pa.bool_()),
        matrix(lambda one: one.verdict, pa.string()),
        matrix(lambda one: np.where(one.applies, np.round(one.measured.value, DIGITS), nan), pa.float64(),
               numbers=True),
        matrix(lambda one: nan if one.threshold is None else one.threshold, pa.float64(), numbers=True),
        matrix(lambda one: one.gap, pa.float64(), numbers=True),
        matrix(lambda one: one.need, pa.float64(), numbers=True),
        pa.array([one.measured.need_unit or None for one in items] * size, pa.string()),
        matrix(lambda one: one.verified, pa.bool_()),
        matrix(lambda one: one.item.weight, pa.float64()),
        matrix(lambda one: one.counts, pa.bool_()),
        matrix(lambda one: one.score, pa.float64(), numbers=True),
        matrix(lambda one: np.where(one.counts, np.round(100 * one.item.weight * one.score / weights, DIGITS), nan),
               pa.float64(), numbers=True),
        matrix(lambda one: one.measured.partly & one.applies, pa.bool_()),
        matrix(lambda one: np.where(one.by_finding, "finding", "data").astype(object), pa.string()),
        pa.array([missing.get(n, _NOTHING) for n in range(size * len(items))], pa.list_(pa.string())),
        pa.array(rows, pa.int64()),
    ] if items else [pa.array([], field.type) for field in CHECK]  # fmt: skip
    return pa.table(columns, schema=CHECK)


_NOTHING: list[str] = []


def index_table(found: Checked) -> pa.Table:
    """As ``INDEX``: the best first, those without an index last, by id among equals.

    Equals share a rank; where the bottom tenth ends among equals, those with more households are in it.
    """
    size, ids = len(found.communities), np.array(found.communities, dtype=object)
    known = ~np.isnan(found.index)
    many = int(known.sum())
    ordered = np.sort(found.index[known])
    better = many - np.searchsorted(ordered, found.index, side="right")
    bottom = np.zeros(size, bool)
    worst = np.lexsort((ids.astype(str), -found.households, np.where(known, found.index, np.inf)))
    bottom[worst[: many // BOTTOM]] = True
    told = {v: np.sum([one.verdict == v for one in found.items], axis=0, initial=0) for v in VERDICTS}
    items = np.sum([one.applies for one in found.items], axis=0, initial=0)
    order = np.lexsort((ids.astype(str), -np.nan_to_num(found.index, nan=-1.0)))
    rank = [int(n) + 1 if ok else None for n, ok in zip(better[order], known[order], strict=True)]
    whole: Mapping[str, Any] = {
        "items": items, "passed": told[PASS], "failed": told[FAIL], "not_measurable": told[NOT_MEASURABLE],
        "verified": found.verified, "counted": found.counted,
    }  # fmt: skip
    columns = [
        pa.array(ids[order], pa.string()), pa.array(found.index[order], pa.float64(), from_pandas=True),
        pa.array(rank, pa.int64()), pa.array(np.full(size, many), pa.int64()), pa.array(bottom[order], pa.bool_()),
        *(pa.array(np.broadcast_to(n, (size,))[order].astype(np.int64), pa.int64()) for n in whole.values()),
        pa.array(np.round(found.weight_verified[order], DIGITS), pa.float64()),
        pa.array(np.round(found.weight_counted[order], DIGITS), pa.float64()),
        pa.array([found.refused[n] for n in order], pa.string()),
        pa.array(found.households[order].astype(np.int64), pa.int64()),
    ]  # fmt: skip
    return pa.table(columns, schema=INDEX)
