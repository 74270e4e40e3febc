"""A community that is no more: gone from now on, and still there at every instant before."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from twin_model.entities import Community, Device
from twin_model.twin import Twin


def furnish(twin: Twin, community: str) -> None:
    device = Device(
        community_id=community, device_id=f"{community}-m", type="motion", dialect="json", address=community
    )
    twin.record([Community(community_id=community, name=community), device])


def test_what_is_retired_is_gone_from_now_on_and_stays_in_the_past(twin: Twin, clock) -> None:
    furnish(twin, "a")
    furnish(twin, "b")
    number = twin.directory().numbers["a-m", "motion"]
    reading = {"series_no": pa.array([number], pa.int32()), "taken_at": pa.array([clock()]).cast(pa.timestamp("us"))}
    twin.apply(pa.table(reading | {"value": [1.0], "retained": [False]}))
    before = twin.now()
    clock.forward(minutes=5)
    twin.retire("a")
    assert twin.entities("community", twin.now())["community_id"].to_pylist() == ["b"]
    assert set(twin.states(twin.now())["community_id"].to_pylist()) == {"b"}
    assert twin.directory().lookup("json", "a") is None
    assert twin.directory().lookup("json", "b") is not None
    assert twin.entities("community", before)["community_id"].to_pylist() == ["a", "b"]
    known = twin.states(before, device_id="a-m", community_id="a").filter(pa.compute.field("metric") == "motion")
    assert known["value"].to_pylist() == [1.0]


def test_what_was_to_begin_later_never_begins(twin: Twin, clock) -> None:
    later = clock() + timedelta(hours=1)
    twin.record([Community(community_id="a", name="a")], valid_from=later)
    assert twin.entities("community", twin.now()).num_rows == 0
    clock.forward(minutes=5)
    twin.retire("a")
    clock.forward(hours=2)
    assert twin.entities("community", twin.now()).num_rows == 0
