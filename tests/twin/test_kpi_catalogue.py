"""What the KPI files hold to together: the whole standard is covered, and nothing a reader sees lacks words."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from layouts.parts.text import has
from tests.conftest import Clock
from twin_model.catalogue import Catalogue, Registry
from twin_model.entities import Community
from twin_model.kpi import STANDARD, Kpi
from twin_model.kpi_check import wrong_selects
from twin_model.kpi_evidence import title_of
from twin_model.scene_book import INDICATORS, SCENES
from twin_model.twin import Twin

CATALOGUE = Catalogue.load()
KPIS = list(CATALOGUE.kpis.values())
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
_REASON = re.compile(r"(?:THEN|ELSE) '([a-z_0-9]+)'")


def test_every_indicator_has_a_kpi_and_most_have_two():
    found = Counter(number for kpi in KPIS for number in kpi.indicators)
    assert len(KPIS) >= 60
    assert [n for n in range(1, INDICATORS + 1) if not found[n]] == []
    assert sum(found[n] >= 2 for n in range(1, INDICATORS + 1)) > INDICATORS / 2


def test_each_scene_shows_one_headline_and_each_view_has_kpis():
    assert Counter(kpi.scene for kpi in KPIS if kpi.headline) == dict.fromkeys(SCENES, 1)
    for view in CATALOGUE.scene_book.views:
        assert sum(view in kpi.views for kpi in KPIS) >= 5, view


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_reason_to_leave_a_row_out_has_words(lang):
    said = {reason for kpi in KPIS for example in kpi.examples for reason in example["expect"].get("excluded", {})}
    for kpi in KPIS:
        for case in re.findall(r"CASE(?:(?!CASE).)*?END\)* AS excluded", kpi.sql, re.S):
            said |= set(_REASON.findall(case))
    said |= {check.name for kind in CATALOGUE.record_kinds.values() for check in kind.checks if check.level == "flag"}
    assert sorted(reason for reason in said if not has(lang, f"reason.{reason}")) == []


def test_every_column_of_every_evidence_has_words():
    twin = Twin.open(None, clock=Clock(NOW), catalogue=CATALOGUE)
    twin.record([Community(community_id="c", name="c")])
    lacking = [
        (kpi.id, column, lang)
        for kpi in KPIS
        for column in twin.kpis.evidence(kpi.id, NOW, community_id="c").column_names
        for lang in ("zh", "en")
        if column not in STANDARD
        and title_of(column, kpi, CATALOGUE.record_kinds) is None
        and not has(lang, f"kpi.column.{column}")
    ]
    twin.close()
    assert lacking == []


def test_a_select_the_database_refuses_is_named_with_its_file_by_check():
    good = CATALOGUE.kpis["jobs"]
    sql = good.sql.replace("jobs AS numerator", "jbos AS numerator")
    kpis: Registry[Kpi] = Registry("KPI")
    kpis.add(good.id, replace(good, sql=sql), good.path)
    (said,) = wrong_selects(replace(CATALOGUE, kpis=kpis))
    assert said.startswith(f"{good.path}: ")
    assert "jbos" in said
