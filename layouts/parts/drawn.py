"""A view as HTML: what is only looked at reaches the browser as text, without a component of Dash for every element.

Walls show nothing else. On the pages a panel's place is one component, `Drawn`, that takes the HTML as it is: Dash's
renderer asks every component it knows again at every change, which a weak computer feels (decision 0035).
"""

from __future__ import annotations

import re
from html import escape
from typing import Any, ClassVar

from dash.development.base_component import Component

VOID = {"br", "hr", "img", "input", "wbr"}
_TYPED_INTO = {"textarea"}  # what is being written there outlives a redraw only as a component
_ENDS_P = {"div", "p", "ul", "ol", "dl", "table", "h1", "h2", "h3", "h4", "section", "form", "details", "pre", "hr"}
_HOLDS_NONE = {"p": _ENDS_P, "a": {"a"}, "button": {"button"}, "form": {"form"}}
_NAMES = {"className": "class", "htmlFor": "for", "dateTime": "datetime", "tabIndex": "tabindex"}
_OF_DASH = {"n_clicks", "key"}
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Drawn(Component):
    """A place on a page: a ``div`` whose content is HTML (a string, from `to_html`) or a tree of components.

    Its half in the browser is assets/18_drawn.js.
    """

    _namespace = "layouts"
    _type = "Drawn"
    _children_props: ClassVar[list[str]] = []
    _base_nodes: ClassVar[list[str]] = ["children"]
    _prop_names: ClassVar[list[str]] = ["children", "id", "className"]
    available_properties = _prop_names
    _valid_wildcard_attributes: ClassVar[list[str]] = []
    available_wildcard_properties = _valid_wildcard_attributes

    def __init__(self, children: Any = None, id: str = "", className: str = "") -> None:
        super().__init__(children=children, id=id, className=className)


def drawn(tree: Any) -> Any:
    """The tree as HTML, or as it is when it holds what only Dash can show (a chart, a field to write in)."""
    try:
        return to_html(tree)
    except TypeError:
        return tree  # never a string: a string is HTML to the browser


def to_html(tree: Any, within: frozenset[str] = frozenset()) -> str:
    """The tree as HTML text; every word and value is escaped. Raises TypeError for what no HTML stands for.

    ``within``: the elements around it that would end where it begins.
    """
    if tree is None or isinstance(tree, bool):
        return ""
    if isinstance(tree, str | int | float):
        return escape(str(tree), quote=False)
    if isinstance(tree, list | tuple):
        return "".join(to_html(one, within) for one in tree)
    name = tree._type.lower() if isinstance(tree, Component) else ""
    if not name or tree._namespace != "dash_html_components" or name in _TYPED_INTO:
        raise TypeError(f"only what dash.html has to look at has a form as HTML, found {type(tree).__name__}")
    if around := next((one for one in within if name in _HOLDS_NONE[one]), None):
        raise TypeError(f"a browser ends <{around}> where <{name}> begins")
    said = tree.to_plotly_json()["props"]
    inner = to_html(said.pop("children", None), within | {name} if name in _HOLDS_NONE else within)
    told = "".join(_attribute(key, value) for key, value in said.items())
    return f"<{name}{told}>" if name in VOID else f"<{name}{told}>{inner}</{name}>"


def _attribute(key: str, value: Any) -> str:
    name = _NAMES.get(key, key)
    if key in _OF_DASH or value is None:
        return ""
    if isinstance(value, bool) and name.startswith(("aria-", "data-")):
        value = str(value).lower()
    if value is False:
        return ""
    if key == "style":
        value = ";".join(f"{_HUMP.sub('-', k).lower()}:{v}" for k, v in value.items())
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
