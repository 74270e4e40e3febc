"""When a question about care is asked: two instants that differ in drills only, and the states that hold then."""

from __future__ import annotations

from dataclasses import dataclass

from twin_model.states import Batch, States


@dataclass(frozen=True)
class Moment:
    """When a rule is asked (``instant``, the community's own clock) and what had been received by then (``known``).

    The two differ in drills only. ``states``: the state of every series, ``batch``: the readings of a commit under way.
    """

    instant: int
    known: int
    states: States
    batch: Batch | None = None
