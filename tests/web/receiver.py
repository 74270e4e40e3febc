"""A receiver of notifications on a real socket that fails in every way a receiver can, when it is told to."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

OK = b'{"errcode":0,"errmsg":"ok"}'


@dataclass(frozen=True)
class Request:
    """What arrived: path with query, headers by lower-case name, body."""

    path: str
    headers: dict[str, str]
    body: bytes


Behaviour = Callable[["Receiver", socket.socket, Request], None]


def answer(status: int = 200, body: bytes = OK, **headers: str) -> Behaviour:
    """Say this and close."""

    def act(_receiver: Receiver, connection: socket.socket, _request: Request) -> None:
        lines = [f"HTTP/1.1 {status} said", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return act


def errcode(code: int) -> Behaviour:
    """A robot's no: HTTP 200 and a code, with words that hold more than they should."""
    return answer(body=f'{{"errcode":{code},"errmsg":"no: key=very-secret-key from ip 203.0.113.7"}}'.encode())


def raw(sent: bytes) -> Behaviour:
    """Send these bytes and close, whatever they are."""
    return lambda _receiver, connection, _request: connection.sendall(sent)


def hang(receiver: Receiver, _connection: socket.socket, _request: Request) -> None:
    """Say nothing until the test ends."""
    receiver.ended.wait(30)


def drip(receiver: Receiver, connection: socket.socket, _request: Request) -> None:
    """A byte now and then, so that no single read ever waits long."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    with contextlib.suppress(OSError):
        while not receiver.ended.wait(0.05):
            connection.sendall(b"x")


def endless(receiver: Receiver, connection: socket.socket, _request: Request) -> None:
    """A body without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n")
    with contextlib.suppress(OSError):
        while not receiver.ended.is_set():
            connection.sendall(b"x" * 65536)


DIES = raw(b'HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n{"errco')


@dataclass
class Receiver:
    """``then`` holds what is done with the next requests; after them everything is answered with ``usual``."""

    usual: Behaviour = field(default_factory=answer)
    then: deque[Behaviour] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    tls: ssl.SSLContext | None = None
    _listener: socket.socket | None = None

    @property
    def url(self) -> str:
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}/hook?key=very-secret-key&access_token=very-secret-key"

    def start(self) -> None:
        """Listen; the second time on the same port."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as closing:
            closing.enter_context(connection)
            if self.tls is not None:
                connection = closing.enter_context(self.tls.wrap_socket(connection, server_side=True))
            request = read_request(connection)
            self.requests.append(request)
            behaviour = self.then.popleft() if self.then else self.usual
            behaviour(self, connection, request)


def read_request(connection: socket.socket) -> Request:
    """One whole request."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            raise OSError("the sender went away")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    while len(body) < int(headers.get("content-length", 0)):
        if not (more := connection.recv(65536)):
            raise OSError("the sender went away")
        body += more
    return Request(first.split(" ")[1], headers, body)


def receivers() -> Iterator[Callable[..., Receiver]]:
    """``receiver()`` starts one; all are ended at the end of the test."""
    started: list[Receiver] = []

    def start(**how: object) -> Receiver:
        one = Receiver(**how)
        one.start()
        started.append(one)
        return one

    yield start
    for one in started:
        one.ended.set()
        one.stop()
