"""A publisher faster than any consumer: QoS 1 packets, precoded unless ``--rate`` is given, through a plain socket.

Run as its own process: ``python -m benchmarks.publisher PORT FIRST COUNT [--window N] [--rate N]``. Message
``i`` goes to device ``i % 1000`` and carries ``i`` as its value, so every message can be found again. Prints one
JSON line at the end; on SIGTERM it stops sending, waits for acknowledgements and prints it then.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator

TOPICS = 1_000
BLOCK = 250
TYPE = "bench_meter"
START_MS = 1_795_312_800_000


def address(device: int) -> str:
    """The address of a device."""
    return f"meter-{device:04d}"


def topic(device: int) -> str:
    """Where a device publishes."""
    return f"bench/{address(device)}"


def payload(number: int, *, clock: bool = True) -> bytes:
    """About 150 bytes; the value is the number of the message."""
    ts = f'"ts":{START_MS + number},' if clock else ""
    return (
        f'{{"device":"{address(number % TOPICS)}","v":{number},{ts}"bat":87,"unit":"kWh","quality":"good",'
        f'"fw":"2.4.1","rssi":-67,"snr":9.5,"gateway":"gw-0{number % 7}"}}'
    ).encode()


def packet(number: int, mid: int, *, clock: bool = True) -> bytes:
    """An MQTT 3.1.1 PUBLISH of QoS 1."""
    name = topic(number % TOPICS).encode()
    body = struct.pack("!H", len(name)) + name + struct.pack("!H", mid) + payload(number, clock=clock)
    return b"\x32" + bytes([(len(body) & 0x7F) | 0x80, len(body) >> 7]) + body


def connect(port: int, client_id: str) -> socket.socket:
    """A socket on which the broker has accepted an MQTT 3.1.1 client."""
    link = socket.create_connection(("127.0.0.1", port))
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    name = client_id.encode()
    body = b"\x00\x04MQTT\x04\x02\x00\x3c" + struct.pack("!H", len(name)) + name
    link.sendall(b"\x10" + bytes([len(body)]) + body)
    answer = link.recv(4)
    if answer[:1] != b"\x20" or answer[3:4] != b"\x00":
        raise RuntimeError(f"the broker refused the publisher: {answer.hex()}")
    return link


class Sender:
    """Sends numbered messages; ``acknowledged`` holds the count of PUBACKs, which mosquitto sends in order."""

    def __init__(self, port: int, *, client_id: str) -> None:
        self._link = connect(port, client_id)
        self.acknowledged = 0
        self.sent = 0
        self._room = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        rest = b""
        while True:
            try:
                data = self._link.recv(65536)
            except OSError:
                return
            if not data:
                return
            rest += data
            whole = len(rest) // 4 * 4
            if rest[0:whole:4].strip(b"\x40"):
                raise RuntimeError("the broker sent the publisher something other than acknowledgements")
            rest = rest[whole:]
            with self._room:
                self.acknowledged += whole // 4
                self._room.notify()

    def send(self, blocks: Iterable[bytes], each: int, *, window: int, rate: float, stop: threading.Event) -> None:
        """Send ``blocks`` of ``each`` messages, at most ``window`` unacknowledged, at most ``rate`` a second."""
        began = time.monotonic()
        for number, block in enumerate(blocks):
            if stop.is_set():
                return
            if window:
                with self._room:
                    while self.sent - self.acknowledged > window and not stop.is_set():
                        self._room.wait(0.1)
            if rate and (ahead := number * each / rate - (time.monotonic() - began)) > 0:
                time.sleep(ahead)
            self._link.sendall(block)
            self.sent += each

    def wait(self, timeout: float) -> None:
        """Until all is acknowledged or ``timeout`` seconds are over."""
        with self._room:
            self._room.wait_for(lambda: self.acknowledged >= self.sent, timeout)

    def close(self) -> None:
        """Leave properly."""
        self._link.sendall(b"\xe0\x00")
        self._link.close()


def blocks(first: int, count: int, *, clockless_half: bool = False) -> Iterator[bytes]:
    """Messages ``first`` to ``first + count``, ``BLOCK`` at a time."""
    for start in range(first, first + count, BLOCK):
        yield b"".join(
            packet(i, (i - first) % 65_000 + 1, clock=not (clockless_half and i % 2))
            for i in range(start, min(start + BLOCK, first + count))
        )


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--window", type=int, default=4_000)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--clockless-half", action="store_true")
    options = parser.parse_args()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    ready: Iterable[bytes] = blocks(options.first, options.count, clockless_half=options.clockless_half)
    if not options.rate:
        ready = list(ready)
    sender = Sender(options.port, client_id=f"bench-{options.first}")
    print("ready", flush=True)
    input()
    began = time.monotonic()
    sender.send(ready, BLOCK, window=options.window, rate=options.rate, stop=stop)
    sender.wait(30)
    spent = time.monotonic() - began
    print(json.dumps({"sent": sender.sent, "acknowledged": sender.acknowledged, "seconds": spent}), flush=True)
    sender.close()


if __name__ == "__main__":
    _main()
