"""People from carbon dioxide: whether somebody is in a room, and about how many. Pure.

Presence is a logistic regression on three figures of the air, with coefficients in ``co2.toml`` that say on what
recorded truth they were found and how well they did. The number of people is a mass balance: what people breathe out is
what the air gained plus what ventilation took away. No light, no clock, no camera.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from twin_model.declared import load_toml
from twin_model.states import F64, I64

DECLARED = Path(__file__).parent / "co2.toml"
LAGS_S = (900, 3600)
"""How far back a rise is measured: a quarter of an hour tells who came, an hour tells who stays."""
LEVEL_OVER_S = 120
FEATURES = ("log_level", "rise_15min", "rise_60min")
LEAST_ABOVE = 5.0  # ppm; below that the logarithm means nothing


@dataclass(frozen=True)
class Co2Model:
    """``weights``: intercept, then one per feature. ``outdoor`` in ppm, ``breathed`` and ``fresh_air`` in m³/h."""

    weights: tuple[float, ...]
    outdoor: float
    breathed: float
    fresh_air: float
    room_height: float
    source: Mapping[str, Any]

    def presence(self, features: F64) -> F64:
        """The chance that somebody is there, per row; NaN where a feature is unknown."""
        score = self.weights[0] + features @ np.array(self.weights[1:])
        chance: F64 = 1.0 / (1.0 + np.exp(-np.clip(score, -40.0, 40.0)))
        return chance

    def people(self, level: F64, rise_per_hour: F64, volume: F64, seats: F64) -> F64:
        """Persons by mass balance, never below zero; ``level`` and ``rise_per_hour`` in ppm, ``volume`` in m³.

        ``seats``: what the ventilation is built for. NaN where something is unknown.
        """
        gained = volume * rise_per_hour
        carried_off = seats * self.fresh_air * (level - self.outdoor)
        return np.maximum(0.0, (gained + carried_off) * 1e-6 / self.breathed)


@cache
def declared_model() -> Co2Model:
    """The model of ``co2.toml``."""
    table = load_toml(DECLARED)
    presence, balance = table["presence"], table["balance"]
    return Co2Model(
        weights=(presence["intercept"], *(presence["weights"][name] for name in FEATURES)),
        outdoor=presence["outdoor_ppm"], breathed=balance["breathed_m3_h"], fresh_air=balance["fresh_air_m3_h_seat"],
        room_height=balance["room_height_m"], source=table["source"],
    )  # fmt: skip


def features(level: F64, before_15min: F64, before_60min: F64, outdoor: float) -> F64:
    """One row of ``FEATURES`` per level in ppm: hundreds of ppm above outdoor air (logarithm), and the two rises."""
    above = np.log(np.maximum(level - outdoor, LEAST_ABOVE) / 100.0)
    return np.stack((above, (level - before_15min) / 100.0, (level - before_60min) / 100.0), axis=-1)


def series_features(seconds: F64, ppm: F64, outdoor: float) -> F64:
    """``features`` of one sensor's own series: the mean of the last two minutes now, 15 and 60 minutes ago.

    ``seconds`` grow. Before the series began, its first level counts.
    """
    level = trailing_mean(seconds, ppm, LEVEL_OVER_S)
    before = [np.interp(seconds - lag, seconds, level) for lag in LAGS_S]
    return features(level, before[0], before[1], outdoor)


def trailing_mean(seconds: F64, values: F64, window_s: float) -> F64:
    """The mean of what was read in the last ``window_s`` seconds, the reading itself included."""
    total = np.concatenate(([0.0], np.cumsum(values)))
    first: I64 = np.searchsorted(seconds, seconds - window_s, side="right")
    last = np.arange(1, len(seconds) + 1)
    mean: F64 = (total[last] - total[first]) / (last - first)
    return mean
