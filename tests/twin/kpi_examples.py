"""Plays the examples of KPI files: each is a community of its own in one twin, so that all are counted together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import shapely

from tests.conftest import Clock
from twin_model.catalogue import Catalogue
from twin_model.entities import KINDS, Community, Entity
from twin_model.kpi import Kpi
from twin_model.kpi_periods import LOCAL
from twin_model.twin import Twin

BEGIN = datetime(2024, 6, 1, tzinfo=UTC)
NOON = "2026-11-22T12:00:00+08:00"
_PLACE = bytes(shapely.to_wkb(shapely.box(120.0, 30.0, 120.001, 30.001)))
_FILLED: dict[str, Any] = {
    "name": "x", "use": "residential", "footprint": _PLACE, "height_m": 18.0, "lon": 120.0, "lat": 30.0, "number": "1",
    "facility_kind": "centre", "room_kind": "hall", "facility_id": "f", "building_id": "b", "dialect": "json",
    "address": None, "type": None,
}  # fmt: skip


@dataclass
class Played:
    """One example: the community it is, when it is asked, and what went wrong while it was set up."""

    kpi: Kpi
    example: dict[str, Any]
    community: str
    at: datetime
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Event:
    """Something that becomes known at an instant."""

    at: datetime
    played: Played
    what: str
    rows: list[dict[str, Any]]


class Player:
    """All examples of a catalogue in one in-memory twin."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.clock = Clock(BEGIN)
        self.twin = Twin.open(None, clock=self.clock, catalogue=catalogue)
        self.played: dict[str, list[Played]] = defaultdict(list)
        events: list[_Event] = []
        for kpi in catalogue.kpis.values():
            for number, example in enumerate(kpi.examples):
                at = datetime.fromisoformat(example.get("at", NOON))
                one = Played(kpi, example, f"{kpi.id}-{number}", at if at.tzinfo else at.replace(tzinfo=LOCAL))
                self.played[kpi.id].append(one)
                try:
                    events += self._events(one)
                except (ValueError, KeyError, TypeError) as error:
                    one.wrong.append(repr(error))
        self.twin.record([e for one in self._all() for e in self._entities(one)], recorded_at=BEGIN)
        events.sort(key=lambda e: e.at)
        for begin in range(0, len(events), 30):  # thirty to a transaction: commits would take most of the tests' time
            with self.twin.together():
                for event in events[begin : begin + 30]:
                    self._happens(event)
        self.clock.set(max((one.at for one in self._all()), default=BEGIN) + timedelta(days=1))

    def close(self) -> None:
        self.twin.close()

    def _all(self) -> Iterator[Played]:
        for found in self.played.values():
            yield from found

    # ---------------------------------------------------------------- setting up

    def _entities(self, one: Played) -> list[Entity]:
        found: list[Entity] = [Community(community_id=one.community, name=one.community)]
        for kind, text in one.example.get("rows", {}).items():
            if kind in KINDS:
                try:
                    found += [self._entity(one, kind, row) for row in table(text)]
                except (ValueError, KeyError, TypeError) as error:
                    one.wrong.append(repr(error))
        return found

    def _entity(self, one: Played, kind: str, row: Mapping[str, str | None]) -> Entity:
        cls = KINDS[kind]
        given: dict[str, Any] = {}
        for column in fields(cls):
            text = row.get(column.name)
            if column.name == "community_id":
                given[column.name] = one.community
            elif text is not None:
                given[column.name] = _typed(text, str(column.type), one.community, column.name)
            elif column.default is MISSING and column.default_factory is MISSING:
                given[column.name] = _FILLED.get(column.name)
        if kind == "device":
            given["address"] = given["device_id"]
        if unknown := row.keys() - {c.name for c in fields(cls)}:
            raise ValueError(f"{kind} has no column {', '.join(sorted(unknown))}")
        return cls(**given)

    def _events(self, one: Played) -> list[_Event]:
        found: list[_Event] = []
        for name, text in one.example.get("rows", {}).items():
            if name in KINDS:
                continue
            by_instant: dict[datetime, list[dict[str, Any]]] = defaultdict(list)
            for row in table(text):
                known = row.pop("recorded_at", None)
                by_instant[_instant(known) if known else BEGIN].append(dict(row))
            found += [_Event(at, one, name, rows) for at, rows in by_instant.items()]
        for at, device, metric, value in one.example.get("readings", []):
            row = {"device_id": f"{one.community}.{device}", "metric": metric, "value": float(value)}
            found.append(_Event(_instant(at), one, "reading", [row]))
        return found

    def _happens(self, event: _Event) -> None:
        self.clock.set(event.at)
        try:
            {"reading": self._reads, "incident": self._incidents, "visit": self._visits}.get(event.what, self._records)(
                event
            )
        except (ValueError, KeyError, TypeError) as error:
            event.played.wrong.append(repr(error))

    def _reads(self, event: _Event) -> None:
        row = event.rows[0]
        number = self.twin.directory().numbers[(row["device_id"], row["metric"])]
        readings = pa.table(
            {"series_no": pa.array([number], pa.int32()), "taken_at": pa.array([event.at], pa.timestamp("us", "UTC")),
             "value": [row["value"]], "retained": [False]}
        )  # fmt: skip
        self.twin.apply(readings)

    def _records(self, event: _Event) -> None:
        kind = self.twin.catalogue.record_kinds[event.what]
        rows = []
        for row in event.rows:
            found: dict[str, Any] = {}
            for name, text in row.items():
                if name == "flags":
                    found[name] = text.split() if text else []
                elif name not in kind.columns:
                    raise ValueError(f"record kind {kind.name} has no column {name}")
                else:
                    found[name] = _cell(text, kind.columns[name].type, event.played.community)
            rows.append(found)
        self.twin.ledger.record(kind.name, rows, community_id=event.played.community)

    def _incidents(self, event: _Event) -> None:
        steps = (("raise", "raised_at"), ("acknowledge", "acknowledged_at"), ("dispatch", "dispatched_at"),
                 ("arrive", "on_site_at"), ("close", "closed_at"))  # fmt: skip
        heads, log = [], []
        for row in event.rows:
            community = event.played.community
            name, raised = f"{community}.{row['incident_id']}", _instant(row["raised_at"])
            heads.append(
                {"incident_id": name, "procedure": "elder_incident", "community_id": community,
                 "subject": f"{community}.{row.get('home_id') or 'h'}",
                 "home_id": f"{community}.{row.get('home_id') or 'h'}", "building_id": None, "raised_at": raised,
                 "known_at": raised}
            )  # fmt: skip
            for n, (step, column) in enumerate(((s, c) for s, c in steps if row.get(c)), start=1):
                at = _instant(row[column])
                outcome = row.get("outcome") if step == "close" else None
                log.append(
                    {"incident_id": name, "n": n, "step": step, "step_at": at, "known_at": at, "done_by": "x",
                     "role": "x", "outcome": outcome, "detail": "{}"}
                )  # fmt: skip
        self._append("incident", heads)
        self._append("incident_step", log)

    def _visits(self, event: _Event) -> None:
        community = event.played.community
        rows = []
        for row in event.rows:
            at = _instant(row["visited_at"])
            ids = {"visit_id": f"{community}.{row['visit_id']}", "home_id": f"{community}.{row['home_id']}"}
            rows.append(
                ids | {"community_id": community, "visited_at": at, "visited_by": "x",
                       "role": row.get("role") or "grid_worker", "note": "", "known_at": at}
            )  # fmt: skip
        self._append("visit", rows)

    def _append(self, name: str, rows: list[dict[str, Any]]) -> None:
        with self.twin.writing() as received:
            self.twin.commit(lambda writer: writer.append(name, pa.Table.from_pylist(rows)), received)


# ---------------------------------------------------------------------------------------------- reading the tables


def table(text: str) -> Iterable[dict[str, str | None]]:
    """The rows of a table drawn with ``|``; the first line holds the names, an empty cell is None."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    names = lines[0]
    for line in lines[1:]:
        if len(line) != len(names):
            raise ValueError(f"a row has {len(line)} cells and the header {len(names)}: {' | '.join(line)}")
        yield {name: cell or None for name, cell in zip(names, line, strict=True)}


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=LOCAL)).astimezone(UTC)


def _cell(text: str | None, kind: str, community: str) -> Any:
    if text is None:
        return None
    match kind:
        case "date":
            return date.fromisoformat(text)
        case "instant":
            return _instant(text)
        case "count":
            return int(text)
        case "amount" | "yuan" | "share":
            return float(text)
        case "yes_no":
            return {"true": True, "false": False, "yes": True, "no": False}[text]
        case "place":
            return f"{community}.{text}"
        case _:
            return text


def _typed(text: str, declared: str, community: str, name: str) -> Any:
    if name.endswith("_id"):
        return f"{community}.{text}"
    kind = declared.partition(" ")[0]
    if kind == "bool":
        return {"true": True, "false": False}[text]
    return {"int": int, "float": float}.get(kind, str)(text)
