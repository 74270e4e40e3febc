"""An answer is computed once per revision and instant, however many ask, and the memory it takes is bounded."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cockpit.caching import PAST, Answers


def test_fifty_screens_that_ask_at_once_cost_one_query():
    answers, asked = Answers(), []
    ready = threading.Barrier(50)

    def query():
        asked.append(1)
        return {"people": 12}

    def screen(_):
        ready.wait()
        return answers.ask("people", query, revision=7, instant=None)

    with ThreadPoolExecutor(50) as screens:
        seen = list(screens.map(screen, range(50)))
    assert seen == [{"people": 12}] * 50
    assert len(asked) == 1
    assert answers.counts.misses == 1
    assert answers.counts.hits + answers.counts.shared == 49


def test_a_new_revision_another_instant_or_another_argument_is_another_question(clock):
    answers, asked = Answers(), []

    def query():
        asked.append(1)
        return len(asked)

    first = answers.ask("q", query, revision=1, instant=clock.instant, building="b1")
    assert answers.ask("q", query, revision=1, instant=clock.instant, building="b1") == first
    assert answers.ask("q", query, revision=2, instant=clock.instant, building="b1") == 2
    assert answers.ask("q", query, revision=1, instant=clock.forward(seconds=1), building="b1") == 3
    assert answers.ask("q", query, revision=1, instant=clock.instant, building="b2") == 4


def test_an_error_reaches_everybody_who_waits_and_is_not_kept():
    answers, asked = Answers(), []
    inside, go = threading.Event(), threading.Event()

    def query():
        asked.append(1)
        inside.set()
        go.wait(5)
        raise LookupError("no such building")

    with ThreadPoolExecutor(2) as screens:
        first = screens.submit(answers.ask, "q", query, revision=1, instant=None)
        assert inside.wait(5)
        second = screens.submit(answers.ask, "q", query, revision=1, instant=None)
        while answers.counts.shared == 0:
            pass
        go.set()
        for waiting in (first, second):
            with pytest.raises(LookupError):
                waiting.result(5)
    assert answers.ask("q", lambda: "fine", revision=1, instant=None) == "fine"


def test_what_one_screen_does_to_its_answer_no_other_sees():
    answers = Answers()
    answers.ask("q", lambda: [1], revision=1, instant=None)
    answers.ask("q", list, revision=1, instant=None).append(2)
    assert answers.ask("q", list, revision=1, instant=None) == [1]


def test_nothing_is_an_answer_too():
    answers, asked = Answers(), []
    for _ in range(2):
        assert answers.ask("q", lambda: asked.append(1), revision=1, instant=None) is None
    assert len(asked) == 1


@pytest.mark.parametrize(("answers", "kept"), [(Answers(kept_answers=3), 3), (Answers(kept_bytes=25_000), 2)])
def test_old_answers_make_room(answers, kept, clock):
    instants = [clock.forward(seconds=1) for _ in range(100)]
    for instant in instants:
        answers.ask("q", lambda: b"x" * 10_000, revision=PAST, instant=instant)
    assert answers.counts.answers == kept
    assert answers.counts.kept_bytes < 31_000
    assert answers.ask("q", lambda: b"new", revision=PAST, instant=instants[-1]) != b"new"
    assert answers.ask("q", lambda: b"new", revision=PAST, instant=instants[0]) == b"new"


def test_of_answers_about_now_two_are_kept(clock):
    """A screen left open for a day asks 86,400 times; the next answer is made while the last is still asked for."""
    answers = Answers()
    past = clock.instant
    answers.ask("q", lambda: b"then", revision=PAST, instant=past, building="b1")
    for revision in range(100):
        for building in ("b1", "b2"):
            answers.ask("q", lambda: b"x" * 10_000, revision=revision // 2, instant=clock.instant, building=building)
        clock.forward(seconds=1)
    assert answers.counts.answers == 5
    assert answers.counts.kept_bytes < 41_000
    assert answers.ask("q", lambda: b"new", revision=PAST, instant=past, building="b1") == b"then"
