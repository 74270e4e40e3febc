"""What was changed after the making is found and named, paper by paper, with what may explain it."""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
from datetime import timedelta

import orjson
import pytest

from cockpit.reports.claimed import claim_of
from cockpit.reports.folder import read, write
from cockpit.reports.kinds import ReportRefused, Wish
from cockpit.reports.making import MANIFEST, SIGNATURE, make
from cockpit.reports.signing import Signer, is_signed
from cockpit.reports.verifying import verify
from cockpit.reports.zipped import LARGEST_REPORT, MOST_PAPERS, unzipped, zip_of
from tests.conftest import Clock
from twin_model.rights import NOBODY, reading

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
    assert list(verdict.wrong) == [paper]
    assert wrong in verdict.papers[paper].said["en"]
    assert verdict.sentence == {"zh": f"不成立：在生成之后被改动：{paper}。",
                                "en": f"It does not hold: changed after it was made: {paper}."}  # fmt: skip


def test_papers_taken_away_or_added_are_found(lane, report, signer):
    papers = {name: data for name, data in report.papers.items() if name != "kpis.csv"} | {"more.pdf": b"x"}
    verdict = verify(lane, papers, signer.public)
    assert verdict.papers["kpis.csv"].said == {"zh": "缺少", "en": "missing"}
    assert "added afterwards" in verdict.papers["more.pdf"].said["en"]
    assert verdict.sentence["zh"] == "不成立：缺少：kpis.csv；后来加进去的：more.pdf。"


def test_a_changed_manifest_has_a_wrong_signature_and_another_signer_is_named(lane, report, signer):
    said = orjson.loads(report.papers[MANIFEST])
    forged = {**report.papers, MANIFEST: orjson.dumps({**said, "revision": 7})}
    verdict = verify(lane, forged, signer.public)
    assert verdict.signature.said["en"].startswith("wrong: the manifest was changed")
    assert verdict.sentence["zh"].startswith("不成立：签名不符")
    other = Signer.of(None)
    resigned = orjson.dumps({**said, "public_key": other.public})
    verdict = verify(lane, {**report.papers, MANIFEST: resigned, SIGNATURE: other.sign(resigned)}, signer.public)
    assert verdict.signature.code == "right"
    assert "another key" in verdict.signer.said["en"]
    assert (verdict.holds, verdict.standing) == (True, "stranger")


def test_other_definitions_and_another_program_are_given_as_reasons(lane, report, signer):
    said = orjson.loads(report.papers[MANIFEST])
    said["definitions"]["kpis"]["topics_solved"] += 1
    said["code"] = {"version": "0.0.1", "commit": None}
    said["papers"]["kpis.csv"]["sha256"] = "0" * 64
    changed = orjson.dumps(said)
    verdict = verify(lane, {**report.papers, MANIFEST: changed, SIGNATURE: signer.sign(changed)}, signer.public)
    why = {one.code: one.said for one in verdict.why}
    assert why["definitions"]["en"] == "definitions: topics_solved (v2 then, v1 now)"
    assert why["definitions"]["zh"] == "指标定义：topics_solved（当时第 2 版，现在第 1 版）"
    assert why["program"]["en"].startswith("the program: made with 0.0.1")
    assert (verdict.holds, verdict.standing) == (False, "broken")


def test_what_was_signed_here_but_comes_out_otherwise_today_is_not_called_tampered_with(lane, report, signer):
    other = report.papers["kpis.csv"] + b"one more line"
    said = orjson.loads(report.papers[MANIFEST])
    said["papers"]["kpis.csv"]["sha256"] = hashlib.sha256(other).hexdigest()
    manifest = orjson.dumps(said)
    papers = {**report.papers, "kpis.csv": other, MANIFEST: manifest, SIGNATURE: signer.sign(manifest)}
    verdict = verify(lane, papers, signer.public)
    assert (verdict.holds, verdict.standing) == (False, "differs")
    assert verdict.papers["kpis.csv"].said["zh"] == f"重新生成的不同，从第 {len(report.papers['kpis.csv'])} 字节起"
    assert "没有被改动" in verdict.sentence["zh"]
    stranger = Signer.of(None)
    manifest = orjson.dumps(said | {"public_key": stranger.public})
    forged = {**papers, MANIFEST: manifest, SIGNATURE: stranger.sign(manifest)}
    assert verify(lane, forged, signer.public).standing == "broken", "anybody can sign what he made up"


def test_the_lines_of_the_command_stay_as_they_are(lane, report, signer):
    papers = {name: data for name, data in report.papers.items() if name != "map.svg"}
    lines = verify(lane, papers, signer.public).lines()
    assert lines[0] == report.name
    assert lines[1:3] == ["  signature  right", "  signer     this data folder's own key"]
    assert "  map.svg            missing" in lines
    assert "  report.pdf         the same byte for byte" in lines
    assert lines[-1] == "  verdict    does not hold"


def test_readings_that_come_later_change_no_paper_and_are_told_as_a_note_whoever_asks(signer):
    clock = Clock()
    twin = lived(None, clock)
    report = make(twin, AT, Wish(community=COMMUNITY, audience="public"), signer)
    clock.forward(minutes=5)
    say(twin, ("count", "people", 33), taken=AT - timedelta(minutes=30))
    with reading(NOBODY):
        verdict = verify(twin, report.papers, signer.public)
    assert verdict.holds, verdict.lines()
    assert [note.said["zh"] for note in verdict.notes] == ["有 1 条读数在该时刻之前发生、之后才到；报告不因此改变"]
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


def test_a_manifest_without_end_is_not_read(report):
    with pytest.raises(ReportRefused, match="JSON"):
        claim_of({MANIFEST: report.papers[MANIFEST] + b" " * (5 << 20)})


def test_a_program_that_makes_one_paper_more_does_not_accuse_anybody(lane, report, signer):
    said = orjson.loads(report.papers[MANIFEST])
    del said["papers"]["kpis.csv"]
    manifest = orjson.dumps(said)
    papers = {name: data for name, data in report.papers.items() if name != "kpis.csv"}
    verdict = verify(lane, papers | {MANIFEST: manifest, SIGNATURE: signer.sign(manifest)}, signer.public)
    assert (verdict.papers["kpis.csv"].code, verdict.standing) == ("new", "differs")


WRONG_CLAIMS = [
    {"instant": "yesterday"}, {"instant": 7}, {"instant": "2026-11-22T12:00:00"},
    {"instant": "0001-01-01T00:00:00+14:00"},
    {"papers": []}, {"papers": {"report.pdf": "x"}}, {"community": 7}, {"scenarios": "x"}, {"definitions": []},
    {"public_key": None}, {"code": "x"},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG_CLAIMS, ids=str)
def test_a_manifest_that_anybody_may_have_written_is_refused_by_name_of_what_is_wrong(lane, report, wrong):
    said = orjson.dumps(orjson.loads(report.papers[MANIFEST]) | wrong)
    with pytest.raises(ReportRefused, match=next(iter(wrong))) as refusal:
        verify(lane, {**report.papers, MANIFEST: said}, None)
    assert "不是报告的清单" in refusal.value.said["zh"]


@pytest.mark.parametrize("wrong", [{"kind": "hourly"}, {"audience": "friends"}, {"language": "fr"}], ids=str)
def test_a_report_of_a_kind_there_is_none_of_is_refused(lane, report, wrong):
    said = orjson.dumps(orjson.loads(report.papers[MANIFEST]) | wrong)
    with pytest.raises(ReportRefused, match="expected"):
        verify(lane, {**report.papers, MANIFEST: said}, None)


def test_a_report_of_an_instant_that_is_not_there_cannot_be_made_again_and_says_why(lane, report, signer):
    said = orjson.dumps(orjson.loads(report.papers[MANIFEST]) | {"instant": "1999-01-01T00:00:00+08:00"})
    verdict = verify(lane, {**report.papers, MANIFEST: said, SIGNATURE: signer.sign(said)}, signer.public)
    assert verdict.standing == "differs"
    assert "无从比对" in verdict.sentence["zh"]
    assert "早于本社区的第一份数据" in verdict.why[0].said["zh"]


def zipped(entries: list[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


def test_a_report_packed_again_by_somebody_else_is_still_the_same(report):
    """Without its folder, within another, with what systems leave behind."""
    for before in ("", "mail/2026/"):
        again = zipped([("__MACOSX/._report.pdf", b"x"), (f"{before}.DS_Store", b"x"),
                        *((before + name, data) for name, data in report.papers.items())])  # fmt: skip
        assert unzipped(io.BytesIO(again), "x.zip") == report.papers


def test_a_paper_beside_the_report_is_none_of_its_own(report):
    again = zipped([("report.pdf", b"another"), *((f"r/{name}", data) for name, data in report.papers.items())])
    assert unzipped(io.BytesIO(again), "x.zip") == {"../report.pdf": b"another"} | report.papers


def locked() -> bytes:
    data = bytearray(zipped([(MANIFEST, b"{}")]))
    for mark, place in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        data[data.index(mark) + place] |= 1
    return bytes(data)


def link() -> zipfile.ZipInfo:
    found = zipfile.ZipInfo("r/passwd")
    found.external_attr = (stat.S_IFLNK | 0o777) << 16
    return found


def lying() -> bytes:
    """Says of a paper that it is short; what is packed is long."""
    data = bytearray(zipped([(MANIFEST, b"x" * 100_000)]))
    for mark, place in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        start = data.index(mark) + place
        data[start : start + 4] = (10).to_bytes(4, "little")
    return bytes(data)


ODD = {
    "nothing": (b"", "not a zip"), "words": (b"no zip at all, but long enough to be one", "not a zip"),
    "cut": (zipped([(MANIFEST, b"{}" * 99)])[:-30], "not a zip"),
    "comment": (zipped([(MANIFEST, b"{}")]) + b"x", "not a zip"),
    "climbs": (zipped([(MANIFEST, b"{}"), ("../../x", b"")]), "x"),
    "root": (zipped([(MANIFEST, b"{}"), ("/etc/x", b"")]), "etc"),
    "windows": (zipped([(MANIFEST, b"{}"), ("..\\x", b"")]), "x"),
    "drive": (zipped([(MANIFEST, b"{}"), ("c:x", b"")]), "c:x"),
    "unreadable": (zipped([(MANIFEST, b"{}"), ("a\u202eb", b"")]), "named"),
    "locked": (locked(), "password"), "no manifest": (zipped([("report.pdf", b"")]), "found no manifest"),
    "lying": (lying(), "not a zip"),
    "many": (zipped([(str(n), b"") for n in range(MOST_PAPERS + 1)]), "more than 2000"),
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_zip_is_refused_in_both_languages(odd):
    data, said = ODD[odd]
    with pytest.raises(ReportRefused, match=said) as refusal:
        unzipped(io.BytesIO(data), {"zh": "所给的文件", "en": "the file"})
    assert refusal.value.said["zh"].startswith("所给的文件：")


def test_a_name_twice_is_refused_and_a_link_is_just_a_paper_too_many():
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = zipped([(MANIFEST, b"{}"), (MANIFEST, b"[]")])
    with pytest.raises(ReportRefused, match="twice"):
        unzipped(io.BytesIO(twice), "x.zip")
    found = unzipped(io.BytesIO(zipped([("r/" + MANIFEST, b"{}"), (link(), b"/etc/passwd")])), "x.zip")
    assert found["passwd"] == b"/etc/passwd", "its words, never where they lead"


def test_a_bomb_is_refused_before_anything_of_it_is_unpacked(monkeypatch):
    """A small zip of 200 MB of zeros, and one whose list of files alone would fill the memory."""
    bomb = zipped([(MANIFEST, b"{}"), *((f"{n}.csv", bytes(20 << 20)) for n in range(10))])
    assert len(bomb) < 1 << 20 < LARGEST_REPORT
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    with pytest.raises(ReportRefused, match="larger than 128 MB"):
        unzipped(io.BytesIO(bomb), "x.zip")
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(ReportRefused, match="more than 2000 files"):
        unzipped(io.BytesIO(bytes(5_000) + b"PK\5\6" + bytes(8) + (2 << 20).to_bytes(4, "little") + bytes(6)), "x.zip")


def test_a_key_is_made_once_for_its_owner_only_and_a_damaged_one_is_told(tmp_path):
    first = Signer.of(tmp_path)
    assert (tmp_path / "report.key").stat().st_mode & 0o077 == 0
    assert Signer.of(tmp_path).public == first.public
    assert is_signed(first.public, first.sign(b"x"), b"x")
    assert not is_signed(first.public, first.sign(b"x"), b"y")
    (tmp_path / "report.key").write_text("no key")
    with pytest.raises(ReportRefused, match=r"report\.key"):
        Signer.of(tmp_path)
