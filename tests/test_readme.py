"""The README is a promise: what it shows must exist and work as written."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from ingest.decoder import read
from twin_model.catalogue import HERE, Catalogue

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = ["README.md", *(str(p.relative_to(ROOT)) for p in sorted((ROOT / "docs").rglob("*.md")))]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("document", PAGES)
def test_every_link_to_a_file_leads_somewhere(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in t]
    assert [t for t in targets if not ((ROOT / document).parent / t).exists()] == []


def test_every_make_target_it_names_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z]+)\b", "\n".join(blocks("sh"))))
    assert named == {"run", "test"}
    assert {t for t in named if not re.search(rf"^{t}:", makefile, re.MULTILINE)} == set()


def test_its_sensor_type_can_be_added_as_one_file(tmp_path):
    (text,) = blocks("toml")
    name = re.search(r"twin_model/sensors/(\w+)\.toml", text).group(1)
    for folder in ("sensors", "alerts", "procedures"):
        shutil.copytree(HERE / folder, tmp_path / folder)
    (tmp_path / "sensors" / f"{name}.toml").write_text(text, encoding="utf-8")
    sensor_type = Catalogue.load(tmp_path).sensor_types[name]
    (example,) = tomllib.loads(text)["example"]
    reading = read(example["topic"], example["payload"].encode(), example["dialect"], sensor_type)
    assert reading is not None
    assert reading.values == [("sound_level", 54.5)]


def test_its_first_message_is_an_example_of_a_declared_sensor_type():
    (send,) = [b for b in blocks("sh") if "mosquitto_pub" in b]
    topic, payload = re.search(r"-t (\S+)", send).group(1), re.search(r"-m '(.*?)'", send).group(1)
    declared = [e for t in Catalogue.load().sensor_types.values() for e in t.examples]
    assert [e for e in declared if (e["topic"], e["payload"]) == (topic, payload)] != []
