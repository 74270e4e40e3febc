"""What the street is told of registered people: no answer subtracted from another is one person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import shapely

from layouts.parts import wall_answers
from twin_model.entities import Building, Community, Entity, Facility, Ground, Home
from twin_model.rights import Rights, reading
from twin_model.twin import Twin

READ = ("service_space_per_100_households", "parking_spaces_per_household", "open_space_per_resident")
EAST, NORTH = 1 / 96_486.3, 1 / 110_852.4  # degrees of a metre at 120 E, 30 N


def home(n: int, **ages: int) -> Home:
    bands = {"age_0_17": 0, "age_18_59": 2, "age_60_79": 1, "age_80_up": 1} | ages
    return Home(community_id="c", home_id=f"h{n}", building_id=f"b{n % 4}", number=str(n), **bands)


@pytest.fixture
def street(clock) -> Iterator[Twin]:
    """Four houses along a street with a clinic at its end, ten homes each."""

    def spot(x: float, y: float) -> tuple[float, float]:
        return 120.0 + x * EAST, 30.0 + y * NORTH

    twin, path = Twin.open(None, clock=clock), shapely.LineString([spot(0, 0), spot(1_200, 0)]).wkb
    found: list[Entity] = [
        Community(community_id="c", name="社区"),
        Ground(community_id="c", ground_id="g", layer="path", geometry=path, source="sample"),
        Facility(
            community_id="c", facility_id="f", facility_kind="clinic", name="诊所", lon=120.0, lat=30.0, area_m2=500.0
        ),
    ]
    for n in range(4):
        outline = shapely.box(*spot(300 * n + 95, 5), *spot(300 * n + 105, 12)).wkb
        found.append(Building(community_id="c", building_id=f"b{n}", footprint=outline, height_m=9.0))
    twin.record([*found, *(home(n) for n in range(40))])
    yield twin
    twin.close()


def told(twin: Twin) -> list[object]:
    """Everything the street is told of who lives here."""
    at = twin.now()
    with reading(Rights()):
        rows = twin.circles.coverage(at, "c", ["clinic"], groups=("homes", "people", "aged_60", "aged_80"), public=True)
        counts = [[row[name] for name in ("group", "total", "reached", "share")] for row in rows.to_pylist()]
        city = [[row[name] for name in ("homes", "people", "aged_60")] for row in twin.city.released(at)]
        kpis = twin.kpis.values(at, community_id="c", ids=READ).to_pylist()
        values = [[row[name] for name in ("kpi", "value", "denominator", "rows_used")] for row in kpis]
        facts = twin.health.facts(at, street=True)
        check = [twin.health.check(at, "pilot_2022", "c").to_pylist(), {n: v.tolist() for n, v in facts.groups.items()}]
        walls = [wall_answers.people(twin, at, "c"), wall_answers.place(twin, at, "c")["people"]]
        return [counts, city, values, check, walls]


def eighty(twin: Twin) -> int:
    return twin.released.residents(twin.now(), "c")["age_80_up"]


def test_one_person_more_is_in_no_difference_of_two_answers_however_near_or_far_they_are(street, clock):
    before = told(street)
    assert eighty(street) == 40
    clock.forward(minutes=1)
    street.record([home(0, age_80_up=2)])
    assert street.residents(street.now(), community_id="c")["age_80_up"] == 41, "staff is told at once"
    assert told(street) == before
    clock.forward(days=40)
    assert told(street) == before


def test_five_homes_that_changed_are_released_at_midnight_together_and_the_past_stays_as_it_was_told(street, clock):
    noon, before = street.now(), told(street)
    for n in range(5):
        clock.forward(days=1)
        assert eighty(street) == 40, f"{n} homes are not five"
        street.record([home(n, age_80_up=0)])
    assert told(street) == before, "not before midnight"
    clock.forward(days=1)
    assert (eighty(street), told(street) != before) == (35, True)
    assert street.released.residents(noon, "c")["age_80_up"] == 40
    clock.forward(days=1)
    street.record([home(n) for n in range(4)])
    clock.forward(days=1)
    assert eighty(street) == 35, "four of them changed back"


def test_a_home_that_changed_and_changed_back_has_not_changed(street, clock):
    for n in range(6):
        clock.forward(days=1)
        street.record([home(n, age_80_up=0)])
        clock.forward(hours=1)
        street.record([home(n)])
    clock.forward(days=2)
    assert eighty(street) == 40
