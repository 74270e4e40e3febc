"""An incident's life written as short as it can be read: rules, alerts, steps and a clock to set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from twin_model.cases import Cases, HomeContext, Incident
from twin_model.catalogue import AlertRule, Parameter
from twin_model.procedure import load_procedures
from twin_model.store import Store, Writer

T0 = datetime(2026, 11, 22, 6, 4, 29, tzinfo=UTC)  # 14:04:29 in the neighbourhood
PROCEDURES = load_procedures()
HOURS = Parameter(
    name="limit",
    title={"zh": "静止多久", "en": "Still for"},
    value=12,
    unit="h",
    low=2,
    high=72,
    source={"zh": "D1", "en": "D1"},
    variants={},
)


def rule(name: str, grade: int, weight: float, metric: str, *, procedure: str | None = "elder_incident") -> AlertRule:
    return AlertRule(
        name=name, title={"zh": name, "en": name}, severity="act" if grade == 1 else "look", grade=grade, scope="home",
        sentence={"zh": f"{name} 自 {{since}} 起 {{hours}} 小时", "en": f"{name} since {{since}}, {{hours}} h"},
        metrics=frozenset({metric}), urgent=grade == 1, hold=timedelta(0), clear=timedelta(0), window=None,
        procedure=procedure, weight=weight, suppressed_by=frozenset(), parameters={"limit": HOURS}, sql="", examples=(),
        path=Path(f"{name}.sql"),
    )  # fmt: skip


RULES = {
    r.name: r
    for r in (
        rule("sos", 1, 0.9, "sos"),
        rule("smoke", 1, 0.9, "smoke"),
        rule("no_movement", 2, 0.6, "motion"),
        rule("no_water", 2, 0.5, "water_m3"),
        rule("leak", 3, 0.3, "water_m3"),
        rule("battery_low", 4, 0.0, "battery"),
        rule("gateway_silent", 2, 0.9, "online", procedure="device_incident"),
        rule("blind_home", 3, 0.9, "signs_of_life", procedure="device_incident"),
        rule("only_told", 3, 0.3, "door", procedure=None),
    )
}


def seconds(n: float) -> datetime:
    return T0 + timedelta(seconds=n)


class Desk:
    """Cases on a store, one transaction for each act, at seconds after T0."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.cases = Cases(store, PROCEDURES, RULES)
        self.commits = 0
        self.alerts = 0

    def write(self, change: Callable[[Writer], Any]) -> Any:
        try:
            done = self.store.write(change)
        except BaseException:
            self.cases.rolled_back()
            raise
        self.cases.committed()
        return done

    def alert(self, name: str, home: str | None = "h1", **more: Any) -> dict[str, Any]:
        self.alerts += 1
        r = RULES[name]
        return {
            "alert_id": self.alerts, "rule": name, "subject": home, "scope": "home", "metric": next(iter(r.metrics)),
            "severity": r.severity, "grade": r.grade, "since": T0, "due_at": T0, "value": 12.0, "limit_value": 12.0,
            "community_id": "c", "home_id": home, "room_id": None, "facility_id": None, "building_id": "b1",
            "drill_id": None, "evidence": "[]", **more,
        }  # fmt: skip

    def fire(self, at: float, *alerts: dict[str, Any], context: HomeContext | None = None) -> list[str]:
        contexts = {a["home_id"]: context for a in alerts} if context else {}
        now = seconds(at)
        return self.write(lambda w: self.cases.fired(w, alerts, contexts, now, lambda _: now))

    def clear(self, at: float, *alerts: dict[str, Any]) -> list[str]:
        now = seconds(at)
        return self.write(lambda w: self.cases.cleared(w, alerts, now, lambda _: now))

    def tick(self, at: float) -> list[str]:
        now = seconds(at)
        return self.write(lambda w: self.cases.run_timers(w, now, lambda _: now))

    def step(
        self, at: float, incident: str, step: str, by: str = "chen", role: str = "duty_officer", **more: Any
    ) -> Incident:
        now = seconds(at)
        return self.write(
            lambda w: self.cases.take_step(w, incident, step, by=by, role=role, known_at=now, at=now, **more)
        )

    def now(self, incident: str) -> Incident:
        found = self.cases.incident(incident, seconds(10**7))
        assert found is not None
        return found

    def log(self, incident: str) -> list[tuple[str, float, str]]:
        """(step, seconds after T0, by) of the incident's log."""
        return [(s.step, (s.at - T0).total_seconds(), s.by) for s in self.now(incident).steps]

    def news(self) -> list[str]:
        return self.store.select("SELECT kind FROM notification ORDER BY notification_id")["kind"].to_pylist()
