"""Which format a file is, by its content; the suffix only decides what is said about it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from ingest.formats import FormatError
from twin_model.procedure import Words

# format -> the suffixes it usually has
SUFFIXES = {
    "osm": (".osm", ".osm.xml", ".xml", ".pbf", ".osm.pbf", ".osm.gz", ".osm.bz2"),
    "geojson": (".geojson", ".json", ".geojsonl", ".geojsonseq", ".ndjson"),
    "cityjson": (".json", ".city.json", ".jsonl", ".cityjson"),
    "csv": (".csv", ".tsv", ".txt"),
    "xlsx": (".xlsx", ".xlsm"),
}
READABLE = "OSM (.osm, .osm.pbf), GeoJSON, CityJSON, CSV or Excel (.xlsx)"
_READ = "可读 OSM（.osm、.osm.pbf）、GeoJSON、CityJSON、CSV、Excel（.xlsx）"
_AS_GEOJSON = "本系统不读，请导出为 GeoJSON（UTF-8）"

_DXF = re.compile(rb"(\xef\xbb\xbf)?\s*(999\r?\n.*\r?\n\s*)*0\r?\nSECTION\r?\n")  # 999: a comment
_CITYJSON = re.compile(rb'"type"\s*:\s*"CityJSON"|"CityObjects"\s*:')
_GEOJSON = re.compile(
    rb'"type"\s*:\s*"(FeatureCollection|Feature|Point|Multi\w+|LineString|Polygon|GeometryCollection)"'
)


def format_of(path: Path) -> tuple[str, Words | None]:
    """(format, what is odd about its name or None); raises FormatError for files that cannot be used."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise FormatError(f"{path.name} 是文件夹；请写其中的文件", f"{path.name} is a folder; name the files in it")
        with path.open("rb") as handle:
            start = handle.read(65_536)
            handle.seek(max(0, size - 65_536))
            end = handle.read()
    except FileNotFoundError:
        raise FormatError(f"没有 {path}；请检查路径", f"{path} does not exist; check the path") from None
    except OSError as error:
        raise FormatError(
            f"{path.name} 打不开（{error.strerror}）；请检查权限",
            f"{path.name} cannot be opened: {error.strerror}; check its rights",
        ) from None
    if not start.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise FormatError(
            f"{path.name} 是空文件（{size} 字节）；{_READ}", f"{path.name} is empty ({size} bytes); expected {READABLE}"
        )
    found = _by_content(path, start, end)
    name = path.name.lower()
    odd: Words | None = None
    if not name.endswith(SUFFIXES[found]):
        odd = {
            "zh": f"{path.name} 的内容是 {found}，已按内容读取，没有按文件名",
            "en": f"{path.name} is {found} by its content, read as such in spite of its name",
        }
    return found, odd


def _by_content(path: Path, start: bytes, end: bytes) -> str:
    if start.startswith(b"PK"):
        return _zipped(path)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise FormatError(
            f"{path.name} 是旧版 Excel（.xls）或带密码；请打开后另存为不带密码的 .xlsx",
            f"{path.name} is an old Excel file (.xls) or protected by a password; open it and save it as .xlsx "
            "without password",
        )
    if b"OSMHeader" in start[:64]:
        return "osm"
    if start.startswith((b"\x1f\x8b", b"BZh")):
        if any(path.name.lower().endswith(s) for s in (".osm.gz", ".osm.bz2")):
            return "osm"
        raise FormatError(
            f"{path.name} 是压缩文件，请先解压；{_READ}",
            f"{path.name} is compressed; unpack it first. Expected {READABLE}",
        )
    if start.startswith(b"\x00\x00\x27\x0a"):
        raise FormatError(
            f"{path.name} 是 Shapefile，{_AS_GEOJSON}",
            f"{path.name} is a Shapefile, which is not read; export it as GeoJSON (UTF-8)",
        )
    if _DXF.match(start) or start.startswith(b"AutoCAD Binary DXF") or re.match(rb"AC10\d\d", start):
        raise FormatError(
            f"{path.name} 是 CAD 图（DXF 或 DWG），{_AS_GEOJSON}",
            f"{path.name} is a CAD drawing (DXF or DWG), which is not read; export it as GeoJSON (UTF-8)",
        )
    if start.startswith(b"SQLite format 3"):
        raise FormatError(
            f"{path.name} 是 GeoPackage 或 SQLite 文件，{_AS_GEOJSON}",
            f"{path.name} is a GeoPackage or SQLite file, which is not read; export it as GeoJSON",
        )
    if start.startswith(b"%PDF"):
        raise FormatError(
            f"{path.name} 其实是 PDF，本系统不读；请向提供方要表格原件。{_READ}",
            f"{path.name} is a PDF, which is not read. Expected {READABLE}",
        )
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n\x1e")
    if text.startswith(b"<"):
        if b"<osm" in start:
            return "osm"
        root = re.search(rb"<([A-Za-z_][\w:.-]*)", text)
        found = root.group(1).decode() if root else "no element"
        raise FormatError(
            f"{path.name} 是以 <{found}> 开头的 XML；应以 <osm> 开头（OpenStreetMap 数据），别的请导出为 GeoJSON",
            f"{path.name} is XML with <{found}> at the top; expected <osm> (an OpenStreetMap extract), or export it as "
            "GeoJSON",
        )
    if text.startswith((b"{", b"[")):
        if _CITYJSON.search(start) or _CITYJSON.search(end):
            return "cityjson"
        if _GEOJSON.search(start) or _GEOJSON.search(end) or text.startswith(b"{"):
            return "geojson"
        raise FormatError(
            f"{path.name} 是 JSON，但不是 GeoJSON 或 CityJSON（开头是列表）；应是带 type 的对象",
            f"{path.name} is JSON but no GeoJSON or CityJSON (it begins with a list); expected an object with a type",
        )
    if b"\x00" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError(
            f"{path.name} 是认不出的二进制文件；{_READ}",
            f"{path.name} is a binary file of unknown kind; expected {READABLE}",
        )
    return "csv"


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError):
        raise FormatError(
            f"{path.name} 是损坏或不完整的 zip 或 Excel 文件；请重新复制或另存",
            f"{path.name} is a damaged or cut-off zip or Excel file; copy or save it again",
        ) from None
    if "xl/workbook.xml" in names:
        return "xlsx"
    if any(name.lower().endswith(".shp") for name in names):
        raise FormatError(
            f"{path.name} 里是 Shapefile，{_AS_GEOJSON}",
            f"{path.name} holds a Shapefile, which is not read; export it as GeoJSON (UTF-8)",
        )
    raise FormatError(
        f"{path.name} 是 zip 文件，请解压后导入其中的文件；{_READ}",
        f"{path.name} is a zip file; unpack it and import the files in it. Expected {READABLE}",
    )
