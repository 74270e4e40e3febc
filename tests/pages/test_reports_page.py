"""The page of reports: each made one can be checked, in both languages, also in the past; so can one from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson
import pytest

from cockpit.reports.checks import Checked
from cockpit.reports.kinds import Wish
from cockpit.reports.making import MANIFEST, make
from cockpit.reports.signing import Signer
from cockpit.reports.verifying import verify
from cockpit.reports.zipped import zip_of
from cockpit.settings import Settings
from cockpit.tokens import Role
from layouts import reports as page
from layouts.page import SHELL, View
from layouts.parts import report_views as views
from tests.conftest import NOON, Clock
from twin_model.twin import Twin

from ..web.conftest import Site, serve, settle
from .conftest import classes_of, text_of, titles_of
from .test_languages import CHINESE, ENGLISH_SENTENCE

PLACE = "/api/v1/reports"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    twin = Twin.open(None, clock=Clock())
    settle(twin)
    with serve(twin, Settings(data=(folder := tmp_path_factory.mktemp("reports"))), folder=folder) as served:
        yield served
    twin.close()


@pytest.fixture(scope="module")
def found(site) -> dict[str, dict[str, object]]:
    """What is told of one report: untouched, changed, signed by another, of other definitions, of no instant."""
    signer = Signer.of(None)
    report = make(site.twin, NOON, Wish(community="demo", audience="public"), signer)
    said = orjson.loads(report.papers[MANIFEST])
    old = orjson.dumps(said | {"instant": "1999-01-01T00:00:00+08:00"})
    told = {
        "holds": (report.papers, signer), "stranger": (report.papers, Signer.of(None)),
        "broken": (report.papers | {"report.pdf": b"x", "more.csv": b""}, signer),
        "differs": (report.papers | {MANIFEST: old, "manifest.sig": signer.sign(old)}, signer),
    }  # fmt: skip
    return {
        name: Checked(key="k", at=NOON, verdict=verify(site.twin, papers, key.public)).told()
        for name, (papers, key) in told.items()
    }


@pytest.mark.parametrize("standing", ["holds", "stranger", "broken", "differs"])
def test_a_verdict_begins_with_its_sentence_and_is_in_one_language(found, standing):
    told = found[standing]
    for lang, foreign in (("zh", ENGLISH_SENTENCE), ("en", CHINESE)):
        tree = views.verdict(lang, told)
        words = text_of(tree)
        assert words[0] == told["verdict"][lang]
        assert [one for one in words + titles_of(tree) if foreign.search(one)] == []
        assert standing in classes_of(tree)
        sign = {"holds": "sign-fresh", "broken": "sign-act"}.get(standing, "sign-look")
        assert sign in classes_of(tree), "never by colour alone"


def drawn(site: Site, role: Role, view: View, output: str, **inputs: object) -> str:
    """What the browser is sent for a place of the page."""
    said = {
        "output": f"{page.ids(output)}.children", "outputs": {"id": page.ids(output), "property": "children"},
        "inputs": [*({"id": page.ids(name), "property": "data", "value": value} for name, value in inputs.items()),
                   {"id": SHELL("view"), "property": "data", "value": view.store()}],
        "changedPropIds": [f"{page.ids(name)}.data" for name in inputs],
    }  # fmt: skip
    with site.client(role) as client:
        answer = client.post("/_dash-update-component", json=said)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_report_from_elsewhere_is_shown_to_whoever_may_read_it_and_to_nobody_else(site):
    with site.client(Role.DUTY_OFFICER) as officer:
        job = officer.post(PLACE, params={"wait": 30}, json={"audience": "staff"}).json()
        data = officer.get(f"{job['href']}/papers/report.zip").content
        zipped = {"content-type": "application/zip"}
        key = officer.post(f"{PLACE}/verifications", content=data, headers=zipped).json()["id"]
    view = View(community="demo")
    assert "成立：签名是本系统的" in drawn(site, Role.DUTY_OFFICER, view, "verdict", sent={"id": key})
    english = drawn(site, Role.DUTY_OFFICER, View(community="demo", lang="en"), "verdict", sent={"id": key})
    assert "It holds: signed here" in english
    assert "成立" not in drawn(site, Role.MANAGER, view, "verdict", sent={"id": key})
    for wrong in (None, {}, {"id": "x"}, {"id": ["x"]}, "x", 7):
        assert "成立" not in drawn(site, Role.DUTY_OFFICER, view, "verdict", sent=wrong)


@pytest.mark.parametrize("at", [None, NOON])
def test_each_made_report_has_its_button_and_what_was_found_stands_under_it(found, at):
    made = {"name": "a b", "bytes": 1_000_000, "kind": "daily", "audience": "public", "language": "zh",
            "instant": NOON.isoformat(), "papers": {"report.pdf": {"sha256": "0" * 64}}}  # fmt: skip
    answer = {"made": [made | {"verdict": None}, made | {"verdict": found["holds"]}], "all": 2}
    tree = views.shelf(View(community="demo", at=at), answer)
    shown = str(tree)
    assert shown.count(f"{PLACE}/a%20b/verification") == 2
    assert shown.count("report-verdict holds") == 1
    assert "核对 社区运行日报 · 11月22日 12:00 · 公开" in titles_of(tree)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_place_for_a_report_from_elsewhere_is_in_one_language(lang):
    words = text_of(views.elsewhere(lang))
    assert words
    assert [one for one in words if re.search(CHINESE if lang == "en" else ENGLISH_SENTENCE, one)] == []


def test_a_zip_is_packed_the_same_each_time():
    papers = {"report.pdf": b"1", MANIFEST: b"2", "b.csv": b"3", "a.csv": b"4"}
    assert zip_of("r", papers) == zip_of("r", dict(reversed(papers.items())))
