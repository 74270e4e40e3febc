"""A view as HTML: walls show the trees the pages are made of, without Dash's renderer in the browser.

Only elements of ``dash.html`` have a form without it; a tree that holds anything else is a mistake of the program.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

from dash.development.base_component import Component

VOID = {"br", "hr", "img", "input", "wbr"}
_NAMES = {"className": "class", "htmlFor": "for", "dateTime": "datetime", "tabIndex": "tabindex", "n_clicks": ""}
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def to_html(tree: Any) -> str:
    """The tree as HTML text; every word and value is escaped. Raises TypeError for what is no element."""
    if tree is None or isinstance(tree, bool):
        return ""
    if isinstance(tree, str | int | float):
        return escape(str(tree), quote=False)
    if isinstance(tree, list | tuple):
        return "".join(map(to_html, tree))
    if not isinstance(tree, Component) or tree._namespace != "dash_html_components":
        raise TypeError(f"a wall shows elements of dash.html only, found {type(tree).__name__}")
    said = tree.to_plotly_json()["props"]
    name = tree._type.lower()
    inner = to_html(said.pop("children", None))
    told = "".join(_attribute(key, value) for key, value in said.items())
    return f"<{name}{told}>" if name in VOID else f"<{name}{told}>{inner}</{name}>"


def _attribute(key: str, value: Any) -> str:
    name = _NAMES.get(key, key)
    if not name or value is None or value is False:
        return ""
    if key == "style":
        value = ";".join(f"{_HUMP.sub('-', k).lower()}:{v}" for k, v in value.items())
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
