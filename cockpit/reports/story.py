"""A report in words and pictures: its sections, made of plain blocks from the facts. Pure; nothing is asked here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cockpit.reports import drawing, story_kpis
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
from cockpit.reports.telling import elders_of, number, points, timed
from layouts.page import ZONE
from layouts.parts.format import UNKNOWN, count, day, large, measure, share, stamp
from layouts.parts.text import named, some, t, titled
from layouts.parts.where import where

Facts = Mapping[str, Any]
Line = list[Cell | str]

HOME_COLOURS = {"active": "#8FB8E0", "quiet": "#3F7FC0", "away": "#FFFFFF", "blind": "hatch"}


@dataclass
class Made:
    """What identifies the report, as it is printed in it, and the count of its pictures."""

    lang: str
    facts: Facts
    identity: Mapping[str, Any]
    map_svg: str | None
    figures: int = 0
    blocks: list[Block] = field(default_factory=list)

    def t(self, key: str, **values: object) -> str:
        return t(self.lang, f"report.{key}", **values)

    def figure(self, key: str, **values: object) -> str:
        """The caption of the next picture, with its number."""
        self.figures += 1
        return self.t(key, n=self.figures, **values)

    @property
    def is_public(self) -> bool:
        return bool(self.facts["report"]["audience"] == "public")


def paper_of(facts: Facts, identity: Mapping[str, Any], map_svg: str | None, lang: str) -> Paper:
    """The whole paper. ``identity``: what it rests on, and of an acceptance report the index of its evidence."""
    made = Made(lang, facts, identity, map_svg)
    kind = facts["report"]["kind"]
    _summary(made)
    if facts["scenes"] is not None:
        _scenes(made)
    _care(made)
    _places(made)
    if not made.is_public:
        _devices(made)
    story_kpis.add(made, whole=kind != "daily" or made.is_public)
    if kind == "acceptance" and not made.is_public:  # nobody in the street is given the rows
        story_kpis.evidence(made)
    _about(made)
    return _framed(made)


def _framed(made: Made) -> Paper:
    report, lang = made.facts["report"], made.lang
    community = named(lang, report["community"])
    at: datetime = report["at"]
    local = at.astimezone(ZONE)
    start, end = (stamp(lang, one, year=True) for one in (report["start"], at))
    audience = made.t(f"audience.{report['audience']}")
    marks = [audience, *([made.t("sample")] if report["community"]["is_sample"] else [])]
    return Paper(
        lang=lang,
        title=made.t("title", community=community, kind=made.t(f"kind.{report['kind']}")),
        subtitle=made.t("span", start=start, end=end),
        marks=marks,
        foot=[
            community,
            made.t("foot_at", at=stamp(lang, at, year=True, seconds=True)),
            made.t("foot_data", revision=made.identity["data_revision"]),
            audience,
        ],
        words={"program": made.t("program"), "contents": made.t("contents")},
        year=local.year,
        month=local.month,
        day=local.day,
        blocks=made.blocks,
    )


# --- the first page ---------------------------------------------------------------------------------------------------


def _summary(made: Made) -> None:
    made.blocks += [
        Heading(made.t("section.summary")),
        Points(points(made.lang, made.facts)),
        Cards(_cards(made)),
        Contents(),
    ]
    if made.map_svg is None:
        made.blocks.append(Text(made.t("map.none"), "blind"))
        return
    caption = made.figure("map.caption_public" if made.is_public else "map.caption")
    made.blocks.append(Picture(made.map_svg, caption, 0.97))


def _cards(made: Made) -> list[Card]:
    """Eight figures with what to compare them with."""
    lang, facts = made.lang, made.facts
    people, incidents = facts["residents"], facts["incidents"]
    centre = next((row for row in facts["places"] if row["place_kind"] == "facility" and _is_centre(facts, row)), None)
    raised = Card(made.t("card.raised"), number(lang, incidents["raised"]), _before(made, incidents["before"]))
    cards = [
        Card(made.t("card.people"), count(people["people"]), made.t("card.people_note", n=count(people["homes"]))),
    ]
    shown = Card(
        made.t("card.centre"),
        number(lang, centre["people"]) if centre else UNKNOWN,
        made.t("card.centre_note", n=count(centre["capacity"])) if centre else "",
        "" if centre and centre["people"] is not None else "blind",
    )
    measured = sum(row["status"] == "measured" for row in facts["kpis"])
    kpis = Card(made.t("card.kpis"), count(len(facts["kpis"])), made.t("card.kpis_note", n=count(measured)))
    if made.is_public:
        elders = Card(made.t("card.elders"), count(elders_of(people)))
        return [*cards, elders, raised, shown, *_figure_cards(made)[:3], kpis]
    homes, devices, scenes = facts["homes"], facts["devices"], facts["scenes"]
    blind = homes["states"].get("blind", 0) if homes["equipped"] else None
    still = incidents["open"] if incidents["sensed"] else None
    urgent = sum(one["severity"] == "act" for one in still or ())
    graded = sum(tile["attainment"] is not None for tile in scenes["tiles"] if tile["indicators"])
    online = devices["online"] / devices["all"] if devices["all"] else None
    return [
        *cards,
        Card(made.t("card.alone"), count(people["elder_alone"]),
             made.t("card.alone_note", n=count(homes["equipped"]))),
        Card(made.t("card.blind"), count(blind), made.t("card.blind_note", n=count(homes["equipped"])),
             "blind" if blind else ""),
        Card(made.t("card.open"), UNKNOWN if still is None else count(len(still)),
             made.t("card.open_note", n=count(urgent)), "act" if urgent else "look" if still else ""),
        raised,
        shown,
        Card(made.t("card.online"), share(online),
             made.t("card.online_note", n=count(devices["online"]), all=count(devices["all"])),
             "look" if online is not None and online < 0.95 else ""),
        Card(made.t("card.scenes"), f"{graded} / 9",
             made.t("card.scenes_note", n=scenes["measured"], all=scenes["indicators"])),
    ]  # fmt: skip


def _is_centre(facts: Facts, row: Facts) -> bool:
    hours = facts["hours"]
    return bool(hours and hours["name"] == row["name"])


def _before(made: Made, value: Any) -> str:
    return made.t("before_none") if value is None else made.t("before", value=number(made.lang, value))


def _figure_cards(made: Made) -> list[Card]:
    return [
        Card(some(made.lang, "report.figure", row["figure"]), _said(made.lang, row, row["value"]))
        for row in made.facts["figures"]
        if row["value"] is not None
    ]


def _said(lang: str, row: Facts, value: float | None) -> str:
    if value is None:
        return UNKNOWN
    return f"{measure(value)} {some(lang, 'units', row['unit'])}"


# --- the scenes -------------------------------------------------------------------------------------------


def _scenes(made: Made) -> None:
    lang, scenes = made.lang, made.facts["scenes"]
    nine = [tile for tile in scenes["tiles"] if tile["indicators"]]
    kind = titled(lang, scenes["kind"]["title"], UNKNOWN) if scenes["kind"] else made.t("scenes.kind_none")
    aim = next((g for g in scenes["grades"] if g["key"] == "good"), None)
    rows = [
        (titled(lang, tile["title"], tile["key"]), tile["attainment"], made.t("scenes.none")
         if tile["attainment"] is None else
         f"{round(tile['attainment'])}  {titled(lang, tile['grade_title'] or {}, '')}")
        for tile in nine
    ]  # fmt: skip
    limit = (aim["at_least"], f"{made.t('scenes.aim')} {aim['at_least']:g}") if aim else None
    caption = made.figure("scenes.caption", share=f"{scenes['least_share'] * 100:g}%")
    made.blocks += [
        Heading(made.t("section.scenes")),
        Text(made.t("scenes.basis", kind=kind, n=scenes["measured"], all=scenes["indicators"],
                    targets=scenes["targets"], verified=scenes["verified"])),
        Picture(drawing.bars(rows, limit=limit), caption, 0.92),
        _scene_table(made, scenes["tiles"]),
    ]  # fmt: skip


def _scene_table(made: Made, tiles: Sequence[Facts]) -> Table:
    lang, with_course = made.lang, any(tile["course"] for tile in tiles)
    names = {row["kpi"]: row for row in made.facts["kpis"]}
    columns = [
        Column(made.t("scenes.column_scene"), 1.5), Column(made.t("scenes.column_demand"), 0.8),
        Column(made.t("scenes.column_score"), 0.7, True), Column(made.t("scenes.column_grade"), 0.9),
        Column(made.t("scenes.column_indicators"), 1.2, True),
        *([Column(made.t("scenes.column_course"), 1.5)] if with_course else []),
        Column(made.t("scenes.column_worst"), 2.6), Column(made.t("scenes.column_missing"), 0.9, True),
    ]  # fmt: skip
    rows: list[Line] = []
    for tile in tiles:
        of, n = len(tile["indicators"]), sum(one["is_measured"] for one in tile["indicators"])
        worst = names.get(tile["worst"] or "")
        score = tile["attainment"]
        values = [value for _, value in tile["course"]]
        told = ", ".join(UNKNOWN if v is None else f"{v:.0f}" for v in values)
        rows.append([
            titled(lang, tile["title"], tile["key"]),
            t(lang, f"scenes.{tile['demand']}") if tile["demand"] else "",
            Cell(UNKNOWN if score is None else f"{round(score)}", "blind" if score is None else ""),
            Cell(titled(lang, tile["grade_title"] or {}, made.t("scenes.grade_none")),
                 "look" if tile["grade"] == "attention" else "blind" if score is None else ""),
            made.t("scenes.n_of", n=n, all=of) if of else made.t("scenes.kpis", n=tile["measured"]),
            *([Cell(told, svg=drawing.small(values, low=0, top=100))] if with_course else []),
            f"{titled(lang, worst['title'], '')} {round(worst['attainment'])}%" if worst else UNKNOWN,
            Cell(f"{len(tile['missing'])}", "blind" if tile["missing"] else "quiet"),
        ])  # fmt: skip
    return Table(columns, rows)


# --- care -------------------------------------------------------------------------------------------------------------


def _care(made: Made) -> None:
    lang, known = made.lang, made.facts["incidents"]
    made.blocks.append(Heading(made.t("section.care")))
    if known["open"] is None:
        made.blocks += [Text(f"{_public_sentence(made)} {made.t('care.public')}")]
        return
    if known["open"]:
        columns = [Column(made.t("care.column_what"), 2), Column(made.t("care.column_where"), 2.2),
                   Column(made.t("care.column_since"), 1.3), Column(made.t("care.column_phase"), 1.1)]  # fmt: skip
        rows: list[Line] = [
            [
                Cell(titled(lang, one["title"], one["id"]), one["severity"]),
                where(lang, one) or UNKNOWN, stamp(lang, one["raised_at"]), some(lang, "report.phase", one["phase"]),
            ]
            for one in known["open"]
        ]  # fmt: skip
        made.blocks += [Heading(made.t("care.open_title"), level=2), Table(columns, rows)]
    elif known["sensed"]:
        made.blocks.append(Text(made.t("care.open_none")))
    if known["sensed"]:
        _raised(made)
    states = (made.facts["homes"] or {}).get("states")
    if states:
        parts = [(t(lang, f"care.state.{name}"), float(states.get(name, 0)), colour)
                 for name, colour in HOME_COLOURS.items() if states.get(name)]  # fmt: skip
        made.blocks.append(Picture(drawing.parts(parts), made.figure("care.homes_caption"), 0.92))
    made.blocks += [Heading(made.t("care.levels_title"), level=2), _levels(made)]


def _public_sentence(made: Made) -> str:
    known = made.facts["incidents"]
    if not known["sensed"]:
        return t(made.lang, "report.point.unsensed")
    return t(made.lang, "report.point.public_raised", n=number(made.lang, known["raised"]))


def _raised(made: Made) -> None:
    lang, known = made.lang, made.facts["incidents"]
    buckets = known["by_day"]
    length = buckets[1][0] - buckets[0][0] if len(buckets) > 1 else None
    by_hour = length is not None and length.total_seconds() < 86_400
    by_month = length is not None and length.days > 1
    step = made.t("care.step_hour" if by_hour else "care.step_month" if by_month else "care.step_day")
    every = 1 if len(buckets) <= 12 else 4 if len(buckets) <= 24 else 5
    labels = [
        (n, stamp(lang, begin).split(" ")[-1] if by_hour else day(lang, begin, weekday=False))
        for n, (begin, _) in enumerate(buckets) if n % every == 0
    ]  # fmt: skip
    svg = drawing.pillars([n for _, n in buckets], labels, unit=made.t("care.raised", step=step))
    caption = made.figure("care.caption_raised", raised=count(known["raised"]), before=count(known["before"]))
    outcomes = {name: count(known["outcomes"].get(name, 0)) for name in ("true", "false", "test", "open")}
    made.blocks += [Picture(svg, caption, 0.95), Text(made.t("care.outcomes", **outcomes))]


def _levels(made: Made) -> Table:
    lang = made.lang
    columns = [
        Column(made.t("care.column_figure"), 1.6), Column(made.t("care.column_value"), 1, True),
        Column(made.t("care.column_before"), 1, True), Column(made.t("care.column_target"), 0.8, True),
        Column(made.t("care.column_verdict"), 0.7), Column(made.t("care.column_basis"), 4.3),
    ]  # fmt: skip
    rows: list[Line] = []
    for one in made.facts["incidents"]["levels"]:
        met = None if one["value"] is None or one["target"] is None else one["value"] >= one["target"]
        basis = titled(lang, one["definition"], "")
        if one["value"] is None:
            basis = titled(lang, one["missing"] or {}, "")
        elif one["unit"] == "share":
            basis = f"{count(one['n'])} / {count(one['of'])} · {basis}"
        rows.append([
            t(lang, f"service.figure.{one['name']}"),
            Cell(timed(lang, one, one["value"]), "blind" if one["value"] is None else "look" if met is False else ""),
            Cell(timed(lang, one, one["before"]), "quiet"),
            "" if one["target"] is None else f"≥{share(one['target'])}",
            "" if met is None else Cell(made.t("point.met" if met else "point.short"), "" if met else "look"),
            Cell(basis, "quiet"),
        ])  # fmt: skip
    return Table(columns, rows)


# --- places, devices --------------------------------------------------------------------------------------------------


def _places(made: Made) -> None:
    lang, facts = made.lang, made.facts
    made.blocks.append(Heading(made.t("section.places")))
    hours = facts["hours"]
    if hours and hours["points"]:
        by_hour = len(hours["points"]) <= 24
        labels = [
            (n, stamp(lang, at).split(" ")[-1] if by_hour else day(lang, at, weekday=False))
            for n, (at, _) in enumerate(hours["points"])
            if (n % 4 == 0 if by_hour else at.astimezone(ZONE).hour == 0)
        ]  # fmt: skip
        limit = None
        if hours["capacity"]:
            limit = (float(hours["capacity"]), made.t("places.capacity", n=count(hours["capacity"])))
        svg = drawing.course([p for _, p in hours["points"]], labels, unit=made.t("places.people"),
                             unknown=made.t("unknown"), limit=limit)  # fmt: skip
        key = "places.caption_public" if made.is_public else "places.caption"
        made.blocks.append(Picture(svg, made.figure(key, place=named(lang, hours)), 0.95))
    if facts["places"]:
        made.blocks.append(_place_table(made))
    if facts["figures"]:
        columns = [Column(made.t("places.column_service"), 2), Column(made.t("places.column_now"), 1.2, True),
                   Column(made.t("places.column_of"), 1, True), Column(made.t("places.column_before"), 1.2, True),
                   Column(made.t("places.column_known"), 1.2, True)]  # fmt: skip
        rows: list[Line] = [
            [some(lang, "report.figure", row["figure"]),
             Cell(_said(lang, row, row["value"]), "blind" if row["value"] is None else ""),
             "" if row["total"] is None else _said(lang, row, row["total"]),
             Cell(_said(lang, row, row["before"]), "quiet"), f"{count(row['fresh'])} / {count(row['devices'])}"]
            for row in facts["figures"]
        ]  # fmt: skip
        made.blocks += [Heading(made.t("places.services_title"), level=2),
                        Table(columns, rows, made.t("places.caption_parts"))]  # fmt: skip


def _place_table(made: Made) -> Table:
    lang = made.lang
    columns = [Column(made.t("places.column_place"), 2.4), Column(made.t("places.column_people"), 1, True),
               Column(made.t("places.column_capacity"), 1, True), Column(made.t("places.column_share"), 1, True),
               Column(made.t("places.column_method"), 1.8)]  # fmt: skip
    groups = {"estate": "estates", "facility": "facilities", "room": "rooms"}
    rows: list[Line] = []
    for kind, title in groups.items():
        own = [row for row in made.facts["places"] if row["place_kind"] == kind]
        if not own:
            continue
        rows.append([made.t(f"places.{title}")])
        for row in own:
            method = t(lang, f"method.{row['method']}")
            grade = "" if row["grade"] == "good" else " · " + t(lang, f"grade.{row['grade']}")
            rows.append([
                named(lang, row), Cell(number(lang, row["people"]), "blind" if row["people"] is None else ""),
                count(row["capacity"]), share(row["share"]), Cell(method + grade, "quiet"),
            ])  # fmt: skip
    return Table(columns, rows)


def _devices(made: Made) -> None:
    lang, facts = made.lang, made.facts
    devices, sources = facts["devices"], facts["sources"]
    made.blocks.append(Heading(made.t("section.devices")))
    if not devices["all"]:
        made.blocks.append(Text(made.t("devices.none"), "blind"))
    else:
        columns = [Column(made.t("devices.column_type"), 3), *(Column(t(lang, f"status.{s}"), 1, True)
                                                               for s in ("fresh", "stale", "lost"))]  # fmt: skip
        odd = [row for row in devices["by_type"] if row["lost"] or row["stale"]]
        calm = [row for row in devices["by_type"] if row not in odd]
        rows: list[Line] = [
            [titled(lang, row["title"], row["type"]), count(row["fresh"]), Cell(count(row["stale"]), ""),
             Cell(count(row["lost"]), "act" if row["lost"] else "")]
            for row in odd
        ]  # fmt: skip
        more = made.t("devices.more", n=len(calm), all=count(sum(row["fresh"] for row in calm)))
        made.blocks += [Table(columns, rows, more)] if rows else [Text(more)]
        away = [one["name"] for one in sources["connections"] if not one["connected"]]
        made.blocks.append(Text(made.t("devices.battery", n=count(devices["low"]),
                                       quarantined=large(lang, sources["quarantined"]))))  # fmt: skip
        if away:
            at = stamp(lang, facts["report"]["at"])
            made.blocks.append(Text(made.t("devices.away", at=at, names=", ".join(away)), "look"))
    made.blocks.append(Heading(made.t("devices.late_title"), level=2))
    found = facts["late"]
    if found is None:
        made.blocks.append(Text(made.t("devices.late_first")))
    elif not found["readings"]:
        made.blocks.append(Text(made.t("devices.late_none", at=stamp(lang, found["since"]))))
    else:
        made.blocks.append(Text(made.t(
            "devices.late", at=stamp(lang, found["since"]), readings=count(found["readings"]),
            devices=count(found["devices"]), came=stamp(lang, found["came_last"]),
        )))  # fmt: skip


# --- what it rests on -------------------------------------------------------------------------------------------------


def _about(made: Made) -> None:
    lang, report, identity = made.lang, made.facts["report"], made.identity
    said = identity["definitions"]
    rows = [
        [made.t("about.community"), f"{named(lang, report['community'])} ({report['community']['id']})"],
        [made.t("about.at"), report["at"].astimezone(ZONE).isoformat()],
        [made.t("about.span"), made.t("span", start=stamp(lang, report["start"], year=True),
                                      end=stamp(lang, report["at"], year=True))],
        [made.t("about.audience"), made.t(f"audience.{report['audience']}")],
        [made.t("about.revision"), identity["data_revision"]],
        [made.t("about.definitions"), made.t("about.definitions_said", n=len(said["kpis"]), book=said["scenes"],
                                             digest=said["digest"][:16])],
        [made.t("about.code"), f"CIM Cockpit {identity['version']}"],
        [made.t("about.key"), made.t("about.key_said")],
    ]  # fmt: skip
    made.blocks += [
        Heading(made.t("section.about")),
        Text(made.t("about.how")),
        Text(made.t("about.known")),
        Table([Column(made.t("about.column_what"), 1), Column(made.t("about.column_value"), 3)], rows),
        Text(made.t("about.verify")),
        Text(made.t("about.signature"), "quiet"),
    ]
