"""One ``[[outlet]]`` table of ``cockpit.toml``, read strictly: a mistyped key must not lose a notification.

The address of a robot holds its key, so ``url`` is kept like ``secret``: both may come from an environment variable
(``url_env``, ``secret_env``) or from a file (``url_file``, ``secret_file``), and neither is ever printed.
"""

from __future__ import annotations

import base64
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

GRADES = (1, 2, 3, 4)
LANGUAGES = ("zh", "en")
KINDS = {
    "mqtt": (),
    "webhook": ("url", "secret"),
    "wecom": ("url",),
    "dingtalk": ("url",),
    "file": ("path",),
}
"""Kind of outlet -> the keys it cannot do without."""
_POSTS = ("url", "ca_file", "timeout_s")
_HAS = {
    "mqtt": (),
    "webhook": (*_POSTS, "secret"),
    "wecom": _POSTS,
    "dingtalk": (*_POSTS, "secret"),
    "file": ("path",),
}
"""Kind of outlet -> which of the keys that not all kinds have."""
_KEY_OF = {"wecom": "key", "dingtalk": "access_token"}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_HIDDEN = ("url", "secret")
TELLS = (
    "raised", "realarmed", "escalated", "evidence", "cleared", "acknowledge", "contact", "dispatch", "arrive",
    "handle", "confirm", "close", "reopen", "hand_over", "overdue", "merge", "note",
)  # fmt: skip
"""What a notification may tell of: an incident's beginning, what changed in it, and the steps of its procedure."""
_PEOPLE = frozenset({"raised", "realarmed", "escalated", "acknowledge", "close", "reopen", "hand_over", "overdue"})
_USUAL = {"wecom": _PEOPLE, "dingtalk": _PEOPLE, "webhook": frozenset(), "mqtt": frozenset(), "file": frozenset()}
"""What a kind of outlet is told when it does not say: a group of people gets what somebody must know, not each step."""
MIN_SECRET = 16
_BASE64 = "whsec_"


class OutletMistake(ValueError):
    """An outlet cannot be used as it is set; the text says which, what was found and what was expected."""


@dataclass(frozen=True, kw_only=True)
class OutletSettings:
    """One outlet. Empty filters let everything through; ``public`` says no more of a place than its building."""

    name: str
    kind: str
    url: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    path: str = ""
    grades: frozenset[int] = frozenset()
    kinds: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    communities: frozenset[str] = frozenset()
    lang: str = "zh"
    public: bool = False
    drills: bool = True
    ca_file: str = ""
    timeout_s: int = 10


_NAMES = {f.name for f in fields(OutletSettings)}
_KEYS = _NAMES | {f"{hidden}_{where}" for hidden in _HIDDEN for where in ("env", "file")}


def outlets(tables: object, environment: Mapping[str, str], folder: Path) -> tuple[OutletSettings, ...]:
    """All ``[[outlet]]`` tables of a file; ``folder`` is where relative paths begin. Raises `OutletMistake`."""
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise OutletMistake("expected [[outlet]] tables")
    found = tuple(_outlet(n, dict(table), environment, folder) for n, table in enumerate(tables, 1))
    names = [outlet.name for outlet in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise OutletMistake(f"two outlets are called {', '.join(twice)}; what was told is kept by name")
    return found


def signing_key(secret: str) -> bytes:
    """The key a webhook is signed with: what base64 says after ``whsec_``, else the text itself. Raises ValueError."""
    if secret.startswith(_BASE64):
        key = base64.b64decode(secret.removeprefix(_BASE64), validate=True)
    else:
        key = secret.encode()
    if len(key) < MIN_SECRET:
        raise ValueError("too short")
    return key


def _outlet(n: int, table: dict[str, Any], environment: Mapping[str, str], folder: Path) -> OutletSettings:
    name = table.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise OutletMistake(f"outlet {n}: name: found {name!r}, expected a-z, 0-9, - and _ (at most 40)")
    place = f"outlet {name}"
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else "known: " + ", ".join(sorted(_KEYS))
            raise OutletMistake(f"{place}: there is no key {key!r}; {hint}")
    kind = _one_of(place, "kind", table.get("kind"), tuple(KINDS))
    for hidden in _HIDDEN:
        if (text := _hidden(place, hidden, table, environment, folder)) is not None:
            table[hidden] = text
    for key in ("url", "secret", "path", "ca_file", "timeout_s"):
        if key in table and key not in _HAS[kind]:
            raise OutletMistake(f"{place}: a {kind} outlet has no {key}")
    for key in KINDS[kind]:
        if not table.get(key):
            raise OutletMistake(f"{place}: a {kind} outlet needs {key}")
    made = OutletSettings(
        name=name,
        kind=kind,
        url=_text(place, table, "url"),
        secret=_text(place, table, "secret"),
        path=_text(place, table, "path") and str(folder / _text(place, table, "path")),
        grades=frozenset(_one_of(place, "grades", g, GRADES) for g in _list(place, table, "grades")),
        kinds=frozenset(_one_of(place, "kinds", k, TELLS) for k in _list(place, table, "kinds")) or _USUAL[kind],
        rules=frozenset(_words(place, table, "rules")),
        communities=frozenset(_words(place, table, "communities")),
        lang=_one_of(place, "lang", table.get("lang", "zh"), LANGUAGES),
        public=_flag(place, table, "public", False),
        drills=_flag(place, table, "drills", True),
        ca_file=_text(place, table, "ca_file") and str(folder / _text(place, table, "ca_file")),
        timeout_s=_seconds(place, table),
    )
    _check_url(place, made)
    if kind == "webhook":
        try:
            signing_key(made.secret)
        except ValueError:
            expected = f"expected at least {MIN_SECRET} characters, or {_BASE64} and base64 of as many bytes"
            raise OutletMistake(f"{place}: secret: {expected}") from None
    if made.ca_file and not Path(made.ca_file).is_file():
        raise OutletMistake(f"{place}: ca_file: there is no file {made.ca_file}")
    return made


def _hidden(place: str, key: str, table: dict[str, Any], environment: Mapping[str, str], folder: Path) -> str | None:
    """What `key`, `key`_env or `key`_file says; never part of an error."""
    given = [k for k in (key, f"{key}_env", f"{key}_file") if k in table]
    if len(given) > 1:
        raise OutletMistake(f"{place}: found {' and '.join(given)}, expected one of them")
    variable, path = table.pop(f"{key}_env", None), table.pop(f"{key}_file", None)
    # What stands there may be the secret itself, put under the wrong key: it is not repeated.
    if variable is not None:
        if str(variable).startswith("CIM_"):
            raise OutletMistake(f"{place}: {key}_env: names beginning with CIM_ are settings; choose another name")
        if not environment.get(str(variable)):
            raise OutletMistake(f"{place}: {key}_env: the environment variable it names is not set")
        return environment[str(variable)].strip()
    if path is not None:
        try:
            return (folder / str(path)).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise OutletMistake(f"{place}: {key}_file: the file it names cannot be read: {reason}") from None
    return None


def _check_url(place: str, outlet: OutletSettings) -> None:
    if not outlet.url:
        return
    try:
        if not re.fullmatch(r"[!-~]+", outlet.url):
            raise ValueError
        url = urlsplit(outlet.url)
        host, _port = url.hostname, url.port
    except ValueError:
        raise OutletMistake(f"{place}: url: this is not an address (it is not shown: it may hold a key)") from None
    if url.scheme not in ("https", "http") or not host:
        raise OutletMistake(f"{place}: url: expected https://host/… (it is not shown: it may hold a key)")
    if url.scheme == "http" and host not in _LOOPBACK:
        raise OutletMistake(f"{place}: url: expected https:// (plain http only to this machine itself)")
    if url.username or url.password:
        raise OutletMistake(f"{place}: url: expected no user or password in it; receivers check the signature")
    needed = _KEY_OF.get(outlet.kind)
    if needed and not parse_qs(url.query).get(needed):
        raise OutletMistake(f"{place}: url: expected the robot's whole address, with {needed}=… at its end")


def _text(place: str, table: Mapping[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        shown = "something else" if key in _HIDDEN else repr(value)
        raise OutletMistake(f"{place}: {key}: found {shown}, expected text")
    return value


def _list(place: str, table: Mapping[str, Any], key: str) -> list[Any]:
    value = table.get(key, [])
    if not isinstance(value, list):
        raise OutletMistake(f"{place}: {key}: found {value!r}, expected a list in [ ]")
    return value


def _words(place: str, table: Mapping[str, Any], key: str) -> list[str]:
    words = _list(place, table, key)
    if wrong := [word for word in words if not isinstance(word, str)]:
        raise OutletMistake(f"{place}: {key}: found {wrong[0]!r}, expected text")
    return words


def _one_of(place: str, key: str, value: Any, known: Sequence[Any]) -> Any:
    if isinstance(value, bool) or value not in known:
        near = difflib.get_close_matches(str(value), [str(k) for k in known], n=1)
        hint = f"did you mean {near[0]}?" if near else "expected " + ", ".join(map(str, known))
        raise OutletMistake(f"{place}: {key}: found {value!r}; {hint}")
    return value


def _flag(place: str, table: Mapping[str, Any], key: str, default: bool) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise OutletMistake(f"{place}: {key}: found {value!r}, expected true or false")
    return value


def _seconds(place: str, table: Mapping[str, Any]) -> int:
    value = table.get("timeout_s", 10)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 60:
        raise OutletMistake(f"{place}: timeout_s: found {value!r}, expected 1 to 60 seconds")
    return value
