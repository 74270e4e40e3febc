"""How long a whole report takes, how large it is, and whether two processes make the same bytes.

The bar: an A4 report of 8 pages with map and charts within 2 s, byte-identical, at most 3 MB. Made of the
sample community, as the first report after the twin was opened (nothing remembered) and once more; the time of the
processor says the same on a machine that others use. ``served``: the first report of a program whose pages ask for
alerts and homes every second and whose page of reports was opened a minute ago.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit import memory

if TYPE_CHECKING:
    from twin_model.twin import Twin

ROOT = Path(__file__).resolve().parents[1]
KIND = "monthly"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="a data folder nobody serves (made of the sample)")


def main(quick: bool = False, data: Path | None = None) -> dict[str, Any]:
    """Run it; ``quick`` changes nothing, it is quick."""
    del quick
    with tempfile.TemporaryDirectory() as made:
        folder = data or _sample(Path(made) / "data")
        runs = [_in_a_process(folder, seed) for seed in ("1", "77")]
        served = _in_a_process(folder, "1", "served")
    first = runs[0]
    return {
        "bench": "report", "kind": KIND, "pages": first["pages"], "first_s": first["first_s"],
        "again_s": first["again_s"], "first_cpu_s": first["first_cpu_s"],
        "served_s": served["first_s"], "served_cpu_s": served["first_cpu_s"],
        "pdf_mb": first["pdf_mb"], "all_mb": first["all_mb"],
        "identical": runs[0]["digest"] == runs[1]["digest"],
    }  # fmt: skip


def _sample(folder: Path) -> Path:
    from sample_data.load import load
    from twin_model.twin import Twin

    now = datetime.now(UTC)
    folder.mkdir(parents=True)
    twin = Twin.open(folder / "twin.duckdb", clock=lambda: now)
    load(twin, now)
    twin.close()
    return folder


def _in_a_process(folder: Path, seed: str, *how: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.report", str(folder), *how],
        cwd=ROOT, check=True, capture_output=True, text=True, env=os.environ | {"PYTHONHASHSEED": seed},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(folder: Path, *, served: bool = False) -> dict[str, Any]:
    """In a process of its own: the first report, the second, their size, pages and digest."""
    from cockpit.reports.kinds import Wish
    from cockpit.reports.making import papers_of
    from twin_model.twin import Twin

    twin = Twin.open(folder / "twin.duckdb", clock=lambda: datetime.now(UTC))
    at = (twin.stopped_at or twin.now()) - timedelta(seconds=1)
    community = twin.entities("community", at)["community_id"].to_pylist()[0]
    if served:
        _ask_as_pages_do(twin, at, community)
    took, worked = [], []
    papers: dict[str, bytes] = {}
    for _ in range(2):
        began, spent = time.perf_counter(), time.process_time()
        papers = papers_of(twin, at, Wish(community=community, kind=KIND, audience="staff"))
        took.append(time.perf_counter() - began)
        worked.append(time.process_time() - spent)
    twin.close()
    digest = hashlib.sha256(b"".join(papers[name] for name in sorted(papers))).hexdigest()
    return {
        "first_s": round(took[0], 2), "again_s": round(took[1], 2), "first_cpu_s": round(worked[0], 2),
        "digest": digest, "pdf_mb": round(len(papers["report.pdf"]) / 1e6, 2),
        "all_mb": round(sum(map(len, papers.values())) / 1e6, 2), "pages": papers["report.pdf"].count(b"/MediaBox"),
    }  # fmt: skip


def _ask_as_pages_do(twin: Twin, at: datetime, community: str) -> None:
    """What a running program was asked a minute ago by the page of reports, and this second by every screen."""
    from layouts.parts import scene_answers

    scene_answers.course(twin, at - timedelta(minutes=1), community)
    twin.alerts(at)
    twin.home_states(at)


if __name__ == "__main__":
    memory.look_seldom()  # as run.py
    print(json.dumps(measured(Path(sys.argv[1]), served="served" in sys.argv[2:])))
