"""Signing in and out: the pages a person sees before and around the cockpit. They need no script.

A name and a password, a token, single sign-on where it is set (`cockpit.oidc`), and, while there is no administrator,
the one-time code that the server's own terminal shows. Every answer is one page in the reader's language.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from html import escape
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cockpit.accounts import CONSOLE, Account, AccountRefused, Accounts
from cockpit.passwords import PasswordRefused, Throttle, is_right, prepare
from cockpit.services import Auditor
from cockpit.serving import style_hashes
from cockpit.session_cookies import Claim, Sessions, cookie_of, gone
from cockpit.tokens import Grant, Role, Tokens
from layouts.parts.text import t

SIGN_IN, SIGN_OUT, PASSWORD, ACTIVE = "/sign-in", "/sign-out", "/account/password", "/session/active"
SETUP = f"{SIGN_IN}/first"
ELSEWHERE, BACK = f"{SIGN_IN}/elsewhere", f"{SIGN_IN}/elsewhere/done"
SETUP_LIFE = timedelta(hours=1)
SETUP_TRIES = 10
MOST_BYTES = 4_096
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PAGE = Path(__file__).parent / "static" / "sign_in.html"
NOBODY = "unknown"


class Setup:
    """The one-time code that makes the first administrator; in memory only."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._tries = 0
        self._over = False
        self.until = accounts.now() + SETUP_LIFE
        self.code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))

    @property
    def is_wanted(self) -> bool:
        """Whether there is no administrator yet."""
        return not self._accounts.has_administrator

    def use(self, code: str) -> str:
        """The text key of what is wrong with the code, "" for the right one."""
        if self._over or not self.is_wanted or self._accounts.now() >= self.until or self._tries >= SETUP_TRIES:
            return "setup.over"
        said = "".join(letter for letter in code.upper() if letter.isalnum())
        if not hmac.compare_digest(said.encode(), self.code.replace("-", "").encode()):
            self._tries += 1
            return "setup.wrong"
        return ""

    def done(self) -> None:
        """It was used."""
        self._over = True


class SignIn:
    """Answers what is asked around signing in."""

    def __init__(
        self, *, accounts: Accounts, tokens: Tokens, sessions: Sessions, audit: Auditor, setup: Setup | None,
        elsewhere: bool = False,
    ) -> None:  # fmt: skip
        self.accounts, self.tokens, self.sessions, self.setup = accounts, tokens, sessions, setup
        self._audit = audit
        self._elsewhere = elsewhere
        self.throttle = Throttle(accounts.rules)
        prepare()

    # -------------------------------------------------------------- the pages

    def page(self, request: Request, status: int = 401, *, wrong: str = "", well: str = "") -> Response:
        """The sign-in page. ``wrong``, ``well``: text keys of what is said above the form."""
        lang = language(request)
        where = same_place(request.query_params.get("next") or _here(request))
        fields = [
            _field(t(lang, "sign_in.login"), "login", complete="username", focus=True),
            _field(t(lang, "sign_in.password"), "password", kind="password", complete="current-password"),
        ]
        parts = [
            f"<h1>{t(lang, 'sign_in.title')}</h1><p>{t(lang, 'sign_in.hello')}</p>",
            _said(lang, wrong, well),
            _form(SIGN_IN, fields, t(lang, "sign_in.submit"), next=where, lang=lang),
        ]
        if self._elsewhere:
            way = f"{ELSEWHERE}?{urlencode({'next': where, 'lang': lang})}"
            parts.append(f'<a class="way" href="{escape(way)}">{t(lang, "sign_in.elsewhere")}</a>')
        if self.setup is not None and self.setup.is_wanted:
            parts.append(f'<a class="way" href="{SETUP}?lang={lang}">{t(lang, "setup.way")}</a>')
        token = _field(t(lang, "sign_in.token"), "token", kind="password", complete="off")
        command = "python run.py token create --role duty-officer"
        parts.append(
            f"<details><summary>{t(lang, 'sign_in.with_token')}</summary>"
            f"{_form(SIGN_IN, [token], t(lang, 'sign_in.submit'), next=where, lang=lang)}"
            f"<p>{t(lang, 'sign_in.token_how')}<br><code>{command}</code></p></details>"
        )
        return self._html(lang, t(lang, "sign_in.title"), "".join(parts), status, request)

    def _setup_page(self, request: Request, status: int = 200, wrong: str = "", reason: str = "") -> Response:
        lang = language(request)
        rules = self.accounts.rules
        fields = [
            _field(t(lang, "setup.code"), "code", complete="off", focus=True),
            _field(t(lang, "setup.login"), "login", complete="username"),
            _field(t(lang, "setup.name"), "name", complete="name"),
            _field(t(lang, "setup.password"), "password", kind="password", complete="new-password"),
            _field(t(lang, "setup.again"), "again", kind="password", complete="new-password"),
        ]
        hint = t(lang, "password.rules", length=rules.length, classes=rules.classes)
        body = (
            f"<h1>{t(lang, 'setup.title')}</h1><p>{t(lang, 'setup.hello')}</p>{_said(lang, wrong, reason=reason)}"
            f"{_form(SETUP, fields, t(lang, 'setup.submit'), lang=lang)}<p>{hint}</p>"
        )
        return self._html(lang, t(lang, "setup.title"), body, status, request)

    def _password_page(
        self, request: Request, account: Account | None, status: int = 200, wrong: str = "", reason: str = "",
        well: str = "",
    ) -> Response:  # fmt: skip
        lang, rules = language(request), self.accounts.rules
        title = t(lang, "password.title")
        back = f'<a class="way" href="/?lang={lang}">{t(lang, "password.back")}</a>'
        if account is None or not account.password:
            body = f"<h1>{title}</h1><p>{t(lang, 'password.nothing')}</p>{back}"
            return self._html(lang, title, body, status, request)
        must = account.must_change(rules, self.accounts.now())
        hello = t(lang, "password.must" if must else "password.hello")
        hint = t(lang, "password.rules", length=rules.length, classes=rules.classes)
        fields = [
            _field(t(lang, "password.old"), "old", kind="password", complete="current-password", focus=True),
            _field(t(lang, "password.new"), "password", kind="password", complete="new-password"),
            _field(t(lang, "password.again"), "again", kind="password", complete="new-password"),
        ]
        form = "" if well else _form(PASSWORD, fields, t(lang, "password.submit"), lang=lang) + f"<p>{hint}</p>"
        body = f"<h1>{title}</h1><p>{hello}</p>{_said(lang, wrong, well, reason)}{form}{'' if must else back}"
        return self._html(lang, title, body, status, request)

    def _html(self, lang: str, title: str, body: str, status: int, request: Request, refresh: str = "") -> HTMLResponse:
        kept = {k: v for k, v in request.query_params.items() if k not in ("lang", "token", "code", "state")}
        path = request.url.path
        switch = "".join(
            f'<a href="{escape(path)}?{escape(urlencode({**kept, "lang": code}))}" hreflang="{code}" '
            f'aria-label="{name}"{" aria-current=true" if code == lang else ""}>{short}</a>'
            for code, name, short in (("zh", "中文", "中"), ("en", "English", "EN"))
        )
        html = _PAGE.read_text(encoding="utf-8")
        told = {
            "lang": {"zh": "zh-CN", "en": "en"}[lang], "title": title, "product": t(lang, "sign_in.product"),
            "languages": t(lang, "sign_in.languages"), "switch": switch, "body": body, "refresh": refresh,
            "foot": t(lang, "sign_in.foot"),
        }  # fmt: skip
        for name, words in told.items():
            html = html.replace(f"{{{{{name}}}}}", words)
        policy = f"default-src 'none'; img-src 'self'; style-src {style_hashes(html)}; form-action 'self'"
        policy += "; frame-ancestors 'none'; base-uri 'none'"
        return HTMLResponse(html, status, headers={"content-security-policy": policy})

    # ------------------------------------------------------------ what is done

    async def answer(self, request: Request, claim: Claim | None) -> Response | None:
        """The answer to an address around signing in; None for any other address."""
        path, method = request.url.path, request.method
        if path == SIGN_IN:
            if method != "POST":
                return self.page(request, 200)
            return await self._posted(request, self._enter)
        if path == SETUP and self.setup is not None:
            if method != "POST":
                return self._setup_page(request)
            return await self._posted(request, self._first)
        if path == SIGN_OUT and method == "POST":
            return self._leave(request, claim)
        if path == PASSWORD:
            account = self._account(claim)
            if account is None and claim is None:
                return self.page(request)
            if method != "POST":
                return self._password_page(request, account)
            return await self._posted(request, lambda r, said: self._change(r, said, account))
        return None

    async def _posted(self, request: Request, act: Callable[[Request, dict[str, str]], Response]) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                return self.page(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, wrong="sign_in.too_long")
        said = {k: v[-1] for k, v in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).items()}
        request.state.said = said
        return await asyncio.to_thread(act, request, said)

    def _enter(self, request: Request, said: dict[str, str]) -> Response:
        if "token" in said:
            return self.with_token(request, said["token"].strip(), same_place(said.get("next", "/")))
        login, at, address = said.get("login", "").strip(), self.accounts.now(), _address(request)
        known = self.accounts.find(login)
        locked = self.throttle.locked_until(login, address, at) or _locked(known, at)
        right = is_right(known.password if known else None, said.get("password", ""))
        actor, role = (known.login, known.role) if known else (NOBODY, "")
        if locked is not None:
            self._audit.note("sign_in_failed", actor=actor, role=role, outcome="locked")
            return self.page(request, wrong="sign_in.wrong")
        if not right or known is None:
            until = self.throttle.failed(login, address, at)
            self._audit.note("sign_in_failed", actor=actor, role=role, outcome="refused")
            if until is not None:
                self._audit.note("locked_out", actor=actor, role=role, until=until.isoformat())
                if known is not None:
                    self.accounts.lock(known.account_id, until)
            return self.page(request, wrong="sign_in.wrong")
        if not known.may_sign_in:  # told only to whoever has the password
            why = "disabled" if known.is_disabled else "waiting"
            self._audit.note("sign_in_failed", actor=actor, role=role, outcome=why)
            return self.page(request, HTTPStatus.FORBIDDEN, wrong=f"sign_in.{why}")
        self.throttle.clear(login)
        return self.welcome(request, self.accounts.came(known.account_id), same_place(said.get("next", "/")))

    def with_token(self, request: Request, token: str, where: str) -> Response:
        """A session for a token."""
        grant, at, address = self.tokens.find(token), self.accounts.now(), _address(request)
        if grant is None:
            self.throttle.failed("", address, at)
            self._audit.note("sign_in_failed", actor=NOBODY, role="", outcome="refused", by="token")
            return self.page(request, wrong="sign_in.token_wrong")
        self._audit.note("sign_in", actor=grant.name, role=grant.role.value, by="token")
        return self._opened(request, grant, where)

    def welcome(self, request: Request, account: Account, where: str, *, by: str = "password") -> Response:
        """A session for an account."""
        self._audit.note("sign_in", actor=account.login, role=account.role, by=by)
        must = account.must_change(self.accounts.rules, self.accounts.now())
        if by == "elsewhere":  # reached from another site: the cookie goes along only from a page of our own
            return self._through(request, account, where)
        return self._opened(request, account.grant, PASSWORD if must else where, account.stamp)

    def _opened(self, request: Request, grant: Grant, where: str, stamp: str = "") -> Response:
        response = RedirectResponse(where, status_code=HTTPStatus.SEE_OTHER)
        cookie = self.sessions.open(grant, self.accounts.now().timestamp(), stamp)
        response.headers.append("set-cookie", cookie_of(cookie, request.url.scheme == "https"))
        return response

    def _through(self, request: Request, account: Account, where: str) -> Response:
        lang = language(request)
        body = (
            f'<h1>{t(lang, "sign_in.going")}</h1><a class="way" href="{escape(where)}">{t(lang, "sign_in.go_on")}</a>'
        )
        refresh = f'<meta http-equiv="refresh" content="0;url={escape(where)}">'
        response = self._html(lang, t(lang, "sign_in.title"), body, 200, request, refresh)
        cookie = self.sessions.open(account.grant, self.accounts.now().timestamp(), account.stamp)
        response.headers.append("set-cookie", cookie_of(cookie, request.url.scheme == "https"))
        return response

    def _first(self, request: Request, said: dict[str, str]) -> Response:
        assert self.setup is not None
        if wrong := self.setup.use(said.get("code", "")):
            self._audit.note("sign_in_failed", actor=NOBODY, role="", outcome="refused", by="setup")
            return self._setup_page(request, HTTPStatus.FORBIDDEN, wrong)
        if said.get("password", "") != said.get("again", ""):
            return self._setup_page(request, HTTPStatus.BAD_REQUEST, "setup.differ")
        try:
            made = self.accounts.add(
                said.get("login", ""), said.get("name", ""), Role.ADMINISTRATOR.value, said.get("password", ""),
                by=CONSOLE, is_own=True,
            )  # fmt: skip
        except (AccountRefused, PasswordRefused) as error:
            return self._setup_page(request, HTTPStatus.BAD_REQUEST, reason=error.reason[language(request)])
        self.setup.done()
        self._audit.note(
            "account_change", actor=made.login, role=made.role, subject=made.account_id, what="first administrator"
        )
        return self.welcome(request, self.accounts.came(made.account_id), "/", by="setup")

    def _leave(self, request: Request, claim: Claim | None) -> Response:
        if claim is not None:
            self.sessions.end(claim)
            account = self._account(claim)
            if account is not None:
                self._audit.note("sign_out", actor=account.login, role=account.role)
        response = self.page(request, 200, well="sign_in.out")
        response.headers.append("set-cookie", gone(request.url.scheme == "https"))
        return response

    def _change(self, request: Request, said: dict[str, str], account: Account | None) -> Response:
        if account is None or not account.password:
            return self._password_page(request, None, HTTPStatus.CONFLICT)
        at, address = self.accounts.now(), _address(request)
        new, old = said.get("password", ""), said.get("old", "")
        if self.throttle.locked_until(account.login, address, at) or not is_right(account.password, old):
            self.throttle.failed(account.login, address, at)
            return self._password_page(request, account, HTTPStatus.FORBIDDEN, "password.wrong")
        if new != said.get("again", ""):
            return self._password_page(request, account, HTTPStatus.BAD_REQUEST, "password.differ")
        if new == old:
            return self._password_page(request, account, HTTPStatus.BAD_REQUEST, "password.same")
        try:
            changed = self.accounts.set_password(account.account_id, new, is_own=True)
        except (AccountRefused, PasswordRefused) as error:
            reason = error.reason[language(request)]
            return self._password_page(request, account, HTTPStatus.BAD_REQUEST, reason=reason)
        self._audit.note(
            "account_change", actor=changed.login, role=changed.role, subject=changed.account_id, what="own password"
        )
        response = self._password_page(request, changed, well="password.done")
        cookie = self.sessions.open(changed.grant, at.timestamp(), changed.stamp)
        response.headers.append("set-cookie", cookie_of(cookie, request.url.scheme == "https"))
        return response

    def _account(self, claim: Claim | None) -> Account | None:
        return self.accounts.signed(claim.subject, claim.stamp) if claim and claim.is_account else None


def language(request: Request) -> str:
    """The language the reader asked for, else his browser's, else Chinese."""
    said = request.query_params.get("lang") or getattr(request.state, "said", {}).get("lang")
    if said in ("zh", "en"):
        return str(said)
    wanted = request.headers.get("accept-language", "zh").lower()
    return "en" if wanted.startswith("en") else "zh"


def same_place(where: str) -> str:
    """An address of this server, whatever somebody wrote there."""
    parts = urlsplit(where)
    if parts.scheme or parts.netloc or not where.startswith("/") or where.startswith(("//", "/\\")):
        return "/"
    return "/" if parts.path.startswith((SIGN_IN, SIGN_OUT)) else where


def _here(request: Request) -> str:
    kept = [(k, v) for k, v in request.query_params.multi_items() if k not in ("token", "lang")]
    return request.url.path + ("?" + urlencode(kept) if kept else "")


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _locked(account: Account | None, at: datetime) -> datetime | None:
    until = datetime.fromisoformat(account.locked_until) if account and account.locked_until else None
    return until if until and until > at else None


def _said(lang: str, wrong: str = "", well: str = "", reason: str = "") -> str:
    if wrong or reason:
        return f'<p id="wrong" class="wrong" role="alert">{escape(reason or t(lang, wrong))}</p>'
    return f'<p class="well" role="status">{t(lang, well)}</p>' if well else ""


def _field(label: str, name: str, *, kind: str = "text", complete: str, focus: bool = False) -> str:
    spell = ' autocapitalize="none" spellcheck="false"' if kind == "text" else ""
    return (
        f'<label>{label}<input name="{name}" type="{kind}" autocomplete="{complete}" maxlength="200" required{spell}'
        f"{' autofocus' if focus else ''}></label>"
    )


def _form(path: str, fields: list[str], submit: str, **hidden: str) -> str:
    kept = "".join(f'<input type="hidden" name="{k}" value="{escape(v)}">' for k, v in hidden.items())
    return f'<form method="post" action="{path}">{kept}{"".join(fields)}<button type="submit">{submit}</button></form>'
