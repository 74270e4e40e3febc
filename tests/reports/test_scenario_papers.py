"""A report of what-if scenarios: what the twin works out, marked as thought of, the same bytes again, verified."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import shapely
from openpyxl import load_workbook

from cockpit.reports import facts
from cockpit.reports.kinds import ReportRefused, Wish, name_of
from cockpit.reports.making import make
from cockpit.reports.scenario_facts import gather
from cockpit.reports.scenario_papers import scenario_papers
from cockpit.reports.signing import Signer
from cockpit.reports.verifying import verify
from tests.conftest import NOON, Clock
from twin_model.edits import read_edits
from twin_model.entities import Building, Community, Facility, Ground, Home
from twin_model.rights import PROGRAM, reading
from twin_model.twin import Twin

C = "street"
EAST, NORTH = 1 / 96_486.3, 1 / 110_852.4  # degrees of a metre here


def spot(x: float, y: float = 0.0) -> tuple[float, float]:
    return 120.0 + x * EAST, 30.0 + y * NORTH


def put(x: float, **more: Any) -> dict[str, Any]:
    lon, lat = spot(x)
    return {"op": "put", "facility_kind": "clinic", "lon": lon, "lat": lat, **more}


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def twin(clock: Clock) -> Iterator[Twin]:
    """A street of 2 km, ten houses with ten elders each at 100, 300 … 1,900 m; a clinic at 100 m, open till 17:00."""
    street = shapely.LineString([spot(0), spot(2000)]).wkb
    rows: list[Any] = [Community(community_id=C, name="长街", name_en="Long Street"),
                       Ground(community_id=C, ground_id="g", layer="path", geometry=street, source="osm")]  # fmt: skip
    for n in range(10):
        box = shapely.box(*spot(95 + 200 * n, 10), *spot(105 + 200 * n, 20)).wkb
        rows.append(Building(community_id=C, building_id=f"b{n}", name=f"{n}幢", footprint=box, height_m=9.0))
        rows.append(Home(community_id=C, home_id=f"h{n}", building_id=f"b{n}", number="1", age_0_17=0, age_18_59=0,
                         age_60_79=10, age_80_up=0))  # fmt: skip
    lon, lat = spot(100)
    rows.append(Facility(community_id=C, facility_id="clinic", facility_kind="clinic", name="站", lon=lon, lat=lat,
                         capacity=5, opening_hours="Mo-Su 08:00-17:00"))  # fmt: skip
    made = Twin.open(None, clock=clock)
    made.record(rows)
    yield made
    made.close()


@pytest.fixture(scope="module")
def saved(twin: Twin, clock: Clock) -> tuple[str, str]:
    clock.instant += timedelta(minutes=1)
    one = twin.scenarios.save(C, "中间加一处", "planner", NOON, read_edits(
        [put(1100, area_m2=60.0, yuan_per_m2=500.0, capacity=20, opening_hours="Mo-Su 08:00-20:00")]))  # fmt: skip
    other = twin.scenarios.save(C, "东头加一处", "planner", NOON, read_edits([put(1900)]))
    clock.instant += timedelta(minutes=1)
    return one.scenario_id, other.scenario_id


def of(found: dict[str, Any], unit: str = "m", limit: float = 500.0, group: str = "aged_60") -> dict[str, Any]:
    rows = found["scenarios"][0]["kinds"][0]["covered"]
    return next(row for row in rows if (row["unit"], row["limit"], row["group"]) == (unit, limit, group))


def test_the_figures_are_those_of_the_twin_at_the_reports_instant(twin, saved):
    wish = Wish(community=C, kind="scenario", audience="management", scenarios=saved)
    with reading(PROGRAM):
        told = gather(twin, twin.now(), wish)
        (known,) = twin.scenarios.outcomes(twin.now(), C, twin.scenarios.one(twin.now(), saved[0]).edits)
    row = next(row for unit, limit, row in known.covered if (unit, limit, row.group) == ("m", 500.0, "aged_60"))
    assert (of(told)["before"], of(told)["after"]) == (row.before, row.after) == (30, 80)
    kind = told["scenarios"][0]["kinds"][0]
    assert {(row["unit"], row["limit"]) for row in kind["covered"]} == {
        ("m", 300), ("m", 500), ("m", 1000), ("min", 5), ("min", 10), ("min", 15),
    }  # fmt: skip
    (effect,) = kind["effects"]
    assert (effect["people"], effect["per_m2"], effect["per_10k"]) == (50, 50 / 60, 50 / 3)
    assert (kind["best"]["proven"], kind["best"]["people"], kind["best"]["scenario_people"]) == (True, 50, 50)
    at_six = next(row for row in kind["hour"]["covered"] if row["group"] == "aged_60")
    assert (at_six["before"], at_six["after"]) == (0, 50), "the clinic closes at 17:00"
    other = told["scenarios"][1]["kinds"][0]
    assert other["hour"]["unknown"] == [0, 1], "nobody said when the second one would be open"
    at_six = next(row for row in other["hour"]["covered"] if row["group"] == "aged_60")
    assert (at_six["after"], at_six["perhaps_after"]) == (0, 30)
    assert [row["per_m2"] for row in other["effects"]] == [None]


def test_a_report_of_scenarios_says_so_compares_them_and_is_verified_byte_by_byte(twin, saved, tmp_path):
    wish, at, signer = Wish(community=C, kind="scenario", scenarios=saved), twin.now(), Signer.of(tmp_path)
    report = make(twin, at, wish, signer)
    assert report.name == name_of(wish, at)
    assert all(one in report.name for one in saved)
    assert json.loads(report.papers["manifest.json"])["scenarios"] == list(saved)
    verdict = verify(twin, report.papers, signer.public)
    assert verdict.holds, verdict.lines()
    page = report.papers["report.html"].decode()
    assert page.count("推演方案，非现状") >= 2
    for words in ("方案比较", "中间加一处", "东头加一处", "间隙 0", "18:00"):
        assert words in page
    assert "放置" in report.papers["map.svg"].decode()
    book = load_workbook(io.BytesIO(report.papers["annex.xlsx"]))
    assert all(sheet.title.startswith("推演") for sheet in book)
    rows = [[cell.value for cell in row] for row in book["推演-覆盖"].iter_rows()]
    assert ["中间加一处", "clinic", "aged_60", 500, "m", 100, 30, 80, 50, 0, 0] in rows


def test_what_cannot_be_reported_is_refused_with_what_was_expected(twin, saved, clock):
    known, when = saved[0], twin.now()
    for said, found in (
        ({"audience": "public", "scenarios": (known,)}, "staff or management"), ({"scenarios": ()}, "1 to 3"),
        ({"scenarios": ("../x",)}, "expected an id"), ({"scenarios": (known, known)}, "different"),
        ({"kind": "daily", "scenarios": (known,)}, "kind scenario only"),
    ):  # fmt: skip
        with pytest.raises(ReportRefused, match=found):
            Wish(**{"community": C, "kind": "scenario", **said})
    gone = twin.scenarios.save(C, "撤回的", "planner", NOON, ())
    clock.instant += timedelta(minutes=1)
    twin.scenarios.withdraw(gone.scenario_id)
    for scenario, at in ((gone.scenario_id, twin.now()), (known, NOON), ("0" * 16, when)):
        with pytest.raises(ReportRefused, match="saved and not withdrawn"):
            scenario_papers(twin, at, Wish(community=C, kind="scenario", scenarios=(scenario,)))


def test_no_other_report_tells_of_a_scenario(twin, saved):
    for kind in ("daily", "acceptance"):
        said = str(facts.gather(twin, twin.now(), Wish(community=C, kind=kind)))
        assert not any(word in said for word in ("中间加一处", *saved))
