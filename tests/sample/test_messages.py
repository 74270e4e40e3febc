"""What the simulated devices send is what the decoder reads back, for every type, dialect and metric."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import numpy as np
import pytest

from ingest.decoder import read
from ingest.encode import Encoder, raw
from ingest.rhythm import METRIC_BITS
from ingest.simulate import Simulator
from tests.sample.conftest import SUNDAY
from twin_model.catalogue import Catalogue
from twin_model.entities import Entity

HAS_OWN_CLOCK = {"chirpstack": True, "zigbee2mqtt": False}


def test_every_type_dialect_and_metric_comes_back_as_it_was_sent(simulator: Simulator) -> None:
    day = simulator.stretch(SUNDAY - timedelta(hours=24), SUNDAY)
    checked: set[tuple[str, str, str]] = set()
    seen: dict[tuple[str, str, str], int] = defaultdict(int)
    names = {number: name for name, number in simulator.metrics.items()}
    for code, at, value in zip(day.codes.tolist(), day.taken.tolist(), day.values.tolist(), strict=True):
        device = simulator.devices[code >> METRIC_BITS]
        metric = names[code & ((1 << METRIC_BITS) - 1)]
        key = (device.type, device.dialect, metric)
        seen[key] += 1
        if seen[key] > 60 and seen[key] % 97:
            continue
        kind = simulator.catalogue.sensor_types[device.type]
        encoder = Encoder(device, kind)
        found = read(encoder.topic, encoder.encode({metric: value}, at), device.dialect, kind)
        assert found is not None
        assert found.faults == []
        assert found.values == [(metric, pytest.approx(value, abs=1e-9))]
        own = HAS_OWN_CLOCK.get(device.dialect, kind.time_path is not None)
        assert found.taken_at == (at if own else None), key
        checked.add(key)
    declared = {
        (d.type, d.dialect, m) for d in simulator.devices for m in simulator.catalogue.sensor_types[d.type].metrics
    }
    assert checked == declared


def test_both_sides_of_every_state_can_be_written() -> None:
    for kind in Catalogue.load().sensor_types.values():
        for metric in kind.metrics.values():
            for label in metric.labels:
                for dialect in ("json", "chirpstack", "zigbee2mqtt"):
                    written = raw(metric, dialect, float(label))
                    assert isinstance(written, (str, bool, int, float))
    door = Catalogue.load().sensor_types["door_contact"].metrics["open"]
    assert raw(door, "zigbee2mqtt", 0.0) is True, "contact: true is a closed door"


def test_messages_are_the_readings_of_the_same_time(simulator: Simulator) -> None:
    start, end = SUNDAY, SUNDAY + timedelta(minutes=3)
    sent = simulator.messages(start, end)
    assert [m.at for m in sent] == sorted(m.at for m in sent)
    readings = 0
    by_topic = {Encoder(d, simulator.catalogue.sensor_types[d.type]).topic: d for d in simulator.devices}
    for message in sent:
        device = by_topic.get(message.topic)
        if device is not None:
            found = read(message.topic, message.payload, device.dialect, simulator.catalogue.sensor_types[device.type])
            assert found is not None
            readings += len(found.values)
    assert readings == len(simulator.stretch(start, end, fine=True).codes)
    assert 5 <= len(sent) / 180 <= 30, "messages a second"


def test_a_few_messages_cannot_be_used_and_each_in_its_own_way(simulator: Simulator) -> None:
    strays = simulator.strays(SUNDAY - timedelta(hours=48), SUNDAY)
    assert 60 <= len(strays) <= 80
    known = {Encoder(d, simulator.catalogue.sensor_types[d.type]).topic for d in simulator.devices}
    assert {m.topic in known for m in strays} == {True, False}


def test_another_order_of_asking_gives_the_same_messages(entities: list[Entity]) -> None:
    one, two = Simulator(entities), Simulator(entities)
    later = one.messages(SUNDAY + timedelta(minutes=1), SUNDAY + timedelta(minutes=2))
    both = two.messages(SUNDAY, SUNDAY + timedelta(minutes=2))
    tail = [m for m in both if m.at >= later[0].at]
    assert [(m.at, m.topic) for m in tail] == [(m.at, m.topic) for m in later]
    assert np.all(np.diff([m.at for m in both]) >= 0)
