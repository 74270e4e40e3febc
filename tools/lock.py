"""Writes requirements.lock and requirements-test.lock from pyproject.toml (make lock).

pip resolves; this only writes down what it chose: names and versions, sorted, no address of any registry.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN, TEST = ROOT / "requirements.lock", ROOT / "requirements-test.lock"
# A package the whole set needs only on some machines.
MARKERS = {
    "setuptools": 'python_version >= "3.12"',  # older venvs bring one
    "uvloop": 'sys_platform != "win32"',
}

# Wanted for a file they carry, not for their code: locked without what they would bring along.
FOR_A_FILE = {"zhplot"}


def resolve(requirements: list[str], *, constraints: Path | None = None) -> dict[str, str]:
    """Name -> version of everything `requirements` brings, dependencies of dependencies included."""
    command = [sys.executable, "-m", "pip", "install", "--quiet"]
    command += ["--dry-run", "--ignore-installed", "--report", "-"]
    if constraints is not None:
        command += ["--constraint", str(constraints)]
    answer = subprocess.run([*command, *requirements], check=True, stdout=subprocess.PIPE, text=True).stdout
    chosen = (item["metadata"] for item in json.loads(answer)["install"])
    return {item["name"].lower().replace("_", "-"): item["version"] for item in chosen}


def write(path: Path, pins: dict[str, str], heading: str) -> None:
    """One line a package, sorted."""
    lines = [f"# {line}\n" for line in heading.splitlines()]
    for name, version in sorted(pins.items()):
        marker = f" ; {MARKERS[name]}" if name in MARKERS else ""
        lines.append(f"{name}=={version}{marker}\n")
    path.write_text("".join(lines), encoding="utf-8")
    print(f"{path.name}: {len(pins)} packages")


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"]
    carriers = [line for line in wanted if line.partition("==")[0] in FOR_A_FILE]
    run = resolve([line for line in wanted if line not in carriers])
    run |= dict(line.split("==") for line in carriers)
    write(
        RUN,
        run,
        "Everything `make run` installs: exact versions, dependencies of dependencies included.\n"
        "Installed with --no-deps, so nothing is resolved and nothing can drift. Made by `make lock`.",
    )
    extras = project["optional-dependencies"]
    test = resolve(extras["test"] + extras["lint"], constraints=RUN)
    write(
        TEST,
        {name: version for name, version in test.items() if name not in run},
        "What `make test` and `make lint` install on top of requirements.lock. Made by `make lock`.",
    )


if __name__ == "__main__":
    main()
