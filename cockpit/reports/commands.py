"""``run.py report`` and ``run.py verify``: through the running server when there is one, else from the store itself."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from cockpit.beside import RunningServer, ServerRefused, running_server
from cockpit.reports import folder as shelf
from cockpit.reports.kinds import CITY, ReportRefused, Wish, name_of
from cockpit.reports.making import make
from cockpit.reports.signing import Signer
from cockpit.reports.verifying import Verdict, verify
from layouts.parts.text import LANGUAGES, t
from twin_model.twin import Twin

PATH = "/api/v1/reports"
PATIENCE_S = 300.0


def report(
    options: argparse.Namespace, data: Path, store: Path, open_twin: Callable[[Path], Twin],
    now: Callable[[], datetime], noted: Callable[..., None],
) -> int:  # fmt: skip
    """Make one and print where its papers are. Raises `ReportRefused`."""
    at = _instant(options.at)
    wish = {"kind": options.kind, "audience": options.audience, "lang": options.lang, "rulebook": options.rulebook,
            "scenarios": tuple(options.scenario)}  # fmt: skip
    Wish(community="", **wish)  # a mistyped word is told before anything is opened
    server = running_server(data)
    if server is not None:
        made = _by_server(server, options, wish, at)
    else:
        if not store.exists():
            raise ReportRefused(f"{store}: there is no store; name the data folder with --data, or start `serve` once")
        twin = open_twin(store)
        try:
            made = _here(twin, options, wish, at, data, now)
        finally:
            twin.close()
        noted("report_made", subject=made.name, audience=options.audience)
    papers = shelf.read(made)
    if options.json:
        print(json.dumps({"report": made.name, "folder": str(made), "papers": {n: len(d) for n, d in papers.items()}}))
    else:
        for name in papers:
            if "/" not in name:
                print(made / name)
        if rows := sum("/" in name for name in papers):
            print(f"{made / 'evidence'} ({rows} files)")
    return 0


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ReportRefused(f"--at: found {text!r}, expected an instant such as 2026-11-22T14:05:00+08:00")
    return at


def _here(
    twin: Twin, options: argparse.Namespace, wish: dict[str, Any], at: datetime | None, data: Path,
    now: Callable[[], datetime],
) -> Path:  # fmt: skip
    known = twin.entities("community", twin.now())["community_id"].to_pylist()
    community = options.community or (known[0] if len(known) == 1 else None)
    if wish["kind"] == "gap_plan_city":
        community = CITY
    if community is None:
        raise ReportRefused(f"--community: absent, expected one of {', '.join(known) or '(none is known yet)'}")
    # without a word about the instant: that of the last data, at which a store that rests is complete
    moment = at or min(twin.stopped_at or now(), now())
    made = make(twin, moment, Wish(community=community, **wish), Signer.of(data))
    return shelf.write(made, options.out)


def _by_server(
    server: RunningServer, options: argparse.Namespace, wish: dict[str, Any], at: datetime | None
) -> Path:
    body: dict[str, Any] = {**wish, "out": str(options.out.resolve())}
    body |= {"community": options.community} if options.community else {}
    body |= {"at": at.isoformat()} if at else {}
    try:
        job = server.make_report(body, PATIENCE_S)
    except ServerRefused as error:
        raise ReportRefused(str(error)) from error
    if job["state"] != "made":
        raise ReportRefused(job["error"] or f"the running server has not made it yet; it will be in {options.out}")
    return Path(options.out) / str(job["id"])


def check(
    options: argparse.Namespace, data: Path, store: Path, open_twin: Callable[[Path], Twin], noted: Callable[..., bool]
) -> int:
    """Print what was found, the conclusion first; 0: it holds, 2: it does not. Raises `ReportRefused` for what is no
    report. ``noted``: writes into the audit trail what no server did, and says whether it is on disk."""
    server = running_server(data)
    if server is not None:
        try:
            found = server.verify_report(options.file)
        except ServerRefused as error:
            raise ReportRefused(str(error)) from error
        holds, lines, said = bool(found["holds"]), list(found["lines"]), dict(found["verdict"])
    else:
        papers = shelf.read(options.file)
        if not store.exists():
            raise ReportRefused(f"{store}: there is no store to make the report again from; name it with --data")
        twin = open_twin(store)
        try:
            key = Signer.of(data).public if (data / "report.key").exists() else None
            verdict = verify(twin, papers, key)
        finally:
            twin.close()
        holds, lines, said = verdict.holds, verdict.lines(), verdict.sentence
        _write_down(noted, verdict)
    if options.json:
        print(json.dumps({"holds": holds, "verdict": said, "lines": lines}, ensure_ascii=False))
    else:
        print("\n".join([said["zh"], said["en"], *lines]))
    return 0 if holds else 2


def _write_down(noted: Callable[..., bool], verdict: Verdict) -> None:
    """In the audit trail; a folder that cannot be written, as a copy that is only read, costs the answer nothing."""
    if not noted("report_checked", subject=name_of(verdict.wish, verdict.at), audience=verdict.wish.audience,
                 found=verdict.standing):  # fmt: skip
        for lang in LANGUAGES:
            print(t(lang, "report.verdict.unnoted"), file=sys.stderr)
