"""Every sentence on screen, by language: ``t("zh", "nav.overview")``.

The words live in assets/locale: one file per language, and beside it a folder with a file per topic.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("zh", "en")
LOCALES = Path(__file__).parents[2] / "assets" / "locale"


class MissingText(KeyError):
    """A page asked for a text that its locale file does not hold."""


@cache
def texts(lang: str) -> Mapping[str, str]:
    """All texts of a language, flat: ``{"nav.overview": "总览", ...}``. Raises ValueError for one said in two files."""
    found: dict[str, str] = {}
    for path in (LOCALES / f"{lang}.toml", *sorted((LOCALES / lang).glob("*.toml"))):
        part = dict(_flat("", tomllib.loads(path.read_text(encoding="utf-8"))))
        if twice := sorted(found.keys() & part.keys()):
            raise ValueError(f"{path}: {', '.join(twice)} is said in another file of this language; keep one of them")
        found |= part
    return found


def _flat(prefix: str, table: Mapping[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        found += _flat(f"{name}.", value) if isinstance(value, Mapping) else [(name, str(value))]
    return found


def t(lang: str, key: str, **values: object) -> str:
    """The text of ``key`` with ``{values}`` filled in. Raises MissingText naming the file that lacks it."""
    try:
        text = texts(lang)[key]
    except KeyError:
        raise MissingText(f"assets/locale/{lang}.toml and {lang}/*.toml have no text {key!r}") from None
    return text.format(**values) if values else text


def has(lang: str, key: str) -> bool:
    """Whether a text exists: codes that come from data (alert rules, reject codes) may have none."""
    return key in texts(lang)


def some(lang: str, prefix: str, code: str) -> str:
    """The text of a code that comes from data, else the code itself, so that nothing is hidden."""
    return texts(lang).get(f"{prefix}.{code}", code)


def named(lang: str, row: Mapping[str, Any], default: str = "—") -> str:
    """An entity's name in the reader's language: English falls back to the given name."""
    return (row.get("name_en") if lang == "en" else None) or row.get("name") or default


def titled(lang: str, title: Mapping[str, str], default: str) -> str:
    """A declared title (``{zh=…, en=…}``) in the reader's language."""
    return title.get(lang) or title.get("zh") or default
