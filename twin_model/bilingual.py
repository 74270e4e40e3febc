"""One sentence in Chinese and English: as words by language, and as the one text that is stored and handed on.

As one text it is ``中文 · English``. Texts stored by earlier versions may be in English only; they stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from twin_model.procedure import Words

BETWEEN = " · "
_CHINESE = re.compile("[\u4e00-\u9fff]")


def both(words: Words) -> str:
    """The sentence as one text, Chinese first."""
    zh = words["zh"].replace(BETWEEN, "·")  # what is quoted in it must not look like the end of it
    return f"{zh}{BETWEEN}{words['en']}"


def in_language(lang: str, text: str) -> str:
    """The half of a text that is in a language; a text that has but one is given whole."""
    zh, between, en = text.partition(BETWEEN)
    if not between or not _CHINESE.search(zh):
        return text
    return en if lang == "en" else zh


def joined(sentences: Iterable[Words]) -> Words:
    """Several sentences as one."""
    told = list(sentences)
    return {"zh": "。".join(words["zh"] for words in told), "en": "; ".join(words["en"] for words in told)}
