"""Every alert rule does what its own examples say, through the real SQL, engine and clock."""

from __future__ import annotations

from functools import cache

import pytest

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
