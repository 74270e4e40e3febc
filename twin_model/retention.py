"""How long each kind of data is kept, and the deletion of what is older.

What is kept is declared in ``rulebooks/retention.toml``. Deleting is the one thing beside erasure that changes what was
stored, so it goes through ``Twin.rewrite`` and leaves a row in ``kept_since``: before that instant the answer to a
question is "not kept any more", never zero. The state at any instant since is what it was. See docs/decisions/0023.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin_model.declared import DeclarationError, load_toml
from twin_model.record_kinds import RecordKind
from twin_model.store import Store, Writer

if TYPE_CHECKING:
    from twin_model.twin import Twin

PATH = Path(__file__).parent / "rulebooks" / "retention.toml"
CHILD_KINDS = ("learner", "micro_wish", "welfare_visit")
"""Kinds of records whose rows may be of somebody under 14."""
_KEYS = {"title", "days", "least", "why", "verified"}
_HOME_SERIES = "SELECT s.series_no FROM series s JOIN device d USING (device_id) WHERE d.home_id IS NOT NULL"


@dataclass(frozen=True)
class Keep:
    """How long one kind is kept. ``verified``: whether the number is a law's; else it is a proposal."""

    kind: str
    title: dict[str, str]
    days: int
    why: dict[str, str]
    verified: bool


@dataclass(frozen=True)
class Deleted:
    """What a run deleted of one kind: rows known before ``since``."""

    kind: str
    rows: int
    since: datetime


def load(path: Path = PATH) -> dict[str, Keep]:
    """The declared rules. Raises ``DeclarationError`` for a kind that is unknown or kept too short."""
    table = load_toml(path)
    problems = []
    if wrong := sorted(table.keys() ^ _DELETERS.keys()):
        problems.append(f"{path}: {', '.join(wrong)}: expected exactly the kinds {', '.join(_DELETERS)}")
    for kind, said in table.items():
        if missing := sorted(_KEYS ^ said.keys()):
            problems.append(f"{path}: [{kind}] expected the keys {', '.join(sorted(_KEYS))}; look at {missing}")
        elif not isinstance(said["days"], int) or said["days"] < said["least"]:
            problems.append(f"{path}: [{kind}] days = {said['days']!r}; expected {said['least']} or more")
    if problems:
        raise DeclarationError(problems)
    return {
        kind: Keep(kind, said["title"], said["days"], said["why"], said["verified"]) for kind, said in table.items()
    }


def due(twin: Twin, rules: Mapping[str, Keep], at: datetime) -> dict[str, datetime]:
    """For each kind the instant before which it is to be deleted now.

    Readings go by keyframes: the one that stays carries the state that the readings before it made.
    """
    found = {}
    for rule in rules.values():
        since = at - timedelta(days=rule.days)
        if rule.kind.endswith("_readings"):
            frame = twin.keyframe_before(since)
            if frame is None:
                continue
            since = frame
        found[rule.kind] = since
    return found


def delete(twin: Twin, rules: Mapping[str, Keep], at: datetime) -> list[Deleted]:
    """Delete what is kept no longer, all kinds in one commit; nothing due changes nothing."""
    cuts = due(twin, rules, at)
    kinds = twin.catalogue.record_kinds

    def change(writer: Writer) -> list[Deleted]:
        done = []
        for kind, since in cuts.items():
            if rows := _DELETERS[kind](writer, since, kinds):
                writer.execute(
                    "INSERT INTO kept_since VALUES ($kind, $since, $at)", kind=kind, since=since, at=twin.now()
                )
                done.append(Deleted(kind, rows, since))
        return done

    if not any(counted(twin.store, kind, since, kinds) for kind, since in cuts.items()):
        return []
    return twin.rewrite(change)


def kept_since(store: Store) -> dict[str, datetime]:
    """Of each kind of which something was deleted: from when on it is kept."""
    rows = store.select("SELECT kind, max(since) AS since FROM kept_since GROUP BY kind")
    return dict(zip(rows["kind"].to_pylist(), rows["since"].to_pylist(), strict=True))


def counted(store: Store, kind: str, since: datetime, kinds: Mapping[str, RecordKind]) -> int:
    """How many rows of a kind are older than ``since``."""
    return sum(
        int(store.select(f"SELECT count(*) AS n FROM {table} WHERE {where}", since=since)["n"][0].as_py())
        for table, where in _older(kind, kinds)
    )


# ------------------------------------------------------------------------------------------------------- private


def _older(kind: str, kinds: Mapping[str, RecordKind]) -> list[tuple[str, str]]:
    """The tables of a kind of data, and which of their rows are older than $since."""
    match kind:
        case "home_readings":
            return [
                ("reading", f"received_at <= $since AND series_no IN ({_HOME_SERIES})"),
                ("keyframe", f"keyframe_at < $since AND series_no IN ({_HOME_SERIES})"),
                ("rhythm_day", "known_at <= $since"),
                ("home_life", "known_at < (SELECT max(known_at) FROM home_life WHERE is_whole AND known_at <= $since)"),
            ]
        case "public_readings":
            return [
                ("reading", f"received_at <= $since AND series_no NOT IN ({_HOME_SERIES})"),
                ("keyframe", f"keyframe_at < $since AND series_no NOT IN ({_HOME_SERIES})"),
            ]
        case "quarantine":
            return [("quarantine", "received_at < $since")]
        case "former_people":
            over = "least(coalesce(superseded_at, valid_to), coalesce(valid_to, superseded_at)) < $since"
            return [("resident", over), ("contact", over)]
        case "notifications":
            return [
                ("notification_try", "tried_at < $since"),
                ("notification", "known_at < $since"),
            ]
        case "child_records" | "person_records":
            is_child = kind == "child_records"
            chosen = [k for k in kinds.values() if _is_of_people(k) and (k.name in CHILD_KINDS) == is_child]
            return [(k.table, _record_over(k)) for k in chosen]
        case _:
            return [(table, f"{when} < $since AND ({named})") for table, when, named, _ in _TEXTS]


def _is_of_people(kind: RecordKind) -> bool:
    return kind.name in CHILD_KINDS or any(c.restricted for c in kind.columns.values())


def _record_over(kind: RecordKind) -> str:
    """A record is over when it happened before; one of a register, when it ended to hold before."""
    if kind.until:
        return f'"{kind.until}" IS NOT NULL AND CAST("{kind.until}" AS TIMESTAMP) < $since'
    return f'CAST("{kind.true_at}" AS TIMESTAMP) < $since'


def _gone(kind: str) -> Callable[[Writer, datetime, Mapping[str, RecordKind]], int]:
    def delete_rows(writer: Writer, since: datetime, kinds: Mapping[str, RecordKind]) -> int:
        return sum(
            _affected(writer, f"DELETE FROM {table} WHERE {where}", since) for table, where in _older(kind, kinds)
        )

    return delete_rows


_TEXTS = (
    ("incident_step", "known_at", "note IS NOT NULL", "note = NULL"),
    ("visit", "known_at", "note IS NOT NULL AND note <> ''", "note = NULL"),
    ("absence", "ends_at", "reason <> '—'", "reason = '—'"),
)


def _blank(writer: Writer, since: datetime, _kinds: Mapping[str, RecordKind]) -> int:
    return sum(
        _affected(writer, f"UPDATE {table} SET {empty} WHERE {when} < $since AND ({named})", since)
        for table, when, named, empty in _TEXTS
    )


def _affected(writer: Writer, sql: str, since: datetime) -> int:
    told: Any = writer.execute(sql, since=since)
    return int(told.column(0)[0].as_py()) if told.num_rows else 0


_DELETERS: dict[str, Callable[[Writer, datetime, Mapping[str, RecordKind]], int]] = {
    **{
        kind: _gone(kind)
        for kind in (
            "home_readings", "public_readings", "quarantine", "former_people", "notifications", "child_records",
            "person_records",
        )
    },
    "free_text": _blank,
}  # fmt: skip
