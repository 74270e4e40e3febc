"""The pages of the scenes in both languages: nothing Chinese is left in English, nothing English in Chinese."""

from __future__ import annotations

from dataclasses import replace

import pytest

from layouts import compare, kpi, scene, scenes
from layouts.page import View
from layouts.parts import time_bar
from tests.conftest import NOON
from tests.pages.kpi_world import HERE, catalogue, lived
from tests.pages.test_languages import CHINESE, ENGLISH_SENTENCE, said

PAGES = [scenes.PAGE, scene.PAGE, kpi.PAGE, compare.PAGE]
PANELS = [
    scenes.BAND, scenes.TILES, scenes.TRENDS, scenes.TABLE, *scene.PANELS, scene.ROWS, *kpi.PANELS, *kpi.SLOW_PANELS,
    *compare.PANELS,
]  # fmt: skip
CHOICES = [
    {"scene": "health", "kpi": "meals", "with": NOON.isoformat(), "place": None},
    {"scene": "party", "kpi": "delivered", "with": None, "place": "other"},
    {"scene": "nowhere", "kpi": "nothing", "with": "soon", "place": "nowhere"},
    {"scene": None, "kpi": None, "with": None, "place": None},
]


@pytest.fixture(scope="module")
def community(tmp_path_factory):
    twin, _ = lived(catalogue(tmp_path_factory.mktemp("kpis")))
    yield twin
    twin.close()


def words(twin, view: View) -> dict[str, list[str]]:
    """Everything every panel says, with each of the choices."""
    found: dict[str, list[str]] = {}
    for n, panel in enumerate(PANELS):
        for choice in CHOICES if panel.chosen else CHOICES[:1]:
            args = {name: choice[store] for name, store in panel.chosen.items()}
            answer = panel.question(twin, NOON, view.community, **args)
            if panel.beside and not view.live:
                answer = {**answer, "now": panel.question(twin, twin.now(), view.community, **args)}
            found.setdefault(f"{panel.part} {n}", []).extend(said(panel.draw(view, NOON, answer)))
    return found


@pytest.mark.parametrize("past", [False, True])
@pytest.mark.parametrize(("lang", "foreign"), [("en", CHINESE), ("zh", ENGLISH_SENTENCE)])
def test_a_panel_is_in_one_language(community, lang, foreign, past):
    view = View(community=HERE, lang=lang, at=NOON if past else None)
    left = {part: [w for w in texts if foreign.search(w)] for part, texts in words(community, view).items()}
    assert {part: texts for part, texts in left.items() if texts} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug)
def test_the_frame_of_a_page_is_in_one_language(page):
    def frame(lang: str) -> list[str]:
        view = View(community=HERE, lang=lang)
        return said([page.layout(view), time_bar.time_bar(view)])

    assert [w for w in frame("en") if CHINESE.search(w)] == []
    assert [w for w in frame("zh") if ENGLISH_SENTENCE.search(w)] == []


def test_a_community_nobody_knows_renders_every_panel(community):
    assert words(community, replace(View(community="nowhere"), lang="en"))
