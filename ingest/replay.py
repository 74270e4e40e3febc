"""A recording played through the real broker: JSON lines ``{"at": time, "topic": …, "payload": text}``.

``payload_b64`` stands for bytes that are not text. With ``rebase`` all times move by one amount so that the first
message is now: the pace keeps, and so do the times the messages themselves carry, which move along.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ingest.decoder import Decoder
from ingest.dialects import RefusedError, chirpstack, zigbee2mqtt
from ingest.dialects.values import EPOCH, LOCAL, instant, shown
from ingest.mqtt import Publisher
from ingest.refusals import Refusal
from ingest.url import BrokerUrl
from twin_model.catalogue import Catalogue

LONGEST_TOPIC = 65_535


class ReplayError(Refusal):
    """The recording cannot be played at all; one sentence."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One message of a recording; ``at`` is an aware instant."""

    at: datetime
    topic: str
    payload: bytes
    retain: bool = False


@dataclass
class Replayed:
    """What a replay did. ``skipped``: one sentence per line that could not be used."""

    published: int = 0
    skipped: list[str] = field(default_factory=list)
    acknowledged: bool = True


def speed_factor(text: str) -> float:
    """``max`` or a number above 0, as written after ``--speed``; infinity means without waiting."""
    if text == "max":
        return math.inf
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor < math.inf:
        raise ReplayError(
            f"--speed 是 {text!r}；请写 max，或大于 0 的数，如 1 或 60",
            f"--speed is {text!r}; write max or a number above 0, such as 1 or 60.",
        )
    return factor


def read_line(text: str) -> Recorded:
    """One line of a recording. Raises ``Refusal`` with what was found and expected."""
    try:
        row = json.loads(text)
    except ValueError as error:
        raise Refusal(
            f"不是 JSON（{error}）；应为对象 {{…}}", f"not JSON ({error}); expected an object {{…}}"
        ) from None
    if not isinstance(row, dict):
        raise Refusal("不是对象；应有 at、topic 和 payload", "not an object; expected at, topic and payload")
    try:
        at = EPOCH + timedelta(microseconds=instant(row.get("at")))
    except RefusedError as refusal:
        raise Refusal(f"时刻 at：{refusal.reason['zh']}", f"at: {refusal.reason['en']}") from None
    topic = row.get("topic")
    if not isinstance(topic, str) or not topic or set(topic) & set("+#\0") or len(topic.encode()) > LONGEST_TOPIC:
        raise Refusal(
            f"topic 是 {shown(topic)}；应为不带通配符的 MQTT 主题",
            f"topic is {shown(topic)}; expected an MQTT topic without wildcards",
        )
    if isinstance(row.get("payload"), str):
        payload = row["payload"].encode()
    elif isinstance(row.get("payload_b64"), str):
        try:
            payload = base64.b64decode(row["payload_b64"], validate=True)
        except binascii.Error as error:
            raise Refusal(f"payload_b64 不是 base64（{error}）", f"payload_b64 is not base64 ({error})") from None
    else:
        raise Refusal(
            "既没有 payload（文本）也没有 payload_b64（base64 文本）",
            "has neither payload (text) nor payload_b64 (base64 text)",
        )
    return Recorded(at, topic, payload, bool(row.get("retain", False)))


def recording(lines: Iterable[bytes], name: str, refuse: Callable[[str], None]) -> Iterator[Recorded]:
    """The usable messages of a recording; ``refuse`` gets one sentence for each other line."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield read_line(line.decode())
        except UnicodeError:
            refuse(f"{name}:{number}: 不是 UTF-8 文本；已跳过 · not UTF-8 text; skipped")
        except Refusal as error:
            refuse(f"{name}:{number}: {error.reason['zh']}；已跳过 · {error.reason['en']}; skipped")


def play(
    messages: Iterable[Recorded],
    publish: Callable[[Recorded], None],
    *,
    speed: float,
    rebase: Callable[[Recorded, timedelta], Recorded] | None,
    now: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Publish at the recorded pace times ``speed``; how many. ``rebase`` moves a message by an amount."""
    count = 0
    first = began = None
    for message in messages:
        if first is None or began is None:
            first, began = message.at, now()
        if speed != math.inf:
            due = (message.at - first).total_seconds() / speed - (now() - began).total_seconds()
            if due > 0:
                sleep(due)
        publish(rebase(message, began - first) if rebase else message)
        count += 1
    return count


class Rebase:
    """Moves the times inside messages, where the declarations say they are; other messages pass unchanged."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._decoder = Decoder(catalogue)
        self._clocks = sorted({t.time_path for t in catalogue.sensor_types.values() if t.time_path})

    def __call__(self, message: Recorded, by: timedelta) -> Recorded:
        try:
            sender = self._decoder.sender(message.topic.encode())
            document = json.loads(message.payload)
        except ValueError:
            return message
        if sender is None or not isinstance(document, dict):
            return message
        clocks = {chirpstack.NAME: ["time"], zigbee2mqtt.NAME: ["last_seen"]}.get(sender.dialect, self._clocks)
        moved = [_move(document, path.split("."), by) for path in clocks]
        if not any(moved):
            return message
        payload = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        return Recorded(message.at + by, message.topic, payload, message.retain)


def replay_file(
    path: Path,
    url: BrokerUrl,
    catalogue: Catalogue,
    *,
    speed: float,
    rebase: bool,
    now: Callable[[], datetime],
    say: Callable[[str], None],
    ca_file: Path | None = None,
) -> Replayed:
    """Play ``path`` through the broker at ``url``. Raises ``ReplayError`` or ``BrokerError`` (one sentence)."""
    done = Replayed()

    def refuse(sentence: str) -> None:
        done.skipped.append(sentence)
        say(sentence)

    try:
        stream = path.open("rb")
    except OSError as error:
        raise ReplayError(
            f"{path} 读不了：{error.strerror}；请检查路径和权限",
            f"{path} cannot be read: {error.strerror}; check its path and rights.",
        ) from error
    with stream, Publisher(url, client_id=f"cim-replay-{path.stem[:12]}", ca_file=ca_file) as publisher:
        done.published = play(
            recording(stream, path.name, refuse),
            lambda m: publisher.publish(m.topic, m.payload, retain=m.retain),
            speed=speed,
            rebase=Rebase(catalogue) if rebase else None,
            now=now,
        )
        done.acknowledged = publisher.flush()
    return done


def _move(document: dict[str, Any], path: list[str], by: timedelta) -> bool:
    """Move the time at ``path``, in the form it is written in; false when there is none."""
    place: Any = document
    for key in path[:-1]:
        place = place.get(key) if isinstance(place, dict) else None
    raw = place.get(path[-1]) if isinstance(place, dict) else None
    if raw is None:
        return False
    try:
        micros = instant(raw)
    except RefusedError:
        return False
    moved: object
    if isinstance(raw, str) and not raw.strip().isdigit():
        zone = datetime.fromisoformat(raw.strip()).tzinfo
        when = (EPOCH + timedelta(microseconds=micros) + by).astimezone(zone or LOCAL)
        moved = (when if zone else when.replace(tzinfo=None)).isoformat()
    else:
        unit = 1_000_000 if float(raw) < 1e10 else 1_000
        value = (micros + by // timedelta(microseconds=1)) / unit
        moved = value if isinstance(raw, float) else round(value)
        moved = str(moved) if isinstance(raw, str) else moved
    place[path[-1]] = moved
    return True
