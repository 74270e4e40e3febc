"""What every read of the HTTP interface understands: ``at``, ``limit``, ``cursor`` and the form of the answer."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import numpy as np
import orjson
import pyarrow as pa
import shapely
from fastapi import Depends, Query, Request
from fastapi.dependencies.utils import get_flat_params
from starlette.responses import Response

from cockpit.encoding import dumps, rfc3339, rows
from cockpit.problems import Problem
from twin_model.twin import Twin

JSON = "application/json"
GEOJSON = "application/geo+json"
ARROW = "application/vnd.apache.arrow.stream"
MOST = 100_000
USUAL = 10_000
FURTHEST = 1_000_000_000
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
EXPECTED_INSTANT = "RFC 3339 with an offset, such as 2026-11-22T14:05:00+08:00"


@dataclass(frozen=True)
class Asked:
    """One read: the instant, and which stretch of the list."""

    request: Request
    at: datetime
    limit: int
    offset: int
    community: str | None


def instant_of(text: str, parameter: str) -> datetime:
    """An RFC 3339 instant; a problem (400) that says what was found and expected otherwise."""
    try:
        at = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or "T" not in text.upper():
        raise Problem(
            400,
            f"{parameter}: found {text!r}, expected {EXPECTED_INSTANT}",
            parameter=parameter,
            found=text,
            expected=EXPECTED_INSTANT,
        )
    return in_reach(at, parameter)


def in_reach(at: datetime, parameter: str) -> datetime:
    """An instant a calendar can still count on from; a problem (400) for one of another age, or without an offset."""
    if at.tzinfo is None or not EARLIEST_YEAR <= at.year <= LATEST_YEAR:
        expected = f"{EXPECTED_INSTANT}, of the years {EARLIEST_YEAR} to {LATEST_YEAR}"
        raise Problem(
            400, f"{parameter}: found {at.isoformat()!r}, expected {expected}", parameter=parameter,
            found=at.isoformat(), expected=expected,
        )  # fmt: skip
    return at


def day_in_reach(day: date, parameter: str) -> date:
    """As `in_reach`, for a day."""
    in_reach(datetime(day.year, day.month, day.day, tzinfo=UTC), parameter)
    return day


def known_parameters(request: Request) -> None:
    """A mistyped filter must not answer with everything."""
    known = {p.alias for p in get_flat_params(request.scope["route"].dependant)}
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        expected = ", ".join(sorted(known))
        said = f"unknown parameter {', '.join(unknown)}; expected {expected}"
        raise Problem(400, said, found=unknown, expected=expected)


def reader(twin: Twin) -> Callable[..., Asked]:
    """The dependency that reads the common parameters."""

    def asked(
        request: Request,
        at: Annotated[str | None, Query(description="the instant to answer for (RFC 3339); absent: now")] = None,
        community: Annotated[str | None, Query(description="only this community (its id)")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST, description="most items of one page")] = USUAL,
        cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
        _known: None = Depends(known_parameters),
    ) -> Asked:
        now = twin.now()
        moment = min(instant_of(at, "at"), now) if at else now
        offset = 0
        if cursor:
            moment, offset = _read_cursor(cursor, request)
        return Asked(request, moment, limit, offset, community)

    return asked


def listed(
    asked: Asked,
    table: pa.Table,
    names: Sequence[str],
    revision: int,
    *,
    geometry: Callable[[pa.Table], Any] | None = None,
    arrow: Sequence[str] = (),
    more: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = list,
) -> Response:
    """One page of ``table`` in the form the caller accepts.

    ``names``: the JSON members. ``geometry``: the shapes of a slice (shapely, None for none), offered as GeoJSON.
    ``arrow``: further columns that only Arrow carries (WKB). ``more`` finishes the JSON rows.
    """
    part = table.slice(asked.offset, asked.limit)
    end = asked.offset + part.num_rows
    cursor = _cursor(asked, end) if end < table.num_rows else None
    headers = {"vary": "Accept", **_next(asked, cursor)}
    form = accepted(asked.request, [JSON, ARROW, *([GEOJSON] if geometry else [])])
    if form == ARROW:
        body = arrow_stream(part.select([*names, *arrow]) if more is list else pa.Table.from_pylist(more(rows(part))))
    elif form == GEOJSON and geometry:
        body = _features(more(rows(part, names)), geometry(part), cursor, asked, revision)
    else:
        items = more(rows(part, names))
        body = dumps({"items": items, "next_cursor": cursor, "at": rfc3339(asked.at), "revision": revision})
    return Response(body, media_type=form, headers=headers)


def paged(
    asked: Asked, items: Sequence[dict[str, Any]], revision: int, *, head: Mapping[str, Any] | None = None,
    told: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> Response:  # fmt: skip
    """One page of a list that is no table. ``told`` makes its items; ``head``: what the answer says beside them."""
    part = items[asked.offset : asked.offset + asked.limit]
    end = asked.offset + len(part)
    cursor = _cursor(asked, end) if end < len(items) else None
    made = part if told is None else [told(item) for item in part]
    body = {"items": made, "next_cursor": cursor, "at": rfc3339(asked.at), "revision": revision, **(head or {})}
    return Response(dumps(body), media_type=JSON, headers=_next(asked, cursor))


def _next(asked: Asked, cursor: str | None) -> dict[str, str]:
    """Where the next page is, as a header."""
    if cursor is None:
        return {}
    query = [(k, v) for k, v in asked.request.query_params.multi_items() if k != "cursor"]
    return {"link": f'<{asked.request.url.path}?{urlencode([*query, ("cursor", cursor)])}>; rel="next"'}


def accepted(request: Request, offered: Sequence[str]) -> str:
    """The offered media type the caller likes best; the first one when it does not care."""
    best, liked = offered[0], 0.0
    for wish in request.headers.get("accept", "*/*").split(","):
        kind, *parameters = (part.strip() for part in wish.split(";"))
        weight = next((_weight(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        match = offered[0] if kind in ("*/*", "application/*") else kind if kind in offered else None
        if match and weight > liked:
            best, liked = match, weight
    return best


def arrow_stream(table: pa.Table) -> bytes:
    """A table as an Arrow IPC stream, with nothing in the room of values that are unknown.

    Arrow sends that room along, and nobody promises what is in it: telephone numbers were once seen in an answer that
    had no column for them, and this is the likeliest way they came there.
    """
    for place, name in enumerate(table.column_names):
        if table.column(place).null_count:
            table = table.set_column(place, table.schema.field(place), _emptied(table[name].combine_chunks()))
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def _emptied(values: pa.Array) -> pa.Array:
    """The same values, with zero where there is none."""
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind):
        return values  # only what belongs to a value is sent
    if not pa.types.is_primitive(kind) or pa.types.is_boolean(kind):
        return pa.array(values.to_pylist(), kind)
    numbers = values.view({8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64()}[kind.bit_width])
    is_none = values.is_null().to_numpy(zero_copy_only=False)
    return pa.array(numbers.fill_null(0).to_numpy(zero_copy_only=False), numbers.type, mask=is_none).view(kind)


def shapes_of(column: str) -> Callable[[pa.Table], Any]:
    """The shapes in a WKB column."""
    return lambda table: shapely.from_wkb(np.array(table[column].to_pylist(), dtype=object), on_invalid="ignore")


def points(table: pa.Table) -> Any:
    """Points from ``lon`` and ``lat``; none where they are unknown."""
    lon, lat = (table[name].to_numpy().astype(float) for name in ("lon", "lat"))
    shapes = shapely.points(lon, lat)
    shapes[np.isnan(lon) | np.isnan(lat)] = None
    return shapes


def _features(items: list[dict[str, Any]], shapes: Any, cursor: str | None, asked: Asked, revision: int) -> bytes:
    texts = shapely.to_geojson(shapes) if len(items) else []
    features = [
        {
            "type": "Feature",
            "geometry": orjson.Fragment(text) if text else None,
            "properties": item,
        }
        for item, text in zip(items, texts, strict=True)
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return dumps(collection | {"next_cursor": cursor, "at": rfc3339(asked.at), "revision": revision})


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


# A cursor holds the instant of the first page: what was known at an instant never changes, so neither do the pages.


def _cursor(asked: Asked, offset: int) -> str:
    said = [asked.at.isoformat(), offset, _fingerprint(asked.request)]
    return base64.urlsafe_b64encode(orjson.dumps(said)).decode().rstrip("=")


def _read_cursor(cursor: str, request: Request) -> tuple[datetime, int]:
    expected = "`next_cursor` of the page before, with the same filters"
    try:
        at, offset, fingerprint = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if fingerprint != _fingerprint(request):
            raise ValueError
        moment = in_reach(datetime.fromisoformat(at), "cursor")
        if type(offset) is not int or not 0 <= offset <= FURTHEST:
            raise ValueError
        return moment, offset
    except (ValueError, TypeError, Problem):
        raise Problem(
            400, f"cursor: found {cursor!r}, expected {expected}", parameter="cursor", found=cursor, expected=expected
        ) from None


def _fingerprint(request: Request) -> str:
    kept = sorted((k, v) for k, v in request.query_params.multi_items() if k not in ("cursor", "limit"))
    return hashlib.sha256(repr((request.url.path, kept)).encode()).hexdigest()[:12]
