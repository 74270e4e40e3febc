"""Bring the sample community into an empty twin, with a past behind it, and keep its devices speaking.

The past: two years of records, with the places they are about; two days of readings, with devices and carers. ``load``
must come before anything else is committed to the twin: the log only grows, and the past is committed as if the
program had been there all the while. Everything it stores belongs to a community marked
``is_sample``; the screens say so.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from ingest.decoder import Decoder
from ingest.rhythm import METRIC_BITS, SECOND, Ints
from ingest.simulate import Live, Publisher, Simulator, Stretch, to_us
from sample_data.community import COMMUNITY_ID, build
from sample_data.counted_past import counted_past
from sample_data.feeder import Feeder
from sample_data.history import write_past
from sample_data.records import YEARS, told
from sample_data.records import past as past_records
from sample_data.rhythm_past import past_days
from sample_data.staff import Staff
from twin_model.entities import Contact, Device, Entity, Home, Resident
from twin_model.store import StoreError, Writer
from twin_model.twin import Twin

SEED = 7
PAST = timedelta(hours=48)
COMMIT_EVERY, LAST_HOUR_EVERY = timedelta(minutes=8), timedelta(minutes=1)
"""How much of the past one commit takes in: what was known at an instant is exact to this. Longer than 8 minutes
would make devices look stale in the past that are not (a gateway reports each minute, stale after 10)."""
_BEFORE = timedelta(hours=25)
"""How far before the past the devices' last reports are looked for, so that it begins with known states."""


@dataclass(frozen=True)
class Loaded:
    """What ``load`` did: entities recorded, readings stored, messages put in quarantine, and the past's beginning."""

    entities: int
    readings: int
    rejected: int
    since: datetime


def simulator() -> Simulator:
    """The sample's devices, ready to live."""
    return Simulator(build(SEED), SEED)


def make_store(path: Path, now: datetime, past: timedelta = PAST) -> None:
    """A new store at ``path`` that holds the sample: made beside it and put there whole, or not at all.

    The work of a process of its own, which exits with 1 when the folder cannot be written or somebody else was first.
    """
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))

    def fill(beside: Path) -> None:
        twin = Twin.open(beside, clock=lambda: now)
        try:
            load(twin, now, past=past)
        finally:
            twin.close()

    put_whole(path, fill)


def put_whole(path: Path, make: Callable[[Path], None]) -> None:
    """What ``make`` makes at the place it is given, at ``path``; exits with 1 when there is something meanwhile."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        make(beside)
        os.link(beside, path)  # unlike a rename, this never replaces a store that came meanwhile
    except (StoreError, OSError):
        sys.exit(1)
    finally:
        for left in path.parent.glob(f"{beside.name}*"):
            left.unlink()


def ensure(twin: Twin, now: datetime) -> Loaded | None:
    """The sample community with its past in an empty twin, without a past in one that holds something already.

    None when it is there. Call it before anything else writes to the twin.
    """
    if twin.entity("community", COMMUNITY_ID, twin.now()) is not None:
        return None
    if twin.first_instant() is None and twin.revision == 0:
        return load(twin, now)
    recorded = twin.record(build(SEED))
    for kind in told(twin.catalogue.record_kinds):
        rows = past_records(kind, now - YEARS, now, SEED)
        twin.ledger.record(kind.name, rows.drop_columns(["recorded_at"]), community_id=COMMUNITY_ID)
    return Loaded(recorded.accepted, 0, 0, now)


def load(twin: Twin, now: datetime, *, past: timedelta = PAST) -> Loaded:
    """Record the sample community, its places and records since ``YEARS``, and readings from ``now`` - ``past`` on.

    Raises ValueError when the twin holds anything newer than ``now`` - ``YEARS``.
    """
    now = now.replace(microsecond=0)
    entities = build(SEED)
    life = Simulator(entities, SEED, twin.catalogue)
    since = now - past
    installed = [e for e in entities if isinstance(e, (Device, Resident, Contact))]
    places = [e for e in entities if not isinstance(e, (Device, Resident, Contact))]
    accepted = 0
    for begin, part in ((now - YEARS, places), (since, installed)):
        accepted += twin.record(part, recorded_at=begin, valid_from=begin).accepted
    _write_past_care(twin, life, entities, since, now)
    number = _series_numbers(twin, life)
    decoder = Decoder(twin.catalogue)
    readings = rejected = 0

    everything, before = life.stretch(since, now), _last_of_each(life.stretch(since - _BEFORE, since))
    with twin.together():
        first = twin.apply(_readings(before, number), received_at=since + timedelta(milliseconds=1))
        readings += first.stored
        start = to_us(since)
        for end in _commits(start, to_us(now)):
            if end == to_us(now):
                record_past(twin, now)
            strays = [(m.topic.encode(), m.payload, 0, 0) for m in life.strays(_from_us(start), _from_us(end))]
            refused = decoder.decode(strays, twin.directory(), {}).rejected if strays else []
            applied = twin.apply(
                _readings(everything.between(start, end), number), rejected=refused, received_at=_from_us(end)
            )
            readings, rejected, start = readings + applied.stored, rejected + len(refused), end
    return Loaded(accepted, readings, rejected, since)


def record_past(twin: Twin, now: datetime) -> None:
    """The records that came to be known by a second before ``now``, each from its own instant on."""
    until = now - timedelta(seconds=1)
    for turn, kind in enumerate(told(twin.catalogue.record_kinds)):
        rows = past_records(kind, now - YEARS, until, SEED)
        at = until + timedelta(microseconds=turn)  # one commit each, and none at the instant of another
        twin.ledger.record(kind.name, rows, community_id=COMMUNITY_ID, recorded_at=at)


def _write_past_care(twin: Twin, life: Simulator, entities: Sequence[Entity], since: datetime, now: datetime) -> None:
    """A month of incidents, visits of two, people counted in four weeks; each row is known from its own instant on."""
    homes = [e for e in entities if isinstance(e, Home)]
    days = past_days(life, now)
    counted = counted_past(life, _series_numbers(twin, life), to_us(since))

    def change(writer: Writer) -> None:
        for rows in counted:
            writer.append("hour_part", rows)
        write_past(writer, life, twin.catalogue, homes, now)
        writer.append("rhythm_day", days)

    with twin.writing(since) as received:
        twin.commit(change, received, care=True)
        twin.care.reload()
        twin.people.parts.reload()


def live(publisher: Publisher, clock: Callable[[], datetime], *, since: datetime | None = None) -> Live:
    """Start publishing what the sample's devices send; ``stop()`` ends it. ``since``: where ``load`` left off."""
    return Live(simulator(), publisher, clock, since=since).start()


def feeder(twin: Twin, clock: Callable[[], datetime]) -> Feeder:
    """Start recording what the sample's people write down from now on; ``stop()`` ends it."""
    return Feeder(twin, clock, COMMUNITY_ID, SEED).start()


def staff(twin: Twin, devices: Live, clock: Callable[[], datetime]) -> Staff:
    """Start answering what the sample's homes raise where no person does; ``stop()`` ends it."""
    return Staff(twin, devices.simulator, clock, COMMUNITY_ID).start()


def _commits(start: int, end: int) -> list[int]:
    """Instants of the commits of a past: coarse at first, fine in its last hour; the last one is ``end``."""
    coarse, fine = (int(x / timedelta(microseconds=1)) for x in (COMMIT_EVERY, LAST_HOUR_EVERY))
    turn = max(start, end - 3600 * SECOND)
    return [*range(start + coarse, turn, coarse), *(at for at in range(turn, end, fine) if at > start), end]


def _series_numbers(twin: Twin, life: Simulator) -> Ints:
    """The twin's series number by the simulator's reading code, -1 where there is none."""
    directory = twin.directory()
    numbers = np.full(len(life.devices) << METRIC_BITS, -1, dtype=np.int64)
    for place, device in enumerate(life.devices):
        entry = directory.lookup(device.dialect, device.address)
        if entry is not None:
            for metric, series in entry.series.items():
                numbers[place << METRIC_BITS | life.metrics[metric]] = series.series_no
    return numbers


def _last_of_each(found: Stretch) -> Stretch:
    """The last reading of every series, in order of time."""
    _, from_end = np.unique(found.codes[::-1], return_index=True)
    last = np.sort(len(found.codes) - 1 - from_end)
    return Stretch(found.codes[last], found.taken[last], found.values[last])


def _readings(found: Stretch, number: Ints) -> pa.Table:
    series = number[found.codes].astype(np.int32)
    return pa.table(
        {
            "series_no": series,
            "taken_at": pa.array(found.taken).cast(pa.timestamp("us")),
            "value": found.values,
            "retained": np.zeros(len(series), dtype=bool),
        }
    )


def _from_us(at: int) -> datetime:
    return datetime.fromtimestamp(at // SECOND, UTC) + timedelta(microseconds=at % SECOND)
