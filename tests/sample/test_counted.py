"""Counters that miss and count twice, corrected, are near the simulated truth they saw."""

from __future__ import annotations

import pytest

from benchmarks.occupancy import counters, filled

DAYS = 5


@pytest.fixture(scope="module")
def off():
    twin = filled(DAYS)
    yield counters(twin, DAYS)["open_hours"]
    twin.close()


def test_a_day_of_all_counted_places_is_within_two_per_cent_of_the_truth(off):
    assert off["all_places_percent"] <= 2.0


def test_correcting_is_better_than_believing_the_devices(off):
    assert off["place_median_percent"] < 0.6 * off["place_own_tally_median_percent"]
    assert off["place_p90_percent"] < off["place_own_tally_p90_percent"]
