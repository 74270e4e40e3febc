"""The log of readings: nothing twice, nothing half, nothing lost."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest

from tests.twin.conftest import NEIGHBOURHOOD, device, table
from twin_model.entities import Device, Rejected
from twin_model.store import StoreLocked
from twin_model.twin import Twin


def test_a_reading_delivered_again_is_stored_once(home, clock, apply):
    at = clock.forward(minutes=1)
    assert apply(("m1", "motion", at, 1), ("m1", "motion", at, 1)).duplicates == 1
    clock.forward(minutes=1)
    again = apply(("m1", "motion", at, 1))
    assert (again.stored, again.duplicates) == (0, 1)
    assert home.counts()["readings_total"] == 1


def test_two_values_of_the_same_second_are_two_readings(home, clock, apply):
    """a door that opens and closes within a second, by a clock that counts seconds"""
    at = clock.forward(minutes=1)
    assert apply(("m1", "motion", at, 1), ("m1", "motion", at, 0)).stored == 2


def test_an_older_reading_that_was_never_seen_is_stored(home, clock, apply):
    at = clock.forward(hours=1)
    apply(("m1", "motion", at, 1))
    assert apply(("m1", "motion", at - timedelta(minutes=30), 1)).stored == 1


def test_messages_without_a_clock_count_from_their_arrival_and_stay_apart(home, clock, apply):
    at = clock.forward(minutes=1)
    assert apply(("m1", "motion", None, 1), ("m1", "motion", None, 1)).stored == 2
    rows = home.series("m1", "motion", at - timedelta(seconds=1), at + timedelta(seconds=1), at).to_pylist()
    assert [row["taken_at"] for row in rows] == [at - timedelta(microseconds=1), at]


def test_a_commit_is_whole_or_not_at_all(home, clock):
    """one unknown series in the batch: nothing of it is stored, and the next one is"""
    clock.forward(minutes=1)
    good = table(home, [("m1", "motion", clock(), 1)])
    bad = good.set_column(0, "series_no", pa.array([999], pa.int32()))
    with pytest.raises(IndexError):
        home.apply(pa.concat_tables([good, bad]))
    assert home.counts()["readings_total"] == 0
    assert home.apply(good).stored == 1


def test_the_log_only_grows(home, clock, apply):
    apply(("m1", "motion", clock(), 1))
    with pytest.raises(ValueError, match="lies before the last commit"):
        apply(("m1", "motion", clock(), 0), received_at=clock() - timedelta(days=1))


def test_a_clock_set_back_does_not_turn_time_back(home, clock, apply):
    first = apply(("m1", "motion", clock.forward(hours=1), 1))
    clock.forward(hours=-1)
    second = apply(("m1", "motion", None, 0))
    assert second.received_at > first.received_at
    assert home.now() >= second.received_at


def test_listeners_hear_of_a_commit_after_it_is_there(home, clock, apply):
    heard = []
    stop = home.subscribe(lambda change: heard.append((change.revision, home.counts()["readings_total"])))
    apply(("m1", "motion", clock.forward(minutes=1), 1))
    stop()
    apply(("m1", "motion", clock.forward(minutes=1), 0))
    assert heard == [(home.revision - 1, 1)]


def test_the_messages_of_an_adopted_device_wait_until_their_readings_are_stored(home, clock):
    waiting = Rejected(
        source="mqtt", place="community/c/smoke/s9", code="unknown_device", reason="…", raw=b'{"smoke":1}',
        dialect="json", address="s9",
    )  # fmt: skip
    home.quarantine([waiting])
    new = Device(community_id="c", device_id="s9", type="smoke", dialect="json", address="s9", home_id="h1")
    (row,) = home.adopt(new).to_pylist()
    assert (row["place"], row["raw"]) == ("community/c/smoke/s9", b'{"smoke":1}')
    assert home.adopt(new).num_rows == 1  # killed before they were used: still there
    home.apply(table(home, [("s9", "smoke", clock(), 1)]), resolved=[row["quarantine_id"]])
    assert home.adopt(new).num_rows == 0
    assert home.quarantined(home.now()).to_pylist()[0]["resolved_at"] is not None
    assert home.directory().lookup("json", "s9").device_id == "s9"


def test_a_second_process_is_told_that_the_folder_is_taken(tmp_path, clock):
    """the lock is between processes, so another one has to try"""
    import subprocess
    import sys

    twin = Twin.open(tmp_path / "t.duckdb", clock=clock)
    script = (
        "import sys; from pathlib import Path; from twin_model.store import Store, StoreLocked\n"
        "try: Store(Path(sys.argv[1]))\n"
        "except StoreLocked as e: print(e)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "t.duckdb")],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    twin.close()
    assert "is open in another process" in told.stdout
    assert issubclass(StoreLocked, Exception)


def test_an_unknown_sensor_type_is_refused_with_the_known_ones(twin):
    with pytest.raises(ValueError, match=r"type 'smok'; declared types are .*smoke"):
        twin.record([*NEIGHBOURHOOD, device("x", "smok")])
