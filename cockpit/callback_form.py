"""What a page's question may look like: a callback is asked with exactly the inputs and states it was declared with.

The browser sends them as Dash wired them, with values of the kinds it makes; anything else was made by hand. The
program would stumble over it with a server error, which in the log looks like a mistake of its own. Whether a value
names something that is there is judged where it is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cockpit.problems import Problem
from layouts.page import SHELL, parse_instant

WORDS = {"pathname", "search", "value"}
COUNTS = {"n_clicks", "n_intervals"}
OBJECTS = {SHELL("view"), SHELL("revision"), SHELL("window")}
INSTANTS = ("at", "with", "start", "end")


def checked(body: Any, wired: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises `Problem` (400) for what no page of ours asks. ``wired``: Dash's callbacks by their output."""
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        raise Problem(400, "this is no question of a page: expected an object with output, outputs, inputs and state")
    output = body["output"]
    callback = wired.get(output)
    if callback is None or "callback" not in callback:
        raise Problem(400, f"output: found {output[:200]!r}, which no page asks for; load the page again")
    names = output.strip(".").split("...")
    outputs = body.get("outputs")
    outputs = outputs if output.startswith("..") else [outputs]
    if _names(outputs) != names:
        raise Problem(400, f"outputs: expected {', '.join(names)}; load the page again")
    for kind, said in (("inputs", body.get("inputs", [])), ("state", body.get("state", []))):
        expected = [f"{one['id']}.{one['property']}" for one in callback[kind]]
        if _names(said) != expected:
            raise Problem(400, f"{kind} of {names[0]}: expected {', '.join(expected) or 'none'}; load the page again")
        for one in said:
            _check_value(one)
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(one, str) for one in changed):
        raise Problem(400, f"changedPropIds: found {json.dumps(changed)[:100]}, expected a list of names")


def _names(said: Any) -> list[str] | None:
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        return None
    return [f"{one.get('id')}.{one.get('property')}" for one in said]


def _check_value(said: dict[str, Any]) -> None:
    """Choices are words or numbers; only the shell's stores and the marks of what is shown are objects."""
    name, value = f"{said['id']}.{said['property']}", said.get("value")
    if value is None:
        return
    if said["property"] in WORDS and not isinstance(value, str):
        raise _strange(name, value, "text")
    if said["property"] in COUNTS and not isinstance(value, int):
        raise _strange(name, value, "a whole number")
    if said["id"] in OBJECTS:
        _check_object(name, value)
    elif isinstance(value, list | dict) and not _may_be_object(str(said["id"])):
        raise _strange(name, value, "text or a number")


def _may_be_object(store: str) -> bool:
    page, _, part = store.partition("--")
    return page in (SHELL.page, "reports") or part.partition("-")[0] == "shown"


def _check_object(name: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise _strange(name, value, "an object")
    if name == f"{SHELL('view')}.data":
        for key, word in value.items():
            if word is not None and not isinstance(word, str):
                raise _strange(f"{name}: {key}", word, "text")
    try:
        for key in INSTANTS:
            parse_instant(value.get(key))
    except (ValueError, OverflowError) as error:
        raise Problem(400, f"{name}: {error}") from error


def _strange(name: str, value: Any, expected: str) -> Problem:
    return Problem(400, f"{name}: found {type(value).__name__}, expected {expected}; load the page again")
