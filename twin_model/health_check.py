"""The community health check: every item of a rulebook for every community, as known at an instant. ``twin.health``.

Rulebooks are data (``health_book``); this reads the facts once for all communities, measures item by item, judges, and
ranks. Unknown is never a pass and never a failure: it is ``not_measurable`` and says what is missing. The same revision
and instant give the same bytes. See docs/health-check.md.
"""

from __future__ import annotations

import threading
from datetime import date, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from twin_model.health_book import HealthBook, HealthBooks, Item
from twin_model.health_compare import COMPARED, changes, differences
from twin_model.health_evidence import evidence_rows
from twin_model.health_facts import Facts, epoch, gather
from twin_model.health_judging import CHECK, INDEX, Checked, applies_to, check_table, checked, index_table, judge
from twin_model.health_sources import Inputs, is_live, of_communities, records_epoch
from twin_model.kpi_periods import local_day
from twin_model.masking import FEWEST
from twin_model.remembered import Shared
from twin_model.rights import asked, program
from twin_model.scene_book import Title

if TYPE_CHECKING:
    from twin_model.twin import Twin

__all__ = ["CHECK", "COMPARED", "INDEX", "Health"]

KEPT, KEPT_FACTS = 8, 4
COARSE = 5.0
"""Percents, to whoever may not read small counts."""


class Health:
    """The questions of the health check. Safe from any thread."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._checked = Shared(KEPT)
        self._facts = Shared(KEPT_FACTS)
        self._working = threading.Lock()

    # ---------------------------------------------------------------- rulebooks

    @property
    def books(self) -> HealthBooks:
        """All versions of all rulebooks."""
        return self._twin.catalogue.health_books

    def book(self, rulebook: str, at: datetime) -> HealthBook:
        """The rulebook ``name`` as in force at an instant, or exactly ``name@version``. Raises KeyError."""
        return self.books.find(rulebook, local_day(self._twin.until_now(at)))

    def threshold(self, item: Item) -> float | None:
        """The number an item is judged by: its own, else the target of its KPI, or the lowest grade of a scene."""
        if item.threshold is not None:
            return item.threshold
        if item.measure == "kpi":
            return self._twin.catalogue.kpis[item.how["kpi"]].target
        if item.measure == "scene":
            return min(grade.at_least for grade in self._twin.catalogue.scene_book.grades if grade.at_least > 0)
        return None

    def verified(self, item: Item) -> bool:
        """Whether the number has a source: its own, or that of the target it refers to."""
        if item.measure == "kpi" and item.threshold is None:
            return item.verified and self._twin.catalogue.kpis[item.how["kpi"]].verified
        return item.verified

    def unit(self, item: Item) -> Title:
        """The unit of an item's value."""
        if item.measure == "kpi" and not item.unit:
            return self._twin.catalogue.kpis[item.how["kpi"]].unit
        return item.unit

    # ------------------------------------------------------------------ answers

    def check(self, at: datetime, rulebook: str, community_id: str | None = None) -> pa.Table:
        """Every item of a rulebook in a community (None: in all but drills): see ``health_judging.CHECK``.

        By community, then in the order of the rulebook. Whoever may not read small counts does not learn how many
        people an item lacks where that is fewer than five. Raises KeyError for a rulebook, ``NotAllowed`` for a
        community outside of the scope.
        """
        if community_id is not None:
            self._twin.sight.need(community_id)
        few = asked().few
        found = of_communities(self._table(self._whole(at, rulebook, street=not few), "check"), community_id)
        return self._twin.sight.of(found if few else without_few(found), common=True)

    def index(self, at: datetime, rulebook: str) -> pa.Table:
        """The index and rank of every community, the best first: see ``health_judging.INDEX``.

        Ranked among all, also where only some may be seen.
        """
        table = self._table(self._whole(at, rulebook, street=not asked().few), "index")
        return self._twin.sight.of(table, common=True)

    def evidence(self, at: datetime, rulebook: str, item: str, community_id: str) -> pa.Table:
        """The rows an item's verdict rests on: see ``health_evidence.ROWS``. Raises KeyError for an item."""
        at = self._twin.until_now(at)
        book = self.book(rulebook, at)
        if item not in book.items:
            raise KeyError(f"{book.id} has no item {item!r}; it has {', '.join(book.items)}")
        self._twin.sight.need(community_id)
        return evidence_rows(self._twin, at, book, book.items[item], community_id)

    def compare(
        self, at: datetime, rulebook: str, *, other_at: datetime | None = None, other_rulebook: str | None = None,
        community_id: str | None = None,
    ) -> pa.Table:  # fmt: skip
        """The verdicts that are others at ``other_at`` or by ``other_rulebook``, and why: see ``COMPARED``.

        ``why`` tells what the rulebook changed (threshold, measure, applies, added, removed), and ``data``.
        """
        there, other = other_at or at, other_rulebook or rulebook
        before, after = self.check(at, rulebook, community_id), self.check(there, other, community_id)
        # the new definitions on the old data: tells what is due to which
        between = before if other == rulebook else self.check(at, other, community_id)
        return changes(self.book(rulebook, at), self.book(other, there), before, between, after)

    def definition_changes(self, rulebook: str, other: str, at: datetime) -> list[tuple[str, list[str]]]:
        """What another rulebook, or version, says otherwise: (item, what), also where no verdict changes."""
        return differences(self.book(rulebook, at), self.book(other, at))

    # ------------------------------------------------------------------- private

    def _table(self, found: Checked, name: str) -> pa.Table:
        if name not in found.tables:
            found.tables[name] = check_table(found) if name == "check" else index_table(found)
        return found.tables[name]

    def _whole(self, at: datetime, rulebook: str, *, street: bool = False) -> Checked:
        at = self._twin.until_now(at)
        book = self.book(rulebook, at)
        items = list(book.items.values())
        key = (
            book.id, epoch(self._twin, at), records_epoch(self._twin, at, book),
            self._twin.moment(at) if is_live(items) else None, self._walks(at, items),
            self._twin.released.epoch(at) if street else None,
        )  # fmt: skip
        with self._working:  # one works it out, the others take its answer
            found: Checked = self._checked.get(key, lambda: self._work_out(at, book, street))
        return found

    def _walks(self, at: datetime, items: list[Item]) -> object:
        """What walking distances depend on beside the facilities and homes."""
        return self._twin.circles.epoch(at) if _walked(items) else None

    def _work_out(self, at: datetime, book: HealthBook, street: bool) -> Checked:
        twin = self._twin
        with program():
            facts = self.facts(at, street=street)
            inputs = Inputs(twin, at, book, facts)
            judged = [
                judge(
                    item, self.threshold(item), self.verified(item), inputs.measure(item),
                    applies_to(facts, item, inputs.demands(item), book.most_unknown), inputs.findings(item),
                )
                for item in book.items.values()
            ]  # fmt: skip
        return checked(book, facts, judged)

    def facts(self, at: datetime, *, street: bool = False) -> Facts:
        """What all communities are measured from; for the program's own use: nothing is cut out of it.

        ``street``: over the homes as last released, from which no two answers can be taken apart.
        """
        scenes = self._twin.catalogue.scene_book

        def ask() -> Facts:
            named = {scheme for scheme in self._twin.entities("community", at)["scheme"].to_pylist() if scheme}
            kinds = {name: scenes.scheme_of(name) for name in named}
            return gather(self._twin, at, {name: kind.key if kind else None for name, kind in kinds.items()}, street)

        released = self._twin.released.epoch(at) if street else None
        found: Facts = self._facts.get((epoch(self._twin, at), released), ask)
        return found


def without_few(table: pa.Table) -> pa.Table:
    """Without the numbers of items that lack fewer people or homes than may be told; their verdict stays.

    Shares of people or households are told in whole ``COARSE`` percents, and nothing that follows from them exactly:
    two items whose circles differ by one house would tell who lives there.
    """
    people = pc.is_in(table["need_unit"], pa.array(["people", "households"]))
    need = pc.fill_null(table["need"], 0.0)
    few = pc.and_(people, pc.and_(pc.greater(need, 0.0), pc.less(need, float(FEWEST))))
    coarse = pc.multiply(pc.floor(pc.divide(table["value"], COARSE)), COARSE)
    table = table.set_column(table.column_names.index("value"), "value", pc.if_else(people, coarse, table["value"]))
    for name in ("value", "gap", "need", "score", "contribution"):
        hides = few if name == "value" else people
        told = pc.if_else(hides, pa.scalar(None, pa.float64()), table[name])
        table = table.set_column(table.column_names.index(name), name, told)
    return table


def _walked(items: list[Item]) -> bool:
    return any(item.measure == "coverage" for item in items)


def in_force(books: HealthBooks, on: date) -> list[HealthBook]:
    """One version of each rulebook: the one in force on a day, by name."""
    return [books.find(name, on) for name in books.names()]
