"""The twin's writers take turns: nobody who writes much keeps a call for help waiting."""

from __future__ import annotations

import threading

from twin_model.turns import Turns


def test_who_lets_go_and_wants_it_again_stands_behind_who_waits(wait_for):
    turns, order = Turns(), []

    def waits() -> None:
        with turns:
            order.append("a call for help")

    thread = threading.Thread(target=waits)
    with turns:
        thread.start()
        wait_for(lambda: turns.is_waited_for, what="somebody to wait")
        order.append("one kind of records")
    for _ in range(40):
        with turns:
            order.append("another kind")
    thread.join()
    assert order[:3] == ["one kind of records", "a call for help", "another kind"]


def test_who_holds_it_may_take_it_again_while_somebody_waits(wait_for):
    turns, got = Turns(), threading.Event()

    def waits() -> None:
        with turns:
            got.set()

    thread = threading.Thread(target=waits)
    with turns:
        thread.start()
        wait_for(lambda: turns.is_waited_for, what="somebody to wait")
        with turns:
            assert not got.is_set()
        assert not got.is_set()
    thread.join()
    assert got.is_set()


def test_it_is_let_go_when_the_work_fails():
    turns = Turns()
    try:
        with turns:
            raise ValueError("the disk is full")
    except ValueError:
        pass
    thread = threading.Thread(target=turns.__enter__, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
