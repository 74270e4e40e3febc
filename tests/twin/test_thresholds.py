"""Thresholds are data: from the file to the community to the home, with who, why and when; nothing impossible."""

from __future__ import annotations

import pytest

from tests.twin.conftest import device, table
from tests.twin.rule_examples import neighbourhood, phases
from twin_model import thresholds
from twin_model.thresholds import ThresholdRefused
from twin_model.twin import Twin

SET = {"community_id": "c", "by": "office", "reason": "too many calls"}


@pytest.fixture
def care(twin: Twin):
    twin.record([*neighbourhood(), device("m1", "motion", home_id="h1"), device("m2", "motion", home_id="h2")])
    return twin.care


def hours(twin: Twin) -> dict[str | None, float]:
    """no_movement's hours as the rules see them now, by home; None is the community."""
    rule, at = twin.catalogue.alert_rules["no_movement"], twin.now()
    places = thresholds.places(["c"], twin.entities("home", at))
    rows = thresholds.settings(rule, places, twin.care.thresholds(at)).to_pylist()
    return {row["home_id"]: row["hours"] for row in rows}


def test_a_homes_own_value_goes_before_its_communitys_and_that_before_the_files(twin, care):
    assert hours(twin) == {None: 12, "h1": 12, "h2": 12, "h3": 12}
    care.set_threshold("no_movement", "hours", 16, home_id="h1", **SET)
    care.set_threshold("no_movement", "hours", 10, **SET)
    assert hours(twin) == {None: 10, "h1": 16, "h2": 10, "h3": 10}


def test_taken_back_the_next_wider_value_holds_again_and_the_history_tells_all(twin, care, clock):
    care.set_threshold("no_movement", "hours", 10, **SET)
    clock.forward(minutes=1)
    care.set_threshold("no_movement", "hours", 16, home_id="h1", **SET)
    clock.forward(minutes=1)
    care.set_threshold("no_movement", "hours", None, home_id="h1", community_id="c", by="nurse", reason="moved out")
    assert hours(twin)["h1"] == 10
    told = [(t.home_id, t.value, t.changed_by, t.reason) for t in care.threshold_history(rule="no_movement")]
    assert told == [
        ("h1", None, "nurse", "moved out"),
        ("h1", 16, "office", "too many calls"),
        (None, 10, "office", "too many calls"),
    ]  # fmt: skip


def test_what_was_set_is_known_as_of_any_instant(twin, care, clock):
    before = twin.now()
    clock.forward(hours=1)
    care.set_threshold("no_movement", "hours", 10, **SET)
    then = twin.now()
    clock.forward(hours=1)
    care.set_threshold("no_movement", "hours", 8, **SET)
    known = [[(t.value, t.unit) for t in care.thresholds(at)] for at in (before, then, twin.now())]
    assert known == [[], [(10, "h")], [(8, "h")]]


@pytest.mark.parametrize(
    ("rule", "parameter", "value", "changes", "code", "says"),
    [
        ("no_movement", "hours", 1, {}, "out_of_range", "write a number within 2–24 h"),
        ("no_movement", "hours", float("nan"), {}, "out_of_range", "cannot be nan"),
        ("no_movement", "hours", 1e7, {}, "out_of_range", "cannot be 10000000; write a number within 2–24 h"),
        ("no_movement", "hours", 10, {"unit": "min"}, "wrong_unit", "is given in 'h'"),
        ("no_movement", "hours", 10, {"reason": " "}, "no_reason", "say why"),
        ("no_movement", "hours", 10, {"by": ""}, "no_author", "say who"),
        ("no_movement", "minutes", 10, {}, "unknown_parameter", "it has hours"),
        ("no_moving", "hours", 10, {}, "unknown_rule", "no rule 'no_moving'"),
        ("no_movement", "hours", 10, {"home_id": "h9"}, "unknown_place", "'h9' is not a home of 'c'"),
        ("no_movement", "hours", 10, {"community_id": "d"}, "unknown_place", "'d'"),
        ("smoke", "hours", 10, {}, "unknown_parameter", "it has none"),
    ],
)
def test_a_threshold_that_cannot_be_is_refused_with_the_reason_and_nothing_changes(
    twin, care, rule, parameter, value, changes, code, says
):
    revision = twin.revision
    with pytest.raises(ThresholdRefused, match=says) as refused:
        care.set_threshold(rule, parameter, value, **{**SET, **changes})
    assert refused.value.code == code
    assert refused.value.reason["zh"]
    assert twin.revision == revision
    assert care.thresholds(twin.now()) == []


def test_a_new_threshold_is_judged_by_at_once(twin, care, clock):
    twin.apply(table(twin, [("m1", "motion", clock(), 0), ("m2", "motion", clock(), 0)]))
    for _ in range(9):
        clock.forward(hours=1)
        twin.apply(table(twin, [("m1", "motion", clock(), 0), ("m2", "motion", clock(), 0)]))
    assert phases(twin, "no_movement") == {}
    care.set_threshold("no_movement", "hours", 8, home_id="h1", **SET)
    assert phases(twin, "no_movement") == {"h1": "firing"}
    care.set_threshold("no_movement", "hours", None, home_id="h1", **SET)
    assert phases(twin, "no_movement") == {}


def test_thresholds_survive_a_restart(tmp_path, clock):
    with_file = Twin.open(tmp_path / "twin.duckdb", clock=clock)
    with_file.record(neighbourhood())
    with_file.care.set_threshold("no_water", "litres", 9, **SET)
    with_file.close()
    again = Twin.open(tmp_path / "twin.duckdb", clock=clock)
    assert [(t.rule, t.parameter, t.value) for t in again.care.thresholds(again.now())] == [("no_water", "litres", 9)]
    again.close()


@pytest.mark.parametrize("rule", ["no_water", "no_movement", "no_door"])
def test_every_published_variant_of_a_place_can_be_set_whole(twin, care, rule):
    parameters = twin.catalogue.alert_rules[rule].parameters
    for place in {name for p in parameters.values() for name in p.variants}:
        for p in parameters.values():
            if place in p.variants:
                care.set_threshold(rule, p.name, p.variants[place], **SET)
