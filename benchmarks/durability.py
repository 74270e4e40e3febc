"""The process that stores is killed with SIGKILL at random moments while 5,000 messages a second come in.

Mosquitto (the shipped configuration) and the publisher live on; the server process (twin, pump, source on one
data folder) is killed and started again at once. Every other message carries no clock of its own, so both ways to
recognise a redelivery are tried. Acknowledged is what the broker acknowledged to the publisher: every one of those
must be in the twin exactly once at the end.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ingest import ROOT, go, open_twin, publisher, result, stored_numbers
from benchmarks.mosquitto import Mosquitto
from ingest.service import BrokerSettings, MqttIngest

RATE = 5_000
MOST = 100_000_000
"""The publisher is stopped after the last kill, not by running out of messages."""
CLIENT_ID = "bench-durability"


def main(quick: bool) -> dict[str, Any]:
    """20 kills; ``quick``: 8, closer together."""
    return run(kills=8, alive_s=(0.3, 1.2)) if quick else run(kills=20, alive_s=(0.3, 2.5))


def run(*, kills: int, alive_s: tuple[float, float]) -> dict[str, Any]:
    """``alive_s``: the shortest and longest time in seconds the process lives until it is killed."""
    chance = random.Random()
    with tempfile.TemporaryDirectory(prefix="cim-durability-") as name:
        folder = Path(name)
        open_twin(folder / "twin.duckdb").close()
        with Mosquitto(folder) as broker:
            options = ("--rate", str(RATE), "--window", "0", "--clockless-half")
            with publisher(broker.port, 0, MOST, *options) as sender:
                server = _server(folder, broker.port)
                go(sender)
                began = time.monotonic()
                for _ in range(kills):
                    time.sleep(chance.uniform(*alive_s))
                    server.send_signal(signal.SIGKILL)
                    server.communicate()
                    server = _server(folder, broker.port)
                sender.send_signal(signal.SIGTERM)
                told = result(sender)
                spent = time.monotonic() - began
                last = _finish(server)
        numbers = stored_numbers(folder / "twin.duckdb")
    distinct = np.unique(numbers)
    acknowledged = int(told["acknowledged"])
    return {
        "bench": "durability",
        "kills": kills,
        "acknowledged": acknowledged,
        "lost": acknowledged - int(np.count_nonzero(distinct < acknowledged)),
        "doubled": len(numbers) - len(distinct),
        "sent": told["sent"],
        "msgs_s": round(told["sent"] / spent),
        "recognised_after_last_kill": last["duplicates"] + last["duplicate_readings"],
    }


def _server(folder: Path, port: int) -> subprocess.Popen[str]:
    """The server process, returned when it is connected and pumping."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.durability", str(folder), str(port)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    if server.stdout.readline().strip() != "ready":
        raise RuntimeError("the server process did not start")
    return server


def _finish(server: subprocess.Popen[str]) -> dict[str, Any]:
    """Let the last server take what the broker still holds and leave properly; its counts."""
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write("finish\n")
    server.stdin.flush()
    counts: dict[str, Any] = json.loads(server.stdout.readline())
    server.communicate(timeout=20)
    return counts


def _serve(folder: Path, port: int) -> None:
    """The process that is killed."""
    twin = open_twin(folder / "twin.duckdb")
    ingest = MqttIngest(twin, BrokerSettings(broker=f"mqtt://127.0.0.1:{port}", client_id=CLIENT_ID), folder=folder)
    ingest.start()
    print("ready", flush=True)
    sys.stdin.readline()
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 1.5:
        status = ingest.pump.status()
        if status.received != last or status.inbox_depth:
            last, since = status.received, time.monotonic()
        time.sleep(0.05)
    counts = ingest.status()
    ingest.stop()
    twin.close()
    print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
