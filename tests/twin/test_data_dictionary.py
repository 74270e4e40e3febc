"""Every stored field has a class, and the document says what the declarations say."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin_model import data_dictionary
from twin_model.declared import DeclarationError

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"


def test_every_stored_field_has_a_class(twin):
    assert data_dictionary.unclassed(twin.store, twin.catalogue.record_kinds) == []


def test_a_new_field_without_a_class_is_found(twin):
    twin.store.write(lambda writer: writer.execute("ALTER TABLE resident ADD COLUMN blood_group TEXT"))
    assert data_dictionary.unclassed(twin.store, twin.catalogue.record_kinds) == ["resident.blood_group"]


def test_the_document_is_what_the_declarations_say():
    assert DOCUMENT.read_text(encoding="utf-8") == data_dictionary.document(), (
        "run: python run.py privacy dictionary > docs/privacy.md"
    )


def test_what_could_lead_to_a_person_is_never_called_public_or_internal(twin):
    closed = {"name", "phone", "note", "health_note", "birth_year", "home_id", "reason", "raw", "body", "done_by"}
    people = {"resident", "contact", "visit", "absence", "incident_step", "quarantine", "notification", "home"}
    for field in data_dictionary.fields(twin.catalogue.record_kinds):
        if field.table in people and field.name in closed:
            assert field.sensitivity in ("personal", "sensitive", "child"), field


def test_a_field_with_two_classes_is_refused(tmp_path):
    path = tmp_path / "fields.toml"
    path.write_text(
        '[a]\npurpose = { zh = "x", en = "x" }\nkept = { zh = "x", en = "x" }\npublic = ["b"]\nchild = ["b"]\n',
        encoding="utf-8",
    )
    with pytest.raises(DeclarationError, match=r"\[a\] b has two classes"):
        data_dictionary.fields({}, path)
