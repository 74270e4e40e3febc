"""A letter over TLS to a mail server that speaks it: what is trusted, what is refused, and what is said then."""

from __future__ import annotations

import email.message
import logging
import socket

import pytest

from cockpit.reports.mailing import NotDelivered, send
from cockpit.reports.settings import ReportSettings, reports

from .mail_server import PASSWORD, USER, Authority, mail_server


@pytest.fixture(scope="module")
def ours(tmp_path_factory) -> Authority:
    """The authority the settings name."""
    return Authority(tmp_path_factory.mktemp("ours"), "ours")


def wanted(ours: Authority, address: str, password: str = PASSWORD, **more: object) -> ReportSettings:
    """As read from cockpit.toml, the password from the environment."""
    table = {
        "name": "day", "mail_to": ["a@example.org", "b@example.org"], "mail_from": "cim@example.org", "smtp": address,
        "ca_file": str(ours.file), **({"smtp_password_env": "MAIL"} if "@" in address else {}), **more,
    }  # fmt: skip
    (made,) = reports([table], {"MAIL": password}, ours.file.parent)
    assert password not in repr(made)
    return made


def letter() -> email.message.EmailMessage:
    made = email.message.EmailMessage()
    made["From"], made["To"], made["Subject"] = "cim@example.org", "a@example.org, b@example.org", "社区运行日报"
    made.set_content("附件")
    return made


@pytest.mark.parametrize("way", ["smtps", "smtp+starttls"])
def test_a_letter_goes_over_tls_signed_in_to_a_server_that_the_own_authority_vouches_for(ours, way):
    tls = ours.server()
    with mail_server(tls) if way == "smtps" else mail_server(starttls=tls) as box:
        send(wanted(ours, f"{way}://{USER}@127.0.0.1:{box.port}"), letter())
    assert (box.signed_in, len(box.letters)) == ([USER], 1)


@pytest.mark.parametrize("way", ["smtps", "smtp+starttls"])
@pytest.mark.parametrize("fault", ["stranger", "expired", "another address", "no authority"])
def test_a_certificate_that_is_not_trusted_ends_it_before_anything_is_said(ours, tmp_path, way, fault):
    issuer = Authority(tmp_path, "stranger") if fault == "stranger" else ours
    address, days = ("127.0.0.2" if fault == "another address" else "127.0.0.1"), (-1 if fault == "expired" else 30)
    tls = issuer.server(address, days)
    more = {"ca_file": ""} if fault == "no authority" else {}
    with (
        mail_server(tls) if way == "smtps" else mail_server(starttls=tls) as box,
        pytest.raises(NotDelivered, match=r"certificate of the mail server 127\.0\.0\.1 is not trusted") as problem,
    ):
        send(wanted(ours, f"{way}://{USER}@127.0.0.1:{box.port}", **more), letter())
    assert (box.letters, box.signed_in) == ([], [])
    assert "ca_file" in problem.value.said["zh"]
    assert "证书不可信" in problem.value.said["zh"]


def test_what_else_goes_wrong_is_told_apart_without_secrets(ours, caplog):
    tls = ours.server()
    said: dict[str, NotDelivered] = {}

    def tried(name: str, address: str, **more: object) -> None:
        with pytest.raises(NotDelivered) as problem:
            send(wanted(ours, address, **more), letter())
        said[name] = problem.value

    with caplog.at_level(logging.DEBUG):
        with mail_server(tls) as box:
            tried("login", f"smtps://{USER}@127.0.0.1:{box.port}", password="not-the-password")
            box.refuses = {"b@example.org"}
            tried("some", f"smtps://{USER}@127.0.0.1:{box.port}")
        with mail_server() as box:
            tried("no_starttls", f"smtp+starttls://{USER}@127.0.0.1:{box.port}")
            tried("tls", f"smtps://{USER}@127.0.0.1:{box.port}")
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            tried("unreached", f"smtps://{USER}@127.0.0.1:{nobody.getsockname()[1]}")
    assert "did not accept user and password (535)" in str(said["login"])
    assert "refused 1 of 2 recipients" in str(said["some"])
    assert "offers no STARTTLS; nothing was sent" in str(said["no_starttls"])
    assert "port 465 usually wants smtps://" in str(said["tls"])
    assert "not reached (Connection refused)" in str(said["unreached"])
    told = "".join(r.getMessage() for r in caplog.records if not r.name.startswith("mail"))  # not the server's own
    told += "".join(str(one.said) for one in said.values())
    assert not any(secret in told for secret in (PASSWORD, "not-the-password", "example.org"))
