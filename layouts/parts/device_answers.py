"""What the devices page asks the twin: the table, one device, its series, the quarantine."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

import pyarrow.compute as pc

from layouts.parts import answers
from layouts.parts.where import described, placed
from twin_model.catalogue import Catalogue
from twin_model.twin import Twin

Answer = dict[str, Any]

WAITING = 200  # quarantined messages on one screen
NUMBER = re.compile(r"[0-9]{1,18}")


def table(twin: Twin, at: datetime, community: str, *, status: str | None, type: str | None) -> list[Answer]:
    """One row per device with its places and the newest value of its first metric, filtered by status and type."""
    found = twin.device_status(at, community_id=community)
    for column, wanted in (("status", status), ("type", type)):
        if wanted in ("act", "look"):
            found = found.filter(pc.equal(found["alarm"], wanted))
        elif wanted:
            found = found.filter(pc.equal(found[column], wanted))
    first = {name: next(iter(kind.metrics), None) for name, kind in twin.catalogue.sensor_types.items()}
    states = twin.states(at, community_id=community).select(["device_id", "metric", "value"]).to_pylist()
    values = {(row["device_id"], row["metric"]): row["value"] for row in states}
    rows = [{**row, "metric": first.get(row["type"])} for row in found.to_pylist()]
    return described(twin, placed(twin, at, ({**r, "value": values.get((r["device_id"], r["metric"]))} for r in rows)))


def summary(twin: Twin, at: datetime, community: str) -> Answer:
    """How many devices there are by status, by alarm and by type, and how many messages wait in quarantine."""
    found = twin.device_status(at, community_id=community)
    kinds = Counter(found["type"].to_pylist())
    titles = {name: dict(kind.title) for name, kind in twin.catalogue.sensor_types.items()}
    return {
        "status": dict(Counter(found["status"].to_pylist())),
        "alarm": dict(Counter(found["alarm"].to_pylist())),
        "types": [(name, titles.get(name, {}), n) for name, n in sorted(kinds.items())],
        "all": found.num_rows,
        "waiting": len(_waiting(twin, at)),
    }


def device(twin: Twin, at: datetime, community: str, *, device: str | None) -> Answer | None:
    """One device: where and how it is, and every metric with value, the three instants and its lag in seconds.

    None: none is chosen; nothing in it: there is none to choose.
    """
    found = twin.device_status(at, community_id=community)
    rows = found.filter(pc.equal(found["device_id"], device)).to_pylist() if device else []
    if not rows:
        return None if found.num_rows else {}
    states = described(twin, twin.states(at, community_id=community, device_id=device).to_pylist())
    for row in states:
        both = row["taken_at"] and row["received_at"]
        row["lag_s"] = (row["received_at"] - row["taken_at"]).total_seconds() if both else None
    return {**described(twin, placed(twin, at, rows))[0], "metrics": states}


def series(
    twin: Twin, at: datetime, community: str, *, device: str | None, series: str | None, span: str | None
) -> Answer | None:
    """The chosen series of the chosen device; its first metric until one is chosen."""
    row = twin.entity("device", device, at) if device else None
    kind = twin.catalogue.sensor_types.get(row["type"]) if row else None
    if kind is None:
        return None
    mine = series if series and series.startswith(f"{device}|") else f"{device}|{next(iter(kind.metrics))}"
    return answers.series(twin, at, community, chosen=mine, span=span if span in answers.SPANS else "24h")


def quarantine(twin: Twin, at: datetime, _community: str) -> list[Answer]:
    """What could not be used and nobody has resolved by ``at``, newest first, the raw message as text."""
    return [{**row, "raw": _text(row["raw"])} for row in _waiting(twin, at)]


def _waiting(twin: Twin, at: datetime) -> list[Answer]:
    rows = twin.quarantined(at, limit=WAITING)
    found: list[Answer] = rows.filter(pc.is_null(rows["resolved_at"])).to_pylist()
    return found


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")


def message(twin: Twin, at: datetime, _community: str, *, number: str | None) -> Answer | None:
    """One quarantined message by its number, with the sensor type its fields look like."""
    if not number or not NUMBER.fullmatch(str(number)):
        return None
    rows = twin.quarantined(at, limit=1, after=int(number) + 1).to_pylist()
    if not rows or rows[0]["quarantine_id"] != int(number) or rows[0]["dialect"] is None:
        return None
    return {**rows[0], "raw": _text(rows[0]["raw"]), "guess": guess(twin.catalogue, rows[0]["dialect"], rows[0]["raw"])}


def guess(catalogue: Catalogue, dialect: str, raw: bytes) -> str | None:
    """The sensor type whose metrics the message's fields fit best; None when it fits none or two alike."""
    try:
        fields = json.loads(raw)
    except ValueError:
        return None
    fields = fields.get("object") if isinstance(fields, dict) and dialect == "chirpstack" else fields
    if not isinstance(fields, dict):
        return None
    fits = Counter(
        {
            name: sum(
                1 for metric in kind.metrics.values() if (metric.paths.get(dialect) or "").split(".")[0] in fields
            )
            for name, kind in catalogue.sensor_types.items()
        }
    )
    (first, best), (_, second) = (*fits.most_common(2), ("", 0), ("", 0))[:2]
    return first if best > second else None


def places(twin: Twin, at: datetime, community: str) -> list[tuple[str, Answer]]:
    """Where a device can stand, as ``kind:id``: rooms, facilities, buildings, homes, with names."""
    found: list[tuple[str, Answer]] = []
    for kind in ("room", "facility", "building", "home"):
        rows = twin.entities(kind, at, community_id=community)
        if kind == "building":
            rows = rows.filter(pc.not_equal(rows["use"], "context"))
        ids = rows[f"{kind}_id"].to_pylist()
        named = placed(twin, at, ({f"{kind}_id": name} for name in ids))
        found += [(f"{kind}:{name}", row) for name, row in zip(ids, named, strict=True)]
    return found


def types(twin: Twin, dialect: str) -> list[tuple[str, dict[str, str]]]:
    """The sensor types that a dialect can carry."""
    kinds = twin.catalogue.sensor_types.items()
    return [(name, dict(kind.title)) for name, kind in kinds if any(dialect in m.paths for m in kind.metrics.values())]
