"""Whether a report is what it says: its signature, its papers' digests, and all of it made again byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from cockpit.reports.claimed import Claim, Code, claim_of
from cockpit.reports.identity import commit_of, declarations_digest, program_version
from cockpit.reports.kinds import ReportRefused, Wish, in_words
from cockpit.reports.making import MANIFEST, ROOT, SIGNATURE, papers_of
from cockpit.reports.signing import is_signed
from layouts.parts.text import LANGUAGES, t
from twin_model.late import late
from twin_model.twin import Twin

NAMED = 3
"""So many papers are named in the verdict's sentence; all of them are in its list."""


@dataclass(frozen=True)
class Finding:
    """One thing that was found: ``code`` for programs, ``said`` for people, by language."""

    code: str
    said: Mapping[str, str]


def found(code: str, **values: object) -> Finding:
    """What the section ``report.verdict`` of the locale files says of it."""
    return Finding(code, in_words(f"verdict.{code}", **values))


@dataclass
class Verdict:
    """``papers``: by name, what is found of each; ``why``: what explains differences; ``notes``: what changes nothing.

    ``wish`` and ``at``: what it is a report of.
    """

    name: str
    wish: Wish
    at: datetime
    signature: Finding
    signer: Finding
    papers: dict[str, Finding] = field(default_factory=dict)
    why: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Signed, unchanged, and the same when made again."""
        return self.signature.code == "right" and not self.wrong

    @property
    def wrong(self) -> dict[str, Finding]:
        """The papers that are not the same byte for byte."""
        return {name: one for name, one in self.papers.items() if one.code != "same"}

    @property
    def standing(self) -> str:
        """In one word: ``holds``; ``stranger``: it does, but another key signed it; ``differs``: just what was signed
        here, but it comes out otherwise today; ``broken``: it is not what was made here."""
        if self.holds:
            return "holds" if self.signer.code == "own" else "stranger"
        is_ours = self.signature.code == "right" and self.signer.code == "own"
        is_whole = all(one.code in _OTHERWISE for one in self.wrong.values())
        return "differs" if is_ours and is_whole else "broken"

    @property
    def sentence(self) -> dict[str, str]:
        """What a person reads first, by language."""
        standing = self.standing
        if standing != "broken":
            is_made = any(one.code != "unmade" for one in self.papers.values())
            return in_words(f"verdict.{standing if is_made else 'unmade'}_whole", n=len(self.papers))
        parts = []
        if self.signature.code != "right":
            parts.append(in_words(f"verdict.{self.signature.code}_part"))
        for code in _WRONG:
            if names := [name for name, one in self.papers.items() if one.code == code]:
                parts.append(in_words(f"verdict.{code}_part", names=_few(names)))
        if self.signature.code == "right" and self.signer.code != "own":
            parts.append(in_words("verdict.other_part"))
        return in_words("verdict.broken_whole", why=_joined(parts, "and"))

    def lines(self) -> list[str]:
        """For the command line, a line each, in its language."""
        told = [f"{self.name}"]
        told += [f"  signature  {self.signature.said['en']}", f"  signer     {self.signer.said['en']}"]
        told += [f"  {paper:<18} {one.said['en']}" for paper, one in self.papers.items()]
        told += [f"  because    {one.said['en']}" for one in self.why]
        told += [f"  note       {one.said['en']}" for one in self.notes]
        told.append("  verdict    " + ("holds" if self.holds else "does not hold"))
        return told


_OTHERWISE = ("differs", "unmade", "new")
"""What a paper that nobody touched may still be found to be: by other data, definitions or program."""
_WRONG = ("changed", "missing", "added", *_OTHERWISE)


def _joined(parts: Sequence[Mapping[str, str]], sign: str) -> dict[str, str]:
    return {lang: t(lang, f"report.verdict.{sign}").join(part[lang] for part in parts) for lang in LANGUAGES}


def _few(names: Sequence[str]) -> dict[str, str]:
    shown = _joined([dict.fromkeys(LANGUAGES, name) for name in names[:NAMED]], "comma")
    return in_words("verdict.more", names=shown, n=len(names) - NAMED) if len(names) > NAMED else shown


def verify(twin: Twin, papers: Mapping[str, bytes], own_key: str | None) -> Verdict:
    """Make the report again from the twin and compare. ``own_key``: this data folder's public key.

    It is made with the rights of its audience, whoever asks; whether he may be told is asked before.
    """
    claim = claim_of(papers)
    wish, at = claim.wish, claim.instant
    verdict = Verdict(claim.report, wish, at, _signature(claim, papers), _signer(claim, own_key))
    try:
        again = papers_of(twin, at, wish)
    except ReportRefused as refusal:
        again = {}
        verdict.why.append(found("impossible", why={**refusal.said, "en": str(refusal)}))
    for name in sorted({*claim.papers, *papers, *again} - {MANIFEST, SIGNATURE}):
        verdict.papers[name] = _compared(name, papers, claim, again)
    if not verdict.holds:
        verdict.why += _reasons(verdict, claim, again)
    if again:
        since = late(twin, at, twin.now(), community_id=wish.community)
        if since.num_rows:
            verdict.notes.append(found("late", n=sum(since["readings"].to_pylist())))
    return verdict


def _signature(claim: Claim, papers: Mapping[str, bytes]) -> Finding:
    if SIGNATURE not in papers:
        return found("unsigned", name=SIGNATURE)
    if not is_signed(claim.public_key, papers[SIGNATURE], papers[MANIFEST]):
        return found("forged")
    return found("right")


def _signer(claim: Claim, own_key: str | None) -> Finding:
    if own_key is None:
        return found("keyless")
    return found("own" if claim.public_key == own_key else "other")


def _compared(name: str, papers: Mapping[str, bytes], claim: Claim, again: Mapping[str, bytes]) -> Finding:
    if name not in claim.papers:
        return found("added" if name in papers else "new")
    if name not in papers:
        return found("missing")
    if hashlib.sha256(papers[name]).hexdigest() != claim.papers[name].sha256:
        return found("changed")
    if name not in again:
        return found("unmade")
    if again[name] == papers[name]:
        return found("same")
    return found("differs", byte=_first(papers[name], again[name]))


def _first(one: bytes, other: bytes) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _reasons(verdict: Verdict, claim: Claim, again: Mapping[str, bytes]) -> Iterable[Finding]:
    """What may explain that a paper comes out otherwise: other data, definitions or program."""
    if verdict.signature.code == "forged":
        yield found("asked_otherwise")
    if not again:
        return
    identity: dict[str, Any] = orjson.loads(again["data.json"])["identity"]
    if identity["data_revision"] != claim.data_revision:
        yield found("data", then=claim.data_revision, now=identity["data_revision"])
    changed = [
        in_words("verdict.version", name=name, then=claim.definitions.kpis.get(name, "?"), now=version)
        for name, version in identity["definitions"]["kpis"].items()
        if claim.definitions.kpis.get(name) != version
    ]
    if changed:
        yield found("definitions", names=_joined(changed, "comma"))
    elif claim.definitions.digest != declarations_digest():
        yield found("declarations")
    own = Code(version=program_version(), commit=commit_of(ROOT))
    if claim.code != own:
        yield found("program", then=_code(claim.code), now=_code(own))


def _code(code: Code) -> str:
    return f"{code.version}" + (f" ({code.commit[:12]})" if code.commit else "")
