"""What-if scenarios (选址推演方案): thought of, saved, renamed, duplicated, compared, withdrawn. ``twin.scenarios``.

A scenario is a name and a list of edits to the facilities of one community as they were known at ``base_at``. It lives
in a table of its own that none of the twin's other questions reads, so that nothing of it can be taken for what is.
Every save is a version; a withdrawn one is no longer listed, and still known for any instant before.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from twin_model.edits import Edit, read_edits
from twin_model.store import Writer
from twin_model.timeline import from_us
from twin_model.what_if import WhatIf

if TYPE_CHECKING:
    from twin_model.twin import Twin

LONGEST_NAME = 40
MOST = 200
"""Scenarios of one community that are not withdrawn."""


class ScenarioRefused(ValueError):
    """A scenario cannot be saved so; ``reason`` in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.reason = {"zh": zh, "en": en}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One version of a scenario. ``recorded_at``: when it was saved; ``owner``: the account that made it."""

    scenario_id: str
    community_id: str
    name: str
    owner: str
    base_at: datetime
    profile: str
    edits: tuple[Edit, ...]
    withdrawn: bool
    recorded_at: datetime


class Scenarios(WhatIf):
    """The scenarios of one twin, and what they would change (``outcomes``, ``best``)."""

    def __init__(self, twin: Twin) -> None:
        super().__init__(twin)

    def listed(self, at: datetime, community_id: str) -> list[Scenario]:
        """As known at ``at``, without withdrawn ones, the one saved last first."""
        self._twin.sight.need(community_id)
        rows = self._twin.store.select(
            f"{_SELECT} AND community_id = $community_id AND NOT withdrawn ORDER BY recorded_at DESC, scenario_id",
            at=at, community_id=community_id,
        )  # fmt: skip
        return [_scenario(row) for row in rows.to_pylist()]

    def one(self, at: datetime, scenario_id: str) -> Scenario:
        """Raises ``KeyError`` when there is none of that id at ``at``, or none within the scope."""
        found = self._twin.store.select(f"{_SELECT} AND scenario_id = $scenario_id", at=at, scenario_id=scenario_id)
        scenario = _scenario(found.to_pylist()[0]) if found.num_rows else None
        if scenario is None or not self._twin.sight.within(scenario.community_id):
            raise KeyError(scenario_id)
        return scenario

    def save(
        self, community_id: str, name: str, owner: str, base_at: datetime, edits: Sequence[Edit],
        profile: str = "adult",
    ) -> Scenario:  # fmt: skip
        """A new scenario. Raises ``ScenarioRefused`` for a name that is empty, too long or in use, or one too many."""
        self._twin.sight.need(community_id)
        self._twin.circles.profile(profile)
        edits = read_edits([edit.told() for edit in edits])
        with self._twin.writing() as received:
            now = from_us(received)
            others = self.listed(now, community_id)
            if len(others) >= MOST:
                raise ScenarioRefused(f"已有 {MOST} 个方案，先撤回不用的", f"there are {MOST}; withdraw some first")
            scenario = Scenario(
                scenario_id=secrets.token_hex(8), community_id=community_id, name=_named(name, others), owner=owner,
                base_at=base_at, profile=profile, edits=edits, withdrawn=False, recorded_at=now,
            )  # fmt: skip
            self._twin.commit(lambda writer: _write(writer, scenario), received)
        return scenario

    def change(
        self, scenario_id: str, *, name: str | None = None, edits: Sequence[Edit] | None = None,
        profile: str | None = None, withdrawn: bool = False,
    ) -> Scenario:  # fmt: skip
        """Another version: renamed, with other edits, or withdrawn. Raises ``KeyError``, ``ScenarioRefused``,
        ``WrongEdit`` and, for a profile that is not there, ``Unasked``."""
        self.one(self._twin.now(), scenario_id)
        if profile is not None:
            self._twin.circles.profile(profile)
        with self._twin.writing() as received:
            now = from_us(received)
            before = self.one(now, scenario_id)
            if before.withdrawn:
                raise ScenarioRefused("方案已撤回", "the scenario is withdrawn")
            others = [one for one in self.listed(now, before.community_id) if one.scenario_id != scenario_id]
            scenario = replace(
                before, recorded_at=now, withdrawn=withdrawn,
                name=before.name if name is None else _named(name, others),
                edits=before.edits if edits is None else read_edits([edit.told() for edit in edits]),
                profile=before.profile if profile is None else profile,
            )  # fmt: skip
            self._twin.commit(lambda writer: _write(writer, scenario), received)
        return scenario

    def duplicate(self, scenario_id: str, name: str, owner: str) -> Scenario:
        """The same edits under another name, of whoever duplicates it."""
        one = self.one(self._twin.now(), scenario_id)
        return self.save(one.community_id, name, owner, one.base_at, one.edits, one.profile)

    def withdraw(self, scenario_id: str) -> Scenario:
        """It is no longer listed; what it was stays known for earlier instants."""
        return self.change(scenario_id, withdrawn=True)


def _named(name: str, others: Sequence[Scenario]) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise ScenarioRefused(f"名称须为 1 至 {LONGEST_NAME} 个字", f"a name has 1 to {LONGEST_NAME} characters")
    if any(one.name == name for one in others):
        raise ScenarioRefused(f"已有同名方案“{name}”", f"there is a scenario {name!r} already")
    return name


def _scenario(row: dict[str, object]) -> Scenario:
    edits = read_edits(json.loads(str(row["edits"])))
    return Scenario(**{**row, "edits": edits})  # type: ignore[arg-type]


def _write(writer: Writer, scenario: Scenario) -> None:
    writer.execute(
        "UPDATE scenario SET superseded_at = $recorded_at WHERE scenario_id = $scenario_id AND superseded_at IS NULL",
        recorded_at=scenario.recorded_at, scenario_id=scenario.scenario_id,
    )  # fmt: skip
    edits = json.dumps([edit.told() for edit in scenario.edits], ensure_ascii=False)
    writer.append("scenario", pa.Table.from_pylist([{**vars(scenario), "edits": edits}], schema=_SCHEMA))


_COLUMNS = ("scenario_id", "community_id", "name", "owner", "base_at", "profile", "edits", "withdrawn", "recorded_at")
_SELECT = (
    f"SELECT {', '.join(_COLUMNS)} FROM scenario "
    "WHERE recorded_at <= $at AND (superseded_at IS NULL OR superseded_at > $at)"
)
_INSTANTS = ("base_at", "recorded_at")
_SCHEMA = pa.schema(
    [
        (name, pa.timestamp("us", "UTC") if name in _INSTANTS else pa.bool_() if name == "withdrawn" else pa.string())
        for name in _COLUMNS
    ]
)
