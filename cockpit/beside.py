"""How a command finds the server of its data folder: ``serving.json``, there while a server runs.

Only one process may have the store open, so a command that writes hands its work to the server when there is one.
The file holds a token and is readable by its owner only; one left behind by a killed server is recognised because
nobody answers to that token.
"""

from __future__ import annotations

import contextlib
import json
import os
import ssl
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from cockpit.audit_chain import Anchor
from cockpit.kept_file import write_private

FILE_NAME = "serving.json"
HELLO_SECONDS = 5.0


class ServerRefused(Exception):
    """The running server did not do what a command asked; its own sentence."""


@dataclass(frozen=True)
class RunningServer:
    """A server on this machine and the token its commands use."""

    url: str
    token: str
    broker: str  # its address with the password: the file is its owner's only
    pid: int
    certificate: str = ""  # the file whose certificate it shows, where it speaks HTTPS

    def import_paths(self, paths: list[Path], options: dict[str, Any]) -> list[dict[str, Any]]:
        """Have it import files from this machine's disk; one report per file."""
        body = {"paths": [str(p.resolve()) for p in paths], **options}
        reports: list[dict[str, Any]] = self._ask("/api/v1/imports", body)
        return reports

    def make_report(self, wanted: dict[str, Any], patience_s: float) -> dict[str, Any]:
        """Have it make a report into a folder of this machine; how that ended."""
        job: dict[str, Any] = self._ask(f"/api/v1/reports?wait={patience_s:g}", wanted)
        return job

    def verify_report(self, path: Path) -> dict[str, Any]:
        """Have it make a report of this machine's disk again: whether it holds, and what was found."""
        found: dict[str, Any] = self._ask("/api/v1/reports/verifications", {"path": str(path.resolve())})
        return found

    def drill_scenarios(self) -> list[dict[str, Any]]:
        """What can be exercised: name, title, ..."""
        return self._items("/api/v1/drills/scenarios")

    def drills(self) -> list[dict[str, Any]]:
        """The exercises there were, running ones included."""
        return self._items("/api/v1/drills")

    def start_drill(self, scenario: str, community_id: str | None, speed: float | None) -> dict[str, Any]:
        """Begin an exercise; the drill that runs now."""
        said = {"scenario": scenario, "community_id": community_id, "speed": speed}
        drill: dict[str, Any] = self._ask("/api/v1/drills", {k: v for k, v in said.items() if v is not None})
        return drill

    def replay_drill(self, path: Path, community_id: str | None, speed: float) -> dict[str, Any]:
        """Begin an exercise that plays a recorded day from this machine's disk."""
        said = {"path": str(path.resolve()), "community_id": community_id, "speed": speed}
        drill: dict[str, Any] = self._ask("/api/v1/drills/replays", {k: v for k, v in said.items() if v is not None})
        return drill

    def stop_drill(self, drill_id: str) -> None:
        """End an exercise."""
        self._ask(f"/api/v1/drills/{quote(drill_id, safe='')}", None, method="DELETE")

    def withdraw_records(self, said: dict[str, Any]) -> int:
        """Have it take records back; how many there were."""
        done: int = self._ask("/api/v1/records/withdrawals", said)["withdrawn"]
        return done

    def withdraw_division(self, said: dict[str, Any]) -> dict[str, list[str]]:
        """Have it take a division back; which divisions went, and which communities lie in none now."""
        done: dict[str, list[str]] = self._ask("/api/v1/city/divisions/withdrawals", said)
        return done

    def answer(self, path: str, accept: str) -> bytes:
        """What the interface answers to a GET."""
        return self._fetch(path, None, accept=accept)

    def health(self) -> dict[str, Any]:
        """What it says of itself."""
        found: dict[str, Any] = self._ask("/healthz", None)
        return found

    def states(self, most: int) -> list[dict[str, Any]]:
        """So many fresh states."""
        return self._items(f"/api/v1/states?status=fresh&limit={most}")

    def readings(self, device_id: str, metric: str, since: str) -> list[dict[str, Any]]:
        """The log of one device-metric, by the device's time."""
        asked = urlencode({"device_id": device_id, "metric": metric, "from": since})
        return self._items(f"/api/v1/readings?{asked}")

    def begin_copy(self) -> dict[str, Any]:
        """Let its store stand still to be copied: file, log_bytes, at, revision, paused_ms."""
        copy: dict[str, Any] = self._ask("/api/v1/copies", {})
        return copy

    def renew_copy(self) -> None:
        """The copying goes on."""
        self._ask("/api/v1/copies", {}, method="PUT")

    def end_copy(self) -> dict[str, dict[str, str]]:
        """It is copied; the screens a good copy can show. Refused when the file did not stand still all the while."""
        screens: dict[str, dict[str, str]] = self._ask("/api/v1/copies", None, method="DELETE")
        return screens

    def audit_anchors(self) -> list[Anchor]:
        """Where the audit trail ended whenever its store was told."""
        return [Anchor(**row) for row in self._ask("/api/v1/audit/anchors", None)]

    def retain(self) -> list[dict[str, Any]]:
        """Delete what is kept no longer: kind, rows, since."""
        done: list[dict[str, Any]] = self._ask("/api/v1/retention/runs", {})
        return done

    def export_person(self, person_id: str, purpose: str) -> bytes:
        """Everything about one person, a zip."""
        return self._fetch(_person(person_id, "export", purpose), None)

    def erase_person(self, person_id: str, purpose: str) -> dict[str, Any]:
        """Take one person out: rows, changed."""
        done: dict[str, Any] = self._ask(_person(person_id, "erasures", purpose), {})
        return done

    def screens(self) -> list[dict[str, Any]]:
        """The wall screens, each with its health."""
        return self._items("/api/v1/screens")

    def pair_screen(self, said: dict[str, Any]) -> dict[str, Any]:
        """Pair the screen that shows a code."""
        screen: dict[str, Any] = self._ask("/api/v1/screens", said)
        return screen

    def rename_screen(self, screen_id: str, name: str) -> dict[str, Any]:
        """Give a screen another name."""
        path = f"/api/v1/screens/{quote(screen_id, safe='')}"
        screen: dict[str, Any] = self._ask(path, {"name": name}, method="PATCH")
        return screen

    def unpair_screen(self, screen_id: str) -> None:
        """End a screen's token."""
        self._ask(f"/api/v1/screens/{quote(screen_id, safe='')}", None, method="DELETE")

    def _items(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._ask(path, None)["items"]
        return items

    def answers(self) -> bool:
        """Whether it is there and knows the token: a process with the same number may be something else."""
        try:
            self._ask("/api/v1/communities?limit=1", None, timeout=HELLO_SECONDS)
        except (ServerRefused, OSError):
            return False
        return True

    def _ask(
        self, path: str, body: dict[str, Any] | None, timeout: float | None = None, method: str | None = None
    ) -> Any:
        data = self._fetch(path, body, timeout, method)
        return json.loads(data) if data else None

    def _fetch(
        self, path: str, body: dict[str, Any] | None, timeout: float | None = None, method: str | None = None,
        accept: str = "*/*",
    ) -> bytes:  # fmt: skip
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Accept": accept}
        request = Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with _direct(self.certificate).open(request, timeout=timeout) as answer:
                found: bytes = answer.read()
                return found
        except HTTPError as error:
            with error:
                text = error.read() if "json" in error.headers.get("content-type", "") else b"{}"
            said = json.loads(text)
            if isinstance(said, list):  # an import of which nothing could be stored: still a report
                return text
            raise ServerRefused(said.get("detail") or f"the running server answered {error.code}") from error
        except URLError as error:
            raise ServerRefused(f"the running server at {self.url} did not answer: {error.reason}") from error
        except (HTTPException, ConnectionError) as error:
            raise ServerRefused(
                f"the running server at {self.url} ended before it answered. Start it and give the command again: what "
                "it stored by then stays and is not stored twice"
            ) from error


def _person(person_id: str, what: str, purpose: str) -> str:
    return f"/api/v1/persons/{quote(person_id, safe='')}/{what}?purpose={quote(purpose, safe='')}"


@contextlib.contextmanager
def announced(
    folder: Path, host: str, port: int, *, token: str, broker: str, certificate: str = ""
) -> Iterator[None]:
    """Be found by commands on this folder while the context lasts."""
    path = folder / FILE_NAME
    shown = str(Path(certificate).resolve()) if certificate else ""
    server = RunningServer(address(host, port, bool(certificate)), token, broker, os.getpid(), shown)
    write_private(path, json.dumps(asdict(server)))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def running_server(folder: Path) -> RunningServer | None:
    """The server that has this data folder open, None when there is none."""
    try:
        server = RunningServer(**json.loads((folder / FILE_NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return server if server.answers() else None


def address(host: str, port: int, is_secure: bool = False) -> str:
    """Where this machine reaches a server bound to ``host``."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    scheme = "https" if is_secure else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _direct(certificate: str) -> OpenerDirector:
    """Without the proxies of the environment: the server is on this machine, and known by its very certificate."""
    if not certificate:
        return build_opener(ProxyHandler({}))
    trusted = ssl.create_default_context(cafile=certificate)
    trusted.check_hostname = False  # it is for the name people use, not for 127.0.0.1
    trusted.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return build_opener(ProxyHandler({}), HTTPSHandler(context=trusted))
