"""What ``what_if`` answers with: a site, what one edit adds, what edits change, the best sites. Values only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin_model.siting import Covered, Marginal, Served


class Busy(Exception):
    """Other exact searches did not end in time; ``reason`` in both languages."""

    def __init__(self) -> None:
        super().__init__("another exact search is running")
        self.reason = {
            "zh": "正在求解另一个选址问题，请稍后再试",
            "en": "another exact search is running; try again soon",
        }


@dataclass(frozen=True)
class Site:
    """A place a facility could stand. ``kind``: idle_space, parcel or building; ``None``: not stated."""

    site_no: str
    title: str
    kind: str
    lon: float
    lat: float
    area_m2: float | None
    yuan_per_m2: float | None
    until: str | None = None
    document: str | None = None


@dataclass(frozen=True)
class Effect:
    """What one put or moved facility adds, in the order of ``edit`` (from 0); ``snap_m`` None: it is on no path."""

    edit: int
    marginal: Marginal
    snap_m: float | None


@dataclass(frozen=True)
class Outcome:
    """What the edits of one kind of facility change.

    ``covered``: (unit, limit in it, row) per limit and group; ``before_m``, ``after_m``: metres of each building of
    ``building_id`` (inf: none within the searched walk). ``served_*``: None for a kind nothing measures places of.
    ``hours_unknown_*``: of the facilities, those of which nobody can say whether they are open at the hour asked about.
    """

    facility_kind: str
    covered: tuple[tuple[str, float, Covered], ...]
    building_id: tuple[str, ...]
    before_m: np.ndarray
    after_m: np.ndarray
    effects: tuple[Effect, ...]
    group: str
    limit_m: float
    served_before: Served | None
    served_after: Served | None
    facilities_before: int
    facilities_after: int
    hours_unknown_before: int = 0
    hours_unknown_after: int = 0

    def change_of(self) -> np.ndarray:
        """Per building: gained, lost, nearer, further or same, against ``limit_m``."""
        was, now = self.before_m <= self.limit_m, self.after_m <= self.limit_m
        nearer, further = self.after_m < self.before_m - 0.5, self.after_m > self.before_m + 0.5
        words = np.select(
            [now & ~was, was & ~now, nearer, further], ["gained", "lost", "nearer", "further"], "same"
        )  # fmt: skip
        return words.astype(object)


@dataclass(frozen=True)
class Best:
    """The best sites, the greedy answer beside it. ``people``: newly within ``limit_m``; ``mean_m``: the mean walk.

    ``gap`` None: only the greedy answer was asked for. ``limit_m``: walks beyond it count as it under p-median.
    """

    method: str
    group: str
    limit_m: float
    sites: tuple[Site, ...]
    rows: tuple[Marginal, ...]
    people: float
    mean_m: float | None
    mean_before_m: float | None
    value: float
    bound: float | None
    gap: float | None
    greedy_value: float
    candidates: int
    off_path: int
    covered_before: float
    total: float
    parts: int
    programs: int
