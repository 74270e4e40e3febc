"""People from CO2: the declared weights are those the recorded office teaches, and hold on what they never saw."""

from __future__ import annotations

import csv
from datetime import UTC, datetime

import numpy as np
import pytest

from twin_model.occupancy.co2 import declared_model, series_features, trailing_mean
from twin_model.occupancy.fitting import accuracy, by_day, fit


def recorded(folder, name):
    with (folder / "uci-occupancy" / name).open(encoding="utf-8") as lines:
        rows = [row[1:] for row in csv.reader(lines)][1:]
    seconds = [datetime.fromisoformat(row[0]).replace(tzinfo=UTC).timestamp() for row in rows]
    return np.array(seconds), np.array([float(r[4]) for r in rows]), np.array([int(r[6]) for r in rows])


@pytest.fixture(scope="module")
def taught(shared_data):
    seconds, ppm, there = recorded(shared_data, "datatraining.txt")
    return seconds, series_features(seconds, ppm, declared_model().outdoor), there


def test_the_declared_weights_are_what_the_training_rows_teach(taught):
    _, features, there = taught
    assert fit(features, there) == pytest.approx(declared_model().weights, rel=1e-6)


def test_the_declared_accuracy_is_that_of_the_training_days_judged_by_each_other(taught):
    seconds, features, there = taught
    assert by_day(features, there, (seconds // 86_400).astype(int)) == pytest.approx(
        declared_model().source["accuracy_by_day"], abs=5e-4
    )


def test_presence_is_right_for_more_than_nine_of_ten_unseen_minutes(shared_data):
    model = declared_model()
    seconds, ppm, there = recorded(shared_data, "datatest.txt")
    right = accuracy(model.weights, series_features(seconds, ppm, model.outdoor), there)
    assert right > 0.90
    assert right == pytest.approx(model.source["accuracy"], abs=5e-4)


def test_a_seated_class_is_counted_by_what_it_breathes_out():
    """30 people in a room built for 40: the air rests at 24 m³ a seat; half of them leave, the air follows."""
    model = declared_model()
    level = np.array([model.outdoor + 30 * model.breathed / (40 * model.fresh_air) * 1e6])
    assert model.people(level, np.zeros(1), np.array([300.0]), np.array([40.0])) == pytest.approx([30.0])
    assert model.people(level, np.array([-2000.0]), np.array([300.0]), np.array([40.0])) == pytest.approx([0.0])


def test_a_room_whose_size_is_not_known_is_not_estimated():
    model = declared_model()
    assert np.isnan(model.people(np.array([900.0]), np.zeros(1), np.array([np.nan]), np.array([40.0])))


def test_features_know_only_what_was_read_before():
    seconds = np.arange(0.0, 7200.0, 60.0)
    ppm = np.where(seconds < 3600, 420.0, 900.0)
    whole = series_features(seconds, ppm, 420.0)
    half = series_features(seconds[:50], ppm[:50], 420.0)
    assert np.allclose(whole[:50], half)
    assert trailing_mean(seconds, ppm, 120.0)[60] == pytest.approx(660.0)
