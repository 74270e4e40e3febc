"""The locale files: equal, complete, each in its own language."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from layouts.parts import text
from layouts.parts.text import MissingText, t, texts

ROOT = Path(__file__).resolve().parents[2]
CHINESE = re.compile("[\u3400-\u9fff]")
ENGLISH_SENTENCE = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}")
COMMAND = re.compile(r"(run\.py|apt) [a-z -]+")  # typed as it stands, in any language


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_texts_with_the_same_fields():
    chinese, english = texts("zh"), texts("en")
    assert chinese.keys() == english.keys()
    assert {k for k in chinese if fields(chinese[k]) != fields(english[k])} == set()


def test_no_chinese_is_left_in_english_and_no_english_sentence_in_chinese():
    assert {k: v for k, v in texts("en").items() if CHINESE.search(v)} == {}
    assert {k: v for k, v in texts("zh").items() if ENGLISH_SENTENCE.search(COMMAND.sub("", v))} == {}


def test_chinese_uses_its_own_punctuation():
    half_width = re.compile("[\u3400-\u9fff][,;:!?]|[,;:!?][\u3400-\u9fff]")
    assert {k: v for k, v in texts("zh").items() if half_width.search(v)} == {}


def literals() -> set[str]:
    """Every key that a page writes out: the second argument of t() and the keys of Panel and columns."""
    found = set()
    for path in sorted((ROOT / "layouts").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "t" and len(node.args) > 1:
                choices = [node.args[1]]
                while choices:
                    key = choices.pop()
                    if isinstance(key, ast.IfExp):
                        choices += [key.body, key.orelse]
                    elif isinstance(key, ast.Constant):
                        found.add(key.value)
    return found


def test_every_text_a_page_names_exists():
    assert literals() - texts("zh").keys() == set()


def test_every_text_the_browser_names_exists():
    scripts = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "assets").glob("[23]0_*.js")))
    named = set(re.findall(r'text\("([a-z_.]+)"[,)]', scripts))
    assert named
    assert {key for key in named if not key.endswith(".")} - texts("zh").keys() == set()


def test_a_text_that_is_missing_names_the_file_and_the_key():
    with pytest.raises(MissingText, match=r"assets/locale/en.toml and .* have no text 'nav.nowhere_at_all'"):
        t("en", "nav.nowhere_at_all")


def test_a_text_said_in_two_files_is_refused(tmp_path, monkeypatch):
    (tmp_path / "zh").mkdir()
    for path in (tmp_path / "zh.toml", tmp_path / "zh" / "scenes.toml"):
        path.write_text('[nav]\nscenes = "九场景"\n', encoding="utf-8")
    monkeypatch.setattr(text, "LOCALES", tmp_path)
    with pytest.raises(ValueError, match=r"scenes.toml: nav.scenes is said in another file"):
        texts.__wrapped__("zh")
