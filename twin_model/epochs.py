"""When the versions of a kind of entity change. Between two such instants every answer about them is the same."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from twin_model.entities import KINDS
from twin_model.store import Store


class Epochs:
    """The instants (microseconds) at which some version of a kind begins or ends to be known to be true.

    What is recorded later with effect from an earlier instant moves none that lies before it was recorded.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._boundaries: dict[str, list[int]] = {}
        self.refresh(KINDS)

    def refresh(self, kinds: Iterable[str]) -> None:
        """Read again after these kinds were recorded."""
        boundaries: dict[str, list[int]] = {kind: [] for kind in kinds}
        if not boundaries:
            return
        versions = " UNION ALL ".join(
            f"SELECT '{kind}' AS kind, greatest(valid_from, recorded_at) AS begun, "
            f"least(valid_to, superseded_at) AS ended FROM {kind}"
            for kind in boundaries
        )
        # All kinds in one question: planning takes most of its time.
        answer = self._store.select(
            "SELECT DISTINCT kind, epoch_us(instant) AS us FROM (SELECT kind, unnest([begun, ended]) AS instant "
            f"FROM ({versions})) WHERE instant IS NOT NULL ORDER BY us"
        )
        for kind, instant in zip(answer["kind"].to_pylist(), answer["us"].to_pylist(), strict=True):
            boundaries[kind].append(instant)
        self._boundaries |= boundaries

    def last(self, at: int, *kinds: str) -> int:
        """The last instant up to ``at`` at which one of these kinds changed; 0 when none had."""
        newest = 0
        for kind in kinds:
            position = bisect_right(self._boundaries[kind], at)
            newest = max(newest, self._boundaries[kind][position - 1] if position else 0)
        return newest
