"""The program as it is started: a call for help reaches those who were asked to be told, also through a kill -9."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import Served, unused_port
from twin_model.entities import Building, Community, Device, Home
from twin_model.twin import Twin

from .conftest import square
from .outbox import SECRET
from .receiver import answer, hang, receivers

receiver = pytest.fixture(receivers)
TOML = """
public_url = "https://cim.example.cn"
night_quiet = ""
[[outlet]]
name = "duty"
kind = "webhook"
url = "{url}"
secret_file = "duty.secret"
[[outlet]]
name = "topic"
kind = "mqtt"
[[outlet]]
name = "log"
kind = "file"
path = "told.jsonl"
"""


@pytest.fixture
def program(tmp_path, receiver) -> Iterator[tuple[Served, object]]:
    """Two homes with a button each, three outlets."""
    there = receiver()
    data = tmp_path / "site" / "data"
    data.mkdir(parents=True)
    (data / "cockpit.toml").write_text(TOML.format(url=there.url), encoding="utf-8")
    (data / "duty.secret").write_text(SECRET, encoding="utf-8")
    twin = Twin.open(data / "twin.duckdb", clock=lambda: datetime.now(UTC) - timedelta(minutes=1))
    twin.record(
        [
            Community(community_id="town", name="镇"),
            Building(community_id="town", building_id="town-b", name="1幢", footprint=square(104, 30), height_m=18.0),
            *(Home(community_id="town", home_id=f"h{n}", building_id="town-b", number=f"{n}01") for n in (1, 2)),
            *(
                Device(
                    community_id="town", device_id=f"s{n}", type="sos_button", dialect="zigbee2mqtt", address=f"s{n}",
                    home_id=f"h{n}",
                )
                for n in (1, 2)
            ),
        ]
    )  # fmt: skip
    twin.close()
    server = Served(data, unused_port(), unused_port(), ["--no-sample"])
    server.start()
    yield server, there
    if server.process is not None:
        server.stop()


def raised(there) -> list[tuple[str, str]]:
    """(place, event id) of every incident the receiver was told of, doubles included."""
    events = [json.loads(request.body) for request in there.requests]
    return [(e["data"]["where"], e["id"]) for e in events if e["data"]["kind"] == "raised"]


def test_a_call_for_help_is_told_and_what_was_under_way_at_a_kill_is_told_again(program, wait_for):
    server, there = program
    server.publish("zigbee2mqtt/s1", '{"action": "emergency"}')
    wait_for(lambda: raised(there), within=10, what=f"the webhook to be told; the server said:\n{server.log}")
    assert [place for place, _ in raised(there)] == ["1幢 101"]
    told = server.data / "told.jsonl"
    wait_for(lambda: told.exists() and told.read_text(encoding="utf-8"), what="the file to be written")
    wait_for(
        lambda: 'cim_outlet_told_total{kind="mqtt",outlet="topic"} 1.0' in server.get("/metrics").text,
        what="the topic to be told",
    )

    there.usual = hang
    server.publish("zigbee2mqtt/s2", '{"action": "emergency"}')
    wait_for(lambda: len(raised(there)) == 2, within=10, what="the receiver to be asked")
    server.stop(signal.SIGKILL)
    there.usual = answer()
    server.start()
    wait_for(lambda: len(raised(there)) == 3, within=20, what="the second call to be told again")
    assert raised(there)[2] == raised(there)[1]
    assert raised(there)[1][0] == "1幢 201"
    assert SECRET not in server.log
    assert "very-secret" not in server.log
