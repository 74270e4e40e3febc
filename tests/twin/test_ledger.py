"""Dated records: what was known when, corrections, histories, checks; and when a kind changed, in memory."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOON, Clock
from twin_model import record_entry
from twin_model.catalogue import Catalogue
from twin_model.declared import DeclarationError
from twin_model.entities import Community, Facility
from twin_model.ledger import RecordsRefused
from twin_model.record_kinds import load_record_kinds
from twin_model.record_tables import wrong_checks
from twin_model.timeline import from_us
from twin_model.twin import Change, Twin

MEAL = """
title = { zh = "就餐", en = "Meals" }
scene = "health"
identity = ["day", "place"]
true_at = "day"
expected_every = "1d"
[[column]]
name = "day"
type = "date"
required = true
title = { zh = "日期", en = "Day" }
[[column]]
name = "place"
type = "place"
place = "facility"
title = { zh = "食堂", en = "Canteen" }
[[column]]
name = "group"
type = "choice"
title = { zh = "年龄", en = "Age" }
choices = { young = { zh = "青年", en = "young" }, old = { zh = "老年", en = "old" } }
[[column]]
name = "diners"
type = "count"
required = true
title = { zh = "人次", en = "Diners" }
[[check]]
name = "over_capacity"
level = "flag"
sql = "diners > place_capacity"
reason = { zh = "{diners} 人，{place_capacity} 座", en = "{diners} in {place_capacity} seats" }
[[check]]
name = "absurd"
level = "reject"
sql = "diners > 1000"
reason = { zh = "{diners} 人", en = "{diners} diners" }
"""
CLUB = """
title = { zh = "社团", en = "Clubs" }
scene = "neighbourhood"
identity = ["club_no"]
true_at = "founded_at"
until = "closed_at"
expected_every = "365d"
[[column]]
name = "club_no"
type = "text"
required = true
title = { zh = "编号", en = "No" }
[[column]]
name = "founded_at"
type = "instant"
required = true
title = { zh = "成立", en = "Founded" }
[[column]]
name = "closed_at"
type = "instant"
title = { zh = "解散", en = "Closed" }
"""
NAMES = count(1)


def declared(root: Path, **files: str) -> Catalogue:
    (root / "record_kinds").mkdir(exist_ok=True)
    for name, text in files.items():
        (root / "record_kinds" / f"{name}.toml").write_text(text, encoding="utf-8")
    return Catalogue.load(root)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return declared(tmp_path_factory.mktemp("declared"), meal=MEAL, club=CLUB)


@pytest.fixture(scope="module")
def shared(catalogue: Catalogue) -> Iterator[tuple[Twin, Clock]]:
    clock = Clock()
    twin = Twin.open(None, clock=clock, catalogue=catalogue)
    yield twin, clock
    twin.close()


class Desk:
    """One community of its own, and a clock that moves a minute before every write."""

    def __init__(self, twin: Twin, clock: Clock, name: str) -> None:
        self.twin, self.clock, self.community, self.ledger = twin, clock, name, twin.ledger
        self.canteen = f"{name}-f"
        twin.record([
            Community(community_id=name, name=name),
            Facility(community_id=name, facility_id=self.canteen, facility_kind="canteen", name="食堂", lon=120, lat=30,
                     capacity=20),
        ])  # fmt: skip

    def meal(self, day: int, diners: int | None, **more: Any) -> dict[str, Any]:
        return {"day": date(2026, 11, day), "place": self.canteen, "diners": diners, **more}

    def record(self, *rows: dict[str, Any], kind: str = "meal") -> Any:
        self.clock.forward(minutes=1)
        return self.ledger.record(kind, list(rows), community_id=self.community)

    def diners(self, at: datetime | None = None, **span: Any) -> list[int]:
        found = self.ledger.rows("meal", at or self.twin.now(), community_id=self.community, **span)
        return found["diners"].to_pylist()


@pytest.fixture
def desk(shared: tuple[Twin, Clock]) -> Desk:
    return Desk(*shared, f"c{next(NAMES)}")


def test_the_same_record_again_changes_nothing_and_nobody_hears_of_it(desk: Desk) -> None:
    heard: list[Change] = []
    leave = desk.twin.subscribe(heard.append)
    first = desk.record(desk.meal(1, 10), desk.meal(2, 12))
    again = desk.record(desk.meal(1, 10), desk.meal(2, 12))
    leave()
    assert (first.accepted, first.updated, first.unchanged) == (2, 0, 0)
    assert (again.accepted, again.updated, again.unchanged) == (0, 0, 2)
    assert again.revision == first.revision
    assert [change.records for change in heard] == [{"meal"}]


def test_a_correction_is_known_from_its_own_instant_and_the_past_stays(desk: Desk) -> None:
    desk.record(desk.meal(1, 10), desk.meal(3, 4))
    before = desk.twin.now()
    done = desk.record(desk.meal(1, 11), desk.meal(2, 5), desk.meal(3, 4))
    assert (done.accepted, done.updated, done.unchanged) == (1, 1, 1)
    assert (desk.diners(before), desk.diners()) == ([10, 4], [11, 5, 4])


def test_a_withdrawn_record_was_known_until_then(desk: Desk) -> None:
    desk.record(desk.meal(1, 10), desk.meal(2, 20))
    before = desk.twin.now()
    desk.clock.forward(minutes=1)
    named = f"2026-11-02|{desk.canteen}"
    assert desk.ledger.withdraw("meal", [named, "nonsense"], desk.community) == 1
    assert desk.ledger.withdraw("meal", [named], desk.community) == 0
    assert (desk.diners(before), desk.diners()) == ([10, 20], [10])
    pulse = desk.ledger.pulse("meal", desk.twin.now(), desk.community)
    assert pulse is not None
    assert pulse.newest_true_at == pulse.first_true_at == datetime(2026, 10, 31, 16, tzinfo=UTC)
    desk.record(desk.meal(2, 21))
    assert desk.diners() == [10, 21]


@pytest.mark.parametrize("a_piece", [2, 200_000])
def test_each_row_of_a_history_is_known_from_its_own_instant(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, a_piece: int
) -> None:
    monkeypatch.setattr(record_entry, "A_PIECE", a_piece)

    def known(day: int) -> dict[str, datetime]:
        return {"recorded_at": datetime(2026, 11, day, 2, tzinfo=UTC)}

    rows = [
        desk.meal(1, 12) | known(6), desk.meal(3, 7) | known(9), desk.meal(1, 10) | known(2),
        desk.meal(1, 11) | known(4), desk.meal(1, 11) | known(5), desk.meal(2, 30) | known(3),
    ]  # fmt: skip
    done = desk.record(*rows)
    assert (done.accepted, done.updated, done.unchanged, done.flagged) == (3, 2, 1, 1)
    seen = {day: desk.diners(known(day)["recorded_at"]) for day in (1, 2, 3, 4, 5, 6, 9)}
    assert seen == {1: [], 2: [10], 3: [10, 30], 4: [11, 30], 5: [11, 30], 6: [12, 30], 9: [12, 30, 7]}
    changes = {day: desk.ledger.epoch("meal", known(day)["recorded_at"], desk.community) for day in seen}
    assert len(set(changes.values())) == 6
    assert changes[5] == changes[4]


def test_the_newest_record_stays_the_newest_when_an_older_one_is_entered_later(desk: Desk) -> None:
    late = [desk.meal(day, 1, recorded_at=NOON - timedelta(days=9 - n)) for n, day in enumerate((5, 3, 4))]
    desk.record(*late)
    pulse = desk.ledger.pulse("meal", desk.twin.now(), desk.community)
    assert pulse is not None
    assert (pulse.first_true_at, pulse.newest_true_at) == (
        datetime(2026, 11, 2, 16, tzinfo=UTC),
        datetime(2026, 11, 4, 16, tzinfo=UTC),
    )
    assert (pulse.first_known, pulse.last_recorded) == (NOON - timedelta(days=9), NOON - timedelta(days=7))


def test_a_history_cannot_change_what_was_known_nor_come_from_the_future(desk: Desk) -> None:
    desk.record(desk.meal(1, 10))
    late = desk.twin.now() + timedelta(days=1)
    for recorded_at, said in ((NOON - timedelta(days=3), "before the last change"), (late, "after now")):
        with pytest.raises(RecordsRefused, match=said):
            desk.record(desk.meal(2, 10, recorded_at=recorded_at))
    assert desk.diners() == [10]


def test_of_two_rows_with_one_identity_the_later_counts(desk: Desk) -> None:
    done = desk.record(desk.meal(1, 10), desk.meal(2, 1), desk.meal(1, 11))
    assert (done.accepted, done.updated, desk.diners()) == (2, 0, [11, 1])


def test_a_day_counts_from_its_local_midnight(desk: Desk) -> None:
    desk.record(*(desk.meal(day, day) for day in (1, 2, 3)))
    midnight = datetime(2026, 11, 1, 16, tzinfo=UTC)  # 2 November 00:00 in the neighbourhood
    assert desk.diners(start=midnight) == [2, 3]
    assert desk.diners(start=midnight + timedelta(seconds=1), end=midnight + timedelta(days=2)) == [3]
    assert desk.diners(end=midnight) == [1]
    assert desk.diners(start=date(2026, 11, 2), end=date(2026, 11, 3)) == [2]


def test_a_register_holds_until_it_ends(desk: Desk) -> None:
    def at(day: int) -> datetime:
        return datetime(2026, 11, day, tzinfo=UTC)

    clubs = [
        {"club_no": "a", "founded_at": at(1), "closed_at": at(5)},
        {"club_no": "b", "founded_at": at(3), "closed_at": None},
    ]
    desk.record(*clubs, kind="club")
    spans = {1: 2, 2: 4, 4: 5, 5: 9}
    held = {
        start: desk.ledger.rows("club", desk.twin.now(), community_id=desk.community, start=at(start), end=at(end))[
            "club_no"
        ].to_pylist()
        for start, end in spans.items()
    }
    assert held == {1: ["a"], 2: ["a", "b"], 4: ["a", "b"], 5: ["b"]}


def test_a_doubtful_row_is_stored_as_it_is_with_the_flag(desk: Desk) -> None:
    done = desk.record(desk.meal(1, 20), desk.meal(2, 21, flags=["on_trial"]), desk.meal(3, 999, place=None))
    found = desk.ledger.rows("meal", desk.twin.now(), community_id=desk.community)
    assert found["diners"].to_pylist() == [20, 21, 999]
    assert found["flags"].to_pylist() == [[], ["on_trial", "over_capacity"], []]
    assert done.flagged == 1


def test_a_row_that_a_check_rejects_stores_nothing_of_its_batch(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_entry, "A_PIECE", 2)
    desk.record(desk.meal(1, 10))
    revision, epoch = desk.twin.revision, desk.ledger.epoch("meal", desk.twin.now())
    with pytest.raises(RecordsRefused, match="row 4 does not pass the check absurd"):
        desk.record(desk.meal(1, 11), desk.meal(2, 1), desk.meal(3, 1), desk.meal(4, 1001))
    assert desk.diners() == [10]
    assert (desk.twin.revision, desk.ledger.epoch("meal", desk.twin.now())) == (revision, epoch)
    assert desk.record(*(desk.meal(day, day) for day in range(1, 6))).accepted == 4  # in pieces of two


def test_a_row_is_judged_before_it_is_stored_in_both_languages(desk: Desk) -> None:
    found = desk.ledger.judge("meal", [desk.meal(1, 5), desk.meal(2, 25), desk.meal(3, 2000)])
    assert [(j.row, j.check, j.level) for j in found] == [(1, "over_capacity", "flag"), (2, "absurd", "reject")]
    assert found[0].reason == {"zh": "25 人，20 座", "en": "25 in 20 seats"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"diners": None}, "diners is None; expected a value"),
        ({"diners": -1}, "diners is -1; expected at least 0"),
        ({"group": "middle"}, "expected one of young, old"),
        ({"dinners": 1}, "did you mean 'diners'"),
        ({"day": "yesterday"}, "day cannot be read as date32"),
        ({"recorded_at": datetime(2026, 11, 1)}, "no time zone"),  # noqa: DTZ001
    ],
)
def test_what_is_no_record_of_its_kind_is_refused_with_row_and_expectation(
    desk: Desk, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(RecordsRefused, match=said):
        desk.record(desk.meal(1, 3) | more)
    assert desk.diners() == []


def test_a_listener_finds_the_change_it_is_told_of(desk: Desk) -> None:
    found: list[tuple[bool, int]] = []

    def listen(change: Change) -> None:
        last = desk.ledger.epoch("meal", change.at, desk.community)
        found.append((from_us(last) == change.at, len(desk.diners(change.at))))

    leave = desk.twin.subscribe(listen)
    desk.record(desk.meal(1, 10))
    leave()
    assert found == [(True, 1)]


def test_only_the_communities_that_changed_in_between_are_named(shared: tuple[Twin, Clock]) -> None:
    one, other = Desk(*shared, "one"), Desk(*shared, "other")
    one.record(one.meal(1, 1))
    start = one.ledger.epoch("meal", one.twin.now())
    other.record(other.meal(1, 1))
    end = one.ledger.epoch("meal", one.twin.now())
    assert one.ledger.communities_changed("meal", start, end) == {"other"}
    assert one.ledger.communities_changed("meal", start - 1, start) == {"one"}
    assert one.ledger.communities_changed("meal", end, end) == set()


def test_records_of_a_drill_do_not_count_and_end_with_it(shared: tuple[Twin, Clock]) -> None:
    drill = Desk(*shared, "drill")
    drill.twin.record([Community(community_id="drill", name="drill", drill_of="one")])
    drill.record(drill.meal(1, 10))
    before = drill.twin.now()
    every = drill.ledger.rows("meal", before)
    assert "drill" not in every["community_id"].to_pylist()
    assert drill.diners() == [10]
    drill.clock.forward(minutes=1)
    heard: list[Change] = []
    leave = drill.twin.subscribe(heard.append)
    drill.twin.retire("drill")
    leave()
    assert (drill.diners(), drill.diners(before)) == ([], [10])
    assert drill.ledger.pulse("meal", drill.twin.now(), "drill") is None
    assert heard[0].records == {"meal"}


def test_two_who_record_at_once_lose_nothing(desk: Desk) -> None:
    def some(first: int) -> None:
        for day in range(first, 29, 2):
            desk.ledger.record("meal", [desk.meal(day, day)], community_id=desk.community)

    with ThreadPoolExecutor(2) as both:
        list(both.map(some, (1, 2)))
    assert desk.diners() == list(range(1, 29))


def test_what_is_kept_in_memory_is_the_same_after_a_restart(tmp_path: Path, catalogue: Catalogue) -> None:
    clock, dice = Clock(), random.Random(4)
    with_path = tmp_path / "twin.duckdb"
    twin = Twin.open(with_path, clock=clock, catalogue=catalogue)
    desks = [Desk(twin, clock, "a"), Desk(twin, clock, "b")]
    instants = [twin.now()]
    for _ in range(40):
        desk = dice.choice(desks)
        if dice.random() < 0.25 and (stored := desk.ledger.rows("meal", twin.now(), community_id=desk.community)):
            clock.forward(minutes=1)
            desk.ledger.withdraw("meal", [dice.choice(stored["record_id"].to_pylist())], desk.community)
        elif dice.random() < 0.3:
            founded = NOON - timedelta(days=dice.randrange(9))  # its date is not part of what identifies a club
            desk.record({"club_no": str(dice.randrange(3)), "founded_at": founded}, kind="club")
        else:
            desk.record(desk.meal(dice.randrange(1, 20), dice.randrange(30)))
        instants.append(twin.now())

    def all_of(twin: Twin) -> list[Any]:
        led = twin.ledger
        return [
            (at, kind, name, led.epoch(kind, at, name), led.epoch(kind, at), led.pulse(kind, at, name))
            for at in instants
            for kind in led.kinds
            for name in ("a", "b")
        ]

    before = all_of(twin)
    twin.close()
    again = Twin.open(with_path, clock=clock, catalogue=catalogue)
    after = all_of(again)
    again.close()
    assert after == before


def test_a_new_column_is_added_and_a_changed_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twin.duckdb"
    club = {"club_no": "a", "founded_at": NOON}
    with_one = Twin.open(path, clock=Clock(), catalogue=declared(tmp_path, club=CLUB))
    with_one.ledger.record("club", [club], community_id="c")
    with_one.close()
    more = CLUB + '[[column]]\nname = "members"\ntype = "count"\ntitle = { zh = "成员", en = "Members" }\n'
    with_two = Twin.open(path, clock=Clock(), catalogue=declared(tmp_path, club=more))
    assert with_two.ledger.record("club", [club | {"members": 3}], community_id="c").updated == 1
    with_two.close()
    with pytest.raises(DeclarationError, match=r"club.toml: column 'members' is of type text .*holds it as BIGINT"):
        Twin.open(path, clock=Clock(), catalogue=declared(tmp_path, club=more.replace('"count"', '"text"')))


def test_every_mistake_of_every_kind_is_reported_at_once(tmp_path: Path) -> None:
    wrong = CLUB.replace('"neighbourhood"', '"neighborhood"').replace("required = true", "requierd = true", 1)
    other = MEAL.replace('"day", "place"', '"day", "diner"').replace("{diners} diners", "{seats} diners")
    with pytest.raises(DeclarationError) as caught:
        declared(tmp_path, club=wrong, meal=other)
    said = "\n".join(caught.value.problems)
    for expected in (
        "club.toml: scene is 'neighborhood'; write one of neighbourhood",
        "unknown key 'requierd'; did you mean 'required'",
        "meal.toml: identity has 'diner'",
        "check 'absurd': reason names 'seats'",
    ):
        assert expected in said
    assert len(caught.value.problems) == 4


def test_two_kinds_may_not_share_a_title(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"meal.toml: title '(就餐|Meals)' is already that of lunch.toml"):
        declared(tmp_path, lunch=MEAL, meal=MEAL)


def test_every_check_of_the_declared_kinds_can_be_asked(catalogue: Catalogue) -> None:
    kinds = load_record_kinds()
    assert len(kinds) > 50
    assert wrong_checks(kinds) == []
    meal = catalogue.record_kinds["meal"]
    wrong = replace(meal, checks=(replace(meal.checks[0], sql="dinners > 3"),))
    assert "dinners" in wrong_checks([wrong])[0]
