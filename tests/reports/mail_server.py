"""A real mail server in this process, and a certificate authority of one's own to issue its certificate."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "cim", "a-password-of-the-mailbox"


@dataclass
class Box:
    """What arrived."""

    port: int = 0
    letters: list[bytes] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address in self.refuses:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope: Envelope) -> str:
        self.letters.append(envelope.content)
        return "250 OK"

    def __call__(self, _server, _session, _envelope, _mechanism, data: LoginPassword) -> AuthResult:
        """Who signs in."""
        self.signed_in.append(data.login.decode())
        return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)


class AnyPort(Controller):
    """Listens on a port the system chooses."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        socket.create_connection(("127.0.0.1", self.port)).close()  # aiosmtpd's own try waits a second where TLS is


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None, *, starttls: ssl.SSLContext | None = None) -> Iterator[Box]:
    """Over TLS from the first byte, by STARTTLS and then only so, or plain."""
    box = Box()
    controller = AnyPort(
        box, hostname="127.0.0.1", port=0, ssl_context=tls, tls_context=starttls, require_starttls=starttls is not None,
        authenticator=box, auth_require_tls=tls is None,
    )  # fmt: skip
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()


class Authority:
    """Issues certificates for addresses; ``file`` is what a client is to trust."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        own = self._begun(self._name, self._key).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        self.file = folder / f"{name}.crt"
        self.file.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def server(self, address: str = "127.0.0.1", days: int = 30) -> ssl.SSLContext:
        """For a server at this address; with negative days it has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
        named = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        issued = self._begun(who, key, days).add_extension(named, False).sign(self._key, hashes.SHA256())
        path = self._folder / f"mail_{address}_{days}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + issued.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _begun(self, who: x509.Name, key: ec.EllipticCurvePrivateKey, days: int = 30) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder().subject_name(who).issuer_name(self._name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
        )  # fmt: skip
