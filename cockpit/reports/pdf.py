"""A paper as PDF (PDF/A-2b), set by typst with one font file that comes with a wheel: the same bytes on every machine.

The wheel ``zhplot`` is taken for its file only; nothing of its code is run (docs/decisions/0025).
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import typst

from cockpit.encoding import dumps
from cockpit.reports.blocks import Block, Cards, Cell, Heading, Paper, Picture, Points, Table, Text
from cockpit.reports.kinds import refused

TEMPLATE = Path(__file__).parent / "paper.typ"
FONT = "NotoSansSC-Regular.ttf"
FAMILY = "Noto Sans SC"


def pdf_of(paper: Paper) -> bytes:
    """The paper as PDF."""
    files: dict[str, bytes] = {"main": TEMPLATE.read_bytes()}
    blocks = [_plain(block, files) for block in paper.blocks]
    said = {name: value for name, value in vars(paper).items() if name != "blocks"} | {"blocks": blocks}
    files["paper.json"] = dumps(said)
    found = typst.compile(files, font_paths=_fonts(), ignore_system_fonts=True, format="pdf", pdf_standards="a-2b")
    assert isinstance(found, bytes)
    return found


def font_file() -> Path:
    """The font file of the wheel; nothing is imported for it."""
    spec = importlib.util.find_spec("zhplot")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder) / "fonts" / FONT).is_file():
            return path
    raise refused("font", font=FONT)


@cache
def _fonts() -> Any:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font_file().parent)]
    )


def _plain(block: Block, files: dict[str, bytes]) -> dict[str, Any]:
    """A block as the template reads it; pictures become files beside it."""

    def file(svg: str) -> str:
        name = f"p{len(files)}.svg"
        files[name] = svg.encode()
        return name

    def cell(one: Cell | str) -> Any:
        if isinstance(one, str):
            return one
        return {"text": one.text, "tone": one.tone, "svg": file(one.svg) if one.svg else ""}

    if isinstance(block, Heading | Text):
        return {"kind": type(block).__name__.lower(), **vars(block)}
    if isinstance(block, Points):
        return {"kind": "points", "items": [list(item) for item in block.items]}
    if isinstance(block, Cards):
        return {"kind": "cards", "items": [vars(card) for card in block.items]}
    if isinstance(block, Picture):
        return {"kind": "picture", "svg": file(block.svg), "caption": block.caption, "wide": block.wide}
    if isinstance(block, Table):
        rows = [[cell(one) for one in row] for row in block.rows]
        columns = [vars(column) for column in block.columns]
        return {"kind": "table", "columns": columns, "rows": rows, "caption": block.caption}
    return {"kind": type(block).__name__.lower()}
