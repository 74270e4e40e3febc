"""How a home is: active, quiet, away or blind; what tells them apart, since when, and why."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.twin.conftest import NEIGHBOURHOOD, device
from twin_model.entities import Home


@pytest.fixture
def kit(twin):
    """A home whose detectors speak through a gateway."""
    behind = {"home_id": "h1", "gateway_id": "g1"}
    twin.record(
        [
            *NEIGHBOURHOOD,
            device("g1", "gateway", building_id="b1"),
            device("m1", "motion", **behind),
            device("d1", "door_contact", **behind),
            device("r1", "fall_radar", **behind),
        ]
    )
    return twin


def state(twin, when=None):
    row = twin.home_states(when or twin.now()).to_pylist()[0]
    return row["state"], row["reason"]


def test_a_sign_of_life_within_the_hour_is_active_then_quiet(kit, apply, clock):
    seen = clock()
    apply(("g1", "children", seen, 3), ("m1", "motion", seen, 1))
    assert state(kit) == ("active", None)
    later = clock.forward(minutes=59)
    apply(("g1", "children", later, 3), ("m1", "motion", later, 0))
    assert state(kit) == ("active", None)
    clock.forward(minutes=2)
    row = kit.home_states(clock()).to_pylist()[0]
    assert (row["state"], row["since"], row["seen_at"]) == ("quiet", seen, seen)


def test_who_left_by_the_door_is_away_until_something_moves(kit, apply, clock):
    apply(("g1", "children", clock(), 3), ("d1", "open", clock(), 0), ("m1", "motion", clock(), 1))
    left = clock.forward(seconds=30)
    apply(("d1", "open", left, 1))
    assert state(kit) == ("active", None), "somebody may only have looked out"
    clock.forward(seconds=61)
    assert state(kit) == ("away", "left_by_door")
    assert kit.home_states(clock())["since"].to_pylist() == [left]
    apply(("m1", "motion", clock.forward(minutes=5), 1))
    assert state(kit) == ("active", None)


def test_nobody_is_away_while_the_radar_sees_somebody(kit, apply, clock):
    apply(("g1", "children", clock(), 3), ("d1", "open", clock(), 0), ("r1", "presence", clock(), 1))
    apply(("d1", "open", clock.forward(seconds=30), 1))
    now = clock.forward(minutes=70)
    apply(("g1", "children", now, 3), ("d1", "open", now, 1), ("r1", "presence", now, 1))
    assert state(kit) == ("quiet", "present")


def test_a_declared_absence_is_away_from_its_beginning_to_its_end(kit, apply, clock):
    apply(("g1", "children", clock(), 3), ("m1", "motion", clock(), 1))
    starts = clock.forward(minutes=10)
    kit.care.declare_absence(
        community_id="c", home_id="h1", kind="away", starts_at=starts, ends_at=starts + timedelta(hours=2),
        reason="at the daughter's", by="office",
    )  # fmt: skip
    during = clock.forward(minutes=1)
    assert state(kit) == ("away", "declared")
    assert kit.home_states(during)["since"].to_pylist() == [starts]
    clock.forward(hours=2)
    assert state(kit)[0] != "away"
    assert state(kit, during) == ("away", "declared"), "what was known then stays known"


def test_a_cleaning_is_nobodys_absence(kit, apply, clock):
    apply(("g1", "children", clock(), 3), ("m1", "motion", clock(), 1))
    kit.care.declare_absence(
        community_id="c", home_id="h1", kind="cleaning", starts_at=clock(), ends_at=clock() + timedelta(hours=2),
        reason="windows", by="office",
    )  # fmt: skip
    clock.forward(minutes=1)
    assert state(kit) == ("active", None)


def test_a_home_whose_devices_are_not_heard_is_blind_not_quiet(kit, apply, clock):
    apply(("m1", "motion", clock(), 1), ("r1", "presence", clock(), 0))
    clock.forward(hours=9)
    assert state(kit) == ("blind", "unheard")


def test_a_home_behind_a_silent_gateway_is_blind_however_fresh_its_last_word(kit, apply, clock):
    apply(("g1", "children", clock(), 3), ("m1", "motion", clock(), 1))
    clock.forward(minutes=11)
    assert state(kit) == ("blind", "gateway_silent")
    apply(("g1", "children", clock.forward(minutes=1), 3))
    assert state(kit) == ("active", None)


def test_a_home_that_was_never_heard_is_blind(kit, clock):
    row = kit.home_states(clock()).to_pylist()[0]
    assert (row["state"], row["reason"], row["since"], row["seen_at"]) == ("blind", "unheard", None, None)


def test_only_homes_of_elders_living_alone_are_shown(kit, clock):
    home = next(entity for entity in NEIGHBOURHOOD if isinstance(entity, Home))
    kit.record([replace(home, elder_alone=False)])
    assert kit.home_states(clock.forward(seconds=1)).num_rows == 0


def test_an_instant_that_screens_ask_about_is_answered_as_it_was_whatever_was_heard_since(kit, apply, clock):
    apply(("g1", "children", clock(), 3), ("m1", "motion", clock(), 1), ("d1", "open", clock(), 0))
    assert state(kit) == ("active", None)
    asked = []
    for minutes, name, metric, value in (
        (70, "m1", "motion", 0), (5, "m1", "motion", 1), (30, "d1", "open", 1), (40, "d1", "open", 0),
        (61, "g1", "children", 3), (200, "m1", "motion", 1), (1, "m1", "motion", 0),
    ):  # fmt: skip
        clock.forward(minutes=minutes)
        apply((name, metric, clock(), value), ("g1", "children", clock(), 3))
        clock.forward(minutes=3)
        asked.append(kit.settle())
        clock.forward(seconds=1)
    lately = [kit.care.home_states_at(at).to_pylist() for at in asked]
    kit.care._homes.forget()
    assert lately == [kit.care.home_states_at(at).to_pylist() for at in asked], "as from the log"
    assert len({str(rows) for rows in lately}) > 3
