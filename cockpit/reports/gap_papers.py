"""The papers of a gap plan: PDF, web page, workbook and data, the same bytes for the same data, instant and program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.reports import html, pdf, xlsx
from cockpit.reports.gap_facts import Facts, gather
from cockpit.reports.gap_story import paper_of
from cockpit.reports.identity import identity_of
from cockpit.reports.kinds import Wish
from layouts.parts import health_words as words
from layouts.parts.health_views import lacks
from layouts.parts.text import t, titled
from twin_model.rights import Rights, reading
from twin_model.twin import Twin


def plan_papers(twin: Twin, at: datetime, wish: Wish) -> tuple[Facts, dict[str, Any], dict[str, bytes]]:
    """Facts, what they rest on, and PDF, web page and workbook by their names."""
    with reading(Rights(few=not wish.is_public)):
        facts = gather(twin, at, wish)
        identity = identity_of(twin, at, wish)
    identity["evidence"] = []
    identity["definitions"]["rulebook"] = facts["book"]["id"]
    paper = paper_of(facts, identity, wish.lang)
    papers = {
        "report.pdf": pdf.pdf_of(paper),
        "report.html": html.html_of(paper),
        "annex.xlsx": xlsx.workbook(_sheets(facts, identity, wish.lang), paper.title, at),
    }
    return facts, identity, papers


def _sheets(
    facts: Facts, identity: Mapping[str, Any], lang: str
) -> Iterable[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]:
    """Title, heads and rows of each sheet: plain numbers, so that they can be worked on."""

    def heads(*names: str) -> list[str]:
        return [t(lang, f"gap.column.{name}") for name in names]

    def sheet(name: str) -> str:
        return t(lang, f"gap.sheet.{name}")

    book = facts["book"]
    yield (
        sheet("about"), heads("what", "amount"),
        [["rulebook", book["id"]], ["title", titled(lang, book["title"], "")], ["instant", facts["report"]["at"]],
         ["data_revision", identity["data_revision"]], ["version", identity["version"]],
         ["definitions", identity["definitions"]["digest"]], ["communities", len(facts["communities"])],
         ["ranked", facts["ranked"]]],
    )  # fmt: skip
    yield (
        sheet("communities"),
        heads("code", "community", "points_index", "rank", "of", "bottom", "passed", "failed", "unknown", "verified",
              "counted"),
        [[one["id"], one["name"],
          *(one["index"][key] for key in ("index", "rank", "of", "bottom", "passed", "failed", "not_measurable",
                                          "verified", "counted"))]
         for one in facts["communities"]],
    )  # fmt: skip
    yield (
        sheet("short"),
        heads("code", "community", "no", "item", "value", "threshold", "unit", "gap", "need_amount", "need_unit",
              "fix", "basis", "weight", "score", "points"),
        [[one["id"], one["name"], row["no"], titled(lang, row["title"], row["item"]), row["value"], row["threshold"],
          titled(lang, row["unit"], "") if row["unit"] else None, row["gap"], row["need"], row["need_unit"],
          words.fixes(lang, row), t(lang, "health.verified" if row["verified"] else "health.unverified"),
          row["weight"], row["score"], row["contribution"]]
         for one, row in _rows(facts, "fail")],
    )  # fmt: skip
    yield (
        sheet("unknown"), heads("code", "community", "no", "item", "lack", "giver"),
        [[one["id"], one["name"], row["no"], titled(lang, row["title"], row["item"]), lacks(lang, row),
          t(lang, "health.and").join(dict.fromkeys(words.who(lang, lack, row) for lack in row["missing"]))]
         for one, row in _rows(facts, "not_measurable")],
    )  # fmt: skip
    yield (
        sheet("passed"), heads("code", "community", "no", "item", "value", "threshold", "basis"),
        [[one["id"], one["name"], row["no"], titled(lang, row["title"], row["item"]), row["value"], row["threshold"],
          t(lang, "health.verified" if row["verified"] else "health.unverified")]
         for one, row in _rows(facts, "pass")],
    )  # fmt: skip
    yield (
        sheet("rulebook"), heads("no", "item", "clause", "source", "basis", "threshold", "weight"),
        [[one["no"], titled(lang, one["title"], ""), titled(lang, one["clause"], ""), titled(lang, one["source"], ""),
          t(lang, "health.verified" if one["verified"] else "health.unverified"), one["threshold"], one["weight"]]
         for one in facts["items"]],
    )  # fmt: skip


def _rows(facts: Facts, verdict: str) -> Iterable[tuple[Facts, Facts]]:
    for one in facts["communities"]:
        for row in one["rows"]:
            if row["verdict"] == verdict:
                yield one, row
