"""A notification as an outlet may say it: only the fields listed here leave, in the outlet's language.

What is not named here stays inside, whatever a notification's body may hold: names, telephone numbers and notes
never leave. A public outlet says no more of a place than its building, and nothing of what somebody did there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from layouts.parts.format import moment
from layouts.parts.text import has, some, t
from twin_model.notifications import Notification

LATE = timedelta(minutes=5)
"""A notification told later than this says that it is late."""
LONGEST = 200
_TELEPHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?1\d{2}[- ]?\d{4}[- ]?\d{4}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)")
_MARKUP = str.maketrans("<>[]*`#|\\", "＜＞［］＊｀＃｜＼", "\r\0")


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What one outlet says of one notification. ``grade``: 1 red .. 4 blue, None when none was given."""

    notification_id: int
    event_id: str
    line: str
    known_at: datetime
    kind: str
    community_id: str
    incident_id: str | None
    is_drill: bool
    grade: int | None
    severity: str | None
    title: str
    where: str
    sentence: str
    raised_at: datetime
    rung: str | None
    deadline: datetime | None
    phase: str | None
    role: str | None
    outcome: str | None
    cause: str | None
    link: str
    lang: str

    @property
    def data(self) -> dict[str, Any]:
        """The same as JSON: codes and texts, instants in RFC 3339."""
        return {
            "kind": self.kind,
            "drill": self.is_drill,
            "community_id": self.community_id,
            "incident_id": self.incident_id,
            "grade": self.grade,
            "severity": self.severity,
            "title": f"{t(self.lang, 'outlet.drill')} {self.title}" if self.is_drill else self.title,
            "where": self.where,
            "sentence": self.sentence,
            "raised_at": self.raised_at.isoformat(),
            "phase": self.phase,
            "role": self.role,
            "outcome": self.outcome,
            "cause": self.cause,
            "rung": self.rung,
            "deadline": self.deadline.isoformat() if self.deadline else None,
            "link": self.link or None,
        }

    def event(self) -> bytes:
        """The notice as a CloudEvents 1.0 JSON event; the same bytes at every try."""
        event = {
            "specversion": "1.0",
            "id": self.event_id,
            "source": f"/communities/{quote(self.community_id, safe='')}",
            "type": f"cim.{'drill' if self.is_drill else 'care'}.{self.kind}",
            **({"subject": self.incident_id} if self.incident_id else {}),
            "time": self.known_at.isoformat(),
            "datacontenttype": "application/json",
            "data": self.data,
        }
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def headline(self) -> str:
        """``【演练】红色 · 紧急呼叫（已转交）``."""
        lang = self.lang
        parts = [t(lang, "outlet.drill") if self.is_drill else ""]
        if self.grade is not None:
            parts.append(t(lang, f"outlet.grade_{self.grade}") + " ·")
        parts.append(self.title)
        if has(lang, did := f"outlet.did.{self.kind}"):
            who = some(lang, "outlet.rung", self.role) if self.role and self.role != "system" else ""
            ended = some(lang, "outlet.outcome", self.outcome) if self.kind == "close" and self.outcome else ""
            what = t(lang, "outlet.by", who=who, what=t(lang, did)) if who else t(lang, did)
            parts.append(
                t(lang, "outlet.happened", what=t(lang, "outlet.ended", what=what, how=ended) if ended else what)
            )
        return " ".join(part for part in parts if part)

    def lines(self, now: datetime) -> list[str]:
        """What, where, since when, what is asked of whom: short lines without markup."""
        lang = self.lang
        found = [t(lang, "outlet.where", place=self.where)] if self.where else []
        found.append(t(lang, "outlet.since", at=moment(lang, self.raised_at, now)))
        if self.sentence:
            found.append(self.sentence)
        if self.rung and self.phase in (None, "raised"):  # later whoever took it on is asked, by the pages
            who = some(lang, "outlet.rung", self.rung)
            if self.deadline and self.deadline > self.known_at:
                found.append(t(lang, "outlet.asked_until", who=who, at=moment(lang, self.deadline, now)))
            else:
                found.append(t(lang, "outlet.asked", who=who))
        if now - self.known_at > LATE:
            found.append(t(lang, "outlet.late", at=moment(lang, self.known_at, now)))
        return found


def notice(said: Notification, *, lang: str, public: bool, public_url: str) -> Notice:
    """What an outlet of this language may say of ``said``."""
    body = said.body
    incident = said.incident_id
    building = (said.building_en if lang == "en" else None) or said.building
    place = " ".join(part for part in (said.community, building) if part) if public else body.get("where")

    def plain(text: object) -> str:
        return _text(text, said.names)

    return Notice(
        notification_id=said.notification_id,
        event_id=said.event_id,
        line=said.line,
        known_at=said.known_at,
        kind=said.kind,
        community_id=said.exercised,
        incident_id=None if public else incident,
        is_drill=bool(said.drill_id or body.get("is_drill")),
        grade=body["grade"] if body.get("grade") in (1, 2, 3, 4) else None,
        severity=_code(body.get("severity")),
        title=plain(_in(lang, body.get("title"))) or t(lang, "outlet.untitled"),
        where=plain(place),
        sentence="" if public else plain(_in(lang, body.get("sentence"))),
        raised_at=_instant(body.get("raised_at")) or said.known_at,
        rung=_code(body.get("rung")),
        deadline=_instant(body.get("deadline")),
        phase=_code(body.get("phase")),
        role=_code(body.get("role")),
        outcome=_code(body.get("outcome")),
        cause=None if public else _code(body.get("cause")),
        link="" if public or not (public_url and incident) else _link(public_url, said.exercised, incident, lang),
        lang=lang,
    )


def _link(public_url: str, community_id: str, incident: str, lang: str) -> str:
    asked = {"community": community_id, "incident": incident} | ({"lang": "en"} if lang == "en" else {})
    return f"{public_url}/elder-care?{urlencode(asked)}"


def _in(lang: str, said: object) -> object:
    """A text given in both languages, or in one."""
    return (said.get(lang) or said.get("zh") or said.get("en")) if isinstance(said, Mapping) else said


def _text(said: object, names: Sequence[str]) -> str:
    """One line of plain text: names of places come from people, and no robot may take them for markup."""
    if not isinstance(said, str):
        return ""
    plain = " ".join(said.translate(_MARKUP).split())
    for name in names:
        if len(name.strip()) > 1:
            plain = plain.replace(name.strip(), "＊＊")
    return _TELEPHONE.sub("…", plain)[:LONGEST]


def _code(said: object) -> str | None:
    return said if isinstance(said, str) and re.fullmatch(r"[a-z0-9_]{1,40}", said) else None


def _instant(said: object) -> datetime | None:
    if not isinstance(said, str):
        return None
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        return None
    return found if found.tzinfo else None
