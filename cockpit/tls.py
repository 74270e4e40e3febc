"""HTTPS by settings: a certificate and its key, checked before they are used and read again when they were renewed.

Each new connection looks whether the files changed; a renewed pair is used from then on without a restart. A pair that
cannot be used leaves the one in use in place, and the log says what is wrong with it.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

log = logging.getLogger(__name__)

SOON = timedelta(days=14)


class TlsError(Exception):
    """A certificate or key that cannot be used; the sentence names the file and what to do."""


def end_of(certificate: Path, key: Path, at: datetime) -> datetime:
    """Until when the pair is good. Raises `TlsError` for one that is not good at ``at``."""
    try:
        leaf = x509.load_pem_x509_certificates(_read(certificate, "certificate"))[0]
    except ValueError as error:
        raise TlsError(f"{certificate}: no certificate in PEM form (-----BEGIN CERTIFICATE-----): {error}") from error
    try:
        private = serialization.load_pem_private_key(_read(key, "key"), None)
    except (ValueError, TypeError) as error:
        raise TlsError(f"{key}: no private key in PEM form without a password: {error}") from error
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if leaf.public_key().public_bytes(*form) != private.public_key().public_bytes(*form):
        raise TlsError(f"{key} is not the key of {certificate}; name the two files that were made together")
    begins, ends = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    if at >= ends:
        raise TlsError(f"{certificate} expired on {ends:%Y-%m-%d %H:%M} UTC; renew it")
    if at < begins:
        raise TlsError(f"{certificate} is good from {begins:%Y-%m-%d %H:%M} UTC on; is this machine's clock right?")
    return ends


def state_of(certificate: str, key: str, at: datetime) -> tuple[bool, str]:
    """For `doctor`: whether HTTPS is as it should be, and in words."""
    if not certificate and not key:
        return True, "HTTPS is not set (tls_certificate, tls_key)"
    try:
        ends = end_of(*_both(certificate, key), at)
    except TlsError as error:
        return False, str(error)
    return ends - at > SOON, f"the certificate is good until {ends:%Y-%m-%d}"


def context(certificate: str, key: str, clock: Callable[[], datetime]) -> ssl.SSLContext | None:
    """What the server speaks HTTPS with; None where neither file is set. Raises `TlsError`."""
    if not certificate and not key:
        return None
    return _Renewed(*_both(certificate, key), clock).outer


def _both(certificate: str, key: str) -> tuple[Path, Path]:
    if not certificate or not key:
        missing = "tls_key" if certificate else "tls_certificate"
        raise TlsError(f"the setting {missing} is missing; HTTPS needs a certificate and its key")
    return Path(certificate), Path(key)


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        said = f"{path}: the {what} cannot be read ({error.strerror}); give its path, and us the right to read it"
        raise TlsError(said) from error


class _Renewed:
    def __init__(self, certificate: Path, key: Path, clock: Callable[[], datetime]) -> None:
        self._files, self._clock = (certificate, key), clock
        self._seen = self._stamp()
        self._used = self._load()
        self.outer = self._load()
        self.outer.sni_callback = self._chosen

    def _load(self) -> ssl.SSLContext:
        end_of(*self._files, self._clock())
        made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.set_alpn_protocols(["http/1.1"])
        try:
            made.load_cert_chain(*self._files)
        except (ssl.SSLError, OSError) as error:
            raise TlsError(f"{self._files[0]} with {self._files[1]}: {error}") from error
        return made

    def _stamp(self) -> tuple[Any, ...]:
        try:
            return tuple((s.st_mtime_ns, s.st_size, s.st_ino) for s in (p.stat() for p in self._files))
        except OSError:
            return ()

    def _chosen(self, connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _of: ssl.SSLContext) -> None:
        """Called by the library for each connection, before the certificate is sent."""
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            try:
                self._used = self._load()
                log.info("the certificate was renewed")
            except TlsError as error:
                log.error("the renewed certificate is not used: %s", error)
        connection.context = self._used
