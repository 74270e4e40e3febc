"""The same paper as one HTML file: no script, nothing fetched, drawings within it; prints as it looks. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from pathlib import Path

from cockpit.reports.blocks import Block, Card, Cards, Cell, Contents, Heading, Paper, Picture, Points, Table, Text

STYLE = Path(__file__).parent / "paper.css"


def html_of(paper: Paper) -> bytes:
    """The file. Its policy allows this one style sheet and nothing else at all."""
    sheet = STYLE.read_text(encoding="utf-8")
    style = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"
    headings = [block.text for block in paper.blocks if isinstance(block, Heading) and block.level == 1]
    body = _Body(headings)
    parts = "".join(body.block(block) for block in paper.blocks)
    marks = "".join(f'<span class="mark">{escape(mark)}</span>' for mark in paper.marks)
    text = (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if paper.lang == "zh" else "en"}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(paper.title)}</title>\n<style>{sheet}</style>\n</head>\n<body>\n<main>\n"
        f'<header><div class="top"><span>{escape(paper.words["program"])}</span><span>{marks}</span></div>'
        f'<h1>{escape(paper.title)}</h1><div class="subtitle">{escape(paper.subtitle)}</div></header>\n'
        f"{parts}\n<footer>{escape('  ·  '.join(paper.foot))}</footer>\n</main>\n</body>\n</html>\n"
    )
    return text.encode()


class _Body:
    """Blocks as HTML; drawings get ids of their own, because they share one page."""

    def __init__(self, headings: Sequence[str]) -> None:
        self._headings = headings
        self._sections = 0
        self._drawings = 0

    def block(self, block: Block) -> str:
        if isinstance(block, Heading):
            if block.level > 1:
                return f"<h3>{escape(block.text)}</h3>\n"
            self._sections += 1
            return f'<h2 id="s{self._sections}">{self._sections} {escape(block.text)}</h2>\n'
        if isinstance(block, Text):
            return f"<p{_tone(block.tone)}>{escape(block.text)}</p>\n"
        if isinstance(block, Points):
            items = "".join(f"<li{_tone(tone)}>{escape(words)}</li>" for tone, words in block.items)
            return f'<ul class="points">{items}</ul>\n'
        if isinstance(block, Cards):
            return f'<div class="cards">{"".join(map(_card, block.items))}</div>\n'
        if isinstance(block, Picture):
            drawn = self._drawing(block.svg, block.caption)
            return f"<figure>{drawn}<figcaption>{escape(block.caption)}</figcaption></figure>\n"
        if isinstance(block, Table):
            return self._table(block)
        if isinstance(block, Contents):
            links = "".join(f'<li><a href="#s{n}">{escape(h)}</a></li>' for n, h in enumerate(self._headings, 1))
            return f"<nav><ol>{links}</ol></nav>\n"
        return ""

    def _drawing(self, svg: str, said: str) -> str:
        self._drawings += 1
        for name in ("gap", "unknown", "sheet"):
            svg = svg.replace(f'id="{name}"', f'id="{name}{self._drawings}"')
            svg = svg.replace(f"url(#{name})", f"url(#{name}{self._drawings})")
        return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(said)}" ', 1)

    def _table(self, table: Table) -> str:
        head = "".join(f'<th scope="col"{_end(c.end)}>{escape(c.title)}</th>' for c in table.columns)
        rows = []
        for row in table.rows:
            if len(row) == 1 and len(table.columns) > 1:
                cell = f'<th class="group" scope="colgroup" colspan="{len(table.columns)}">{self._words(row[0])}</th>'
            else:
                cell = "".join(
                    f"<td{_end(c.end)}>{self._words(one)}</td>" for c, one in zip(table.columns, row, strict=True)
                )
            rows.append(f"<tr>{cell}</tr>")
        note = f"<p>{escape(table.caption)}</p>\n" if table.caption else ""
        body = f'<table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
        return f'<div class="scroll" tabindex="0">{body}</div>\n{note}'

    def _words(self, cell: Cell | str) -> str:
        if isinstance(cell, str):
            return escape(cell)
        if cell.svg:
            return self._drawing(cell.svg, cell.text)
        return f"<span{_tone(cell.tone)}>{escape(cell.text)}</span>" if cell.tone else escape(cell.text)


def _tone(tone: str) -> str:
    return f' class="{tone}"' if tone else ""


def _end(is_end: bool) -> str:
    return ' class="end"' if is_end else ""


def _card(card: Card) -> str:
    return (
        f'<div class="card {card.tone}"><span>{escape(card.label)}</span><b>{escape(card.value)}</b>'
        f"<small>{escape(card.note)}</small></div>"
    )
