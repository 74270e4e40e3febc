"""Everything about one person: gathered for them to have, and taken out when they ask.

A person is known by the id of a resident or of a contact. What is told of a home (sensors, alarms, visits) is told of
everybody who lives in it, so it goes along in the export, marked as the home's, and is deleted with the person only
when nobody else lives there. Erasing makes rows anonymous where something is counted by them, so that no figure of the
past changes; see docs/decisions/0023 for what does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa

from twin_model.record_kinds import RecordKind
from twin_model.store import Store, Writer

if TYPE_CHECKING:
    from twin_model.twin import Twin

ERASED = "〔已删除〕"
"""Stands where a name was: in Chinese, because that is the language of the data."""
FREE_TEXT = (
    ("incident_step", ("note", "detail", "done_by")),
    ("absence", ("reason", "declared_by")),
    ("visit", ("note", "visited_by")),
    ("threshold", ("reason", "changed_by")),
    ("notification", ("body",)),
)
"""Where people write about people."""
OF_HOME = ("incident", "alert_step", "absence", "visit", "threshold", "rhythm_day", "home_life")
"""Tables that tell of a home by its id."""
LEAST_NAME = 2
"""A name of one character would be found in every second word."""


class UnknownPerson(ValueError):
    """There is nobody with this id."""


@dataclass(frozen=True)
class Person:
    """Who is meant: all that was ever known of them by their id."""

    person_id: str
    kind: str  # resident or contact
    names: tuple[str, ...]
    phones: tuple[str, ...]
    homes: tuple[str, ...]
    alone_in: tuple[str, ...]  # homes in which nobody else was ever known to live

    @property
    def words(self) -> tuple[str, ...]:
        """What leads to them in a text."""
        return tuple(w for w in (*self.names, *self.phones, self.person_id) if len(w) >= LEAST_NAME)


@dataclass(frozen=True)
class Erased:
    """What erasing did: rows by table, and the screens that are another from now on."""

    rows: dict[str, int]
    changed: tuple[dict[str, str], ...]


def find(twin: Twin, person_id: str) -> Person:
    """The person with this id, by all versions that are stored.

    Raises ``UnknownPerson``, also for one who lived outside of the scope of whoever asks.
    """
    store = twin.store
    for kind in ("resident", "contact"):
        rows = store.select(f"SELECT * FROM {kind} WHERE {kind}_id = $id", id=person_id).to_pylist()
        if not rows or not all(twin.sight.within(row["community_id"], row["home_id"]) for row in rows):
            continue
        homes = tuple(sorted({row["home_id"] for row in rows} - {None}))
        return Person(
            person_id, kind, _known(row["name"] for row in rows), _known(row.get("phone") for row in rows), homes,
            _alone_in(store, person_id, homes) if kind == "resident" else (),
        )  # fmt: skip
    raise UnknownPerson(f"there is no resident and no contact {person_id!r}; ids are in the lists that were imported")


def gather(twin: Twin, person: Person) -> dict[str, list[dict[str, Any]]]:
    """All rows about a person by table, every version of them; of the home what their time in it tells.

    The readings themselves are not among them (see ``readings``); names of others in the home are not told.
    """
    store, found = twin.store, {}
    found[person.kind] = _rows(store, person.kind, f"{person.kind}_id = $id", id=person.person_id)
    codes = pa.table({"code": pa.array([person.person_id], pa.string())})
    for kind in twin.catalogue.record_kinds.values():
        if where := _names(kind):
            sql = f"SELECT * FROM {kind.table} WHERE {where}"
            found[kind.table] = store.select(sql, tables={"codes": codes}).to_pylist()
    if person.kind == "resident" and person.homes:
        homes = pa.table({"home_id": pa.array(person.homes, pa.string())})
        inside = "home_id IN (SELECT home_id FROM homes)"
        for table in ("home", "device", *OF_HOME):
            found[table] = store.select(f"SELECT * FROM {table} WHERE {inside}", tables={"homes": homes}).to_pylist()
        found["incident_step"] = store.select(
            f"SELECT s.* FROM incident_step s JOIN incident USING (incident_id) WHERE {inside}", tables={"homes": homes}
        ).to_pylist()
    return {table: rows for table, rows in found.items() if rows}


def readings(twin: Twin, person: Person) -> pa.Table:
    """What the devices in the person's homes reported: device_id, metric, taken_at, received_at, value."""
    homes = pa.table({"home_id": pa.array(person.homes if person.kind == "resident" else (), pa.string())})
    return twin.store.select(
        "SELECT device_id, metric, taken_at, received_at, value FROM reading JOIN series USING (series_no) "
        f"WHERE series_no IN ({_SERIES}) ORDER BY received_at, device_id, metric",
        tables={"homes": homes},
    )


def erase(twin: Twin, person: Person) -> Erased:
    """Take a person out of everything that is stored, in one commit; what was counted by their rows stays counted."""
    stranger = f"erased-{uuid4().hex[:12]}"
    alone = pa.table({"home_id": pa.array(person.alone_in, pa.string())})

    def change(writer: Writer) -> dict[str, int]:
        done: dict[str, int] = {}
        _anonymous(writer, person, stranger, done)
        for table, columns in FREE_TEXT:
            for column in columns:
                _scrub(writer, table, column, person.words, done)
        for kind in twin.catalogue.record_kinds.values():
            _recode(writer, kind, person.person_id, stranger, done)
        raw = writer.select("SELECT quarantine_id, raw FROM quarantine")
        found = [
            n
            for n, data in zip(raw["quarantine_id"].to_pylist(), raw["raw"].to_pylist(), strict=True)
            if any(word.encode() in data for word in person.words)
        ]
        ids = pa.table({"quarantine_id": pa.array(found, pa.int64())})
        sql = "DELETE FROM quarantine WHERE quarantine_id IN (SELECT quarantine_id FROM ids)"
        _count(done, "quarantine", writer.execute(sql, tables={"ids": ids}))
        if person.alone_in:
            for table in ("rhythm_day", "home_life"):
                sql = f"DELETE FROM {table} WHERE home_id IN (SELECT home_id FROM homes)"
                _count(done, table, writer.execute(sql, tables={"homes": alone}))
            for table in ("reading", "keyframe"):
                sql = f"DELETE FROM {table} WHERE series_no IN ({_SERIES})"
                _count(done, table, writer.execute(sql, tables={"homes": alone}))
        return {table: n for table, n in done.items() if n}

    rows = twin.rewrite(change)
    return Erased(rows, _changed(rows))


# ------------------------------------------------------------------------------------------------------- private

_SERIES = "SELECT series_no FROM series JOIN device d USING (device_id) WHERE d.home_id IN (SELECT home_id FROM homes)"


def _changed(rows: dict[str, int]) -> tuple[dict[str, str], ...]:
    """Which screens of the past are another now."""
    said = [
        (("resident", "contact"), "住户卡与联系人：姓名、出生年、健康备注、电话为空", "the home's card and contacts: no name, birth year, health note, telephone"),  # noqa: E501
        (tuple(t for t, _ in FREE_TEXT), "事件与走访的文字说明：姓名处为〔已删除〕", "notes of incidents and visits: 〔已删除〕 where the name was"),  # noqa: E501
        (("reading", "rhythm_day"), "该户的作息、传感器状态与曲线：不再保留；该户过去的状态为未知", "the home's rhythm, states and charts: not kept; what state it was in is unknown"),  # noqa: E501
        (("quarantine",), "待处理报文：含其姓名的原文已删除", "the quarantine: raw messages with the name are gone"),
    ]  # fmt: skip
    return tuple({"zh": zh, "en": en} for tables, zh, en in said if any(t in rows for t in tables))


def _known(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(sorted({str(v).strip() for v in values if v and str(v).strip()}))


def _alone_in(store: Store, person_id: str, homes: Sequence[str]) -> tuple[str, ...]:
    rows = store.select(
        "SELECT home_id FROM resident WHERE home_id IN (SELECT unnest($homes)) GROUP BY home_id "
        "HAVING count(DISTINCT resident_id) = 1",
        homes=list(homes),
    )
    return tuple(sorted(rows["home_id"].to_pylist()))


def _rows(store: Store, table: str, where: str, **parameters: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = store.select(f"SELECT * FROM {table} WHERE {where}", **parameters).to_pylist()
    return rows


def _anonymous(writer: Writer, person: Person, stranger: str, done: dict[str, int]) -> None:
    if person.kind == "resident":
        sql = (
            "UPDATE resident SET resident_id = $stranger, name = '', birth_year = NULL, sex = NULL, health_note = NULL "
            "WHERE resident_id = $id"
        )
    else:
        sql = "UPDATE contact SET contact_id = $stranger, name = '', phone = NULL, note = NULL WHERE contact_id = $id"
    _count(done, person.kind, writer.execute(sql, stranger=stranger, id=person.person_id))


def _scrub(writer: Writer, table: str, column: str, words: Iterable[str], done: dict[str, int]) -> None:
    for word in words:
        sql = f"UPDATE {table} SET {column} = replace({column}, $word, $erased) WHERE contains({column}, $word)"
        _count(done, table, writer.execute(sql, word=word, erased=ERASED))


def _codes(kind: RecordKind) -> list[str]:
    return [c.name for c in kind.columns.values() if c.restricted and c.type == "text"]


def _names(kind: RecordKind) -> str:
    return " OR ".join(f'"{name}" IN (SELECT code FROM codes)' for name in _codes(kind))


def _recode(writer: Writer, kind: RecordKind, code: str, stranger: str, done: dict[str, int]) -> None:
    """Another code in place of the person's, the same in all their rows: how many people there were stays true."""
    for name in _codes(kind):
        identity = ', record_id = replace(record_id, $code, $stranger)' if name in kind.identity else ""
        sql = f'UPDATE {kind.table} SET "{name}" = $stranger{identity} WHERE "{name}" = $code'
        _count(done, kind.table, writer.execute(sql, code=code, stranger=stranger))


def _count(done: dict[str, int], table: str, told: pa.Table) -> None:
    done[table] = done.get(table, 0) + (int(told.column(0)[0].as_py()) if told.num_rows else 0)
