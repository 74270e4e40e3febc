"""Single sign-on: OpenID Connect with the authorization code, PKCE, state and nonce, by authlib and joserfc.

What the provider says of somebody's role is looked up in the settings; whoever has none gets no session. The provider
is asked for its addresses and keys when somebody first comes, so that the cockpit starts without it.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import authlib.deprecate  # type: ignore[import-untyped]  # noqa: F401  # sets the filter overruled below
import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.accounts import Account, Accounts
from cockpit.settings import Settings, SettingsError
from cockpit.sign_in import BACK, SignIn, same_place
from cockpit.tokens import Role

with warnings.catch_warnings():  # authlib says of itself that it will move to httpx2
    warnings.simplefilter("ignore")
    from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]

log = logging.getLogger(__name__)

COOKIE = "cim_elsewhere"
WAITS = timedelta(minutes=10)
MOST_WAITING = 1_000
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
LEEWAY = 60


class NoRole(Exception):
    """The provider knows the person, and none of the claim's values stands for a role here."""


@dataclass(frozen=True)
class _Waiting:
    verifier: str
    nonce: str
    where: str
    lang: str
    until: datetime


class Elsewhere:
    """One provider. The state of those who went there to sign in is kept for ten minutes."""

    def __init__(self, settings: Settings, accounts: Accounts) -> None:
        self._issuer, self._client = settings.oidc_issuer, settings.oidc_client
        self._secret = _secret(settings)
        self._claim, self._roles = settings.oidc_claim, roles(settings.oidc_roles)
        self._public_url = settings.public_url
        self._accounts = accounts
        self._known: dict[str, Any] = {}
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()

    @classmethod
    def of(cls, settings: Settings, accounts: Accounts) -> Elsewhere | None:
        """The provider that is set, or None. Raises ``SettingsError`` for half of one."""
        if not settings.oidc_issuer:
            return None
        if not (settings.oidc_client and settings.oidc_roles):
            raise SettingsError("oidc_issuer is set, so oidc_client and oidc_roles must be, too")
        return cls(settings, accounts)

    async def answer(self, request: Request, sign_in: SignIn) -> Response:
        """Send somebody there, or take him in when he comes back."""
        try:
            if request.url.path != BACK:
                return await self._send(request)
            account, where = await self._back(request)
        except NoRole:
            return sign_in.page(request, HTTPStatus.FORBIDDEN, wrong="sign_in.elsewhere_no_role")
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            log.warning("single sign-on failed: %s", type(error).__name__)
            return sign_in.page(request, HTTPStatus.BAD_GATEWAY, wrong="sign_in.elsewhere_failed")
        if not account.may_sign_in:
            return sign_in.page(request, HTTPStatus.FORBIDDEN, wrong="sign_in.disabled")
        return sign_in.welcome(request, account, where, by="elsewhere")

    async def _send(self, request: Request) -> Response:
        known = await self._provider()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        async with self._talk(request) as client:
            url, _ = client.create_authorization_url(
                known["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        where = same_place(request.query_params.get("next", "/"))
        now = self._accounts.now()
        lang = request.query_params.get("lang", "")
        self._waiting[state] = _Waiting(verifier, nonce, where, lang, now + WAITS)
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
        response = RedirectResponse(url, status_code=HTTPStatus.SEE_OTHER)
        # Lax, not Strict: he comes back from the provider's site
        end = "; Secure" if request.url.scheme == "https" else ""
        response.headers.append(
            "set-cookie", f"{COOKIE}={state}; Path={BACK}; Max-Age=600; HttpOnly; SameSite=Lax{end}"
        )
        return response

    async def _back(self, request: Request) -> tuple[Account, str]:
        state = request.query_params.get("state", "")
        waiting = self._waiting.pop(state, None)
        mine = hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), state.encode())
        if waiting is None or not mine or waiting.until <= self._accounts.now():
            raise ValueError("nobody went there with this state, or too long ago")
        known = await self._provider()
        async with self._talk(request) as client:
            got = await client.fetch_token(
                known["token_endpoint"], code=request.query_params["code"], code_verifier=waiting.verifier,
                grant_type="authorization_code",
            )  # fmt: skip
        claims = self._checked(got["id_token"], waiting.nonce)
        name = str(claims.get("name") or claims.get("preferred_username") or claims["sub"])
        account = await asyncio.to_thread(
            self._accounts.from_elsewhere, self._issuer, str(claims["sub"]), name, self._role(claims)
        )
        return account, waiting.where

    def _checked(self, id_token: str, nonce: str) -> Mapping[str, Any]:
        keys = KeySet.import_key_set(self._known["keys"])
        token = jwt.decode(id_token, keys, algorithms=ALGORITHMS)
        rules = jwt.JWTClaimsRegistry(
            now=lambda: int(self._accounts.now().timestamp()), leeway=LEEWAY,
            iss={"essential": True, "value": self._issuer}, sub={"essential": True},
            aud={"essential": True, "value": self._client}, exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )  # fmt: skip
        rules.validate(token.claims)
        return dict(token.claims)

    def _role(self, claims: Mapping[str, Any]) -> Role:
        said = claims.get(self._claim) or []
        values = [said] if isinstance(said, str) else [str(value) for value in said]
        for value, role in self._roles.items():  # in the order of the settings: the first that fits counts
            if value in values:
                return role
        raise NoRole

    def _talk(self, request: Request) -> AsyncOAuth2Client:
        base = self._public_url or f"{request.url.scheme}://{request.headers['host']}"
        return AsyncOAuth2Client(
            self._client, self._secret or None, redirect_uri=base + BACK, scope="openid profile", timeout=10,
            code_challenge_method="S256", token_endpoint_auth_method="client_secret_basic" if self._secret else "none",
        )  # fmt: skip

    async def _provider(self) -> dict[str, Any]:
        if not self._known:
            async with httpx.AsyncClient(timeout=10) as client:
                found = await client.get(f"{self._issuer}/.well-known/openid-configuration")
                known = found.raise_for_status().json()
                if known["issuer"].rstrip("/") != self._issuer:
                    raise ValueError("the provider goes by another name than the setting oidc_issuer")
                keys = await client.get(known["jwks_uri"])
                self._known = {**known, "keys": keys.raise_for_status().json()}
        return self._known


def roles(text: str) -> dict[str, Role]:
    """``value=role, …`` as set. Raises ``SettingsError``."""
    found: dict[str, Role] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        value, _, role = part.rpartition("=")
        try:
            found[value.strip()] = Role(role.strip())
        except ValueError:
            known = ", ".join(Role)
            raise SettingsError(f"oidc_roles: found {part!r}, expected VALUE=ROLE with a role of {known}") from None
    return found


def _secret(settings: Settings) -> str:
    if not settings.oidc_secret_file:
        return settings.oidc_secret
    try:
        return Path(settings.oidc_secret_file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"oidc_secret_file: {error.filename} cannot be read ({error.strerror})") from error
