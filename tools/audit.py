"""What is installed is what was locked, and may be used: ``make audit``. Asks nobody, so it runs without internet.

Found: a package without an exact version, one that is missing or another version, one that is installed and stands in
no lock file, a licence that is not on the list below, two versions of one package. Not found: weaknesses published
since; on a machine with internet run ``pip-audit --no-deps -r requirements.lock`` (docs/security.md says how often).
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-test.lock")
TOOLS = {"pip", "setuptools", "wheel", "cim-cockpit"}

# Licences a program may be made with and handed on under any licence of its own.
ALLOWED = {
    "0bsd", "apache", "artistic", "bsd", "bsd-2-clause", "bsd-3-clause", "cc0", "isc", "mit", "mit-0", "psf", "python",
    "zlib", "hpnd", "unlicense",
}  # fmt: skip
# Of single files, whose changes would have to be published; nothing of theirs is changed here.
FILES_ONLY = {"mpl", "mozilla"}
# What a package says of itself is silent or says more than one thing; read by us in its files.
READ = {
    "axe-playwright-python": "MIT",
    "paho-mqtt": "BSD-3-Clause",  # "EPL-2.0 OR BSD-3-Clause": the second is taken
    "scipy": "BSD-3-Clause",  # the field holds all texts; of the libraries inside libgfortran has its runtime exception
    "text-unidecode": "Artistic-1.0",  # or GPL: the first is taken; only in tests
}
_WORDS = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def locked(path: Path) -> tuple[dict[str, str], list[str]]:
    """Name -> version of what is wanted on this machine, and what is wrong with the file."""
    found: dict[str, str] = {}
    wrong = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not (said := line.partition("#")[0].strip()):
            continue
        try:
            asked = Requirement(said)
            (pin,) = asked.specifier
        except ValueError:
            wrong.append(f"{path.name}:{number}: {said!r} is no exact version; write NAME==VERSION")
            continue
        name = _plain(asked.name)
        if pin.operator != "==" or "*" in pin.version or asked.url:
            wrong.append(f"{path.name}:{number}: {said!r} is no exact version; write NAME==VERSION")
        elif name in found:
            wrong.append(f"{path.name}:{number}: {name} stands here twice")
        elif asked.marker is None or asked.marker.evaluate():
            found[name] = pin.version
    return found, wrong


def licence_of(name: str, said: metadata.PackageMetadata) -> str:
    """What a package says its licence is, in few words."""
    if name in READ:
        return READ[name]
    classes = [c.rpartition("::")[2].strip() for c in said.get_all("Classifier") or [] if c.startswith("License ::")]
    words = said.get("License-Expression") or (said.get("License") or "").partition("\n")[0][:80]
    return words or "; ".join(classes)


def is_allowed(licence: str) -> bool:
    """Whether every licence that is named may be used; of ``A OR B`` one is enough."""
    parts = re.split(r"\s+AND\s+|;", licence.replace("(", "").replace(")", ""), flags=re.IGNORECASE)
    return bool(licence) and all(any(_is_known(one) for one in re.split(r"\s+OR\s+", part)) for part in parts)


def _is_known(licence: str) -> bool:
    words = _WORDS.findall(licence.lower())
    starts = ALLOWED | FILES_ONLY
    is_strict = any(word.startswith(("gpl", "agpl", "lgpl", "gnu", "proprietary", "commercial")) for word in words)
    return not is_strict and any(word in starts or word.split("-")[0] in starts for word in words)


def problems(root: Path = ROOT) -> list[str]:
    """Everything wrong with the lock files and with what this Python has installed."""
    wrong: list[str] = []
    wanted: dict[str, str] = {}
    for name in LOCKS:
        pins, mistakes = locked(root / name)
        wrong += mistakes
        wrong += [f"{name}: {n}=={v}, the other file has {wanted[n]}" for n, v in pins.items() if wanted.get(n, v) != v]
        wanted |= pins
    here: dict[str, metadata.Distribution] = {}
    for one in metadata.distributions():  # in the order in which they are imported
        here.setdefault(_plain(one.metadata["Name"]), one)
    for name, version in sorted(wanted.items()):
        if name not in here:
            wrong.append(f"{name}=={version} is locked and not installed; run make test")
        elif here[name].version != version:
            wrong.append(f"{name} {here[name].version} is installed, {version} is locked; remove .venv, make test")
        elif not is_allowed(licence := licence_of(name, here[name].metadata)):
            wrong.append(f"{name} {version}: licence {licence!r} is not on the list; read it, then see tools/audit.py")
    return wrong


def strangers(root: Path = ROOT) -> list[str]:
    """What is installed and stands in no lock file."""
    wanted = set(TOOLS).union(*(locked(root / name)[0] for name in LOCKS))
    return sorted({_plain(d.metadata["Name"]) for d in metadata.distributions()} - wanted)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    """Print what is wrong; 1 when something is."""
    wrong = problems() + [f"{name} is installed and stands in no lock file" for name in strangers()]
    print("\n".join(wrong) or "every locked package is installed as locked, nothing else is, licences are allowed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
