"""Telling one outlet everything that is for it, once it can be told: waiting, order, repetition, limits.

The store is the truth: a notification waits until a try that told it is stored, so that whatever ends the process
between sending and storing makes the receiver hear it twice, never not at all. Notifications of one incident are
told in order. A notice the receiver refuses by itself, or fails over while it takes others, holds back only its own
incident, and after `REFUSALS` tries not even that: it goes on alone until it is too old. Time is handed in; a
`Delivery` owns no thread.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from cockpit.outlets.faults import Fault, NotTold, where
from cockpit.outlets.kinds import Outlet
from cockpit.outlets.notices import Notice, notice
from cockpit.outlets.settings import OutletSettings
from layouts.page import ZONE
from twin_model.notifications import Notification, Notifications

log = logging.getLogger("cim.outlets")

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 60.0
"""A receiver that comes back is told within a minute."""
SUSPECT = 3
"""A line that failed so often lets all others go first; if they are taken, the failures are its own."""
REFUSALS = 5
URGENT_GRADES = (1, 2)
QUIET_GRADES = (3, 4)
READ_AT_ONCE = 500
MINUTE = timedelta(minutes=1)
FLAPPING = timedelta(minutes=10)
"""A receiver that comes and goes is spoken of in the log once in that time."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What holds for all outlets: how long to try, when the night is quiet (local time), how links begin."""

    give_up_after: timedelta
    quiet: tuple[time, time] | None
    public_url: str = ""


@dataclass
class _Line:
    """The waiting notices of one incident, oldest first."""

    waiting: deque[Notice] = field(default_factory=deque)
    failures: int = 0
    not_before: datetime | None = None
    alone: bool = False
    told_before: int = 0  # how many the outlet had told when this line first failed

    @property
    def turn(self) -> tuple[bool, int, int]:
        """What goes first: not suspect, most urgent, oldest."""
        return self.failures >= SUSPECT, self.grade, self.waiting[0].notification_id

    @property
    def grade(self) -> int:
        return min(n.grade or 4 for n in self.waiting)

    def again(self) -> None:
        """Forget the failures of a notice that is gone."""
        self.failures, self.not_before, self.alone = 0, None, False


class Delivery:
    """One outlet's deliveries. ``step`` does what is due and says when to come again."""

    def __init__(
        self, outlet: Outlet, settings: OutletSettings, policy: Policy, notifications: Notifications,
        clock: Callable[[], datetime], jitter: Random,
    ) -> None:  # fmt: skip
        self.settings = settings
        self._outlet, self._policy, self._notifications = outlet, policy, notifications
        self._clock, self._jitter = clock, jitter
        now = clock()
        self._read_up_to = notifications.begin(settings.name, now)
        self._done = notifications.done(settings.name)
        self._lines: dict[str, _Line] = {}
        self._failures = 0
        self._asked_until: datetime | None = None
        self._paused_until: datetime | None = None
        self._fault: Fault | None = None
        self._said_so = False
        self._said_at: datetime | None = None
        self._refused: dict[int, Fault] = {}
        self._sent = deque(notifications.tries_since(settings.name, now - MINUTE))
        past = notifications.told(settings.name)
        self._told, self._last_told, self._given_up = past.told, past.last_told, past.given_up

    # ------------------------------------------------------------------- what is done

    def step(self) -> datetime | None:
        """Read what is new, give up what is too old, send one message if one may be sent.

        Gives the instant at which there is something to do again; None: not before something new is stored.
        """
        now = self._clock()
        self._read(now)
        self._drop_old(now)
        chosen = self._choose(now)
        if chosen:
            self._send(chosen, now)
        return self._next(self._clock())

    def seconds_until(self, due: datetime | None) -> float | None:
        """How long it is until ``due``; None: there is nothing to wait for."""
        return None if due is None else max(0.0, (due - self._clock()).total_seconds())

    def stumbled(self, over: str) -> None:
        """Note a mistake of our own, which must be seen and must not end the deliveries."""
        if self._fault is None:
            log.error("outlet %s stumbled over %s; trying again", self.settings.name, over)
        self._fault = Fault("stumbled", {"over": over})

    def end(self) -> None:
        """Break off a message under way; what it told is told again after the next start."""
        self._outlet.end()

    def status(self) -> dict[str, Any]:
        """name, kind, waiting, oldest, told, last_told, given_up, refused, fault ({zh, en} or None)."""
        # A receiver that hangs keeps us from reading: what was stored since waits too.
        unread = self._notifications.since(self._read_up_to, self._clock(), limit=READ_AT_ONCE)
        known_at = {n.notification_id: n.known_at for n in unread if self._is_for_us(n)}
        for line in list(self._lines.values()):
            known_at |= {n.notification_id: n.known_at for n in list(line.waiting)}
        fault = self._fault or next(iter(list(self._refused.values())), None)
        return {
            "name": self.settings.name,
            "kind": self.settings.kind,
            "waiting": len(known_at),
            "oldest": min(known_at.values(), default=None),
            "told": self._told,
            "last_told": self._last_told,
            "given_up": self._given_up,
            "refused": len(self._refused),
            "fault": {lang: fault.text(lang) for lang in ("zh", "en")} if fault else None,
        }

    # ------------------------------------------------------------------- what waits

    def _read(self, now: datetime) -> None:
        while True:
            new = self._notifications.since(self._read_up_to, now, limit=READ_AT_ONCE)
            for said in new:
                if self._is_for_us(said):
                    line = self._lines.setdefault(said.line, _Line())
                    line.waiting.append(
                        notice(
                            said,
                            lang=self.settings.lang,
                            public=self.settings.public,
                            public_url=self._policy.public_url,
                        )
                    )
                self._read_up_to = said.notification_id
            if len(new) < READ_AT_ONCE:
                self._done.clear()  # what is done from here on is known without the store
                return

    def _is_for_us(self, said: Notification) -> bool:
        wanted, body = self.settings, said.body
        if said.notification_id in self._done:
            return False
        if (said.drill_id or body.get("is_drill")) and not wanted.drills:
            return False
        if wanted.kinds and said.kind not in wanted.kinds:
            return False
        if wanted.grades and body.get("grade") not in tuple(wanted.grades):
            return False
        if wanted.communities and not wanted.communities & {said.exercised, said.community_id}:
            return False
        return not wanted.rules or any(rule in wanted.rules for rule in (said.rule, *said.rules))

    def _drop_old(self, now: datetime) -> None:
        before = now - self._policy.give_up_after
        for key, line in list(self._lines.items()):
            old = []
            while line.waiting and line.waiting[0].known_at <= before:
                old.append(line.waiting.popleft().notification_id)
            if old:
                hours = self._policy.give_up_after.total_seconds() / 3600
                self._notifications.give_up(self.settings.name, old, now, f"not told within {hours:g} h")
                self._given_up += len(old)
                self._forget(old)
                log.warning("outlet %s: %d notification(s) given up after %g h", self.settings.name, len(old), hours)
            if not line.waiting:
                del self._lines[key]
            elif old:
                line.again()

    # ------------------------------------------------------------------- what is sent

    def _choose(self, now: datetime) -> list[Notice]:
        """The notices of the next message, most urgent incident first; none when nothing may be sent now."""
        if self._wait_until(now) is not None:
            return []
        ready = sorted((line for line in self._lines.values() if self._ready(line, now)), key=lambda e: e.turn)
        if not ready:
            return []
        first = ready[0]
        most = 1 if first.alone else self._merged(now)
        chosen: list[Notice] = []
        for line in ready:
            if not line.alone or line is first:
                chosen += list(line.waiting)[: most - len(chosen)]
            if len(chosen) >= most:
                break
        return chosen

    def _merged(self, now: datetime) -> int:
        """One notice a message while there is room; several once half of the minute's messages are used."""
        if self._outlet.per_minute is None or len(self._recent(now)) < self._outlet.per_minute // 2:
            return 1
        return self._outlet.most

    def _recent(self, now: datetime) -> deque[datetime]:
        while self._sent and self._sent[0] <= now - MINUTE:
            self._sent.popleft()
        return self._sent

    def _wait_until(self, now: datetime) -> datetime | None:
        """Until when nothing at all may be sent, by the receiver's word or its limit; None: it may."""
        if self._asked_until and self._asked_until > now:
            return self._asked_until
        limit = self._outlet.per_minute
        if limit is not None and len(self._recent(now)) >= limit:
            return self._sent[-limit] + MINUTE
        return None

    def _ready(self, line: _Line, now: datetime) -> bool:
        return self._due(line, now) <= now

    def _due(self, line: _Line, now: datetime) -> datetime:
        """When this line may be sent: after its own pause, the outlet's and the night's."""
        pause = self._paused_until
        if pause and self._sent and not line.failures and line.grade in URGENT_GRADES:
            # A new call for help is worth a try of its own: the receiver may be back.
            pause = min(pause, self._sent[-1] + timedelta(seconds=FIRST_WAIT_S))
        return max(line.not_before or now, pause or now, self._quiet_until(line, now) or now)

    def _quiet_until(self, line: _Line, now: datetime) -> datetime | None:
        """The end of the night when nothing in the line is urgent enough to be told before it."""
        if self._policy.quiet is None or any(n.grade not in QUIET_GRADES for n in line.waiting):
            return None
        return end_of_quiet(self._policy.quiet, now)

    def _next(self, now: datetime) -> datetime | None:
        if not self._lines:
            return None
        times = []
        for line in self._lines.values():
            times.append(self._due(line, now))
            times.append(line.waiting[0].known_at + self._policy.give_up_after)
        return max(min(times), self._wait_until(now) or now)

    def _send(self, chosen: list[Notice], now: datetime) -> None:
        self._sent.append(now)
        try:
            n = self._outlet.tell(chosen, now)
        except NotTold as problem:
            self._failed(chosen, problem, now)
        except Exception as error:  # noqa: BLE001  # a mistake of ours over one notice must not silence the outlet
            self._failed(chosen, NotTold("stumbled", over=where(error), notice_only=True), now)
        else:
            self._succeeded(chosen[:n], now)

    def _succeeded(self, told: list[Notice], now: datetime) -> None:
        numbers = [n.notification_id for n in told]
        self._notifications.tried(self.settings.name, numbers, now, told=True, detail="")
        for said in told:
            key = self._key_of(said)
            line = self._lines[key]
            line.waiting.popleft()
            line.again()
            if not line.waiting:
                del self._lines[key]
        self._forget(numbers)
        self._told += len(told)
        self._last_told = now
        if self._said_so:
            log.warning("outlet %s can be told again", self.settings.name)
        self._failures, self._asked_until, self._paused_until = 0, None, None
        self._fault, self._said_so = None, False

    def _failed(self, chosen: list[Notice], problem: NotTold, began: datetime) -> None:
        numbers = [n.notification_id for n in chosen]
        self._notifications.tried(self.settings.name, numbers, began, told=False, detail=str(problem))
        now = self._clock()  # a receiver may have kept us waiting
        lines = [self._lines[key] for key in dict.fromkeys(self._key_of(n) for n in chosen)]
        for line in lines:
            line.told_before = line.told_before if line.failures else self._told
            line.failures += 1
            line.alone = line.alone or line.failures >= SUSPECT
        others_are_told = lines[0].failures >= SUSPECT and self._told > lines[0].told_before
        if problem.notice_only and len(chosen) > 1:
            for line in lines:  # which of them it was shows when each goes alone
                line.alone = True
        elif len(chosen) == 1 and not problem.wait_s and (problem.notice_only or others_are_told):
            self._refuse(chosen[0], lines[0], problem, now)
        else:
            self._pause_outlet(problem, now)

    def _pause_outlet(self, problem: NotTold, now: datetime) -> None:
        self._failures += 1
        self._paused_until = now + self._pause(self._failures)
        if problem.wait_s:
            self._asked_until = now + timedelta(seconds=problem.wait_s)
        self._fault = problem.fault
        if not self._said_so and (self._said_at is None or now - self._said_at >= FLAPPING):
            self._said_so, self._said_at = True, now
            # the sentence, not the error: of an error the log keeps nothing but its kind
            log.warning(
                "outlet %s (%s) cannot be told: %s. Trying again until it can; check the receiver and what "
                "cockpit.toml says of this outlet.", self.settings.name, self.settings.kind, problem.fault,
            )  # fmt: skip

    def _refuse(self, said: Notice, line: _Line, problem: NotTold, now: datetime) -> None:
        line.alone = True
        line.not_before = now + self._pause(line.failures)
        if said.notification_id not in self._refused:
            log.warning(
                "outlet %s (%s) refuses notification %d: %s. The others go on; see outlets on the page of rules.",
                self.settings.name, self.settings.kind, said.notification_id, problem.fault,
            )  # fmt: skip
        self._refused[said.notification_id] = problem.fault
        if line.failures >= REFUSALS and len(line.waiting) > 1:
            line.waiting.popleft()
            self._lines[f"refused {said.notification_id}"] = replace(line, waiting=deque([said]))
            line.again()

    def _key_of(self, said: Notice) -> str:
        apart = f"refused {said.notification_id}"
        return apart if apart in self._lines else said.line

    def _forget(self, numbers: list[int]) -> None:
        for number in numbers:
            self._refused.pop(number, None)

    def _pause(self, failures: int) -> timedelta:
        """Doubling up to a minute, the second half of it by chance."""
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(failures - 1, 10))
        return timedelta(seconds=longest / 2 * (1 + self._jitter.random()))


def end_of_quiet(quiet: tuple[time, time], now: datetime) -> datetime | None:
    """When the quiet of the night that ``now`` lies in ends; None when it lies in none. Local time."""
    first, last = quiet
    local = now.astimezone(ZONE)
    clock = local.time()
    inside = first <= clock < last if first <= last else clock >= first or clock < last
    if not inside:
        return None
    end = local.replace(hour=last.hour, minute=last.minute, second=0, microsecond=0)
    return end if end > local else end + timedelta(days=1)
