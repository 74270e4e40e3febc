"""GeoJSON (RFC 7946): FeatureCollection, single Feature or geometry, and one feature per line.

Read piecewise, so a file of any size needs the memory of one feature. Nulls in properties are dropped,
nested values kept as JSON text. A ``crs`` member (GeoJSON 2008, still usual in exports) is reported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import shapely
from shapely.geometry import shape

from ingest.formats import NO_GEOMETRY, Feature, FormatError, ReadState
from twin_model.procedure import Words

_CHUNK = 1 << 18
_SPACE = " \t\r\n\x1e"  # record separator: RFC 8142 text sequences
_GEOMETRIES = {
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection",
}  # fmt: skip

_ENDS_EARLY: Words = {"zh": "文件提前结束", "en": "the file ends early"}


class GeoJsonFile(ReadState):
    """Iterate to get features; ``crs`` is set when the file declares one."""

    def __iter__(self) -> Iterator[Feature]:
        with _open(self.path) as handle:
            text = _Text(handle, self.path)
            row = 0
            for thing in self._things(text):
                row += 1
                yield _feature(thing, row)
            if row == 0:
                raise FormatError(
                    f"{self.path.name} 里没有要素；GeoJSON FeatureCollection 至少要有一个",
                    f"{self.path.name} holds no features; expected a GeoJSON FeatureCollection with at least one",
                )

    def _things(self, text: _Text) -> Iterator[Any]:
        """Members of ``features`` one by one; otherwise the top-level values themselves."""
        if text.peek() != "{":
            raise FormatError(
                f"{self.path.name} 以 {text.peek()!r} 开头；应是 GeoJSON，即以 '{{' 开头的对象",
                f"{self.path.name} begins with {text.peek()!r}; expected GeoJSON, an object beginning with '{{'",
            )
        while text.peek():
            text.take("{")
            members: dict[str, Any] = {}
            collection = False
            while text.peek() != "}":
                name = text.value()
                text.take(":")
                if name == "features" and text.peek() == "[":
                    collection = True
                    yield from text.array()
                else:
                    members[str(name)] = text.value()
                if text.peek() == ",":
                    text.take(",")
            text.take("}")
            self.crs = _declared(members.get("crs")) or self.crs
            if not collection:
                yield members
            if text.peek() == ",":
                text.take(",")


class _Text:
    """A window on the file that hands out one JSON value after another."""

    def __init__(self, handle: TextIO, path: Path) -> None:
        self._handle, self._path = handle, path
        self._buffer, self._at, self._before = "", 0, 0
        self._decoder = json.JSONDecoder()

    def _more(self) -> bool:
        try:
            chunk = self._handle.read(max(_CHUNK, len(self._buffer) - self._at))
        except UnicodeDecodeError as error:
            raise FormatError(
                f"{self._path.name} 不是 UTF-8 文本（第 {error.start} 字节：{error.reason}）；应是 UTF-8 编码的 "
                "GeoJSON，请按此编码重新导出",
                f"{self._path.name} is not UTF-8 text ({error.reason} at byte {error.start}); "
                "expected GeoJSON in UTF-8: export it again with that encoding",
            ) from None
        self._before += self._at
        self._buffer, self._at = self._buffer[self._at :] + chunk, 0
        return bool(chunk)

    def peek(self) -> str:
        """The next character that is not white space, '' at the end."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def take(self, expected: str) -> None:
        found = self.peek()
        if found != expected:
            if not found:
                raise self._broken(_ENDS_EARLY)
            raise self._broken(
                {"zh": f"应为 {expected!r}，这里是 {found!r}", "en": f"expected {expected!r}, found {found!r}"}
            )
        self._at += 1

    def value(self) -> Any:
        """The next complete value; reads on until it is complete."""
        if not self.peek():
            raise self._broken(_ENDS_EARLY)
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if self._more():
                    continue
                at_end = error.pos >= len(self._buffer) - 1 or "Unterminated" in error.msg
                odd: Words = {"zh": f"不合 JSON 的写法（{error.msg}）", "en": f"not as JSON is written ({error.msg})"}
                raise self._broken(_ENDS_EARLY if at_end else odd, error.pos) from None
            if end == len(self._buffer) and self._more():  # a number may go on in the next chunk
                continue
            self._at = end
            return value

    def array(self) -> Iterator[Any]:
        self.take("[")
        while self.peek() != "]":
            yield self.value()
            if self.peek() == ",":
                self.take(",")
        self.take("]")

    def _broken(self, what: Words, position: int | None = None) -> FormatError:
        at = self._before + (self._at if position is None else position)
        return FormatError(
            f"{self._path.name} 第 {at + 1} 个字符处 JSON 不完整：{what['zh']}；没有入库，请重新导出或复制文件",
            f"{self._path.name} is broken JSON at character {at + 1}: {what['en']}; "
            "nothing was stored, export or copy the file again",
        )


def _open(path: Path) -> TextIO:
    return path.open(encoding="utf-8-sig")


def _declared(crs: Any) -> str | None:
    if isinstance(crs, str):
        return crs
    if isinstance(crs, dict) and isinstance(crs.get("properties"), dict):
        properties = crs["properties"]
        if crs.get("type") == "EPSG" and properties.get("code"):
            return f"EPSG:{properties['code']}"
        name = properties.get("name")
        return str(name) if name else None
    return None


def _feature(thing: Any, row: int) -> Feature:
    if not isinstance(thing, dict):
        found = type(thing).__name__
        problem: Words = {"zh": f"应为 Feature，这里是 {found}", "en": f"expected a Feature, found {found}"}
        return Feature(row=row, ref="", tags={}, geometry=None, problem=problem)
    if thing.get("type") in _GEOMETRIES:
        thing = {"type": "Feature", "geometry": thing, "properties": {}}
    properties = thing.get("properties")
    tags = tags_of(properties) if isinstance(properties, dict) else {}
    ref = _ref(thing, tags)
    raw = thing.get("geometry")
    if not raw:
        return Feature(row=row, ref=ref, tags=tags, geometry=None, problem=NO_GEOMETRY)
    try:
        with np.errstate(invalid="ignore"):  # NaN and Infinity are judged just below
            flat = shapely.force_2d(shape(raw))
    except (
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        IndexError,
        shapely.errors.ShapelyError,
    ) as error:
        kind = raw.get("type") if isinstance(raw, dict) else type(raw).__name__
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        problem = {
            "zh": f"类型为 {kind} 的几何读不了（{reason}）；请按 GeoJSON（RFC 7946）改正",
            "en": f"geometry of type {kind} cannot be read: {reason}; write it as GeoJSON (RFC 7946) asks",
        }
        return Feature(row=row, ref=ref, tags=tags, geometry=None, problem=problem)
    if not np.isfinite(shapely.get_coordinates(flat)).all():
        problem = {
            "zh": "坐标不是数字（NaN 或无穷大）；请改正坐标",
            "en": "has coordinates that are no numbers (NaN or infinity); correct them",
        }
        return Feature(row=row, ref=ref, tags=tags, geometry=None, problem=problem)
    return Feature(row=row, ref=ref, tags=tags, geometry=flat)


def tags_of(properties: dict[str, Any]) -> dict[str, str]:
    """Properties as text, nulls and empty texts dropped."""
    tags: dict[str, str] = {}
    for key, value in properties.items():
        if value is None or value == "":
            continue
        if isinstance(value, bool):
            tags[str(key)] = "yes" if value else "no"
        elif isinstance(value, float) and value.is_integer():
            tags[str(key)] = str(int(value))
        elif isinstance(value, str | int | float):
            tags[str(key)] = str(value)
        else:
            tags[str(key)] = json.dumps(value, ensure_ascii=False)
    return tags


def _ref(thing: dict[str, Any], tags: dict[str, str]) -> str:
    """The identity the file gives: osmnx ``element`` + ``id``, Overpass ``@id``, or the feature's own id."""
    element = tags.get("element") or tags.get("element_type") or tags.get("osm_type")
    number = tags.get("id") or tags.get("osmid") or tags.get("osm_id")
    if element and number:
        return f"{element}/{number}"
    own = thing.get("id")
    if own not in (None, ""):
        return str(own)
    return tags.get("@id") or tags.get("osm_id") or tags.get("id") or ""


def read(path: Path) -> GeoJsonFile:
    """Open a GeoJSON file for iteration."""
    return GeoJsonFile(path)
