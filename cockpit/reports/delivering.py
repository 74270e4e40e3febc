"""Where a made report goes: a folder, a mailbox, a webhook. Each try says whether it came and, if not, why. No secrets
and nothing of what the other side said stands in what is noted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import orjson

from cockpit.outlets.faults import NotTold
from cockpit.outlets.kinds import check_status
from cockpit.outlets.post import Poster
from cockpit.outlets.settings import signing_key
from cockpit.outlets.webhook import sign
from cockpit.reports import folder as shelf
from cockpit.reports import mailing
from cockpit.reports.kinds import ReportRefused
from cockpit.reports.mailing import NotDelivered
from cockpit.reports.making import DATA, HTML, PDF, XLSX
from cockpit.reports.settings import ReportSettings
from cockpit.reports.zipped import zip_of
from layouts.parts.text import LANGUAGES, t

TIMEOUT_S = 30.0
Channel = Callable[[str, Mapping[str, bytes], datetime], None]


def channels(wanted: ReportSettings) -> dict[str, Channel]:
    """Every way a scheduled report goes, by name."""
    found: dict[str, Channel] = {}
    if wanted.folder:
        found["folder"] = lambda name, papers, _now: _to_folder(wanted, name, papers)
    if wanted.mail_to:
        found["mail"] = lambda name, papers, now: _by_mail(wanted, name, papers, now)
    if wanted.webhook:
        found["webhook"] = lambda name, papers, now: _to_webhook(wanted, name, papers, now)
    return found


def _to_folder(wanted: ReportSettings, name: str, papers: Mapping[str, bytes]) -> None:
    try:
        shelf.put(name, dict(papers), Path(wanted.folder))
    except ReportRefused as refusal:
        raise NotDelivered(**refusal.said) from None


def _by_mail(wanted: ReportSettings, name: str, papers: Mapping[str, bytes], now: datetime) -> None:
    mailing.send(wanted, letter(wanted, name, papers, now))


def letter(wanted: ReportSettings, name: str, papers: Mapping[str, bytes], now: datetime) -> EmailMessage:
    """The mail: the headline sentences as its text, PDF and annex with it. Nothing personal stands in its subject."""
    facts = orjson.loads(papers[DATA])["facts"]
    community = facts["report"]["community"]
    place = (community["name_en"] if wanted.lang == "en" else None) or community["name"]
    kind = t(wanted.lang, f"report.kind.{wanted.kind}")
    message = EmailMessage()
    message["Subject"] = t(wanted.lang, "report.mail.subject", community=place, kind=kind,
                           at=facts["report"]["at"][:16].replace("T", " "))  # fmt: skip
    message["From"], message["To"] = wanted.mail_from, ", ".join(wanted.mail_to)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{hashlib.sha256(f'{wanted.name} {name}'.encode()).hexdigest()[:32]}@cim-cockpit>"
    message.set_content(t(wanted.lang, "report.mail.text", name=name))
    for paper in (PDF, HTML, XLSX):
        if paper in papers:
            main, _, sub = _TYPES[paper].partition("/")
            message.add_attachment(papers[paper], maintype=main, subtype=sub, filename=f"{name}_{paper}")
    return message


_TYPES = {
    PDF: "application/pdf", HTML: "text/html",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


def _to_webhook(wanted: ReportSettings, name: str, papers: Mapping[str, bytes], now: datetime) -> None:
    """The whole report as one zip, signed as notifications are; the same name at every try."""
    body = zip_of(name, dict(papers))
    stamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/zip", "Content-Disposition": f'attachment; filename="{name}.zip"',
        "Idempotency-Key": name, "webhook-id": name, "webhook-timestamp": stamp,
        "webhook-signature": sign(signing_key(wanted.webhook_secret), name, stamp, body),
    }  # fmt: skip
    poster = Poster(wanted.webhook, timeout_s=TIMEOUT_S, ca_file=wanted.ca_file)
    try:
        check_status(poster.post(body, headers), now)
    except NotTold as problem:
        raise NotDelivered(**{lang: problem.fault.text(lang) for lang in LANGUAGES}) from None
