"""The sensor types of the sample use one word for one thing, and raise alarms where a person must act."""

from __future__ import annotations

from twin_model.catalogue import Catalogue

METRICS = [(kind.name, metric) for kind in Catalogue.load().sensor_types.values() for metric in kind.metrics.values()]


def test_a_metric_means_the_same_in_every_type() -> None:
    meaning: dict[str, tuple[str, str]] = {}
    for kind, metric in METRICS:
        said = (metric.unit, metric.title["en"])
        assert meaning.setdefault(metric.name, said) == said, f"{kind}: {metric.name}"


def test_what_calls_for_action_and_what_for_a_look() -> None:
    alarms = {metric.name: metric.alarm_class for _, metric in METRICS if metric.alarm_class}
    assert {name for name, severity in alarms.items() if severity == "act"} == {"sos", "smoke", "gas", "fall"}
    assert {"water_leak", "fault", "fire_lane_blocked"} <= {n for n, severity in alarms.items() if severity == "look"}
    assert "battery" not in alarms, "a flat battery is the health of a device, not an alarm"
