"""Why an outlet was not told, in both languages: the screen says it in the reader's, the log and the store in English.

Never what the other side said in its own words: those hold our address, and with it the key.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from layouts.parts.text import t


@dataclass(frozen=True)
class Fault:
    """A sentence of ``assets/locale``, section ``outlet.fault``; a value may be a sentence itself."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: str) -> str:
        values = {k: v.text(lang) if isinstance(v, Fault) else v for k, v in self.values.items()}
        return t(lang, f"outlet.fault.{self.key}", **values)

    def __str__(self) -> str:
        return self.text("en")


class NotTold(Exception):
    """The receiver was not told.

    ``wait_s``: how long the receiver asks us to stay away. ``notice_only``: it takes others, but not this one.
    """

    def __init__(self, key: str, *, wait_s: float = 0.0, notice_only: bool = False, **values: Any) -> None:
        self.fault = Fault(key, values)
        super().__init__(str(self.fault))
        self.wait_s = wait_s
        self.notice_only = notice_only


def where(error: Exception) -> str:
    """What kind of mistake, and in which line; its own text may hold an address with a key."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"
