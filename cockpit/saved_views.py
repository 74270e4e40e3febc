"""Views that people saved: a name and an address of a page, kept per account in the data folder.

One file per account, named by a digest of its id; written whole, so that a kill leaves the old or the new one. A view
holds no answer, only where to look: who opens it sees what his own rights let him see.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from urllib.parse import parse_qsl, urlsplit

from cockpit.kept_file import write_private

MOST = 60  # of one account
MOST_SHARED = 200  # listed to everybody
LONGEST_NAME = 40
LONGEST_ADDRESS = 600
_KEY = re.compile(r"[a-z_]{1,20}")
_REFUSED = {"token", "code", "password"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class ViewRefused(Exception):
    """A view cannot be kept; ``reason`` in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.reason = {"zh": zh, "en": en}


@dataclass(frozen=True, kw_only=True)
class SavedView:
    """``address``: path and query of a page, with its instant when it was not live. ``by``: the account's name."""

    id: str
    name: str
    address: str
    shared: bool
    by: str
    made_at: str

    @property
    def at(self) -> str | None:
        """The instant it looks at, None for live."""
        return self.looks_at("at")

    def looks_at(self, what: str) -> str | None:
        """What of a kind (home, device, community ...) is chosen in it."""
        return dict(parse_qsl(urlsplit(self.address).query)).get(what)


class SavedViews:
    """The views of one data folder; without a folder they end with the process."""

    def __init__(self, folder: Path | None, pages: Sequence[str] = ()) -> None:
        self._folder = folder / "views" if folder else None
        self._pages = frozenset(pages)
        self._lock = Lock()
        self._memory: dict[str, str] = {}

    def listed(self, account: str) -> tuple[list[SavedView], list[SavedView]]:
        """The account's own by name, and what others share, by name."""
        with self._lock:
            mine = self._read(_file(account))
            others = [one for name in self._files() if name != _file(account) for one in self._read(name) if one.shared]
        return sorted(mine, key=_by_name), sorted(others, key=_by_name)[:MOST_SHARED]

    def keep(self, account: str, name: str, address: str, *, shared: bool, by: str, at: datetime) -> SavedView:
        """Keep a new view. Raises ``ViewRefused`` for a name in use, a strange address, or one too many."""
        view = SavedView(
            id=secrets.token_hex(8), name=_named(name), address=self._checked(address), shared=shared, by=by,
            made_at=at.isoformat(timespec="seconds"),
        )  # fmt: skip
        with self._lock:
            mine = self._read(_file(account))
            if len(mine) >= MOST:
                raise ViewRefused(
                    f"已有 {MOST} 个视图，先删除不用的", f"there are {MOST} views already; delete some first"
                )
            _unused(mine, view.name, "")
            self._write(_file(account), [*mine, view])
        return view

    def change(self, account: str, view_id: str, *, name: str | None = None, shared: bool | None = None) -> SavedView:
        """Rename or share one's own view. Raises ``KeyError`` when there is none of that id, ``ViewRefused``."""
        with self._lock:
            mine = self._read(_file(account))
            found = next((one for one in mine if one.id == view_id), None)
            if found is None:
                raise KeyError(view_id)
            changed = replace(
                found,
                name=found.name if name is None else _named(name),
                shared=found.shared if shared is None else shared,
            )
            _unused(mine, changed.name, view_id)
            self._write(_file(account), [changed if one.id == view_id else one for one in mine])
        return changed

    def drop(self, account: str, view_id: str) -> None:
        """Delete one's own view. Raises ``KeyError`` when there is none of that id."""
        with self._lock:
            mine = self._read(_file(account))
            rest = [one for one in mine if one.id != view_id]
            if len(rest) == len(mine):
                raise KeyError(view_id)
            self._write(_file(account), rest)

    def _checked(self, address: str) -> str:
        """An address of this program's own pages, of letters that cannot lead elsewhere."""
        parts = urlsplit(address)
        query = parse_qsl(parts.query, keep_blank_values=True)
        fits = (
            len(address) <= LONGEST_ADDRESS
            and not (parts.scheme or parts.netloc or parts.fragment or _CONTROL.search(address))
            and address.startswith("/")
            and parts.path.strip("/") in self._pages | {""}
            and all(_KEY.fullmatch(key) and key not in _REFUSED for key, _ in query)
        )
        if not fits:
            raise ViewRefused("这个地址不是本系统的页面", "that address is not a page of this program")
        return address

    def _files(self) -> list[str]:
        if self._folder is None:
            return sorted(self._memory)
        return sorted(path.name for path in self._folder.glob("*.json"))

    def _read(self, name: str) -> list[SavedView]:
        text = self._memory.get(name, "[]")
        if self._folder is not None:
            path = self._folder / name
            text = path.read_text(encoding="utf-8") if path.exists() else "[]"
        return [SavedView(**row) for row in json.loads(text)]

    def _write(self, name: str, views: Sequence[SavedView]) -> None:
        text = json.dumps([asdict(one) for one in views], ensure_ascii=False, indent=1)
        if self._folder is None:
            self._memory[name] = text
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        write_private(self._folder / name, text)


def _file(account: str) -> str:
    return hashlib.sha256(account.encode()).hexdigest()[:32] + ".json"


def _by_name(view: SavedView) -> tuple[str, str]:
    return view.name.lower(), view.id


def _named(name: str) -> str:
    words = " ".join(_CONTROL.sub(" ", name).split())
    if not 1 <= len(words) <= LONGEST_NAME:
        raise ViewRefused(f"名称要 1 到 {LONGEST_NAME} 个字", f"a name has 1 to {LONGEST_NAME} characters")
    return words


def _unused(mine: Sequence[SavedView], name: str, except_id: str) -> None:
    if any(one.name == name and one.id != except_id for one in mine):
        raise ViewRefused(f"您已有名为“{name}”的视图", f"you have a view named “{name}” already")
