"""A file -> entities or readings in the twin: checked, idempotent, with a reason for everything left out.

Nothing is stored before the whole file was read, so a file that is cut off stores nothing (readings, which
are stored in batches as they are read, excepted).
"""

from __future__ import annotations

import hashlib
import itertools
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import shapely
from tqdm import tqdm

from ingest import divisions, features, lists, measurements, tables
from ingest.coordinates import CrsUnknown, parse_crs
from ingest.formats import FeatureFile, FormatError, Row, cityjson, csv, geojson, osm, sniff, xlsx
from ingest.naming import ColumnMapping, MappingError, read_mapping
from ingest.offset import offset_from_base
from ingest.places import Places, merged
from ingest.record_sheets import HEADER_WITHIN, Recogniser
from ingest.records import store_records
from ingest.report import (
    LAYERS,
    LAYERS_ZH,
    Gathered,
    ImportOptions,
    ImportRefused,
    ImportReport,
    Job,
    Reject,
    exit_code,
)
from twin_model.bilingual import both
from twin_model.entities import Building, Community, Device, Entity, Facility, Rejected
from twin_model.twin import Twin

__all__ = ["LAYERS", "ImportOptions", "ImportReport", "exit_code", "import_file", "import_files"]

_TABLE_LAYERS = ("homes", "residents", "devices", "records", "readings")
_QUARANTINE_LOOKBACK = 20_000
WORK_SECONDS = 0.02
T = TypeVar("T")


def import_files(
    twin: Twin, paths: Sequence[Path], options: ImportOptions, *, progress: bool | None = None, gives_way: bool = False
) -> list[ImportReport]:
    """Import files one after the other; a file that cannot be used does not stop the next."""
    return [import_file(twin, path, options, progress=progress, gives_way=gives_way) for path in paths]


def import_file(
    twin: Twin, path: Path, options: ImportOptions | None = None, *, progress: bool | None = None,
    gives_way: bool = False,
) -> ImportReport:  # fmt: skip
    """Import one file and say what happened. Never raises for bad input: see ``ImportReport.error``.

    ``progress``: a bar on standard error; None means only when that is a terminal. ``gives_way``: others are served by
    this process meanwhile; reading takes half of the time at most.
    """
    options = options or ImportOptions()
    report = ImportReport(file=str(path))
    try:
        _import(twin, Path(path), options, report, _Progress(Path(path).name, progress, gives_way))
    except (FormatError, CrsUnknown, MappingError, ImportRefused) as error:
        report.error = str(error)
    return report


def _import(twin: Twin, path: Path, options: ImportOptions, report: ImportReport, progress: _Progress) -> None:
    kinds = twin.catalogue.record_kinds
    mapping = read_mapping(options.mapping, {name: kind.columns for name, kind in kinds.items()})
    layer = options.layer if options.layer != "auto" else mapping.layer or "auto"
    crs = options.crs if options.crs != "auto" else mapping.crs or "auto"
    if layer not in LAYERS:
        raise ImportRefused(
            f"没有“{layer}”这种图层；应为 {'、'.join(LAYERS)} 之一",
            f"layer '{layer}' is not known; expected one of {', '.join(LAYERS)}",
        )
    if mapping.kind and layer == "auto":
        layer = "records"
    if crs != "auto":
        crs = parse_crs(crs)
    found, odd = sniff.format_of(path)
    report.format, report.layer = found, layer
    report.sha256 = _sha256(path)
    if odd:
        report.warn(**odd)
    is_table = found in ("csv", "xlsx")
    if layer == "divisions" and found not in ("csv", "xlsx", "geojson"):
        raise ImportRefused(
            f"{path.name} 是 {found}，不含行政区划；应是 CSV、Excel 或 GeoJSON",
            f"{path.name} is {found}, which holds no divisions; expected CSV, Excel or GeoJSON",
        )
    if not is_table and layer in _TABLE_LAYERS:
        raise ImportRefused(
            f"{path.name} 是 {found}，不含{LAYERS_ZH[layer]}（{layer}）；应是 CSV 或 Excel 表格",
            f"{path.name} is {found}, which holds no {layer}; expected a CSV or Excel table",
        )
    if is_table:
        lines = csv.read(path) if found == "csv" else xlsx.read(path)
        for sentence in xlsx.unread(path) if found == "xlsx" else ():
            report.warn(**sentence)
        recogniser = Recogniser(kinds, mapping)
        if layer == "auto":
            start = list(itertools.islice(lines, HEADER_WITHIN))
            layer = "records" if recogniser.claims(start, path.name) else layer
            lines = itertools.chain(start, lines)
        if layer == "records":
            _import_records(twin, path, options, mapping, report, progress(lines))
            return
        homes_known = twin.entities("home", twin.now(), community_id=options.community).num_rows > 0
        try:
            table = tables.recognised(progress(lines), path.name, layer, mapping, report, has_homes=homes_known)
        except ImportRefused:
            # a cover sheet may come before the lists
            if layer != "auto" or found != "xlsx" or not recogniser.claims_one(xlsx.read(path), path.name):
                raise
            _import_records(twin, path, options, mapping, report, progress(xlsx.read(path)))
            return
        report.layer = layer = table.layer
        if layer == "divisions":
            job = _of_no_community(path, options, crs, mapping, report)
            places = Places(twin, "")
            gathered = divisions.gather(divisions.lines_of_table(table), None, job, places)
            _store(twin, gathered, job, places)
            return
        community_id = _community(twin, options, path, table=not table.has_shapes)
        job = Job(file=path.name, community_id=community_id, layer=layer, crs=crs, mapping=mapping, report=report)
        report.community = community_id
        places = Places(twin, community_id)
        if layer == "readings":
            measurements.store_readings(twin, table, job, lambda rejects: _new_rejects(twin, path.name, rejects))
            return
        if table.has_shapes:
            gathered = features.gather(tables.features_of(table), lambda: None, job, places)
        else:
            gathered = lists.gather(table, job, places, twin.catalogue, twin.now())
    elif layer == "divisions" or (
        found == "geojson" and layer == "auto" and divisions.claims(_open(found, path), mapping)
    ):
        job = _of_no_community(path, options, crs, mapping, report)
        places = Places(twin, "")
        drawn = _open(found, path)
        told = list(divisions.lines_of_map(progress(drawn), mapping))
        gathered = divisions.gather(told, drawn.crs, job, places)
    else:
        community_id = _community(twin, options, path, table=False)
        job = Job(file=path.name, community_id=community_id, layer=layer, crs=crs, mapping=mapping, report=report)
        report.community = community_id
        places = Places(twin, community_id)
        file = _open(found, path)
        gathered = features.gather(progress(file), lambda: file.crs, job, places)
    _store(twin, gathered, job, places)


def _import_records(
    twin: Twin, path: Path, options: ImportOptions, mapping: ColumnMapping, report: ImportReport, rows: Iterator[Row]
) -> None:
    report.layer = "records"
    report.community = community_id = _community(twin, options, path, table=True)
    job = Job(file=path.name, community_id=community_id, layer="records", crs="", mapping=mapping, report=report)
    places = Places(twin, community_id)
    store_records(twin, rows, job, places, lambda rejects: _new_rejects(twin, path.name, rejects))


def _open(found: str, path: Path) -> FeatureFile:
    match found:
        case "osm":
            return osm.read(path)
        case "geojson":
            return geojson.read(path)
        case _:
            return cityjson.read(path)


class _Progress:
    """Wraps an iterable in a bar named after the file, and lets others work where it gives way."""

    def __init__(self, name: str, shown: bool | None, gives_way: bool) -> None:
        self.name, self.gives_way = name, gives_way
        self.shown = sys.stderr.isatty() if shown is None else shown

    def __call__(self, things: Iterable[T]) -> Iterator[T]:
        if self.gives_way:
            things = half_of_the_time(things)
        return iter(tqdm(things, desc=self.name, unit=" rows", file=sys.stderr, disable=not self.shown))


def half_of_the_time(
    things: Iterable[T], seconds: Callable[[], float] = time.monotonic, rest: Callable[[float], None] = time.sleep
) -> Iterator[T]:
    """Rest as long as was worked: one thread of Python works at a time, and a long list being read left those that take
    in messages so little of it that calls for help queued."""
    began = seconds()
    for thing in things:
        yield thing
        worked = seconds() - began
        if worked >= WORK_SECONDS:
            rest(worked)
            began = seconds()


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _community(twin: Twin, options: ImportOptions, path: Path, *, table: bool) -> str:
    """The community the file is about."""
    if options.community:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", options.community):
            raise ImportRefused(
                f"社区“{options.community}”不是代号；应由字母、数字、点、短横或下划线组成",
                f"community '{options.community}' is no code; expected letters, digits, dot, dash or underscore",
            )
        return options.community
    if table:
        known = twin.entities("community", twin.now()).column("community_id").to_pylist()
        if len(known) == 1:
            return str(known[0])
        raise ImportRefused(
            f"{path.name} 没有写明属于哪个社区；请加 --community 代号"
            + (f"（已有 {'、'.join(known[:5])}）" if known else "（还没有社区：请先导入楼栋）"),
            f"{path.name} does not say which community it is about; say --community CODE"
            + (f" (there are {', '.join(known[:5])})" if known else " (there is none yet: import its buildings first)"),
        )
    return features.slug(path.name.split(".")[0].lower())


def _of_no_community(path: Path, options: ImportOptions, crs: str, mapping: ColumnMapping, report: ImportReport) -> Job:
    """Divisions lie above the communities: the file is about none of them."""
    report.layer = "divisions"
    if options.community:
        report.warn(
            f"行政区划不属于任何社区，不需要 --community {options.community}",
            f"divisions belong to no community; --community {options.community} was not needed",
        )
    return Job(file=path.name, community_id="", layer="divisions", crs=crs, mapping=mapping, report=report)


def _store(twin: Twin, gathered: Gathered, job: Job, places: Places) -> None:
    """Compare with what is stored, write what differs in one commit, and count per row."""
    report = job.report
    outcome: dict[tuple[str, str], str] = {}
    changed: list[Entity] = []
    for key, entity in gathered.entities.items():
        before = places.before(entity)
        after = merged(entity, before)
        outcome[key] = "accepted" if before is None else "unchanged" if after == before else "updated"
        if outcome[key] != "unchanged":
            changed.append(after)
            report.stored[key[0]] += 1
    _say_offset(gathered, job, places)
    if gathered.entities and job.community_id and job.community_id not in places.known(Community):
        changed.insert(0, gathered.entities.get(("community", job.community_id)) or _new_community(job.community_id))
    if changed:
        twin.record(_once(changed))
    _quarantine(twin, job.file, gathered.rejects)
    report.rejects = sorted(gathered.rejects, key=lambda reject: reject.row)
    report.layers = gathered.layers
    report.read = len(gathered.rows) + len(gathered.rejects)
    for _, key in gathered.rows:
        match outcome[key]:
            case "accepted":
                report.accepted += 1
            case "updated":
                report.updated += 1
            case _:
                report.unchanged += 1
    if report.layer == "auto":
        report.layer = next(iter(gathered.layers)) if len(gathered.layers) == 1 else "mixed"
    if not report.read:
        raise ImportRefused(
            f"{job.file} 里没有{LAYERS_ZH[job.layer]}图层（{job.layer}）的内容"
            + (f"（里面有 {'、'.join(list(report.skipped)[:5])}）" if report.skipped else ""),
            f"{job.file} holds nothing for layer {job.layer}"
            + (f" (it holds {', '.join(list(report.skipped)[:5])})" if report.skipped else ""),
        )
    if report.heights["assumed"]:
        report.warn(
            f"{report.heights['assumed']} 幢楼既没有高度也没有层数：按 9 m（3 层）假定，棚屋、车库等单层的按 3 m；"
            "图上和列表里标为假定",
            f"{report.heights['assumed']} buildings state neither height nor levels: 9 m (3 levels) assumed, 3 m for "
            "sheds, garages and other one-storey kinds; drawn and listed as assumed",
        )


def _new_community(community_id: str) -> Community:
    return Community(community_id=community_id, name=community_id)


def _once(entities: list[Entity]) -> list[Entity]:
    return list({(e.kind, e.identity): e for e in entities}.values())


def _say_offset(gathered: Gathered, job: Job, places: Places) -> None:
    """Point out a layer that lies beside the buildings already stored."""
    new = [e for key, e in gathered.entities.items() if isinstance(e, Building | Facility | Device)]
    points = []
    outlines = [e.footprint for e in new if isinstance(e, Building)]
    if outlines:
        points = shapely.get_coordinates(shapely.centroid(shapely.from_wkb(outlines))).tolist()
    else:
        points = [(e.lon, e.lat) for e in new if isinstance(e, Facility | Device) and e.lon is not None]
    if not points:
        return
    offset = offset_from_base(np.array(points, dtype=np.float64).reshape(-1, 2), places.base_points())
    if offset:
        job.report.warn(**offset.told)


def _quarantine(twin: Twin, file: str, rejects: Sequence[Reject]) -> None:
    rejected = _new_rejects(twin, file, rejects)
    if rejected:
        twin.quarantine(rejected)


def _new_rejects(twin: Twin, file: str, rejects: Sequence[Reject]) -> list[Rejected]:
    """Rejects as quarantine rows, without those the quarantine holds from an earlier try with the same file."""
    if not rejects:
        return []
    held = twin.quarantined(twin.now(), limit=_QUARANTINE_LOOKBACK).select(["source", "place", "code", "raw"])
    known = {(r["place"], r["code"], r["raw"]) for r in held.to_pylist() if r["source"] == "import"}
    found = [
        Rejected(
            source="import", place=f"{file}:{reject.place or reject.row}", code=reject.code,
            reason=both(reject.reason), raw=reject.raw.encode(),
        )
        for reject in rejects
    ]  # fmt: skip
    # by its code, not by its sentence: an earlier version may have said the same in other words
    return [reject for reject in found if (reject.place, reject.code, reject.raw) not in known]
