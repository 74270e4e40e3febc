"""Reports that were checked since the start: one is made again at a time, and what was found is kept for the page."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cockpit.encoding import rfc3339
from cockpit.reports.kinds import ReportRefused, refused
from cockpit.reports.signing import Signer
from cockpit.reports.verifying import Finding, Verdict, verify
from twin_model.twin import Twin

MOST_CHECKS = 4
"""One is made again, the others wait for it; whoever comes then is told to come again."""
KEPT_CHECKS = 200


class Busy(ReportRefused):
    """Too many reports are being checked."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """``key``: the name of the made report, or the digest of what was sent; ``at``: when it was found."""

    key: str
    at: datetime
    verdict: Verdict

    def told(self) -> dict[str, Any]:
        """As the interface and the page tell of it, every sentence by language."""
        found = self.verdict
        return {
            "id": self.key, "report": found.name, "kind": found.wish.kind, "audience": found.wish.audience,
            "lang": found.wish.lang, "community": found.wish.community, "at": rfc3339(found.at),
            "checked_at": rfc3339(self.at), "holds": found.holds, "standing": found.standing,
            "verdict": found.sentence, "signature": _told(found.signature), "signer": _told(found.signer),
            "papers": [{"name": name, **_told(one)} for name, one in found.papers.items()],
            "because": [_told(one) for one in found.why], "notes": [_told(one) for one in found.notes],
        }  # fmt: skip


def _told(one: Finding) -> dict[str, str]:
    return {"code": one.code, **one.said}


class Checks:
    """What a server checks. ``signer``: the key of its data folder."""

    def __init__(self, twin: Twin, signer: Callable[[], Signer]) -> None:
        self._twin = twin
        self._signer = signer
        self._places = threading.BoundedSemaphore(MOST_CHECKS)
        self._turn = threading.Lock()
        self._kept: OrderedDict[str, Checked] = OrderedDict()

    def check(self, key: str, papers: Callable[[], Mapping[str, bytes]]) -> Checked:
        """Make it again and compare. ``papers`` is asked when it is its turn: those that wait are not in memory.

        Raises `ReportRefused` for what is no report, `Busy` when many wait already.
        """
        if not self._places.acquire(blocking=False):
            sentence = refused("busy", n=MOST_CHECKS)
            raise Busy(str(sentence), sentence.said)
        try:
            with self._turn:
                verdict = verify(self._twin, papers(), self._signer().public)
                found = Checked(key=key, at=self._twin.now(), verdict=verdict)
                self._kept[key] = found
                self._kept.move_to_end(key)
                while len(self._kept) > KEPT_CHECKS:
                    self._kept.popitem(last=False)
                return found
        finally:
            self._places.release()

    def last(self, key: str) -> Checked | None:
        """What was found the last time; None for what nobody has checked since the start."""
        return self._kept.get(key)
