"""One HTTP POST, and nothing a receiver does can hold it up, lead it elsewhere or fill the memory.

The standard library's client and not ``requests``: it follows no redirect, takes no proxy and no password from the
environment, and gives the socket into our hands, so that the whole exchange has one deadline (a receiver that sends
a byte a second never runs into a timeout for each read) and can be broken off when the program ends.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cockpit.outlets.faults import NotTold

ANSWER_BYTES = 16 * 1024
"""No robot answers more; the rest of a longer answer is not read."""


@dataclass(frozen=True)
class Answer:
    """Status, the beginning of the body, and the headers we know of."""

    status: int
    body: bytes = field(repr=False)
    retry_after: str = ""


class Poster:
    """Posts to one address. ``ca_file`` adds a certificate authority of one's own; certificates are always checked."""

    def __init__(self, url: str, *, timeout_s: float, ca_file: str = "") -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._tls = _context(ca_file) if parts.scheme == "https" else None
        self._timeout = timeout_s
        self._lock = threading.Lock()
        self._open: http.client.HTTPConnection | None = None
        self._ended = False

    def post(self, body: bytes, headers: Mapping[str, str], *, more_query: str = "") -> Answer:
        """The answer, whatever its status. ``more_query`` is added to the address. Raises `NotTold` when none came."""
        with self._connection() as (connection, late):
            try:
                connection.connect()
                if late():
                    raise TimeoutError
                path = self._path + (("&" if "?" in self._path else "?") + more_query if more_query else "")
                connection.request("POST", path, body, {"User-Agent": "cim-cockpit", "Connection": "close", **headers})
                reply = connection.getresponse()
                said = reply.read(ANSWER_BYTES)
                # The client takes the end of a connection for the end of headers or of a body.
                if late() or (reply.length and len(said) < ANSWER_BYTES):
                    raise ConnectionError
                return Answer(reply.status, said, reply.headers.get("Retry-After", ""))
            except ssl.SSLCertVerificationError as error:
                raise NotTold("certificate", reason=error.verify_message) from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                # ValueError: a socket that was closed under a read that waits
                # each read has the same limit as the whole, so that either may find it passed
                passed = late() or isinstance(error, TimeoutError)
                raise (NotTold("late", seconds=f"{self._timeout:g}") if passed else _not_told(error)) from None

    def end(self) -> None:
        """Break off what is under way; later posts are not begun."""
        with self._lock:
            self._ended = True
            _shut(self._open)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[tuple[http.client.HTTPConnection, Callable[[], bool]]]:
        """A connection with a deadline, and whether that has passed."""
        connection = (
            http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
            if self._tls is None
            else http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._tls)
        )
        passed = threading.Event()

        def too_late() -> None:
            passed.set()
            _shut(connection)

        with self._lock:
            if self._ended:
                raise NotTold("ending")
            self._open = connection
        watch = threading.Timer(self._timeout, too_late)
        watch.daemon = True
        watch.start()
        try:
            yield connection, passed.is_set
        finally:
            watch.cancel()
            with self._lock:
                self._open = None
            connection.close()


def _context(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def _shut(connection: http.client.HTTPConnection | None) -> None:
    """End a connection from another thread; whoever reads from it gets an end or an error."""
    plain: socket.socket | None = getattr(connection, "sock", None)
    if plain is not None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(plain, socket.SHUT_RDWR)


def _not_told(error: Exception) -> NotTold:
    if isinstance(error, ConnectionRefusedError):
        return NotTold("refused")
    if isinstance(error, socket.gaierror):
        return NotTold("no_such_name")
    if isinstance(error, ssl.SSLError):
        return NotTold("tls", reason=error.reason)
    if isinstance(error, ConnectionError):
        return NotTold("broke_off")
    return NotTold("system", reason=error.strerror) if isinstance(error, OSError) else NotTold("not_http")
