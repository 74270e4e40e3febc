"""`run.py audit …` and `run.py privacy …`: beside a running server or on the data folder itself."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from cockpit import audit_chain as chain
from cockpit.api_audit import said
from cockpit.audit import FOLDER, Audit
from cockpit.audit_chain import Wanted
from cockpit.beside import RunningServer, running_server
from cockpit.encoding import dumps, rfc3339
from cockpit.keeping import anchors
from cockpit.personal_papers import package
from twin_model import data_dictionary, personal, retention
from twin_model.personal import UnknownPerson
from twin_model.twin import Twin

Open = Callable[[Path], Twin]
Now = Callable[[], datetime]


class Refused(Exception):
    """What was asked for cannot be done; one sentence."""


def audit(options: argparse.Namespace, folder: Path, store: Path, opens: Open, now: Now) -> int:
    """`verify` or `show`."""
    if options.what == "show":
        wanted = Wanted(act=options.act, actor=options.actor, subject=options.subject)
        for entry in reversed(Audit(folder, now).entries(wanted, options.limit)):
            print(dumps(said(entry)).decode() if options.json else _line(entry))
        return 0
    server = running_server(folder)
    remembered = server.audit_anchors() if server else []
    if not server and store.exists():
        twin = opens(store)
        try:
            remembered = anchors(twin.store)
        finally:
            twin.close()
    verdict = chain.verify(folder / FOLDER, remembered)
    for name in verdict.torn:
        print(f"half a line was set aside in {name}")
    if verdict.misfit:
        print(f"{verdict.misfit.sentence('zh')}\n{verdict.misfit.sentence('en')}")
        return 1
    print(f"{verdict.lines} lines, {verdict.first} to {verdict.last}, all fit; last hash {verdict.last_hash}")
    print(f"compared with {len(remembered)} ends that the twin remembers")
    return 0


def privacy(options: argparse.Namespace, folder: Path, store: Path, opens: Open, now: Now) -> int:
    """`export`, `erase`, `retain` or `dictionary`."""
    if options.what == "dictionary":
        print(data_dictionary.document(), end="")
        return 0
    if options.what == "erase" and not options.yes:
        raise Refused(f"Erasing {options.person} cannot be taken back; export first, then add --yes.")
    server = running_server(folder)
    if server is None:
        if not store.exists():
            raise Refused(f"{folder} holds no store; name the data folder with --data.")
        return _here(options, folder, store, opens, now)
    return _there(options, server)


def _there(options: argparse.Namespace, server: RunningServer) -> int:
    if options.what == "retain":
        _tell_deleted([(row["kind"], row["rows"], row["since"]) for row in server.retain()])
    elif options.what == "export":
        _write(options.out, server.export_person(options.person, options.purpose))
    else:
        done = server.erase_person(options.person, options.purpose)
        _tell_erased(done["rows"], done["changed"])
    return 0


def _here(options: argparse.Namespace, folder: Path, store: Path, opens: Open, now: Now) -> int:
    trail = Audit(folder, now)
    told: dict[str, Any] = {"actor": "command line", "role": "program"}
    with _opened(opens, store) as twin:
        if options.what == "retain":
            trail.note("retention", outcome="begun", **told)
            done = retention.delete(twin, retention.load(), twin.now())
            trail.note("retention", rows={d.kind: d.rows for d in done}, **told)
            _tell_deleted([(d.kind, d.rows, rfc3339(d.since)) for d in done])
            return 0
        try:
            person = personal.find(twin, options.person)
        except UnknownPerson as error:
            raise Refused(str(error)) from error
        told |= {"subject": options.person, "purpose": options.purpose}
        if options.what == "export":
            trail.note("export", what="person", **told)
            _write(options.out, package(twin, person, twin.now()))
        else:
            trail.note("erase", outcome="begun", **told)
            erased = personal.erase(twin, person)
            trail.note("erase", rows=erased.rows, **told)
            _tell_erased(erased.rows, erased.changed)
    return 0


@contextmanager
def _opened(opens: Open, store: Path) -> Iterator[Twin]:
    twin = opens(store)
    try:
        yield twin
    finally:
        twin.close()


def _write(path: Path, data: bytes) -> None:
    """The whole file or none."""
    half = path.with_name(path.name + ".part")
    try:
        half.write_bytes(data)
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise Refused(f"{path} cannot be written: {error.strerror}") from error
    print(path)


def _tell_deleted(rows: list[tuple[str, int, str]]) -> None:
    for kind, n, since in rows:
        print(f"{kind}: {n} rows deleted; kept since {since}")
    if not rows:
        print("nothing is due")


def _tell_erased(rows: dict[str, int], changed: Any) -> None:
    print(", ".join(f"{table}: {n}" for table, n in rows.items()) or "nothing was stored")
    for line in changed:
        print(f"{line['zh']} · {line['en']}")
    print("Backups made before still hold it; they go by their own rule (backup_keep). "
          "The list it was imported from must not be imported again.")  # fmt: skip


def _line(entry: chain.Entry) -> str:
    more = json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
    words = (entry.act, entry.outcome, f"{entry.actor} ({entry.role})", entry.subject, entry.purpose, more)
    return f"{entry.n:>7} {rfc3339(entry.at)[:19]} " + "  ".join(word for word in words if word)
