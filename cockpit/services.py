"""What the web program may ask of the world outside the twin; `run.py` hands it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin_model.entities import Device


class NotServed(Exception):
    """This server was started without the part that could do this."""


def _no_import(paths: Sequence[Path], options: Mapping[str, Any]) -> list[dict[str, Any]]:
    raise NotServed("this server was started without the import")


def _no_adopt(device: Device) -> int:
    raise NotServed("this server was started without message intake")


def _no_broker() -> dict[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Services:
    """Doers outside the twin.

    ``import_files(paths, options)``: one report per file as in `run.py import --json`; options are the keys
    ``community``, ``layer``, ``crs``, ``mapping``. ``adopt(device)``: records it and decodes its quarantined
    messages again, returning how many were used. ``broker_status()``: connected, url, inbox_depth, lag_s and
    the counters received, acknowledged.
    """

    import_files: Callable[[Sequence[Path], Mapping[str, Any]], list[dict[str, Any]]] = _no_import
    adopt: Callable[[Device], int] = _no_adopt
    broker_status: Callable[[], dict[str, Any]] = _no_broker
