"""The commands keep their contract: exit codes, one sentence per refusal, work handed to the server that runs."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

import run
from cockpit.beside import RunningServer, ServerRefused
from ingest.report import LAYERS
from twin_model.entities import Building, Community, Device, Entity, Home
from twin_model.twin import Twin

from ..conftest import Served, eventually, listening, unused_port
from .conftest import square

ROOT = Path(__file__).resolve().parents[2]
SQUARE = [[104.0, 30.0], [104.0002, 30.0], [104.0002, 30.0002], [104.0, 30.0002], [104.0, 30.0]]
BOW = [[104.0, 30.0], [104.0, 30.0], [104.0, 30.0]]


def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run.py", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **environment},
    )  # fmt: skip


def test_a_server_that_is_killed_while_a_command_waits_for_it_is_told_in_a_sentence():
    """not by the traceback of a library"""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def killed() -> None:
            connection, _ = listener.accept()
            connection.recv(65_536)
            connection.close()

        dying = threading.Thread(target=killed)
        dying.start()
        server = RunningServer(f"http://127.0.0.1:{listener.getsockname()[1]}", "token", "", os.getpid())
        with pytest.raises(ServerRefused, match=r"ended before it answered\. Start it and give the command again"):
            server.import_paths([Path("list.csv")], {})
        dying.join()


def buildings(path: Path, *rings: list[list[float]]) -> Path:
    shapes = [{"type": "Polygon", "coordinates": [ring]} for ring in rings]
    features = [
        {"type": "Feature", "properties": {"id": i, "height": 18}, "geometry": shape} for i, shape in enumerate(shapes)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def town() -> list[Entity]:
    """Twelve homes with a motion detector and a call button each."""
    here, rows = {"community_id": "town"}, []
    for n in range(12):
        home = {**here, "home_id": f"town-{n}"}
        rows.append(Home(**home, building_id="town-b", number=str(n), age_80_up=1, elder_alone=True))
        for kind in ("motion", "sos_button"):
            name = f"town-{n}-{kind}"
            rows.append(Device(**home, device_id=name, type=kind, dialect="json", address=name))
    building = Building(**here, building_id="town-b", footprint=square(104.1, 30.0), height_m=18.0)
    return [Community(**here, name="镇"), building, *rows]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Served]:
    """One server without the sample for all tests that leave it running; it knows a town."""
    data = tmp_path_factory.mktemp("one") / "data"
    twin = Twin.open(data / "twin.duckdb", clock=lambda: datetime.now(UTC))
    twin.record(town())
    twin.close()
    running = Served(data, unused_port(), unused_port(), ["--no-sample"])
    running.start()
    yield running
    assert running.stop() == 0


def waiting(server: Served, address: str) -> list[dict]:
    """The quarantined messages of a device."""
    return [kept for kept in server.get("/api/v1/quarantine").json()["items"] if kept["address"] == address]


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a refusal."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr.strip()


# --- refusals


def test_a_used_port_is_one_sentence_and_nothing_is_started(tmp_path, free_port):
    with socket.create_server(("127.0.0.1", 0)) as other:
        said = refused(command("serve", "--data", tmp_path / "d", "--port", other.getsockname()[1]))
    assert "already used" in said
    assert "--port" in said
    assert not (tmp_path / "d").exists()


def test_a_data_folder_in_use_is_one_sentence(server, free_port):
    said = refused(command("serve", "--data", server.data, "--port", free_port(), "--broker-port", free_port()))
    assert "open in another process" in said


def test_a_broker_that_is_not_there_is_one_sentence(tmp_path, free_port):
    said = refused(
        command("serve", "--data", tmp_path, "--port", free_port(), "--broker", f"mqtt://127.0.0.1:{free_port()}")
    )
    assert "No broker listens" in said
    assert not any(tmp_path.iterdir()), "told before anything was made"


def test_a_mistyped_setting_is_one_sentence(tmp_path):
    assert "did you mean CIM_PORT" in refused(command("serve", "--data", tmp_path, CIM_PROT="1"))


def test_an_unknown_benchmark_names_those_there_are():
    assert "push" in refused(command("bench", "nonsense"))


# --- quick commands


def test_help_and_tokens_do_not_load_the_program():
    heavy = {"duckdb", "dash", "pyarrow", "fastapi", "paho", "numpy", "shapely"}
    script = f"import sys, run; print(sorted({heavy!r} & set(sys.modules)))"
    # what import, backup, restore and doctor need is not the pages
    script += "; import cockpit.doctor, ingest.batch; print(sorted({'dash', 'fastapi', 'openpyxl'} & set(sys.modules)))"
    asked = [sys.executable, "-c", script]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.split() == ["[]", "[]"]


def test_check_finds_no_mistake_in_the_tree():
    done = command("check")
    assert done.returncode == 0, done.stderr
    assert "no mistakes" in done.stdout


def test_the_choices_of_the_import_are_those_it_knows():
    assert run.LAYERS == LAYERS


# --- tokens


def test_a_token_is_printed_alone_and_works_at_once_while_serving(server):
    """The fixture's own token was made before the first start."""
    made = command("token", "create", "--role", "manager", "--name", "m", "--data", server.data)
    assert (made.returncode, made.stderr) == (0, "")
    assert len(made.stdout.split()) == 1
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
    assert httpx.get(server.url + "/api/v1/communities", headers=headers).status_code == 200
    assert stat.S_IMODE((server.data / "tokens.json").stat().st_mode) == 0o600


def test_an_unknown_role_is_refused():
    done = command("token", "create", "--role", "king")
    assert done.returncode == 2
    assert "duty-officer" in done.stderr


# --- import


def test_import_exit_codes_tell_all_some_and_none(tmp_path):
    """a good square; a square and a line drawn as polygon; the latter alone -> 0, 2, 1"""
    data = ("--data", tmp_path / "d", "--community", "c", "--json")
    good = command("import", buildings(tmp_path / "good.geojson", SQUARE), *data)
    assert good.returncode == 0, good.stderr
    report = json.loads(good.stdout)
    assert (report["read"], report["accepted"], report["rejected"]) == (1, 1, 0)
    some = command("import", buildings(tmp_path / "some.geojson", SQUARE, BOW), *data)
    assert some.returncode == 2, some.stderr
    assert json.loads(some.stdout)["rejects"][0]["reason"]
    none = command("import", buildings(tmp_path / "none.geojson", BOW), *data)
    assert none.returncode == 1
    assert "Traceback" not in none.stderr


def test_while_a_server_runs_an_import_goes_through_it(server, tmp_path):
    file = buildings(tmp_path / "b.geojson", SQUARE)
    first = command("import", file, "--data", server.data, "--community", "c", "--json")
    assert first.returncode == 0, first.stderr
    assert server.get("/api/v1/buildings", community="c").json()["items"]
    again = command("import", file, "--data", server.data, "--community", "c", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["unchanged"] == 1
    missing = command("import", tmp_path / "no.geojson", "--data", server.data, "--community", "c", "--json")
    assert missing.returncode == 1
    assert "no.geojson" in json.loads(missing.stdout)["error"]


def test_a_server_that_was_killed_is_not_mistaken_for_a_running_one(tmp_path, free_port):
    data = tmp_path / "d"
    data.mkdir()
    left = {"url": f"http://127.0.0.1:{free_port()}", "token": "cim_x", "broker": "mqtt://127.0.0.1:1", "pid": 1}
    (data / "serving.json").write_text(json.dumps(left), encoding="utf-8")
    done = command("import", buildings(tmp_path / "b.geojson", SQUARE), "--data", data, "--community", "c")
    assert done.returncode == 0, done.stderr
    assert "1 new" in done.stdout


# --- serving


def test_stopping_is_quick_quiet_and_leaves_nothing_open_also_while_a_screen_listens(serve, wait_for):
    server = serve("--no-sample")
    announced = server.data / "serving.json"
    assert stat.S_IMODE(announced.stat().st_mode) == 0o600
    with httpx.stream("GET", server.url + "/api/v1/live", headers=server.authorization, timeout=10) as stream:
        lines = stream.iter_lines()
        next(lines)
        began = time.monotonic()
        assert server.stop(signal.SIGINT) == 0
        assert time.monotonic() - began < 8
        for _ in lines:
            pass
    assert not announced.exists()
    assert "Traceback" not in server.log
    assert "WARNING" not in server.log
    server.start()  # the folder is free again, and the token from before is still known
    assert server.get("/api/v1/communities").status_code == 200
    ended_in_order_by_the_whole_group(server, wait_for)


def ended_in_order_by_the_whole_group(server: Served, wait_for) -> None:
    """Ctrl+C in a terminal reaches every process of it. The embedded broker is a child: it must go last, and go."""
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(15) == 0
    server.process = None
    assert "WARNING" not in server.log
    assert "Traceback" not in server.log
    wait_for(lambda: not listening(server.broker_port), what="the broker's port to be free")


def test_the_start_says_where_and_with_what_token(server, wait_for):
    wait_for(lambda: "Ctrl+C to stop" in server.log, what="the greeting")
    token = next(word for word in server.log.split() if word.startswith("cim_"))
    assert f"http://127.0.0.1:{server.port}/" in server.log
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(server.url + "/api/v1/states", headers=headers).status_code == 200


def test_a_recording_is_played_through_the_broker_of_the_running_server(server, tmp_path, wait_for):
    file = tmp_path / "day.jsonl"
    lines = [{"at": "2026-11-22T14:05:00+08:00", "topic": "community/c/motion/m-9", "payload": '{"v": 1, "bat": 80}'}]
    file.write_text("\n".join(map(json.dumps, lines)) + "\nnot json\n", encoding="utf-8")
    done = command("replay", file, "--data", server.data, "--speed", "max", "--rebase")
    assert done.returncode == 2, done.stderr
    assert "1 messages published, 1 lines skipped" in done.stdout
    kept = wait_for(lambda: waiting(server, "m-9"), what="the unknown device's message")
    assert kept[0]["code"] == "unknown_device"
    assert kept[0]["raw"] == '{"v": 1, "bat": 80}'


def test_an_unknown_device_is_adopted_and_its_message_counts(server, tmp_path, wait_for):
    command("import", buildings(tmp_path / "b.geojson", SQUARE), "--data", server.data, "--community", "c")
    server.publish("community/c/motion/m-1", '{"v": 1, "bat": 80}')
    wait_for(lambda: waiting(server, "m-1"), what="the unknown device's message")
    device = {"device_id": "c-m-1", "type": "motion", "community_id": "c", "dialect": "json", "address": "m-1"}
    answer = server.post("/api/v1/quarantine/adopt", device)
    assert answer.status_code == 200, answer.text
    assert answer.json()["readings_used"] == 2
    states = {s["metric"]: s["value"] for s in server.get("/api/v1/states", device_id="c-m-1").json()["items"]}
    assert states == {"motion": 1.0, "battery": 80.0, "tamper": None}


# --- drills


def incidents_of(server: Served, drill: str) -> list[dict]:
    return [i for i in server.get("/api/v1/incidents").json()["items"] if i["drill_id"] == drill]


def test_a_drill_is_listed_begun_and_ended_from_the_command_line(server):
    """its incidents and its community say that they are an exercise; afterwards nothing of it is open"""
    here = ("--data", server.data)
    listed = command("drill", "list", *here)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "sos_burst" in listed.stdout
    begun = command("drill", "start", "sos_burst", "--speed", "60", "--community", "town", *here)
    assert begun.returncode == 0, begun.stderr
    drill = begun.stdout.strip()
    found = eventually(lambda: incidents_of(server, drill), within=60, what="an incident of the drill")
    community = server.get("/api/v1/drills").json()["items"][0]
    assert {i["community_id"] for i in found} == {community["community_id"]}
    assert community["drill_of"] == "town" != community["community_id"]
    running = command("drill", "list", *here).stdout
    assert f"{drill}  sos_burst" in running
    assert "running" in running
    ended = command("drill", "stop", drill, *here)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert incidents_of(server, drill) == []
    assert refused(command("drill", "stop", drill, *here))


def test_a_recorded_day_becomes_a_drill_from_the_command_line(server, tmp_path):
    here = ("--community", "town", "--data", server.data)
    day = tmp_path / "day.jsonl"
    said = [("motion", "town-3-motion", {"v": 1}), ("sos_button", "town-3-sos_button", {"sos": 1})]
    lines = (
        {"at": f"2026-11-01T09:0{minute}:00+08:00", "topic": f"community/town/{kind}/{name}",
         "payload": json.dumps(payload)}
        for minute, (kind, name, payload) in enumerate(said)
    )  # fmt: skip
    day.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    begun = command("drill", "replay", day, "--speed", "30", *here)
    assert begun.returncode == 0, begun.stderr
    eventually(lambda: incidents_of(server, begun.stdout.strip()), within=60, what="the recorded call")
    day.write_text("", encoding="utf-8")
    assert "nothing to exercise" in refused(command("drill", "replay", day, *here))
    body = {"path": str(day), "community_id": "town"}
    answer = server.post("/api/v1/drills/replays", body)
    assert answer.status_code == 403, "a path on the server is for its own commands"


def test_a_drill_without_a_server_says_that_it_needs_one(tmp_path):
    assert "start it first" in refused(command("drill", "list", "--data", tmp_path))
