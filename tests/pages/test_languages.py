"""Every page and panel in both languages: nothing Chinese is left in English, nothing English in Chinese."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from layouts import care_rules, circles, devices, drills, home, overview, service_levels
from layouts.page import View
from layouts.parts import shell_bar, time_bar
from layouts.parts.panel import Panel
from tests.pages.conftest import HERE, readings, text_of, titles_of

CHINESE = re.compile("[\u3400-\u9fff]")
ENGLISH_SENTENCE = re.compile(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b")
CHOICES = {
    "selected": "b1", "series": "d-smoke|smoke", "open": "alerts", "chosen": "d-smoke", "span": "24h", "adopt": "0",
    "home": "h502", "edit": "no_movement|hours", "period": "month", "key": "devices_online", "known-as": None,
}  # fmt: skip
PANELS = [
    *overview.LEFT, *overview.RIGHT, overview.LEGEND, overview.BUILDING, overview.SERIES, overview.DRAWER,
    devices.TABS, devices.FILTERS, devices.DEVICE, devices.CHART, devices.QUARANTINE, devices.ADOPT,
    shell_bar.BRAND, shell_bar.FIGURES, shell_bar.STRIP,
    *home.PANELS, service_levels.BOARD, service_levels.ROWS, *drills.PANELS,
    *(panel for panel in care_rules.PANELS if panel is not care_rules.RULES),  # its sources are quoted as they are
]  # fmt: skip
PAGES = [overview.PAGE, devices.PAGE, home.PAGE, service_levels.PAGE, drills.PAGE, care_rules.PAGE,
         circles.PAGE]  # fmt: skip


@pytest.fixture
def alarmed(living, clock):
    """A smoke alarm, a lost broker, a message in quarantine: everything has something to say."""
    clock.forward(minutes=5)
    living.apply(readings(living, ("smoke-1", "smoke", 1, 0)))
    living.set_source("mqtt", False, "refused")
    return living


def drawn(panel: Panel, twin, view: View):
    args = {name: CHOICES[store] for name, store in panel.chosen.items()}
    now = view.at or twin.now()
    if panel.later:
        args["until"] = None if view.live else twin.now()
    answer = panel.question(twin, now, HERE, **args)
    if panel.beside and not view.live:
        answer = {**answer, "now": panel.question(twin, twin.now(), HERE, **args)}
    return panel.draw(view, now, answer)


def said(tree) -> list[str]:
    return text_of(tree) + titles_of(tree)


@pytest.mark.parametrize("past", [False, True])
def test_no_chinese_is_left_in_an_english_panel(alarmed, english, past):
    view = replace(english, at=alarmed.now()) if past else english
    left = {p.part: [w for w in said(drawn(p, alarmed, view)) if CHINESE.search(w)] for p in PANELS}
    assert {part: words for part, words in left.items() if words} == {}


@pytest.mark.parametrize("past", [False, True])
def test_no_english_sentence_is_left_in_a_chinese_panel(alarmed, view, past):
    view = replace(view, at=alarmed.now()) if past else view
    reason = "no device has it"  # said by the program's own intake; shown as its technical reason
    left = {
        p.part: [w for w in said(drawn(p, alarmed, view)) if ENGLISH_SENTENCE.search(w) and w != reason] for p in PANELS
    }
    assert {part: words for part, words in left.items() if words} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug)
def test_the_frame_of_a_page_is_in_one_language(page):
    def frame(lang: str) -> list[str]:
        view = View(community=HERE, lang=lang)
        return said([shell_bar.bar(view, PAGES, page.slug), page.layout(view), time_bar.time_bar(view)])

    assert [w for w in frame("en") if CHINESE.search(w)] == ["中", "中文", "中文"], "only the way to the other language"
    assert [w for w in frame("zh") if ENGLISH_SENTENCE.search(w)] == []


def test_a_page_without_data_renders_every_panel(twin, view):
    for panel in PANELS:
        assert drawn(panel, twin, view) != ""
