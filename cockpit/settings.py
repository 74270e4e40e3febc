"""The settings, one table: defaults < ``cockpit.toml`` < ``CIM_*`` environment < command line.

``cockpit.toml`` is read from the working folder and then from the data folder, which wins. An unknown key
is an error in all three places: a mistyped setting that is quietly ignored is found out at the worst time.
``[[outlet]]`` and ``[[report]]`` tables are for the file only; their secrets may be in the environment (see
``cockpit.outlets.settings``, ``cockpit.reports.settings``).
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import time
from pathlib import Path
from typing import Any

from cockpit.outlets.settings import OutletMistake, OutletSettings, outlets
from cockpit.reports.settings import ReportMistake, ReportSettings, reports

FILE_NAME = "cockpit.toml"
PREFIX = "CIM_"
ON_COMMAND_LINE = ("data", "host", "port", "broker", "broker_port", "sample")

TABLES: dict[str, Callable[..., Any]] = {"outlet": outlets, "report": reports}
"""What is set in tables of `cockpit.toml` only."""
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_NIGHT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_SPELLED = {
    "TimeOfDay": re.compile(r"([01]\d|2[0-3]):[0-5]\d"),
    "Level": re.compile("debug|info|warning|error"),
    "Form": re.compile("words|json"),
}
Night = str
Address = str
Hours = int
AuditDays = int
TimeOfDay = str
Count = int
Level = str
Form = str


class SettingsError(Exception):
    """A setting that is unknown or cannot be understood; the text says where and what was expected."""


def setting(default: Any, help: str) -> Any:
    """A field of `Settings` with the sentence that explains it."""
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set, with its default and one sentence of help."""

    data: Path = setting(Path("data"), "folder of the twin, the tokens and the logs; made when missing")  # noqa: RUF009
    host: str = setting("127.0.0.1", "address to listen on; anything but loopback asks everybody to sign in")
    port: int = setting(8050, "port of the pages and of the API")
    names: str = setting("", "further host names this server answers to, separated by commas")
    broker: str = setting("embedded", "`embedded`, or mqtt://user:pw@host:1883, or mqtts://host:8883")
    broker_port: int = setting(1883, "port of the embedded broker (loopback only)")
    broker_ca: str = setting("", "file with the certificate authority of an mqtts:// broker; empty: the system's")
    sample: bool | None = setting(
        None, "sample community with simulated devices; unset: on when the data folder is empty"
    )
    public_url: Address = setting(  # noqa: RUF009
        "", "where people open these pages, https://…; links in notifications begin with it"
    )
    tell_hours: Hours = setting(24, "hours for which a notification is tried before it is given up")  # noqa: RUF009
    night_quiet: Night = setting(  # noqa: RUF009
        "22:00-07:00", "local time in which outlets keep grades 3 and 4 until its end; empty: never"
    )
    backup_folder: str = setting("", "where a backup is made every day, best on another disk; empty: none by itself")
    backup_time: TimeOfDay = setting("02:30", "local time of the daily backup")  # noqa: RUF009
    backup_keep: Count = setting(14, "how many backups are kept; older ones go when a new one has proved itself")  # noqa: RUF009
    log_level: Level = setting("info", "what is written to the log files: debug, info, warning or error")  # noqa: RUF009
    log_form: Form = setting(  # noqa: RUF009
        "words", "`words` (key=value) or `json` (one object a line), in the log files and on standard error"
    )
    audit_days: AuditDays = setting(  # noqa: RUF009
        400, "days after which a month of the audit trail is moved to `audit/archive`; at least 183"
    )
    log_days: Count = setting(30, "days after which a log file is removed")  # noqa: RUF009
    password_length: Count = setting(10, "fewest characters of a password")  # noqa: RUF009
    password_classes: Count = setting(  # noqa: RUF009
        3, "how many of capitals, small letters, digits and signs a password needs (at most 4)"
    )
    password_days: Count = setting(180, "days after which a password must be changed")  # noqa: RUF009
    sign_in_tries: Count = setting(5, "wrong passwords after which an account is locked for a while")  # noqa: RUF009
    sign_in_lock: Count = setting(15, "minutes for which it is locked then")  # noqa: RUF009
    session_idle: Count = setting(  # noqa: RUF009
        30, "minutes without anybody there after which a person is signed out; a duty room may set more"
    )
    session_hours: Count = setting(12, "hours after which a person signs in again in any case")  # noqa: RUF009
    oidc_issuer: Address = setting(  # noqa: RUF009
        "", "single sign-on: the issuer of an OpenID Connect provider; empty: none, see "
        "[docs/decisions/0020](docs/decisions/0020-accounts-are-a-file.md)"
    )
    oidc_client: str = setting("", "single sign-on: our client id there")
    oidc_secret: str = setting("", "single sign-on: our secret there; in the environment or in `oidc_secret_file`")
    oidc_secret_file: str = setting("", "single sign-on: file that holds our secret")
    oidc_claim: str = setting("roles", "single sign-on: the claim that says which role somebody has")
    oidc_roles: str = setting(
        "", "single sign-on: which value of the claim stands for which role: `cim-duty=duty-officer, cim-head=manager`"
    )
    tls_certificate: str = setting("", "HTTPS: file with the certificate and its chain (PEM); read again when renewed")
    tls_key: str = setting("", "HTTPS: file with the certificate's private key (PEM, without a password)")
    proxies: str = setting(
        "", "addresses of reverse proxies, separated by commas, whose `X-Forwarded-For` and `-Proto` are believed"
    )
    rate: Count = setting(  # noqa: RUF009
        50, "requests a second of one account or token, taken over 20 s; acts of staff and walls are not counted"
    )
    streams: Count = setting(200, "open streams of `/api/v1/live` of one account or token")  # noqa: RUF009
    outlet: tuple[OutletSettings, ...] = setting(
        (), "where notifications go: `[[outlet]]` tables in `cockpit.toml`, see [docs/outlets.md](docs/outlets.md)"
    )

    report: tuple[ReportSettings, ...] = setting(
        (), "reports made by the clock: `[[report]]` tables in `cockpit.toml`, see [docs/reports.md](docs/reports.md)"
    )

    @property
    def store_path(self) -> Path:
        """The DuckDB file."""
        return self.data / "twin.duckdb"

    @property
    def quiet(self) -> tuple[time, time] | None:
        """When the quiet of the night begins and ends, in local time."""
        first, _, last = self.night_quiet.partition("-")
        return (time.fromisoformat(first), time.fromisoformat(last)) if last else None


FIELDS: dict[str, Field[Any]] = {f.name: f for f in fields(Settings)}
_KINDS: dict[str, str] = {name: str(f.type) for name, f in FIELDS.items()}
_EXPECTED = {
    "int": "a whole number",
    "bool | None": "true or false",
    "Path": "a path",
    "str": "text",
    "Hours": "a whole number of hours, 1 to 168",
    "AuditDays": "a whole number of days, 183 (half a year, by law) to 36500",
    "Count": "a whole number, 1 to 1000",
    "TimeOfDay": "a time of day such as 02:30",
    "Level": "debug, info, warning or error",
    "Form": "words or json",
    "Night": "22:00-07:00, or nothing",
    "Address": "https://host, or nothing",
}


def load(
    command_line: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    working_folder: Path | None = None,
) -> Settings:
    """The settings in force. ``command_line`` holds only what was given there (None: not given).

    Raises `SettingsError` naming the place, the value found and what was expected.
    """
    folder = working_folder or Path.cwd()
    environment = environment or {}
    given = {k: v for k, v in (command_line or {}).items() if v is not None}
    from_environment = _environment(environment)
    from_files = _file(folder / FILE_NAME, environment)
    data = Path({**from_files, **from_environment, **given}.get("data", FIELDS["data"].default))
    beside_the_data = folder / data / FILE_NAME
    if beside_the_data.resolve() != (folder / FILE_NAME).resolve():
        inner = _file(beside_the_data, environment)
        if "data" in inner:
            raise SettingsError(f"{beside_the_data}: data cannot be set inside it; set it in ./{FILE_NAME}")
        from_files |= inner
    return Settings(**{**from_files, **from_environment, **given})


def settings_table() -> str:
    """The settings as the Markdown table of the README."""
    lines = ["| setting | environment | default | meaning |", "|---|---|---|---|"]
    for name, f in FIELDS.items():
        default = "" if f.default in (None, "", (), MISSING) else f"`{f.default}`"
        option = f"`--{name.replace('_', '-')}`" if name in ON_COMMAND_LINE else f"`{name}`"
        variable = "" if name in TABLES else f"`{PREFIX}{name.upper()}`"
        lines.append(f"| {option} | {variable} | {default} | {f.metadata['help']} |")
    return "\n".join(lines)


def _environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for variable, text in environment.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        _known(name, f"environment variable {variable}", spelled=lambda n: PREFIX + n.upper())
        if name in TABLES:
            raise SettingsError(f"environment variable {variable}: these are set as [[{name}]] in {FILE_NAME}")
        found[name] = _parse(name, text, f"environment variable {variable}")
    return found


def _file(path: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not readable as TOML: {error}") from error
    for name in table:
        _known(name, str(path), spelled=str)
    flat = {name: _parse(name, value, f"{path}: {name}") for name, value in table.items() if name not in TABLES}
    try:
        given = ((name, read) for name, read in TABLES.items() if name in table)
        return flat | {name: read(table[name], environment, path.parent) for name, read in given}
    except (OutletMistake, ReportMistake) as mistake:
        raise SettingsError(f"{path}: {mistake}") from None


def _known(name: str, place: str, spelled: Any) -> None:
    if name not in FIELDS:
        near = difflib.get_close_matches(name, FIELDS, n=1)
        hint = f"did you mean {spelled(near[0])}?" if near else "known: " + ", ".join(map(spelled, FIELDS))
        raise SettingsError(f"{place}: there is no setting {spelled(name)!r}; {hint}")


def _parse(name: str, value: Any, place: str) -> Any:
    kind = _KINDS[name]
    try:
        if kind == "int":
            return _whole(value)
        if kind == "AuditDays":
            return _between(value, 183, 36_500)
        if kind == "Hours":
            return _hours(value)
        if kind == "Count":
            return _count(value)
        if kind == "bool | None":
            return _truth(value)
        if isinstance(value, bool | int | float):
            raise ValueError
        if kind == "Night" and value and not _NIGHT.fullmatch(str(value)):
            raise ValueError
        if kind in _SPELLED and not _SPELLED[kind].fullmatch(str(value)):
            raise ValueError
        if kind == "Address":
            return _address(str(value))
        return Path(value) if kind == "Path" else str(value)
    except (ValueError, TypeError):
        raise SettingsError(f"{place}: found {value!r}, expected {_EXPECTED[kind]}") from None


def _whole(value: Any) -> int:
    if isinstance(value, bool | float):
        raise ValueError
    return int(value)


def _hours(value: Any) -> int:
    if not 1 <= (hours := _whole(value)) <= 168:
        raise ValueError
    return hours


def _between(value: Any, low: int, high: int) -> int:
    if not low <= (number := _whole(value)) <= high:
        raise ValueError
    return number


def _count(value: Any) -> int:
    if not 1 <= (count := _whole(value)) <= 1000:
        raise ValueError
    return count


def _address(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
        raise ValueError
    return value.rstrip("/")


def _truth(value: Any) -> bool:
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError
