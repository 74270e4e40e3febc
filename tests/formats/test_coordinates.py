"""Coordinates come home: every system there and back, and the guess says why."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.coordinates import (
    CrsUnknown,
    bd09_to_wgs84,
    gauss_kruger,
    gcj02_to_wgs84,
    guess_crs,
    parse_crs,
    to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from ingest.offset import offset_from_base

CM = 1e-7  # degrees, about 1 cm
# away from the rectangle's edge, where a point may be moved across it
INLAND = st.tuples(st.floats(72.1, 137.7), st.floats(0.9, 55.7))


def at(*pairs: tuple[float, float]) -> np.ndarray:
    return np.array(pairs, dtype=np.float64)


@given(INLAND)
def test_gcj02_there_and_back_is_within_a_centimetre(place):
    assert np.abs(gcj02_to_wgs84(wgs84_to_gcj02(at(place))) - at(place)).max() < CM


@given(INLAND)
def test_bd09_there_and_back_is_within_a_centimetre(place):
    assert np.abs(bd09_to_wgs84(wgs84_to_bd09(at(place))) - at(place)).max() < CM


@given(st.tuples(st.floats(-179, 70), st.floats(-80, 80)))
def test_outside_china_nothing_moves(place):
    for move in (wgs84_to_gcj02, gcj02_to_wgs84, wgs84_to_bd09, bd09_to_wgs84):
        assert (move(at(place)) == at(place)).all()


@pytest.mark.parametrize(("place", "metres"), [((120.16, 30.25), 520), ((120.75, 30.76), 485), ((120.03, 28.9), 555)])
def test_gcj02_moves_hangzhou_jiaxing_and_yongkang_by_the_known_distance(place, metres):
    moved = (wgs84_to_gcj02(at(place)) - at(place))[0] * 111_320 * np.array([np.cos(np.radians(place[1])), 1])
    assert np.hypot(*moved) == pytest.approx(metres, abs=10)


def test_published_wgs84_to_gcj02_vectors_hold_to_six_decimals(shared_data):
    vectors = json.loads((shared_data / "coords/eviltransform_vectors.json").read_text())
    rows = np.array(vectors["wgs_to_gcj"][1:])  # latitude first
    assert np.abs(wgs84_to_gcj02(rows[:, [1, 0]]) - rows[:, [3, 2]]).max() < 1e-6
    assert np.abs(gcj02_to_wgs84(rows[:, [3, 2]]) - rows[:, [1, 0]]).max() < 1e-6


def test_bd09_follows_the_map_services_where_a_published_vector_does_not(shared_data):
    """eviltransform's BD-09 vectors were made with pi in place of pi * 3000 / 180: tens of metres off. The
    cities, converted by the map services themselves, decide."""
    vectors = json.loads((shared_data / "coords/eviltransform_vectors.json").read_text())
    rows = np.array(vectors["bd_to_wgs"][1:])
    assert np.abs(bd09_to_wgs84(rows[:, [1, 0]]) - rows[:, [3, 2]]).max() < 5e-4
    cities = [city["coords"] for city in json.loads((shared_data / "coords/china-cities-sample.json").read_text())]
    wgs, gcj, bd = (np.array([city[name] for city in cities]) for name in ("WGS84", "GCJ02", "BD09"))
    assert np.abs(bd09_to_wgs84(bd) - gcj02_to_wgs84(gcj)).max() < 1e-6  # BD-09 on top of GCJ-02
    assert np.abs(gcj02_to_wgs84(gcj) - wgs).max() < 1e-5  # the services themselves differ by half a metre
    assert np.abs(wgs84_to_bd09(wgs) - bd).max() < 1e-5


@given(st.integers(25, 45), st.floats(-1.4, 1.4), st.floats(17, 53), st.booleans())
def test_gauss_kruger_of_every_zone_comes_home(zone, east, lat, zone_number):
    from pyproj import Transformer

    place = (zone * 3 + east, lat)
    crs = gauss_kruger(zone * 3, zone_number=zone_number)
    x, y = Transformer.from_crs(4490, crs, always_xy=True).transform(*place)
    assert np.abs(to_wgs84(at((x, y)), crs) - at(place)).max() < CM


@pytest.mark.parametrize(
    ("text", "crs"),
    [
        ("WGS84", "wgs84"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "wgs84"),
        ("EPSG:4326", "wgs84"),
        ("cgcs2000", "cgcs2000"),
        ("urn:ogc:def:crs:EPSG::4490", "cgcs2000"),
        ("GCJ-02", "gcj02"),
        ("bd09ll", "bd09"),
        ("epsg:4549", "EPSG:4549"),
        ("https://www.opengis.net/def/crs/EPSG/0/7415", "EPSG:7415"),
    ],
)
def test_one_system_has_one_spelling(text, crs):
    assert parse_crs(text) == crs


@pytest.mark.parametrize("text", ["", "mars", "EPSG:999999", "wgs 72"])
def test_an_unknown_system_is_refused_with_what_to_write(text):
    with pytest.raises(CrsUnknown, match="EPSG"):
        parse_crs(text)


@pytest.mark.parametrize(
    ("pair", "near", "crs", "swap", "why"),
    [
        ((120.75, 30.76), None, "wgs84", False, "GCJ-02 and BD-09 look alike"),
        ((30.76, 120.75), None, "wgs84", True, "latitude first"),
        ((24.94, 60.17), None, "wgs84", False, "degrees"),
        ((571_800.0, 3_404_500.0), None, "EPSG:4549", False, "120°E (Zhejiang) assumed"),
        ((571_800.0, 3_404_500.0), (104.1, 30.7), "EPSG:4544", False, "place of the community"),
        ((3_404_500.0, 571_800.0), None, "EPSG:4549", True, "north first"),
        ((40_571_800.0, 3_404_500.0), None, "EPSG:4528", False, "zone number 40"),
        ((3_404_500.0, 40_571_800.0), None, "EPSG:4528", True, "zone number 40"),
        ((20_571_800.0, 3_404_500.0), None, "EPSG:4498", False, "6-degree"),
        ((13_441_000.0, 3_601_000.0), None, "EPSG:3857", False, "Web Mercator"),
        ((90_500.0, 435_600.0), None, "EPSG:28992", False, "Dutch"),
    ],
)
def test_the_system_is_guessed_from_the_ranges_and_the_reason_is_said(pair, near, crs, swap, why):
    guess = guess_crs(at(pair, pair), near=near)
    assert (guess.crs, guess.swap) == (crs, swap)
    assert why in guess.reason["en"]
    assert guess.reason["zh"]


def test_numbers_that_fit_nothing_are_refused_with_the_range_found():
    with pytest.raises(CrsUnknown, match=r"from \(-900000, 9\).*EPSG:number"):
        guess_crs(at((-900_000.0, 9.0)))


def test_a_declared_system_wins_and_survey_axis_order_is_turned():
    guess = guess_crs(at((3_404_500.0, 571_800.0)), "EPSG:4549")
    assert (guess.crs, guess.swap) == ("EPSG:4549", True)
    assert "north first" in guess.reason["en"]


# ------------------------------------------------------------------------------- a layer beside the base map


def town(seed: int = 1, n: int = 120) -> np.ndarray:
    """Centres of buildings in uneven rows, about 1 km wide."""
    rng = np.random.default_rng(seed)
    return np.array([120.75, 30.76]) + rng.uniform(0, 0.01, (n, 2))


@pytest.mark.parametrize(
    ("mishap", "fix", "direction"),
    [
        (wgs84_to_gcj02, "--crs gcj02", "east"),
        (wgs84_to_bd09, "--crs bd09", "east"),
        (gcj02_to_wgs84, "conversion done twice", "west"),
    ],
)
def test_a_layer_not_converted_or_converted_twice_is_pointed_out_with_the_fix(mishap, fix, direction):
    found = offset_from_base(mishap(town()), town())
    assert found is not None
    assert fix in found.told["en"]
    assert "--crs" in found.told["zh"]
    assert direction in found.direction
    moved = (mishap(town()) - town()).mean(axis=0) * 111_320 * np.array([np.cos(np.radians(30.76)), 1])
    assert found.distance_m == pytest.approx(np.hypot(*moved), abs=25)


def test_a_layer_in_place_is_left_alone():
    assert offset_from_base(town() + 2e-5, town()) is None


def test_a_different_part_of_town_is_no_offset():
    assert offset_from_base(town(seed=7) + np.array([0.012, 0]), town(seed=1)) is None


def test_a_shift_no_conversion_explains_is_still_pointed_out():
    found = offset_from_base(town() + np.array([0.006, -0.006]), town())
    assert found is not None
    assert found.likely is None
    assert found.direction == "south-east"
    assert "central meridian" in found.told["en"]


def test_a_few_points_are_too_few_to_judge():
    assert offset_from_base(wgs84_to_gcj02(town()[:4]), town()) is None
