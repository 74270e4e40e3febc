"""Which format a file is, by its content; the suffix only decides what is said about it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from ingest.formats import FormatError

# format -> the suffixes it usually has
SUFFIXES = {
    "osm": (".osm", ".osm.xml", ".xml", ".pbf", ".osm.pbf", ".osm.gz", ".osm.bz2"),
    "geojson": (".geojson", ".json", ".geojsonl", ".geojsonseq", ".ndjson"),
    "cityjson": (".json", ".city.json", ".jsonl", ".cityjson"),
    "csv": (".csv", ".tsv", ".txt"),
    "xlsx": (".xlsx", ".xlsm"),
}
READABLE = "OSM (.osm, .osm.pbf), GeoJSON, CityJSON, CSV or Excel (.xlsx)"

_CITYJSON = re.compile(rb'"type"\s*:\s*"CityJSON"|"CityObjects"\s*:')
_GEOJSON = re.compile(
    rb'"type"\s*:\s*"(FeatureCollection|Feature|Point|Multi\w+|LineString|Polygon|GeometryCollection)"'
)


def format_of(path: Path) -> tuple[str, str | None]:
    """(format, what is odd about its name or None); raises FormatError for files that cannot be used."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise FormatError(f"{path.name} is a folder; name the files in it")
        with path.open("rb") as handle:
            start = handle.read(65_536)
            handle.seek(max(0, size - 65_536))
            end = handle.read()
    except FileNotFoundError:
        raise FormatError(f"{path} does not exist; check the path") from None
    except OSError as error:
        raise FormatError(f"{path.name} cannot be opened: {error.strerror}") from None
    if not start.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise FormatError(f"{path.name} is empty ({size} bytes); expected {READABLE}")
    found = _by_content(path, start, end)
    name = path.name.lower()
    odd = None
    if not name.endswith(SUFFIXES[found]):
        odd = f"{path.name} is {found} by its content, read as such in spite of its name"
    return found, odd


def _by_content(path: Path, start: bytes, end: bytes) -> str:
    if start.startswith(b"PK"):
        return _zipped(path)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise FormatError(
            f"{path.name} is an old Excel file (.xls) or protected by a password; open it and save it as .xlsx "
            "without password"
        )
    if b"OSMHeader" in start[:64]:
        return "osm"
    if start.startswith((b"\x1f\x8b", b"BZh")):
        if any(path.name.lower().endswith(s) for s in (".osm.gz", ".osm.bz2")):
            return "osm"
        raise FormatError(f"{path.name} is compressed; unpack it first. Expected {READABLE}")
    if start.startswith(b"\x00\x00\x27\x0a"):
        raise FormatError(f"{path.name} is a Shapefile, which is not read; export it as GeoJSON (UTF-8)")
    if start.startswith(b"SQLite format 3"):
        raise FormatError(f"{path.name} is a GeoPackage or SQLite file, which is not read; export it as GeoJSON")
    if start.startswith(b"%PDF"):
        raise FormatError(f"{path.name} is a PDF, which is not read. Expected {READABLE}")
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n\x1e")
    if text.startswith(b"<"):
        if b"<osm" in start:
            return "osm"
        root = re.search(rb"<([A-Za-z_][\w:.-]*)", text)
        found = root.group(1).decode() if root else "no element"
        raise FormatError(f"{path.name} is XML with <{found}> at the top; expected <osm> (an OpenStreetMap extract)")
    if text.startswith((b"{", b"[")):
        if _CITYJSON.search(start) or _CITYJSON.search(end):
            return "cityjson"
        if _GEOJSON.search(start) or _GEOJSON.search(end) or text.startswith(b"{"):
            return "geojson"
        raise FormatError(
            f"{path.name} is JSON but no GeoJSON or CityJSON (it begins with a list); expected an object with a type"
        )
    if b"\x00" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError(f"{path.name} is a binary file of unknown kind; expected {READABLE}")
    return "csv"


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError):
        raise FormatError(f"{path.name} is a damaged or cut-off zip or Excel file; copy or save it again") from None
    if "xl/workbook.xml" in names:
        return "xlsx"
    if any(name.lower().endswith(".shp") for name in names):
        raise FormatError(f"{path.name} holds a Shapefile, which is not read; export it as GeoJSON (UTF-8)")
    raise FormatError(f"{path.name} is a zip file; unpack it and import the files in it. Expected {READABLE}")
