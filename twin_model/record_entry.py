"""Rows of a kind on their way into its table: judged, compared with what is stored, and appended as versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from twin_model.record_kinds import RecordKind
from twin_model.record_tables import RecordsRefused, judged, listed, true_us
from twin_model.record_times import EMPTY, Span
from twin_model.records import Recorded
from twin_model.store import Writer

A_PIECE = 200_000
"""Rows compared at a time: what lies beside the tables meanwhile must fit into the store's memory."""
FEW = 1_000


class Entry:
    """Rows of one kind and community on their way into the table. After ``write``: the span of what came and went."""

    def __init__(self, kind: RecordKind, community_id: str, received: datetime) -> None:
        self._kind, self._community_id, self._received = kind, community_id, received
        self.came = self.gone = EMPTY
        self._first: Any = None
        self._last: Any = None

    def write(self, writer: Writer, table: pa.Table) -> Recorded:
        """All of it, inside the caller's transaction."""
        new = other = same = flagged = 0
        for begin in range(0, table.num_rows, A_PIECE):
            for turn in range(self._stage(writer, table.slice(begin, A_PIECE), begin)):
                counts = self._take(writer, turn + 1)
                new, other, same = new + counts["new"], other + counts["other"], same + counts["same"]
                flagged += counts["flagged"]
        if table.num_rows > FEW:  # many rows would lie beside the tables until the next ones come
            for name in ("record_stage", "record_verdict"):
                writer.execute(f"DROP TABLE IF EXISTS temp.{name}")
        kinds = frozenset({self._kind.name}) if new or other else frozenset[str]()
        return Recorded(new, other, same, kinds=kinds, flagged=flagged)

    def _stage(self, writer: Writer, piece: pa.Table, begin: int) -> int:
        """Lay judged rows beside the table; how many versions of one record are among them at most."""
        incoming = incoming_rows(piece, self._received, begin)
        place = self._kind.capacity_of
        writer.execute(
            f"CREATE OR REPLACE TEMP TABLE record_stage AS SELECT *, 1 AS turn FROM ({judged(self._kind)})",
            tables={"incoming": incoming}, **({"instant": self._received} if place else {}),
        )  # fmt: skip
        at = f'"{self._kind.true_at}"'
        told = writer.select(
            "SELECT count(*) AS n, count(DISTINCT record_id) AS ids, min(n) FILTER (refused IS NOT NULL) AS refused, "
            f"any_value(refused ORDER BY n) AS check, min({at}) AS first, max({at}) AS last FROM record_stage"
        ).to_pylist()[0]
        self._first, self._last = told["first"], told["last"]
        if told["check"] is not None:
            raise RecordsRefused(
                f"{self._kind.name}, row {told['refused'] + 1} does not pass the check {told['check']}"
            )
        if told["n"] == told["ids"]:
            return 1
        writer.execute(
            "CREATE OR REPLACE TEMP TABLE record_stage AS "
            "SELECT * REPLACE (row_number() OVER (PARTITION BY record_id ORDER BY recorded_at) AS turn) "
            "FROM record_stage QUALIFY row_number() OVER (PARTITION BY record_id, recorded_at ORDER BY n DESC) = 1"
        )
        return int(writer.select("SELECT max(turn) AS turns FROM record_stage")["turns"][0].as_py())

    def _take(self, writer: Writer, turn: int) -> dict[str, int]:
        """Compare one version of each record with what is stored, end what it corrects, append it."""
        kind = self._kind
        names = [*listed(kind), "flags"]
        alike = " AND ".join(f"c.{name} IS NOT DISTINCT FROM s.{name}" for name in names)
        current = "community_id = $community_id AND superseded_at IS NULL"
        asked: dict[str, Any] = {"community_id": self._community_id}
        if kind.true_at in kind.identity:  # what is stored is looked for where it happened, not everywhere
            current += f' AND "{kind.true_at}" BETWEEN $first AND $last'
            asked |= {"first": self._first, "last": self._last}
        writer.execute(
            "CREATE OR REPLACE TEMP TABLE record_verdict AS SELECT s.*, c.record_id IS NOT NULL AS known, "
            f"c.record_id IS NOT NULL AND {alike} AS same, c.gone_us, c.gone_row "
            "FROM (SELECT * FROM record_stage WHERE turn = $turn) s "
            f"LEFT JOIN (SELECT *, {true_us(kind)} AS gone_us, rowid AS gone_row FROM {kind.table} WHERE {current}) c "
            "USING (record_id)",
            turn=turn, **asked,
        )  # fmt: skip
        counts: dict[str, int] = writer.select(
            "SELECT count(*) FILTER (NOT known) AS new, count(*) FILTER (known AND NOT same) AS other, "
            "count(*) FILTER (same) AS same, count(*) FILTER (NOT same AND len(flags) > 0) AS flagged, "
            f"min({true_us(kind)}) FILTER (NOT same) AS oldest, max({true_us(kind)}) FILTER (NOT same) AS newest, "
            "min(gone_us) FILTER (NOT same) AS gone_oldest, max(gone_us) FILTER (NOT same) AS gone_newest "
            "FROM record_verdict"
        ).to_pylist()[0]
        if counts["other"]:
            writer.execute(
                f"UPDATE {kind.table} SET superseded_at = v.recorded_at FROM record_verdict v "
                f"WHERE {kind.table}.rowid = v.gone_row AND NOT v.same"
            )
        if counts["new"] or counts["other"]:
            writer.execute(
                f"INSERT INTO {kind.table} BY NAME SELECT $community_id AS community_id, record_id, "
                f"{', '.join(names)}, origin, recorded_at FROM record_verdict WHERE NOT same",
                community_id=self._community_id,
            )
            self.came |= Span(counts["oldest"], counts["newest"])
        if counts["other"]:
            self.gone |= Span(counts["gone_oldest"], counts["gone_newest"])
        return counts


def incoming_rows(table: pa.Table, recorded_at: datetime, begin: int = 0) -> pa.Table:
    """Prepared rows with their number, and with the instant they become known unless they say it themselves."""
    rows = table.append_column("n", pa.array(range(begin, begin + table.num_rows), pa.int64()))
    if "recorded_at" in table.column_names:
        return rows
    return rows.append_column(
        "recorded_at", pa.repeat(pa.scalar(recorded_at, pa.timestamp("us", "UTC")), rows.num_rows)
    )
