"""The log tells what went wrong and where, once, and nothing of anybody: no secret, no name, no telephone number."""

from __future__ import annotations

import io
import json
import logging
import os
import time

import pytest

from cockpit.logs import FILE, Log, set_up
from cockpit.services import Services
from cockpit.tokens import Role
from ingest.url import BrokerUnreachableError

SECRETS = {
    "token": "cim_s3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3",
    "password": "correct-horse-battery",
    "name": "欧阳锦绣",
    "phone": "13800138000",
    "id": "11010519491231002X",
}


@pytest.fixture
def seconds():
    """A clock of seconds to set: ``seconds[0] = 60``."""
    return [0.0]


@pytest.fixture
def made(tmp_path, seconds):
    """``made(form=…)``: a log to a text and to files, and a logger that writes to it alone."""
    logs = []

    def make(**said):
        stream = io.StringIO()
        log = Log(stream, folder=tmp_path / "logs", clock=lambda: seconds[0], **said)
        logger = logging.Logger("cim.test")
        logger.addHandler(log)
        logs.append(log)
        return logger, stream, log

    yield make
    for log in logs:
        log.close()


def lines(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(said: str) -> None:
    raise ValueError(said)


def test_an_error_is_its_kind_and_its_places_without_its_words(made):
    logger, stream, _ = made(form="json")
    try:
        fail(f"could not convert string to float: '{SECRETS['name']}'")
    except ValueError:
        logger.exception("reading failed")
    (line,) = lines(stream)
    assert (line["level"], line["from"], line["said"], line["error"]) == (
        "error", "cim.test", "reading failed", "ValueError",
    )  # fmt: skip
    assert [place.split()[-1] for place in line["places"]] == [
        "test_an_error_is_its_kind_and_its_places_without_its_words", "fail",
    ]  # fmt: skip
    assert line["at"].endswith("+08:00")


def test_an_error_of_the_machine_says_what_it_was(made):
    logger, stream, _ = made(form="json")
    logger.error("cannot store: %s", OSError(28, "No space left on device", f"/data/{SECRETS['name']}"))
    assert lines(stream)[0]["said"] == "cannot store: OSError: No space left on device"


def test_an_error_of_the_broker_says_which_one_and_why_without_the_password(made):
    """every kind of it: the journal said "BrokerUnreachableError Trying again" and nobody knew of what"""
    logger, stream, _ = made(form="json")
    address = f"mqtt://cim:{SECRETS['password']}@10.0.0.7:1883"
    error = BrokerUnreachableError(f"{address} 没有应答", f"Nothing answers at {address}: is it started?")
    logger.warning("%s Trying again.", error)
    said = lines(stream)[0]["said"]
    place = "mqtt://…@10.0.0.7:1883"
    told = f"{place} 没有应答 · Nothing answers at {place}: is it started?"
    assert said == f"BrokerUnreachableError: {told} Trying again."


@pytest.mark.parametrize(
    "said",
    [
        f"Bearer {SECRETS['token']}",
        f"mqtt://user:{SECRETS['password']}@host:1883 does not answer",
        f"GET /api/v1/homes?contact={SECRETS['name']}",
        f"password={SECRETS['password']}",
        f'{{"password": "{SECRETS["password"]}"}}',
        f"CIM_SMTP_PASSWORD={SECRETS['password']}",
        f"Set-Cookie: cim_session={SECRETS['token']}; Path=/",
        f"calling {SECRETS['phone']} of {SECRETS['id']}",
    ],
)
@pytest.mark.parametrize("form", ["words", "json"])
def test_what_looks_like_a_secret_is_struck_out(made, said, form):
    logger, stream, _ = made(form=form)
    logger.warning(said)
    logger.warning("%s", said)
    assert "…" in stream.getvalue()
    assert [name for name, secret in SECRETS.items() if secret in stream.getvalue()] == []


def test_an_error_that_comes_again_is_counted_once_a_minute(made, seconds):
    """1 + 1,000 in the first minute, 500 in the second: three lines"""
    logger, stream, log = made(form="json")

    def stumble(times: int) -> None:
        for n in range(times):
            try:
                fail(str(n))
            except ValueError:
                logger.exception("stumbled over %d", n)

    stumble(1_001)
    assert len(lines(stream)) == 1
    seconds[0] = 60.0
    log.sum_up()
    assert lines(stream)[1]["times"] == 1_000
    stumble(500)
    assert len(lines(stream)) == 2
    logger.warning("something else")
    log.close()
    assert [(line["said"], line.get("times")) for line in lines(stream)[2:]] == [
        ("something else", None), ("stumbled over 499", 500),
    ]  # fmt: skip


def test_files_are_turned_over_by_size_and_removed_by_age(made, tmp_path, monkeypatch):
    monkeypatch.setattr("cockpit.logs.FILE_BYTES", 2_000)
    monkeypatch.setattr("cockpit.logs.FILES", 4)
    old = tmp_path / "logs" / (FILE + ".3")
    old.parent.mkdir()
    old.write_text("long ago", encoding="utf-8")
    os.utime(old, (time.time() - 3 * 86_400,) * 2)
    logger, _, _ = made(days=2)
    assert not old.exists()
    for n in range(100):
        logger.info("line %d %s", n, "x" * 100)
    files = sorted(path.name for path in old.parent.iterdir())
    assert files == [FILE, FILE + ".1", FILE + ".2", FILE + ".3"]
    assert all(path.stat().st_size <= 2_000 for path in old.parent.iterdir())
    assert "line 99 " in (old.parent / FILE).read_text(encoding="utf-8")


def test_a_disk_that_is_full_stops_nobody(made, monkeypatch):
    logger, stream, log = made()

    def full(_record):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log._file, "emit", full)
    logger.error("on standard error all the same")
    assert "on standard error all the same" in stream.getvalue()


def test_a_terminal_that_was_closed_stops_nobody_and_the_files_still_get_it(made, tmp_path):
    logger, stream, log = made()
    stream.close()
    for _ in range(2):
        logger.error("the broker went away")
    log.close()
    written = (tmp_path / "logs" / FILE).read_text(encoding="utf-8")
    assert written.count("the broker went away") == 2


def test_no_failing_request_leaves_anything_of_anybody_in_the_log(serving, twin, tmp_path):
    """tokens, passwords, names and numbers in every place of a request, and a service that quotes them as it fails"""
    from .conftest import settle

    def adopt(device):
        raise RuntimeError(f"no: {device} {SECRETS}")

    settle(twin)
    site = serving(Services(adopt=adopt))
    before = logging.getLogger().handlers[:]
    stream = io.StringIO()
    log = set_up(folder=tmp_path / "logs", level="debug", stream=stream)
    try:
        device = {
            "device_id": "x", "type": "motion", "community_id": "demo", "dialect": "json", "address": SECRETS["name"],
        }  # fmt: skip
        for role in (None, Role.ADMINISTRATOR, Role.PUBLIC_SCREEN):
            with site.client(role, cookie=f"cim_session={SECRETS['token']}") as client:
                for secret in SECRETS.values():
                    client.get("/api/v1/homes", params={"community": secret, "nonsense": secret})
                    client.get(f"/api/v1/incidents/{secret}")
                    client.post("/api/v1/imports", params={"name": f"{secret}.csv"}, content=secret.encode())
                    client.post("/_dash-update-component", json={"output": secret, "inputs": [{"value": secret}]})
                assert client.post("/api/v1/quarantine/adopt", json=device).status_code in (401, 403, 500)
        with site.client(None, authorization=f"Bearer {SECRETS['token']}") as client:
            assert client.get("/api/v1/homes").status_code == 401
    finally:
        logging.getLogger().removeHandler(log)
        log.close()
        logging.getLogger().handlers[:] = before
    written = (tmp_path / "logs" / FILE).read_text(encoding="utf-8")
    assert "RuntimeError" in written, "the failure itself is told"
    assert [name for name, secret in SECRETS.items() if secret in written + stream.getvalue()] == []
