"""One message dialect per module: ``(topic, payload)`` to measured values, pure.

A dialect answers two questions: who sent a message on this topic (``sender``), and where in the decoded JSON
do the values and the sender's own clock stand (``content``). What the values are called and how they are
scaled is declared by the sensor type, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ingest.refusals import CodedRefusal


class RefusedError(CodedRefusal):
    """A message that cannot be used."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who publishes on a topic: looked up in the directory by ``(dialect, address)``."""

    dialect: str
    address: str


class Content(NamedTuple):
    """Where a document carries its values, and the sender's clock as written there (None: no clock)."""

    values: Mapping[str, Any]
    clock: object
