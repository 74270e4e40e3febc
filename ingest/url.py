"""The address of a broker, as written after ``--broker``. The password never appears in text made from it."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ingest.refusals import Refusal

PLAIN_PORT, TLS_PORT = 1883, 8883


class BrokerError(Refusal):
    """The broker cannot be used; told to the person who gave its address."""


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
        ways = "mqtt://host:1883", "mqtt://user:password@host:1883", "mqtts://host:8883"
        zh, en = f"请写成 {'、'.join(ways)}", f"write {', '.join(ways[:2])} or {ways[2]}"
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise BrokerUrlError(
                f"消息服务器地址里没有可用的端口；{zh}", f"The broker address has no usable port; {en}."
            ) from None
        if parts.scheme not in ("mqtt", "mqtts"):
            raise BrokerUrlError(
                f"消息服务器地址以 {parts.scheme!r} 开头；{zh}", f"The broker address begins {parts.scheme!r}; {en}."
            )
        if not parts.hostname:
            raise BrokerUrlError(f"消息服务器地址里没有主机；{zh}", f"The broker address names no host; {en}.")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise BrokerUrlError(
                f"消息服务器地址的端口后面还有内容；{zh}（口令里的 / 写成 %2F，? 写成 %3F，# 写成 %23，@ 写成 %40）",
                f"The broker address has something after the port; {en} "
                "(in a password write / as %2F, ? as %3F, # as %23, @ as %40).",
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
            raise BrokerError(
                f"给了 CA 证书文件，但 {url} 不加密；请写成 mqtts://",
                f"A CA file is given but {url} is not encrypted; write mqtts:// there.",
            )
        return None
    try:
        return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except OSError as error:
        raise BrokerError(
            f"CA 证书文件 {ca_file} 用不了（{error}）；应为 PEM 文件",
            f"The CA file {ca_file} cannot be used ({error}); give a PEM file.",
        ) from error


def connect_error(url: BrokerUrl, error: OSError) -> BrokerError:
    """What a failed connect means."""
    place = url.place
    if isinstance(error, ssl.SSLCertVerificationError):
        return BrokerRefusedError(
            f"消息服务器 {place} 的证书不受信任（{error.verify_message}）；请在设置 broker_ca 里写明它的 CA 证书文件",
            f"The certificate of the broker at {place} is not trusted ({error.verify_message}); "
            "name its CA certificate file in the settings.",
        )
    if isinstance(error, ssl.SSLError):
        return BrokerRefusedError(
            f"消息服务器 {place} 在这个端口不用 TLS（{error.reason}）；请试 mqtt://",
            f"The broker at {place} does not speak TLS on this port ({error.reason}); try mqtt://.",
        )
    if isinstance(error, socket.gaierror):
        return BrokerUnreachableError(
            f"查不到消息服务器的主机名 {url.host!r}；请检查拼写和域名解析",
            f"The host name {url.host!r} of the broker is not known; check its spelling and the name server.",
        )
    if isinstance(error, ConnectionRefusedError):
        return BrokerUnreachableError(
            f"{place} 上没有消息服务器在监听；请启动它，或改正地址",
            f"No broker listens at {place}; start it or correct the address.",
        )
    if isinstance(error, TimeoutError):
        return BrokerUnreachableError(
            f"消息服务器 {place} 没有应答；请检查它是否在运行、网络是否通",
            f"The broker at {place} does not answer; check whether it runs and the network between.",
        )
    why = error.strerror or error
    return BrokerUnreachableError(
        f"连不上消息服务器 {place}（{why}）；请检查地址和网络",
        f"The broker at {place} cannot be reached ({why}); check the address and the network.",
    )


def reach(url: BrokerUrl, *, timeout: float) -> None:
    """Raise ``BrokerUnreachableError`` when nothing listens there, before anything that takes long is begun.

    Whether it is a broker, and lets us in, only the login tells.
    """
    try:
        socket.create_connection((url.host, url.port), timeout).close()
    except OSError as error:
        raise connect_error(url, error) from error
