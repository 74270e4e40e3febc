"""The signature of a report: Ed25519 over the bytes of its manifest. What it says is in docs/decisions/0026."""

from __future__ import annotations

import base64
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from cockpit.disk_words import why
from cockpit.kept_file import write_private
from cockpit.reports.kinds import refused

FILE_NAME = "report.key"


class Signer:
    """The key of one data folder."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def of(cls, folder: Path | None) -> Signer:
        """The key of a data folder, made at its first use for its owner only; without a folder it ends with us."""
        if folder is None:
            return cls(Ed25519PrivateKey.generate())
        path = folder / FILE_NAME
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            made = Ed25519PrivateKey.generate()
            pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            try:
                write_private(path, pem.decode("ascii"))
            except OSError as error:
                raise refused("unwritten", folder=folder, reason=why(error)) from error
        try:
            key = load_pem_private_key(path.read_bytes(), None)
        except (ValueError, TypeError) as error:
            raise refused("key", path=path) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise refused("key", path=path)
        return cls(key)

    @property
    def public(self) -> str:
        """The public key: base64 of its 32 bytes."""
        return base64.b64encode(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode("ascii")

    @property
    def public_pem(self) -> str:
        """The public key as other programs read it (``openssl pkeyutl -verify -rawin``)."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")

    def sign(self, data: bytes) -> bytes:
        """64 bytes; the same data and key give the same signature."""
        return self._key.sign(data)


def is_signed(public: str, signature: bytes, data: bytes) -> bool:
    """Whether the holder of the public key's other half signed just these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True)).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
