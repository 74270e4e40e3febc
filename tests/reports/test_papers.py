"""Papers say what the interface says, to whom it may be said, and the same bytes each time."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import openpyxl
import orjson
import pytest

from cockpit.reports import pdf
from cockpit.reports.kinds import AUDIENCES, KINDS, ReportRefused, Wish, name_of, span_of
from cockpit.reports.making import make, papers_of
from cockpit.reports.settings import AUDIENCES as SET_AUDIENCES
from cockpit.reports.settings import KINDS as SET_KINDS
from cockpit.reports.signing import Signer
from layouts.parts import answers, service_answers
from twin_model.kpi_evidence import without_homes

from .conftest import AT, COMMUNITY, OF_HOMES, PERSONAL


def wish(kind: str = "daily", audience: str = "staff", lang: str = "zh") -> Wish:
    return Wish(community=COMMUNITY, kind=kind, audience=audience, lang=lang)


@pytest.fixture(scope="module")
def made(lane):
    """Papers by (kind, audience, language), each made once."""
    kept: dict[tuple[str, ...], dict[str, bytes]] = {}

    def get(*wanted: str) -> dict[str, bytes]:
        if wanted not in kept:
            kept[wanted] = papers_of(lane, AT, wish(*wanted))
        return kept[wanted]

    return get


def facts_of(papers):
    return orjson.loads(papers["data.json"])["facts"]


def text_of(papers: dict[str, bytes]) -> str:
    """Everything readable in the papers but the PDF, which says what the HTML says."""
    parts = [data.decode("utf-8", "replace") for name, data in papers.items() if not name.endswith((".pdf", ".xlsx"))]
    with zipfile.ZipFile(io.BytesIO(papers["annex.xlsx"])) as archive:
        parts += [archive.read(name).decode() for name in archive.namelist()]
    return "".join(parts)


def test_every_kpi_has_the_value_the_twin_gives_for_the_instant(lane, made):
    told = {row["kpi"]: row for row in facts_of(made("daily", "staff", "zh"))["kpis"]}
    rows = lane.kpis.values(AT, community_id=COMMUNITY).to_pylist()
    assert {row["kpi"]: row["value"] for row in rows} == {name: row["value"] for name, row in told.items()}
    assert {row["kpi"]: row["status"] for row in rows} == {name: row["status"] for name, row in told.items()}
    assert any(row["value"] is not None for row in rows)


def test_people_incidents_and_service_levels_are_those_of_the_pages(lane, made):
    facts = facts_of(made("daily", "staff", "zh"))
    assert facts["residents"]["people"] == answers.residents(lane, AT, COMMUNITY)["people"]
    assert len(facts["incidents"]["open"]) == answers.open_now(lane, AT, COMMUNITY)["open"] == 1
    span = span_of("daily", AT)
    levels = lane.care.service_levels(span.start, AT, AT, community_id=COMMUNITY)
    told = {one["name"]: one["value"] for one in facts["incidents"]["levels"]}
    assert told == {one.name: one.value for one in levels.figures()}
    assert service_answers.figure_of(levels, "acknowledged_60s").value == told["acknowledged_60s"] is not None


def test_what_came_after_the_instant_is_not_in_it(lane, made):
    facts = facts_of(made("daily", "staff", "zh"))
    assert facts["incidents"]["open"][0]["phase"] == "contacted"
    assert max(row["newest"] or "" for row in facts["figures"] or [{"newest": ""}]) <= facts["report"]["at"]


def test_unknown_is_a_dash_with_its_reason_and_never_zero(made):
    papers = made("weekly", "management", "zh")
    unknown = [row for row in facts_of(papers)["kpis"] if row["status"] == "not_measurable"]
    assert unknown
    assert all(row["value"] is None for row in unknown)
    html = papers["report.html"].decode()
    row = re.search(r"<tr><td>普惠性幼儿园覆盖率.*?</tr>", html).group()
    assert "—" in row
    assert "缺" in row
    hours = facts_of(papers)["hours"]["points"]
    assert [people for _, people in hours].count(None) > 100, "hours without a counter's word are gaps"


def test_an_acceptance_report_for_the_public_has_no_rows_and_no_index_of_them(made):
    papers = made("acceptance", "public", "zh")
    assert not [name for name in papers if name.startswith("evidence/")]
    assert "证据索引" not in papers["report.html"].decode()
    assert "指标明细" in papers["report.html"].decode()


@pytest.mark.parametrize("audience", AUDIENCES)
def test_no_person_is_named_in_any_paper(made, audience):
    papers = made("acceptance" if audience == "management" else "daily", audience, "zh")
    found = [secret for secret in PERSONAL if secret in text_of(papers)]
    assert found == []


@pytest.mark.parametrize("audience", ["public", "management"])
def test_only_staff_are_told_of_single_homes(made, audience):
    said = text_of(made("daily", audience, "zh"))
    assert [secret for secret in OF_HOMES if secret in said] == []
    assert "Q1-907" in text_of(made("daily", "staff", "zh"))


def test_counts_under_five_are_kept_from_the_public(lane, made):
    facts = facts_of(made("daily", "public", "zh"))
    assert facts["incidents"]["raised"] == "few"
    assert facts["residents"]["elder_alone"] == "few"
    assert facts["residents"]["age_0_17"] is None
    assert facts["residents"]["age_80_up"] is None
    assert facts["homes"] is None
    assert {row["kpi"] for row in facts["kpis"]} == {k.id for k in lane.catalogue.kpis.values() if k.public}
    assert "少于 5" in made("daily", "public", "zh")["report.html"].decode()
    people = [n for _, n in facts["hours"]["points"] if n is not None]
    assert people
    assert not any(0 < n < 5 for n in people)


def test_the_same_wish_gives_the_same_bytes_and_another_language_other_words(lane, made):
    assert papers_of(lane, AT, wish("daily", "public")) == made("daily", "public", "zh")
    english = made("daily", "public", "en")["report.html"].decode()
    assert "Daily report" in english
    assert "社区运行日报" not in english
    assert 'lang="en"' in english


def test_the_annex_holds_plain_numbers_and_runs_no_formula(made):
    papers = made("weekly", "management", "zh")
    book = openpyxl.load_workbook(io.BytesIO(papers["annex.xlsx"]))
    sheet = book["指标"]
    columns = [cell.value for cell in sheet[1]]
    rows = {row[0].value: dict(zip(columns, (c.value for c in row), strict=True)) for row in sheet.iter_rows(min_row=2)}
    for row in facts_of(papers)["kpis"]:
        assert rows[row["kpi"]]["value"] == pytest.approx(row["value"]), row["kpi"]
    assert all(cell.data_type != "f" for page in book for line in page.iter_rows() for cell in line)


def test_the_web_page_runs_nothing_and_fetches_nothing(made):
    html = made("monthly", "staff", "zh")["report.html"].decode()
    assert "<script" not in html
    assert " style=" not in html
    assert not re.search(r'(?:src|href)="(?!#)', html)
    assert "default-src 'none'" in html
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_an_acceptance_report_counts_and_digests_the_rows_of_every_kpi(lane, made):
    papers = made("acceptance", "management", "zh")
    index = {one["kpi"]: one for one in orjson.loads(papers["data.json"])["identity"]["evidence"]}
    kpi = lane.catalogue.kpis["topics_solved"]
    rows = without_homes(lane.kpis.evidence(kpi.id, AT, community_id=COMMUNITY), kpi, lane.catalogue.record_kinds)
    told = list(csv.reader(io.StringIO(papers["evidence/topics_solved.csv"].decode("utf-8-sig"))))
    assert index[kpi.id]["rows"] == rows.num_rows == len(told) - 1 > 0
    assert set(index) == set(lane.catalogue.kpis)
    assert index[kpi.id]["sha256"][:16] in papers["report.html"].decode()


def test_the_paper_has_pages_and_only_the_packaged_font(made, monkeypatch):
    data = made("monthly", "staff", "zh")["report.pdf"]
    assert data.startswith(b"%PDF-")
    assert len(data) < 3_000_000
    assert set(re.findall(rb"/FontName/(?:[A-Z]{6}\+)?([A-Za-z]+)", data.replace(b" ", b""))) <= {b"NotoSansSC"}
    monkeypatch.setattr(pdf.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ReportRefused, match=r"NotoSansSC-Regular\.ttf"):
        pdf.font_file()


def test_the_manifest_names_what_the_report_rests_on(lane):
    signer = Signer.of(None)
    report = make(lane, AT, wish("daily", "public"), signer)
    said = report.manifest
    assert report.name == said["report"] == name_of(report.wish, AT)
    assert said["instant"] == "2026-11-22T12:00:00+08:00"
    assert said["public_key"] == signer.public
    assert said["definitions"]["kpis"]["topics_solved"] == lane.catalogue.kpis["topics_solved"].version
    assert set(said["papers"]) == set(report.papers) - {"manifest.json", "manifest.sig"}
    assert said["revision"] is None, "of an instant before the newest data the number of commits is not known"
    assert re.fullmatch(r"20261122T\d{6}\.\d{6}Z", said["data_revision"])


@pytest.mark.parametrize(
    ("wanted", "said"),
    [({"kind": "hourly"}, "daily, weekly"), ({"audience": "friends"}, "public, staff"), ({"lang": "fr"}, "zh, en")],
)
def test_an_unknown_wish_is_refused_with_what_is_known(wanted, said):
    with pytest.raises(ReportRefused, match=said):
        Wish(community=COMMUNITY, **wanted)


def test_settings_know_the_same_kinds_and_audiences():
    assert (SET_KINDS, SET_AUDIENCES) == (KINDS, AUDIENCES)
