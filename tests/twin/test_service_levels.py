"""Service levels by small tables that can be checked by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from tests.twin.closed_loops import PROCEDURES, T0, Desk, seconds
from tests.twin.conftest import NEIGHBOURHOOD
from twin_model.entities import Community, Home
from twin_model.records import record
from twin_model.service_levels import ServiceLevels, month_of, service_levels
from twin_model.store import Store

HOUR = 3600
DAY = timedelta(days=1)
NO_DEVICES = pa.table({"device_id": pa.array([], pa.string()), "status": pa.array([], pa.string())})


@pytest.fixture
def desk():
    with Store(None) as store:
        second = Home(community_id="c", home_id="h2", building_id="b1", number="102", elder_alone=True)
        store.write(lambda w: record(w, [*NEIGHBOURHOOD, second], recorded_at=T0 - DAY, valid_from=T0 - DAY))
        yield Desk(store)


def levels(
    desk: Desk, *, at: float = DAY.total_seconds(), start: datetime = T0 - DAY, end: datetime = T0 + 10 * DAY,
    community: str = "c", devices: pa.Table = NO_DEVICES,
) -> ServiceLevels:  # fmt: skip
    return service_levels(
        desk.store, PROCEDURES["elder_incident"], devices, start=start, end=end, at=seconds(at), community_id=community
    )


def life(
    desk: Desk, rule: str, home: str, start: float, *, ack: float | None = None, arrive: float | None = None,
    close: float | None = None, outcome: str = "false", **more: object,
) -> str:  # fmt: skip
    """One incident: acknowledged, arrived and closed so many seconds after being raised."""
    alert = desk.alert(rule, home, **more)
    (incident,) = desk.fire(start, alert)
    if ack is not None:
        desk.step(start + ack, incident, "acknowledge")
        desk.step(start + ack, incident, "contact", result="nobody")
    if arrive is not None:
        desk.step(start + ack, incident, "dispatch", rung="grid_worker")
        desk.step(start + arrive, incident, "arrive")
        desk.step(start + arrive, incident, "handle")
        desk.step(start + arrive, incident, "confirm", by="li")
    if close is not None:
        desk.clear(start + close, alert)
        desk.step(start + close, incident, "close", outcome=outcome)
    return incident


def test_answering_is_counted_over_what_can_be_judged(desk):
    """60 s: of 59 s, 60 s, 61 s and never acknowledged 2 of 4; the one raised 10 s ago is in no denominator."""
    first = life(desk, "no_movement", "h1", 0, ack=59)
    second = life(desk, "no_movement", "h2", 0, ack=60)
    third = life(desk, "no_movement", "h3", 0, ack=61)
    never = life(desk, "no_movement", "h4", 0)
    life(desk, "no_movement", "h5", 290)
    told = levels(desk, at=300)
    assert told.incidents == 5
    figure = told.acknowledged_60s
    assert (figure.n, figure.of, figure.value) == (2, 4, 0.5)
    assert sorted(figure.rows) == sorted([first, second, third, never])
    assert sorted(figure.missed) == sorted([third, never])
    assert (figure.target, figure.missing) == (0.975, None)
    assert (told.acknowledged_180s.n, told.acknowledged_180s.of) == (3, 4)


def test_each_grade_has_its_own_limit(desk):
    """Red in 61 s is late, orange in 179 s is in time, yellow in 29 min is in time."""
    life(desk, "sos", "h1", 0, ack=61)
    life(desk, "no_movement", "h2", 0, ack=179)
    life(desk, "leak", "h3", 0, ack=29 * 60)
    told = levels(desk)
    assert (told.acknowledged_in_time.n, told.acknowledged_in_time.of) == (2, 3)


def test_on_site_is_counted_where_somebody_was_sent(desk):
    """45 min: 45:00 yes, 45:01 no; 60 min both; nobody was sent to the third."""
    life(desk, "no_movement", "h1", 0, ack=10, arrive=45 * 60)
    late = life(desk, "no_movement", "h2", 0, ack=10, arrive=45 * 60 + 1)
    life(desk, "no_movement", "h3", 0, ack=10)
    told = levels(desk)
    assert (told.on_site_45min.n, told.on_site_45min.of, told.on_site_45min.missed) == (1, 2, (late,))
    assert (told.on_site_60min.n, told.on_site_60min.of) == (2, 2)


def test_times_are_by_nearest_rank(desk):
    """Closed after 1, 2, 3, 4 and 10 h: the median is 3 h, nine in ten took up to 10 h."""
    for number, hours in enumerate((1, 2, 3, 4, 10)):
        life(desk, "no_movement", f"h{number}", 0, ack=10, arrive=60, close=hours * HOUR)
    told = levels(desk)
    assert (told.close_p50.value, told.close_p90.value) == (3 * HOUR, 10 * HOUR)
    assert told.close_p50.of == 5


def test_false_alarms_are_counted_per_rule_without_tests(desk):
    """no_movement: false, true, test -> 1 of 2; no_water: false -> 1 of 1; all: 2 of 3."""
    for home, rule, outcome in (
        ("h1", "no_movement", "false"), ("h2", "no_movement", "true"), ("h3", "no_movement", "test"),
        ("h4", "no_water", "false"),
    ):  # fmt: skip
        life(desk, rule, home, 0, ack=10, arrive=60, close=600, outcome=outcome)
    told = levels(desk)
    assert (told.false_share.n, told.false_share.of, told.tests) == (2, 3, 1)
    assert {rule: (f.n, f.of) for rule, f in told.by_rule.items()} == {"no_movement": (1, 2), "no_water": (1, 1)}


def test_a_reopened_incident_has_no_outcome_until_it_is_closed_again(desk):
    incident = life(desk, "no_movement", "h1", 0, ack=10, arrive=60, close=600)
    desk.step(700, incident, "reopen", by="daughter", role="family")
    assert levels(desk, at=650).false_share.of == 1
    assert levels(desk, at=750).false_share.of == 0


def test_hand_overs_and_realarms_name_their_incidents(desk):
    alert = desk.alert("sos")
    (incident,) = desk.fire(0, alert)
    desk.step(5, incident, "acknowledge")
    desk.step(6, incident, "contact", result="self_well")
    desk.step(7, incident, "handle")
    desk.step(8, incident, "confirm", by="li")
    desk.step(9, incident, "close", outcome="false", cause="pressed_by_mistake")
    desk.tick(9 + 1800 + 61)
    told = levels(desk)
    assert told.realarmed.missed == ("i-000002",)
    assert told.handed_over.missed == ("i-000002",)
    assert (told.handed_over.n, told.handed_over.of) == (1, 2)


def test_drills_never_count(desk):
    """By the mark of the incident, and by the community that is only a drill."""
    drill = Community(community_id="d", name="演练", drill_of="c")
    desk.store.write(lambda w: record(w, [drill], recorded_at=T0 - DAY, valid_from=T0 - DAY))
    life(desk, "sos", "h1", 0, drill_id="x1")
    life(desk, "sos", "x-h1", 0, community_id="d")
    assert levels(desk).incidents == 0
    assert levels(desk, community="d").incidents == 0


def test_a_merged_incident_is_counted_once(desk):
    one, two = life(desk, "smoke", "h1", 0), life(desk, "smoke", "h2", 1)
    now = seconds(5)
    desk.write(lambda w: desk.cases.merge(w, one, two, by="a", role="duty_officer", known_at=now, at=now))
    assert levels(desk).incidents == 1


def test_a_past_instant_tells_what_was_known_then(desk):
    life(desk, "no_movement", "h1", 0, ack=100, arrive=900, close=1800)
    assert levels(desk, at=-1).incidents == 0
    assert levels(desk, at=50).acknowledged_180s.of == 0
    assert levels(desk, at=100).acknowledged_180s.of == 1
    assert levels(desk, at=1799).close_p50.value is None


def test_without_incidents_nothing_is_zero_and_what_is_missing_is_named(desk):
    for figure in levels(desk).figures():
        if figure.name != "visited":
            assert figure.value is None, figure.name
            assert figure.missing["zh"], figure.name
            assert figure.missing["en"], figure.name


def test_devices_that_are_lost_are_not_online(desk):
    devices = pa.table({"device_id": ["a", "b", "c", "d"], "status": ["fresh", "stale", "lost", "fresh"]})
    figure = levels(desk, devices=devices).devices_online
    assert (figure.value, figure.missed) == (0.75, ("c",))


def visit(desk: Desk, home: str, at: datetime, known: datetime) -> None:
    row = {
        "visit_id": [f"{home}{at}"], "community_id": ["c"], "home_id": [home], "visited_at": [at], "visited_by": ["x"],
        "role": ["grid_worker"], "note": [""], "known_at": [known],
    }  # fmt: skip
    desk.store.write(lambda w: w.append("visit", pa.table(row)))


def test_visits_are_counted_per_home_and_calendar_month(desk):
    """h1 twice this month, h2 on the last day of the month before (23:59 local): 1 of 2."""
    visit(desk, "h1", T0, T0)
    visit(desk, "h1", T0 + timedelta(hours=1), T0)
    visit(desk, "h2", month_of(T0)[0] - timedelta(minutes=1), T0)
    figure = levels(desk).visited
    assert (figure.n, figure.of, figure.missed) == (1, 2, ("h2",))
    before = levels(desk, at=-1).visited
    assert (before.n, before.value) == (0, None), "where nobody ever wrote a visit down, none is known to be missed"


def test_a_span_that_ends_with_its_month_counts_the_visits_of_that_month(desk):
    visit(desk, "h1", T0, T0)
    first, last = month_of(T0)
    assert levels(desk, start=first, end=last, at=60 * DAY.total_seconds()).visited.n == 1


def test_every_figure_has_its_definition_in_both_languages(desk):
    for figure in levels(desk).figures():
        assert figure.definition["zh"], figure.name
        assert figure.definition["en"], figure.name
