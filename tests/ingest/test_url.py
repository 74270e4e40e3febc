"""Addresses of brokers."""

from __future__ import annotations

import pytest

from ingest.url import BrokerError, BrokerUrl, tls_context


def test_user_and_password_may_hold_any_character():
    url = BrokerUrl.parse("mqtts://%E5%BC%A0:p%40ss%2Fword@broker.example")
    assert (url.host, url.port, url.tls, url.username, url.password) == (
        "broker.example", 8883, True, "张", "p@ss/word",
    )  # fmt: skip


def test_the_password_is_in_no_text_made_from_it():
    url = BrokerUrl.parse("mqtt://cockpit:secret@[::1]:1884")
    assert "secret" not in f"{url} {url!r} {url.place}"
    assert str(url) == "mqtt://cockpit@[::1]:1884"


@pytest.mark.parametrize(
    "text", ["localhost:1883", "http://host", "mqtt://", "mqtt://host:port", "mqtt://u:a/b@host", "mqtt://h/topic", ""]
)
def test_an_unusable_address_is_refused_with_what_to_write(text):
    with pytest.raises(BrokerError, match="write mqtt://host:1883") as refusal:
        BrokerUrl.parse(text)
    assert "a/b" not in str(refusal.value)


def test_a_ca_file_that_cannot_be_used_is_named(tmp_path):
    nonsense = tmp_path / "ca.pem"
    nonsense.write_text("not a certificate")
    with pytest.raises(BrokerError, match=r"ca\.pem"):
        tls_context(BrokerUrl.parse("mqtts://h"), nonsense)
    with pytest.raises(BrokerError, match="mqtts://"):
        tls_context(BrokerUrl.parse("mqtt://h"), nonsense)
