"""A whole report: facts, papers, manifest and signature. Without a clock: the instant is an argument."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson

from cockpit.encoding import rfc3339
from cockpit.reports import csv_paper, html, pdf, xlsx
from cockpit.reports.facts import gather
from cockpit.reports.gap_papers import plan_papers
from cockpit.reports.identity import commit_of, evidence_index, evidence_of, identity_of
from cockpit.reports.kinds import Wish, name_of, span_of
from cockpit.reports.scenario_papers import scenario_papers
from cockpit.reports.scenery import map_picture
from cockpit.reports.signing import Signer
from cockpit.reports.story import paper_of
from twin_model.last_commit import last_commit
from twin_model.rights import Rights, reading
from twin_model.twin import Twin

FORMAT = 1
PDF, HTML, XLSX, DATA, KPIS, MAP = "report.pdf", "report.html", "annex.xlsx", "data.json", "kpis.csv", "map.svg"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
MEDIA = {
    ".pdf": "application/pdf", ".html": "text/html; charset=utf-8", ".json": "application/json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".csv": "text/csv; charset=utf-8",
    ".svg": "image/svg+xml", ".sig": "application/octet-stream", ".zip": "application/zip",
}  # fmt: skip
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Report:
    """One made report. ``papers``: by file name, the manifest and its signature among them."""

    name: str
    wish: Wish
    at: datetime
    papers: dict[str, bytes]

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.papers[MANIFEST])
        return found


def make(twin: Twin, at: datetime, wish: Wish, signer: Signer) -> Report:
    """The report of an instant. Raises `ReportRefused` for an instant without data, in the future, or a wrong wish."""
    papers = papers_of(twin, at, wish)
    manifest = manifest_of(twin, at, wish, papers, signer.public)
    return Report(
        name=name_of(wish, at), wish=wish, at=at,
        papers={**papers, MANIFEST: manifest, SIGNATURE: signer.sign(manifest)},
    )  # fmt: skip


def papers_of(twin: Twin, at: datetime, wish: Wish) -> dict[str, bytes]:
    """Every paper but the manifest: the same bytes for the same data, instant, wish and program, on every machine.

    Read with the rights of the audience, so that no question here can bring what it may not have.
    """
    if wish.is_plan:
        plan, rests_on, made = plan_papers(twin, at, wish)
        return made | {DATA: _json({"facts": plan, "identity": rests_on})}
    if wish.of_scenarios:
        thought, rests_on, made = scenario_papers(twin, at, wish)
        return made | {DATA: _json({"facts": thought, "identity": rests_on})}
    with reading(Rights(homes=wish.sees_homes, few=not wish.is_public)):
        facts = gather(twin, at, wish)
        identity = identity_of(twin, at, wish)
        evidence = evidence_of(twin, at, wish) if wish.kind == "acceptance" and not wish.is_public else {}
        svg = map_picture(twin, at, wish.community, facts["map"], wish.lang)
    identity["evidence"] = evidence_index(evidence)
    paper = paper_of(facts, identity, svg, wish.lang)
    with ThreadPoolExecutor(1, "typesetting") as typesetting:
        typeset = typesetting.submit(pdf.pdf_of, paper)
        written = {
            HTML: html.html_of(paper),
            XLSX: xlsx.xlsx_of(facts, identity, paper),
            DATA: _json({"facts": facts, "identity": identity}),
            KPIS: csv_paper.kpis_of(facts),
        }
        found = {PDF: typeset.result(), **written}
    if svg is not None:
        found[MAP] = svg.encode()
    return found | {f"evidence/{name}.csv": data for name, data in evidence.items()}


def _json(value: Any) -> bytes:
    """Instants as the interface writes them, whatever zone they came in."""

    def other(one: Any) -> Any:
        if isinstance(one, datetime):
            return rfc3339(one)
        return one.isoformat() if isinstance(one, date) else float(one)

    return orjson.dumps(value, default=other, option=orjson.OPT_PASSTHROUGH_DATETIME) + b"\n"


def manifest_of(twin: Twin, at: datetime, wish: Wish, papers: dict[str, bytes], public_key: str) -> bytes:
    """What the report rests on and the digest of each paper, as JSON that people can read too."""
    identity = orjson.loads(papers[DATA])["identity"]
    span = span_of(wish.kind, at)
    said = {
        "format": FORMAT,
        "report": name_of(wish, at),
        "community": wish.community, "kind": wish.kind, "audience": wish.audience, "language": wish.lang,
        **({"rulebook": wish.rulebook} if wish.is_plan else {}),
        **({"scenarios": list(wish.scenarios)} if wish.of_scenarios else {}),
        "instant": rfc3339(at), "from": rfc3339(span.start),
        "data_revision": identity["data_revision"],
        "revision": _revision(twin, at),
        "code": {"version": identity["version"], "commit": commit_of(ROOT)},
        "definitions": identity["definitions"],
        "papers": {name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
                   for name, data in sorted(papers.items())},
        "public_key": public_key,
    }  # fmt: skip
    return orjson.dumps(said, option=orjson.OPT_INDENT_2) + b"\n"


def _revision(twin: Twin, at: datetime) -> int | None:
    """The twin's revision where nothing came after the instant; of an earlier instant only the last commit is known."""
    newest = last_commit(twin, twin.now())
    return twin.revision if newest is None or newest <= at else None
