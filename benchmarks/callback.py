"""How many times a second a page's hot callback answers with an 18 KB chart.

The whole way counts: guard, session, Dash's dispatch, the callback thread, the kept answer, the plain dict figure, its
JSON. Asked over 16 connections by ``wrk`` where it is installed, else by aiohttp, which is slower itself and says so.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.mosquitto import free_port

ROOT = Path(__file__).parents[1]
CONNECTIONS = 16
OUTPUT = "bench--chart.figure"
QUESTION = {
    "output": OUTPUT,
    "outputs": {"id": "bench--chart", "property": "figure"},
    "inputs": [{"id": "shell--revision", "property": "data", "value": {"revision": 1}}],
    "changedPropIds": ["shell--revision.data"],
}


def main(quick: bool) -> dict[str, Any]:
    """``{bench, rps, bytes, p99_ms, with}``."""
    seconds = 5 if quick else 15
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.callback", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            token = process.stdout.readline().strip()
            if not token:
                raise RuntimeError("the server for the benchmark did not start; its errors are above")
            url = f"http://127.0.0.1:{port}/_dash-update-component"
            size = asyncio.run(_size(url, token))
            measured = _with_wrk(url, token, seconds) if shutil.which("wrk") else asyncio.run(_ask(url, token, seconds))
        finally:
            process.terminate()
    return {"bench": "callback", **measured, "bytes": size}


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


async def _size(url: str, token: str) -> int:
    async with aiohttp.ClientSession(headers=_headers(token)) as session:
        for _ in range(200):
            try:
                async with session.post(url, json=QUESTION, headers={"Accept-Encoding": "identity"}) as answer:
                    answer.raise_for_status()
                    return len(await answer.read())
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
    raise RuntimeError("the server for the benchmark does not answer")


def _with_wrk(url: str, token: str, seconds: int) -> dict[str, Any]:
    lines = ['wrk.method = "POST"', f"wrk.body = [[{json.dumps(QUESTION)}]]"]
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in _headers(token).items()]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write("\n".join(lines))
        script.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", script.name, url]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        raise RuntimeError(f"not every answer was good:\n{said}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    slowest = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    if not rate or not slowest:
        raise RuntimeError(f"wrk said something unexpected:\n{said}")
    p99 = float(slowest[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[slowest[2]]
    return {"rps": round(float(rate[1])), "p99_ms": round(p99, 1), "with": "wrk"}


async def _ask(url: str, token: str, seconds: int) -> dict[str, Any]:
    taken: list[float] = []
    end = time.perf_counter() + seconds
    body = json.dumps(QUESTION)

    async def client(session: aiohttp.ClientSession) -> None:
        while (began := time.perf_counter()) < end:
            async with session.post(url, data=body) as answer:
                answer.raise_for_status()
                await answer.read()
            taken.append(time.perf_counter() - began)

    headers = _headers(token) | {"Accept-Encoding": "identity"}
    async with aiohttp.ClientSession(headers=headers) as session:
        await asyncio.gather(*(client(session) for _ in range(CONNECTIONS)))
    taken.sort()
    p99 = taken[int(len(taken) * 0.99)] * 1e3
    return {"rps": round(len(taken) / seconds), "p99_ms": round(p99, 1), "with": "aiohttp"}


def _day() -> tuple[list[str], list[float]]:
    """What the twin would answer: one value each 90 s."""
    times = [f"11-22 {s // 3600:02}:{s // 60 % 60:02}" for s in range(0, 86_400, 90)]
    return times, [round(20 + s % 97 / 10, 1) for s in range(len(times))]


def _serve(port: int) -> None:
    import uvicorn
    from dash import Input, Output

    from cockpit.app import create_app
    from cockpit.services import Services
    from cockpit.settings import Settings
    from cockpit.tokens import Role
    from twin_model.twin import Twin

    twin = Twin.open(None, clock=lambda: datetime.now(UTC))
    cockpit = create_app(twin, Settings(port=port), Services())

    @cockpit.dash.callback(Output("bench--chart", "figure"), Input("shell--revision", "data"))
    def chart(_revision: Any) -> dict[str, Any]:
        # as pages do it: the answer out of the cache, plain lists in a plain dict
        times, values = cockpit.answers.ask("bench", _day, revision=1, instant=None)
        return {
            "data": [{"type": "scatter", "mode": "lines", "x": times, "y": values}],
            "layout": {"margin": {"l": 36, "r": 8, "t": 8, "b": 28}, "uirevision": "bench"},
        }

    print(cockpit.tokens.lend(Role.ADMINISTRATOR, "bench"), flush=True)
    uvicorn.run(cockpit.server, host="127.0.0.1", port=port, log_level="warning", access_log=False, ws="none")


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
