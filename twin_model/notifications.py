"""What is to be told outside, and whether it was: the tables ``notification`` and ``notification_try``.

A notification is written in the same transaction as the change it tells of (`write`), so neither exists without the
other. Each outlet reads what it has not told yet and notes every try; what it noted outlives the process, and what
it could not note is told again with the same ``event_id``, by which the receiver knows it.

``body`` is what care writes: ``title`` and ``sentence`` ({zh, en}), ``where``, ``grade`` 1..4, ``severity``,
``raised_at`` and ``deadline`` (RFC 3339 or null), ``rung`` (who is asked next), ``phase``, ``role`` (who did it),
``outcome``, ``cause``, ``rules`` (names), ``is_drill``. No person by name and no telephone number belongs in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from twin_model.remembered import Shared
from twin_model.store import Store, Writer

BEGAN = "began"
"""Detail of an outlet's first row: it tells what comes after that notification, not what was there before it."""
GIVEN_UP = "given up: "
"""How the detail of the last row begins when an outlet will not try a notification again."""


@dataclass(frozen=True, kw_only=True)
class News:
    """A notification to be: what happened (``kind``: raised, acknowledged, handed_over, closed ...), and where."""

    kind: str
    community_id: str
    body: Mapping[str, Any]
    incident_id: str | None = None
    alert_id: int | None = None
    drill_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Notification:
    """A stored notification. ``exercised`` is the community it matters to: in a drill, the one that is exercised.

    ``building`` and ``community`` are names: all that a public outlet may say of a place. ``names`` are the people of
    the home and whom to call: they may not leave, also where somebody wrote them into the name of a device.
    """

    notification_id: int
    known_at: datetime
    kind: str
    community_id: str
    exercised: str
    incident_id: str | None
    alert_id: int | None
    drill_id: str | None
    community: str | None
    building: str | None
    building_en: str | None
    rule: str | None
    body: Mapping[str, Any]
    names: Sequence[str] = field(default=(), repr=False)

    @property
    def event_id(self) -> str:
        """The same at every try and after every restart; two stores do not share one."""
        return f"{self.notification_id}-{int(self.known_at.timestamp() * 1_000_000):x}"

    @property
    def rules(self) -> list[str]:
        """The rules that speak in it."""
        rules = self.body.get("rules")
        return [rule for rule in rules if isinstance(rule, str)] if isinstance(rules, list) else []

    @property
    def line(self) -> str:
        """What is told in order: the notifications of one incident, else of one alert."""
        if self.incident_id is not None:
            return f"incident {self.incident_id}"
        return f"alert {self.alert_id}" if self.alert_id is not None else f"notification {self.notification_id}"


@dataclass(frozen=True)
class Told:
    """What an outlet has done so far: how many it told, when last, how many it gave up."""

    told: int
    last_told: datetime | None
    given_up: int


def write(writer: Writer, known_at: datetime, news: Sequence[News]) -> None:
    """Store ``news`` inside the caller's transaction, numbered on from the highest."""
    if not news:
        return
    first = writer.select(_NEWEST)["newest"][0].as_py() + 1
    texts = [json.dumps(n.body, ensure_ascii=False) for n in news]
    writer.append(
        "notification",
        pa.table(
            {
                "notification_id": pa.array(range(first, first + len(news)), pa.int64()),
                "known_at": [known_at] * len(news),
                "kind": [n.kind for n in news],
                "community_id": [n.community_id for n in news],
                "incident_id": pa.array([n.incident_id for n in news], pa.string()),
                "alert_id": pa.array([n.alert_id for n in news], pa.int64()),
                "drill_id": pa.array([n.drill_id for n in news], pa.string()),
                "body": texts,
            }
        ),
    )


class Notifications:
    """The outbox of one store. Safe from any thread; every outlet has its own place in it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read = Shared(4)

    def begin(self, outlet: str, now: datetime) -> int:
        """The number after which this outlet tells; the first call ever sets it, so a new outlet tells no old news."""

        def change(writer: Writer) -> int:
            known: int | None = writer.select(_BEGAN_AFTER, outlet=outlet, began=BEGAN)["after"][0].as_py()
            if known is not None:
                return known
            newest: int = writer.select(_NEWEST)["newest"][0].as_py()
            _note(writer, outlet, [newest], now, told=True, detail=BEGAN)
            return newest

        return self._store.write(change)

    def since(self, after: int, now: datetime, *, limit: int = 500) -> list[Notification]:
        """The oldest with a number above ``after``. ``now`` is asked for the names of places and people.

        Outlets that are equally far share one reading: it happens after every commit of care.
        """
        newest: int = self._store.select(_NEWEST)["newest"][0].as_py()
        if newest <= after:
            return []
        return self._read.get((after, newest, limit), lambda: self._since(after, now, limit))

    def done(self, outlet: str) -> set[int]:
        """The numbers that ``outlet`` has told or given up."""
        table = self._store.select(_DONE, outlet=outlet, given_up=GIVEN_UP + "%")
        return set(table["notification_id"].to_pylist())

    def tried(self, outlet: str, numbers: Sequence[int], at: datetime, *, told: bool, detail: str) -> None:
        """Note one try to tell these; with ``told`` false they stay pending."""
        self._store.write(lambda writer: _note(writer, outlet, numbers, at, told=told, detail=detail))

    def give_up(self, outlet: str, numbers: Sequence[int], at: datetime, reason: str) -> None:
        """Note that these will not be tried again."""
        self.tried(outlet, numbers, at, told=False, detail=GIVEN_UP + reason)

    def told(self, outlet: str) -> Told:
        """What this outlet has done since it began."""
        rows = self._store.select(_TOLD, outlet=outlet, began=BEGAN, given_up=GIVEN_UP + "%").to_pylist()
        return Told(**rows[0])

    def _since(self, after: int, now: datetime, limit: int) -> list[Notification]:
        rows = self._store.read("notifications_since", instant=now, after=after, most=limit).to_pylist()
        return [Notification(**{**row, "body": _body(row["body"])}) for row in rows]

    def tries_since(self, outlet: str, since: datetime) -> list[datetime]:
        """When this outlet last sent messages (several notifications in one message count once)."""
        table = self._store.select(_TRIES, outlet=outlet, began=BEGAN, given_up=GIVEN_UP + "%", since=since)
        instants: list[datetime] = table["tried_at"].to_pylist()
        return instants


def _body(text: str) -> Mapping[str, Any]:
    """What care wrote; one that cannot be read must not stop those after it, and is told without details."""
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _note(writer: Writer, outlet: str, numbers: Sequence[int], at: datetime, *, told: bool, detail: str) -> None:
    rows = {
        "notification_id": pa.array(numbers, pa.int64()),
        "outlet": [outlet] * len(numbers),
        "tried_at": [at] * len(numbers),
        "told": [told] * len(numbers),
        "detail": [detail] * len(numbers),
    }
    writer.append("notification_try", pa.table(rows))


_NEWEST = "SELECT coalesce(max(notification_id), 0) AS newest FROM notification"

_BEGAN_AFTER = """
SELECT max(notification_id) AS after FROM notification_try WHERE outlet = $outlet AND detail = $began
"""

_DONE = """
SELECT notification_id FROM notification_try WHERE outlet = $outlet AND (told OR detail LIKE $given_up)
"""

_TOLD = """
SELECT count(*) FILTER (told) AS told, max(tried_at) FILTER (told) AS last_told,
    count(*) FILTER (detail LIKE $given_up) AS given_up
FROM notification_try WHERE outlet = $outlet AND detail <> $began
"""

_TRIES = """
SELECT DISTINCT tried_at FROM notification_try
WHERE outlet = $outlet AND detail <> $began AND detail NOT LIKE $given_up AND tried_at > $since ORDER BY tried_at
"""
