"""Session cookies: signed, not stored, so that a screen outlives a restart of the server.

A session of an account ends by itself: after a while without anybody there, and after some hours in any case. What a
page asks by itself every second is nobody there; opening a page is, and the page's own word that somebody moved
(``/session/active``). A session of a token or of this machine lasts for 30 days: screens must not end mid-show.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from starlette.requests import Request

from cockpit.kept_file import write_private
from cockpit.tokens import Grant

COOKIE = "cim_session"
SESSION_SECONDS = 30 * 24 * 3600
_ENDED = "sessions_ended.json"


@dataclass(frozen=True)
class Claim:
    """What a cookie says. ``stamp``: of the account when it was opened; ``seen``: when somebody was last there."""

    subject: str
    stamp: str
    session: str
    issued: int
    seen: int

    @property
    def is_account(self) -> bool:
        """A person's, not a token's."""
        return bool(self.stamp)


@dataclass
class Sessions:
    """Signed session cookies of one data folder. Lengths in seconds."""

    key: bytes
    folder: Path | None = None
    idle: int = 30 * 60
    life: int = 12 * 3600
    _lock: Lock = field(default_factory=Lock)
    _ended: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path | None, idle: int = 30 * 60, life: int = 12 * 3600) -> Sessions:
        """The sessions of a data folder, making its key the first time; without a folder they end with us."""
        if folder is None:
            return cls(secrets.token_bytes(32), None, idle, life)
        path = folder / "session.key"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_private(path, secrets.token_hex(32))
        made = cls(bytes.fromhex(path.read_text(encoding="ascii")), folder, idle, life)
        if (ended := folder / _ENDED).exists():
            made._ended = {str(k): int(v) for k, v in json.loads(ended.read_text(encoding="ascii")).items()}
        return made

    def open(self, grant: Grant, now: float, stamp: str = "") -> str:
        """A cookie value that speaks for ``grant``."""
        return self._said(Claim(grant.grant_id, stamp, secrets.token_hex(8), int(now), int(now)))

    def renewed(self, claim: Claim, now: float) -> str:
        """The same session, with somebody there now."""
        return self._said(replace(claim, seen=int(now)))

    def read(self, cookie: str, now: float) -> Claim | None:
        """What a cookie says, None when it is forged or over."""
        said, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(said).encode()):
            return None
        parts = said.split(".")
        if len(parts) != 5:
            return None
        claim = Claim(parts[0], parts[1], parts[2], int(parts[3]), int(parts[4]))
        if claim.session in self._ended or now >= claim.issued + (self.life if claim.is_account else SESSION_SECONDS):
            return None
        return None if claim.is_account and now >= claim.seen + self.idle else claim

    def end(self, claim: Claim) -> None:
        """This session is over, also for whoever copied its cookie; remembered until it would have ended by itself."""
        with self._lock:
            until = claim.issued + (self.life if claim.is_account else SESSION_SECONDS)
            self._ended = {k: v for k, v in self._ended.items() if v > claim.seen} | {claim.session: until}
            if self.folder is not None:
                write_private(self.folder / _ENDED, json.dumps(self._ended))

    def _said(self, claim: Claim) -> str:
        said = f"{claim.subject}.{claim.stamp}.{claim.session}.{claim.issued}.{claim.seen}"
        return f"{said}.{self._sign(said)}"

    def _sign(self, said: str) -> str:
        digest = hmac.new(self.key, said.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def cookie_of(value: str, secure: bool) -> str:
    """The head that sets it: for this server only, not readable by scripts."""
    end = "; Secure" if secure else ""
    return f"{name_of(secure)}={value}; Path=/; Max-Age={SESSION_SECONDS}; HttpOnly; SameSite=Strict{end}"


def gone(secure: bool) -> str:
    """The head that takes it away."""
    end = "; Secure" if secure else ""
    return f"{name_of(secure)}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict{end}"


def name_of(secure: bool) -> str:
    """Under HTTPS a name that no other host, and no page without HTTPS, can set."""
    return f"__Host-{COOKIE}" if secure else COOKIE


def sent(request: Request) -> str:
    """The cookie a request came with, "" for none."""
    return request.cookies.get(name_of(request.url.scheme == "https"), "")
