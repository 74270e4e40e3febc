"""What is said about an incident: figures in sentences, ranking, what the home's own sensors add."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from string import Formatter

import pytest

from tests.twin.closed_loops import PROCEDURES, RULES, T0
from twin_model.cases import HomeContext
from twin_model.catalogue import Catalogue
from twin_model.fusing import evidence, facts_of, ranked, sentence

ELDER = PROCEDURES["elder_incident"]


def row(metric, value, changed, *, device="d", status="fresh", taken=None):
    at = T0 - timedelta(minutes=changed)
    return {"device_id": device, "metric": metric, "value": float(value), "status": status, "changed_at": at,
            "taken_at": T0 if taken is None else T0 - timedelta(minutes=taken)}  # fmt: skip


def alert(number=1, grade=2, since=T0, **more):
    return {"alert_id": number, "grade": grade, "severity": "look", "subject": "h1", "metric": "motion", "since": since,
            "value": 12.3456, "limit_value": 12.0, **more}  # fmt: skip


def names(*states, **context):
    found = [evidence(RULES["no_movement"], alert(since=T0 - timedelta(hours=1)), T0, None)]
    return [fact.name for fact in facts_of(ELDER, HomeContext(states, **context), found, T0)]


def test_every_declared_sentence_asks_only_for_figures_that_an_alert_has():
    known = {"value", "limit", "since", "until", "hours", "minutes"}
    for rule in Catalogue.load().alert_rules.values():
        for text in rule.sentence.values():
            assert {field for _, field, _, _ in Formatter().parse(text) if field} <= known, rule.path


def test_every_procedure_a_rule_names_is_there_and_every_rule_says_how_strong_it_is():
    catalogue = Catalogue.load()
    care = [r for r in catalogue.alert_rules.values() if r.procedure == "elder_incident"]
    assert care
    assert not [r.name for r in care if r.weight <= 0], "it would open an incident of no confidence at all"


@pytest.mark.parametrize(
    ("text", "said"),
    [("{value} of {limit}", "12.346 of 12"), ("{since} to {until}", "12:04 to 14:04"), ("{hours} h", "2 h"),
     ("{minutes} min", "120 min"), ("{nonsense}", "—")],
)  # fmt: skip
def test_a_sentence_tells_the_alerts_own_figures(text, said):
    rule = replace(RULES["no_movement"], sentence={"zh": text, "en": text})
    assert sentence(rule, alert(since=T0 - timedelta(hours=2)), T0)["zh"] == said


def test_a_time_of_another_day_says_which():
    rule = RULES["no_movement"]
    said = sentence(rule, alert(since=T0 - timedelta(days=1)), T0)
    assert "11月21日 14:04" in said["zh"]
    assert "21 Nov 14:04" in said["en"]


def test_a_figure_that_is_not_known_is_a_dash():
    assert sentence(RULES["no_movement"], alert(since=None), T0)["en"] == "no_movement since —, — h"


def test_the_gravest_comes_first_then_what_still_fires_then_the_strongest_then_the_newest():
    weak, strong = RULES["no_water"], RULES["no_movement"]
    found = [
        evidence(weak, alert(1), T0, None), evidence(strong, alert(2), T0, None),
        evidence(strong, alert(3, since=T0 + timedelta(minutes=1)), T0, None),
        evidence(RULES["sos"], alert(4, 1), T0, None),
    ]  # fmt: skip
    assert [e.alert_id for e in ranked(found)] == [4, 3, 2, 1]


def test_a_shut_door_with_somebody_moving_since_means_somebody_is_in():
    assert names(row("open", 0, 120), row("motion", 0, 90)) == ["inside", "last_motion"]
    assert names(row("open", 0, 60), row("motion", 0, 90)) == ["door_shut", "last_motion"]
    assert names(row("open", 1, 60)) == ["door_open"]


def test_who_is_away_is_not_said_to_be_in():
    told = names(row("open", 0, 120), row("motion", 0, 90), state="away", since=T0)
    assert told == ["away", "door_shut", "last_motion"]


def test_what_a_lost_device_last_said_is_not_told_as_if_it_were_so():
    assert names(row("presence", 1, 90, status="lost"), row("in_bed", 1, 90, status="stale", device="b")) == ["lost"]


def test_movement_after_the_alert_comes_first_because_it_speaks_against():
    assert names(row("open", 0, 120), row("motion", 1, 5, taken=5)) == ["moved_after", "inside"]


def test_a_blind_home_adds_nothing():
    assert names() == []
