"""Versions of entities: what was true, and when it was known.

Recording an entity that is stored with the same fields changes nothing. A different one ends the version known
so far (``superseded_at``) and, when it became true only later than that version, keeps the older truth as a
version that ends at ``valid_from``. Nothing is ever overwritten, so any past screen can be drawn again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from twin_model.entities import KINDS, Entity, columns
from twin_model.store import Writer


@dataclass(frozen=True)
class Recorded:
    """What recording did: new ones, new versions of known ones, those already stored; flagged by a check (records)."""

    accepted: int
    updated: int
    unchanged: int
    revision: int = 0
    kinds: frozenset[str] = frozenset()
    flagged: int = 0

    @property
    def changed(self) -> int:
        """How many differ from before."""
        return self.accepted + self.updated


def record(writer: Writer, entities: Sequence[Entity], *, recorded_at: datetime, valid_from: datetime) -> Recorded:
    """Store entities inside the caller's transaction; of two with one identity the later one counts."""
    by_kind: dict[str, dict[str, Entity]] = defaultdict(dict)
    for entity in entities:
        by_kind[entity.kind][entity.identity] = entity
    accepted = updated = unchanged = 0
    kinds = set()
    for kind, items in by_kind.items():
        new, other, same = _record_kind(writer, kind, as_rows(list(items.values())), recorded_at, valid_from)
        accepted, updated, unchanged = accepted + new, updated + other, unchanged + same
        if new or other:
            kinds.add(kind)
    return Recorded(accepted, updated, unchanged, kinds=frozenset(kinds))


def record_tables(
    writer: Writer, tables: Mapping[str, pa.Table], *, recorded_at: datetime, valid_from: datetime
) -> Recorded:
    """As ``record``, of many at once: Arrow tables by kind, with all its columns and each identity once."""
    accepted = updated = unchanged = 0
    kinds = set()
    for kind, rows in tables.items():
        wanted = columns(KINDS[kind])
        if missing := sorted(set(wanted) ^ set(rows.column_names)):
            raise ValueError(f"{kind} has the columns {', '.join(wanted)}; {', '.join(missing)} is missing or too many")
        if pc.count_distinct(rows[KINDS[kind].key]).as_py() != rows.num_rows:
            raise ValueError(f"{kind}: an identity comes twice in {KINDS[kind].key}")
        new, other, same = _record_kind(writer, kind, rows.select(wanted), recorded_at, valid_from)
        accepted, updated, unchanged = accepted + new, updated + other, unchanged + same
        if new or other:
            kinds.add(kind)
    return Recorded(accepted, updated, unchanged, kinds=frozenset(kinds))


def retire(writer: Writer, community_id: str, at: datetime) -> frozenset[str]:
    """Let everything of a community end to be true at ``at``, inside the caller's transaction; which kinds changed.

    What was true before stays known: each version is superseded by the same one with an end.
    """
    kinds = set()
    for kind, cls in KINDS.items():
        open_now = (
            "community_id = $community_id AND superseded_at IS NULL AND (valid_to IS NULL OR valid_to > $at) "
            "AND recorded_at < $at"
        )
        listed = ", ".join(columns(cls))
        writer.execute(
            f"INSERT INTO {kind} BY NAME SELECT {listed}, valid_from, $at AS valid_to, $at AS recorded_at FROM {kind} "
            f"WHERE {open_now} AND valid_from < $at",
            community_id=community_id, at=at,
        )  # fmt: skip
        ended = writer.execute(
            f"UPDATE {kind} SET superseded_at = $at WHERE {open_now} RETURNING {cls.key}",
            community_id=community_id, at=at,
        )  # fmt: skip
        if ended.num_rows:
            kinds.add(kind)
    return frozenset(kinds)


def withdraw_divisions(writer: Writer, divisions: Sequence[str], communities: Sequence[str], at: datetime) -> None:
    """Let divisions end to be known at ``at``, and communities to lie in one, inside the caller's transaction."""
    if communities:
        names = ["NULL::VARCHAR AS subdistrict_id" if n == "subdistrict_id" else n for n in columns(KINDS["community"])]
        moved = writer.select(
            f"SELECT {', '.join(names)} FROM community WHERE superseded_at IS NULL AND valid_to IS NULL "
            "AND list_contains($moved, community_id)", moved=list(communities),
        )  # fmt: skip
        record_tables(writer, {"community": moved}, recorded_at=at, valid_from=at)
    writer.execute(
        "UPDATE division SET superseded_at = $at WHERE superseded_at IS NULL AND list_contains($gone, division_id)",
        gone=list(divisions), at=at,
    )  # fmt: skip


def as_rows(entities: Sequence[Entity]) -> pa.Table:
    """Entities of one kind as Arrow, one column per field."""
    cls = type(entities[0])
    return pa.table({name: _column([getattr(e, name) for e in entities]) for name in columns(cls)})


def _column(values: list[object]) -> pa.Array:
    # An all-null column would get Arrow's null type; let the database cast it instead of guessing here.
    return pa.array(values)


def _record_kind(
    writer: Writer, kind: str, incoming: pa.Table, recorded_at: datetime, valid_from: datetime
) -> tuple[int, int, int]:
    cls = KINDS[kind]
    key, names = cls.key, columns(cls)
    same = " AND ".join(f"c.{n} IS NOT DISTINCT FROM i.{n}" for n in names if n != key)
    stored = writer.select(
        f"SELECT c.{key} AS key, c.valid_to IS NULL AS known, c.valid_to IS NULL AND ({same}) AS same "
        f"FROM incoming i JOIN {kind} c ON c.{key} = i.{key} AND c.superseded_at IS NULL",
        tables={"incoming": incoming},
    )
    known, alike = (pc.unique(stored.filter(stored[name])["key"]) for name in ("known", "same"))
    fresh = incoming.filter(pc.invert(pc.is_in(incoming[key], alike)))
    if not fresh.num_rows:
        return 0, 0, len(alike)
    if pc.any(pc.is_in(fresh[key], stored["key"])).as_py():
        _supersede(writer, kind, fresh.select([key]), recorded_at, valid_from)
    instants = [pa.repeat(pa.scalar(at, pa.timestamp("us", "UTC")), fresh.num_rows) for at in (valid_from, recorded_at)]
    writer.append(kind, fresh.append_column("valid_from", instants[0]).append_column("recorded_at", instants[1]))
    new = incoming.num_rows - len(known)
    return new, len(known) - len(alike), len(alike)


def _supersede(writer: Writer, kind: str, changed: pa.Table, recorded_at: datetime, valid_from: datetime) -> None:
    """End what is known of the entities that now have another version; ``changed``: their keys."""
    cls = KINDS[kind]
    key, names = cls.key, columns(cls)
    # A version that was true before the new one began stays true for that time, known anew from now on. There may be
    # two of them: what holds today, and what was announced for tomorrow.
    writer.execute(
        f"INSERT INTO {kind} BY NAME SELECT {', '.join('c.' + n for n in names)}, c.valid_from, "
        f"$valid_from AS valid_to, $recorded_at AS recorded_at FROM {kind} c SEMI JOIN changed USING ({key}) "
        f"WHERE c.superseded_at IS NULL AND (c.valid_to IS NULL OR c.valid_to > $valid_from) "
        f"AND c.valid_from < $valid_from AND c.recorded_at < $recorded_at",
        tables={"changed": changed}, valid_from=valid_from, recorded_at=recorded_at,
    )  # fmt: skip
    writer.execute(
        f"UPDATE {kind} SET superseded_at = $recorded_at WHERE superseded_at IS NULL AND recorded_at < $recorded_at "
        f"AND (valid_to IS NULL OR valid_to > $valid_from) AND {key} IN (SELECT {key} FROM changed)",
        tables={"changed": changed}, valid_from=valid_from, recorded_at=recorded_at,
    )  # fmt: skip
