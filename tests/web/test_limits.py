"""What is refused before and around the interface: sizes, slowness, too many requests, files HTTPS cannot use."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from prometheus_client import CollectorRegistry

from cockpit import listening, tls
from cockpit.beside import announced, running_server
from cockpit.bounds import SMALL, Bounds, Patience
from cockpit.throttle import BURST_SECONDS, Buckets, Throttle
from cockpit.tokens import Grant, Role

PROBLEM = "application/problem+json"
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (414, {"url": "/api/v1/homes?community=" + "x" * 9_000}),
        (431, {"url": "/api/v1/homes", "headers": {"x-long": "x" * 33_000}}),
        (413, {"method": "PUT", "url": "/api/v1/thresholds", "content": b'"' + b"x" * SMALL + b'"'}),
        (413, {"method": "POST", "url": "/sign-in", "content": b"x" * 20_000}),
        (400, {"url": "/api/v1/homes?community=%ff"}),
        (400, {"url": "/api/v1/homes?community=%00"}),
    ],
)
def test_what_is_too_long_or_no_text_is_a_problem_document_and_is_counted(standing, status, request_):
    with standing.client() as client:
        said = {"method": "GET", "headers": {"content-type": "application/json"}} | request_
        answer = client.request(**said)
        assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
        assert answer.json()["status"] == status
        reason = {414: "address", 431: "head", 413: "body", 400: "form"}[status]
        counted = client.get("/metrics").text
    series = f'cim_http_refused_total{{reason="{reason}"}} '
    assert float(next(line for line in counted.splitlines() if line.startswith(series)).split()[1]) >= 1


def test_a_body_in_pieces_is_counted_as_it_comes(standing):
    def pieces():
        for _ in range(40):
            yield b"x" * 4_096

    with standing.client() as client:
        answer = client.put("/api/v1/thresholds", content=pieces(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


def asked(app, *, path="/api/v1/homes", method="GET", grant=None, receive=None, headers=()):
    """One request put to a layer; status, headers and body."""
    sent = []

    async def nothing():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "method": method,
        "headers": list(headers), "state": {} if grant is None else {"grant": grant},
    }  # fmt: skip
    asyncio.run(app(scope, receive or nothing, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[-1].get("body", b"")


async def reads_all(scope, receive, send):
    """A layer that waits for the body and says how long it was."""
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(len(message["body"])).encode()})


def test_a_body_that_does_not_come_is_given_up():
    async def never():
        await asyncio.Event().wait()

    app = Bounds(reads_all, CollectorRegistry(), Patience(chunk=0.05, body=0.05))
    for path in ("/api/v1/homes", "/api/v1/imports"):
        status, _, body = asked(app, path=path, method="POST", receive=never)
        assert (status, json.loads(body)["status"]) == (408, 408)


def test_a_bucket_holds_back_and_fills_again():
    now = [0.0]
    bucket = Buckets(rate=2, burst=3, clock=lambda: now[0])
    assert [bucket.take("a") for _ in range(4)] == [0, 0, 0, 1]
    assert bucket.take("b") == 0
    now[0] = 0.5
    assert [bucket.take("a"), bucket.take("a")] == [0, 1]


def test_too_many_requests_wait_but_nobody_who_acts_and_no_wall_is_held_back():
    app = Throttle(reads_all, rate=1, streams=2, clock=lambda: 0.0)
    manager, officer = Grant(Role.MANAGER, "m", "m1"), Grant(Role.DUTY_OFFICER, "o", "o1")
    control = replace(manager, is_control=True)
    statuses = [asked(app, grant=manager)[0] for _ in range(BURST_SECONDS + 2)]
    assert statuses == [200] * BURST_SECONDS + [429] * 2
    status, headers, body = asked(app, grant=manager)
    assert (status, headers[b"retry-after"], json.loads(body)["code"]) == (429, b"1", "rate")
    assert asked(app, grant=manager, path="/screen/lobby/answers")[0] == 200
    assert asked(app, grant=control)[0] == 200
    for _ in range(BURST_SECONDS * 3):
        asked(app, grant=officer)
    assert asked(app, grant=officer)[0] == 429
    assert asked(app, grant=officer, method="POST", path="/api/v1/incidents/x/steps")[0] == 200


def test_streams_of_one_grant_are_bounded_and_given_back(serving, twin):
    site = serving(streams=1)
    with site.client() as client, client.stream("GET", "/api/v1/live") as first:
        assert first.status_code == 200
        second = client.get("/api/v1/live")
        assert (second.status_code, second.json()["code"], second.headers["retry-after"]) == (429, "streams", "10")


def pair(folder, name="a", *, since=NOW - timedelta(days=1), until=None):
    """A self-made certificate for localhost and its key, good by the twin's clock and by that of who connects."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    until = until or datetime.now(UTC) + timedelta(days=90)
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(since)
        .not_valid_after(until).sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, private = folder / f"{name}.crt", folder / f"{name}.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, private


def test_files_https_cannot_use_are_told_apart_in_words(tmp_path):
    good, key = pair(tmp_path)
    _, other = pair(tmp_path, "b")
    old, old_key = pair(tmp_path, "c", since=NOW - timedelta(days=30), until=NOW - timedelta(days=27))
    for certificate, private, words in [
        (good, other, "is not the key of"), (old, old_key, "expired on 2026-10-26"), (key, key, "no certificate"),
        (good, good, "no private key"), (tmp_path / "none.crt", key, "cannot be read (No such file"),
    ]:  # fmt: skip
        with pytest.raises(tls.TlsError, match=words.replace("(", r"\(")):
            tls.context(str(certificate), str(private), lambda: NOW)
    with pytest.raises(tls.TlsError, match="tls_key is missing"):
        tls.context(str(good), "", lambda: NOW)
    assert tls.context("", "", lambda: NOW) is None


def shown(port: int) -> bytes:
    """The certificate a new connection is shown."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port)) as raw, trusting.wrap_socket(raw) as line:
        return line.getpeercert(binary_form=True)


def test_https_has_its_own_cookies_and_takes_a_renewed_certificate_without_a_restart(serving, tmp_path, caplog):
    certificate, key = pair(tmp_path)
    site = serving(tls_certificate=str(certificate), tls_key=str(key))
    address = f"https://127.0.0.1:{site.port}/"
    trusted = ssl.create_default_context(cafile=str(certificate))
    trusted.check_hostname = False
    with httpx.Client(verify=trusted) as client:
        answer = client.get(address, headers={"accept": "text/html"})
        assert answer.status_code == 200
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-cim_session=")
        assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert client.get(address + "api/v1/homes").status_code == 200  # by that cookie

    before = shown(site.port)
    other, other_key = pair(tmp_path, "b")
    os.replace(other, certificate)
    assert shown(site.port) == before  # half of a pair is not used
    assert "is not the key of" in caplog.text
    os.replace(other_key, key)
    assert shown(site.port) != before


def test_a_command_of_this_machine_trusts_the_servers_very_certificate(serving, tmp_path):
    certificate, key = pair(tmp_path)
    site = serving(tls_certificate=str(certificate), tls_key=str(key))
    token = site.cockpit.tokens.lend(Role.ADMINISTRATOR, "control", is_control=True)
    with announced(tmp_path, "127.0.0.1", site.port, token=token, broker="", certificate=str(certificate)):
        assert running_server(tmp_path).url.startswith("https://")
        certificate.write_bytes(pair(tmp_path, "b")[0].read_bytes())
        assert running_server(tmp_path) is None


def test_without_https_the_cookie_is_plain_and_a_forwarded_address_counts_only_from_a_declared_proxy(serving):
    said = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9"}
    for site, name in ((serving(), "cim_session="), (serving(proxies="127.0.0.1"), "__Host-cim_session=")):
        token = site.cockpit.tokens.lend(Role.MANAGER, "x")
        answer = httpx.get(f"{site.url}/?token={token}", headers=said)
        assert answer.status_code == 303
        assert answer.headers["set-cookie"].startswith(name)
        assert token not in answer.headers["location"]


def test_a_head_that_does_not_come_ends_the_connection(serving, monkeypatch):
    monkeypatch.setattr(listening.Patient, "head_seconds", 0.2)
    site = serving()
    for start in (b"", b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: "):
        with socket.create_connection(("127.0.0.1", site.port), timeout=5) as line:
            line.sendall(start)
            begun = time.perf_counter()
            assert line.recv(100) == b""
            assert time.perf_counter() - begun < 3
    with site.client() as client:  # one that comes in time is kept open beyond that
        assert client.get("/healthz").status_code == 200
        assert client.get("/healthz").status_code == 200
