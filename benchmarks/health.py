"""The health check of the sample city: 1,260 communities, 35,000 facilities, 300,000 homes, every rulebook.

The city is made in memory. ``first_of_all_ms``: the very first check, which lays out the network and walks it
(``_cpu_s``: its processor time); ``first_with_walks_ms``: the first of the rulebook that walks to most kinds;
``check_ms``: each rulebook with nothing remembered but the walks (the bench of circles says what those take).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sample_data.city import Size
from sample_data.city_load import MEMORY, load_city
from twin_model.health_check import Health
from twin_model.twin import Twin

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
MAIN = "complete_community_2020"
WALKING = ("gb50180_2018",)
BAR_MS = 3_000


def main(quick: bool) -> dict[str, Any]:
    """With ``quick`` the same city, and each question once."""
    clock = _Clock(NOW)
    twin = Twin.open(None, clock=clock, memory_limit=MEMORY)
    try:
        began = time.perf_counter()
        city = load_city(twin, NOW, size=Size())
        fill_s = time.perf_counter() - began
        clock.instant += timedelta(hours=1)
        cpu = time.process_time()
        first = _ms(lambda: twin.health.check(twin.now(), MAIN))
        first_cpu_s = round(time.process_time() - cpu, 2)
        walked = {name: _ms(lambda name=name: twin.health.check(twin.now(), name)) for name in WALKING}
        books = {name: _fresh(twin, name, 1 if quick else 3) for name in twin.health.books.names()}
        again = _ms(lambda: twin.health.check(twin.now(), MAIN))
        index_ms = _ms(lambda: twin.health.index(twin.now(), MAIN))
        same = twin.health.check(twin.now(), MAIN).equals(Health(twin).check(twin.now(), MAIN))
        rows = twin.health.index(twin.now(), MAIN).to_pylist()
    finally:
        twin.close()
    return {
        "bench": "health", "communities": city.communities, "facilities": city.facilities, "homes": city.homes,
        "fill_s": round(fill_s, 1), "first_of_all_ms": first, "first_of_all_cpu_s": first_cpu_s,
        "first_with_walks_ms": walked, "check_ms": books,
        "index_ms": index_ms, "remembered_ms": again, "identical": same,
        "ranked": sum(row["rank"] is not None for row in rows), "bottom": sum(row["bottom"] for row in rows),
        "worst_ms": max(books.values()), "bar_ms": BAR_MS,
    }  # fmt: skip


def _fresh(twin: Twin, name: str, times: int) -> float:
    """The median of checks by somebody who remembers no facts and no answers; the walks are remembered by circles."""
    taken = [_ms(lambda: Health(twin).check(twin.now(), name)) for _ in range(times)]
    return sorted(taken)[len(taken) // 2]


def _ms(question: Callable[[], object]) -> float:
    began = time.perf_counter()
    question()
    return round((time.perf_counter() - began) * 1e3, 1)


class _Clock:
    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def __call__(self) -> datetime:
        return self.instant
