"""Every alert rule does what its own examples say, through the real SQL, engine and clock."""

from __future__ import annotations

from functools import cache

import pytest

from tests.conftest import ROOT
from tests.twin.rule_examples import Seen, play
from twin_model.catalogue import Catalogue

CATALOGUE = Catalogue.load()
EXAMPLES = [
    pytest.param(rule.name, example["name"], id=f"{rule.name}: {example['name']}")
    for rule in CATALOGUE.alert_rules.values()
    for example in rule.examples
]


@cache
def played(rule: str) -> dict[str, list[Seen]]:
    return play(CATALOGUE, CATALOGUE.alert_rules[rule])


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_the_examples_of_an_alert_rule_hold(rule, example):
    for when, expected, found in played(rule)[example]:
        assert found == expected, f"{rule} at {when}"


def test_the_table_in_the_documentation_is_that_of_the_files():
    rows = (ROOT / "docs" / "alert-rules.md").read_text(encoding="utf-8").splitlines()
    for rule in CATALOGUE.alert_rules.values():
        [row] = [line for line in rows if line.startswith(f"| `{rule.name}` ")]
        assert rule.title["zh"] in row, rule.name
        assert f"| {rule.grade} | {rule.weight:g} |" in row, rule.name
        for parameter in rule.parameters.values():
            assert f"{parameter.title['zh']} {parameter.value:g} " in row, f"{rule.name}.{parameter.name}"
            assert parameter.source["en"] in row, f"{rule.name}.{parameter.name}"


@pytest.mark.parametrize("rule", CATALOGUE.alert_rules.values(), ids=lambda rule: rule.name)
def test_every_rule_shows_a_case_that_fires_and_one_that_must_not(rule):
    asked = [found for example in rule.examples for _, found in example["expect"]]
    assert any(asked)
    assert {} in asked


@pytest.mark.parametrize("rule", CATALOGUE.alert_rules.values(), ids=lambda rule: rule.name)
def test_nothing_holds_down_a_rule_of_grade_one(rule):
    assert (rule.severity == "act") == (rule.grade == 1)
    if rule.grade == 1:
        assert rule.urgent
        assert not rule.suppressed_by
