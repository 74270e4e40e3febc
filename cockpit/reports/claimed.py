"""What a report says of itself: its manifest, read strictly, since anybody may have sent it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from cockpit.reports.kinds import Wish, refused
from cockpit.reports.making import MANIFEST

_LONGEST = 4 << 20
_YEARS = range(1900, 2201)
Text = Annotated[str, Field(max_length=300)]


def _instant(text: Any) -> datetime:
    at = datetime.fromisoformat(text) if isinstance(text, str) else None
    if at is None or at.tzinfo is None or at.year not in _YEARS:
        raise ValueError("expected an instant with its offset")
    return at


class Paper(BaseModel):
    """What is said of one paper."""

    sha256: Text


class Definitions(BaseModel):
    """The versions of what was counted by."""

    kpis: dict[str, int | str] = {}
    digest: Text | None = None


class Code(BaseModel):
    """The program that made it."""

    version: Text | None = None
    commit: Text | None = None


class Claim(BaseModel):
    """A manifest. ``papers``: by name."""

    report: Text
    community: Text
    kind: Text
    audience: Text
    language: Text
    rulebook: Text | None = None
    scenarios: list[Text] = Field(default=[], max_length=20)
    instant: Annotated[datetime, BeforeValidator(_instant)]
    data_revision: Text | None = None
    papers: dict[str, Paper]
    public_key: Text
    definitions: Definitions = Definitions()
    code: Code = Code()

    @property
    def wish(self) -> Wish:
        """What it is a report of. Raises `ReportRefused` for what no report is of."""
        named = {} if self.rulebook is None else {"rulebook": self.rulebook}
        return Wish(community=self.community, kind=self.kind, audience=self.audience, lang=self.language,
                    scenarios=tuple(self.scenarios), **named)  # fmt: skip


def claim_of(papers: Mapping[str, bytes]) -> Claim:
    """What the manifest among these papers says. Raises `ReportRefused` for none, or for one that is not readable."""
    if MANIFEST not in papers:
        raise refused("no_manifest", where=MANIFEST)
    if len(papers[MANIFEST]) > _LONGEST:
        raise refused("manifest_json")
    try:
        return Claim.model_validate_json(papers[MANIFEST])
    except ValidationError as error:
        if any(one["type"] == "json_invalid" for one in error.errors()):
            raise refused("manifest_json") from None
        names = ", ".join(dict.fromkeys(str(one["loc"][0]) for one in error.errors() if one["loc"]))
        raise refused("manifest_lacks", names=names[:200] or "{}") from None
