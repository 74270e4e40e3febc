"""What-if scenarios in words and tables, made of the blocks of every other report. Pure; nothing is asked here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cockpit.reports.blocks import (
    Block,
    Card,
    Cards,
    Cell,
    Column,
    Contents,
    Heading,
    Paper,
    Picture,
    Points,
    Table,
    Text,
)
from layouts.page import ZONE
from layouts.parts.circle_words import hours_words, kind_of
from layouts.parts.format import UNKNOWN, count, measure, share, stamp
from layouts.parts.text import named, t

Facts = Mapping[str, Any]
Line = list[Cell | str]
Pictures = Mapping[tuple[str, str], str]
GROUPS = ("homes", "people", "aged_60", "aged_80", "aged_0_3", "aged_3_6")


def paper_of(facts: Facts, identity: Mapping[str, Any], pictures: Pictures, lang: str) -> Paper:
    """One scenario, or several side by side and then each."""
    report, scenarios = facts["report"], facts["scenarios"]
    local = report["at"].astimezone(ZONE)
    place = named(lang, report["community"])
    mark, audience = t(lang, "what_if.mark"), t(lang, f"report.audience.{report['audience']}")
    sample = [t(lang, "report.sample")] if report["community"]["is_sample"] else []
    names = t(lang, "health.and").join(one["name"] for one in scenarios)
    blocks = [*_summary(facts, lang), *(_compared(facts, lang) if len(scenarios) > 1 else ())]
    for one in scenarios:
        blocks += _scenario(facts, one, pictures, lang)
    return Paper(
        lang=lang, title=t(lang, "scenario.title", place=place),
        subtitle=t(lang, "scenario.subtitle", names=names, at=stamp(lang, report["at"], year=True)),
        marks=[mark, audience, *sample],
        foot=[mark, place, t(lang, "report.foot_at", at=stamp(lang, report["at"], year=True, seconds=True)),
              t(lang, "report.foot_data", revision=identity["data_revision"]), audience],
        words={"program": t(lang, "report.program"), "contents": t(lang, "report.contents")},
        year=local.year, month=local.month, day=local.day, blocks=[*blocks, *_about(facts, identity, lang)],
    )  # fmt: skip


# --- in short ---------------------------------------------------------------------------------------------------------


def _summary(facts: Facts, lang: str) -> Iterable[Block]:
    yield Heading(t(lang, "scenario.section.summary"))
    points = [("look", t(lang, "scenario.point.mark"))]
    cards = []
    for one in facts["scenarios"]:
        if one["wrong"]:
            points.append(("blind", t(lang, "scenario.point.wrong", name=one["name"], why=one["wrong"])))
        for kind in one["kinds"]:
            points.append(("", _point(facts, one, kind, lang)))
            cards.append(_card(facts, one, kind, lang))
            if (best := kind["best"]) and not best["refused"]:
                points.append(_best_point(one, kind, lang))
    yield Points(points)
    if cards:
        yield Cards(cards)
    yield Contents()


def _of(kind: Facts, unit: str, limit: float, group: str) -> Facts:
    return next(row for row in kind["covered"] if (row["unit"], row["limit"], row["group"]) == (unit, limit, group))


def _gain(facts: Facts, kind: Facts) -> Facts:
    return _of(kind, "m", facts["limits"]["gain_m"], kind["group"])


def _who(lang: str, kind: Facts) -> dict[str, str]:
    return {"group": t(lang, f"circles.group.{kind['group']}"), "unit": t(lang, f"circles.group_unit.{kind['group']}")}


def _point(facts: Facts, one: Facts, kind: Facts, lang: str) -> str:
    row = _gain(facts, kind)
    if not row["total"]:
        return t(lang, "scenario.point.nobody", name=one["name"], kind=kind_of(lang, kind["kind"]), **_who(lang, kind))
    return t(lang, "scenario.point.gain", name=one["name"], kind=kind_of(lang, kind["kind"]),
             limit=count(facts["limits"]["gain_m"]), a=share(row["before"] / row["total"], 0),
             b=share(row["after"] / row["total"], 0), change=signed(row["after"] - row["before"]),
             **_who(lang, kind))  # fmt: skip


def _card(facts: Facts, one: Facts, kind: Facts, lang: str) -> Card:
    row = _gain(facts, kind)
    label = f"{one['name']} · {kind_of(lang, kind['kind'])}"
    if not row["total"]:
        return Card(label, UNKNOWN, t(lang, "scenario.unregistered"), "blind")
    note = t(lang, "what_if.newly", group=_who(lang, kind)["group"],
             limit=t(lang, "circles.m", n=count(facts["limits"]["gain_m"])))  # fmt: skip
    return Card(label, f"{signed(row['after'] - row['before'])} {_who(lang, kind)['unit']}", note)


def _best_point(one: Facts, kind: Facts, lang: str) -> tuple[str, str]:
    best = kind["best"]
    words = {"name": one["name"], "k": count(best["k"]), "n": count(best["candidates"]), "best": count(best["people"]),
             "own": count(best["scenario_people"]), **_who(lang, kind)}  # fmt: skip
    if not best["proven"]:
        return "blind", t(lang, "scenario.point.best_open", **words)
    return ("good" if best["scenario_people"] >= best["people"] else "look"), t(lang, "scenario.point.best", **words)


def signed(value: float) -> str:
    """``+12``, ``−3``, ``±0``."""
    return f"+{count(value)}" if value > 0 else f"−{count(-value)}" if value < 0 else "±0"


# --- side by side -----------------------------------------------------------------------------------------------------


def _compared(facts: Facts, lang: str) -> Iterable[Block]:
    """Each scenario a column; each kind, limit and group a row: who is within after it, and the change."""
    scenarios, gain = facts["scenarios"], facts["limits"]["gain_m"]
    yield Heading(t(lang, "scenario.section.compared"))
    yield Text(t(lang, "scenario.compared_how"))
    lines: list[Line] = []
    kinds = dict.fromkeys(kind["kind"] for one in scenarios for kind in one["kinds"])
    told = _told(scenarios)
    for name in kinds:
        for unit, limit in (("m", gain), ("min", facts["limits"]["minutes"][-1])):
            lines.append([f"{kind_of(lang, name)} · {_limit(lang, unit, limit)}"])
            lines += [
                [t(lang, f"circles.group.{group}"),
                 *(_compared_cell(_kind(one, name), unit, limit, group) for one in scenarios)]
                for group in told
            ]  # fmt: skip
        if any(_served_after(_kind(one, name)) is not None for one in scenarios):
            places = [_served_after(_kind(one, name)) for one in scenarios]
            lines.append([t(lang, "scenario.with_place", limit=_limit(lang, "m", gain)), *map(count, places)])
    lines.append([t(lang, "scenario.costs")])
    lines.append([t(lang, "what_if.cost"), *(count(one["yuan"]) for one in scenarios)])
    lines.append([t(lang, "scenario.profile"), *(t(lang, f"circles.speeds.{one['profile']}") for one in scenarios)])
    columns = [Column(t(lang, "what_if.th.group"), 1.4), *(Column(one["name"], 1.4, end=True) for one in scenarios)]
    yield Table(columns, lines, t(lang, "scenario.compared_note"))


def _told(scenarios: Sequence[Facts]) -> list[str]:
    """The groups of which anybody is counted."""
    rows = [row for one in scenarios for kind in one["kinds"] for row in kind["covered"]]
    return [group for group in GROUPS if any(row["total"] for row in rows if row["group"] == group)]


def _served_after(kind: Facts | None) -> float | None:
    served = None if kind is None else kind["served"][1]
    return served["served"] if served and served["demand"] else None


def _kind(one: Facts, name: str) -> Facts | None:
    return next((kind for kind in one["kinds"] if kind["kind"] == name), None)


def _compared_cell(kind: Facts | None, unit: str, limit: float, group: str) -> Cell | str:
    if kind is None:
        return Cell(UNKNOWN, "quiet")
    row = _of(kind, unit, limit, group)
    if not row["total"]:
        return Cell(UNKNOWN, "blind")
    change = row["after"] - row["before"]
    return Cell(f"{count(row['after'])} ({signed(change)})", "good" if change > 0 else "look" if change < 0 else "")


def _limit(lang: str, unit: str, limit: float) -> str:
    return t(lang, f"circles.{unit}", n=count(limit))


# --- one scenario -----------------------------------------------------------------------------------------------------


def _scenario(facts: Facts, one: Facts, pictures: Pictures, lang: str) -> Iterable[Block]:
    yield Heading(t(lang, "scenario.section.one", name=one["name"]))
    yield Text(t(lang, "scenario.one", profile=t(lang, f"circles.speeds.{one['profile']}"),
                 pace=measure(one["metres_per_minute"], 0), saved=stamp(lang, one["saved_at"], year=True),
                 base=stamp(lang, one["base_at"], year=True)))  # fmt: skip
    if one["wrong"]:
        yield Text(t(lang, "what_if.wrong", why=one["wrong"]), "blind")
    yield Heading(t(lang, "scenario.section.edits"), 2)
    yield _edits(one, lang)
    for kind in one["kinds"]:
        yield from _of_kind(facts, one, kind, pictures, lang)


def _edits(one: Facts, lang: str) -> Table:
    keys = (("no", 0.4, False), ("op", 0.8, False), ("what", 2.4, False), ("area", 0.9, True), ("places", 1.1, True),
            ("hours", 2.2, False), ("yuan", 1.2, True))  # fmt: skip
    lines: list[Line] = [
        [str(edit["no"]), t(lang, f"what_if.op.{edit['op']}"), _what(edit, lang), measure(edit["area_m2"], 0),
         _places_words(edit), hours_words(lang, edit["opening_hours"]) or UNKNOWN, count(edit["yuan"])]
        for edit in one["edits"]
    ]  # fmt: skip
    columns = [Column(t(lang, f"scenario.edit.{key}"), width, end=end) for key, width, end in keys]
    return Table(columns, lines or [[t(lang, "scenario.no_edits")]], t(lang, "scenario.edit_note"))


def _what(edit: Facts, lang: str) -> str:
    name = named(lang, edit, "") if edit["name"] else edit["facility_id"] or ""
    words = " · ".join(word for word in (kind_of(lang, edit["kind"]) if edit["kind"] else "", name) if word)
    if edit["lon"] is not None:
        words += f" ({edit['lon']:.5f}, {edit['lat']:.5f})"
    return words or UNKNOWN


def _places_words(edit: Facts) -> str:
    if edit["op"] == "enlarge":
        return f"{count(edit['capacity_before'])} → {count(edit['capacity'])}"
    return count(edit["capacity"] if edit["op"] == "put" else edit["capacity_before"])


def _of_kind(facts: Facts, one: Facts, kind: Facts, pictures: Pictures, lang: str) -> Iterable[Block]:
    word = kind_of(lang, kind["kind"])
    yield Heading(t(lang, "scenario.section.kind", kind=word, a=kind["facilities"][0], b=kind["facilities"][1]), 2)
    if (svg := pictures.get((one["id"], kind["kind"]))) is not None:
        yield Picture(svg, t(lang, "scenario.map.caption"), 0.92)
    yield _coverage(facts, kind, lang)
    yield Points([*_places(facts, kind, lang), *_hour(facts, kind, lang)])
    if kind["effects"]:
        yield Heading(t(lang, "scenario.section.effects", **_who(lang, kind)), 2)
        yield _effects(one, kind, lang)
    if kind["best"]:
        yield Heading(t(lang, "scenario.section.best", k=kind["best"]["k"]), 2)
        yield from _best(kind, lang)


def _coverage(facts: Facts, kind: Facts, lang: str) -> Table:
    """Groups under each limit: share and number before and after, who comes in and who falls out."""
    keys = ("total", "before", "after", "change", "gained", "lost")
    told = _told([{"kinds": [kind]}])
    lines: list[Line] = []
    for unit, limits in (("m", facts["limits"]["metres"]), ("min", facts["limits"]["minutes"])):
        for limit in limits:
            lines.append([_limit(lang, unit, limit)])
            lines += [_coverage_row(_of(kind, unit, limit, group), lang) for group in told]
    columns = [Column(t(lang, "what_if.th.group"), 1.5)]
    columns += [Column(t(lang, f"scenario.coverage.{key}"), 1.2, end=True) for key in keys]
    uncounted = max((row["uncounted"] for row in kind["covered"] if row["group"] in told), default=0)
    notes = [t(lang, "scenario.uncounted", n=count(uncounted))] if uncounted else []
    if untold := [t(lang, f"circles.group.{group}") for group in GROUPS if group not in told]:
        notes.append(t(lang, "scenario.untold", groups=t(lang, "health.and").join(untold)))
    return Table(columns, lines, " ".join(notes))


def _coverage_row(row: Facts, lang: str) -> Line:
    name = t(lang, f"circles.group.{row['group']}")
    change = row["after"] - row["before"]
    return [
        name, count(row["total"]), f"{count(row['before'])} · {share(row['before'] / row['total'], 0)}",
        f"{count(row['after'])} · {share(row['after'] / row['total'], 0)}",
        Cell(signed(change), "good" if change > 0 else "look" if change < 0 else "quiet"), count(row["gained"]),
        count(row["lost"]),
    ]  # fmt: skip


def _places(facts: Facts, kind: Facts, lang: str) -> Iterable[tuple[str, str]]:
    """Places against who needs one, and who has no place because nobody said how many there are."""
    before, after = kind["served"]
    if before is None:
        yield "", t(lang, "scenario.places_none")
        return
    if not after["demand"]:
        yield "blind", t(lang, "scenario.places_blind")
        return
    yield "", t(lang, "what_if.served", a=count(before["served"]), b=count(after["served"]),
                demand=count(after["demand"]), places=count(after["places"]),
                limit=_limit(lang, "m", facts["limits"]["gain_m"]))  # fmt: skip
    if after["unknown"]:
        yield "blind", t(lang, "what_if.no_capacity", n=count(after["unknown"]))


def _hour(facts: Facts, kind: Facts, lang: str) -> Iterable[tuple[str, str]]:
    """Who reaches one at the hour people come home; who would, were those open whose hours nobody knows."""
    hour = kind["hour"]
    row = next(one for one in hour["covered"] if one["group"] == kind["group"])
    if not row["total"]:
        return
    words = {"hour": f"{facts['limits']['hour']:02d}", "a": count(row["before"]), "b": count(row["after"]),
             "limit": _limit(lang, "m", facts["limits"]["gain_m"]), **_who(lang, kind)}  # fmt: skip
    yield "", t(lang, "scenario.hour", **words)
    if hour["unknown"][0] or hour["unknown"][1]:
        yield "blind", t(lang, "what_if.hours_unknown", n=count(hour["unknown"][1]), a=count(row["perhaps_before"]),
                         b=count(row["perhaps_after"]), **_who(lang, kind))  # fmt: skip


def _effects(one: Facts, kind: Facts, lang: str) -> Table:
    keys = ("edit", "people", "per_m2", "per_10k", "metres", "snap")
    by_no = {edit["no"]: edit for edit in one["edits"]}
    lines: list[Line] = []
    for row in kind["effects"]:
        name = f"{row['edit']} {_what(by_no[row['edit']], lang)}"
        off = Cell(t(lang, "what_if.off_path"), "blind") if row["snap_m"] is None else f"{measure(row['snap_m'], 0)} m"
        unknown = (Cell(t(lang, "what_if.no_area"), "blind"), Cell(t(lang, "what_if.no_yuan"), "blind"))
        lines.append([
            name, count(row["people"]), unknown[0] if row["per_m2"] is None else measure(row["per_m2"], 2),
            unknown[1] if row["per_10k"] is None else measure(row["per_10k"], 1),
            f"{count(row['metres_saved'])} m", off,
        ])  # fmt: skip
    columns = [Column(t(lang, f"scenario.effect.{key}"), 2.6 if key == "edit" else 1.1, end=key != "edit")
               for key in keys]  # fmt: skip
    return Table(columns, lines, t(lang, "scenario.effect_note"))


def _best(kind: Facts, lang: str) -> Iterable[Block]:
    best = kind["best"]
    if best["refused"]:
        yield Text(best["refused"], "blind")
        return
    words = {"n": count(best["candidates"]), "where": t(lang, f"what_if.where.{best['where']}"), "k": count(best["k"])}
    yield Text(t(lang, "scenario.best_how", **words))
    proof = t(lang, "what_if.proven") if best["proven"] else t(lang, "scenario.unproven")
    yield Points(
        [
            ("good" if best["proven"] else "blind", proof),
            ("", t(lang, "scenario.best_people", best=count(best["people"]), own=count(best["scenario_people"]),
                   limit=_limit(lang, "m", best["limit_m"]), **_who(lang, kind))),
        ]
    )  # fmt: skip
    keys = ("site", "people", "area", "per_m2", "per_10k")
    lines: list[Line] = [
        [f"{n} {site['title']}", count(site["people"]), measure(site["area_m2"], 0), measure(site["per_m2"], 2),
         measure(site["per_10k"], 1)]
        for n, site in enumerate(best["sites"], 1)
    ]  # fmt: skip
    if lines:
        columns = [Column(t(lang, f"scenario.best_column.{key}"), 2.6 if key == "site" else 1.1, end=key != "site")
                   for key in keys]  # fmt: skip
        yield Table(columns, lines)


# --- what it rests on -------------------------------------------------------------------------------------------------


def _about(facts: Facts, identity: Mapping[str, Any], lang: str) -> Iterable[Block]:
    report = facts["report"]
    ids: list[Line] = [[t(lang, "scenario.id"), f"{one['id']} · {one['name']}"] for one in facts["scenarios"]]
    rows: Sequence[Line] = [
        [t(lang, "report.about.at"), report["at"].astimezone(ZONE).isoformat()],
        [t(lang, "report.about.audience"), t(lang, f"report.audience.{report['audience']}")],
        *ids,
        [t(lang, "report.about.revision"), identity["data_revision"]],
        [t(lang, "scenario.definitions"), identity["definitions"]["digest"][:16]],
        [t(lang, "report.about.code"), f"CIM Cockpit {identity['version']}"],
        [t(lang, "report.about.key"), t(lang, "report.about.key_said")],
    ]
    yield Heading(t(lang, "report.section.about"))
    yield Text(t(lang, "scenario.about"))
    yield Text(t(lang, "report.about.known"))
    yield Table([Column(t(lang, "report.about.column_what"), 1), Column(t(lang, "report.about.column_value"), 3)], rows)
    yield Text(t(lang, "report.about.verify"))
    yield Text(t(lang, "report.about.signature"), "quiet")
