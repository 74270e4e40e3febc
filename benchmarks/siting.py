"""The best 10 of 500 candidate sites for one kind of facility in one subdistrict, exact: seconds and the gap proven.

Invented subdistricts of 1,200 buildings (some 15,000 homes) on 2.2 km x 2.2 km, walks along a grid of streets
(Manhattan distances): ``streets`` with buildings in 25 quarters and candidates among them, ``uniform`` with both
anywhere, which is the hardest there is (every site has many that are nearly as good). Maximum coverage at 300 and
500 m, p-median with walks to 1,200 m (beyond counts as 1,200 m). The bar: <= 10 s, gap 0. The time of the processor
says the same on a machine that others use.
"""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from twin_model.siting import COVERAGE, P_MEDIAN, Question, Walks

BUILDINGS, SITES, K, SIDE_M = 1_200, 500, 10, 2_200.0
LIMITS = ((COVERAGE, 300.0), (COVERAGE, 500.0), (P_MEDIAN, 1_200.0))
SEEDS, QUICK_SEEDS = (1, 2, 3), (1,)
TIME_LIMIT_S, QUICK_LIMIT_S = 60.0, 7.0


def main(quick: bool = False) -> dict[str, Any]:
    """Seconds of each seed (of the clock, of the processor) and the worst gap (%) per kind of town and method.

    ``quick``: one seed, 7 s at most each.
    """
    told: dict[str, Any] = {"bench": "siting", "sites": SITES, "buildings": BUILDINGS, "k": K, "cores": os.cpu_count()}
    limit_s = QUICK_LIMIT_S if quick else TIME_LIMIT_S
    for kind in ("streets", "uniform"):
        for method, limit in LIMITS:
            took, worked, gaps = [], [], []
            for seed in QUICK_SEEDS if quick else SEEDS:
                question = town(kind, method, limit, seed)
                began, spent = time.perf_counter(), time.process_time()
                answer = question.exact(limit_s)
                took.append(time.perf_counter() - began)
                worked.append(time.process_time() - spent)
                gaps.append(answer.gap * 100)
            name = f"{kind}_{method}_{limit:.0f}m"
            told[f"{name}_s"] = [round(one, 2) for one in sorted(took)]
            told[f"{name}_cpu_s"] = [round(one, 2) for one in sorted(worked)]
            told[f"{name}_gap_percent"] = round(max(gaps), 4)
    return told


def town(kind: str, method: str, limit_m: float, seed: int) -> Question:
    """One subdistrict; the same for the same seed."""
    draw = np.random.default_rng(seed)
    if kind == "uniform":
        at, sites = draw.uniform(0, SIDE_M, (BUILDINGS, 2)), draw.uniform(0, SIDE_M, (SITES, 2))
    else:
        quarters = draw.uniform(0, SIDE_M, (25, 2))
        at = quarters[draw.integers(0, len(quarters), BUILDINGS)] + draw.normal(0, 120, (BUILDINGS, 2))
        sites = at[draw.choice(BUILDINGS, SITES, replace=False)] + draw.normal(0, 20, (SITES, 2))
    people = draw.integers(5, 60, BUILDINGS).astype(float)
    metres = np.abs(sites[:, None] - at[None]).sum(-1)
    site, building = np.nonzero(metres <= limit_m)
    walks = Walks(site, building, metres[site, building], SITES, BUILDINGS)
    return Question(method, K, walks, people, np.full(BUILDINGS, np.inf), limit_m)
