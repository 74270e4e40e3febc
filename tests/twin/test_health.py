"""The health check: every rulebook's own examples through the real engine, the index, what changed, what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
import shapely

from ingest.naming import FACILITY_KINDS as IMPORTED
from tests.conftest import Clock
from tests.twin.kpi_examples import BEGIN, NOON, Played, Player
from tests.twin.registers import declared
from twin_model.catalogue import Catalogue
from twin_model.declared import DeclarationError
from twin_model.entities import Community, Entity, Facility, Ground, Home
from twin_model.health_book import HealthBooks, load_health_books
from twin_model.health_book_check import FACILITY_KINDS, Known
from twin_model.health_check import without_few
from twin_model.rights import Rights, reading
from twin_model.twin import Twin

CATALOGUE = Catalogue.load()
BOOKS = CATALOGUE.health_books
AT = datetime.fromisoformat(NOON)
KNOWN = Known(CATALOGUE.kpis, CATALOGUE.record_kinds, CATALOGUE.scene_book)


class HealthPlayer(Player):
    """The examples of all rulebooks, each a community of its own in one twin."""

    def __init__(self) -> None:
        self.clock = Clock(BEGIN)
        self.twin = Twin.open(None, clock=self.clock, catalogue=CATALOGUE)
        self.examples = [
            (book, item, example, Played(None, example, f"{book.name}-{item.key}-{n}", AT))
            for book in BOOKS.values() for item in book.items.values() for n, example in enumerate(item.examples)
        ]  # fmt: skip
        entities: list[Entity] = []
        for _, _, example, one in self.examples:
            found = [e for e in self._entities(one) if not isinstance(e, Community)]
            said = example.get("community", {})
            entities += [Community(community_id=one.community, name="x", **said), *found]
        self.twin.record(entities, recorded_at=BEGIN)
        with self.twin.together():
            for *_, one in self.examples:
                for event in self._events(one):
                    self._happens(event)
        self.clock.set(AT + timedelta(days=1))


@pytest.fixture(scope="module")
def player():
    found = HealthPlayer()
    yield found
    found.close()


def rows_of(twin, book, community=None, at=AT):
    return {(r["community_id"], r["item"]): r for r in twin.health.check(at, book, community).to_pylist()}


@pytest.mark.parametrize("book_id", list(BOOKS))
def test_an_item_gives_what_its_examples_say(player, book_id):
    rows, wrong = rows_of(player.twin, book_id), []
    for book, item, example, one in player.examples:
        if book.id == book_id:
            assert one.wrong == [], f"{book.path}: {item.key}: {example['name']}: {one.wrong}"
            row = rows[one.community, item.key]
            for key, value in example["expect"].items():
                is_near = isinstance(value, float | int) and row[key] is not None and math.isclose(row[key], value)
                if row[key] != value and not is_near:
                    wrong.append(f"{item.key}: {example['name']}: {key} is {row[key]!r}, expected {value!r}")
    assert wrong == []


def test_facility_kinds_are_those_an_import_knows():
    assert IMPORTED.keys() == FACILITY_KINDS


# --- a city of three -------------------------------------------------------------------------------------------------


def place(community, kind, area=None, capacity=None, n=0):
    name = f"{community}-{kind}{n}"
    return Facility(
        community_id=community, facility_id=name, facility_kind=kind, name=name, lon=120.0, lat=30.0, area_m2=area,
        capacity=capacity,
    )  # fmt: skip


BOOK = """
name = "b"
version = "1"
title = { zh = "册", en = "book" }
valid_from = 2020-01-01
publisher = { zh = "部", en = "ministry" }
document = { zh = "文", en = "document" }
least_items = 2
[[category]]
key = "c"
title = { zh = "类", en = "category" }
[[item]]
key = "station"
no = 1
category = "c"
title = { zh = "站", en = "station" }
clause = { zh = "条", en = "clause" }
source = { zh = "源", en = "source" }
verified = true
measure = "area_sum"
kinds = ["centre"]
threshold = 100
unit = { zh = "平方米", en = "m²" }
weight = 3
[[item]]
key = "clinic"
no = 2
category = "c"
title = { zh = "所", en = "clinic" }
clause = { zh = "条", en = "clause" }
source = { zh = "源", en = "source" }
verified = true
measure = "exists"
kinds = ["clinic"]
threshold = 1
unit = { zh = "处", en = "places" }
[[item]]
key = "guess"
no = 3
category = "c"
title = { zh = "猜", en = "guess" }
clause = { zh = "条", en = "clause" }
source = { zh = "凭记忆", en = "memory" }
verified = false
measure = "exists"
kinds = ["canteen"]
threshold = 1
unit = { zh = "处", en = "places" }
"""
NEWER = BOOK.replace('version = "1"', 'version = "2"').replace("2020-01-01", "2026-06-01").replace(
    "threshold = 100", "threshold = 80"
)  # fmt: skip


def books(tmp_path: Path, *texts: str) -> HealthBooks:
    for n, text in enumerate(texts):
        (tmp_path / f"{n}.toml").write_text(text, encoding="utf-8")
    return load_health_books(tmp_path, KNOWN)


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """full: 100 m² and a clinic. half: 80 m² and none. blank: a centre without an area. none: nothing on record."""
    found = books(tmp_path_factory.mktemp("books"), BOOK, NEWER)
    clock = Clock(BEGIN)
    twin = Twin.open(None, clock=clock, catalogue=replace(CATALOGUE, health_books=found))
    twin.record([Community(community_id=c, name=c) for c in ("blank", "full", "half", "none")])
    twin.record([
        place("full", "centre", 100.0), place("full", "clinic"), place("half", "centre", 80.0),
        place("blank", "centre"),
    ])  # fmt: skip
    clock.set(AT - timedelta(days=90))
    declared(twin, "full", "half", "none", kind="clinic")
    clock.set(AT)
    yield twin
    twin.close()


def verdicts(twin, book, at=AT):
    return {key: row["verdict"] for key, row in rows_of(twin, book, at=at).items()}


def test_the_index_is_the_weighted_share_of_what_is_verified_and_measurable(city):
    rows = {row["community_id"]: row for row in city.health.index(AT, "b@1").to_pylist()}
    assert rows["full"]["index"] == 100.0  # the guess fails, and does not count
    assert rows["half"]["index"] == 60.0  # (3 x 0.8 + 1 x 0) / 4
    assert (rows["full"]["rank"], rows["half"]["rank"], rows["half"]["of"]) == (1, 2, 2)
    contributions = [r["contribution"] for r in rows_of(city, "b@1", "half").values() if r["counts"]]
    assert contributions == [60.0, 0.0]


def test_an_index_is_refused_where_too_little_could_be_measured(city):
    rows = {row["community_id"]: row for row in city.health.index(AT, "b@1").to_pylist()}
    assert (rows["blank"]["index"], rows["blank"]["refused"], rows["blank"]["rank"]) == (None, "few_measurable", None)
    assert verdicts(city, "b@1")["blank", "station"] == "not_measurable"
    assert rows["none"]["refused"] == "few_measurable"


def test_an_index_rests_on_as_many_items_as_its_rulebook_asks_for(city, tmp_path):
    more = replace(city.catalogue, health_books=books(tmp_path, BOOK.replace("least_items = 2", "least_items = 3")))
    twin = Twin.open(None, clock=Clock(AT), catalogue=more)
    twin.record([Community(community_id="c", name="c"), place("c", "centre", 100.0), place("c", "clinic")])
    row = twin.health.index(twin.now(), "b").to_pylist()[0]
    twin.close()
    assert (row["counted"], row["index"], row["refused"]) == (2, None, "few_measurable")


def test_how_few_people_an_item_lacks_is_not_told_to_whoever_may_not_read_small_counts():
    """need 3 people | 3 households | 3 m² | 8 people  ->  the first two are kept back, their verdict is not; of how
    many the last is lacking in is told in fives of percents, which two items cannot be compared by"""
    need, unit = [3.0, 3.0, 3.0, 8.0], ["people", "households", "m2", "people"]
    numbers = {name: [7.0] * 4 for name in ("value", "gap", "score", "contribution")}
    table = without_few(pa.table({"verdict": ["fail"] * 4, "need": need, "need_unit": unit, **numbers}))
    assert table["need"].to_pylist() == [None, None, 3.0, None]
    assert table["gap"].to_pylist() == [None, None, 7.0, None]
    assert table["value"].to_pylist() == [None, None, 7.0, 5.0]
    assert table["verdict"].to_pylist() == ["fail"] * 4


def test_only_the_changed_verdicts_are_told_and_what_changed_them(city):
    changed = city.health.compare(AT, "b@1", other_rulebook="b@2").to_pylist()
    assert [(r["community_id"], r["item"], r["before"], r["after"], r["why"]) for r in changed] == [
        ("half", "station", "fail", "pass", ["threshold"])
    ]
    assert city.health.definition_changes("b@1", "b@2", AT) == [("station", ["threshold"])]


def test_the_version_in_force_at_the_instant_is_taken(city):
    assert city.health.book("b", AT).version == "2"
    assert city.health.book("b", AT - timedelta(days=400)).version == "1"
    with pytest.raises(KeyError, match="there are b"):
        city.health.book("c", AT)


def test_data_that_came_later_change_a_verdict_and_not_the_past(city):
    before = city.health.check(AT, "b@1")
    city.record([place("half", "clinic")], recorded_at=AT + timedelta(hours=1))
    later = AT + timedelta(hours=2)
    changed = city.health.compare(AT, "b@1", other_at=later).to_pylist()
    assert [(r["community_id"], r["item"], r["why"]) for r in changed] == [("half", "clinic", ["data"])]
    assert city.health.check(AT, "b@1").equals(before)


def test_the_same_instant_gives_the_same_bytes(city):
    first = city.health.check(AT, "b@1"), city.health.index(AT, "b@1")
    again = type(city.health)(city)
    assert all(a.equals(b) for a, b in zip(first, (again.check(AT, "b@1"), again.index(AT, "b@1")), strict=True))


def test_whoever_may_see_one_community_gets_its_rank_among_all(city):
    with reading(Rights(communities=frozenset({"half"}))):
        assert set(city.health.check(AT, "b@1")["community_id"].to_pylist()) == {"half"}
        rows = city.health.index(AT, "b@1").to_pylist()
    assert [(row["community_id"], row["rank"], row["of"]) for row in rows] == [("half", 2, 2)]


def test_the_evidence_is_the_rows_and_says_which_of_them_lack_the_number(city):
    rows = city.health.evidence(AT, "b@1", "station", "blank").to_pylist()
    assert [(r["row_id"], r["amount"], r["is_missing"]) for r in rows] == [("blank-centre0", None, True)]


def test_the_bottom_tenth_goes_into_the_plan_first_and_of_equals_those_with_more_households(tmp_path):
    twin = Twin.open(None, clock=Clock(AT), catalogue=replace(CATALOGUE, health_books=books(tmp_path, BOOK)))
    areas = [10.0, 10.0, 10.0, *(20.0 + n for n in range(17))]
    names = [f"c{n:02d}" for n in range(20)]
    twin.record([Community(community_id=c, name=c) for c in names])
    twin.record([place(c, "centre", area) for c, area in zip(names, areas, strict=True)])
    declared(twin, *names)
    for name, households in (("c00", 5), ("c01", 9), ("c02", 7)):
        twin.record([Home(community_id=name, home_id=name, building_id="b", number="1", households=households)])
    rows = twin.health.index(twin.now(), "b").to_pylist()
    twin.close()
    assert {row["community_id"] for row in rows if row["bottom"]} == {"c01", "c02"}
    assert [row["rank"] for row in rows][-4:] == [17, 18, 18, 18]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('kinds = ["clinics"]', "did you mean 'clinic'"),
        ('kinds = ["clinic"]\nfoo = 1', "unknown key 'foo'"),
        ('kinds = []', "list kinds of facilities"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_its_file_and_line(tmp_path, wrong, said):
    with pytest.raises(DeclarationError) as error:
        books(tmp_path, BOOK.replace('kinds = ["clinic"]', wrong))
    assert said in str(error.value)
    assert f"{tmp_path / '0.toml'}:26: item 'clinic'" in str(error.value)


def test_all_mistakes_are_said_at_once(tmp_path):
    text = BOOK.replace("threshold = 100\n", "").replace("weight = 3", 'weight = -1\ndirection = "sideways"')
    with pytest.raises(DeclarationError) as error:
        books(tmp_path, text, text.replace('name = "b"', 'name = "d"\nextends = "nobody"'))
    assert len(error.value.problems) == 4
    assert "verified = false until somebody read the number" in str(error.value)


def test_a_table_holds_as_many_rows_as_items_and_communities(city):
    table = city.health.check(AT, "b@1")
    assert table.num_rows == 12
    assert isinstance(table, pa.Table)


def test_what_is_not_on_record_is_absent_only_where_the_register_is_said_to_be_complete(tmp_path):
    cases = [
        ([], "not_measurable"),
        ([("all", "yes", 30)], "fail"),
        ([("clinic", "yes", 30)], "fail"),
        ([("pharmacy", "yes", 30)], "not_measurable"),
        ([("all", "yes", 30), ("clinic", "no", 10)], "not_measurable"),
        ([("clinic", "no", 30), ("all", "yes", 10)], "fail"),  # the newest word counts
        ([("clinic", "yes", 30), ("clinic", "no", 10)], "not_measurable"),
        ([("all", "yes", 401)], "not_measurable"),  # too long ago
    ]
    twin = Twin.open(None, clock=Clock(AT), catalogue=replace(CATALOGUE, health_books=books(tmp_path, BOOK)))
    for n, (said, _) in enumerate(cases):
        twin.record([Community(community_id=f"c{n}", name="c"), place(f"c{n}", "centre", 100.0)])
        for kind, complete, days in said:
            declared(twin, f"c{n}", kind=kind, complete=complete, days_ago=days)
    rows = rows_of(twin, "b", at=twin.now())
    twin.close()
    for n, (said, expected) in enumerate(cases):
        row = rows[f"c{n}", "clinic"]
        assert row["verdict"] == expected, said
        assert row["missing"] == ([] if expected == "fail" else ["register.clinic"]), said


def test_a_register_that_is_said_to_be_complete_later_changes_no_earlier_verdict_and_lapses_by_itself(tmp_path):
    clock = Clock(AT)
    twin = Twin.open(None, clock=clock, catalogue=replace(CATALOGUE, health_books=books(tmp_path, BOOK)))
    twin.record([Community(community_id="c", name="c"), place("c", "centre", 100.0)])
    clock.set(AT + timedelta(days=1))
    declared(twin, "c")
    clock.set(AT + timedelta(days=500))
    days = {day: verdicts(twin, "b", at=AT + timedelta(days=day))["c", "clinic"] for day in (0, 2, 400, 403)}
    twin.close()
    assert days == {0: "not_measurable", 2: "fail", 400: "fail", 403: "not_measurable"}


def test_a_facility_in_the_river_is_said_counted_and_in_no_index(tmp_path):
    """wet: its clinic lies in the water; dry: in a building over it; both have 100 m² of a centre beside it."""
    found = books(tmp_path, BOOK)
    twin = Twin.open(None, clock=Clock(AT), catalogue=replace(CATALOGUE, health_books=found))
    river, spot = shapely.box(120.001, 29.999, 120.002, 30.001), {"lon": 120.0015, "lat": 30.0}
    for name, building in (("wet", None), ("dry", "dry-b")):
        water = Ground(community_id=name, ground_id=f"{name}-w", layer="water", geometry=river.wkb)
        clinic = replace(place(name, "clinic"), **spot, building_id=building)
        twin.record([Community(community_id=name, name=name), place(name, "centre", 100.0), clinic, water])
        declared(twin, name, kind="clinic")
    rows = rows_of(twin, "b", at=twin.now())
    index = {row["community_id"]: row for row in twin.health.index(twin.now(), "b").to_pylist()}
    quick = twin.city.index(twin.now(), "b")
    twin.close()
    assert (rows["dry", "clinic"]["verdict"], index["dry"]["index"]) == ("pass", 100.0)
    told = rows["wet", "clinic"]
    assert (told["verdict"], told["missing"], told["missing_rows"]) == ("not_measurable", ["facility.in_water"], 1)
    assert (index["wet"]["index"], index["wet"]["counted"], quick["wet"]["index"]) == (None, 1, None)
