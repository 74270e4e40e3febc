"""Cutting an MQTT byte stream into packets."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.packets import DUP, RETAIN, SMALLEST_LIMIT, TOO_LARGE, PacketReader
from tests.ingest.conftest import publish_packet, variable

ONE = publish_packet(b"a/1", b'{"v":1}', mid=7)
PINGRESP = b"\xd0\x00"


def read(data: bytes, *, v5: bool = False):
    reader = PacketReader(v5=v5)
    messages, controls = reader.feed(data)
    return messages, controls, reader.fault


def test_a_publish_becomes_topic_payload_flags_and_packet_id():
    retained_again = publish_packet(b"t", b"x", mid=9, flags=RETAIN | DUP)
    assert read(ONE + retained_again + publish_packet(b"q", b"", qos=0))[0] == [
        (b"a/1", b'{"v":1}', 2, 7),
        (b"t", b"x", 2 | RETAIN | DUP, 9),
        (b"q", b"", 0, 0),
    ]


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=300), st.binary(max_size=400)), max_size=8),
    st.lists(st.integers(0, 3000), max_size=8),
    st.booleans(),
    st.binary(max_size=200),
)
def test_it_does_not_matter_where_the_reads_were_cut(rows, cuts, v5, properties):
    packets = [publish_packet(t, p, mid=n + 1, v5=v5, properties=properties) for n, (t, p) in enumerate(rows)]
    data = PINGRESP + b"".join(packets)
    reader = PacketReader(v5=v5)
    found = []
    places = [0, *sorted(c for c in cuts if c < len(data)), len(data)]
    for start, end in pairwise(places):
        found += reader.feed(data[start:end])[0]
    assert reader.fault is None
    assert found == [(t, p, 2, n + 1) for n, (t, p) in enumerate(rows)]


def test_other_packets_keep_their_place_between_the_messages():
    messages, controls, _ = read(ONE + PINGRESP + ONE + b"\x34\x07\x00\x01a\x00\x05xy")
    assert len(messages) == 2
    assert controls == [(1, 0xD0, b""), (2, 0x34, b"\x00\x01a\x00\x05xy")]


@pytest.mark.parametrize(
    ("data", "v5", "said"),
    [
        (b"\x36\x05\x00\x01a\x00\x01", False, "QoS 3"),
        (b"\x30\xff\xff\xff\xff\x01", False, "more than four bytes"),
        (b"\x32\x05\x00\x09a\x00\x01", False, "longer than its packet"),
        (b"\x30\x02\x00\x00", False, "too short"),
        (b"\x32\x05\x00\x01a\x00\x00", False, "packet id 0"),
        (publish_packet(b"", b"x", mid=3, v5=True, properties=b"\x23\x00\x01"), True, "topic aliases"),
        (b"\x32\x06\x00\x01a\x00\x01\x7f", True, "longer than their packet|longer than its packet|properties"),
        (b"\x32\x05\x00\x01a\x00\x01", True, "property length"),
        (b"\x90" + variable(SMALLEST_LIMIT * 16) + b"x" * SMALLEST_LIMIT * 8, False, "type 9"),
    ],
)
def test_a_malformed_packet_is_named_and_nothing_after_it_believed(data, v5, said):
    messages, _, fault = read(publish_packet(b"a", b"1", v5=v5) + data + ONE, v5=v5)
    assert [m[0] for m in messages] == [b"a"]
    assert fault is not None
    assert any(part in fault for part in said.split("|"))


def test_of_a_message_over_the_limit_the_beginning_is_kept_and_the_next_one_still_read():
    limit = SMALLEST_LIMIT
    reader = PacketReader(v5=True, limit=limit)
    data = publish_packet(b"big", b"x" * limit * 3, mid=5, v5=True) + publish_packet(b"a/1", b"1", mid=7, v5=True)
    found = []
    for at in range(0, len(data), 50_000):
        found += reader.feed(data[at : at + 50_000])[0]
    big, after = found
    assert (big[0], big[2], big[3]) == (b"big", 2 | TOO_LARGE, 5)
    assert limit - 20 < len(big[1]) <= limit
    assert after == (b"a/1", b"1", 2, 7)
