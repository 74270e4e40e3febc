"""How the server takes connections: heads must come in time, forwarded addresses only from a declared proxy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cockpit import tls
from cockpit.bounds import LARGEST_HEAD, LONGEST_ADDRESS
from cockpit.settings import Settings

HEAD_SECONDS = 10.0


class Patient(HttpToolsProtocol):
    """Closes a connection whose request line and headers do not come in time, or never end (slowloris).

    uvicorn itself waits for ever, and its parser takes headers of any length into memory.
    """

    head_seconds = HEAD_SECONDS
    _overdue: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is due."""
        super().connection_made(transport)
        self._expect()

    def on_message_begin(self) -> None:
        """A head has begun."""
        self._head_bytes = 0
        if self._overdue is None:
            self._expect()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._count(name + value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is here."""
        self._cancel()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due."""
        self._cancel()
        super().connection_lost(exc)

    def _count(self, piece: bytes) -> None:
        self._head_bytes += len(piece)
        if self._head_bytes > 2 * (LARGEST_HEAD + LONGEST_ADDRESS):
            self._give_up()  # what is only somewhat too long is answered with words (cockpit.bounds)

    def _expect(self) -> None:
        self._overdue = self.loop.call_later(self.head_seconds, self._give_up)

    def _give_up(self) -> None:
        self._cancel()
        if not self.transport.is_closing():
            self.transport.close()

    def _cancel(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None


def config(app: Any, settings: Settings, clock: Callable[[], datetime], **more: Any) -> uvicorn.Config:
    """uvicorn's options for these settings. Raises `cockpit.tls.TlsError` for files HTTPS cannot be spoken with."""
    secure = tls.context(settings.tls_certificate, settings.tls_key, clock)
    made = uvicorn.Config(
        app, log_config=None, log_level="warning", access_log=False, ws="none", http=Patient, server_header=False,
        # X-Forwarded-For and -Proto count only from here; uvicorn itself would believe anybody on this machine
        proxy_headers=bool(settings.proxies), forwarded_allow_ips=settings.proxies or None,
        **more,
    )  # fmt: skip
    if secure is not None:
        made.load()
        made.ssl = secure
    return made
