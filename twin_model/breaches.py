"""What the alert rules find: each rule's SELECT, run over the senses of the homes and devices it is asked about.

Verdicts hang together by group: all devices of one home, or one device that is in no home. A rule is asked about
whole groups, never about part of one. A row of a rule is in breach from its ``due_at``; rows that lie ahead are what
the rule waits for, so that silence is noticed on time although it sends no message.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_model import looked_back
from twin_model.alerting import Breach
from twin_model.catalogue import AlertRule
from twin_model.moment import Moment
from twin_model.placed import Placed
from twin_model.returns import Returns
from twin_model.states import I32, I64, NEVER, Batch, Bools, States
from twin_model.store import Desk, Store
from twin_model.timeline import from_us, timestamps

log = logging.getLogger("cim.care")

NOT_DUE = np.int64(np.iinfo(np.int64).max)
_PLACES = ("community_id", "home_id", "room_id", "facility_id", "building_id")
_COLUMNS = ("subject", "due_at", "since", "value", "limit_value", "metric", *_PLACES)
_TABLE = re.compile(r"\b(heard|pulse|absence|outage|home_state|rhythm)\b")
_SETTING = re.compile(r"\bsetting\b")
_OFTEN_THE_SAME = ("pulse", "absence", "outage")
_NOT_FOR_RULES = ("name", "dialect", "address", "lon", "lat")
_PULSE = ("device_id", "type", "metric", *_PLACES)


class Groups:
    """The groups of an epoch of devices: ``names`` (home_id or device_id), by series and by subject."""

    def __init__(self, placed: Placed) -> None:
        table = placed.table
        self.placed = placed
        names = pc.coalesce(table["home_id"], table["device_id"]).combine_chunks().dictionary_encode()
        self.names: list[str] = names.dictionary.to_pylist()
        self.of_row: I32 = names.indices.to_numpy().astype(np.int32)
        first = np.unique(self.of_row, return_index=True)[1]
        self.community: list[str] = table["community_id"].take(pa.array(first)).to_pylist()
        self.home: list[str | None] = table["home_id"].take(pa.array(first)).to_pylist()
        top = int(placed.series.max()) + 1 if len(placed.series) else 0
        self.of_series = np.full(top, -1, np.int32)
        self.of_series[placed.series] = self.of_row
        self.row_of_series = np.full(top, -1, np.int64)
        self.row_of_series[placed.series] = np.arange(len(placed.series))
        self._members: dict[str, Bools] = {}
        self._carrying: dict[frozenset[str], Bools] = {}

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def alarm_limit(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Per series number the declared alarm limit; infinite without one."""
        limit = np.full(len(self.of_series), np.inf)
        limit[self.placed.series] = self.placed.table["alarm_at_least"].fill_null(np.inf).to_numpy()
        return limit

    def carry(self, metrics: Collection[str]) -> Bools:
        """Per series number whether it is of one of these metrics."""
        key = frozenset(metrics)
        if key not in self._carrying:
            mask = self._carrying[key] = np.zeros(len(self.of_series), bool)
            found = pc.is_in(self.placed.table["metric"], pa.array(sorted(key), pa.string()))
            mask[self.placed.series] = found.to_numpy()
        return self._carrying[key]

    @cached_property
    def _metrics(self) -> pa.DictionaryArray:
        return self.placed.table["metric"].combine_chunks().dictionary_encode()

    def metrics_of(self, rows: Bools) -> set[str]:
        """Which metrics some rows of the epoch are of."""
        codes = np.unique(self._metrics.indices.to_numpy()[rows])
        return set(self._metrics.dictionary.take(pa.array(codes)).to_pylist())

    @cached_property
    def behind(self) -> dict[str, I32]:
        """The groups whose devices speak through a gateway, by the gateway's id."""
        gateways = self.placed.table["gateway_id"].combine_chunks()
        encoded = gateways.drop_null().dictionary_encode()
        rows = np.flatnonzero(gateways.is_valid().to_numpy(zero_copy_only=False))
        return {
            name: np.unique(self.of_row[rows[encoded.indices.to_numpy() == code]])
            for code, name in enumerate(encoded.dictionary.to_pylist())
        }

    @cached_property
    def _code(self) -> dict[str, int]:
        devices = zip(self.placed.table["device_id"].to_pylist(), self.of_row.tolist(), strict=True)
        return {name: code for code, name in enumerate(self.names)} | dict(devices)

    def code(self, subject: str) -> int:
        """The group of a home or device; -1 when it is not known in this epoch."""
        return self._code.get(subject, -1)

    def members(self, community_id: str) -> Bools:
        """Which groups belong to a community."""
        if community_id not in self._members:
            self._members[community_id] = np.array([c == community_id for c in self.community], bool)
        return self._members[community_id]

    def codes(self, subjects: pa.ChunkedArray) -> I32:
        """The groups of many subjects; -1 for those unknown in this epoch."""
        code = self._code
        return np.array([code.get(subject, -1) for subject in subjects.to_pylist()], np.int32)


@dataclass(frozen=True)
class Found:
    """What a rule found in the groups it was asked about: breaches that are due, and when the next ones will be."""

    breaches: dict[str, Breach]
    ahead_groups: I32
    ahead_due: I64

    @classmethod
    def nothing(cls) -> Found:
        """No breach, and nothing to wait for."""
        return cls({}, np.empty(0, np.int32), np.empty(0, np.int64))


Homes = Callable[[Moment, list[str]], dict[str, pa.Table]]


@dataclass(frozen=True)
class Questions:
    """What rules are asked about some groups at a moment, and what only the twin's memory could say of it.

    ``rules``: all of them, also those that have nothing to say there. ``chosen``: the groups (None: all), ``rows``:
    theirs in the epoch. ``remembered``: tables by name; everything else follows from the moment and the log.
    """

    rules: tuple[AlertRule, ...]
    groups: Groups
    chosen: I32 | None
    rows: Bools
    moment: Moment
    remembered: Mapping[str, pa.Table]

    @cached_property
    def answerable(self) -> list[AlertRule]:
        """Those with something to say: a rule that names metrics has nothing where no series is of one of them."""
        present = self.groups.metrics_of(self.rows)
        return [rule for rule in self.rules if not rule.metrics or rule.metrics & present]


class Breaches:
    """Asks rules. ``homes(moment, home_ids)`` gives the tables ``home_state`` and ``rhythm``, ``settings(rule)``
    the table ``setting`` of a rule, ``absences(moment)`` the table ``absence``, ``outage(moment)`` the table
    ``outage``: at most one row, when we last could not listen (``gone_at`` to ``back_at``)."""

    def __init__(
        self, store: Store, *, homes: Homes, settings: Callable[[AlertRule, int], pa.Table],
        absences: Callable[[Moment], pa.Table], outage: Callable[[Moment], pa.Table],
    ) -> None:  # fmt: skip
        self._store = store
        self._homes = homes
        self._settings = settings
        self._absences = absences
        self._outage = outage
        self.broken: dict[str, str] = {}
        self._returns = Returns(store)

    def questions(
        self, rules: Iterable[AlertRule], groups: Groups, chosen: I32 | None, moment: Moment, *, is_past: bool = False
    ) -> Questions:
        """What is to be asked of ``chosen`` (None: all groups). Hold the twin's lock, but for a past.

        ``is_past``: the answers are to follow from the log alone, and nothing of how this program has fared counts.
        """
        rows = np.ones(len(groups.of_row), bool) if chosen is None else _marked(chosen, len(groups))[groups.of_row]
        asked = Questions(tuple(rules), groups, chosen, rows, moment, {})
        return replace(asked, remembered=self._remembered(asked, is_past=is_past))

    def answers(self, asked: Questions, desk: Desk) -> dict[str, Found]:
        """Each rule's answer by name. Needs no lock; ``desk``: nobody else's meanwhile.

        A rule that fails is left out and named in ``broken`` until it answers again: one bad rule must stop neither
        the others nor the storing of readings.
        """
        rules, moment = asked.answerable, asked.moment
        answering = {rule.name for rule in rules}
        found = {rule.name: Found.nothing() for rule in asked.rules if rule.name not in answering}
        instant, known = from_us(moment.instant), from_us(moment.known)
        for name, table in self._tables(asked).items():
            lay = desk.keep if name in _OFTEN_THE_SAME else desk.put
            lay(name, table)
        for rule in rules:
            try:
                if _SETTING.search(rule.sql):
                    desk.keep(_setting_of(rule), self._settings(rule, moment.known))
                answer = desk.select(_question(rule, rules), instant=instant, known=known)
                found[rule.name] = _found(rule, _of_chosen(answer, asked), asked.groups, moment.instant)
            except Exception as error:  # noqa: BLE001  # whatever one SELECT does wrong: the others go on
                self._failed(rule, error)
            else:
                if self.broken.pop(rule.name, None):
                    log.info("rule %s answers again", rule.name)
        desk.drop("looked_back")  # the largest, of no use before the next look
        return found

    def _failed(self, rule: AlertRule, error: Exception) -> None:
        if rule.name not in self.broken:
            log.error("rule %s cannot be judged: %s", rule.path, error)
        self.broken[rule.name] = str(error)

    def _remembered(self, asked: Questions, *, is_past: bool) -> dict[str, pa.Table]:
        """The tables these rules mention of what changes under the twin's lock."""
        named, groups, moment = _mentioned(asked.answerable), asked.groups, asked.moment
        tables = {}
        if "heard" in named:
            returns = Returns(self._store) if is_past else self._returns
            returned = returns.of(groups.placed, moment)
            tables["heard"] = _heard(groups.placed, moment.states, asked.rows, returned)
        if "absence" in named:
            tables["absence"] = self._absences(moment)
        if "outage" in named:
            outage = self._outage(moment)
            tables["outage"] = outage.slice(0, 0) if is_past else outage
        if named & {"home_state", "rhythm"}:
            homes = {groups.home[code] for code in np.unique(groups.of_row[asked.rows]).tolist()}
            tables |= self._homes(moment, sorted(home for home in homes if home is not None))
        return tables

    def _tables(self, asked: Questions) -> dict[str, pa.Table]:
        """The tables that these rules mention."""
        rules, moment, rows = asked.answerable, asked.moment, asked.rows
        placed = asked.groups.placed
        state = placed.senses(moment.states, moment.instant, rows).drop_columns(list(_NOT_FOR_RULES))
        tables = {"state": _with_heard(state, placed, moment.states, rows), **asked.remembered}
        if "pulse" in _mentioned(rules):
            tables["pulse"] = _pulse(asked.groups, moment.batch, rows)
        if any(rule.window is not None for rule in rules):
            tables["looked_back"] = looked_back.read(
                self._store, rules, placed.rows(rows), moment.instant, from_us(moment.known)
            )
        return tables


def _mentioned(rules: Iterable[AlertRule]) -> set[str]:
    return set(_TABLE.findall("\n".join(rule.sql for rule in rules)))


def _setting_of(rule: AlertRule) -> str:
    return f"setting of {rule.name}"


def _question(rule: AlertRule, rules: list[AlertRule]) -> str:
    # Entities are as they are known, also where a drill's clock shows another instant.
    sql = rule.sql.replace("_at($instant)", "_at($known)")
    beside = []
    if _SETTING.search(sql):
        beside.append(f'setting AS (SELECT * FROM "{_setting_of(rule)}")')
    if rule.window is not None:
        beside.append(f"recent AS ({looked_back.recent(rule, rules)})")
    return f"WITH {', '.join(beside)} SELECT * FROM ({sql}\n)" if beside else sql


def _of_chosen(answer: pa.Table, asked: Questions) -> pa.Table:
    """Rules see all gateways, but say something only of those they are asked about: a drill's has another clock."""
    if asked.chosen is None or not answer.num_rows:
        return answer
    return answer.filter(pa.array(np.isin(asked.groups.codes(answer["subject"]), asked.chosen)))


def _found(rule: AlertRule, answer: pa.Table, groups: Groups, instant: int) -> Found:
    if missing := [name for name in _COLUMNS if name not in answer.column_names]:
        raise ValueError(f"{rule.path}: the SELECT lacks the column {', '.join(missing)}")
    due = answer["due_at"].cast(pa.int64()).fill_null(int(NOT_DUE)).to_numpy()
    ready = due + int(rule.hold.total_seconds() * 1e6) <= instant if len(due) else np.zeros(0, bool)
    here = pa.array(due <= instant)
    breaches = {row["subject"]: _breach(rule, row) for row in _as_us(answer.filter(here)).to_pylist()}
    waits = ~ready & (due != NOT_DUE)
    later = answer["subject"].filter(pa.array(waits))
    return Found(breaches, groups.codes(later), due[waits])


def _as_us(table: pa.Table) -> pa.Table:
    types = {"due_at": pa.int64(), "since": pa.int64(), "value": pa.float64(), "limit_value": pa.float64()}
    for name, wanted in types.items():
        column = table[name]
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us", "UTC"))
        table = table.set_column(table.schema.get_field_index(name), name, column.cast(wanted))
    return table


def _breach(rule: AlertRule, row: Mapping[str, object]) -> Breach:
    severity = row.get("severity") or rule.severity
    return Breach(**{name: row[name] for name in _COLUMNS}, severity=severity)  # type: ignore[arg-type]


def _marked(codes: I32, n: int) -> Bools:
    marked = np.zeros(n, bool)
    marked[codes] = True
    return marked


def _with_heard(state: pa.Table, placed: Placed, states: States, rows: Bools) -> pa.Table:
    """``state`` with when each device was last heard of, and until when it and its gateway surely are."""
    device = placed.device_of_row[rows]
    heard, until = placed.heard(states)[device], placed.heard_until(states)[device]
    return state.append_column("heard_at", timestamps(heard, none=heard == NEVER)).append_column(
        "heard_until", timestamps(until, none=until == NEVER)
    )


def _heard(placed: Placed, states: States, rows: Bools, returned: I64) -> pa.Table:
    """One row per device of the chosen rows, and every gateway: when it was last heard of, and when it came back."""
    first = placed.device_rows
    heard = placed.heard(states)
    table = placed.table.take(pa.array(first)).select(
        ["device_id", "type", *_PLACES, "gateway_id", "stale_us", "lost_us"]
    )
    is_gateway = pc.equal(table["type"], "gateway")
    table = table.append_column("heard_at", timestamps(heard, none=heard == NEVER)).append_column(
        "is_gateway", is_gateway
    )
    table = table.append_column("back_at", timestamps(returned, none=returned == NEVER))
    return table.filter(pc.or_(pa.array(rows[first]), is_gateway))


def _pulse(groups: Groups, batch: Batch | None, rows: Bools) -> pa.Table:
    """The alarm readings of the commit under way: what was pressed and let go within it still counts."""
    table = groups.placed.table
    if batch is None:
        taken = np.empty(0, np.int64)
        at, value = np.empty(0, np.int64), np.empty(0)
    else:
        known = batch.series < len(groups.of_series)
        row = np.where(known, groups.row_of_series[np.where(known, batch.series, 0)], -1)
        is_alarm = (row >= 0) & ~batch.retained & (batch.value >= groups.alarm_limit[np.where(known, batch.series, 0)])
        is_alarm &= rows[np.where(row >= 0, row, 0)]
        at, value = row[is_alarm], batch.value[is_alarm]
        taken = np.minimum(batch.taken, batch.received)[is_alarm]
    pulse = table.take(pa.array(at)).select(list(_PULSE))
    return pulse.append_column("value", pa.array(value)).append_column("taken_at", timestamps(taken))
