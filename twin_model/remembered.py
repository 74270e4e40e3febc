"""The last answers, by question: one screen asks the same thing several times, fifty screens ask it together."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from twin_model.rights import asked, program

T = TypeVar("T")


class Remembered:
    """At most ``most`` answers; the one asked longest ago goes first. Safe from any thread.

    An answer is for those only who may read the same as whoever asked first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()

    def peek(self, question: Hashable) -> Any:
        """The remembered answer, None when there is none."""
        question = self._key(question)
        with self._lock:
            if question in self._answers:
                self._answers.move_to_end(question)
            return self._answers.get(question)

    def get(self, question: Hashable, ask: Callable[[], T]) -> T:
        """The remembered answer, or what ``ask`` gives now. Two threads may both ask; neither waits."""
        key = self._key(question)
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                found: T = self._answers[key]
                return found
        answer = self._worked_out(ask)
        self.put(question, answer)
        return answer

    def put(self, question: Hashable, answer: object) -> None:
        """Remember an answer that was worked out together with others."""
        question = self._key(question)
        with self._lock:
            self._answers[question] = answer
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)

    def _key(self, question: Hashable) -> Hashable:
        return question, asked()

    def _worked_out(self, ask: Callable[[], T]) -> T:
        return ask()


class Shared(Remembered):
    """The twin's own: worked out with all there is, for everybody; what may be read of it is cut out after."""

    def _key(self, question: Hashable) -> Hashable:
        return question

    def _worked_out(self, ask: Callable[[], T]) -> T:
        with program():
            return ask()
