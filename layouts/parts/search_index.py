"""What can be found by its name in a neighbourhood at an instant. No person is among it: nobody is found by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pyarrow.compute as pc

from layouts.parts.format import stamp
from layouts.parts.search_words import Entry, fold, in_order
from layouts.parts.text import LANGUAGES, named, some, t, titled
from layouts.parts.where import placed, where
from twin_model import rights
from twin_model.remembered import Remembered
from twin_model.twin import Twin

ENTITIES = ("community", "estate", "building", "unit", "home", "facility", "room", "device")
KEPT = 8  # neighbourhoods, languages and instants whose entries stay in memory
LOOK_BACK = timedelta(days=92)  # how long a closed incident is found

Row = Mapping[str, Any]


class Index:
    """The entries of neighbourhoods, made again when one of their things changed; see ``Twin.entity_epoch``."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._kept = Remembered(KEPT)

    def entries(self, lang: str, at: datetime, community: str, *, homes: bool) -> list[Entry]:
        """``homes``: whether whoever asks may look at one home; without, nothing that stands in a home is there."""
        twin = self._twin
        question = lang, community, homes, rights.current(), twin.entity_epoch(at, *ENTITIES)
        found: list[Entry] = self._kept.get(question, lambda: in_order(_entries(twin, lang, at, community, homes)))
        return found


def _entries(twin: Twin, lang: str, at: datetime, community: str, homes: bool) -> Iterable[Entry]:
    yield from _buildings(twin, lang, at, community)
    if homes:
        yield from _homes(twin, lang, at, community)
    yield from _facilities(twin, lang, at, community)
    yield from _rooms(twin, lang, at, community)
    yield from _devices(twin, lang, at, community, homes)
    yield from _kpis(twin, lang)


def address(path: str, **chosen: str) -> str:
    """Where a thing is shown; the browser adds the instant, the language and the community it looks at."""
    return f"{path}?{urlencode(chosen)}"


def _words(*said: object) -> str:
    """What is searched: the parts as they are and, of the first, closed up; spaces at the ends mark whole words."""
    parts = [fold(str(part)) for part in said if part]
    closed = "".join(parts[0].split()) if parts else ""
    return f" {closed} {' '.join(parts)} "


def _buildings(twin: Twin, lang: str, at: datetime, community: str) -> Iterable[Entry]:
    table = twin.entities("building", at, community_id=community)
    rows = table.filter(pc.not_equal(table["use"], "context")).drop_columns(["footprint"]).to_pylist()
    for row in placed(twin, at, rows):
        title = where(lang, row)
        both = [where(one, row) for one in LANGUAGES]
        note = " · ".join(p for p in (some(lang, "search.use", row["use"]), _levels(lang, row)) if p)
        way = address("/overview", building=row["building_id"])
        yield Entry("building", title, note, way, _words(title, *both, row["building_id"]))


def _levels(lang: str, row: Row) -> str:
    return t(lang, "building.levels", n=row["levels"]) if row["levels"] else ""


def _homes(twin: Twin, lang: str, at: datetime, community: str) -> Iterable[Entry]:
    equipped = set(twin.entities("device", at, community_id=community)["home_id"].to_pylist())
    for row in placed(twin, at, twin.entities("home", at, community_id=community).to_pylist()):
        title = where(lang, row)
        both = [where(one, row) for one in LANGUAGES]
        numbers = ["".join(filter(str.isdigit, str(row.get(name) or ""))) for name in ("building_name", "unit_name")]
        short = "-".join([*(n for n in numbers if n), str(row["number"])])
        estate = row.get("estate_name") or ""
        has_kit = row["home_id"] in equipped
        note = " · ".join(p for p in (short, t(lang, "search.kit" if has_kit else "search.no_kit")) if p)
        way = address("/home", home=row["home_id"])
        yield Entry("home", title, note, way, _words(title, *both, short, f"{estate}{short}", row["home_id"]))


def _facilities(twin: Twin, lang: str, at: datetime, community: str) -> Iterable[Entry]:
    for row in placed(twin, at, twin.entities("facility", at, community_id=community).to_pylist()):
        title = named(lang, row)
        kind = some(lang, "search.facility", row["facility_kind"])
        building = where(lang, {**row, "facility_id": None}) if row["building_id"] else t(lang, "place.outdoors")
        shown = {"building": row["building_id"]} if row["building_id"] else {"facility": row["facility_id"]}
        way = address("/overview", **shown)
        words = _words(title, row["name"], row["name_en"], kind, row["facility_kind"], row["facility_id"])
        yield Entry("facility", title, " · ".join(p for p in (kind, building) if p), way, words)


def _rooms(twin: Twin, lang: str, at: datetime, community: str) -> Iterable[Entry]:
    for row in placed(twin, at, twin.entities("room", at, community_id=community).to_pylist()):
        title = named(lang, row)
        inside = where(lang, {**row, "room_name": None, "room_name_en": None})
        floor = t(lang, "search.floor", n=row["floor"]) if row["floor"] is not None else None
        way = address("/occupancy", place=row["room_id"])
        words = _words(title, row["name"], row["name_en"], where("zh", row), where("en", row), row["room_id"])
        yield Entry("room", title, " · ".join(p for p in (inside, floor) if p), way, words)


def _devices(twin: Twin, lang: str, at: datetime, community: str, homes: bool) -> Iterable[Entry]:
    types = twin.catalogue.sensor_types
    for row in placed(twin, at, twin.entities("device", at, community_id=community).to_pylist()):
        if row["home_id"] and not homes:
            continue
        titles = types[row["type"]].title if row["type"] in types else {}
        kind, place = titled(lang, titles, row["type"]), where(lang, row)
        named = row["name"] or kind  # devices have one name; who reads English knows a Chinese one by what it is
        known, beside = (kind, named) if lang == "en" and not named.isascii() else (named, kind)
        title = f"{known} · {place}"
        note = " · ".join(p for p in (beside if beside != known else None, row["address"], row["device_id"]) if p)
        both = [where(one, row) for one in LANGUAGES]
        words = _words(title, named, *both, row["device_id"], row["address"], row["type"], *titles.values())
        yield Entry("device", title, note, address("/devices", device=row["device_id"]), words)


def _kpis(twin: Twin, lang: str) -> Iterable[Entry]:
    book = twin.catalogue.scene_book
    for name, kpi in twin.catalogue.kpis.items():
        scene = titled(lang, book.scenes[kpi.scene].title, kpi.scene)
        words = _words(titled(lang, kpi.title, name), *kpi.title.values(), name, *book.scenes[kpi.scene].title.values())
        yield Entry("kpi", titled(lang, kpi.title, name), scene, address("/kpi", kpi=name), words)


def incidents(twin: Twin, at: datetime, community: str, *, lang: str) -> list[Entry]:
    """The incidents of the last three months by number, by what happened and by place; open ones first."""
    found = twin.care.incidents(at, community_id=community, open_only=False, since=at - LOOK_BACK)
    found.sort(key=lambda i: (i.closed_at is not None, -i.raised_at.timestamp()))
    heads = [
        {"home_id": i.home_id, "facility_id": i.facility_id, "building_id": i.building_id, "room_id": None}
        for i in found
    ]
    entries = []
    for incident, place in zip(found, placed(twin, at, heads), strict=True):
        title = f"{where(lang, place)} · {titled(lang, incident.title, incident.procedure)}"
        phase = some(lang, "search.phase", incident.phase)
        note = " · ".join([incident.incident_id, phase, stamp(lang, incident.raised_at)])
        both = [where(one, place) for one in LANGUAGES]
        words = _words(title, *both, incident.incident_id, incident.incident_id.lstrip("i-0"), *incident.title.values())
        entries.append(Entry("incident", title, note, address("/elder-care", incident=incident.incident_id), words))
    return entries
