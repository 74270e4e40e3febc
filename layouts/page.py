"""What a page is, how its parts are named, and what it may ask.

A page is one value, ``PAGE = Page(...)``, in ``layouts/<page>.py``. ``layout`` is called when the page, the
language or the community changes, never when only the instant moves: the map and the camera stay where
they are and the callbacks redraw the figures. Callbacks take ``VIEW`` and ``REVISION`` as their inputs, ask the
twin and return a view.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from dash import Dash, Input, State
from dash.development.base_component import Component

from layouts.parts.text import LANGUAGES
from twin_model.twin import Twin

T = TypeVar("T")

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Ids:
    """Names of one page's components: ``Ids("devices")("grid")`` is ``devices--grid``."""

    page: str

    def __call__(self, part: str) -> str:
        return f"{self.page}--{part}"

    def item(self, part: str, key: Any) -> dict[str, Any]:
        """The id of one of many alike (rows, cards); ``key`` may be ``ALL`` or ``MATCH`` in a callback."""
        return {"page": self.page, "part": part, "key": key}


SHELL = Ids("shell")


@dataclass(frozen=True)
class View:
    """What a screen looks at. ``at`` None is live; a time zone is always carried.

    ``other``: the instant it is compared with, where one was chosen. ``may``: what whoever looks may do (act, decide,
    write, manage, homes), ``role`` as procedures write it; known only while something is drawn for somebody. What he
    may not do has no button; the server refuses it in any case.
    """

    community: str
    at: datetime | None = None
    lang: str = "zh"
    other: datetime | None = None
    may: frozenset[str] | None = None
    role: str = ""

    def allows(self, what: str) -> bool:
        """Whether a button for this is drawn."""
        return self.may is None or what in self.may

    @property
    def live(self) -> bool:
        return self.at is None

    @classmethod
    def of(cls, store: Mapping[str, Any] | None) -> View:
        """The view in ``shell--view``: ``{"at": RFC 3339 or None, "lang": "zh"|"en", "community": id, "with": as at}``.

        An instant without an offset is read as local time of the neighbourhood.
        Raises ValueError naming the instant that is not RFC 3339.
        """
        store = store or {}
        lang = store.get("lang")
        return cls(
            community=str(store.get("community") or ""),
            at=parse_instant(store.get("at")),
            lang=lang if lang in LANGUAGES else "zh",
            other=parse_instant(store.get("with")),
        )

    def store(self) -> dict[str, Any]:
        """The value of ``shell--view``."""
        at, other = (None if one is None else one.isoformat() for one in (self.at, self.other))
        return {"at": at, "lang": self.lang, "community": self.community, "with": other}


def parse_instant(text: object) -> datetime | None:
    """An RFC 3339 instant in UTC; None for nothing. Raises ValueError with the text and what was expected."""
    if not text:
        return None
    try:
        value = datetime.fromisoformat(str(text).replace(" ", "+"))
    except ValueError:
        raise ValueError(f"at={text!r} is not an instant; write 2026-11-22T14:05:00+08:00") from None
    return (value if value.tzinfo else value.replace(tzinfo=ZONE)).astimezone(UTC)


def instant(view: View, twin: Twin) -> datetime:
    """The instant a view asks about: its own, else the twin's newest; never later than that."""
    now = twin.now()
    return now if view.at is None else min(view.at, now)


class Ask(Protocol):
    """A page's view of the program, supplied by the cockpit.

    ``ask(name, question, view, **args)`` returns ``question(twin, at, community_id, **args)``, kept per (name,
    args, community, revision, instant): ``name`` is unique, ``question`` a module-level function, ``args`` hashable.
    ``ask.twin`` is the twin; ``ask.services`` the doers run.py hands in (adopt, broker_status, ...).
    ``ask.sees_a_home``: whether whoever the running callback answers may look at one home's daily life;
    ``ask.reads_audit``: whether he may read the audit trail. ``ask.look(home_id, ...)`` writes down that he looks at
    one home's personal details, before they are shown; it raises where that cannot be written.
    ``ask.drawn(name, view, make, **args)`` is what ``make()`` makes of such answers, likewise kept for all who look at
    the same with the same rights; nobody may change it.
    ``ask.ahead(name, view, again, **args)``: ``again()`` asks the same of each new instant before pages ask about it.
    Within ``ask.one_instant(view)`` a live view stays at the instant of its beginning: what is shown together was known
    together.
    """

    twin: Twin
    services: Any

    @property
    def sees_a_home(self) -> bool: ...

    @property
    def reads_audit(self) -> bool: ...

    def look(self, home_id: str, *, purpose: str = "", what: str = "") -> None: ...

    def __call__(self, name: str, question: Callable[..., T], view: View, **args: Any) -> T: ...

    def drawn(self, name: str, view: View, make: Callable[[], T], **args: Any) -> T: ...

    def ahead(self, name: str, view: View, again: Callable[[], None], **args: Any) -> None: ...

    def one_instant(self, view: View) -> AbstractContextManager[None]: ...


@dataclass(frozen=True)
class Page:
    """A page: ``slug`` in the URL, ``title_key`` in the locale files, ``order`` in the navigation.

    ``layout(view)`` builds the tree without asking the twin; ``register(app, ask)`` adds the callbacks.
    ``quiet`` pages are reached from elsewhere and have no entry in the navigation.
    ``slim`` pages carry the 56 px time bar, the others the one with strips (132 px). Pages of one ``group`` share one
    entry of the navigation, ``group.<name>`` in the locale files, and stand beside each other in the line under it.
    """

    slug: str
    title_key: str
    order: int
    layout: Callable[[View], Component]
    register: Callable[[Dash, Ask], None]
    slim: bool = False
    group: str = ""
    quiet: bool = False


VIEW = Input(SHELL("view"), "data")
REVISION = Input(SHELL("revision"), "data")
VIEW_STATE = State(SHELL("view"), "data")
