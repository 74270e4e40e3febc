"""10,000 personal values are seeded, everything each role can reach is fetched, and read for them.

A public token finds none; each role of the staff finds the classes of values its work needs and no other. The scan of
whoever may see the most finds them, so it does look. What was read is printed (`pytest -s`).
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache

import httpx
import pyarrow as pa
import pytest
from pypdf import PdfReader

from cockpit.reports.kinds import Wish
from cockpit.reports.making import papers_of
from cockpit.services import Services
from cockpit.settings import Settings
from cockpit.tokens import Role
from twin_model.entities import Building, Community, Contact, Device, Facility, Home, Resident
from twin_model.twin import Twin

from ..conftest import Clock
from .conftest import report, serve, square
from .test_public_scan import asked_by_interface, callbacks, elsewhere, heard

HOMES = 1_430
C = "pub"
HOME = "hx7731"  # as the routes are asked about in test_public_scan
DEVICES = ("dvq-sos-7731", "dvq-pir-7731")
COMMON = "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生"
# One pattern for each class of values: looking for 10,000 words in every answer would take minutes.
SEEDED = {
    "name": re.compile(r"(?:欧阳|诸葛)[\u4e00-\u9fff]{2}"),
    "phone": re.compile(r"1997\d{7}"),
    "health": re.compile(r"病案QX\d{5}"),
    "resident_id": re.compile(r"resq\d{5}"),
    "contact_id": re.compile(r"conq\d{5}"),
    "contact_note": re.compile(r"钥匙QK\d{5}"),
    "door": re.compile(r"门牌QD\d{5}"),
    "home": re.compile(r"hx7731|dvq-(?:sos|pir)-7731"),
}
# What the work of a role needs. Who looks after homes reads the numbers of doors, and where help is needed whom to call
# and what was noted there (the seeded note names a disease). Who checks reads doors. Who manages or serves everybody
# gets counts, down to the building.
ACTS = {"contact_id", "contact_note", "door", "health", "home", "name", "phone"}
MAY = {
    Role.PUBLIC_SCREEN: set(),
    Role.MANAGER: set(),
    Role.RESIDENT_SERVICE: set(),
    Role.AUDITOR: {"door", "home"},
    Role.GRID_WORKER: ACTS,
    Role.DUTY_OFFICER: ACTS,
    Role.ADMINISTRATOR: ACTS,
}


def word(n: int) -> str:
    """Two characters of their own for each number."""
    return COMMON[n // len(COMMON)] + COMMON[n % len(COMMON)]


def seeds() -> dict[str, set[str]]:
    """Every seeded value by class."""
    n = range(HOMES)
    return {
        "name": {f"欧阳{word(i)}" for i in n} | {f"诸葛{word(i)}" for i in n},
        "phone": {f"1997{i:07}" for i in n},
        "health": {f"病案QX{i:05}" for i in n},
        "resident_id": {f"resq{i:05}" for i in n},
        "contact_id": {f"conq{i:05}" for i in n},
        "contact_note": {f"钥匙QK{i:05}" for i in n},
        "door": {f"门牌QD{i:05}" for i in n},
        "home": {HOME, *DEVICES},
    }


def people():
    """Homes of one elder each with somebody to call; the first has a button."""
    yield Community(community_id=C, name="公示社区", name_en="Open", boundary=square(104.0, 30.0))
    for n in (1, 2):
        yield Building(community_id=C, building_id=f"pub-b{n}", height_m=18.0, footprint=square(104 + n / 1000, 30))
    yield Facility(community_id=C, facility_id="pub-hall", facility_kind="centre", name="中心", lon=104.002, lat=30.0)
    yield Device(community_id=C, device_id="pub-door", type="people_counter", dialect="json", address="pub-door",
                 facility_id="pub-hall")  # fmt: skip
    for n in range(HOMES):
        home = HOME if n == 0 else f"h{n}"
        yield Home(community_id=C, home_id=home, building_id=f"pub-b{n % 2 + 1}", number=f"门牌QD{n:05}", age_80_up=1,
                   age_0_17=1 if n % 7 == 0 else 0, elder_alone=True)  # fmt: skip
        yield Resident(community_id=C, resident_id=f"resq{n:05}", home_id=home, name=f"欧阳{word(n)}", birth_year=1939,
                       health_note=f"病案QX{n:05}", lives_alone=True)  # fmt: skip
        yield Contact(community_id=C, contact_id=f"conq{n:05}", home_id=home, role="family", rank=1,
                      name=f"诸葛{word(n)}", phone=f"1997{n:07}", note=f"钥匙QK{n:05}")  # fmt: skip
    for name, kind in zip(DEVICES, ("sos_button", "motion"), strict=True):
        yield Device(community_id=C, device_id=name, type=kind, dialect="json", address=name, home_id=HOME)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The street with a call for help that is being seen to."""
    clock, folder = Clock(), tmp_path_factory.mktemp("scan")
    twin = Twin.open(None, clock=clock)
    twin.record(list(people()))
    report(twin, ("dvq-pir-7731", "motion", 1), ("pub-door", "people", 3))
    twin.care.step()
    clock.forward(seconds=10)
    report(twin, ("dvq-sos-7731", "sos", 1))
    clock.forward(seconds=20)
    incident = twin.care.incidents(twin.now(), community_id=C)[0]
    twin.care.take_step(incident.incident_id, "acknowledge", by="令狐", role="duty_officer", note="病案QX00000 已知")
    clock.forward(seconds=5)
    with serve(twin, Settings(data=folder), Services(), folder=folder) as served:
        yield served, incident.incident_id, clock
    twin.close()


@dataclass
class Scan:
    """What a role could read."""

    known: dict[str, set[str]]
    found: dict[str, set[str]] = field(default_factory=dict)
    where: dict[str, set[str]] = field(default_factory=dict)
    asked: int = 0
    read: int = 0

    def look(self, where: str, answer: httpx.Response) -> None:
        asked = str(answer.request.url) + answer.request.content.decode("utf-8", "replace")
        self.take(where, answer.content + repr(sorted(answer.headers.items())).encode(), asked)

    def take(self, where: str, payload: bytes, asked: str = "") -> None:
        """Read one payload, also where JSON writes with escapes, in Arrow and in gzip."""
        self.asked, self.read = self.asked + 1, self.read + len(payload)
        text = payload.decode("utf-8", "replace")
        if "\\u" in text:
            with suppress(UnicodeDecodeError, ValueError):
                text += json.dumps(json.loads(payload), ensure_ascii=False)
        with suppress(pa.ArrowInvalid, OSError):
            text += str(pa.ipc.open_stream(io.BytesIO(payload)).read_all().to_pylist())
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(payload)) as pack:  # a workbook
            text += "".join(pack.read(name).decode("utf-8", "replace") for name in pack.namelist())
        if payload.startswith(b"%PDF"):
            text += printed(payload)
        with suppress(gzip.BadGzipFile, EOFError, OSError):
            text += gzip.decompress(payload).decode("utf-8", "replace")
        for name, pattern in SEEDED.items():
            if hits := {hit for hit in pattern.findall(text) if hit in self.known[name] and hit not in asked}:
                self.found.setdefault(name, set()).update(hits)
                self.where.setdefault(name, set()).add(where)


def printed(pdf: bytes) -> str:
    """The text of a PDF, closed up: a value may run over the end of a line."""
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def scan(site, incident_id: str, role: Role) -> Scan:
    """Every route with and without its parameters in every form, every page and callback, map, assets."""
    done = Scan(seeds())
    forms = ("application/json", "application/geo+json", "application/vnd.apache.arrow.stream", "text/csv")
    with site.client(Role.ADMINISTRATOR) as one_of_us, site.client(role) as client:
        described = one_of_us.get("/api/v1/openapi.json").json()
        for method, path, query in asked_by_interface(described, incident_id):
            if path == "/api/v1/live" or (method != "GET" and role is not Role.PUBLIC_SCREEN):
                continue
            # of the staff's: plain and with everything; a single parameter only narrows what these two bring
            if role is not Role.PUBLIC_SCREEN and len(query) in (1, 2) and "home_id" not in query:
                continue
            for form in forms if not query else forms[:1]:
                done.look(f"{method} {path}", client.request(method, path, params=query, headers={"accept": form}))
        for path in elsewhere(site.twin.geometry_version(C, site.twin.now())):
            done.look(path, client.get(path))
        for body in callbacks(one_of_us):
            done.look(f"callback {body['output'][:60]}", client.post("/_dash-update-component", json=body))
    return done


@pytest.fixture(scope="module")
def read_by(site) -> Callable[[Role], Scan]:
    """What a role could read, each read once."""
    served, incident_id, _ = site
    return cache(lambda role: scan(served, incident_id, role))


@pytest.mark.parametrize("role", list(MAY))
def test_a_role_finds_what_its_work_needs_and_nothing_else(read_by, role):
    done = read_by(role)
    counted = {name: len(hits) for name, hits in done.found.items()}
    print(f"{role}: {done.asked} answers, {done.read:,} bytes read for {sum(map(len, seeds().values())):,} values: "
          f"{counted or 'none'}")  # fmt: skip
    assert done.asked > 100
    assert {name: sorted(done.where[name])[:5] for name in done.found.keys() - MAY[role]} == {}
    others = {name: n for name, n in counted.items() if name not in ("door", "home") and n > 1}
    assert others == {}, "of the home that needs help, of no other"


def test_ten_thousand_values_are_seeded_and_who_acts_finds_those_of_the_open_incident(read_by):
    assert sum(map(len, seeds().values())) >= 10_000
    assert {"phone", "contact_note", "name"} <= read_by(Role.DUTY_OFFICER).found.keys()


def test_the_live_stream_of_the_street_holds_none_of_them(site, wait_for):
    served, _, clock = site

    def happen() -> None:
        clock.forward(seconds=5)
        report(served.twin, ("dvq-pir-7731", "motion", 0))
        report(served.twin, ("dvq-sos-7731", "sos", 0))
        clock.forward(hours=30)
        served.twin.care.step()

    said, status = heard(served, Role.PUBLIC_SCREEN, happen, wait_for)
    done = Scan(seeds())
    done.take("live", said)
    assert (status, done.found) == (200, {})


@pytest.mark.parametrize(("audience", "may"), [("public", set()), ("management", set()), ("staff", {"door", "home"})])
def test_a_report_holds_what_its_audience_may_read(site, audience, may):
    """the PDF as a reader's program reads it, the page, the workbook and the data"""
    served, _, _ = site
    report(served.twin, ("pub-door", "people", 3))
    papers = papers_of(served.twin, served.twin.now(), Wish(community=C, audience=audience))
    done = Scan(seeds())
    for name, data in papers.items():
        done.take(name, data)
    assert "公示社区" in printed(papers["report.pdf"]), "the text of the PDF is read"
    print(f"{audience}: {len(papers)} papers, {done.read:,} bytes")
    assert {name: sorted(done.where[name]) for name in done.found.keys() - may} == {}
    if "door" in may:
        assert "report.pdf" in done.where["door"], "what is in the PDF is found"
    people = [row["people"] for row in json.loads(papers["data.json"])["facts"]["places"]]
    assert people == (["few"] if audience == "public" else [3])


def test_a_few_people_in_a_place_are_counted_for_staff_and_not_for_the_street(site):
    served, _, _ = site
    report(served.twin, ("pub-door", "people", 3))

    def hall(role: Role) -> dict:
        with served.client(role) as client:
            items = client.get("/api/v1/occupancy", params={"community": C}).json()["items"]
        return next(row for row in items if row["place_id"] == "pub-hall")

    counted, told = hall(Role.MANAGER), hall(Role.PUBLIC_SCREEN)
    assert (counted["people"], counted["kept_back"], counted["fewer_than"]) == (3, False, None)
    assert (told["people"], told["share"], told["kept_back"], told["fewer_than"]) == (None, None, True, 5)
    with served.client(Role.PUBLIC_SCREEN) as client:
        stream = client.get("/api/v1/occupancy", headers={"accept": "application/vnd.apache.arrow.stream"}).content
    assert pa.ipc.open_stream(io.BytesIO(stream)).read_all()["people"].to_pylist() == [None]
