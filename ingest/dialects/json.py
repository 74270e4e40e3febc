"""Plain JSON on topics declared by the sensor types, such as ``community/{community}/motion/{address}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ingest.dialects import Content, RefusedError, Sender
from ingest.dialects.values import dig

NAME = "json"


class Topics:
    """The declared topic patterns; ``{address}`` and ``{community}`` stand for one level each."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = sorted({tuple(p.split("/")) for p in patterns})
        for pattern in self._patterns:
            if "{address}" not in pattern:
                raise ValueError(f"topic {'/'.join(pattern)!r} has no {{address}} level to name the sender")

    def filters(self) -> list[str]:
        """What to subscribe to: everything below the fixed beginnings, so that strays are seen."""
        return sorted({_filter(pattern) for pattern in self._patterns})

    def sender(self, topic: str) -> Sender:
        """The address in a topic; ``unknown_topic`` when no declared pattern fits."""
        levels = topic.split("/")
        for pattern in self._patterns:
            if len(pattern) == len(levels) and all(
                want == have or (want.startswith("{") and have)
                for want, have in zip(pattern, levels, strict=True)
            ):
                return Sender(NAME, levels[pattern.index("{address}")])
        raise RefusedError(
            "unknown_topic",
            "没有传感器类型声明过这种主题；请改正设备的主题，或在 twin_model/sensors 里声明",
            "no sensor type declares a topic of this form; correct the device's topic, or declare it in "
            "twin_model/sensors",
        )


def content(document: Mapping[str, Any], time_path: str | None) -> Content:
    """The whole document carries values; the clock is where the sensor type says."""
    return Content(document, dig(document, time_path) if time_path else None)


def _filter(pattern: tuple[str, ...]) -> str:
    fixed = []
    for level in pattern:
        if level.startswith("{"):
            break
        fixed.append(level)
    if fixed:
        return "/".join([*fixed, "#"])
    return "/".join("+" if level.startswith("{") else level for level in pattern)
