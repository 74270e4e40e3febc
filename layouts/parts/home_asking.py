"""Ways of asking that pages need: only for those who may look at a home, written down, once a minute."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from layouts.page import Ask, View
from layouts.parts.person import person_of
from twin_model.timeline import from_us

T = TypeVar("T")


def nothing(_args: Mapping[str, Any]) -> None:
    """No answer."""


class Handing:
    """Hands on what a page may ask beside its questions: what the ways of asking have in common."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.twin = ask.twin
        self.services = ask.services

    @property
    def sees_a_home(self) -> bool:
        """Whether whoever the running callback answers may look at one home's daily life."""
        return self._ask.sees_a_home

    @property
    def person(self) -> Mapping[str, Any] | None:
        """Whom the running callback answers."""
        return person_of(self._ask)

    @property
    def reads_audit(self) -> bool:
        """Whether whoever the running callback answers may read the audit trail."""
        return self._ask.reads_audit

    def look(self, home_id: str, *, purpose: str = "", what: str = "") -> None:
        """Write down a look at one home's personal details."""
        self._ask.look(home_id, purpose=purpose, what=what)

    def drawn(self, name: str, view: View, make: Callable[[], T], **args: Any) -> T:
        """Made anew for everybody: whether somebody may be answered, and that he was, is decided each time."""
        return make()

    def ahead(self, name: str, view: View, again: Callable[[], None], **args: Any) -> None:
        """Nothing is asked before somebody asks."""

    def one_instant(self, view: View) -> AbstractContextManager[None]:
        """As the ask underneath does."""
        return self._ask.one_instant(view)


class Restricted(Handing):
    """Questions are asked only for whoever may look at one home's daily life; others get ``instead(args)``, or None.

    Who asks about one home (``home=``) is written down before he gets the answer.

    ``only``: the questions that are kept back; none named: all of them.
    """

    def __init__(
        self,
        ask: Ask,
        *,
        only: Container[Callable[..., Any]] = (),
        instead: Callable[[Mapping[str, Any]], Any] = nothing,
    ) -> None:
        super().__init__(ask)
        self._only, self._instead = only, instead

    def __call__(self, name: str, question: Callable[..., T], view: View, **args: Any) -> T:
        if not self._ask.sees_a_home and (not self._only or question in self._only):
            kept_back: T = self._instead(args)
            return kept_back
        if home := args.get("home"):
            self._ask.look(str(home), what="home")
        return self._ask(name, question, view, **args)


class Answering(Handing):
    """Whom to call for a home is shown only after it was written down that somebody looks."""

    def __call__(self, name: str, question: Callable[..., T], view: View, **args: Any) -> T:
        answer = self._ask(name, question, view, **args)
        if isinstance(answer, dict) and answer.get("calls"):
            incident = answer["incident"]
            purpose = f"incident {incident.incident_id}"
            self._ask.look(incident.home_id or incident.subject, purpose=purpose, what="calls")
        return answer

    def drawn(self, name: str, view: View, make: Callable[[], T], **args: Any) -> T:
        """Kept for all: a panel that shows whom to call is `Panel.written_down` and never drawn so."""
        return self._ask.drawn(name, view, make, **args)

    def ahead(self, name: str, view: View, again: Callable[[], None], **args: Any) -> None:
        """As the ask underneath does."""
        self._ask.ahead(name, view, again, **args)


class Minutely(Handing):
    """Live questions are asked as of the last full minute: what was known then stays, so all screens share it.

    For figures over weeks, which cost more than a glance and do not change by the second.
    """

    def __call__(self, name: str, question: Callable[..., T], view: View, **args: Any) -> T:
        return self._ask(name, question, replace(view, at=self._instant(view)), **args)

    def drawn(self, name: str, view: View, make: Callable[[], T], **args: Any) -> T:
        """Kept as the answers are."""
        return self._ask.drawn(name, view, make, as_of=self._instant(view), **args)

    def _instant(self, view: View) -> datetime:
        return view.at or self.twin.now().replace(second=0, microsecond=0)


class AsRegistered(Minutely):
    """As ``Minutely``, but what was registered since the minute began is there at once: for answers about the register.

    Who has just imported a neighbourhood sees it, not the minute before it.
    """

    def _instant(self, view: View) -> datetime:
        registered = from_us(self.twin.circles.epoch(self.twin.now()))
        return view.at or max(super()._instant(view), registered)
