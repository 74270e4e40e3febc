"""An outbox with one outlet in front of a receiver, on a clock that is set by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from cockpit.outlets.delivery import Delivery, Policy
from cockpit.outlets.kinds import Outlet
from cockpit.outlets.post import Poster
from cockpit.outlets.robots import DingTalk, WeCom
from cockpit.outlets.settings import OutletSettings, outlets
from cockpit.outlets.webhook import Webhook
from tests.conftest import Clock
from twin_model.notifications import News, Notifications, write
from twin_model.store import Store

SECRET = "very-secret-signing-key"
WAITS = timedelta(minutes=2)
"""Longer than any pause after a failure."""


def body(**changes: Any) -> dict[str, Any]:
    """What care writes of somebody who pressed the button."""
    return {
        "title": {"zh": "紧急呼叫", "en": "Call for help"},
        "where": "东园 3幢 2单元 502",
        "grade": 1,
        "severity": "act",
        "raised_at": "2026-11-22T11:58:00+08:00",
        "sentence": {"zh": "按下了呼叫按钮。", "en": "The button was pressed."},
        "rung": "grid_worker",
        "deadline": "2026-11-22T12:03:00+08:00",
        "phase": "raised",
        "role": "system",
        "outcome": None,
        "cause": None,
        "is_drill": False,
        **changes,
    }


def settings(
    kind: str = "webhook", url: str = "http://127.0.0.1:9/?key=k&access_token=t", **keys: Any
) -> OutletSettings:
    """One outlet as cockpit.toml would declare it."""
    signed = {} if kind == "wecom" else {"secret": SECRET}
    (made,) = outlets([{"name": "duty", "kind": kind, "url": url, **signed, **keys}], {}, Path())
    return made


def outlet(kind: str, url: str, timeout_s: float = 5) -> Outlet:
    poster = Poster(url, timeout_s=timeout_s)
    return {"webhook": lambda: Webhook(poster, SECRET), "wecom": lambda: WeCom(poster)}.get(
        kind, lambda: DingTalk(poster, SECRET)
    )()


def kept_store() -> Iterator[Store]:
    """One store for many tests: making its tables takes longer than most of them."""
    with Store(None) as store:
        yield store


def emptied(kept: Store) -> Store:
    """The kept store with nothing to tell."""
    for table in ("notification", "notification_try"):
        kept.write(lambda writer, table=table: writer.execute(f"DELETE FROM {table}"))
    return kept


class Outbox:
    """A store with notifications and one delivery; ``restart`` is what a new process would find."""

    def __init__(self, store: Store, clock: Clock, url: str, kind: str = "webhook", **keys: Any) -> None:
        self.store, self.clock, self.kind, self.url = store, clock, kind, url
        self.timeout_s = keys.pop("timeout_s", 5)
        self.policy = Policy(
            give_up_after=timedelta(hours=24), quiet=keys.pop("quiet", None), public_url=keys.pop("public_url", "")
        )
        self.settings = settings(kind, url, **keys)
        self.notifications = Notifications(store)
        self.restart()

    def restart(self) -> None:
        """Begin anew with what is stored."""
        made = outlet(self.kind, self.url, self.timeout_s)
        self.delivery = Delivery(made, self.settings, self.policy, self.notifications, self.clock, Random(1))

    def put(self, incident: str | None = "i1", kind: str = "raised", drill: str | None = None, **changes: Any) -> None:
        """Store one notification, as care does."""
        community = changes.pop("community_id", "demo")
        alert = changes.pop("alert_id", None)
        news = News(
            kind=kind,
            community_id=community,
            incident_id=incident,
            alert_id=alert,
            drill_id=drill,
            body=body(**changes),
        )
        now = self.clock()
        self.store.write(lambda writer: write(writer, now, [news]))

    def run(self, steps: int = 50) -> datetime | None:
        """Step while something can be done at this instant; when to come again."""
        due: datetime | None = self.clock()
        while due is not None and due <= self.clock() and steps:
            due = self.delivery.step()
            steps -= 1
        return due

    def until_told(self, times: int = 60) -> None:
        """Move on from due instant to due instant until nothing waits."""
        for _ in range(times):
            due = self.run()
            if due is None:
                return
            self.clock.set(max(due, self.clock()))
        raise AssertionError(f"still waiting: {self.delivery.status()}")

    @property
    def waiting(self) -> int:
        return int(self.delivery.status()["waiting"])

    @property
    def fault(self) -> str | None:
        """What is wrong, in English."""
        fault = self.delivery.status()["fault"]
        return fault and str(fault["en"])


NIGHT = (time(22), time(7))
