"""The staff of the sample: who answers what the simulated homes raise, when no person does first.

They use the same door as everybody, ``twin.care.take_step``, and sign as 模拟值守 and 模拟网格员. They leave alone what
a person has touched within ``PERSON_S``, drills, and every alarm that the simulation did not send: whoever tries the
sample with a message of his own sees the clock run on.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np

from ingest.rhythm import METRIC_BITS
from ingest.simulate import Simulator
from twin_model.absences import AbsenceRefused
from twin_model.cases import Incident, StepRefused
from twin_model.twin import Twin

log = logging.getLogger("cim.staff")

DUTY, GRID = "模拟值守", "模拟网格员"
SIMULATED = (DUTY, GRID)
MARK = "（模拟）"
TOLD = f"家属告知外出{MARK}"
PERSON_S = 600.0
"""After a person's step the staff keep out of an incident for so long."""
BUSY, QUIET = 5, 3
"""With more open than this they hurry, with fewer they take their time: a screen shows three to five tasks."""
STEP_S = 2.0
ALARMS = {"sos": "sos", "fall": "fall", "smoke": "smoke", "gas": "gas"}
"""Metric of each rule whose alarms somebody else could send as well."""


def drawn(*keys: int) -> float:
    """A number 0..1 for whole-number ``keys``, always the same one; for one number at a time this is quicker than
    ``ingest.rhythm.uniform``."""
    digest = hashlib.blake2b(repr(keys).encode(), digest_size=7).digest()
    return int.from_bytes(digest, "big") / 2**56


@dataclass(frozen=True)
class Verdict:
    """What an incident will turn out to be. ``well``: the telephone settles it, nobody has to go."""

    outcome: str
    cause: str
    well: bool


@dataclass(frozen=True)
class Act:
    """The next step, ``after`` seconds after the one before."""

    after: float
    step: str
    by: str
    role: str
    said: dict[str, str] = field(default_factory=dict)


class Done(Protocol):
    """A step that was taken."""

    @property
    def step(self) -> str: ...
    @property
    def result(self) -> str: ...
    @property
    def by(self) -> str: ...


# share that is true, share that is a test, causes when true, causes when false
_CARE: dict[str, tuple[float, float, tuple[str, ...], tuple[str, ...]]] = {
    "sos": (0.42, 0.08, ("unwell", "needs_support", "fall", "locked_in"), ("pressed_by_mistake",)),
    "fall": (0.35, 0.0, ("fall",), ("device_fault", "resting", "pet")),
    "smoke": (0.04, 0.06, ("fire",), ("cooking",)),
    "gas": (0.30, 0.0, ("gas_leak",), ("cooking", "device_fault")),
    "no_movement": (0.04, 0.0, ("unwell",), ("resting",)),
    "meal_not_collected": (0.12, 0.0, ("unwell", "needs_support"), ("not_at_home", "resting")),
    "room_cold": (0.70, 0.0, ("needs_support",), ("device_moved",)),
    "water_running": (0.40, 0.0, ("water_leak",), ("visitors",)),
}
_USUALLY = (0.2, 0.0, ("unwell", "needs_support"), ("resting", "not_at_home", "threshold"))
_DEVICE = {
    "battery_low": "battery_empty", "gateway_silent": "network", "blind_home": "power_cut", "tamper": "taken_away",
    "device_silent": "broken",
}  # fmt: skip


def verdict(procedure: str, rule: str, chance: Callable[[int], float]) -> Verdict:
    """What an incident opened by ``rule`` turns out to be; ``chance(purpose)`` is 0..1."""
    if procedure != "elder_incident":
        return Verdict("true", _DEVICE.get(rule, "other"), False)
    true, test, causes, others = _CARE.get(rule, _USUALLY)
    drew = chance(1)
    if drew < true:
        return Verdict("true", causes[int(chance(2) * len(causes))], False)
    if drew < true + test:
        return Verdict("test", "user_test", True)
    return Verdict("false", others[int(chance(2) * len(others))], chance(3) < 0.8)


def next_act(
    procedure: str, phase: str, steps: Sequence[Done], end: Verdict, chance: Callable[[int], float]
) -> Act | None:
    """What the staff do next with an incident in ``phase``; None when it is closed."""
    is_care = procedure == "elder_incident"
    calls = [step.result for step in steps if step.step == "contact"]
    handled_by = next((step.by for step in reversed(steps) if step.step == "handle"), "")

    def about(low: float, high: float, purpose: int) -> float:
        return low + (high - low) * chance(10 + purpose)

    if phase == "raised":
        if not is_care:
            return Act(about(120, 1500, 0), "acknowledge", DUTY, "duty_officer")
        slow = chance(4)
        after = about(44, 58, 0) if slow < 0.9 else about(70, 170, 0) if slow < 0.98 else about(190, 280, 0)
        return Act(after, "acknowledge", DUTY, "duty_officer")
    if phase == "acknowledged" and not is_care:
        return Act(about(300, 1500, 1), "dispatch", DUTY, "duty_officer", {"note": f"已通知维修{MARK}"})
    if phase in ("acknowledged", "contacted") and is_care:
        if end.well:
            if calls and calls[-1] in ("self_well", "well"):
                return Act(about(25, 90, 2), "handle", DUTY, "duty_officer", {"note": f"电话确认平安{MARK}"})
            return Act(about(25, 80, 1), "contact", DUTY, "duty_officer", {"result": "self_well", "channel": "phone"})
        if not calls:
            return Act(about(25, 80, 1), "contact", DUTY, "duty_officer", {"result": "nobody", "channel": "phone"})
        if calls[-1] == "nobody":
            return Act(about(30, 70, 2), "contact", DUTY, "duty_officer", {"result": "family", "channel": "phone"})
        return Act(about(15, 50, 3), "dispatch", DUTY, "duty_officer", {"rung": "grid_worker"})
    if phase == "contacted":
        return Act(about(60, 300, 2), "dispatch", DUTY, "duty_officer")
    if phase == "dispatched":
        far = about(900, 5400, 4) if not is_care else about(330, 1300, 4)
        return Act(far, "arrive", GRID, "grid_worker")
    if phase == "arrived":
        return Act(about(400, 1500, 5), "handle", GRID, "grid_worker", {"note": f"现场已处置{MARK}"})
    if phase == "handled":
        other, role = (GRID, "grid_worker") if handled_by == DUTY else (DUTY, "duty_officer")
        return Act(about(120, 600, 6), "confirm", other, role)
    if phase == "confirmed":
        said = {"outcome": end.outcome, "cause": end.cause, "note": MARK}
        return Act(about(60, 300, 7), "close", DUTY, "duty_officer", said)
    return None


class Staff:
    """Answers what the simulated homes of one community raise, on a thread of its own until ``stop``."""

    def __init__(self, twin: Twin, life: Simulator, clock: Callable[[], datetime], community_id: str) -> None:
        self._twin, self._life, self._clock, self._community = twin, life, clock, community_id
        self._numbers = {device.device_id: number for number, device in enumerate(life.devices)}
        self._ours: dict[str, bool] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="staff", daemon=True)
        self.taken = 0

    def start(self) -> Staff:
        """Begin to answer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End after the step under way."""
        self._stopping.set()
        self._thread.join()

    def step(self) -> int:
        """Do all that is due now; how many steps were taken."""
        now, taken = self._clock(), 0
        found = self._twin.care.incidents(self._twin.now(), community_id=self._community, include_drills=False)
        mine = [incident for incident in found if incident.community_id == self._community]
        for incident in mine:
            taken += self._answer(incident, now, len(mine))
        self._declare(now)
        self.taken += taken
        return taken

    # ------------------------------------------------------------------ one incident

    def _answer(self, incident: Incident, now: datetime, waiting: int) -> bool:
        if not self._is_ours(incident):
            return False
        number = int(incident.incident_id.removeprefix("i-"))

        def chance(purpose: int) -> float:
            return drawn(self._life.seed, 200, number, incident.n if purpose >= 10 else 0, purpose)

        end = verdict(incident.procedure, incident.evidence[-1].rule, chance)
        act = next_act(incident.procedure, incident.phase, incident.steps, end, chance)
        if act is None or act.step not in incident.next_steps or self._must_wait(incident, act, now, waiting):
            return False
        try:
            self._twin.care.take_step(
                incident.incident_id, act.step, by=act.by, role=act.role, expected_n=incident.n, **act.said
            )
        except StepRefused as refused:
            log.info("%s %s: %s", incident.incident_id, act.step, refused)
            return False
        return True

    def _must_wait(self, incident: Incident, act: Act, now: datetime, waiting: int) -> bool:
        people = [s for s in incident.steps if s.step not in _NOBODYS and s.by not in (*SIMULATED, "system")]
        if people and now < people[-1].known_at + timedelta(seconds=PERSON_S):
            return True
        last = max((s.known_at for s in incident.steps if s.step not in _NOBODYS), default=incident.raised_at)
        hurry = 1.0 if act.step == "acknowledge" else 0.4 if waiting > BUSY else 2.5 if waiting < QUIET else 1.0
        if now < last + timedelta(seconds=act.after * hurry):
            return True
        firing = any(e.firing for e in incident.evidence)
        return act.step == "close" and firing and incident.procedure == "elder_incident"

    def _is_ours(self, incident: Incident) -> bool:
        if incident.incident_id not in self._ours:
            if len(self._ours) > 1000:
                self._ours.clear()
            alarms = [e for e in incident.evidence if e.rule in ALARMS]
            self._ours[incident.incident_id] = all(
                e.since is not None and self._was_sent(e.subject, ALARMS[e.rule], e.since) for e in alarms
            )
        return self._ours[incident.incident_id]

    def _was_sent(self, device_id: str, metric: str, at: datetime) -> bool:
        """Whether the simulation had this device raise its alarm about then."""
        number = self._numbers.get(device_id)
        if number is None:
            return False
        found = self._life.stretch(at - timedelta(minutes=20), at + timedelta(seconds=2), fine=True)
        code = number << METRIC_BITS | self._life.metrics[metric]
        return bool(np.any((found.codes == code) & (found.values >= 1)))

    # ------------------------------------------------------------------ absences

    def _declare(self, now: datetime) -> None:
        """Families tell of an absence beforehand, and are asked when a home that nobody told of raised something."""
        known = {a.home_id for a in self._twin.care.absences(now, community_id=self._community)}
        asked = {
            i.home_id
            for i in self._twin.care.incidents(self._twin.now(), community_id=self._community, include_drills=False)
            if i.phase not in ("raised", "acknowledged")
        }
        for away in self._life.absences(now):
            if away.home_id not in known and (away.told or away.home_id in asked) and now < away.until:
                try:
                    self._twin.care.declare_absence(
                        community_id=self._community, home_id=away.home_id, kind="away", starts_at=away.since,
                        ends_at=away.until, reason=TOLD, by=DUTY,
                    )  # fmt: skip
                except AbsenceRefused as refused:
                    log.info("absence of %s: %s", away.home_id, refused)

    def _run(self) -> None:
        while not self._stopping.wait(STEP_S):
            try:
                self.step()
            except Exception:
                log.exception("the simulated staff could not answer")


_NOBODYS = ("evidence", "clear", "hand_over", "note", "realarm")
