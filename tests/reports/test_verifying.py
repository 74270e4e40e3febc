"""What was changed after the making is found and named, paper by paper, with what may explain it."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from cockpit.reports.folder import read, write, zip_of
from cockpit.reports.kinds import ReportRefused, Wish
from cockpit.reports.making import MANIFEST, SIGNATURE, make
from cockpit.reports.signing import Signer, is_signed
from cockpit.reports.verifying import verify
from tests.conftest import Clock

from .conftest import AT, COMMUNITY, lived, say


@pytest.fixture(scope="module")
def signer():
    return Signer.of(None)


@pytest.fixture(scope="module")
def report(lane, signer):
    return make(lane, AT, Wish(community=COMMUNITY, audience="public"), signer)


def test_an_untouched_report_holds_also_as_one_file(lane, report, signer, tmp_path):
    verdict = verify(lane, read(write(report, tmp_path) / "report.pdf"), signer.public)
    assert verdict.holds, verdict.lines()
    packed = tmp_path / "r.zip"
    packed.write_bytes(zip_of(report.name, report.papers))
    assert read(packed) == report.papers
    assert zip_of(report.name, report.papers) == packed.read_bytes()


@pytest.mark.parametrize(
    ("paper", "wrong"), [("report.pdf", "changed after it was made"), ("kpis.csv", "changed after it was made")]
)
def test_a_changed_byte_is_found_in_its_paper(lane, report, signer, paper, wrong):
    papers = dict(report.papers)
    papers[paper] = papers[paper][:-1] + b"#"
    verdict = verify(lane, papers, signer.public)
    assert not verdict.holds
    assert [name for name, said in verdict.papers.items() if said] == [paper]
    assert wrong in verdict.papers[paper]


def test_papers_taken_away_or_added_are_found(lane, report, signer):
    papers = {name: data for name, data in report.papers.items() if name != "kpis.csv"} | {"more.pdf": b"x"}
    verdict = verify(lane, papers, signer.public)
    assert verdict.papers["kpis.csv"] == "missing"
    assert "added afterwards" in verdict.papers["more.pdf"]


def test_a_changed_manifest_has_a_wrong_signature_and_another_signer_is_named(lane, report, signer):
    said = orjson.loads(report.papers[MANIFEST])
    forged = {**report.papers, MANIFEST: orjson.dumps({**said, "revision": 7})}
    assert "wrong" in verify(lane, forged, signer.public).signature
    other = Signer.of(None)
    resigned = orjson.dumps({**said, "public_key": other.public})
    verdict = verify(lane, {**report.papers, MANIFEST: resigned, SIGNATURE: other.sign(resigned)}, signer.public)
    assert verdict.signature == ""
    assert "another key" in verdict.signer


def test_other_definitions_and_another_program_are_given_as_reasons(lane, report, signer):
    said = orjson.loads(report.papers[MANIFEST])
    said["definitions"]["kpis"]["topics_solved"] += 1
    said["code"] = {"version": "0.0.1", "commit": None}
    said["papers"]["kpis.csv"]["sha256"] = "0" * 64
    changed = orjson.dumps(said)
    verdict = verify(lane, {**report.papers, MANIFEST: changed, SIGNATURE: signer.sign(changed)}, signer.public)
    assert any(why.startswith("definitions: topics_solved (v2 then, v1 now)") for why in verdict.why), verdict.why
    assert any(why.startswith("the program: made with 0.0.1") for why in verdict.why)


def test_readings_that_come_later_change_no_paper_and_are_told_as_a_note(signer):
    clock = Clock()
    twin = lived(None, clock)
    report = make(twin, AT, Wish(community=COMMUNITY, audience="public"), signer)
    clock.forward(minutes=5)
    say(twin, ("count", "people", 33), taken=AT - timedelta(minutes=30))
    verdict = verify(twin, report.papers, signer.public)
    assert verdict.holds, verdict.lines()
    assert any("came after it" in note for note in verdict.notes), verdict.notes
    twin.close()


def test_what_is_no_report_is_refused_with_what_was_expected(lane, tmp_path):
    with pytest.raises(ReportRefused, match="no such file"):
        read(tmp_path / "nothing")
    (tmp_path / "x.pdf").write_bytes(b"%PDF")
    with pytest.raises(ReportRefused, match=r"manifest\.json"):
        read(tmp_path / "x.pdf")
    (tmp_path / "x.zip").write_bytes(b"no zip")
    with pytest.raises(ReportRefused, match="zip"):
        read(tmp_path / "x.zip")
    with pytest.raises(ReportRefused, match="JSON"):
        verify(lane, {MANIFEST: b"{"}, None)


def test_a_key_is_made_once_for_its_owner_only_and_a_damaged_one_is_told(tmp_path):
    first = Signer.of(tmp_path)
    assert (tmp_path / "report.key").stat().st_mode & 0o077 == 0
    assert Signer.of(tmp_path).public == first.public
    assert is_signed(first.public, first.sign(b"x"), b"x")
    assert not is_signed(first.public, first.sign(b"x"), b"y")
    (tmp_path / "report.key").write_text("no key")
    with pytest.raises(ReportRefused, match=r"report\.key"):
        Signer.of(tmp_path)
