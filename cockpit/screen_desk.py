"""The desk of the wall screens: declared walls, paired screens, codes that wait, and how each screen is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric

from cockpit.screens import Health, Pairing, Screen, ScreenProblem, Screens
from cockpit.tokens import Role
from layouts.parts import wall_parts
from layouts.parts.wall_declared import Wall, load_walls

STAFF_ROLES = (Role.DUTY_OFFICER, Role.GRID_WORKER, Role.MANAGER)


@dataclass(eq=False)
class Desk:
    """Everything about screens that one server holds. ``clock``: the twin's now."""

    screens: Screens
    pairing: Pairing
    health: Health
    walls: Mapping[str, Wall]
    clock: Callable[[], datetime]
    started: datetime

    @classmethod
    def of(cls, folder: Path | None, clock: Callable[[], datetime]) -> Desk:
        """The desk of a data folder; raises DeclarationError for a wall that is declared wrongly."""
        return cls(Screens(folder), Pairing(), Health(), load_walls(wall_parts.PARTS, folder), clock, clock())

    def wall_of(self, screen: Screen) -> Wall:
        """The wall a screen shows; of one whose declaration is gone, another of its audience."""
        is_public = screen.grant.public_only
        wanted = self.walls.get(screen.wall)
        if wanted is not None and wanted.is_public == is_public:
            return wanted
        return next(wall for wall in self.walls.values() if wall.is_public == is_public)

    def pair(self, code: str, name: str, wall: str, role: str | None, *, by: str) -> Screen:
        """The screen that shows ``code`` becomes ``name``; on a public wall always as a public screen."""
        declared = self._declared(wall)
        as_role = Role.PUBLIC_SCREEN if declared.is_public else Role(role or Role.DUTY_OFFICER)
        if not declared.is_public and as_role not in STAFF_ROLES:
            known = ", ".join(STAFF_ROLES)
            raise ScreenProblem(
                422, "role", f"工作人员的大屏以 {known} 之一的身份打开",
                f"a wall of the staff is opened as one of {known}",
            )  # fmt: skip
        now = self.clock()
        return self.pairing.claim(code, by, now, lambda: self.screens.add(name, wall, as_role, by=by, at=now))

    def show(self, key: str, wall: str) -> Screen:
        """Another wall on a screen; to one of another audience it has to be paired anew."""
        declared, screen = self._declared(wall), self.screens.named(key)
        if screen is not None and declared.is_public != screen.grant.public_only:
            raise ScreenProblem(
                409, "audience", f"“{screen.name}”按另一类大屏配对；请先解除，再重新配对",
                f"{screen.name!r} was paired for the other audience; unpair it and pair it again",
            )  # fmt: skip
        return self.screens.show(key, wall)

    def listed(self) -> dict[str, Any]:
        """``walls`` (name, title, audience, url) and ``items``: every screen with its health."""
        walls = [
            {"name": w.name, "title": dict(w.title), "audience": w.audience, "url": f"/screen/{w.name}"}
            for w in self.walls.values()
        ]
        return {"walls": walls, "items": [self.item(screen) for screen in self.screens.all()]}

    def item(self, screen: Screen) -> dict[str, Any]:
        """A screen with what it said last; of its token nothing."""
        now, wall, said = self.clock(), self.wall_of(screen), self.health.of(screen.screen_id)
        seen = said.get("seen_at")
        return {
            "id": screen.screen_id, "name": screen.name, "wall": wall.name, "wall_title": dict(wall.title),
            "audience": wall.audience, "role": screen.role, "paired_at": datetime.fromisoformat(screen.paired_at),
            "paired_by": screen.paired_by, "seen_at": seen,
            "is_silent": self.health.is_silent(screen, now, self.started),
            "health": {key: value for key, value in said.items() if key != "seen_at"} or None,
        }  # fmt: skip

    def collect(self) -> Iterator[Metric]:
        """For /metrics: is a screen silent, how long ago it spoke, and what it said of itself."""
        silent = GaugeMetricFamily("cim_screen_silent", "1: the wall screen has not reported", labels=["screen"])
        ages = GaugeMetricFamily("cim_screen_seen_seconds", "since the screen's last report", labels=["screen"])
        late = GaugeMetricFamily("cim_screen_late_seconds", "age of what the screen showed", labels=["screen"])
        errors = GaugeMetricFamily("cim_screen_errors", "errors of the screen's page", labels=["screen"])
        memory = GaugeMetricFamily("cim_screen_memory_mb", "script memory of the screen's page", labels=["screen"])
        now = self.clock()
        for screen in self.screens.all():
            said = self.health.of(screen.screen_id)
            silent.add_metric([screen.name], float(self.health.is_silent(screen, now, self.started)))
            if said:
                ages.add_metric([screen.name], (now - said["seen_at"]).total_seconds())
                late.add_metric([screen.name], said["late_s"])
                errors.add_metric([screen.name], said["errors"])
            if said.get("memory_mb") is not None:
                memory.add_metric([screen.name], said["memory_mb"])
        yield from (silent, ages, late, errors, memory)

    def _declared(self, wall: str) -> Wall:
        if wall not in self.walls:
            known = ", ".join(self.walls)
            raise ScreenProblem(
                404, "no_such_wall", f"没有声明名为 {wall} 的大屏；已有：{known}",
                f"no wall {wall!r} is declared; there are {known}",
            )  # fmt: skip
        return self.walls[wall]
