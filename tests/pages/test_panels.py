"""How panels are redrawn: only what changed, and one that fails leaves the others alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from dash import no_update

from layouts.page import Ids, View
from layouts.parts.panel import Panel, draw

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
IDS = Ids("page")


class Asked:
    """Answers by calling the question with what it was asked for; counts the askings."""

    def __init__(self) -> None:
        self.views: list[View] = []

    def __call__(self, name, question, view, **args):
        self.views.append(view)
        return question(None, view.at or NOW, view.community, **args)

    def drawn(self, _name, _view, make, **_args):
        return make()


def number(_twin, _at, _community, *, of: int = 1):
    return {"number": of}


def broken(_twin, _at, _community):
    raise RuntimeError("the question failed")


def words(_view, _now, answer):
    return f"{answer['number']} / {answer.get('now', {}).get('number')}"


def test_a_panel_whose_answer_is_the_same_is_not_sent_again(view):
    panel = Panel("n", number, words)
    key, tree = draw(Asked(), IDS, panel, view, NOW, None, {})
    assert tree == "1 / None"
    assert draw(Asked(), IDS, panel, view, NOW, key, {}) == (key, no_update)


def test_another_choice_language_or_instant_is_another_picture(view):
    panel = Panel("n", number, words, chosen={"of": "choice"})
    first, _ = draw(Asked(), IDS, panel, view, NOW, None, {"choice": 1})
    seen = {
        draw(Asked(), IDS, panel, other, NOW, first, {"choice": choice})[0]
        for other, choice in ((view, 2), (replace(view, lang="en"), 1), (replace(view, at=NOW), 1))
    }
    assert first not in seen
    assert len(seen) == 3


def test_a_question_gets_only_the_choices_it_names(view):
    panel = Panel("n", number, words)
    assert draw(Asked(), IDS, panel, view, NOW, None, {"choice": 5})[1] == "1 / None"


def test_a_failing_panel_says_so_in_its_place_and_in_the_log(view, caplog):
    key, tree = draw(Asked(), IDS, Panel("b", broken, words), view, NOW, None, {})
    assert "<h2>此处出错</h2>" in tree
    assert "panel page--b failed" in caplog.text
    assert draw(Asked(), IDS, Panel("b", broken, words), view, NOW, key, {}) == (key, no_update)


def test_in_the_past_a_panel_may_be_told_what_is_now(view):
    asked = Asked()
    _, tree = draw(asked, IDS, Panel("n", number, words, beside=True), replace(view, at=NOW), NOW, None, {})
    assert tree == "1 / 1"
    assert {v.at for v in asked.views} == {NOW, None}


def test_a_view_survives_the_store(view):
    past = replace(view, at=NOW, lang="en")
    assert View.of(past.store()) == past
    assert View.of(None) == View(community="")
