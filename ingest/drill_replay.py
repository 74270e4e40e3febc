"""A recorded day as a drill: the messages of a recording, told by copies of the homes they came from.

The recording is JSON lines as ``ingest.replay`` plays them. Messages of homes of the exercised community and of their
gateways are used, whatever dialect they speak; the copies speak plain JSON. The day keeps its times of day and moves
by whole days to the latest date on which none of it lies in the future.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from ingest.decoder import Decoder, read
from ingest.dialects import RefusedError
from ingest.dialects.values import EPOCH, LOCAL
from ingest.drill import Publish, RunningDrill, Script, Told, check, enter, latest_begin
from ingest.drill_cast import Casting, DrillRefused, drill_name
from ingest.replay import Recorded, recording
from twin_model.catalogue import Catalogue
from twin_model.directory import Directory
from twin_model.drill_scenarios import GATEWAY
from twin_model.entities import Device
from twin_model.twin import Twin

MOST_MESSAGES = 200_000
DAY = timedelta(days=1)
Said = tuple[datetime, str, dict[str, float]]


def start_replay(
    twin: Twin, publish: Publish, path: Path, *, drill_of: str, by: str, clock: Callable[[], datetime],
    speed: float = 60.0, flush: Callable[[], object] | None = None,
) -> RunningDrill:  # fmt: skip
    """Begin a drill that plays the recording at ``path``. Raises ``DrillRefused``."""
    check(twin, speed)
    said = _said(twin, path, drill_of)
    devices = twin.entities("device", twin.now(), community_id=drill_of).to_pylist()
    speaking = {device_id for _, device_id, _ in said}
    rows = [row for row in devices if row["device_id"] in speaking]
    at_home = {row["home_id"] for row in rows} - {None}
    homes = [h for h in twin.entities("home", twin.now(), community_id=drill_of).to_pylist() if h["home_id"] in at_home]
    if not homes:
        raise DrillRefused(f"{path.name} holds no message of a home of {drill_of!r}; there is nothing to exercise")
    name = drill_name("replay", clock().astimezone(LOCAL))
    casting = Casting(twin, drill_of, name, f"重放 {path.stem}", f"replay of {path.stem}")
    players, copies = casting.copies(homes, rows)
    script = _script(said, copies, clock(), speed)
    return enter(twin, publish, script, players, "replay", name, speed, by, clock, flush)


def _said(twin: Twin, path: Path, drill_of: str) -> list[Said]:
    """What the devices of homes and the gateways of the community said, by time."""
    rows = twin.entities("device", twin.now(), community_id=drill_of).to_pylist()
    known = {row["device_id"] for row in rows if row["home_id"] or row["type"] == GATEWAY}
    decoder, directory = Decoder(twin.catalogue), twin.directory()
    found: list[Said] = []
    try:
        with path.open("rb") as lines:
            for message in recording(lines, path.name, lambda sentence: None):
                said = _read(message, decoder, directory, twin.catalogue)
                if said is not None and said[1] in known:
                    found.append(said)
                if len(found) > MOST_MESSAGES:
                    raise DrillRefused(f"{path.name} holds more than {MOST_MESSAGES:,} messages of homes; take fewer")
    except OSError as error:
        raise DrillRefused(f"{path} cannot be read: {error.strerror}") from error
    return sorted(found, key=lambda row: row[0])


def _read(message: Recorded, decoder: Decoder, directory: Directory, catalogue: Catalogue) -> Said | None:
    try:
        sender = decoder.sender(message.topic.encode())
        entry = directory.lookup(sender.dialect, sender.address) if sender else None
        if sender is None or entry is None:
            return None
        said = read(message.topic, message.payload, sender.dialect, catalogue.sensor_types[entry.type])
    except (RefusedError, ValueError):
        return None
    if said is None or not said.values:
        return None
    at = message.at if said.taken_at is None else EPOCH + timedelta(microseconds=said.taken_at)
    return at, entry.device_id, dict(said.values)


def _script(said: list[Said], copies: dict[str, Device], now: datetime, speed: float) -> Script:
    first, last = said[0][0], said[-1][0]
    lasts = last - first + timedelta(minutes=1)
    by = DAY * ((latest_begin(lasts, now, speed) - first) // DAY)
    told = [Told(at + by, copies[device_id], values) for at, device_id, values in said if device_id in copies]
    return Script([], told, first + by, lasts)
