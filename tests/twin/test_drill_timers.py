"""Hand-overs in a drill go by the drill's clock, and stop with it without keeping the real one busy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.twin.conftest import NEIGHBOURHOOD, SQUARE, device, table
from twin_model.drill_clock import Drill
from twin_model.entities import Building, Community, Home


@pytest.fixture
def drill(twin, clock):
    """A drill at ten times real speed, of a night three hours ago, in which somebody calls for help."""
    where = {"community_id": "d"}
    twin.record(
        [
            *NEIGHBOURHOOD,
            Community(**where, name="演练", drill_of="c"),
            Building(**where, building_id="d-b1", name="1幢", footprint=SQUARE, height_m=18.0),
            Home(**where, home_id="d-h1", building_id="d-b1", number="101", elder_alone=True),
            replace(device("d-sos", "sos_button", home_id="d-h1"), **where),
        ]
    )
    now = clock.forward(minutes=1)
    twin.care.step()
    begun = Drill(
        drill_id="x", community_id="d", drill_of="c", scenario="s", speed=10.0, started_at=now,
        drill_from=now - timedelta(hours=3), started_by="a",
    )  # fmt: skip
    twin.care.begin_drill(begun)
    clock.forward(seconds=1)
    twin.apply(table(twin, [("d-sos", "sos", begun.time(clock()), 1)]))
    return begun


def call(twin, clock):
    (incident,) = twin.care.incidents(clock(), community_id="c")
    return incident


def test_a_drill_hands_over_by_its_own_clock(twin, clock, drill):
    raised = call(twin, clock)
    assert (raised.drill_id, raised.phase) == ("x", "raised")
    clock.forward(seconds=5.9)
    twin.care.step()
    assert call(twin, clock).rung is None
    assert twin.care.step().next_due <= clock() + timedelta(seconds=0.2)
    clock.forward(seconds=0.2)
    twin.care.step()
    assert call(twin, clock).rung == "family"
    assert call(twin, clock).steps[-1].at == raised.raised_at + timedelta(seconds=60)


def test_a_drill_that_has_ended_keeps_nothing_busy(twin, clock, drill):
    twin.care.end_drill("x")
    for _ in range(3):
        clock.forward(minutes=1)
        twin.care.step()
    revision = twin.revision
    assert twin.care.step().next_due > clock()
    assert twin.revision == revision
    assert twin.care.incident("i-000001", clock()).rung is None


def test_a_drill_that_caught_up_with_real_time_does_not_run_ahead_of_it(twin, clock, drill):
    """Ten times three hours are over after twenty minutes: from then on it is as late in the drill as it really is."""
    at = clock.forward(hours=1)
    assert drill.time(at) == at
    due = at + timedelta(minutes=5)
    us = twin.care.clock.real("d", int(due.timestamp() * 1_000_000))
    assert us == int(due.timestamp() * 1_000_000)
