"""Without consent a home's daily life is not shown; what the contract of service needs is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from twin_model import consent
from twin_model.entities import Building, Community, Home

from ..conftest import NOON


@pytest.fixture
def town(twin):
    twin.record(
        [
            Community(community_id="c", name="c"),
            Building(community_id="c", building_id="b", height_m=3.0, footprint=b""),
            *(Home(community_id="c", home_id=h, building_id="b", number=h) for h in ("h1", "h2")),
        ]
    )
    return twin


def give(town, home="h1", ended=None, sense="daily_life"):
    row = {"person_no": "r1", "home_id": home, "sense": sense, "given_by": "self", "given_on": NOON.date()}
    town.ledger.record("consent", [row | {"ended_on": ended}], community_id="c")


def agreed(town, home, at):
    return consent.agreed(town, home, at, community_id="c")


def test_a_community_without_a_register_works_by_its_contract(town):
    assert agreed(town, "h1", town.now())


def test_with_a_register_only_who_agreed_is_shown(town, clock):
    give(town)
    at = clock.forward(hours=1)
    assert (agreed(town, "h1", at), agreed(town, "h2", at)) == (True, False)


def test_consent_to_one_sense_is_none_to_another(town, clock):
    give(town, sense="bed")
    assert not agreed(town, "h1", clock.forward(hours=1))


def test_a_withdrawn_consent_ends_that_day_and_held_before(town, clock):
    give(town)
    before = clock.forward(days=2)
    give(town, ended=(NOON + timedelta(days=3)).date())
    assert agreed(town, "h1", before)
    assert not agreed(town, "h1", clock.set(NOON + timedelta(days=4)))
