"""The HTTP interface under /api/v1: entities, states, readings, quarantine, occupancy, alerts, live, imports.

No ``from __future__ import annotations`` here: FastAPI must see the dependency inside
``Annotated[Asked, Depends(read)]``, and a string could not name the local ``read``.
"""

import asyncio
import re
import tempfile
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError
from starlette.responses import Response, StreamingResponse

from cockpit import (
    api_care,
    api_care_rules,
    api_circles,
    api_city,
    api_health,
    api_kpis,
    api_occupancy,
    api_records,
    api_siting,
    copying,
)
from cockpit import api_models as shape
from cockpit.asking import ARROW, GEOJSON, Asked, instant_of, known_parameters, listed, points, reader, shapes_of
from cockpit.encoding import dumps, rfc3339
from cockpit.events import STATE_COLUMNS
from cockpit.live import Hub
from cockpit.noting import noted
from cockpit.problems import Problem, refusals
from cockpit.rights import AtHome, Writing, grant_of
from cockpit.services import NotServed, Services
from twin_model.entities import Device
from twin_model.twin import Twin

ENTITIES, MEASURED, JUDGED = "实体 Entities", "测量 Measured", "研判 Judged"
LIVE, WRITES = "实时 Live", "写入 Writing"
LARGEST_UPLOAD = 4 << 30
_LENGTH = re.compile(r"(\d+)\s*(s|m|min|h|d)")
LONGEST_BUCKET = timedelta(days=3_660)
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days"}


def _also(*forms: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {form: {} for form in forms}}}


def build(twin: Twin, services: Services, hub: Hub) -> list[APIRouter]:
    """All routes on one twin. Side by side: of a router within another FastAPI makes each route twice."""
    api = APIRouter(prefix="/api/v1")
    read = reader(twin)
    _entities(api, twin, read)
    _measured(api, twin, read)
    _judged(api, twin, read)
    _live(api, hub)
    _writes(api, twin, services)
    return [
        api,
        api_occupancy.build(twin),
        api_care.build(twin, read),
        api_care_rules.build(twin, services, read),
        api_kpis.build(twin, read),
        api_health.build(twin, read),
        api_circles.build(twin, read),
        api_city.build(twin, read),
        api_siting.build(twin, read),
        api_records.build(twin, read),
        copying.build(twin),
    ]


def _entities(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    def fetch(asked: Asked, kind: str, model: type, *, geometry: Any = None, wkb: str = "", **equals: Any) -> Response:
        table = twin.entities(kind, asked.at, community_id=asked.community, **equals)
        names = [n for n in table.column_names if n in model.model_fields]  # type: ignore[attr-defined]
        return listed(asked, table, names, twin.revision, geometry=geometry, arrow=[wkb] if wkb else ())

    @api.get("/communities", tags=[ENTITIES], response_model=shape.Page[shape.CommunityItem],
             responses=_also(GEOJSON), summary="Communities")  # fmt: skip
    def communities(asked: Annotated[Asked, Depends(read)]) -> Response:
        return fetch(asked, "community", shape.CommunityItem, geometry=shapes_of("boundary"), wkb="boundary")

    @api.get("/buildings", tags=[ENTITIES], response_model=shape.Page[shape.BuildingItem],
             responses=_also(GEOJSON, ARROW), summary="Buildings; footprints as GeoJSON or Arrow (WKB)")  # fmt: skip
    def buildings(
        asked: Annotated[Asked, Depends(read)],
        use: Annotated[str | None, Query(description="residential, facility or context")] = None,
        estate_id: str | None = None,
    ) -> Response:
        return fetch(
            asked, "building", shape.BuildingItem, geometry=shapes_of("footprint"), wkb="footprint",
            use=use, estate_id=estate_id,
        )  # fmt: skip

    @api.get("/facilities", tags=[ENTITIES], response_model=shape.Page[shape.FacilityItem],
             responses=_also(GEOJSON), summary="Facilities")  # fmt: skip
    def facilities(asked: Annotated[Asked, Depends(read)], facility_kind: str | None = None) -> Response:
        return fetch(asked, "facility", shape.FacilityItem, geometry=points, facility_kind=facility_kind)

    @api.get("/rooms", tags=[ENTITIES], response_model=shape.Page[shape.RoomItem], summary="Rooms of facilities")
    def rooms(asked: Annotated[Asked, Depends(read)], facility_id: str | None = None) -> Response:
        return fetch(asked, "room", shape.RoomItem, facility_id=facility_id)

    @api.get("/homes", tags=[ENTITIES], response_model=shape.Page[shape.HomeItem],
             summary="Homes with residents counted by age")  # fmt: skip
    def homes(
        asked: Annotated[Asked, Depends(read)],
        _grant: AtHome,
        building_id: str | None = None,
        elder_alone: bool | None = None,
    ) -> Response:
        return fetch(asked, "home", shape.HomeItem, building_id=building_id, elder_alone=elder_alone)

    @api.get("/devices", tags=[ENTITIES], response_model=shape.Page[shape.DeviceItem],
             responses=_also(GEOJSON, ARROW), summary="Devices and how they are")  # fmt: skip
    def devices(
        asked: Annotated[Asked, Depends(read)],
        type: str | None = None,
        status: Annotated[shape.Status | None, Query(description="fresh, stale or lost")] = None,
        building_id: str | None = None,
        facility_id: str | None = None,
        home_id: str | None = None,
    ) -> Response:
        table = twin.device_status(asked.at, community_id=asked.community)
        table = _where(
            table, type=type, status=status, building_id=building_id, facility_id=facility_id, home_id=home_id
        )
        names = [n for n in shape.DeviceItem.model_fields if n in table.column_names]
        return listed(asked, table, names, twin.revision, geometry=points)


def _measured(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/states", tags=[MEASURED], response_model=shape.Page[shape.StateItem], responses=_also(ARROW),
             summary="The state of every device-metric")  # fmt: skip
    def states(
        asked: Annotated[Asked, Depends(read)],
        device_id: str | None = None,
        metric: str | None = None,
        status: Annotated[shape.Status | None, Query(description="fresh, stale or lost")] = None,
    ) -> Response:
        table = twin.states(asked.at, community_id=asked.community, device_id=device_id)
        table = _where(table, metric=metric, status=status)
        names = [*STATE_COLUMNS[:3], "unit", *STATE_COLUMNS[3:]]
        return listed(asked, table, names, twin.revision)

    @api.get("/readings", tags=[MEASURED], response_model=shape.Page[shape.ReadingItem],
             responses=_also(ARROW) | refusals(404), summary="The series of one device-metric")  # fmt: skip
    def readings(
        asked: Annotated[Asked, Depends(read)],
        device_id: str,
        metric: str,
        since: Annotated[
            str | None, Query(alias="from", description="start, by the device's time; absent: 24 h before `to`")
        ] = None,
        until: Annotated[str | None, Query(alias="to", description="end (excluded); absent: all known")] = None,
        bucket: Annotated[str | None, Query(description="length of a stretch: 90s, 1m, 15m, 1h, 1d")] = None,
    ) -> Response:
        known = twin.states(asked.at, device_id=device_id)
        if not known.num_rows and twin.entity("device", device_id, asked.at) is None:
            raise Problem(404, f"no device {device_id!r} was known at {rfc3339(asked.at)}; see /api/v1/devices")
        if metric not in (metrics := known["metric"].to_pylist()):
            raise Problem(404, f"device {device_id!r} has no metric {metric!r}; it has {', '.join(sorted(metrics))}")
        # by the device's time, whose clock may run ahead: an open end includes what it reported "tomorrow"
        end = instant_of(until, "to") if until else asked.at + timedelta(days=1)
        start = instant_of(since, "from") if since else (end if until else asked.at) - timedelta(days=1)
        if start >= end:
            raise Problem(400, f"from {rfc3339(start)} is not before to {rfc3339(end)}", parameter="from")
        length = length_of(bucket) if bucket else None
        table = twin.series(device_id, metric, start, end, asked.at, bucket=length)
        return listed(asked, table, table.column_names, twin.revision)

    @api.get("/quarantine", tags=[MEASURED], response_model=shape.Page[shape.QuarantineItem],
             summary="Messages and rows that could not be used, newest first")  # fmt: skip
    def quarantine(asked: Annotated[Asked, Depends(read)]) -> Response:
        table = twin.quarantined(asked.at, limit=asked.offset + asked.limit + 1)
        return listed(asked, table, list(shape.QuarantineItem.model_fields), twin.revision)


def _judged(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/occupancy", tags=[JUDGED], response_model=shape.Page[shape.OccupancyItem],
             summary="People now per room, facility, building and estate")  # fmt: skip
    def occupancy(
        asked: Annotated[Asked, Depends(read)],
        place_kind: Annotated[str | None, Query(description="room, facility, building or estate")] = None,
        place_id: str | None = None,
    ) -> Response:
        table = _where(twin.occupancy(asked.at, community_id=asked.community), place_kind=place_kind, place_id=place_id)
        return listed(asked, table, list(shape.OccupancyItem.model_fields), twin.revision)


def _live(api: APIRouter, hub: Hub) -> None:
    @api.get("/live", tags=[LIVE], response_class=StreamingResponse,
             responses={200: {"content": {"text/event-stream": {}}}},
             summary="Server-sent events: snapshot, change, alert, incident; a public screen: counts")  # fmt: skip
    async def live(request: Request, community: str = "") -> StreamingResponse:
        """`snapshot` comes first, also after a reconnection (with `Last-Event-ID`: only what was missed, and
        `complete` is false); then `change`, `alert` and `incident` as things happen. Every event carries `revision`.
        A public screen hears `snapshot`, `change` without states and `counts`, which hold numbers only."""
        known_parameters(request)
        said = request.headers.get("last-event-id", "")
        since = int(said) if said.isdecimal() else None
        return StreamingResponse(
            hub.stream(community, since, is_public=grant_of(request).public_only),
            media_type="text/event-stream",
            headers={"cache-control": "no-cache", "x-accel-buffering": "no"},
        )


def _writes(api: APIRouter, twin: Twin, services: Services) -> None:
    content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}

    @api.post("/imports", tags=[WRITES], response_model=list[shape.ImportReport],
              responses={422: {"model": list[shape.ImportReport]}},
              summary="Import one file: its content is the body",
              openapi_extra={"requestBody": {"content": content}})  # fmt: skip
    async def imports(
        request: Request,
        grant: Writing,
        name: Annotated[str | None, Query(description="the file's name; its ending tells the format")] = None,
        community: str | None = None,
        layer: str | None = None,
        crs: str | None = None,
    ) -> Response:
        """Checked and stored as by `run.py import`; the same file twice changes nothing. A file of which nothing
        could be stored answers 422 with its report."""
        known_parameters(request)
        options = {"community": community, "layer": layer, "crs": crs}
        if request.headers.get("content-type", "").startswith("application/json") and grant.is_control:
            try:
                asked = shape.ImportPaths.model_validate_json(await request.body())
            except ValidationError as error:
                raise Problem(400, f"the body is not what was expected: {error}") from error
            paths = [Path(p) for p in asked.paths]
            options = asked.model_dump(exclude={"paths"})
            return await _imported(request, services, paths, options)
        if not name or Path(name).name != name or len(name.encode()) > 255 or not name.isprintable():
            raise Problem(400, f"name: found {name!r}, expected a file name such as homes.csv", parameter="name")
        with tempfile.TemporaryDirectory(prefix="cim-import-") as folder:
            path = Path(folder) / name
            await _save(request, path)
            return await _imported(request, services, [path], options)

    @api.post("/quarantine/adopt", tags=[WRITES], response_model=shape.Adopted,
              summary="Make an unknown device known; its waiting messages are stored")  # fmt: skip
    def adopt(device: shape.DeviceIn, request: Request, _grant: Writing) -> Response:
        try:
            used = services.adopt(Device(**device.model_dump()))
        except ValueError as error:
            raise Problem(400, str(error)) from error
        except NotServed as error:
            raise Problem(501, str(error)) from error
        noted(request, "adopt", subject=device.device_id, home=device.home_id, readings=used)
        return Response(
            dumps({"device_id": device.device_id, "readings_used": used, "revision": twin.revision}),
            media_type="application/json",
        )


async def _save(request: Request, path: Path) -> None:
    size = 0
    with path.open("wb") as stream:
        async for chunk in request.stream():
            size += len(chunk)
            if size > LARGEST_UPLOAD:
                raise Problem(413, f"the file is larger than {LARGEST_UPLOAD >> 30} GiB; import it with run.py import")
            await asyncio.to_thread(stream.write, chunk)
    if not size:
        raise Problem(400, "the body is empty; send the file's content as the body")


async def _imported(request: Request, services: Services, paths: list[Path], options: dict[str, Any]) -> Response:
    try:
        reports = await asyncio.to_thread(services.import_files, paths, options)
    except NotServed as error:
        raise Problem(501, str(error)) from error
    except ValueError as error:
        raise Problem(400, str(error)) from error
    nothing = all(r["accepted"] + r["updated"] + r["unchanged"] == 0 for r in reports)
    counted = ("layer", "read", "accepted", "updated", "unchanged", "rejected")
    for report in reports:  # a file's name may be a person's: its digest says which it was
        said: dict[str, Any] = {name: report.get(name) for name in counted}
        await asyncio.to_thread(partial(noted, request, "import", subject=str(report.get("sha256"))[:16], **said))
    return Response(dumps(reports), status_code=422 if nothing else 200, media_type="application/json")


def _where(table: pa.Table, **equals: Any) -> pa.Table:
    for name, value in equals.items():
        if value is not None:
            table = table.filter(pc.equal(table[name], value))
    return table


def length_of(text: str) -> timedelta:
    """A length of time such as 15m; a problem (400) otherwise."""
    match = _LENGTH.fullmatch(text)
    count = int(match[1]) if match and len(match[1]) < 10 else 0
    length = timedelta(**{_UNITS[match[2]]: count}) if match and count else timedelta(0)
    if not timedelta(0) < length <= LONGEST_BUCKET:
        expected = "a length such as 90s, 1m, 15m, 1h or 1d"
        raise Problem(
            400, f"bucket: found {text!r}, expected {expected}", parameter="bucket", found=text, expected=expected
        )
    return length
