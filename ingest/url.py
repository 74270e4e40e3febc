"""The address of a broker, as written after ``--broker``. The password never appears in text made from it."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

PLAIN_PORT, TLS_PORT = 1883, 8883


class BrokerError(RuntimeError):
    """The broker cannot be used; the text is one sentence for the person who gave its address."""


class BrokerUnreachableError(BrokerError):
    """Nothing answers at the address, or not in time."""


class BrokerRefusedError(BrokerError):
    """The broker answered and said no: login, certificate, protocol or subscription."""


class BrokerUrlError(BrokerError):
    """The broker address cannot be used; the sentence says what was expected."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerUrl:
    """Where a broker listens and who we are there. ``tls`` is true for ``mqtts://``."""

    host: str
    port: int
    tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str) -> BrokerUrl:
        """``mqtt://user:password@host:port`` or ``mqtts://…``; special characters are percent-encoded."""
        expected = "write mqtt://host:1883, mqtt://user:password@host:1883 or mqtts://host:8883"
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise BrokerUrlError(f"The broker address has no usable port; {expected}.") from None
        if parts.scheme not in ("mqtt", "mqtts"):
            raise BrokerUrlError(f"The broker address begins {parts.scheme!r}; {expected}.")
        if not parts.hostname:
            raise BrokerUrlError(f"The broker address names no host; {expected}.")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise BrokerUrlError(
                f"The broker address has something after the port; {expected} "
                "(in a password write / as %2F, ? as %3F, # as %23, @ as %40)."
            )
        tls = parts.scheme == "mqtts"
        return cls(
            host=parts.hostname, port=port or (TLS_PORT if tls else PLAIN_PORT), tls=tls,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password is not None else None,
        )  # fmt: skip

    @property
    def place(self) -> str:
        """``host:port`` for messages to people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def __str__(self) -> str:
        user = f"{self.username}@" if self.username else ""
        return f"{'mqtts' if self.tls else 'mqtt'}://{user}{self.place}"


def tls_context(url: BrokerUrl, ca_file: Path | None) -> ssl.SSLContext | None:
    """What an ``mqtts://`` address is checked with: the system's certificates or one CA file (PEM)."""
    if not url.tls:
        if ca_file is not None:
            raise BrokerError(f"A CA file is given but {url} is not encrypted; write mqtts:// there.")
        return None
    try:
        return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except OSError as error:
        raise BrokerError(f"The CA file {ca_file} cannot be used ({error}); give a PEM file.") from error


def connect_error(url: BrokerUrl, error: OSError) -> BrokerError:
    """What a failed connect means, in one sentence."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return BrokerRefusedError(
            f"The certificate of the broker at {url.place} is not trusted ({error.verify_message}); "
            "name its CA certificate file in the settings."
        )
    if isinstance(error, ssl.SSLError):
        return BrokerRefusedError(
            f"The broker at {url.place} does not speak TLS on this port ({error.reason}); try mqtt://."
        )
    if isinstance(error, socket.gaierror):
        return BrokerUnreachableError(f"The host name {url.host!r} of the broker is not known.")
    if isinstance(error, ConnectionRefusedError):
        return BrokerUnreachableError(f"No broker listens at {url.place}; start it or correct the address.")
    if isinstance(error, TimeoutError):
        return BrokerUnreachableError(f"The broker at {url.place} does not answer.")
    return BrokerUnreachableError(f"The broker at {url.place} cannot be reached ({error.strerror or error}).")


def reach(url: BrokerUrl, *, timeout: float) -> None:
    """Raise ``BrokerUnreachableError`` when nothing listens there, before anything that takes long is begun.

    Whether it is a broker, and lets us in, only the login tells.
    """
    try:
        socket.create_connection((url.host, url.port), timeout).close()
    except OSError as error:
        raise connect_error(url, error) from error
