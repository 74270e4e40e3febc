"""The index and rank of every community from those items alone that count in it.

An index is made of the items whose threshold has a source. The others are judged too where a check is shown, and may
need a walking network of a whole city; who only wants to know where a community stands does not wait for them. The
numbers are those of ``twin.health.index``, which a test compares.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from twin_model.health_book import HealthBook
from twin_model.health_facts import Facts, epoch
from twin_model.health_judging import applies_to, checked, index_table, judge
from twin_model.health_sources import Inputs, is_live, records_epoch
from twin_model.rights import program

if TYPE_CHECKING:
    from twin_model.twin import Twin

COLUMNS = ("community_id", "index", "rank", "of", "bottom", "passed", "failed", "counted", "verified", "refused")
"""Of ``health_judging.INDEX``; passed and failed: of the items that count."""


def standing(twin: Twin, at: datetime, rulebook: str, facts: Facts | None = None) -> pa.Table:
    """``COLUMNS`` of every community, for the program's own use: nothing is cut out of it. ``facts``: other ones."""
    book = _counting(twin, at, rulebook)
    health = twin.health
    with program():
        facts = facts or health.facts(at)
        inputs = Inputs(twin, at, book, facts)
        judged = [
            judge(
                item, health.threshold(item), health.verified(item), inputs.measure(item),
                applies_to(facts, item, inputs.demands(item), book.most_unknown), inputs.findings(item),
            )
            for item in book.items.values()
        ]  # fmt: skip
    return index_table(checked(book, facts, judged)).select(COLUMNS)


def depends_on(twin: Twin, at: datetime, rulebook: str) -> Hashable:
    """What the answer changes with."""
    book = _counting(twin, at, rulebook)
    items = list(book.items.values())
    walked = any(item.measure == "coverage" for item in items)
    return (
        book.id, epoch(twin, at), records_epoch(twin, at, book), twin.moment(at) if is_live(items) else None,
        twin.circles.epoch(at) if walked else None, twin.forgotten,
    )  # fmt: skip


def _counting(twin: Twin, at: datetime, rulebook: str) -> HealthBook:
    health, whole = twin.health, twin.health.book(rulebook, at)
    items = {
        key: item for key, item in whole.items.items()
        if health.verified(item) and item.can_count_with(health.threshold(item))
    }  # fmt: skip
    return replace(whole, items=items)
