"""The private parts of paho that the bulk receive path stands on."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import paho.mqtt.client as paho

from ingest.mqtt import Connection
from ingest.url import BrokerUrl


def test_paho_is_the_release_whose_private_parts_were_read():
    """On an upgrade: read loop_read, _packet_handle, _packet_queue, _loop_rc_handle and _check_keepalive again."""
    assert version("paho-mqtt") == "2.2.0"


def test_the_private_parts_we_use_are_there():
    made = Connection(
        BrokerUrl(host="127.0.0.1", port=1), None, client_id="x", v5=True, tls=None, receive_maximum=100
    )
    for name in (
        "_in_packet", "_last_bytes_received", "_last_msg_out", "_msgtime_mutex", "_ping_t", "_sock",
    ):  # fmt: skip
        assert hasattr(made, name), name
    for name, arguments in {
        "_loop_rc_handle": ["self", "rc"],
        "_packet_handle": ["self"],
        "_packet_queue": ["self", "command", "packet", "mid", "qos", "info"],
        "_send_pingreq": ["self"],
        "_sock_close": ["self"],
        "_sock_recv": ["self", "bufsize"],
        "_ssl_wrap_socket": ["self", "tcp_sock"],
    }.items():
        assert list(inspect.signature(getattr(paho.Client, name)).parameters) == arguments, name
