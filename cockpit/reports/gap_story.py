"""A gap plan in words and tables, made of the blocks of every other report. Pure; nothing is asked here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cockpit.reports.blocks import Block, Card, Cards, Cell, Column, Contents, Heading, Paper, Points, Table, Text
from layouts.page import ZONE
from layouts.parts import health_words as words
from layouts.parts.format import UNKNOWN, count, measure, stamp
from layouts.parts.health_views import lacks
from layouts.parts.text import named, t, titled

Facts = Mapping[str, Any]
Line = list[Cell | str]
NAMED = 3
"""Items named in a sentence; the tables have them all."""


def paper_of(facts: Facts, identity: Mapping[str, Any], lang: str) -> Paper:
    """The plan of one community, or of the bottom tenth."""
    is_city = facts["report"]["kind"] == "gap_plan_city"
    blocks = [*(_city(facts, lang) if is_city else _one(facts, lang)), *_rulebook(facts, lang),
              *_about(facts, identity, lang)]  # fmt: skip
    report = facts["report"]
    local = report["at"].astimezone(ZONE)
    place = t(lang, "gap.city") if is_city else named(lang, report["community"])
    audience = t(lang, f"report.audience.{report['audience']}")
    sample = [t(lang, "report.sample")] if report["community"]["is_sample"] else []
    return Paper(
        lang=lang, title=t(lang, "gap.title", place=place),
        subtitle=t(lang, "gap.subtitle", book=titled(lang, facts["book"]["title"], ""),
                   version=facts["book"]["version"], at=stamp(lang, report["at"], year=True)),
        marks=[audience, *sample],
        foot=[place, t(lang, "report.foot_at", at=stamp(lang, report["at"], year=True, seconds=True)),
              t(lang, "report.foot_data", revision=identity["data_revision"]), audience],
        words={"program": t(lang, "report.program"), "contents": t(lang, "report.contents")},
        year=local.year, month=local.month, day=local.day, blocks=blocks,
    )  # fmt: skip


# --- one community ----------------------------------------------------------------------------------------------------


def _one(facts: Facts, lang: str) -> Iterable[Block]:
    one = facts["communities"][0]
    index, rows = one["index"], one["rows"]
    failed = [row for row in rows if row["verdict"] == "fail"]
    unknown = [row for row in rows if row["verdict"] == "not_measurable"]
    yield Heading(t(lang, "gap.section.summary"))
    yield Points(_points(lang, index, failed, unknown))
    yield Cards(_cards(lang, facts, index))
    yield Contents()
    yield Heading(t(lang, "gap.section.short"))
    if failed:
        yield Text(t(lang, "gap.short_how"))
        yield _short_table(lang, facts, failed)
        if one["idle"]:
            yield Heading(t(lang, "gap.idle"), 2)
            yield Table(
                [Column(t(lang, "gap.column.space"), 1), Column(t(lang, "gap.column.name"), 3),
                 Column(t(lang, "gap.column.area"), 1, end=True)],
                [[space["space_no"], space["title"], measure(space["area_m2"])] for space in one["idle"]],
                t(lang, "gap.idle_note"),
            )  # fmt: skip
    else:
        yield Text(t(lang, "gap.nothing_short"))
    yield Heading(t(lang, "gap.section.unknown"))
    if unknown:
        yield Text(t(lang, "gap.unknown_how"))
        yield _unknown_table(lang, unknown)
    else:
        yield Text(t(lang, "gap.nothing_unknown"))
    yield Heading(t(lang, "gap.section.index"))
    yield Text(t(lang, "gap.index_how"))
    yield _index_table(lang, rows)


def _points(lang: str, index: Facts, failed: Sequence[Facts], unknown: Sequence[Facts]) -> list[tuple[str, str]]:
    found = []
    if index["index"] is None:
        found.append(("blind", t(lang, f"gap.point.refused_{index['refused']}")))
    else:
        said = t(lang, "gap.point.index", index=measure(index["index"]), counted=index["counted"],
                 verified=index["verified"], items=index["items"])  # fmt: skip
        if index["of"] > 1:
            said += t(lang, "gap.point.rank", rank=index["rank"], of=index["of"])
        found.append(("look" if index["bottom"] else "", said))
    sourced = [row for row in failed if row["verified"]]
    if sourced:
        found.append(("look", t(lang, "gap.point.short", n=len(sourced), what=_names(lang, sourced))))
    if weak := [row for row in failed if not row["verified"]]:
        found.append(("", t(lang, "gap.point.unverified", n=len(weak), what=_names(lang, weak))))
    room = sum(row["need"] for row in failed if row["need_unit"] == "m2" and row["need"])
    if room:
        found.append(("", t(lang, "gap.point.room", area=measure(room))))
    if unknown:
        found.append(("blind", t(lang, "gap.point.unknown", n=len(unknown), what=_names(lang, unknown))))
    return found


def _names(lang: str, rows: Sequence[Facts]) -> str:
    listed = t(lang, "health.and").join(titled(lang, row["title"], row["item"]) for row in rows[:NAMED])
    return listed if len(rows) <= NAMED else t(lang, "gap.and_more", what=listed)


def _cards(lang: str, facts: Facts, index: Facts) -> list[Card]:
    rank = UNKNOWN if index["rank"] is None else f"{index['rank']} / {index['of']}"
    said = UNKNOWN if index["index"] is None else measure(index["index"])
    basis = t(lang, "health.basis", counted=index["counted"], verified=index["verified"], items=index["items"])
    return [
        Card(t(lang, "health.index"), said, basis, "blind" if index["index"] is None else ""),
        Card(t(lang, "gap.rank"), rank, t(lang, "health.bottom") if index["bottom"] else "",
             "look" if index["bottom"] else ""),
        Card(words.verdict(lang, "pass"), count(index["passed"]), t(lang, "gap.of_items", n=index["items"])),
        Card(words.verdict(lang, "fail"), count(index["failed"]), "", "look" if index["failed"] else ""),
        Card(words.verdict(lang, "not_measurable"), count(index["not_measurable"]), "",
             "blind" if index["not_measurable"] else ""),
        Card(t(lang, "gap.sourced"), f"{index['verified']} / {index['items']}", t(lang, "gap.sourced_note")),
    ]  # fmt: skip


def _short_table(lang: str, facts: Facts, rows: Sequence[Facts]) -> Table:
    """What falls short, under its category, those with a sourced threshold marked."""
    lines: list[Line] = []
    for key, title in facts["book"]["categories"].items():
        own = [row for row in rows if row["category"] == key]
        lines += [[titled(lang, title, key)]] if own else []
        lines += [_short(lang, row) for row in own]
    return Table(_short_columns(lang), lines, t(lang, "gap.legend"))


def _short_columns(lang: str) -> list[Column]:
    keys = (("no", 0.5, False), ("item", 2.4, False), ("value", 1.3, True), ("threshold", 1.4, True),
            ("need", 1.7, False), ("fix", 2.7, False), ("basis", 0.9, False))  # fmt: skip
    return [Column(t(lang, f"gap.column.{key}"), width, end=end) for key, width, end in keys]


def _short(lang: str, row: Facts) -> Line:
    need = words.needed(lang, row) or (
        t(lang, "health.short_of", gap=words.amount(lang, row["gap"], row["unit"])) if row["gap"] else UNKNOWN
    )
    return [
        row["no"], titled(lang, row["title"], row["item"]), Cell(words.value(lang, row), "look"),
        words.threshold(lang, row), need, words.fixes(lang, row) or UNKNOWN, _basis(lang, row),
    ]  # fmt: skip


def _basis(lang: str, row: Facts) -> Cell:
    return Cell(t(lang, "health.verified"), "good") if row["verified"] else Cell(t(lang, "health.unverified"), "quiet")


def _unknown_table(lang: str, rows: Sequence[Facts]) -> Table:
    keys = (("no", 0.5), ("item", 2.2), ("lack", 3.0), ("giver", 2.2))
    lines: list[Line] = [
        [row["no"], titled(lang, row["title"], row["item"]), Cell(lacks(lang, row) or UNKNOWN, "blind"),
         t(lang, "health.and").join(dict.fromkeys(words.who(lang, one, row) for one in row["missing"])) or UNKNOWN]
        for row in rows
    ]  # fmt: skip
    return Table([Column(t(lang, f"gap.column.{key}"), width) for key, width in keys], lines)


def _index_table(lang: str, rows: Sequence[Facts]) -> Table:
    keys = (("no", 0.5, False), ("item", 3.0, False), ("verdict", 1.4, False), ("weight", 0.8, True),
            ("score", 0.8, True), ("points", 0.9, True))  # fmt: skip
    tones = {"pass": "good", "fail": "look", "not_measurable": "blind"}
    lines: list[Line] = [
        [row["no"], titled(lang, row["title"], row["item"]),
         Cell(words.verdict(lang, row["verdict"]), tones[row["verdict"]]), measure(row["weight"]),
         measure(row["score"]) if row["counts"] else UNKNOWN,
         measure(row["contribution"]) if row["counts"] else t(lang, "gap.not_counted")]
        for row in rows
    ]  # fmt: skip
    columns = [Column(t(lang, f"gap.column.{k}"), w, end=end) for k, w, end in keys]
    return Table(columns, lines, t(lang, "gap.index_note"))


# --- the bottom tenth -------------------------------------------------------------------------------------------------


def _city(facts: Facts, lang: str) -> Iterable[Block]:
    communities = facts["communities"]
    sourced = [row for one in communities for row in one["rows"] if row["verdict"] == "fail" and row["verified"]]
    room = sum(row["need"] for row in sourced if row["need_unit"] == "m2" and row["need"])
    worst = [one for one in facts["items"] if one["failing"]]
    worst.sort(key=lambda one: (-one["failing"], one["no"]))
    yield Heading(t(lang, "gap.section.summary"))
    yield Points(
        [
            ("look", t(lang, "gap.point.city", n=count(len(communities)), ranked=count(facts["ranked"]),
                       all=count(facts["all"]))),
            *([("", t(lang, "gap.point.city_worst", what=_city_names(lang, worst)))] if worst else []),
            *([("", t(lang, "gap.point.city_room", area=measure(room)))] if room else []),
            ("", t(lang, "gap.point.city_order")),
        ]
    )  # fmt: skip
    yield Cards(
        [
            Card(t(lang, "gap.card.bottom"), count(len(communities)),
                 t(lang, "gap.card.ranked", n=count(facts["ranked"])), "look"),
            Card(t(lang, "gap.card.households"), count(sum(one["index"]["households"] for one in communities)), ""),
            Card(t(lang, "gap.card.room"), measure(room), t(lang, "gap.card.room_note")),
            Card(t(lang, "gap.card.short"), count(len(sourced)), t(lang, "gap.card.short_note")),
        ]
    )  # fmt: skip
    yield Contents()
    yield Heading(t(lang, "gap.section.order"))
    keys = (("rank", 0.6, True), ("community", 2.2, False), ("households", 0.8, True), ("points_index", 0.8, True),
            ("failed", 0.8, True), ("unknown", 0.8, True), ("basis_index", 1.1, True))  # fmt: skip
    yield Table(
        [Column(t(lang, f"gap.column.{k}"), w, end=end) for k, w, end in keys],
        [
            [count(one["index"]["rank"]), named(lang, one, one["id"]), count(one["index"]["households"]),
             measure(one["index"]["index"]),
             count(one["index"]["failed"]), count(one["index"]["not_measurable"]),
             f"{one['index']['counted']} / {one['index']['verified']}"]
            for one in communities
        ],
        t(lang, "gap.order_note"),
    )  # fmt: skip
    yield Heading(t(lang, "gap.section.by_item"))
    yield Table(
        [Column(t(lang, "gap.column.no"), 0.5), Column(t(lang, "gap.column.item"), 3),
         Column(t(lang, "gap.column.communities"), 1, end=True), Column(t(lang, "gap.column.basis"), 1)],
        [[one["no"], titled(lang, one["title"], one["item"]), count(one["failing"]), _basis(lang, one)]
         for one in worst],
    )  # fmt: skip
    yield Heading(t(lang, "gap.section.each"))
    yield Text(t(lang, "gap.each_how"))
    lines: list[Line] = []
    for one in communities:
        lines.append([f"{named(lang, one, one['id'])} · {t(lang, 'health.index')} {measure(one['index']['index'])}"])
        failed = [row for row in one["rows"] if row["verdict"] == "fail" and row["verified"]]
        lines += [_short(lang, row) for row in failed] or [[UNKNOWN, t(lang, "gap.nothing_short"), *[""] * 5]]
    yield Table(_short_columns(lang), lines)


def _city_names(lang: str, items: Sequence[Facts]) -> str:
    return t(lang, "health.and").join(
        t(lang, "gap.failing", what=titled(lang, one["title"], one["item"]), n=count(one["failing"]))
        for one in items[:NAMED]
    )


# --- what it rests on -------------------------------------------------------------------------------------------------


def _rulebook(facts: Facts, lang: str) -> Iterable[Block]:
    book = facts["book"]
    yield Heading(t(lang, "gap.section.rulebook"))
    yield Text(t(lang, "gap.rulebook", title=titled(lang, book["title"], ""), version=book["version"],
                 publisher=titled(lang, book["publisher"], ""), document=titled(lang, book["document"], ""),
                 day=book["valid_from"].isoformat()))  # fmt: skip
    if book["note"]:
        yield Text(titled(lang, book["note"], ""), "look")
    keys = (("no", 0.5), ("item", 2.0), ("clause", 3.4), ("source", 2.6), ("basis", 1.0))
    yield Table(
        [Column(t(lang, f"gap.column.{k}"), w) for k, w in keys],
        [[one["no"], titled(lang, one["title"], one["item"]), titled(lang, one["clause"], ""),
          titled(lang, one["source"], ""), _basis(lang, one)] for one in facts["items"]],
    )  # fmt: skip


def _about(facts: Facts, identity: Mapping[str, Any], lang: str) -> Iterable[Block]:
    report = facts["report"]
    rows: list[Line] = [
        [t(lang, "report.about.at"), report["at"].astimezone(ZONE).isoformat()],
        [t(lang, "report.about.audience"), t(lang, f"report.audience.{report['audience']}")],
        [t(lang, "report.about.revision"), identity["data_revision"]],
        [t(lang, "gap.definitions"), f"{facts['book']['id']} · {identity['definitions']['digest'][:16]}"],
        [t(lang, "report.about.code"), f"CIM Cockpit {identity['version']}"],
        [t(lang, "report.about.key"), t(lang, "report.about.key_said")],
    ]
    yield Heading(t(lang, "report.section.about"))
    yield Text(t(lang, "report.about.known"))
    yield Table([Column(t(lang, "report.about.column_what"), 1), Column(t(lang, "report.about.column_value"), 3)], rows)
    yield Text(t(lang, "report.about.verify"))
    yield Text(t(lang, "report.about.signature"), "quiet")
