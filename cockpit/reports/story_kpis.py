"""The sections that list KPIs, and the evidence index of an acceptance report. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cockpit.reports.blocks import Cell, Column, Heading, Table, Text
from cockpit.reports.telling import short_of, why
from layouts.parts.format import UNKNOWN, count, share
from layouts.parts.kpi_words import giver, kept, number, said, source, target
from layouts.parts.text import t, titled

if TYPE_CHECKING:
    from cockpit.reports.story import Made

Row = Mapping[str, Any]


def add(made: Made, *, whole: bool) -> None:
    """The KPIs by scene: all of them, or those that miss their target or are not known."""
    rows = made.facts["kpis"]
    chosen = rows if whole else [*short_of(rows), *(r for r in rows if r["status"] in ("not_measurable", "stale"))]
    intro = made.t("kpis.intro") if whole else made.t("kpis.intro_off", n=count(len(rows)))
    made.blocks += [Heading(made.t("section.kpis")), Text(intro)]
    if not chosen:
        made.blocks.append(Text(made.t("kpis.none")))
        return
    made.blocks.append(_table(made, chosen))


def _table(made: Made, rows: list[Row]) -> Table:
    columns = [
        Column(made.t("kpis.column_kpi"), 3.3), Column(made.t("kpis.column_value"), 1.8, True),
        Column(made.t("kpis.column_before"), 0.9, True), Column(made.t("kpis.column_target"), 1.9, True),
        Column(made.t("kpis.column_reach"), 0.7, True), Column(made.t("kpis.column_state"), 1.8),
        Column(made.t("kpis.column_version"), 0.6, True),
    ]  # fmt: skip
    lines: list[list[Cell | str]] = []
    for scene, title in _scene_titles(made).items():
        own = [row for row in rows if row["scene"] == scene]
        if own:
            lines += [[title], *(_line(made, row) for row in own)]
    return Table(columns, lines)


def _scene_titles(made: Made) -> dict[str, str]:
    titles = made.identity["scene_titles"]
    return {key: titled(made.lang, title, key) for key, title in titles.items()}


def _line(made: Made, row: Row) -> list[Cell | str]:
    lang = made.lang
    met = kept(row)
    known = row["value"] is not None
    tone = "blind" if not known else "look" if met is False else "quiet" if row["status"] == "stale" else ""
    partly = known and row["coverage"] is not None and row["coverage"] < 1
    words = made.t("kpis.covered", n=share(row["coverage"])) if partly else ""
    if not known:
        words = why(lang, row, made.identity["source_titles"])
    elif row["status"] == "stale":
        words = t(lang, "kpi.status.stale")
    goal = target(lang, row) + (f" · {made.t('kpis.verified')}" if row["verified"] else "")
    name, period = titled(lang, row["title"], row["kpi"]), t(lang, f"kpi.period.{row['of_period']}")
    title = f"{name}（{period}）" if lang == "zh" else f"{name} ({period})"
    return [
        title,
        Cell(said(lang, row, row["value"]), tone),
        Cell(number(lang, row, row["before"]), "quiet"),
        goal,
        "" if row["attainment"] is None else f"{round(row['attainment'])}%",
        Cell(words, "blind" if not known else "quiet"),
        Cell(made.t("kpis.version", n=row["definition_version"]), "quiet"),
    ]


def evidence(made: Made) -> None:
    """What each value rests on: its rows, those left out, the digest of all; and what data are missing."""
    lang = made.lang
    index = made.identity["evidence"]
    columns = [
        Column(made.t("evidence.column_kpi"), 3), Column(made.t("evidence.column_indicator"), 2.6),
        Column(made.t("evidence.column_rows"), 0.9, True), Column(made.t("evidence.column_left"), 0.7, True),
        Column(made.t("evidence.column_version"), 0.7, True), Column(made.t("evidence.column_digest"), 1.8),
    ]  # fmt: skip
    lines: list[list[Cell | str]] = []
    by_id = {row["kpi"]: row for row in made.facts["kpis"]}
    indicators = {one["number"]: one["title"] for tile in made.facts["scenes"]["tiles"] for one in tile["indicators"]}
    for scene, title in _scene_titles(made).items():
        own = [one for one in index if by_id[one["kpi"]]["scene"] == scene]
        if not own:
            continue
        lines.append([title])
        for one in own:
            row = by_id[one["kpi"]]
            of = "；".join(f"{n} {titled(lang, indicators[n], '')}" for n in row["indicators"] if n in indicators)
            lines.append([
                titled(lang, row["title"], row["kpi"]), Cell(of, "quiet"), count(one["rows"]),
                count(row["rows_excluded"]), made.t("kpis.version", n=row["definition_version"]),
                Cell(one["sha256"][:16] if one["rows"] else UNKNOWN, "quiet"),
            ])  # fmt: skip
    made.blocks += [Heading(made.t("section.evidence")), Text(made.t("evidence.intro")), Table(columns, lines)]
    made.blocks.append(Heading(made.t("evidence.missing_title"), level=2))
    needed: dict[str, list[str]] = {}
    for row in made.facts["kpis"]:
        for name in row["missing"]:
            needed.setdefault(name, []).append(titled(lang, row["title"], row["kpi"]))
    if not needed:
        made.blocks.append(Text(made.t("evidence.missing_none")))
        return
    known = {name: {"title": title} for name, title in made.identity["source_titles"].items()}
    columns = [Column(made.t("evidence.column_source"), 2), Column(made.t("evidence.column_needed"), 4),
               Column(made.t("evidence.column_giver"), 1.6)]  # fmt: skip
    separator = t(lang, "report.and")
    rows: list[list[Cell | str]] = [
        [source(lang, name, known.get(name)), Cell(separator.join(sorted(kpis)), "quiet"), giver(lang, name)]
        for name, kpis in sorted(needed.items())
    ]
    made.blocks.append(Table(columns, rows))
