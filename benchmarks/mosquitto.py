"""A real mosquitto for measurements and tests: the shipped configuration on a free port and its own folder."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from ingest.broker import mosquitto_program

SHIPPED = Path(__file__).parents[1] / "deploy" / "mosquitto.conf"


class MosquittoMissing(RuntimeError):
    """The Debian package ``mosquitto`` is not installed; ``apt install mosquitto`` brings it."""


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """``deploy/mosquitto.conf`` with port and folder exchanged; ``extra`` lines are appended.

    ``listener``: what stands in place of the shipped listener, ``{port}`` filled in.
    """

    def __init__(
        self, folder: Path, *, extra: str = "", listener: str = "listener {port} 127.0.0.1", anonymous: bool = True
    ) -> None:
        program = mosquitto_program()
        if program is None:
            raise MosquittoMissing(MosquittoMissing.__doc__)
        self.port = free_port()
        self._program, self._folder = program, folder
        (folder / "store").mkdir(parents=True, exist_ok=True)
        text = SHIPPED.read_text(encoding="utf-8")
        text, listeners = re.subn(r"(?m)^listener .*$", listener.format(port=self.port), text)
        text, stores = re.subn(r"(?m)^persistence_location .*$", f"persistence_location {folder / 'store'}/", text)
        if (listeners, stores) != (1, 1):
            raise ValueError("deploy/mosquitto.conf must have one listener and one persistence_location")
        if not anonymous:
            text = text.replace("\nallow_anonymous true\n", "\nallow_anonymous false\n")
        user = "user root\n" if os.geteuid() == 0 else ""
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"{text}\n{user}{extra}", encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Mosquitto:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("mosquitto is not running")
        return self._process.pid

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Return when it accepts connections."""
        log = (self._folder / "mosquitto.log").open("ab")
        with log:
            self._process = subprocess.Popen([self._program, "-c", str(self._config)], stdout=log, stderr=log)
        until = time.monotonic() + 10
        while True:
            if self._process.poll() is not None or time.monotonic() > until:
                said = (self._folder / "mosquitto.log").read_text(errors="replace")
                raise RuntimeError(f"mosquitto did not start: {said}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=0.2).close()
                return
            except OSError:
                time.sleep(0.02)

    def freeze(self) -> None:
        """Stop it in its tracks: sockets stay open, nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it run on."""
        os.kill(self.pid, signal.SIGCONT)

    def stop(self, *, kill: bool = False) -> None:
        """End it: properly, so that it saves its queues, or with SIGKILL."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        process.wait(30)
