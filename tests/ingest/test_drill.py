"""Exercises through the real broker: what should alarm does, nothing else, and no statistic ever knows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest
import shapely

from cockpit.care_clock import CareClock
from ingest.drill import (
    EARLY,
    RunningDrill,
    beginning,
    end_abandoned,
    open_incidents,
    schedule,
    start_drill,
    write_script,
)
from ingest.drill_cast import MARK, DrillRefused, cast
from ingest.drill_desk import DrillDesk
from ingest.drill_replay import start_replay
from ingest.mqtt import Publisher
from ingest.service import BrokerSettings, MqttIngest
from ingest.url import BrokerUrl
from tests.conftest import eventually, unused_port
from twin_model.catalogue import Catalogue
from twin_model.declared import DeclarationError
from twin_model.drill_clock import Drill
from twin_model.drill_scenarios import Expect, Scenario, gateway_of, home_of, load_scenarios
from twin_model.drill_score import DrillScore, score, scored_rule
from twin_model.entities import Building, Community, Device, Entity, Home
from twin_model.rhythm import Day, sensor_code
from twin_model.rhythm_days import SCHEMA, day_row
from twin_model.twin import Twin

CATALOGUE = Catalogue.load()
SCENARIOS = load_scenarios({t.name: t.metrics for t in CATALOGUE.sensor_types.values()}, CATALOGUE.alert_rules)


def utc_now() -> datetime:
    return datetime.now(UTC)


def neighbourhood(homes: int = 12) -> list[Entity]:
    square = shapely.to_wkb(shapely.box(120.7, 30.7, 120.701, 30.701))
    here = {"community_id": "c"}
    rows: list[Entity] = [
        Community(**here, name="小区", name_en="Estate"),
        Building(**here, building_id="c-1", name="1幢", footprint=square, height_m=18.0),
        Device(**here, device_id="c-gw", type="gateway", dialect="json", address="gw"),
    ]
    for k in range(homes):
        home = f"c-1-{k:02}"
        rows.append(Home(**here, home_id=home, building_id="c-1", number=f"{k:02}", age_60_79=1, elder_alone=True))
        for kind in ("motion", "sos_button"):
            name = f"{home}-{kind}"
            rows.append(
                Device(**here, device_id=name, type=kind, dialect="json", address=name, home_id=home, gateway_id="c-gw")
            )
    return rows


@pytest.fixture
def exercised() -> Iterator[tuple[Twin, Callable[..., RunningDrill]]]:
    """A twin of a community ``c`` behind the broker of the one-command start, and a way to hold drills in it."""
    twin = Twin.open(None, clock=utc_now)
    twin.record(neighbourhood(40))
    with MqttIngest(twin, BrokerSettings(port=unused_port())) as ingest:
        clock = CareClock(twin)
        clock.start()
        with Publisher(ingest.url, client_id="test-drill") as publisher:
            begun: list[RunningDrill] = []

            def hold(name: str | Scenario, **options: object) -> RunningDrill:
                scenario = SCENARIOS[name] if isinstance(name, str) else name
                running = start_drill(
                    twin, publisher.publish, scenario, drill_of="c", by="tester", clock=utc_now,
                    flush=publisher.flush, **options,
                )  # fmt: skip
                begun.append(running)
                return running

            yield twin, hold
            for running in begun:
                running.stop()
        clock.stop()
    twin.close()


def scored(twin: Twin, running: RunningDrill) -> DrillScore:
    return score(twin.care, CATALOGUE.alert_rules, running.drill, SCENARIOS[running.drill.scenario], twin.now())


def raised(twin: Twin, running: RunningDrill) -> Counter[str]:
    found = twin.care.incidents(twin.now(), community_id=running.drill.community_id, open_only=False)
    assert {i.drill_id for i in found} <= {running.drill.drill_id}
    return Counter(i.subject for i in found)


@pytest.mark.parametrize(
    ("name", "speed", "homes"),
    [("fall_0310", 600, {1}), ("sos_burst", 300, {1, 2, 3, 4, 5, 6}), ("cold_night", 1800, {2})],
)
def test_a_scenario_gives_exactly_the_incidents_that_it_should(exercised, name: str, speed: float, homes: set[int]):
    twin, hold = exercised
    running = hold(name, speed=speed)
    assert running.wait(120)
    assert raised(twin, running) == {home_of(running.drill.community_id, n): 1 for n in homes}
    found = scored(twin, running)
    assert (found.hits, found.missed, found.false_alerts) == (len(SCENARIOS[name].expects), 0, ())


def test_a_button_pressed_on_and_on_is_a_hit_when_its_alert_fired_in_time():
    began = datetime(2026, 11, 22, 9, 28, tzinfo=UTC)
    drill = Drill(drill_id="x", community_id="c-x", drill_of="c", scenario="s", speed=1, started_at=began,
                  drill_from=began, started_by="a")  # fmt: skip
    expect = Expect(rule="sos", home=2, at=timedelta(minutes=2), within=timedelta(seconds=2))
    press = {"rule": "sos", "subject": home_of("c-x", 2), "home_id": None, "fired_at": began + timedelta(minutes=2)}
    again = [{**press, "due_at": began + timedelta(minutes=8)}]
    late = [{**again[0], "fired_at": began + timedelta(minutes=8)}]
    after = began + timedelta(minutes=20)
    assert scored_rule(expect, again, CATALOGUE.alert_rules, drill, after).found == "hit"
    assert scored_rule(expect, late, CATALOGUE.alert_rules, drill, after).found == "missed"


def test_a_gateway_that_dies_with_200_devices_is_one_incident_and_40_blind_homes(exercised):
    twin, hold = exercised
    outage = SCENARIOS["gateway_outage"]
    (silence,) = outage.silences
    short = replace(outage, silences=(replace(silence, end=silence.begin + timedelta(minutes=30)),))
    running = hold(short, speed=200)
    community = running.drill.community_id

    def states() -> Counter[str]:
        return Counter(twin.care.home_states(twin.now(), community_id=community)["state"].to_pylist())

    eventually(lambda: states().keys() in ({"active", "quiet"}, {"active"}), within=60, what="40 homes to be seen")
    assert twin.entities("device", twin.now(), community_id=community).num_rows == 201
    eventually(lambda: states() == {"blind": 40}, within=60, what="40 blind homes")
    eventually(lambda: states().keys() == {"active"}, within=60, what="40 homes to be seen again")
    assert raised(twin, running) == {gateway_of(community): 1}
    found = scored(twin, running)
    assert (found.hits, found.missed, found.false_alerts) == (1, 0, ())


def answers(twin: Twin, at: datetime) -> dict[str, Any]:
    """All that is counted of community c as known at an instant."""
    start = at - timedelta(days=2)
    levels = twin.care.service_levels(start, at, at, community_id="c")
    tables = {
        name: getattr(twin, name)(at, community_id="c").to_pylist()
        for name in ("states", "device_status", "home_states", "alerts", "occupancy", "figures", "building_classes")
    }
    return tables | {
        "levels": [(f.name, f.value, f.n, f.of) for f in levels.figures()],
        "by_rule": {rule: f.of for rule, f in levels.by_rule.items()},
        "suggestions": twin.care.suggestions(at, community_id="c"),
        "residents": twin.residents(at, community_id="c"),
        "history": twin.care.alert_history(start, at, at, community_id="c").to_pylist(),
        "incidents": [i.incident_id for i in twin.care.incidents(at, community_id="c", include_drills=False)],
        "first": twin.first_instant("c"),
        "visits": twin.care.visits(start, at, at, community_id="c").to_pylist(),
    }


def test_after_a_drill_every_statistic_is_what_it_was(exercised):
    twin, hold = exercised
    twin.care.step()
    before = twin.settle()
    known = answers(twin, before)
    running = hold("sos_burst", speed=600)
    assert running.wait(120)
    assert answers(twin, before) == known, "the past as it was known"
    after = answers(twin, twin.settle())
    assert after["residents"] == known["residents"]
    assert {k: v for k, v in after.items() if k in _COUNTED} == {k: v for k, v in known.items() if k in _COUNTED}
    running.stop()
    assert open_incidents(twin, running.drill) == []
    after = answers(twin, twin.settle())
    assert {k: v for k, v in after.items() if k in _COUNTED} == {k: v for k, v in known.items() if k in _COUNTED}


_COUNTED = (
    "levels",
    "by_rule",
    "suggestions",
    "alerts",
    "history",
    "incidents",
    "figures",
    "visits",
    "geometry",
    "first",
)


def test_a_drill_that_is_stopped_leaves_its_log_and_nothing_else(exercised):
    twin, hold = exercised
    running = hold("sos_burst", speed=60)
    community = running.drill.community_id
    eventually(lambda: raised(twin, running), within=60, what="the first call")
    during = twin.settle()
    assert twin.entities("home", during, community_id=community).num_rows == 6
    assert twin.entities("community", during)["community_id"].to_pylist() == ["c"], "no list offers a drill"
    assert twin.entity("community", community, during) is not None
    running.stop()
    now = twin.now()
    assert [d.ended_at is not None for d in twin.care.drills(now)] == [True]
    assert twin.entity("community", community, now) is None
    assert twin.entities("device", now, community_id=community).num_rows == 0
    assert twin.entities("home", during, community_id=community).num_rows == 6, "what was stays to be seen"
    closed = twin.care.incidents(now, community_id=community, open_only=False)
    assert closed
    assert {(i.phase, i.outcome, i.cause) for i in closed} == {("closed", "test", "drill")}
    assert all(took is None for p in scored(twin, running).people for took in p.took.values())


def test_whoever_answers_in_a_drill_is_timed_by_the_clock_on_the_wall(exercised):
    twin, hold = exercised
    running = hold("sos_burst", speed=60)
    eventually(lambda: raised(twin, running), within=60, what="the first call")
    first = open_incidents(twin, running.drill)[0]
    twin.care.take_step(first.incident_id, "acknowledge", by="tester", role="duty_officer")
    scores = {p.incident_id: p.took for p in scored(twin, running).people}
    took = scores[first.incident_id]["acknowledge"]
    assert took is not None
    assert timedelta(0) < took < timedelta(seconds=30)
    assert scores[first.incident_id]["arrive"] is None


def test_drills_left_behind_by_a_program_that_ended_are_ended_by_the_next(exercised):
    twin, _ = exercised
    url = BrokerUrl.parse("mqtt://127.0.0.1:1")
    players = cast(twin, drill_of="c", drill_id="left", title="夜", title_en="night", homes=2, kit=("motion",))
    now = utc_now()
    twin.care.begin_drill(
        Drill(
            drill_id="left", community_id=players.community.community_id, drill_of="c", scenario="fall_0310", speed=1,
            started_at=now, drill_from=now - timedelta(hours=1), started_by="tester",
        )
    )  # fmt: skip
    twin.record(players.entities)
    DrillDesk(twin, url, utc_now)
    assert twin.care.drills(twin.now())[0].ended_at is not None
    assert twin.entity("community", players.community.community_id, twin.now()) is None
    assert end_abandoned(twin) == []


def test_everything_of_a_drill_is_marked_and_nobody_is_called(exercised):
    twin, _ = exercised
    players = cast(twin, drill_of="c", drill_id="d", title="夜", title_en="night", homes=3, kit=("motion",))
    assert players.community.name == "演练 · 夜（小区）"
    assert players.community.drill_of == "c"
    for entity in players.entities:
        assert entity.community_id == "c-d"
        assert getattr(entity, "phone", None) is None
        if entity.kind in ("building", "device", "resident", "contact"):
            assert MARK in str(getattr(entity, "name", None))
    addresses = [e.address for e in players.entities if isinstance(e, Device)]
    assert len(set(addresses)) == len(addresses) == 4
    assert [original for original, _ in players.homes] == ["c-1-00", "c-1-01", "c-1-02"]


def test_a_drill_that_cannot_be_held_is_refused_with_the_reason(exercised):
    twin, hold = exercised
    with pytest.raises(DrillRefused, match="speed is 7200"):
        hold("fall_0310", speed=7200)
    with pytest.raises(DrillRefused, match="no community 'x'"):
        start_drill(twin, lambda topic, payload: None, SCENARIOS["fall_0310"], drill_of="x", by="tester", clock=utc_now)
    with pytest.raises(DrillRefused, match="there is no scenario 'flood'; there are cold_night"):
        DrillDesk(twin, BrokerUrl.parse("mqtt://127.0.0.1:1"), utc_now).start("flood", "c", 1.0, "tester")
    assert twin.care.drills(twin.now()) == []


# ------------------------------------------------------------------------------------------ without a broker


@pytest.mark.parametrize("speed", [1.0, 60.0, 3600.0])
@pytest.mark.parametrize("name", sorted(SCENARIOS))
@pytest.mark.parametrize("hour", [0, 3, 14, 21])
def test_the_drills_clock_keeps_the_time_of_day_and_never_overtakes_ours(name: str, speed: float, hour: int):
    scenario = SCENARIOS[name]
    now = datetime(2026, 11, 22, hour, 9, 30, tzinfo=UTC)
    begin = beginning(scenario, now, speed)
    local = begin + timedelta(hours=8)
    assert timedelta(hours=local.hour, minutes=local.minute, seconds=local.second) == scenario.starts
    for share in (0.0, 0.5, 1.0):
        real = now + share * scenario.lasts / speed
        assert begin + (real - now) * speed + EARLY * speed <= real
    assert now - begin < timedelta(days=3)


def test_heartbeats_come_a_little_early_but_never_before_what_happened(exercised):
    twin, _ = exercised
    scenario = SCENARIOS["fall_0310"]
    players = cast(
        twin, drill_of="c", drill_id="d", title="夜", title_en="night", homes=scenario.homes, kit=scenario.kit
    )
    now = utc_now()
    begin = beginning(scenario, now, 3600.0)
    script = write_script(scenario, players, CATALOGUE, begin, 3600.0)
    drill = Drill(
        drill_id="d", community_id="c-d", drill_of="c", scenario=scenario.name, speed=3600.0, started_at=now,
        drill_from=begin, started_by="tester",
    )  # fmt: skip
    assert {t.device.device_id for t in script.before} == {d.device_id for d in players.devices.values()}
    said: dict[str, datetime] = {}
    for due, told in schedule(script.then, drill):
        exact = now + (told.at - begin) / 3600.0
        assert exact - EARLY <= due <= exact
        assert told.early or due == exact
        assert said.get(told.device.device_id, begin) <= told.at
        said[told.device.device_id] = told.at
    radar = [t.values["fall"] for t in script.then if t.device is players.devices[1, "fall_radar"]]
    assert radar == sorted(radar), "once fallen, every heartbeat says so"


def test_every_mistake_in_a_scenario_is_named(tmp_path):
    (tmp_path / "bad.toml").write_text(
        """
title = { zh = "坏", en = "bad" }
about = { zh = "坏", en = "bad" }
starts = "25:00"
lasts = "1h"
speed = 9000
homes = 2
kit = ["motion", "sonar"]
[[event]]
at = "03:00"
home = 3
device = "motion"
values = { fall = 1 }
[[expect]]
rule = "flood"
at = "03:00"
within = "1m"
""",
        encoding="utf-8",
    )
    with pytest.raises(DeclarationError) as error:
        load_scenarios({"motion": ("motion", "battery")}, ("fall",), tmp_path)
    said = "\n".join(error.value.problems)
    for part in (
        "'25:00' is not a time of day", "speed is 9000", "'sonar', which is no declared", "home is 3; there are 1 to 2",
        "motion does not measure 'fall'", "there is no rule 'flood'", "say either home = n or gateway = true",
    ):  # fmt: skip
        assert part in said


def test_a_recorded_hour_is_replayed_as_a_drill_by_copies_of_its_homes(exercised, tmp_path):
    twin, _ = exercised
    lines = [
        {"at": f"2026-11-01T09:{minute:02}:00+08:00", "topic": topic, "payload": json.dumps(payload)}
        for minute, topic, payload in (
            (0, "community/c/gateway/gw", {"online": 80, "ts": "2026-11-01T09:00:00+08:00"}),
            (1, "community/c/motion/c-1-03-motion", {"v": 1, "ts": "2026-11-01T09:01:00+08:00"}),
            (2, "community/c/sos_button/c-1-03-sos_button", {"sos": 1, "ts": "2026-11-01T09:02:00+08:00"}),
            (3, "community/c/sos_button/nobodys", {"sos": 1, "ts": "2026-11-01T09:03:00+08:00"}),
        )
    ]
    file = tmp_path / "hour.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    sent: list[tuple[str, bytes]] = []
    running = start_replay(
        twin, lambda t, p: sent.append((t, p)), file, drill_of="c", by="tester", clock=utc_now, speed=600
    )
    community = running.drill.community_id
    assert running.wait(60)
    assert [topic.rsplit("/", 1)[0] for topic, _ in sent] == [
        f"community/{community}/{kind}" for kind in ("gateway", "motion", "sos_button")
    ]
    assert running.drill.drill_from.astimezone(timezone(timedelta(hours=8))).strftime("%H:%M") == "09:00"
    assert running.drill.drill_from < utc_now()
    running.stop()
    file.write_text("", encoding="utf-8")
    with pytest.raises(DrillRefused, match="holds no message of a home"):
        start_replay(twin, lambda t, p: None, file, drill_of="c", by="tester", clock=utc_now)


def test_a_drills_homes_know_the_rhythm_of_those_they_are_like(exercised):
    twin, hold = exercised
    day = Day()
    day.active[100:120] = sensor_code("c-1-00-motion")
    day.watched[:] = True
    today = (utc_now() + timedelta(hours=8)).date().toordinal() - date(1970, 1, 1).toordinal()
    rows = [day_row("c-1-00", today - back, day, utc_now() - timedelta(days=back - 1)) for back in range(1, 15)]
    with twin.writing() as received:
        twin.commit(lambda writer: writer.append("rhythm_day", pa.Table.from_pylist(rows, schema=SCHEMA)), received)
        twin.care.reload()
    running = hold("sos_burst", speed=60)
    first = home_of(running.drill.community_id, 1)

    def learned() -> int:
        found = twin.care.home_rhythm(first, twin.now())
        return found["days"] if found else 0

    eventually(lambda: learned() >= 10, within=60, what="the learned days")
    running.stop()
