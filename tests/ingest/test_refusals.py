"""Each refusal and note of an import, a message, a broker is said in Chinese and English; a title per code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import ingest.batch  # with it every module that refuses a file or a row
import ingest.decoder  # and every one that refuses a message
import ingest.replay  # and a recording
import ingest.service  # and a broker
from ingest.refusals import CodedRefusal, Refusal
from layouts.parts.text import has

HERE = Path(ingest.batch.__file__).parent
CHINESE = re.compile("[\u4e00-\u9fff]")
CHINESE_MARKS = re.compile("[；，。？“”]")
ENGLISH_SENTENCE = re.compile(r"\b(is|are|has|expected|cannot|needs)\b")
MAKERS = {"_bad": 2, "warn": 0}  # what else is given both, and how many arguments come before them
WORDS = re.compile("[A-Za-z一-鿿]")


def kinds(of: type[Refusal]) -> set[str]:
    """The names of a class and of all that derive from it."""
    return {of.__name__}.union(*(kinds(one) for one in of.__subclasses__()))


def written(node: ast.AST) -> str:
    """What stands in a text itself, without what is put into it."""
    if isinstance(node, ast.Subscript):
        return ""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(written(part) for part in ast.iter_child_nodes(node))


@cache
def told() -> list[tuple[str, list[str], str, str]]:
    """What is told when it is first asked for: a run that never comes to it need not read the sources."""
    return list(sentences())


def sentences() -> Iterator[tuple[str, list[str], str, str]]:
    """(where, codes, zh, en) of each sentence that is written where it is raised, and of each pair by language."""
    coded, plain = kinds(CodedRefusal), kinds(Refusal)
    for path in sorted(HERE.rglob("*.py")):
        file = path.relative_to(HERE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{file}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Dict) and [written(key) for key in node.keys if key] == ["zh", "en"]:
                yield where, [], written(node.values[0]), written(node.values[1])
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name not in plain and name not in MAKERS:
                continue
            before = MAKERS.get(name, int(name in coded))
            codes = [n.value for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant)] if name in coded else []
            if any(keyword.arg is None for keyword in node.keywords) or any(
                isinstance(argument, ast.Starred) for argument in node.args
            ):  # a pair that is written elsewhere
                yield where, codes, "", ""
            else:
                zh, en = node.args[before : before + 2]
                yield where, codes, written(zh), written(en)


def test_the_refusals_are_found():
    assert len([one for one in told() if one[1]]) > 90
    files = {where.split(":")[0] for where, *_ in told()}
    assert {"formats/osm.py", "naming.py", "decoder.py", "rows.py", "source.py", "replay.py"} <= files


def test_every_refusal_is_said_in_both_languages():
    put_together = [one for one in told() if not WORDS.search(one[2] + one[3])]  # of sentences that stand elsewhere
    whole = [one for one in told() if one not in put_together]
    assert [where for where, _, zh, en in whole if not (CHINESE.search(zh) and WORDS.search(en))] == []
    assert [where for where, _, zh, _ in told() if ENGLISH_SENTENCE.search(zh)] == []
    assert [where for where, _, _, en in told() if CHINESE_MARKS.search(en)] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_code_has_a_title_on_the_page(lang):
    codes = {code for _, codes, *_ in told() for code in codes} | {"unknown_kind", "decoder_failed", "check"}
    assert sorted(code for code in codes if not has(lang, f"code.{code}")) == []
