"""``run.py user …`` and ``run.py token …``: accounts and tokens from the machine the server runs on.

They write the files a running server reads again by itself. A password is typed twice, or comes as one line from
standard input; it never stands on the command line, where other users of the machine could read it.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cockpit.settings import Settings
from cockpit.tokens import Role, TokenFileError, Tokens, scope_of
from twin_model.rights import Scope

if TYPE_CHECKING:
    from cockpit.accounts import Account, Accounts

CONSOLE = "console"  # as in cockpit.accounts, which is not imported for --help
Note = Callable[..., None]
SCOPES = (("community", "communities"), ("estate", "estates"), ("grid", "grids"), ("division", "divisions"))


def add_parsers(commands: Any, data: argparse.ArgumentParser, user: Any, token: Any) -> None:
    """The sub-commands; ``user`` and ``token`` carry them out."""
    roles = [role.value for role in Role]
    one = commands.add_parser("user", help="accounts: add, list, disable, enable, unlock, password, role, confirm")
    inner = one.add_subparsers(dest="what", required=True)
    inner.add_parser("list", parents=[data], help="every account, its role, scope and state").set_defaults(run=user)
    for what, words in (
        ("add", "a new account; its password is typed, or one line of standard input"),
        ("role", "another role and scope"),
        ("password", "another password; it is to be changed at the next sign-in"),
        ("disable", "no more sessions, and end those there are"),
        ("enable", "sessions again"),
        ("unlock", "forget wrong passwords"),
        ("confirm", "say yes to a role that opens personal data"),
    ):
        one = inner.add_parser(what, parents=[data], help=words)
        one.add_argument("login", metavar="ACCOUNT")
        if what in ("add", "role"):
            one.add_argument("--role", required=True, choices=roles)
            _scoped(one)
        if what == "add":
            one.add_argument("--name", default="", help="the person's name")
        one.set_defaults(run=user)
    one = commands.add_parser("token", help="access tokens for programs and screens: create, list, revoke")
    inner = one.add_subparsers(dest="what", required=True)
    one = inner.add_parser("create", parents=[data], help="print a new token")
    one.add_argument("--role", required=True, choices=roles)
    one.add_argument("--name")
    one.add_argument("--days", type=int, metavar="N", help="how long it is good for (until it is revoked)")
    _scoped(one)
    one.set_defaults(run=token)
    inner.add_parser("list", parents=[data], help="every stored token").set_defaults(run=token)
    one = inner.add_parser("revoke", parents=[data], help="take one back; its sessions end")
    one.add_argument("token_id", metavar="ID", help="as `token list` shows it, or its beginning")
    one.set_defaults(run=token)


def _scoped(parser: argparse.ArgumentParser) -> None:
    for one, many in SCOPES:
        parser.add_argument(
            f"--{one}", action="append", metavar="ID", dest=many, help=f"only this {one}; may be given again (all)"
        )


def user(options: argparse.Namespace, settings: Settings, now: Callable[[], datetime], note: Note) -> Sequence[str]:
    """Carry out ``run.py user``; the lines to print. Raises what the accounts refuse."""
    from cockpit.accounts import AccountRefused, Accounts
    from cockpit.passwords import Rules

    accounts = Accounts(settings.data, Rules.of(settings), now)
    if options.what == "list":
        return [_line(account, now()) for account in accounts.all()] or [
            "no accounts; `run.py user add ACCOUNT --role administrator` makes the first one"
        ]
    if options.what == "add":
        done = accounts.add(
            options.login, options.name, options.role, typed(), by=CONSOLE, scope=_scope(options)
        )  # fmt: skip
    else:
        known = accounts.find(options.login)
        if known is None:
            raise AccountRefused(
                404, "not_found", f"没有账号 {options.login}",
                f"there is no account {options.login!r}; `run.py user list` shows them",
            )  # fmt: skip
        done = _act(accounts, known, options)
    note("account_change", subject=done.account_id, what=options.what, given=done.role)
    return [_line(done, now())]


def _act(accounts: Accounts, known: Account, options: argparse.Namespace) -> Account:
    name = known.account_id
    if options.what == "role":
        return accounts.set_role(name, options.role, _scope(options), by=CONSOLE)
    if options.what == "password":
        return accounts.set_password(name, typed(), is_own=False)
    if options.what == "unlock":
        return accounts.lock(name, None)
    if options.what == "confirm":
        return accounts.confirm(name, by=CONSOLE) if known.role_by != CONSOLE else known
    return accounts.disable(name, options.what == "disable", by=CONSOLE)


def token(options: argparse.Namespace, settings: Settings, now: Callable[[], datetime], note: Note) -> Sequence[str]:
    """Carry out ``run.py token``; the lines to print: for ``create`` the token alone."""
    tokens = Tokens(settings.data, now)
    if options.what == "list":
        return [_token_line(one) for one in tokens.listed()] or ["no tokens; `run.py token create` makes one"]
    if options.what == "revoke":
        gone = tokens.revoke(options.token_id)
        note("account_change", subject=gone.token_id, what="token revoked", given=gone.role.value)
        return [f"revoked {gone.token_id} ({gone.role.value})"]
    if options.days is not None and options.days < 1:
        raise TokenFileError(f"--days: found {options.days}, expected at least 1")
    role = Role(options.role)
    made = tokens.create(role, options.name or role.value, now(), scope=_scope(options), days=options.days, by=CONSOLE)
    note("token_made", subject=tokens.listed()[0].token_id, given=role.value)
    return [made]


def typed() -> str:
    """A password, twice from the keyboard or once from standard input. Raises ``AccountRefused`` when they differ."""
    from cockpit.accounts import AccountRefused

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("密码 · Password: ")
    if getpass.getpass("再输一次 · Once more: ") != first:
        raise AccountRefused(400, "differ", "两次输入不一致", "the two are not the same")
    return first


def _scope(options: argparse.Namespace) -> Scope:
    return scope_of(options.communities, options.estates, options.grids, options.divisions)


def _line(account: Account, at: datetime) -> str:
    state = "disabled" if account.is_disabled else "ok" if account.is_confirmed else "to be confirmed"
    if account.locked_until and datetime.fromisoformat(account.locked_until) > at:
        state = f"locked until {account.locked_until}"
    last = account.last_sign_in or "never"
    return f"{account.login:<20} {account.role:<17} {_said(account.scope):<24} {state}, last sign-in {last}"


def _token_line(one: Any) -> str:
    until = f"until {one.ends_at.isoformat()}" if one.ends_at else "without end"
    return f"{one.token_id}  {one.role.value:<17} {_said(one.scope):<24} {until}  {one.name}"


def _said(scope: Scope) -> str:
    limits = ((name, getattr(scope, name)) for _, name in SCOPES)
    return " ".join(f"{name}={','.join(sorted(limit))}" for name, limit in limits if limit is not None) or "everywhere"
