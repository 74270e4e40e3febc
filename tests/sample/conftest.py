"""One sample community and one simulator for all who only look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone

import pytest

from ingest.rhythm import METRIC_BITS
from ingest.simulate import Simulator
from sample_data.community import build
from twin_model.entities import Entity

CHINA = timezone(timedelta(hours=8))
SUNDAY = datetime(2026, 11, 22, 14, 5, 7, tzinfo=CHINA)
FRIDAY = datetime(2026, 11, 20, 14, 5, 7, tzinfo=CHINA)


@pytest.fixture(scope="session")
def entities() -> list[Entity]:
    return build()


@pytest.fixture(scope="session")
def simulator(entities: list[Entity]) -> Simulator:
    return Simulator(entities)


@pytest.fixture(scope="session")
def latest(simulator: Simulator) -> Callable[..., dict[str, float]]:
    """``latest(at, metric, types)``: the newest value of ``metric`` by device, as of ``at``."""

    def ask(at: datetime, metric: str, types: Sequence[str]) -> dict[str, float]:
        found = simulator.stretch(at - timedelta(hours=30), at)
        mine = found.codes & ((1 << METRIC_BITS) - 1) == simulator.metrics[metric]
        devices = (found.codes[mine] >> METRIC_BITS).tolist()
        newest = dict(zip(devices, found.values[mine].tolist(), strict=True))
        named = ((simulator.devices[number], value) for number, value in newest.items())
        return {device.device_id: value for device, value in named if device.type in types}

    return ask
