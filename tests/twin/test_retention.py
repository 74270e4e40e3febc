"""What is kept no longer is really deleted, and the twin says since when it keeps instead of showing zero."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest

from layouts.parts import answers
from twin_model import retention
from twin_model.declared import DeclarationError
from twin_model.entities import Building, Community, Contact, Device, Home, Rejected, Resident

from ..conftest import NOON

DAY = timedelta(days=1)


def readings(twin, **said):
    devices = {d.device_id: d for d in twin.directory().devices.values()}
    series = [(devices[d].series[m].series_no, v) for (d, m), v in said.pop("values").items()]
    n = len(series)
    return pa.table(
        {
            "series_no": pa.array([s for s, _ in series], pa.int32()),
            "taken_at": pa.array([twin.now().replace(tzinfo=None)] * n, pa.timestamp("us")),
            "value": pa.array([float(v) for _, v in series]),
            "retained": pa.array([False] * n),
        }
    )


@pytest.fixture
def old(twin, clock):
    """Five years of a home and a meter: a reading of each on some days, a person who moved out, a raw message."""
    clock.set(NOON - 1500 * DAY)
    twin.record(
        [
            Community(community_id="c", name="c"),
            Building(community_id="c", building_id="b", height_m=3.0, footprint=b""),
            Home(community_id="c", home_id="h", building_id="b", number="1", elder_alone=True),
            Resident(community_id="c", resident_id="r", home_id="h", name="王秀英", health_note="房颤"),
            Contact(community_id="c", contact_id="k", home_id="h", role="family", rank=1, name="李强", phone="139"),
            Device(community_id="c", device_id="pir", type="motion", dialect="json", address="pir", home_id="h"),
            Device(community_id="c", device_id="air", type="temperature", dialect="json", address="air"),
        ]
    )
    for ago in (1400, 1200, 600, 390, 10, 0):
        clock.set(NOON - ago * DAY)
        twin.apply(readings(twin, values={("pir", "motion"): ago % 7, ("air", "temperature"): ago / 100}))
        clock.forward(minutes=1)
        if ago == 1200:
            twin.record([Resident(community_id="c", resident_id="r", home_id="h", name="王秀英", health_note="已愈")])
            twin.quarantine([Rejected(source="mqtt", place="t", code="not_json", reason="r", raw="王秀英".encode())])
    clock.set(NOON + timedelta(hours=1))
    return twin


def states(twin, at):
    table = twin.states(at)
    kept = zip(table["device_id"].to_pylist(), table["value"].to_pylist(), table["changed_at"].to_pylist(), strict=True)
    return {row[0]: row[1:] for row in kept if row[1] is not None}


def count(twin, table, where="TRUE"):
    return twin.store.select(f"SELECT count(*) AS n FROM {table} WHERE {where}")["n"][0].as_py()


def test_every_kind_is_declared_with_a_reason_and_no_shorter_than_the_program_needs(tmp_path):
    rules = retention.load()
    assert all(rule.why["zh"] and rule.why["en"] and rule.days >= 30 for rule in rules.values())
    text = retention.PATH.read_text(encoding="utf-8").replace("days     = 400", "days     = 60")
    wrong = tmp_path / "retention.toml"
    wrong.write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"\[home_readings\] days = 60; expected 92 or more"):
        retention.load(wrong)


def test_old_readings_are_gone_and_every_screen_since_is_what_it_was(old, clock):
    instants = [NOON - ago * DAY + timedelta(hours=1) for ago in (600, 390, 10, 0)]
    before = {at: states(old, at) for at in instants}
    done = {d.kind: d for d in retention.delete(old, retention.load(), old.now())}
    assert set(done) >= {"home_readings", "public_readings", "quarantine", "former_people"}
    assert count(old, "reading") == 7, "of the home those of 390, 10 and 0 days ago, of the air of 600 days ago, too"
    assert count(old, "quarantine") == count(old, "resident", "health_note = '房颤'") == 0
    assert {at: states(old, at) for at in instants} == before


def test_before_what_is_kept_a_value_is_unknown_and_not_zero(old):
    retention.delete(old, retention.load(), old.now())
    since = old.kept_since
    assert NOON - 1200 * DAY <= since["public_readings"] < since["home_readings"] < NOON - 400 * DAY
    assert states(old, since["public_readings"] - DAY) == {}
    assert list(states(old, since["home_readings"] - DAY)) == ["air"], "the home's are not kept so long"


def test_a_second_run_has_nothing_to_do(old):
    assert retention.delete(old, retention.load(), old.now())
    revision = old.revision
    assert retention.delete(old, retention.load(), old.now()) == []
    assert old.revision == revision


def test_what_was_deleted_stays_deleted_and_known_after_a_restart(tmp_path, clock):
    from twin_model.twin import Twin

    clock.set(NOON - 100 * DAY)
    with_file = Twin.open(tmp_path / "twin.duckdb", clock=clock)
    with_file.quarantine([Rejected(source="mqtt", place="t", code="x", reason="r", raw=b"{}")])
    clock.set(NOON)
    assert [d.kind for d in retention.delete(with_file, retention.load(), NOON)] == ["quarantine"]
    with_file.close()
    again = Twin.open(tmp_path / "twin.duckdb", clock=clock)
    assert (count(again, "quarantine"), list(again.kept_since)) == (0, ["quarantine"])
    again.close()


def test_a_screen_of_before_says_that_readings_were_deleted(old):
    retention.delete(old, retention.load(), old.now())
    since = old.kept_since["home_readings"]
    assert answers.sources(old, since - DAY, "c")["kept"] == since
    assert answers.sources(old, old.now(), "c")["kept"] is None
