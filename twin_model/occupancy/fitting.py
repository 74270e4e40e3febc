"""How the weights in ``co2.toml`` were found: ridge logistic regression, judged day against day. Pure."""

from __future__ import annotations

import numpy as np

from twin_model.states import F64, I64

RIDGE = 1.0
STEPS = 60


def fit(features: F64, present: I64, *, ridge: float = RIDGE) -> tuple[float, ...]:
    """Intercept and weights, in the features' own units, by Newton's method; ``present`` is 0 or 1 per row.

    The features are brought to one scale inside, so that ``ridge`` weighs on all alike.
    """
    mean, spread = features.mean(0), features.std(0) + 1e-12
    rows = np.column_stack((np.ones(len(features)), (features - mean) / spread))
    penalty = np.diag([0.0] + [ridge] * features.shape[1])
    weights = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(rows @ weights, -40.0, 40.0)))
        slope = rows.T @ (chance - present) + penalty @ weights
        curve = (rows * (chance * (1.0 - chance))[:, None]).T @ rows + penalty
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-9:
            break
    own = weights[1:] / spread
    return float(weights[0] - own @ mean), *(float(w) for w in own)


def accuracy(weights: tuple[float, ...], features: F64, present: I64) -> float:
    """The share of rows judged rightly at even chance."""
    said = weights[0] + features @ np.array(weights[1:]) > 0.0
    return float((said == (present > 0)).mean())


def by_day(features: F64, present: I64, day: I64, *, ridge: float = RIDGE) -> float:
    """Accuracy when each day is judged by what the other days taught."""
    right = 0
    for number in np.unique(day):
        held = day == number
        weights = fit(features[~held], present[~held], ridge=ridge)
        right += round(accuracy(weights, features[held], present[held]) * int(held.sum()))
    return right / len(present)
