"""`bench inactivity`: the product's own rule over recordings, in the columns a judge reads; and over invented homes."""

import csv
import json

import numpy as np
import pytest

from benchmarks import inactivity
from benchmarks.invented_homes import Person, recording
from run import main
from twin_model.rhythm import DAY, HOUR, Rhythm, sensor_code

HEAD = "home,ts,sensor,kind,value\n"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A home of thirty days as a file, and the recording it was made from."""
    folder = tmp_path_factory.mktemp("homes")
    home = recording("al", Person(days=30), np.random.default_rng(2))
    inactivity.write_recording([home], folder / "events.csv", folder / "away.csv")
    return folder / "events.csv", home


def bench(capsys, *files, out):
    assert main(["bench", "inactivity", *map(str, files), "--out", str(out)]) == 0
    said = capsys.readouterr()
    with out.open(encoding="utf-8") as file:
        return json.loads(said.out.splitlines()[-1]), list(csv.DictReader(file)), said.err


def test_alarms_come_in_the_columns_of_the_contract_and_a_line_of_json_ends_it(recorded, tmp_path, capsys):
    line, rows, _ = bench(capsys, recorded[0], out=tmp_path / "alarms.csv")
    assert line["bench"] == "inactivity"
    assert (line["homes"], line["bad_rows"]) == (1, 0)
    assert line["alarms"] + line["not_returned"] == len(rows)
    assert all(set(row) == {"home", "ts", "kind", "cleared_ts"} for row in rows)
    assert {row["kind"] for row in rows} <= {"inactivity", "not_returned"}


def test_a_home_that_falls_still_is_told_when_the_rule_says_so(recorded, tmp_path, capsys):
    events, home = recorded
    still = home.at[-1] - home.at[-1] % DAY - 3 * DAY + 11 * HOUR
    kept = home.at < still
    rhythm = Rhythm()
    rhythm.observe(
        np.round(home.at[kept]), np.array([sensor_code(f"s{n}") for n in home.room[kept]], np.uint8), home.door[kept]
    )
    lines = events.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
    path = tmp_path / "still.csv"
    beats = [f"al#003,{inactivity._text(still + h * HOUR)},gateway,heartbeat,1\n" for h in range(48)]
    path.write_text(HEAD + "".join("al#003" + row[2:] for row in np.array(lines)[kept]) + "".join(beats))
    _, rows, _ = bench(capsys, path, out=tmp_path / "alarms.csv")
    assert (rows[-1]["home"], rows[-1]["cleared_ts"]) == ("al#003", "")
    assert rows[-1]["ts"] == inactivity._text(rhythm.due().at)


def test_hours_in_which_not_even_a_heartbeat_came_are_no_stillness(tmp_path, capsys):
    path, heard, silent = tmp_path / "e.csv", "2026-03-01T{:02}:00:00", "2026-03-02T{:02}:30:00"
    rows = [f"h,{heard.format(h)},gateway,heartbeat,1\n" for h in range(24)]
    rows += [f"h,{heard.format(h)},pir,motion,on\n" for h in range(7, 22)]
    rows += [f"h,{silent.format(h)},gateway,heartbeat,1\n" for h in (16, 17, 18, 19)]
    path.write_text(HEAD + "".join(rows))
    line, _, _ = bench(capsys, path, out=tmp_path / "a.csv")
    assert line["alarms"] == 0, "the gateway was gone from midnight to half past four"
    path.write_text(
        HEAD + "".join(row for row in rows if "heartbeat" not in row) + rows[-1].replace("heartbeat", "status")
    )
    line, _, _ = bench(capsys, path, out=tmp_path / "a.csv")
    assert line["alarms"] == 1, "a home that never sends heartbeats counts as watched"


def test_heartbeats_and_the_end_of_a_motion_are_no_life(tmp_path, capsys):
    path = tmp_path / "e.csv"
    rows = ["h,2026-03-01T08:00:00,pir,motion,on\n", "h,2026-03-01T08:01:00,pir,motion,off\n"]
    rows += [f"h,2026-03-01T{h:02}:00:00,pir,motion,{word}\n" for h, word in ((12, "off"), (15, "0"), (18, "false"))]
    rows += [f"h,2026-03-01T{h:02}:30:00,gw,{kind},1\n" for h, kind in ((20, "status"), (21, "battery"))]
    path.write_text(HEAD + "".join(rows))
    _, alarms, _ = bench(capsys, path, out=tmp_path / "a.csv")
    assert [(row["ts"], row["kind"]) for row in alarms] == [("2026-03-01T20:00:00", "inactivity")]


def test_bad_rows_are_counted_and_said_and_stop_nothing(recorded, tmp_path, capsys):
    events, _ = recorded
    good, rows, _ = bench(capsys, events, out=tmp_path / "good.csv")
    path = tmp_path / "bad.csv"
    wrong = ["al,yesterday,pir,motion,on\n", "al,2026-13-01T00:00:00,pir,motion,on\n", "al,2026\n", ",,,,\n", "夜\n"]
    path.write_text(events.read_text(encoding="utf-8") + "".join(wrong), encoding="utf-8")
    line, same, said = bench(capsys, path, out=tmp_path / "a.csv")
    assert line["bad_rows"] == len(wrong)
    assert f"{path}: {len(wrong)} rows cannot be read" in said
    assert (line["rows"], same) == (good["rows"], rows)


def test_rows_in_any_order_and_over_several_files_are_one_recording(recorded, tmp_path, capsys):
    events, _ = recorded
    _, rows, _ = bench(capsys, events, out=tmp_path / "a.csv")
    lines = events.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
    np.random.default_rng(0).shuffle(lines)
    for name, part in (("1", lines[::2]), ("2", lines[1::2])):
        (tmp_path / f"{name}.csv").write_text(HEAD + "".join(part))
    line, same, _ = bench(capsys, tmp_path / "1.csv", tmp_path / "2.csv", out=tmp_path / "b.csv")
    assert (line["homes"], same) == (1, rows)


@pytest.mark.parametrize("content", [None, "", "a,b\n1,2\n"])
def test_a_file_that_is_no_recording_is_refused_in_one_sentence(tmp_path, content):
    if content is not None:
        (tmp_path / "e.csv").write_text(content)
    with pytest.raises(SystemExit, match=r"e\.csv is no recording: .*home,ts,sensor,kind,value"):
        main(["bench", "inactivity", str(tmp_path / "e.csv")])


def test_invented_homes_are_told_in_time_and_seldom_for_nothing():
    # Homes that were invented: it guards the rule against getting worse, and proves nothing about real ones.
    found = inactivity.main(quick=True)
    assert found["false_per_301_days"] <= 3
    assert found["longest_h"] <= 12
    assert found["delay_median_h"] <= 5
    assert found["elders_by_day_median_h"] <= 4
    assert found["elders_by_day_p90_h"] <= 6
