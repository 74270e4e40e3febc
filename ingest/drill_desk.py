"""Where drills are asked for: which there are, begin one, end it. One connection to the broker for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from ingest.drill import RunningDrill, end_abandoned, start_drill
from ingest.drill_cast import DrillRefused
from ingest.drill_replay import start_replay
from ingest.mqtt import Publisher
from ingest.url import BrokerError, BrokerUrl
from twin_model.drill_clock import Drill
from twin_model.drill_scenarios import Scenario, load_scenarios
from twin_model.drill_score import DrillScore, score
from twin_model.twin import Twin


class DrillDesk:
    """Made once by the program; ``close`` ends what runs. Methods may be called from any thread."""

    def __init__(
        self, twin: Twin, url: BrokerUrl, clock: Callable[[], datetime], *, ca_file: Path | None = None
    ) -> None:
        self._twin, self._url, self._clock, self._ca_file = twin, url, clock, ca_file
        self._lock = threading.Lock()
        self._publisher: Publisher | None = None
        self._begun: dict[str, RunningDrill] = {}
        metrics = {t.name: t.metrics for t in twin.catalogue.sensor_types.values()}
        self.scenarios: dict[str, Scenario] = load_scenarios(metrics, twin.catalogue.alert_rules)
        end_abandoned(twin)

    def listed(self) -> list[dict[str, Any]]:
        """Name, title, about, starts (local time of day), lasts_s, speed (proposed), homes, devices and expected."""
        return [
            {
                "name": s.name, "title": s.title, "about": s.about, "starts": str(s.starts).rjust(8, "0")[:5],
                "lasts_s": s.lasts.total_seconds(), "speed": s.speed, "homes": s.homes,
                "devices": s.homes * len(s.kit) + 1, "expected": len(s.expects),
            }
            for s in self.scenarios.values()
        ]  # fmt: skip

    def start(self, scenario: str, community_id: str, speed: float | None, by: str) -> Drill:
        """Begin a drill. Raises ``DrillRefused`` (a ValueError) with one sentence."""
        if scenario not in self.scenarios:
            raise DrillRefused(f"there is no scenario {scenario!r}; there are {', '.join(self.scenarios)}")
        return self._begin(
            lambda publisher: start_drill(
                self._twin, publisher.publish, self.scenarios[scenario], drill_of=community_id, by=by,
                clock=self._clock, speed=speed, flush=publisher.flush,
            )
        )  # fmt: skip

    def replay(self, path: Path, community_id: str, speed: float, by: str) -> Drill:
        """Begin a drill that plays a recorded day. Raises ``DrillRefused`` with one sentence."""
        return self._begin(
            lambda publisher: start_replay(
                self._twin, publisher.publish, path, drill_of=community_id, by=by, clock=self._clock, speed=speed,
                flush=publisher.flush,
            )
        )  # fmt: skip

    def _begin(self, begin: Callable[[Publisher], RunningDrill]) -> Drill:
        with self._lock:
            self._begun = {name: drill for name, drill in self._begun.items() if not drill.is_over}
            try:
                self._publisher = self._publisher or Publisher(self._url, client_id="cim-drill", ca_file=self._ca_file)
            except BrokerError as error:
                raise DrillRefused(f"the broker cannot be used: {error}") from error
            running = begin(self._publisher)
            self._begun[running.drill.drill_id] = running
            return running.drill

    def stop(self, drill_id: str) -> None:
        """End a drill and close what it raised. Raises ``DrillRefused`` for one that does not run here."""
        with self._lock:
            running = self._begun.pop(drill_id, None)
        if running is None:
            raise DrillRefused(f"no drill {drill_id!r} runs; see the list of drills")
        running.stop()

    def score(self, drill_id: str, at: datetime) -> DrillScore:
        """What a drill showed, as known at ``at``. Raises KeyError for an unknown drill."""
        drill = {d.drill_id: d for d in self._twin.care.drills(at)}[drill_id]
        rules = self._twin.catalogue.alert_rules
        return score(self._twin.care, rules, drill, self.scenarios.get(drill.scenario), at)

    def close(self) -> None:
        """End all drills and leave the broker."""
        with self._lock:
            begun, self._begun = list(self._begun.values()), {}
            publisher, self._publisher = self._publisher, None
        for running in begun:
            running.stop()
        if publisher is not None:
            publisher.close(timeout=1)
