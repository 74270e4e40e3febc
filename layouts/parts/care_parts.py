"""Pieces of the care pages: running clocks, who somebody is, where an incident stands on its ladder.

A clock that runs (``data-tick``) is moved on by assets/50_care.js from the server's time; in a drill it follows the
drill's own clock, which the nearest ``data-drill`` tells.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dash import html

from layouts.page import ZONE
from layouts.parts.format import clock, elapsed, lasting, stamp
from layouts.parts.panel import Tree, sign
from layouts.parts.text import has, some, t
from layouts.parts.where import where

CHOSEN = "elder-care--chosen"
SIGNS = {"act": "act", "look": "look", "blind": "blind"}


def ticking(
    lang: str, at: datetime, now: datetime, *, form: str = "clock", class_name: str = "", hint: str = ""
) -> html.Time:
    """A clock that runs: ``clock`` (00:38 since ``at``), ``lasting`` (24 分) or ``left`` (09:47 until ``at``)."""
    words = {
        "clock": lambda: elapsed(now - at),
        "lasting": lambda: lasting(lang, now - at),
        "left": lambda: left(lang, at - now),
    }[form]()
    late = " over" if form == "left" and at < now else ""
    return html.Time(
        words,
        dateTime=at.isoformat(),
        title=hint or stamp(lang, at, year=True, seconds=True),
        className=f"{class_name}{late}".strip(),
        **{"data-tick": form},
    )


def limit(lang: str, at: datetime, near: datetime, *, seconds: bool = False) -> str:
    """A limit as a clock time, ``17:50``; with its date when it is on another day than ``near``."""
    same = at.astimezone(ZONE).date() == near.astimezone(ZONE).date()
    return clock(at, seconds=seconds) if same else stamp(lang, at)


def left(lang: str, length: timedelta) -> str:
    """What is left of a limit: ``09:47``; past it ``超 01:12``."""
    return elapsed(length) if length >= timedelta() else t(lang, "care.js.over", n=elapsed(-length))


def drill_clock(row: Mapping[str, Any]) -> dict[str, str]:
    """The attribute that makes the clocks inside run as the drill's does; a drill that has ended stands still."""
    drill = row["drill"]
    if drill is None:
        return {}
    told = {
        "real": round(drill.started_at.timestamp() * 1000),
        "from": round(drill.drill_from.timestamp() * 1000),
        "until": round(drill.ended_at.timestamp() * 1000) if drill.ended_at else None,
        "speed": drill.speed,
    }
    return {"data-drill": json.dumps(told)}


def own(row: Mapping[str, Any], now: datetime) -> datetime:
    """What time it is for an incident: ours, but in a drill the drill's."""
    drill = row["drill"]
    at: datetime = now if drill is None else drill.time(now)
    return at


def drill_badge(lang: str, row: Mapping[str, Any]) -> html.Span | None:
    """演练, wherever something of a drill is shown."""
    if row["incident"].drill_id is None:
        return None
    return html.Span(t(lang, "care.drill"), className="badge drill")


def person(lang: str, row: Mapping[str, Any], *, note: bool = False) -> str:
    """``王** · 82 岁 · 独居``; nothing where nobody is known. Names come masked from the question."""
    found = row.get("person")
    if not found:
        return ""
    parts = [found["name"]]
    if found["age"] is not None:
        parts.append(t(lang, "care.age", n=found["age"]))
    if found["alone"]:
        parts.append(t(lang, "care.alone"))
    if note and found["note"]:
        parts.append(found["note"])
    return " · ".join(parts)


def place(lang: str, row: Mapping[str, Any]) -> str:
    """``东园 3幢 2单元 502``."""
    return where(lang, row["place"])


def role(lang: str, row: Mapping[str, Any], code: str) -> str:
    """A role as the procedure's ladder calls it, 家属, 网格员, 119; else by the page's own words."""
    for rung in row["procedure"].ladder:
        if code == rung.role:
            return words(lang, rung.title)
        if code == rung.instead_role:
            return words(lang, rung.instead_title)
    return some(lang, "care.role", code)


def who(lang: str, row: Mapping[str, Any], rung: Any) -> str:
    """``网格员 李**``, or the role alone when nobody is named."""
    contact = row["contacts"].get(rung.contact_id)
    called = role(lang, row, rung.role)
    return f"{called} {contact['name']}" if contact else called


def standing(row: Mapping[str, Any]) -> Any:
    """The rung whose turn it is, or None."""
    return next((rung for rung in row["incident"].ladder if rung.state == "now"), None)


def ladder(lang: str, row: Mapping[str, Any]) -> html.Ol:
    """The ladder in one line: done, now, to come; failed rungs are struck."""
    rungs = row["incident"].ladder
    return html.Ol(
        [
            html.Li(
                t(lang, f"care.short.{rung.role}")
                if has(lang, f"care.short.{rung.role}")
                else role(lang, row, rung.role),
                className=f"rung-{rung.state}",
                title=f"{who(lang, row, rung)} {t(lang, f'care.rung.{rung.state}')}",
                **({"aria-current": "step"} if rung.state == "now" else {}),
            )
            for rung in rungs
        ],
        className="ladder",
        **{"aria-label": t(lang, "care.ladder")},
    )


def doing_now(lang: str, row: Mapping[str, Any]) -> str:
    """Where it stands, in one line: ``网格员 李** 赶往，14:19 前应到场``."""
    incident = row["incident"]
    rung = standing(row)
    name = who(lang, row, rung) if rung else t(lang, "care.role.duty_officer")
    stage = "silent" if rung is not None and incident.phase == "raised" else incident.phase
    line = t(lang, f"care.phase_now.{stage}", who=name)
    if incident.next_due is None or incident.phase == "closed":
        return line
    due = some(lang, "care.due", incident.next_due_kind or "")
    return t(lang, "care.line_due", line=line, at=limit(lang, incident.next_due, incident.updated_at), due=due)


def state_sign(severity: str) -> html.I:
    """Shape and colour of an incident's severity."""
    return sign(SIGNS.get(severity, "none"))


def words(lang: str, said: Mapping[str, str] | None) -> str:
    """A sentence of the twin in the reader's language."""
    return (said or {}).get(lang) or (said or {}).get("zh") or ""


def sentenced(said: str) -> str:
    """A sentence begins with a capital; the rules' English ones stand behind a device's name as often as alone."""
    return said[:1].upper() + said[1:]


def chooses(row: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes of what, when pressed, brings an incident into the middle."""
    return {"data-set": CHOSEN, "data-value": row["incident"].incident_id}


def caveat(said: Tree) -> html.P:
    """A small remark."""
    return html.P(said, className="caveat")
