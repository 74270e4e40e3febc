"""Real files by others come in whole: the counts below were taken from the raw files by other means."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree

import pytest
import shapely

from ingest.batch import ImportOptions, exit_code, import_file


@pytest.fixture
def bring(twin, shared_data):
    """Import a shared file twice; the second time must change nothing."""

    def run(name, **options):
        report = import_file(twin, shared_data / name, ImportOptions(**options), progress=False)
        again = import_file(twin, shared_data / name, ImportOptions(**options), progress=False)
        assert (again.accepted, again.updated, again.unchanged) == (0, 0, report.accepted)
        return report

    return run


def rows(twin, kind, community):
    return twin.entities(kind, twin.now(), community_id=community).to_pylist()


def extent(entities, column="footprint"):
    return shapely.total_bounds(shapely.from_wkb([e[column] for e in entities]))


def test_chengdu_a_residential_district_with_estates_and_walking_network(twin, bring, shared_data):
    report = bring("chengdu-osm/jinniu.osm")
    tags = [
        {tag.get("k"): tag.get("v") for tag in thing.iter("tag")}
        for thing in ElementTree.parse(shared_data / "chengdu-osm/jinniu.osm").getroot()
    ]
    buildings = [t for t in tags if "building" in t]
    assert (len(buildings), sum("height" in t for t in buildings)) == (208, 85)
    assert (exit_code([report]), report.rejected, report.layer) == (0, 0, "mixed")
    found = rows(twin, "building", "jinniu")
    assert Counter(b["height_source"] for b in found) == {"measured": 85, "assumed": 123}
    assert sum(b["levels"] is not None for b in found) == sum("building:levels" in t for t in buildings) == 81
    kinds = Counter(f["facility_kind"] for f in rows(twin, "facility", "jinniu"))
    assert kinds["kindergarten"] == sum(t.get("amenity") == "kindergarten" for t in tags) == 6
    assert kinds["school"] + kinds["primary_school"] == sum(t.get("amenity") == "school" for t in tags) == 9
    assert (kinds["primary_school"], kinds["centre"], kinds["hospital"], kinds["park"], kinds["subway"]) == (
        6,
        1,
        1,
        19,
        12,
    )
    ground = Counter(g["layer"] for g in rows(twin, "ground", "jinniu"))
    paths = ("footway", "path", "pedestrian", "steps", "cycleway", "service")
    assert ground["path"] == sum(t.get("highway") in paths for t in tags)
    named = [t for t in tags if t.get("landuse") == "residential" and "name" in t]
    assert len(rows(twin, "estate", "jinniu")) == len(named) == 69
    west, south, east, north = extent(found)
    assert (west > 104.0, east < 104.2, south > 30.7, north < 30.8) == (True, True, True, True)


def test_tsinghua_626_named_buildings_with_mostly_empty_properties(twin, bring):
    report = bring("tsinghua-osm/buildings.geojson")
    assert (report.layer, report.accepted, report.rejected, report.crs) == ("buildings", 626, 0, "wgs84")
    assert report.heights == {"levels": 46, "assumed": 580}
    found = rows(twin, "building", "buildings")
    assert sum(b["name"] is not None for b in found) == 386
    assert any(b["name"] == "李兆基科技大楼" and b["name_en"].startswith("Lee Shau Kee") for b in found)


@pytest.mark.parametrize(("name", "count"), [("delft_1b", 1), ("rotterdam_subset", 16)])
def test_cityjson_with_measured_heights_near_the_sea(twin, bring, name, count):
    report = bring(f"cityjson/{name}.json", community="nl")
    assert (report.layer, report.accepted, report.rejected) == ("buildings", count, 0)
    found = rows(twin, "building", "nl")
    assert all(b["height_source"] == "measured" and 5 < b["height_m"] < 20 for b in found)
    west, south, east, north = extent(found)
    assert (west > 4.3, east < 4.5, south > 51.8, north < 52.1) == (True, True, True, True)
    if name == "rotterdam_subset":  # it names no system: guessed, and said
        assert any("EPSG:28992" in text for text in report.warnings)


def test_delft_all_objects_of_a_base_map(twin, bring):
    report = bring("cityjson/delft.json")
    assert (report.crs, report.rejected) == ("EPSG:7415", 0)
    assert report.layers == {"buildings": 160, "paths": 146, "green": 126, "plot": 81, "water": 3}
    assert report.skipped == {"GenericCityObject": 54}  # walls and quays
    assert report.read + 54 == 570


def test_helsinki_pbf_buildings_cut_at_the_edge_are_refused_with_the_reason(twin, bring):
    report = bring("helsinki-pbf/test.osm.pbf", layer="buildings", community="hel")
    assert (report.read, report.accepted, report.rejected) == (2219, 2177, 42)
    assert all("cut at the edge of the extract" in reject.reason["en"] for reject in report.rejects)
    assert (report.repaired, exit_code([report])) == (6, 2)
    assert twin.quarantined(twin.now(), limit=1000).num_rows == 42
