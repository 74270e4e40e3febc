"""What is refused is said in both languages: the base of every refusal of a file, a row, a feature, a message.

``reason`` is for a person, by language: what was found, where, what was expected, what to do. It may be logged and
shown to everybody on the staff, so nothing of a person stands in it.
"""

from __future__ import annotations

from twin_model.bilingual import both
from twin_model.procedure import Words


class Refusal(ValueError):
    """Cannot be used, with the reason; as text it is Chinese first, then English."""

    def __init__(self, zh: str, en: str) -> None:
        self.reason: Words = {"zh": zh, "en": en}
        super().__init__(both(self.reason))


class CodedRefusal(Refusal):
    """One of many in a file or a stream; ``code`` groups the reasons."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.code = code
