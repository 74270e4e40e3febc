"""Reads declaration files. All mistakes of a tree are collected and reported together, with file and line.

Two forms: a TOML file (sensor types, rulebooks, procedures), and a SQL file that starts with a TOML header in
a comment, then one SELECT (KPIs, alert rules).
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

_HEADER = re.compile(r"\A/\* ---\n(?P<toml>.*?)--- \*/\n(?P<sql>.+)\Z", re.S)
_DURATION = re.compile(r"\A(\d+(?:\.\d+)?)([smhd])\Z")
_UNIT = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class DeclarationError(ValueError):
    """One or more declaration files are not usable; each line names file, line or key, and what to write."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Declared:
    """A declaration with a SQL body: ``header`` is the TOML table, ``sql`` one SELECT."""

    name: str
    path: Path
    header: dict[str, Any]
    sql: str


def duration(text: object) -> timedelta:
    """``"90s"``, ``"30m"``, ``"12h"`` or ``"7d"`` as a timedelta."""
    match = _DURATION.match(text) if isinstance(text, str) else None
    if match is None:
        raise DeclarationError([f"{text!r} is not a duration; write 90s, 30m, 12h or 7d"])
    return timedelta(**{_UNIT[match[2]]: float(match[1])})


def wrong_titles(value: object, where: str, key: str = "title") -> Iterator[str]:
    """What is wrong with a text that must be given in both languages."""
    if not isinstance(value, dict) or not value.get("zh") or not value.get("en"):
        yield f'{where}: {key} must give both languages: {key} = {{ zh = "…", en = "…" }}'


def unknown_keys(keys: Iterable[str], known: Iterable[str], where: str) -> Iterator[str]:
    """The keys nobody reads, with the known one that was probably meant."""
    for key in sorted(set(keys) - set(known)):
        near = difflib.get_close_matches(key, list(known), 1)
        yield f"{where}: unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def parse_toml(path: Path, text: str) -> dict[str, Any]:
    """The TOML table of ``text``; a syntax error names ``path`` and the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DeclarationError([f"{path}: {error}"]) from error


def load_toml(path: Path) -> dict[str, Any]:
    """A declaration that is TOML only."""
    return parse_toml(path, path.read_text(encoding="utf-8"))


def load_sql(path: Path, *, required: frozenset[str]) -> Declared:
    """A declaration with a TOML header and a SELECT; ``required`` are the header keys it must have."""
    match = _HEADER.match(path.read_text(encoding="utf-8"))
    if match is None:
        raise DeclarationError([f"{path}:1: must start with '/* ---', a TOML header and '--- */', then one SELECT"])
    header = parse_toml(path, match["toml"])
    if missing := sorted(required - header.keys()):
        raise DeclarationError([f"{path}:1: header lacks {', '.join(missing)}"])
    return Declared(path.stem, path, header, match["sql"].strip())
