"""The parts a wall can show, by audience: what each asks and how it is drawn.

``PUBLIC`` is all that a public wall can ever answer; `cockpit.walls` asks nothing else for one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from layouts.page import View
from layouts.parts import answers, doing, living, scene_answers, scene_brief
from layouts.parts import wall_answers as ask
from layouts.parts import wall_staff as staff
from layouts.parts import wall_views as draw


@dataclass(frozen=True)
class Part:
    """``question(twin, at, community)`` and ``draw(view, now, answer)``. ``minutely``: asked as of the full minute."""

    question: Callable[..., Any]
    draw: Callable[[View, datetime, Any], Any]
    minutely: bool = False


PUBLIC: Mapping[str, Part] = {
    "air": Part(ask.air, draw.air),
    "around": Part(ask.around, draw.around, minutely=True),
    "bookings": Part(ask.bookings, draw.bookings, minutely=True),
    "canteen": Part(ask.canteen, draw.canteen),
    "held": Part(ask.held, draw.held, minutely=True),
    "open": Part(ask.open_now, draw.open_now, minutely=True),
    "people": Part(ask.people, draw.people),
    "scenes": Part(scene_answers.board, draw.scenes, minutely=True),
    "spaces": Part(ask.spaces, draw.spaces),
    "thanks": Part(ask.thanks, draw.thanks, minutely=True),
}

STAFF: Mapping[str, Part] = {
    **PUBLIC,
    "population": Part(answers.residents, living.population),
    "elders": Part(answers.elders, living.elders),
    "centre": Part(answers.centre, living.centre),
    "city": Part(answers.city, living.city, minutely=True),
    "health": Part(answers.devices, doing.health),
    "incidents": Part(staff.incidents, staff.listed),
    "nine": Part(scene_answers.board, scene_brief.nine, minutely=True),
}

PARTS: Mapping[str, Mapping[str, Part]] = {"public": PUBLIC, "staff": STAFF}
HEAD = Part(ask.place, lambda _view, _now, answer: answer)
TAKEOVER = Part(staff.urgent, staff.takeover)
