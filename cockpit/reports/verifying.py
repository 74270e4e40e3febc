"""Whether a report is what it says: its signature, its papers' digests, and all of it made again byte for byte."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from cockpit.reports.identity import commit_of, declarations_digest, program_version
from cockpit.reports.kinds import ReportRefused, Wish
from cockpit.reports.making import MANIFEST, ROOT, SIGNATURE, papers_of
from cockpit.reports.signing import is_signed
from twin_model.late import late
from twin_model.twin import Twin


@dataclass
class Verdict:
    """``papers``: by name, what is wrong with each ("" when nothing is); ``why``: what explains differences."""

    name: str
    signature: str = ""
    signer: str = ""
    papers: dict[str, str] = field(default_factory=dict)
    why: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Signed, unchanged, and the same when made again."""
        return not self.signature and not any(self.papers.values())

    def lines(self) -> list[str]:
        """In words, a line each."""
        found = [f"{self.name}", f"  signature  {self.signature or 'right'}", f"  signer     {self.signer}"]
        found += [f"  {paper:<18} {wrong or 'the same byte for byte'}" for paper, wrong in self.papers.items()]
        found += [f"  because    {one}" for one in self.why]
        found += [f"  note       {one}" for one in self.notes]
        found.append("  verdict    " + ("holds" if self.holds else "does not hold"))
        return found


def verify(twin: Twin, papers: dict[str, bytes], own_key: str | None) -> Verdict:
    """Make the report again from the twin and compare. ``own_key``: this data folder's public key."""
    manifest = _manifest(papers)
    found = Verdict(name=str(manifest["report"]))
    _signature(found, papers, manifest, own_key)
    wish = Wish(community=manifest["community"], kind=manifest["kind"], audience=manifest["audience"],
                lang=manifest["language"], scenarios=tuple(manifest.get("scenarios", ())),
                **{k: manifest[k] for k in ("rulebook",) if k in manifest})  # fmt: skip
    at = datetime.fromisoformat(manifest["instant"])
    try:
        again = papers_of(twin, at, wish)
    except ReportRefused as refusal:
        again = {}
        found.why.append(f"it cannot be made again here: {refusal}")
    for name in sorted({*manifest["papers"], *papers, *again} - {MANIFEST, SIGNATURE}):
        found.papers[name] = _compared(name, papers, manifest, again)
    if not found.holds:
        found.why += _reasons(found, manifest, again)
    if again:
        since = late(twin, at, twin.now(), community_id=wish.community)
        if since.num_rows:
            n = sum(since["readings"].to_pylist())
            found.notes.append(f"{n} readings for the time before the instant came after it; the report is unchanged")
    return found


def _manifest(papers: dict[str, bytes]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = orjson.loads(papers[MANIFEST])
        needed = {"report", "community", "kind", "audience", "language", "instant", "papers", "public_key"}
        if missing := sorted(needed - found.keys()):
            raise ReportRefused(f"{MANIFEST}: lacks {', '.join(missing)}; it is not the manifest of a report")
        return found
    except KeyError:
        raise ReportRefused(f"found no {MANIFEST}, expected it beside the papers of a report") from None
    except (orjson.JSONDecodeError, AttributeError):
        raise ReportRefused(f"{MANIFEST}: not readable as JSON; it was changed or cut off") from None


def _signature(found: Verdict, papers: dict[str, bytes], manifest: dict[str, Any], own_key: str | None) -> None:
    if SIGNATURE not in papers:
        found.signature = f"missing: there is no {SIGNATURE}"
    elif not is_signed(str(manifest["public_key"]), papers[SIGNATURE], papers[MANIFEST]):
        found.signature = "wrong: the manifest was changed after it was signed, or by somebody without the key"
    if own_key is None:
        found.signer = "unknown: this data folder has no key of its own to compare with"
    elif manifest["public_key"] == own_key:
        found.signer = "this data folder's own key"
    else:
        found.signer = "another key than this data folder's: compare it with the one its maker publishes"


def _compared(
    name: str, papers: dict[str, bytes], manifest: dict[str, Any], again: dict[str, bytes]
) -> str:
    said = manifest["papers"].get(name, {}).get("sha256")
    if said is None:
        return "not in the manifest: it was added afterwards" if name in papers else "was not made then"
    if name not in papers:
        return "missing"
    if hashlib.sha256(papers[name]).hexdigest() != said:
        return "changed after it was made: its bytes are not those the manifest names"
    if name not in again:
        return "not made again"
    if again[name] == papers[name]:
        return ""
    return f"made again it differs, first at byte {_first(papers[name], again[name])}"


def _first(one: bytes, other: bytes) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _reasons(found: Verdict, manifest: dict[str, Any], again: dict[str, bytes]) -> list[str]:
    """What may explain that a paper comes out otherwise: other data, definitions or program."""
    reasons: list[str] = []
    if found.signature.startswith("wrong"):
        reasons.append("the manifest itself is not the one that was signed: what it asks for may not be what was made")
    code, definitions = manifest.get("code", {}), manifest.get("definitions", {})
    if not again:
        return reasons
    identity = orjson.loads(again["data.json"])["identity"]
    if identity["data_revision"] != manifest.get("data_revision"):
        reasons.append(f"the data: the report rests on revision {manifest.get('data_revision')}, here the instant has "
                       f"{identity['data_revision']}")  # fmt: skip
    changed = [
        f"{name} (v{definitions['kpis'].get(name, '?')} then, v{version} now)"
        for name, version in identity["definitions"]["kpis"].items()
        if definitions.get("kpis", {}).get(name) != version
    ]
    if changed:
        reasons.append("definitions: " + ", ".join(changed))
    elif definitions.get("digest") != declarations_digest():
        reasons.append("the declaration files: their digest is not the one the report was made with")
    own = {"version": program_version(), "commit": commit_of(ROOT)}
    if code != own:
        reasons.append(f"the program: made with {_code(code)}, verified with {_code(own)}")
    return reasons


def _code(code: dict[str, Any]) -> str:
    commit = code.get("commit")
    return f"{code.get('version')}" + (f" ({str(commit)[:12]})" if commit else "")
