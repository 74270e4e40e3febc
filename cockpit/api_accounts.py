"""The HTTP interface of accounts and tokens: for administrators; the auditor may look and confirm.

Passwords come in and never go out. No ``from __future__ import annotations`` here, as in ``api.py``.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from cockpit.accounts import PERSONAL, Account, AccountRefused
from cockpit.encoding import dumps
from cockpit.noting import noted
from cockpit.passwords import PasswordRefused
from cockpit.problems import refusals
from cockpit.rights import Confirming, Managing, grant_of, refused
from cockpit.sign_in import SignIn
from cockpit.tokens import DIMENSIONS, Role, Token, TokenFileError, scope_of
from twin_model.rights import Scope

ACCOUNTS = "账号 Accounts"
TOKEN_ROLES = frozenset(role.value for role in Role if role not in PERSONAL)
Ids = Annotated[list[str] | str | None, Field(description="ids, or several separated by commas; absent: all")]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Placed(_Said):
    """A role and the part of the neighbourhood it is for."""

    role: str = Field(max_length=40)
    communities: Ids = None
    estates: Ids = None
    grids: Ids = None
    divisions: Ids = None


class NewAccount(Placed):
    """An account to be; the password is to be changed at the first sign-in."""

    login: str = Field(max_length=64)
    name: str = Field("", max_length=80)
    password: str = Field(max_length=200)


class NewPassword(_Said):
    """A password that is to be changed at the next sign-in."""

    password: str = Field(max_length=200)


class NewToken(Placed):
    """A token to be, for a program or a screen; it ends by itself."""

    name: str = Field(min_length=1, max_length=80)
    days: int = Field(ge=1, le=366)


class AccountItem(BaseModel):
    """An account as administrators and the auditor see it."""

    id: str
    login: str
    name: str
    role: str
    communities: list[str] | None
    estates: list[str] | None
    grids: list[str] | None
    divisions: list[str] | None
    is_disabled: bool
    is_confirmed: bool
    is_temporary: bool
    is_elsewhere: bool
    created_at: str
    last_sign_in: str
    locked_until: str


class TokenItem(BaseModel):
    """A token; of the token itself nothing."""

    id: str
    role: str
    name: str
    created_at: str
    until: str | None
    communities: list[str] | None
    estates: list[str] | None
    grids: list[str] | None
    divisions: list[str] | None


class MadeToken(TokenItem):
    """A new token, told this once."""

    token: str


def item(account: Account) -> dict[str, Any]:
    """An account without what proves who he is."""
    said = {name: getattr(account, name, None) for name in AccountItem.model_fields}
    return said | {"id": account.account_id, "is_elsewhere": bool(account.issuer)}


def token_items(sign_in: SignIn) -> list[dict[str, Any]]:
    """The stored tokens."""
    return [_token(one) for one in sign_in.tokens.listed()]


def _token(one: Token) -> dict[str, Any]:
    limits = {name: getattr(one.scope, name) for name in DIMENSIONS}
    return {
        "id": one.token_id, "role": one.role.value, "name": one.name, "created_at": one.created_at.isoformat(),
        "until": one.ends_at.isoformat() if one.ends_at else None,
        **{name: None if limit is None else sorted(limit) for name, limit in limits.items()},
    }  # fmt: skip


def listed(sign_in: SignIn) -> dict[str, Any]:
    """What the page of accounts shows."""
    return {"accounts": [item(a) for a in sign_in.accounts.all()], "tokens": token_items(sign_in)}


def build(sign_in: SignIn) -> APIRouter:
    """The routes below ``/api/v1``."""
    api = APIRouter(prefix="/api/v1", tags=[ACCOUNTS], responses=refusals(404, 409))
    accounts = sign_in.accounts

    def done(request: Request, what: str, act: Callable[[str], Account]) -> Response:
        grant = grant_of(request)
        try:
            changed = act(grant.account or grant.grant_id)
        except AccountRefused as error:
            raise refused(error.status, error.code, error.reason["zh"], error.reason["en"]) from error
        except PasswordRefused as error:
            raise refused(400, "password", error.reason["zh"], error.reason["en"]) from error
        except TokenFileError as error:
            raise refused(400, "scope", str(error), str(error)) from error
        noted(request, "account_change", subject=changed.account_id, what=what, given=changed.role)
        return Response(dumps(item(changed)), media_type="application/json")

    @api.get("/accounts", response_model=list[AccountItem], summary="Accounts (administrator, auditor)")
    def everybody(_grant: Confirming) -> Response:
        return Response(dumps([item(a) for a in accounts.all()]), media_type="application/json")

    @api.post("/accounts", response_model=AccountItem, summary="A new account (administrator)")
    def add(request: Request, said: NewAccount, _grant: Managing) -> Response:
        return done(
            request, "added",
            lambda by: accounts.add(said.login, said.name, said.role, said.password, by=by, scope=_scope(said)),
        )  # fmt: skip

    @api.post("/accounts/{account_id}/role", response_model=AccountItem, summary="Another role or scope")
    def role(request: Request, account_id: str, said: Placed, _grant: Managing) -> Response:
        return done(request, "role", lambda by: accounts.set_role(account_id, said.role, _scope(said), by=by))

    @api.post("/accounts/{account_id}/password", response_model=AccountItem, summary="Another first password")
    def password(request: Request, account_id: str, said: NewPassword, _grant: Managing) -> Response:
        def change(by: str) -> Account:
            if accounts.get(account_id).account_id == by:
                raise AccountRefused(403, "oneself", "请在“修改密码”里改自己的密码", "change your own yourself")
            return accounts.set_password(account_id, said.password, is_own=False)

        return done(request, "password", change)

    @api.post("/accounts/{account_id}/confirm", response_model=AccountItem, summary="Somebody else says yes")
    def confirm(request: Request, account_id: str, _grant: Confirming) -> Response:
        return done(request, "confirmed", lambda by: accounts.confirm(account_id, by=by))

    @api.post("/accounts/{account_id}/disable", response_model=AccountItem, summary="No more sessions")
    def disable(request: Request, account_id: str, _grant: Managing) -> Response:
        return done(request, "disabled", lambda by: accounts.disable(account_id, True, by=by))

    @api.post("/accounts/{account_id}/enable", response_model=AccountItem, summary="Sessions again")
    def enable(request: Request, account_id: str, _grant: Managing) -> Response:
        return done(request, "enabled", lambda by: accounts.disable(account_id, False, by=by))

    @api.post("/accounts/{account_id}/unlock", response_model=AccountItem, summary="Forget wrong passwords")
    def unlock(request: Request, account_id: str, _grant: Managing) -> Response:
        def change(_by: str) -> Account:
            sign_in.throttle.clear(accounts.get(account_id).login)
            return accounts.lock(account_id, None)

        return done(request, "unlocked", change)

    @api.get("/tokens", response_model=list[TokenItem], summary="Tokens (administrator, auditor)")
    def tokens(_grant: Confirming) -> Response:
        return Response(dumps(token_items(sign_in)), media_type="application/json")

    @api.post("/tokens", response_model=MadeToken, status_code=201,
              summary="A token for a program or a screen, told once (administrator)")  # fmt: skip
    def make(request: Request, said: NewToken, grant: Managing) -> Response:
        """Of roles without personal data only: for the others the second pair of eyes is missing here."""
        name = " ".join(said.name.split())
        if said.role not in TOKEN_ROLES:
            raise refused(
                403, "token_role",
                f"这里不能建立角色 {said.role} 的令牌：涉及个人信息的令牌在服务器上用 run.py token create 建立",
                f"no token of the role {said.role} is made here: for roles over personal data use run.py token create "
                "on the server",
            )  # fmt: skip
        if not name or not name.isprintable():
            raise refused(400, "name", "写出这个令牌给谁用", "say what the token is for")
        try:
            token = sign_in.tokens.create(
                Role(said.role), name, accounts.now(), scope=_scope(said), days=said.days,
                by=grant.account or grant.grant_id,
            )  # fmt: skip
        except TokenFileError as error:
            raise refused(400, "scope", str(error), str(error)) from error
        grant = sign_in.tokens.find(token) or grant
        made = next(one for one in sign_in.tokens.listed() if one.token_id == grant.grant_id)
        noted(request, "token_made", subject=made.token_id, given=made.role.value, days=said.days)
        told = dumps({**_token(made), "token": token})
        return Response(told, 201, media_type="application/json", headers={"cache-control": "no-store"})

    @api.delete("/tokens/{token_id}", status_code=204, summary="Revoke a token; its sessions end (administrator)")
    def revoke(request: Request, token_id: str, _grant: Managing) -> Response:
        try:
            gone = sign_in.tokens.revoke(token_id)
        except TokenFileError as error:
            raise refused(404, "not_found", f"没有令牌 {token_id}", str(error)) from error
        noted(request, "account_change", subject=gone.token_id, what="token revoked", given=gone.role.value)
        return Response(status_code=204)

    return api


def _scope(said: Placed) -> Scope:
    return scope_of(*(_ids(getattr(said, name)) for name in DIMENSIONS))


def _ids(said: list[str] | str | None) -> list[str] | None:
    """Ids as a list; a field of a form that was left empty is no limit."""
    if said is None or (isinstance(said, str) and not said.strip()):
        return None
    return [one.strip() for one in re.split(r"[,，、]", said)] if isinstance(said, str) else said
