"""One person can have everything that is known of them, and be taken out of it; no figure changes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from twin_model import personal
from twin_model.care import Visit
from twin_model.entities import Building, Community, Contact, Device, Home, Rejected, Resident

from ..conftest import NOON
from .test_retention import readings

WANG, PHONE, NOTE = "王守拙", "13870001907", "房颤术后"


@pytest.fixture
def home(twin, clock):
    """A home of one, with a motion sensor, a visit and a class; next door a couple."""
    twin.record(
        [
            Community(community_id="c", name="c"),
            Building(community_id="c", building_id="b", height_m=3.0, footprint=b""),
            *(Home(community_id="c", home_id=h, building_id="b", number=h) for h in ("h1", "h2")),
            Resident(community_id="c", resident_id="r1", home_id="h1", name=WANG, birth_year=1939, health_note=NOTE),
            Resident(community_id="c", resident_id="r2", home_id="h2", name="李一", birth_year=1950),
            Resident(community_id="c", resident_id="r3", home_id="h2", name="赵二", birth_year=1951),
            Contact(community_id="c", contact_id="k1", home_id="h1", role="family", rank=1, name="王小", phone=PHONE),
            Device(community_id="c", device_id="p1", type="motion", dialect="json", address="p1", home_id="h1"),
            Device(community_id="c", device_id="p2", type="motion", dialect="json", address="p2", home_id="h2"),
        ]
    )
    twin.ledger.record(
        "learner", [{"learner_no": n, "enrolled_on": NOON.date(), "age_band": "elder"} for n in ("r1", "r2")],
        community_id="c",
    )  # fmt: skip
    clock.forward(minutes=1)
    twin.apply(readings(twin, values={("p1", "motion"): 1, ("p2", "motion"): 1}))
    note = f"看望{WANG}，电话{PHONE}"
    twin.care.record_visits(
        [Visit(home_id="h1", visited_at=clock(), visited_by="网格员", role="grid_worker", note=note)]
    )
    twin.quarantine([Rejected(source="import", place="a.csv:3", code="x", reason="r", raw=f"{WANG},1".encode())])
    clock.forward(minutes=1)
    return twin


def everything(twin) -> str:
    """All that is stored, as text."""
    tables = twin.store.select("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")["table_name"].to_pylist()
    return "".join(str(twin.store.select(f'SELECT * FROM "{table}"').to_pylist()) for table in tables)


def test_one_person_gets_all_that_is_known_of_them_and_nothing_of_others(home):
    person = personal.find(home, "r1")
    found = personal.gather(home, person)
    assert {"resident", "home", "device", "visit", "record_learner"} <= set(found)
    assert found["resident"][0]["health_note"] == NOTE
    assert personal.readings(home, person)["device_id"].to_pylist() == ["p1"]
    assert not re.search("李一|赵二|r2", str(found))
    with pytest.raises(personal.UnknownPerson, match="no resident and no contact 'r9'"):
        personal.find(home, "r9")


def test_an_erased_person_is_nowhere_in_the_store_and_is_counted_as_before(home, clock):
    at = home.now()
    learners = home.ledger.rows("learner", at, community_id="c").num_rows
    residents = home.entities("resident", at).num_rows
    other = [row for row in home.states(at).to_pylist() if row["device_id"] == "p2"]
    told = personal.erase(home, personal.find(home, "r1"))
    assert {"resident", "visit", "record_learner", "quarantine", "reading"} <= set(told.rows)
    kept = everything(home)
    assert WANG not in kept
    assert NOTE not in kept
    assert "'r1'" not in kept
    assert "r1|" not in kept
    assert home.ledger.rows("learner", at, community_id="c").num_rows == learners
    assert home.entities("resident", at).num_rows == residents
    assert [row for row in home.states(at).to_pylist() if row["device_id"] == "p2"] == other
    assert any("rhythm" in line["en"] for line in told.changed), "the home of one is told to be another screen now"


def test_nothing_measured_in_a_home_of_two_is_deleted_with_one_of_them(home):
    told = personal.erase(home, personal.find(home, "r2"))
    assert "reading" not in told.rows
    assert home.entity("resident", "r3", home.now())["name"] == "赵二"


def test_a_contact_is_taken_out_of_notes_too(home):
    told = personal.erase(home, personal.find(home, "k1"))
    assert told.rows["visit"] == 1
    assert PHONE not in everything(home)
    notes = home.care.visits(NOON - timedelta(days=1), home.now(), home.now(), community_id="c")
    assert personal.ERASED in str(notes)


def test_what_was_remembered_of_a_person_is_forgotten_at_once(home):
    at = home.now()
    assert home.entity("resident", "r1", at)["name"] == WANG
    forgotten = home.forgotten
    personal.erase(home, personal.find(home, "r1"))
    assert [row["name"] for row in home.entities("resident", at).to_pylist()] == ["", "李一", "赵二"]
    assert home.forgotten == forgotten + 1
