"""How the server takes connections: heads must come in time, forwarded addresses only from a declared proxy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from cockpit import tls
from cockpit.bounds import LARGEST_HEAD
from cockpit.settings import Settings

HEAD_SECONDS = 10.0


class Patient(H11Protocol):
    """Closes a connection whose request line and headers do not come in time (slowloris); uvicorn waits for ever."""

    head_seconds = HEAD_SECONDS
    _overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is due."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """A head that is complete is not due any more; one that has begun is."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._cancel()
        elif self._overdue is None and self.conn.trailing_data[0]:
            self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due."""
        self._cancel()
        super().connection_lost(exc)

    def _expect(self) -> None:
        self._overdue = self.loop.call_later(self.head_seconds, self._give_up)

    def _give_up(self) -> None:
        self._overdue = None
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
        h11_max_incomplete_event_size=2 * LARGEST_HEAD, **more,
    )  # fmt: skip
    if secure is not None:
        made.load()
        made.ssl = secure
    return made
