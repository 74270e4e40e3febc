"""All outlets of a server, each on a thread of its own: a receiver that hangs holds up nobody else."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from cockpit.outlets.delivery import Delivery, Policy
from cockpit.outlets.faults import where
from cockpit.outlets.kinds import Outlet
from cockpit.outlets.near import JsonLines, MqttTopic, PublishMqtt
from cockpit.outlets.post import Poster
from cockpit.outlets.robots import DingTalk, WeCom
from cockpit.outlets.settings import OutletSettings
from cockpit.outlets.webhook import Webhook
from cockpit.settings import Settings, SettingsError
from twin_model.notifications import Notifications
from twin_model.store import StoreError
from twin_model.twin import Change, Twin

BREATH_S = 0.1
"""The shortest time between two looks into the store: a burst of commits is one look."""
LONGEST_SLEEP_S = 60.0
STUMBLED_S = 5.0
END_S = 3.0


class Outlets:
    """The outlets that `settings.outlet` declares. ``publish_mqtt(topic, payload)`` is true once acknowledged."""

    def __init__(self, twin: Twin, settings: Settings, publish_mqtt: PublishMqtt) -> None:
        _check_rules(twin, settings.outlet)
        policy = Policy(
            give_up_after=timedelta(hours=settings.tell_hours), quiet=settings.quiet, public_url=settings.public_url
        )
        notifications = Notifications(twin.store)
        self._twin = twin
        self._workers = [
            _Worker(Delivery(_made(one, publish_mqtt), one, policy, notifications, twin.now, Random()))
            for one in settings.outlet
        ]
        self._leave: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin to tell; what was left from before first."""
        self._leave = self._twin.subscribe(self._changed)
        for worker in self._workers:
            worker.thread.start()

    def stop(self) -> None:
        """End within a few seconds; call it before the twin is closed. What is under way is told again next time."""
        self._leave()
        for worker in self._workers:
            worker.end()
        for worker in self._workers:
            worker.join()

    def status(self) -> list[dict[str, Any]]:
        """Per outlet: name, kind, waiting, oldest, told, last_told, given_up, refused, fault {zh, en}; no secret."""
        return [worker.delivery.status() for worker in self._workers]

    def _changed(self, change: Change) -> None:
        if change.care:
            for worker in self._workers:
                worker.wake.set()


class _Worker:
    """The thread of one outlet."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.wake = threading.Event()
        self._ending = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"outlet-{delivery.settings.name}", daemon=True)

    def end(self) -> None:
        self._ending.set()
        self.wake.set()
        self.delivery.end()

    def join(self) -> None:
        if self.thread.ident is not None:
            self.thread.join(END_S)

    def _run(self) -> None:
        while not self._ending.is_set():
            self.wake.clear()
            try:
                due = self.delivery.step()
            except StoreError:
                return  # the twin was closed: nothing can be read or noted any more
            except Exception as error:  # noqa: BLE001  # a full disk, say, must not silence the outlet for good
                self.delivery.stumbled(where(error))
                self._ending.wait(STUMBLED_S)
                continue
            seconds = self.delivery.seconds_until(due)
            if seconds != 0 and not self._ending.wait(BREATH_S):
                self.wake.wait(LONGEST_SLEEP_S if seconds is None else min(seconds, LONGEST_SLEEP_S))


def _made(one: OutletSettings, publish_mqtt: PublishMqtt) -> Outlet:
    if one.kind == "mqtt":
        return MqttTopic(publish_mqtt)
    if one.kind == "file":
        return JsonLines(Path(one.path))
    poster = Poster(one.url, timeout_s=one.timeout_s, ca_file=one.ca_file)
    if one.kind == "wecom":
        return WeCom(poster)
    if one.kind == "dingtalk":
        return DingTalk(poster, one.secret)
    return Webhook(poster, one.secret)


def _check_rules(twin: Twin, outlets: tuple[OutletSettings, ...]) -> None:
    known = twin.catalogue.alert_rules
    for one in outlets:
        for rule in sorted(one.rules - known.keys()):
            near = difflib.get_close_matches(rule, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "known: " + ", ".join(sorted(known))
            raise SettingsError(f"outlet {one.name}: rules: there is no rule {rule!r}; {hint}")
