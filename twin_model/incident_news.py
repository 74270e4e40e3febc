"""What incidents need from the entities: names of places and devices, whom to call, and what to tell outside.

Nothing told outside names a person: a building, a home's number, roles, and sentences made of what sensors said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any

import pyarrow as pa

from twin_model.case import Case
from twin_model.incident import Contacts, present
from twin_model.notifications import News
from twin_model.procedure import Procedure
from twin_model.store import Writer


def news(
    writer: Writer, procedures: Mapping[str, Procedure], told: Sequence[tuple[str, Case]], known_at: datetime
) -> list[News]:
    """One notification per (kind, case): raised, realarmed, evidence, escalated, cleared, or the step's name."""
    places = _places(writer, [case for _, case in told], known_at)
    found = []
    for kind, case in told:
        incident, head = present(procedures[case.head.procedure], case, {}), case.head
        last = case.steps[-1]
        body = {
            "incident_id": head.incident_id, "title": incident.title, "sentence": incident.sentence,
            "where": places.get(head.home_id or head.facility_id or head.building_id or "", ""),
            "grade": case.grade, "severity": case.severity, "phase": case.phase, "confidence": incident.confidence,
            "raised_at": head.raised_at.isoformat(), "at": last.at.isoformat(), "n": case.n,
            "deadline": incident.next_due.isoformat() if incident.next_due else None,
            "rung": incident.rung or ("duty_officer" if case.is_worked else None), "step": last.step,
            "role": last.role, "rules": sorted({e.rule for e in case.evidence}), "outcome": case.outcome,
            "cause": case.cause, "after": case.after, "is_drill": head.drill_id is not None,
        }  # fmt: skip
        found.append(
            News(
                kind=kind, community_id=head.community_id, body=body, incident_id=head.incident_id,
                drill_id=head.drill_id,
            )
        )  # fmt: skip
    return found


def contacts(ask: Callable[..., pa.Table], cases: Iterable[Case], at: datetime) -> Contacts:
    """Who is asked first, by (home_id, role), and by (community_id, role) for those who serve all homes."""
    places = {p for case in cases for p in (case.head.home_id, case.head.community_id) if p}
    if not places:
        return {}
    rows = ask(_CONTACTS, tables={"wanted": _column("place", sorted(places))}, instant=at).to_pylist()
    return {(row["place"], row["role"]): row["contact_id"] for row in rows}


def device_names(writer: Writer, alerts: Iterable[Mapping[str, Any]], at: datetime) -> dict[str, str]:
    """The names of the devices that alerts are about."""
    subjects = sorted({alert["subject"] for alert in alerts if alert["scope"] != "home"})
    if not subjects:
        return {}
    rows = writer.select(_DEVICES, tables={"wanted": _column("device_id", subjects)}, instant=at)
    return dict(zip(rows["device_id"].to_pylist(), rows["name"].to_pylist(), strict=True))


def dead_gateways(
    writer: Writer, named: Sequence[tuple[str, Mapping[str, Any]]], known: Set[tuple[str, str]], at: datetime
) -> dict[tuple[str, str], str]:
    """The dead gateway that explains an alert, by (procedure, subject): its homes are part of its incident.

    ``named``: alerts with their procedure; ``known``: (procedure, subject) of the incidents that are no home's.
    """
    dead = known | {(name, str(alert["subject"])) for name, alert in named if alert["scope"] == "gateway"}
    asked = {(name, str(a["subject"])) for name, a in named if name in {procedure for procedure, _ in dead}}
    if not asked:
        return {}
    subjects = _column("subject", sorted({subject for _, subject in asked}))
    rows = writer.select(_GATEWAYS, tables={"wanted": subjects}, instant=at).to_pylist()
    behind = {row["subject"]: row["gateway_id"] for row in rows}
    found = {(name, subject): behind[subject] for name, subject in asked if subject in behind}
    return {key: gateway for key, gateway in found.items() if (key[0], gateway) in dead}


def _places(writer: Writer, cases: Iterable[Case], at: datetime) -> dict[str, str]:
    """``东园 3幢 2单元 502`` by home, facility or building."""
    ids = {p for c in cases for p in (c.head.home_id, c.head.facility_id, c.head.building_id) if p}
    rows = writer.select(_NAMES, tables={"wanted": _column("place", sorted(ids))}, instant=at).to_pylist()
    return {row["place"]: row["name"] for row in rows}


def _column(name: str, values: Sequence[str]) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string())})


_CONTACTS = """
SELECT coalesce(home_id, community_id) AS place, role, arg_min(contact_id, (rank, contact_id)) AS contact_id
FROM contact_at($instant) WHERE coalesce(home_id, community_id) IN (SELECT place FROM wanted)
GROUP BY ALL
"""
_DEVICES = """
SELECT device_id, name FROM device_at($instant) SEMI JOIN wanted USING (device_id) WHERE name IS NOT NULL
"""
_GATEWAYS = """
SELECT w.subject, min(d.gateway_id) AS gateway_id
FROM wanted w JOIN device_at($instant) d ON w.subject IN (d.device_id, d.home_id)
WHERE d.gateway_id IS NOT NULL GROUP BY w.subject
"""
_NAMES = """
WITH named AS (
    SELECT building_id, concat_ws(' ', e.name, b.name) AS name
    FROM building_at($instant) b LEFT JOIN estate_at($instant) e USING (estate_id))
SELECT h.home_id AS place, concat_ws(' ', b.name, u.name, h.number) AS name
FROM home_at($instant) h JOIN wanted ON wanted.place = h.home_id
    LEFT JOIN named b USING (building_id) LEFT JOIN unit_at($instant) u USING (unit_id)
UNION ALL SELECT f.facility_id, f.name FROM facility_at($instant) f JOIN wanted ON wanted.place = f.facility_id
UNION ALL SELECT b.building_id, b.name FROM named b JOIN wanted ON wanted.place = b.building_id
"""
