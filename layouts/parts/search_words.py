"""Which of many named things fit some words, the best first, and which part of a name fits.

A plain scan over folded strings: it finds words in any order and needs nothing kept up to date (docs/benchmarks.md has
its time). What can be found is listed in search_index.py.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

KINDS = ("building", "home", "facility", "room", "device", "incident", "kpi", "page")
MOST = 6  # of one kind, until the words say more

_SAME = {"栋": "幢", "号楼": "幢", "#": "幢", "–": "-", "—": "-", "－": "-"}
_PIECES = re.compile(r"\d+(?:-\d+)+|\d+(?:幢|单元|室|层|楼|户|号)?|[a-z]+|[^\s\da-z\-_./:,;()（），。、·]+")
_NUMBERS = re.compile(r"\d+|\D+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing: what it is called, what is said beside it, the address that shows it, and the words that find it."""

    kind: str
    title: str
    note: str
    way: str
    words: str


@dataclass(frozen=True, slots=True)
class Found:
    """The best of one kind, and how many more there are."""

    kind: str
    entries: tuple[Entry, ...]
    more: int


def fold(text: str) -> str:
    """As it is compared: full-width as half-width, small letters, 栋 and 号楼 as 幢."""
    folded = unicodedata.normalize("NFKC", text).lower()
    for one, other in _SAME.items():
        folded = folded.replace(one, other)
    return folded


def tokens(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The words that were asked for, each with the pieces it falls into: ``东园3幢502`` -> 东园, 3幢, 502."""
    return [(word, tuple(_PIECES.findall(word))) for word in fold(text).split()]


def find(entries: Iterable[Entry], text: str, *, most: int = MOST) -> list[Found]:
    """The entries in which every word occurs, by kind; the kind with the best fit first.

    Of entries that fit alike those that come first are told: they are handed in ``in_order``.
    """
    asked = tokens(text)
    if not asked:
        return []
    whole = "".join(fold(text).split())
    fits: dict[str, list[list[Entry]]] = {}
    counts: dict[str, int] = {}
    for entry in entries:
        words, kind = entry.words, entry.kind
        if not all(_holds(words, word, pieces) for word, pieces in asked):
            continue
        counts[kind] = counts.get(kind, 0) + 1
        ranked = fits.setdefault(kind, [[], [], [], []])[_rank(words, whole, asked)]
        if len(ranked) < most:
            ranked.append(entry)
    best = {kind: [entry for rank in ranked for entry in rank][:most] for kind, ranked in fits.items()}
    first = {kind: next(n for n, rank in enumerate(ranked) if rank) for kind, ranked in fits.items()}
    order = sorted(best, key=lambda kind: (first[kind], KINDS.index(kind)))
    return [Found(kind, tuple(best[kind]), counts[kind] - len(best[kind])) for kind in order]


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """By name as people count: 2幢 before 10幢."""
    return sorted(entries, key=lambda entry: _natural(entry.title))


def _holds(words: str, word: str, pieces: Sequence[str]) -> bool:
    return _occurs(words, word) or (len(pieces) > 1 and all(_occurs(words, piece) for piece in pieces))


def _occurs(words: str, piece: str) -> bool:
    """Whether it stands there; a number only where a number begins: 3幢 is not found in 13幢."""
    start = words.find(piece)
    if not piece[0].isdigit():
        return start >= 0
    while start > 0 and words[start - 1].isdigit():
        start = words.find(piece, start + 1)
    return start >= 0


def _rank(words: str, whole: str, asked: Sequence[tuple[str, tuple[str, ...]]]) -> int:
    """0 the very thing, 1 its name begins so, 2 all are whole words, 3 it occurs."""
    if f" {whole} " in words:
        return 0
    if words.startswith(whole, 1):
        return 1
    return 2 if all(f" {word} " in words for word, _ in asked) else 3


def _natural(title: str) -> list[Any]:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in _NUMBERS.findall(title)]


def marks(text: str, asked: str) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is what was asked for."""
    folded = "".join(_one(letter) for letter in text)
    hit = [False] * len(text)
    for word, pieces in tokens(asked):
        for piece in (word, *pieces) if word in folded else [p for one in pieces for p in (one, *one.split("-"))]:
            start = folded.find(piece) if piece else -1
            while start >= 0:
                if not (piece[0].isdigit() and start and folded[start - 1].isdigit()):
                    hit[start : start + len(piece)] = [True] * len(piece)
                start = folded.find(piece, start + 1)
    found: list[tuple[str, bool]] = []
    for letter, is_hit in zip(text, hit, strict=True):
        if found and found[-1][1] == is_hit:
            found[-1] = (found[-1][0] + letter, is_hit)
        else:
            found.append((letter, is_hit))
    return found


def _one(letter: str) -> str:
    folded = fold(letter)
    return folded if len(folded) == 1 else letter
