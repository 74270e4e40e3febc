"""Single sign-on against a real small provider: only its own answer to our own question opens a session."""

from __future__ import annotations

import base64
import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from cockpit.oidc import roles
from cockpit.settings import SettingsError

from ..conftest import eventually
from .conftest import settle

PAGE = {"accept": "text/html,*/*", "sec-fetch-mode": "navigate", "accept-language": "zh"}


@dataclass
class Provider:
    """Vouches for ``person``; ``change`` alters the claims of the next answer."""

    now: object
    port: int = 0
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1", "alg": "RS256"}))
    signs_with: RSAKey | None = None
    person: dict = field(default_factory=lambda: {"sub": "s-1", "name": "王大明", "roles": ["x", "cim-duty"]})
    change: dict = field(default_factory=dict)
    asked: dict = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def known(self, _request: Request) -> Response:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return JSONResponse({"issuer": self.issuer, **{k: f"{self.issuer}/{v}" for k, v in names.items()}})

    async def keys(self, _request: Request) -> Response:
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def authorize(self, request: Request) -> Response:
        self.asked = dict(request.query_params)
        return RedirectResponse(f"{self.asked['redirect_uri']}?code=c1&state={self.asked['state']}")

    async def token(self, request: Request) -> Response:
        said = {k: v[0] for k, v in parse_qs((await request.body()).decode()).items()}
        verifier = hashlib.sha256(said["code_verifier"].encode()).digest()
        right = base64.urlsafe_b64encode(verifier).decode().rstrip("=") == self.asked["code_challenge"]
        basic = base64.b64encode(b"cockpit:s3cret").decode()
        if not right or request.headers["authorization"] != f"Basic {basic}" or said["code"] != "c1":
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(self.now().timestamp())
        claims = {"iss": self.issuer, "aud": "cockpit", "iat": now, "exp": now + 60, "nonce": self.asked["nonce"]}
        header = {"alg": "RS256", "kid": "k1"}
        signed = jwt.encode(header, {**claims, **self.person, **self.change}, self.signs_with or self.key)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": signed})


@pytest.fixture
def provider(clock) -> Iterator[Provider]:
    made = Provider(clock)
    routes = [
        Route("/.well-known/openid-configuration", made.known), Route("/keys", made.keys),
        Route("/authorize", made.authorize), Route("/token", made.token, methods=["POST"]),
    ]  # fmt: skip
    listener = socket.create_server(("127.0.0.1", 0))
    made.port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    eventually(lambda: server.started, what="the provider to start")
    yield made
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def site(serving, twin, tmp_path, provider):
    settle(twin)
    return serving(
        host="0.0.0.0", folder=tmp_path, oidc_issuer=provider.issuer, oidc_client="cockpit", oidc_secret="s3cret",
        oidc_roles="cim-head=manager, cim-duty=duty-officer",
    )  # fmt: skip


@pytest.fixture
def visitor(site) -> Iterator[httpx.Client]:
    with site.client(role=None, **PAGE) as client:
        yield client


def come(visitor: httpx.Client) -> httpx.Response:
    """There and back; the answer to coming back."""
    there = visitor.get("/sign-in/elsewhere", params={"next": "/devices"})
    assert there.status_code == 303
    back = httpx.get(there.headers["location"]).headers["location"]
    return visitor.get(back)


def test_whom_the_provider_vouches_for_is_in_with_the_role_its_claim_stands_for(site, visitor, provider):
    assert "/sign-in/elsewhere" in visitor.get("/").text
    back = come(visitor)
    assert (back.status_code, 'content="0;url=/devices"' in back.text) == (200, True)
    assert visitor.get("/api/v1/homes").status_code == 200
    account = site.cockpit.sign_in.accounts.all()[0]
    assert (account.role, account.name, account.subject) == ("duty-officer", "王大明", "s-1")
    assert (provider.asked["code_challenge_method"], provider.asked["scope"]) == ("S256", "openid profile")
    provider.person["roles"] = "cim-head"
    assert come(visitor).status_code == 200
    assert [a.role for a in site.cockpit.sign_in.accounts.all()] == ["manager"]


@pytest.mark.parametrize(
    "change",
    [{"nonce": "another"}, {"aud": "somebody else"}, {"iss": "http://evil.example"}, {"exp": 1}, {"sub": None}],
)
def test_an_answer_that_is_not_for_us_or_not_for_now_opens_nothing(site, visitor, provider, change):
    provider.change = change
    refused = come(visitor)
    assert (refused.status_code, "没有成功" in refused.text) == (502, True)
    assert visitor.get("/").status_code == 401
    assert site.cockpit.sign_in.accounts.all() == ()


def test_another_key_another_visitor_and_the_same_answer_twice_open_nothing(site, visitor, provider):
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "k1", "alg": "RS256"})
    assert come(visitor).status_code == 502
    provider.signs_with = None
    there = visitor.get("/sign-in/elsewhere")
    back = httpx.get(there.headers["location"]).headers["location"]
    with site.client(role=None, **PAGE) as other:
        assert other.get(back).status_code == 502
    come(visitor)
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert visitor.get(f"/sign-in/elsewhere/done?code=c1&state={state}").status_code == 502


def test_somebody_without_a_role_here_and_somebody_disabled_are_told_so(site, visitor, provider):
    provider.person["roles"] = ["guest"]
    refused = come(visitor)
    assert (refused.status_code, "没有对应的角色" in refused.text) == (403, True)
    provider.person["roles"] = ["cim-head"]
    come(visitor)
    accounts = site.cockpit.sign_in.accounts
    accounts.disable(accounts.all()[0].account_id, True, by="console")
    assert visitor.get("/").status_code == 401
    assert "已停用" in come(visitor).text


def test_a_role_that_does_not_exist_is_a_mistake_in_the_settings():
    with pytest.raises(SettingsError, match="oidc_roles: found 'a=king'"):
        roles("a=king")
