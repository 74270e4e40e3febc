"""The broker of the one-command start: a child process on the loopback address, gone with its parent.

``iotcore`` (rumqttd in a wheel) needs no installation. Measured limits: 100 unacknowledged messages per
subscriber (some 4,000 msg/s through the whole pipeline), nothing survives its end, redelivered messages lack the
DUP flag. A real neighbourhood uses a real broker by URL; where a ``mosquitto`` program is preferred or iotcore is
missing, that is started instead, with its store in the data folder.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from ingest.url import BrokerError, BrokerUrl

log = logging.getLogger("cim.broker")

HOST = "127.0.0.1"
MAX_MESSAGE_BYTES = 1 << 20
START_S = 10.0
WATCH_S = 0.5

# rumqttd keeps a log per subscribed filter in memory: 12 segments of 8 MiB hold some 600,000 short messages.
_IOTCORE = """\
id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = {segment}
max_segment_count = 12
[v4.1]
name = "v4"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[v4.1.connections]
connection_timeout_ms = 60000
max_payload_size = {largest}
max_inflight_count = 100
dynamic_filters = false
"""

_MOSQUITTO = """\
listener {port} {host}
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 60
max_queued_messages 0
max_queued_bytes 1073741824
max_inflight_messages 60000
max_packet_size {largest}
set_tcp_nodelay true
log_type error
log_type warning
"""

# The pipe on standard input closes when the parent is gone, however it went; then the broker is ended.
_UNTIL_PARENT_ENDS = (
    'exec 3<&0; "$@" </dev/null & broker=$!; (read _ <&3; kill $broker) & watch=$!; '
    "wait $broker; code=$?; kill $watch 2>/dev/null; exit $code"
)


class EmbeddedBroker:
    """Starts the broker, starts it again when it dies, ends it. ``program``: ``iotcore``, ``mosquitto``, ``auto``.

    ``v5`` and ``again_window`` are what a ``Source`` must know to use it.
    """

    def __init__(self, port: int, *, folder: Path | None = None, program: str = "auto") -> None:
        if program not in ("auto", "iotcore", "mosquitto"):
            raise ValueError(f"broker program is {program!r}; expected auto, iotcore or mosquitto")
        if program == "auto":
            program = "iotcore" if importlib.util.find_spec("iotcore") else "mosquitto"
        self.program = program
        self.url = BrokerUrl(host=HOST, port=port)
        self.v5 = program == "mosquitto"
        self.again_window = 100 if program == "iotcore" else 0
        self._folder = folder
        self._own_folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None
        self._stopping = threading.Event()
        self.restarts = 0

    def __enter__(self) -> EmbeddedBroker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Return when it listens. Raises ``BrokerError`` with one sentence when it cannot."""
        if not _port_is_free(self.url.port):
            raise BrokerError(
                f"端口 {self.url.port} 已被另一个程序占用；请停止那个程序，或用 --broker-port 另选端口",
                f"Port {self.url.port} is already used by another program; "
                "stop that program or choose another port with --broker-port.",
            )
        command = self._command()
        self._launch(command)
        self._watcher = threading.Thread(target=self._watch, args=(command,), name="broker-watch", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """End the broker and release its port. Safe to call twice."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join(START_S)
            self._watcher = None
        self._end()
        if self._own_folder is not None:
            self._own_folder.cleanup()
            self._own_folder = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _command(self) -> list[str]:
        if self._folder is None:
            self._own_folder = tempfile.TemporaryDirectory(prefix="cim-broker-")
            folder = Path(self._own_folder.name)
        else:
            folder = self._folder / "broker"
            folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        config = folder / ("iotcore.toml" if self.program == "iotcore" else "mosquitto.conf")
        text = _IOTCORE if self.program == "iotcore" else _MOSQUITTO
        config.write_text(
            text.format(
                host=HOST, port=self.url.port, folder=folder, largest=MAX_MESSAGE_BYTES, segment=8 << 20
            ),
            encoding="utf-8",
        )
        if self.program == "iotcore":
            serve = "import sys, iotcore; iotcore.IotCoreBroker(config_path=sys.argv[1]).run_forever()"
            return [sys.executable, "-P", "-c", serve, str(config)]
        found = mosquitto_program()
        if found is None:
            raise BrokerError(
                "没有可启动的消息服务器：iotcore 和 mosquitto 都没有安装；请安装 mosquitto，"
                "或用 --broker mqtt://host:1883 指定一个",
                "There is no broker to start: neither iotcore nor mosquitto is installed; "
                "install mosquitto or name a broker with --broker mqtt://host:1883.",
            )
        if os.geteuid() == 0:
            # mosquitto gives up root for a user that may not enter our folder.
            config.write_text(config.read_text(encoding="utf-8") + "user root\n", encoding="utf-8")
        return [found, "-c", str(config)]

    def _launch(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _UNTIL_PARENT_ENDS, "sh", *command],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl+C is for us: the broker goes last, when all is committed and acknowledged
        )  # fmt: skip
        until = time.monotonic() + START_S
        while time.monotonic() < until and not self._stopping.is_set():
            if self._process.poll() is not None:
                code = self._process.returncode
                self._end()
                raise BrokerError(
                    f"内置消息服务器（{self.program}）一启动就退出，代码 {code}；"
                    "请用 --broker mqtt://host:1883 另指定一个",
                    f"The embedded broker ({self.program}) ended at once with code {code}; "
                    "name another broker with --broker mqtt://host:1883.",
                )
            if _answers(self.url.port):
                return
            self._stopping.wait(0.02)
        self._end()
        if not self._stopping.is_set():
            raise BrokerError(
                f"内置消息服务器（{self.program}）在 {START_S:g} 秒内没有开始监听；机器太忙时请再试",
                f"The embedded broker ({self.program}) did not listen within {START_S:g} s; if it is busy, try again.",
            )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)

    def _watch(self, command: list[str]) -> None:
        """Start the broker again when it died; said once per death."""
        while not self._stopping.wait(WATCH_S):
            if self.is_running:
                continue
            code = self._process.returncode if self._process else None
            log.warning("the embedded broker ended (code %s); starting it again", code)
            self._end()
            try:
                self._launch(command)
                self.restarts += 1
            except BrokerError as error:
                log.warning("%s", error)


def mosquitto_program() -> str | None:
    """Where a mosquitto broker is installed; Debian keeps it out of ordinary users' PATH."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=0.2):
            return True
    except OSError:
        return False
