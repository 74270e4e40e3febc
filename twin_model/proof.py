"""What shows that a copy of a store is the store: every community's screen at an instant, remade from the copy.

The screen is made by all that the program knows how to ask, so a row that is missing, doubled or changed anywhere it
looks shows in a part of it. It depends on the declared rules and KPIs too; ``definitions`` tells whether they are the
same as when the copy was made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from twin_model.rights import program
from twin_model.screen import fingerprint, screen
from twin_model.twin import Twin

HERE = Path(__file__).parent
Screens = Mapping[str, Mapping[str, str]]


def screens(twin: Twin, at: datetime) -> dict[str, dict[str, str]]:
    """Of every community known at ``at``: the fingerprint of each part of its screen."""
    with program():  # fingerprints tell nothing of what they are of
        known = twin.entities("community", at)["community_id"].to_pylist()
        return {
            community: {name: fingerprint({name: part}) for name, part in screen(twin, at, community).items()}
            for community in known
        }


def differing(one: Screens, other: Screens) -> list[str]:
    """Where two lots of screens differ: ``community: part``."""
    found = []
    for community in sorted(one.keys() | other.keys()):
        here, there = one.get(community, {}), other.get(community, {})
        parts = sorted(here.keys() | there.keys())
        found += [f"{community}: {part}" for part in parts if here.get(part) != there.get(part)]
    return found


def definitions() -> str:
    """Changes with any line of the model: its code, questions, rules, KPIs, procedures."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(p for p in HERE.rglob("*") if p.suffix in (".py", ".sql", ".toml")):
        digest.update(path.relative_to(HERE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
