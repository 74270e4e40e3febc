"""People sign in with accounts: kept safely, locked when guessed at, ended at once, and nobody makes himself mighty."""

from __future__ import annotations

import stat
from datetime import timedelta

import pytest

from cockpit.accounts import CONSOLE, AccountRefused, Accounts
from cockpit.passwords import PasswordRefused, Rules, Throttle
from cockpit.session_cookies import Sessions
from cockpit.tokens import Role, TokenFileError, Tokens, scope_of
from twin_model.rights import Scope

GOOD = "Qing-Shan 7 li"


@pytest.fixture
def accounts(tmp_path, clock) -> Accounts:
    return Accounts(tmp_path, Rules(), lambda: clock.instant)


def test_what_is_kept_is_private_and_holds_no_password(accounts, tmp_path):
    accounts.add("wang", "王小明", "duty-officer", GOOD, by=CONSOLE)
    file = tmp_path / "accounts.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text(encoding="utf-8")
    assert GOOD not in text
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in text


def test_what_another_process_writes_is_known_at_once(accounts, tmp_path, clock):
    assert accounts.find("wang") is None
    Accounts(tmp_path, Rules(), lambda: clock.instant).add("Wang", "w", "manager", GOOD, by=CONSOLE)
    assert accounts.find("wang").role == "manager"


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("Ab1-", "至少 10 位"), ("abcdefghijkl", "3 类"), ("Password123!", "常见"), ("P@ssw0rd2026", "常见"),
        ("Wang-wang-2026", "账号"),
    ],
)  # fmt: skip
def test_a_password_that_is_guessed_soon_is_refused_with_the_reason(accounts, password, said):
    with pytest.raises(PasswordRefused, match=said):
        accounts.add("wang", "王小明", "manager", password, by=CONSOLE)
    assert accounts.all() == ()


def test_an_unknown_role_an_empty_scope_and_a_name_taken_are_refused(accounts):
    with pytest.raises(AccountRefused, match=r"king.*there are public-screen"):
        accounts.add("wang", "w", "king", GOOD, by=CONSOLE)
    with pytest.raises(TokenFileError, match="范围 communities 是空的"):
        scope_of([])
    accounts.add("wang", "w", "manager", GOOD, by=CONSOLE)
    with pytest.raises(AccountRefused, match="已存在"):
        accounts.add("WANG", "w", "manager", GOOD, by=CONSOLE)


def test_a_role_over_personal_data_waits_for_somebody_else(accounts):
    first = accounts.add("li", "李", "administrator", GOOD, by=CONSOLE)
    auditor = accounts.add("zhao", "赵", "auditor", GOOD, by=CONSOLE)
    made = accounts.add("wang", "王", "duty-officer", GOOD, by=first.account_id)
    assert not made.may_sign_in
    with pytest.raises(AccountRefused, match="另一位管理员或审计员"):
        accounts.confirm(made.account_id, by=first.account_id)
    with pytest.raises(AccountRefused, match="own account"):
        accounts.confirm(made.account_id, by=made.account_id)
    assert accounts.confirm(made.account_id, by=auditor.account_id).may_sign_in
    raised = accounts.set_role(made.account_id, "administrator", Scope(), by=first.account_id)
    assert not raised.may_sign_in
    assert accounts.add("sun", "孙", "manager", GOOD, by=first.account_id).may_sign_in


def test_nobody_changes_himself_and_the_last_administrator_stays(accounts):
    first = accounts.add("li", "李", "administrator", GOOD, by=CONSOLE)
    with pytest.raises(AccountRefused, match="own account"):
        accounts.set_role(first.account_id, "auditor", Scope(), by=first.account_id)
    with pytest.raises(AccountRefused, match="own account"):
        accounts.disable(first.account_id, True, by=first.account_id)
    with pytest.raises(AccountRefused, match="last administrator"):
        accounts.disable(first.account_id, True, by=CONSOLE)


def test_a_session_ends_with_the_password_the_role_and_the_account(accounts):
    account = accounts.add("wang", "王", "manager", GOOD, by=CONSOLE)
    for change in (
        lambda: accounts.set_password(account.account_id, "Hai-Tang 9 hao", is_own=True),
        lambda: accounts.set_role(account.account_id, "resident-service", Scope(), by=CONSOLE),
        lambda: accounts.disable(account.account_id, True, by=CONSOLE),
    ):
        stamp = accounts.get(account.account_id).stamp
        assert accounts.signed(account.account_id, stamp)
        change()
        assert accounts.signed(account.account_id, stamp) is None


def test_a_password_grows_old(accounts, clock):
    account = accounts.add("wang", "王", "manager", GOOD, by=CONSOLE, is_own=True)
    assert not account.must_change(accounts.rules, clock.instant + timedelta(days=180))
    assert account.must_change(accounts.rules, clock.instant + timedelta(days=181))
    assert accounts.add("sun", "孙", "manager", GOOD, by=CONSOLE).must_change(accounts.rules, clock.instant)


def test_wrong_tries_lock_a_name_for_a_while_whether_it_exists_or_not(clock):
    throttle, at = Throttle(Rules(tries=3)), clock.instant
    assert [throttle.failed("nobody", "10.0.0.1", at) for _ in range(2)] == [None, None]
    assert throttle.failed("Nobody", "10.0.0.2", at) == at + timedelta(minutes=15)
    assert throttle.locked_until("nobody", "10.0.0.9", at + timedelta(minutes=14)) is not None
    assert throttle.locked_until("nobody", "10.0.0.9", at + timedelta(minutes=15)) is None
    assert throttle.locked_until("other", "10.0.0.1", at) is None


def test_one_address_cannot_try_one_name_after_another_for_ever(clock):
    throttle = Throttle(Rules(tries=1))
    for n in range(10):
        throttle.failed(f"name-{n}", "10.0.0.1", clock.instant)
    assert throttle.locked_until("somebody else", "10.0.0.1", clock.instant) is not None
    assert throttle.locked_until("somebody else", "10.0.0.2", clock.instant) is None


def test_a_session_ends_when_nobody_is_there_and_after_its_hours(accounts):
    account = accounts.add("wang", "王", "manager", GOOD, by=CONSOLE)
    sessions = Sessions(b"k", idle=1800, life=43_200)
    cookie = sessions.open(account.grant, 0, account.stamp)
    assert sessions.read(cookie, 1799).is_account
    assert sessions.read(cookie, 1800) is None
    kept = cookie
    for now in range(1500, 43_200, 1500):
        kept = sessions.renewed(sessions.read(kept, now), now)
    assert sessions.read(kept, 43_199)
    assert sessions.read(kept, 43_200) is None


def test_a_screens_token_stays_for_days(tmp_path, clock):
    tokens = Tokens(tmp_path)
    grant = tokens.find(tokens.create(Role.PUBLIC_SCREEN, "wall", clock.instant))
    sessions = Sessions(b"k")
    assert sessions.read(sessions.open(grant, 0), 29 * 86_400)


def test_signing_out_ends_the_session_for_whoever_copied_it_also_after_a_restart(accounts, tmp_path):
    account = accounts.add("wang", "王", "manager", GOOD, by=CONSOLE)
    sessions = Sessions.of(tmp_path)
    cookie = sessions.open(account.grant, 0, account.stamp)
    sessions.end(sessions.read(cookie, 1))
    assert sessions.read(cookie, 2) is None
    assert Sessions.of(tmp_path).read(cookie, 2) is None


@pytest.mark.parametrize("role", ["administrator", "auditor"])
def test_who_is_over_everything_cannot_be_limited_to_a_part(accounts, tmp_path, clock, role):
    part = scope_of(["demo"], ["demo-e1"])
    with pytest.raises(TokenFileError, match=f"{role} is over all accounts"):
        accounts.add("zhao", "赵", role, GOOD, by=CONSOLE, scope=part)
    with pytest.raises(TokenFileError, match="不能限于一部分"):
        Tokens(tmp_path).create(Role(role), "t", clock.instant, scope=part)
    made = accounts.add("qian", "钱", "duty-officer", GOOD, by=CONSOLE, scope=part)
    with pytest.raises(TokenFileError, match="duty-officer"):
        accounts.set_role(made.account_id, role, part, by=CONSOLE)
    assert (accounts.find("zhao"), accounts.find("qian").role, Tokens(tmp_path).listed()) == (None, "duty-officer", [])


def test_a_token_has_a_scope_an_end_and_is_revoked(tmp_path, clock):
    tokens = Tokens(tmp_path, lambda: clock.instant)
    scope = scope_of(["demo"], None, ["WG-03"])
    token = tokens.create(Role.GRID_WORKER, "g", clock.instant, scope=scope, days=30)
    assert tokens.find(token).scope == scope
    assert tokens.find(token).rights.grids == {"WG-03"}
    clock.forward(days=30)
    assert tokens.find(token) is None
    other = tokens.create(Role.MANAGER, "m", clock.instant)
    tokens.revoke(tokens.listed()[0].token_id)
    assert tokens.find(other) is None
    with pytest.raises(TokenFileError, match="token list"):
        tokens.revoke("beef")
