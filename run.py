"""The command line, and the only place that imports everything: here the parts are wired and a clock is handed out.

Each command imports what it needs when it runs, so that ``--help`` and ``check`` answer at once. The module is longer
than others because nothing else may know all the parts.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import importlib
import importlib.util
import json
import logging
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cockpit import account_commands, logs, memory
from cockpit.settings import FILE_NAME, Settings, SettingsError, load
from cockpit.tokens import Role, TokenFileError

if TYPE_CHECKING:
    from cockpit.app import Cockpit
    from cockpit.audit import Audit
    from cockpit.daily import Daily
    from cockpit.doctor import Finding
    from cockpit.services import Services
    from ingest.drill_desk import DrillDesk
    from ingest.mqtt import Publisher
    from ingest.url import BrokerUrl
    from twin_model.twin import Twin

T = TypeVar("T")
log = logging.getLogger("cim.run")

# As in ingest.report, which is not imported for --help; a test compares.
LAYERS = (
    "auto", "boundary", "buildings", "facilities", "paths", "homes", "residents", "devices", "records", "readings",
    "divisions",
)  # fmt: skip
# As in cockpit.exporting, likewise.
EXPORTS = (
    "communities", "buildings", "facilities", "rooms", "homes", "devices", "states", "readings", "occupancy", "alerts",
    "incidents", "kpis", "quarantine",
)  # fmt: skip
DRAIN_SECONDS = 3
SPEAK_SECONDS = 5.0
REACH_SECONDS = 5.0  # how long the address of a broker may take to answer at all
ROOM_TO_BEGIN, ROOM_OF_SAMPLE = 64 << 20, 256 << 20  # bytes that a first start needs on the disk


class Stop(Exception):
    """A command cannot go on; its one sentence is printed and the exit code is 1."""


def utc_now() -> datetime:
    """The clock of the program."""
    return datetime.now(UTC)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help")):
        given.insert(0, "serve")
    memory.look_seldom()
    os.umask(0o077)  # what the twin knows is for the owner of the data folder only
    options = _parser().parse_args(given)
    logs.set_up()
    try:
        code: int = options.run(options)
        return code
    except (Stop, SettingsError, TokenFileError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


# ---------------------------------------------------------------------------------------------------- serve


def serve(options: argparse.Namespace) -> int:
    """Open the twin, start the broker's side and the pages, and stay until Ctrl+C or SIGTERM."""
    memory.prepare()
    if not faulthandler.is_enabled():
        faulthandler.enable()  # a crash inside a library then says in the log where every thread was
    settings = _settings(options)
    logs.set_up(form=settings.log_form, level=settings.log_level)
    _check_tls(settings)
    _check_room(settings)
    # A used port is found out before anything else is started; visitors wait here until the pages are ready.
    with _listening(settings.host, settings.port) as listener, contextlib.ExitStack() as stack:
        _stop_on_signals()
        _reach_broker(settings)
        try:
            made = _make_sample(settings, stack)
            logs.set_up(
                folder=settings.data / logs.FOLDER, form=settings.log_form, level=settings.log_level,
                days=settings.log_days,
            )  # fmt: skip
            stack.callback(_last_line)
            twin = _open_twin(settings.store_path)
            stack.callback(twin.close)
            _serve(settings, twin, listener, stack, left_off=made)
        except KeyboardInterrupt:
            pass
        finally:
            _no_more_signals()
    return 0


def _check_room(settings: Settings) -> None:
    """A disk too full to begin on is told before anything is written to it."""
    is_new = not settings.store_path.exists()
    needed = (ROOM_OF_SAMPLE if settings.sample is not False else ROOM_TO_BEGIN) if is_new else 0
    folder = settings.data.absolute()
    there = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        left, want = f"{free >> 20} MB", f"{needed >> 20} MB"
        raise Stop(
            f"{settings.data}：磁盘只剩 {left}，首次启动至少需要 {want}；"
            "请腾出空间，或用 --data 换一个文件夹。没有写入任何东西。\n"
            f"{settings.data}: the disk has {left} left, a first start needs {want}; make room, or name another folder "
            "with --data. Nothing was written."
        )


def _check_tls(settings: Settings) -> None:
    """A certificate that cannot be used is told before anything is made."""
    if settings.tls_certificate or settings.tls_key:
        from cockpit import tls

        try:
            tls.context(settings.tls_certificate, settings.tls_key, utc_now)
        except tls.TlsError as error:
            raise Stop(f"HTTPS: {error}") from error


def _serve(
    settings: Settings, twin: Twin, listener: socket.socket, stack: contextlib.ExitStack, left_off: datetime | None
) -> None:
    from cockpit.ahead import Ahead
    from cockpit.audit import Audit
    from cockpit.beside import announced
    from cockpit.care_clock import CareClock
    from cockpit.keeping import Keeping, anchors
    from cockpit.outlets.service import Outlets
    from cockpit.services import Services

    with_sample = _wants_sample(settings, twin)
    if with_sample and left_off is None:
        left_off = _load_sample(twin)
    intake = _Intake(twin, settings)
    clock = CareClock(twin)
    speaker = _Speaker(intake.url, settings)
    outlets = Outlets(twin, settings, speaker)
    desk = _drill_desk(twin, intake.url, settings)
    trail = Audit(settings.data, utc_now, lambda: anchors(twin.store))
    daily = _daily_backup(settings, trail) if settings.backup_folder else None
    services = replace(
        intake.services(Services), care_status=clock.status, outlet_status=outlets.status,
        backup_status=daily.status if daily else dict,
        drill_scenarios=desk.listed, start_drill=desk.start, replay_drill=desk.replay,
        stop_drill=lambda drill_id, _by: desk.stop(drill_id), audit=trail,
        doctor=lambda: _examined(settings),
    )  # fmt: skip
    cockpit = _create_app(twin, settings, services)
    stack.callback(cockpit.close)
    intake.start()
    stack.callback(intake.stop)
    stack.callback(speaker.close)
    stack.callback(desk.close)
    outlets.start()
    stack.callback(outlets.stop)
    # after the broker: what was sent while we were away is heard before its silence is judged
    clock.start()
    stack.callback(clock.stop)
    keeping = Keeping(twin, trail, settings.audit_days)
    keeping.start()
    stack.callback(keeping.stop)
    _schedule_reports(settings, twin, cockpit, stack)
    if with_sample:
        stack.callback(_publish_sample(twin, intake.url, settings, since=left_off))
    control = cockpit.tokens.lend(Role.ADMINISTRATOR, "control", is_control=True)
    broker = intake.address(settings)
    announcement = announced(
        settings.data, settings.host, settings.port, token=control, broker=broker, certificate=settings.tls_certificate
    )
    stack.enter_context(announcement)
    if daily:
        daily.start()
        stack.callback(daily.stop)
    ahead = Ahead(twin)
    ahead.start()
    stack.callback(ahead.stop)
    thrift = memory.Thrift()
    thrift.start()
    stack.callback(thrift.stop)
    memory.settled()
    _greet(settings, cockpit)
    log.info("serving on port %d, version %s, revision %d", settings.port, _version(), twin.revision)
    _serve_pages(cockpit, listener, settings)


def _last_line() -> None:
    logging.disable(logging.NOTSET)
    log.info("stopped")
    logging.shutdown()


def _daily_backup(settings: Settings, trail: Audit) -> Daily:
    """By a process of its own, which talks to us like any other command."""
    from cockpit.backups import backups_in
    from cockpit.daily import Daily

    folder = Path(settings.backup_folder)
    made = backups_in(folder) if folder.is_dir() else []
    command = [sys.executable, str(Path(__file__).resolve()), "backup", str(folder), "--data", str(settings.data),
               "--keep", str(settings.backup_keep)]  # fmt: skip

    def noted(done: bool, said: str) -> None:
        if not done:  # one that was made is written down where the copy was asked for
            trail.note("backup", actor="daily", role="program", outcome="failed", said=logs.struck(said))

    last = datetime.fromisoformat(made[-1].manifest.made_at) if made else None
    return Daily(command, time.fromisoformat(settings.backup_time), utc_now, last=last, noted=noted)


def _schedule_reports(settings: Settings, twin: Twin, cockpit: Cockpit, stack: contextlib.ExitStack) -> None:
    """The reports of `[[report]]`, also those missed while nothing ran."""
    from cockpit.reports.schedule import Schedule

    clock = Schedule(twin, cockpit.reports, settings.report, utc_now)
    cockpit.reports.schedule = clock.standing
    clock.start()
    stack.callback(clock.stop)


def _serve_pages(cockpit: Cockpit, listener: socket.socket, settings: Settings) -> None:
    import asyncio

    import uvicorn

    class Server(uvicorn.Server):
        """Ends the open streams first: a browser that listens would keep the server from closing."""

        def handle_exit(self, sig: int, frame: Any) -> None:
            # Ctrl+C reaches the embedded broker too: that it goes now is no news
            logging.disable(logging.WARNING)
            super().handle_exit(sig, frame)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await asyncio.to_thread(cockpit.hub.close)
            await super().shutdown(sockets)

    from cockpit import listening

    config = listening.config(cockpit.server, settings, utc_now, timeout_graceful_shutdown=DRAIN_SECONDS)
    Server(config).run([listener])


def _create_app(twin: Twin, settings: Settings, services: Services) -> Cockpit:
    from cockpit.app import create_app
    from twin_model.declared import DeclarationError

    try:
        return create_app(twin, settings, services, folder=settings.data)
    except DeclarationError as error:  # a wall of the data folder
        raise Stop(str(error)) from error


def _reach_broker(settings: Settings) -> None:
    """A mistyped address is told at once, not after the sample has been made."""
    from ingest.url import BrokerError, BrokerUrl, reach

    if settings.broker == "embedded":
        return
    try:
        reach(BrokerUrl.parse(settings.broker), timeout=REACH_SECONDS)
    except BrokerError as error:
        raise Stop(str(error)) from error


class _Intake:
    """Broker, source and pump, made ready before the twin may be written to and started after."""

    def __init__(self, twin: Twin, settings: Settings) -> None:
        from ingest.service import BrokerSettings, MqttIngest
        from ingest.url import BrokerError

        self._twin = twin
        broker = BrokerSettings(
            broker=settings.broker,
            port=settings.broker_port,
            ca_file=Path(settings.broker_ca) if settings.broker_ca else None,
        )
        try:
            self._mqtt = MqttIngest(twin, broker, folder=settings.data)
        except BrokerError as error:
            raise Stop(str(error)) from error
        self.url = self._mqtt.url
        self.stop = self._mqtt.stop

    def services(self, make: type[Services]) -> Services:
        """What the pages and the interface may ask of it."""
        return make(
            import_files=lambda paths, said: _import_here(self._twin, paths, said, progress=False, gives_way=True),
            adopt=self._mqtt.adopt,
            broker_status=self._mqtt.status,
        )

    def start(self) -> None:
        """Listen; a broker that refuses ends the program with one sentence, without a log beside it."""
        from ingest.url import BrokerError

        logging.disable(logging.WARNING)
        try:
            self._mqtt.start()
        except BrokerError as error:
            raise Stop(str(error)) from error
        finally:
            logging.disable(logging.NOTSET)

    def address(self, settings: Settings) -> str:
        """Where other commands publish: with the password when there is one."""
        return str(self.url) if settings.broker == "embedded" else settings.broker


def _drill_desk(twin: Twin, url: BrokerUrl, settings: Settings) -> DrillDesk:
    from ingest.drill_desk import DrillDesk
    from twin_model.declared import DeclarationError

    try:
        return DrillDesk(twin, url, utc_now, ca_file=Path(settings.broker_ca) if settings.broker_ca else None)
    except DeclarationError as error:
        raise Stop(str(error)) from error


class _Speaker:
    """Publishes what outlets tell, on a connection that is made when first needed, and anew after a failure."""

    def __init__(self, url: BrokerUrl, settings: Settings) -> None:
        self._url = url
        self._ca_file = Path(settings.broker_ca) if settings.broker_ca else None
        self._lock = threading.Lock()
        self._publisher: Publisher | None = None

    def __call__(self, topic: str, payload: bytes) -> bool:
        """True once the broker has acknowledged it."""
        from ingest.mqtt import Publisher

        with self._lock:
            if self._publisher is None:
                name = f"cim-outlets-{os.getpid()}"
                self._publisher = Publisher(self._url, client_id=name, ca_file=self._ca_file, wait=SPEAK_SECONDS)
            self._publisher.publish(topic, payload, timeout=SPEAK_SECONDS)
            if self._publisher.flush(SPEAK_SECONDS):
                return True
            self._hang_up()
            return False

    def close(self) -> None:
        """Hang up; what was not acknowledged is told again after the next start."""
        with self._lock:
            self._hang_up()

    def _hang_up(self) -> None:
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            publisher.close(timeout=0)


def _wants_sample(settings: Settings, twin: Twin) -> bool:
    """Asked for; or nothing was said and there is nothing here, or only the sample from before."""
    if settings.sample is not None:
        return settings.sample
    known = twin.entities("community", twin.now()).select(["is_sample", "subdistrict_id"]).to_pylist()
    return all(one["is_sample"] and one["subdistrict_id"] is None for one in known)


def _make_sample(settings: Settings, stack: contextlib.ExitStack) -> datetime | None:
    """In an empty data folder: the sample, made by a process of its own while this one imports Dash.

    Gives back up to when the sample has lived; None when there was none to make, or no way to make it here (the
    twin will say why).
    """
    if settings.sample is False or settings.store_path.exists():
        return None
    from multiprocessing import get_context

    from sample_data.load import make_store

    print("正在生成示例社区 … · Making the sample community …", flush=True)
    now = utc_now()
    maker = get_context("spawn").Process(target=make_store, args=(settings.store_path, now), daemon=True)
    # Ctrl+C is for this process; it ends the other one, which must not complain about it on its own.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        maker.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    stack.callback(maker.terminate)
    importlib.import_module("cockpit.app")
    importlib.import_module("uvicorn")
    maker.join()
    return now if maker.exitcode == 0 else None


def _load_sample(twin: Twin) -> datetime | None:
    """The sample community in a twin that has a store already; None when it is there."""
    from sample_data.load import ensure

    now = utc_now()
    return now if ensure(twin, now) else None


def _publish_sample(twin: Twin, url: BrokerUrl, settings: Settings, since: datetime | None) -> Callable[[], None]:
    """Let the sample's devices speak through the broker, its staff answer, its records go on; returns how to end it."""
    from ingest.mqtt import Publisher
    from sample_data.load import feeder, live, staff

    ca_file = Path(settings.broker_ca) if settings.broker_ca else None
    publisher = Publisher(url, client_id=f"cim-sample-{os.getpid()}", ca_file=ca_file)
    devices = live(publisher, utc_now, since=since)
    answering = staff(twin, devices, utc_now)
    writing = feeder(twin, utc_now)

    def stop() -> None:
        writing.stop()
        answering.stop()
        devices.stop()
        publisher.close(timeout=1)

    return stop


def _greet(settings: Settings, cockpit: Cockpit) -> None:
    from cockpit.beside import address
    from cockpit.sessions import is_loopback

    print("CIM 驾驶舱 · CIM Cockpit")
    here = address(settings.host, settings.port, bool(settings.tls_certificate))
    print(f"  页面 Page          {here}/")
    print(f"  接口 API           {here}/api/docs")
    if is_loopback(settings.host):
        print(f"  演示令牌 Demo token  {cockpit.tokens.lend(Role.ADMINISTRATOR, 'demo')}")
    else:
        _greet_setup(cockpit)
    print("  按 Ctrl+C 停止 · Ctrl+C to stop", flush=True)


def _greet_setup(cockpit: Cockpit) -> None:
    """The one-time code that makes the first administrator, on this terminal and nowhere else."""
    setup = cockpit.sign_in.setup
    if setup is None:
        print("  令牌 Token         python run.py token create --role duty-officer")
        return
    print(f"  首次设置码 Set-up code  {setup.code}")
    print("  （一小时内在登录页使用一次，建立第一个管理员 · once, within an hour, on the sign-in page)")


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        why = "is already used by another program" if error.errno == 98 else f"cannot be used: {error.strerror}"
        raise Stop(f"Port {port} on {host} {why}; choose another with --port, or stop that program.") from error
    with listener:
        yield listener


def _stop_on_signals() -> None:
    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _no_more_signals() -> None:
    """While closing, a second Ctrl+C must not leave the store half closed; closing takes a few seconds at most."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # not SIG_IGN: a child started from now on would inherit that and could not be ended
        signal.signal(number, lambda _number, _frame: None)


def _open_twin(path: Path) -> Twin:
    from cockpit.restoring import unfinished
    from twin_model.declared import DeclarationError
    from twin_model.store import StoreError
    from twin_model.twin import Twin

    if unfinished(path.parent):
        raise Stop(f"A restore into {path.parent} was interrupted, a half of it is old: run it again with --replace.")
    try:
        return Twin.open(path, clock=utc_now)
    except (StoreError, DeclarationError, OSError) as error:
        raise Stop(str(error)) from error


# ------------------------------------------------------------------------------------------- other commands


def import_(options: argparse.Namespace) -> int:
    """Import files, through the running server when there is one."""
    settings = _settings(options)
    said = {
        "community": options.community,
        "layer": options.layer,
        "crs": options.crs,
        "mapping": str(options.mapping.resolve()) if options.mapping else None,
    }
    from cockpit.beside import ServerRefused, running_server

    server = running_server(settings.data)
    if server:
        try:
            reports = server.import_paths(options.paths, said)
        except ServerRefused as error:
            raise Stop(str(error)) from error
    else:
        twin = _open_twin(settings.store_path)
        try:
            reports = _import_here(twin, options.paths, said)
        finally:
            twin.close()
    for report in reports:
        summary = report.pop("summary")
        print(json.dumps(report, ensure_ascii=False) if options.json else summary)
    return _import_code(reports)


def _import_code(reports: Sequence[Mapping[str, Any]]) -> int:
    """0: every row is in; 2: some were rejected, the rest is stored; 1: nothing is stored."""
    if not any(r["accepted"] + r["updated"] + r["unchanged"] for r in reports):
        return 1
    return 2 if any(r["rejected"] or r.get("error") for r in reports) else 0


def _import_here(
    twin: Twin, paths: Sequence[Path], said: Mapping[str, Any], *, progress: bool | None = None, gives_way: bool = False
) -> list[dict[str, Any]]:
    from ingest.batch import ImportOptions, import_files

    chosen = {k: v for k, v in said.items() if v is not None}
    if "mapping" in chosen:
        chosen["mapping"] = Path(chosen["mapping"])
    reports = import_files(twin, paths, ImportOptions(**chosen), progress=progress, gives_way=gives_way)
    return [report.to_json() | {"summary": report.summary()} for report in reports]


def replay(options: argparse.Namespace) -> int:
    """Play a recording through the broker of the running server, or through the one that is named."""
    settings = _settings(options)
    from cockpit.beside import running_server
    from ingest.replay import ReplayError, replay_file, speed_factor
    from ingest.url import BrokerError, BrokerUrl
    from twin_model.catalogue import Catalogue

    server = running_server(settings.data)
    address = server.broker if server else settings.broker
    if address == "embedded":
        raise Stop("No server runs on this data folder; start it, or name a broker with --broker mqtt://host:1883.")
    try:
        done = replay_file(
            options.file,
            BrokerUrl.parse(address),
            Catalogue.load(),
            speed=speed_factor(options.speed),
            rebase=options.rebase,
            now=utc_now,
            say=lambda sentence: print(sentence, file=sys.stderr),
            ca_file=Path(settings.broker_ca) if settings.broker_ca else None,
        )
    except (ReplayError, BrokerError) as error:
        raise Stop(str(error)) from error
    sent, skipped = done.published, len(done.skipped)
    print(f"已发布 {sent} 条，跳过 {skipped} 行 · {sent} messages published, {skipped} lines skipped")
    if not done.acknowledged:
        raise Stop("消息服务器没有全部确认；请重放一次 · The broker did not acknowledge all of them; play it again.")
    return 1 if not done.published else 2 if done.skipped else 0


def drill(options: argparse.Namespace) -> int:
    """Exercises on the running server: what there is, begin one or a recorded day, end one."""
    from cockpit.beside import ServerRefused, running_server

    server = running_server(_settings(options).data)
    if server is None:
        raise Stop("No server runs on this data folder; a drill is played through its broker: start it first.")
    try:
        if options.what == "start":
            begun = server.start_drill(options.scenario, options.community, options.speed)
            print(begun["id"])
        elif options.what == "replay":
            print(server.replay_drill(options.file, options.community, options.speed)["id"])
        elif options.what == "stop":
            server.stop_drill(options.drill_id)
        else:
            for line in _drill_lines(server.drill_scenarios(), server.drills()):
                print(line)
    except ServerRefused as error:
        raise Stop(str(error)) from error
    return 0


def screen(options: argparse.Namespace) -> int:
    """The managed list of wall screens: list, pair by a code, rename, unpair."""
    from cockpit import screen_commands
    from cockpit.beside import ServerRefused, running_server
    from cockpit.screens import ScreenProblem

    folder = _settings(options).data
    asked = {name: getattr(options, name, None) for name in ("what", "code", "screen", "name", "wall", "role")}
    try:
        for line in screen_commands.lines(folder, running_server(folder), asked):
            print(line)
    except (ServerRefused, ScreenProblem, screen_commands.NoServer) as error:
        raise Stop(str(error)) from error
    return 0


def division_withdraw(options: argparse.Namespace) -> int:
    """Take a division back, through the running server when there is one; prints what went."""
    from cockpit.beside import ServerRefused, running_server
    from twin_model import divisions

    settings = _settings(options)
    if server := running_server(settings.data):
        said = {"division_id": options.division, "with_parts": options.with_parts, "reason": options.reason}
        try:
            done = server.withdraw_division(said)
        except ServerRefused as error:
            raise Stop(str(error)) from error
        gone, moved = done["divisions"], done["communities"]
    else:
        twin = _open_twin(settings.store_path)
        try:
            taken = divisions.withdraw(twin, options.division, with_parts=options.with_parts)
        except divisions.DivisionStays as error:
            raise Stop(str(error)) from error
        finally:
            twin.close()
        gone, moved = list(taken.divisions), list(taken.communities)
    print(f"{' '.join(gone)}; {len(moved)} communities lie in no division now")
    return 0


def _drill_lines(scenarios: Sequence[Mapping[str, Any]], drills: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for scenario in scenarios:
        yield f"{scenario['name']:<24} {scenario['title']['zh']} · {scenario['title']['en']}"
    for one in drills:
        state = f"until {one['ended_at']}" if one["ended_at"] else "running"
        yield f"{one['id']}  {one['scenario']} of {one['drill_of']}, {one['speed']:g}×, {one['started_at']} {state}"


def records_withdraw(options: argparse.Namespace) -> int:
    """Take records back, through the running server when there is one; prints how many there were."""
    from cockpit.beside import ServerRefused, running_server

    settings = _settings(options)
    server = running_server(settings.data)
    said = {"kind": options.kind, "community": options.community, "record_ids": options.id or [],
            "file": options.file or "", "reason": options.reason}  # fmt: skip
    if server:
        try:
            print(server.withdraw_records(said))
        except ServerRefused as error:
            raise Stop(str(error)) from error
        return 0
    from twin_model.ledger import RecordsRefused

    twin = _open_twin(settings.store_path)
    try:
        ids = options.id or twin.ledger.brought_by(options.file, options.kind, options.community)
        print(twin.ledger.withdraw(options.kind, ids, options.community))
    except RecordsRefused as error:
        raise Stop(str(error)) from error
    finally:
        twin.close()
    return 0


def records(options: argparse.Namespace) -> int:
    """Empty lists to fill in, or the data dictionary, made from the declared kinds of records."""
    from ingest.record_papers import dictionary, write_templates
    from ingest.record_sheets import kind_named
    from ingest.report import ImportRefused
    from twin_model.catalogue import Catalogue
    from twin_model.declared import DeclarationError

    try:
        catalogue = Catalogue.load()
        kinds = catalogue.record_kinds
        if options.what == "dictionary":
            print(dictionary(kinds.values(), catalogue.scene_book.scenes), end="")
            return 0
        wanted = kinds.values() if options.kind == "all" else [kind_named(kinds, options.kind)]
    except (DeclarationError, ImportRefused) as error:
        raise Stop(str(error)) from error
    for path in write_templates(wanted, options.out, options.format):
        print(path)
    return 0


def backup(options: argparse.Namespace) -> int:
    """A proven copy of the data folder, through the running server when there is one."""
    settings = _settings(options)
    _stop_on_signals()  # ended half way, it takes away what it had begun
    from cockpit.backups import BackupError, Resting, Served, back_up, show
    from cockpit.beside import running_server
    from cockpit.encoding import rfc3339

    if not settings.store_path.exists():
        raise Stop(f"{settings.data} holds no store; name the data folder with --data.")
    server = running_server(settings.data)
    source = Served(server) if server else Resting(settings.store_path, _open_twin)
    try:
        made = back_up(
            options.folder, settings.data, source, now=utc_now, version=_version(), keep=options.keep,
            working=Path(FILE_NAME), while_serving=server is not None,
        )  # fmt: skip
    except BackupError as error:
        raise Stop(str(error)) from error
    said = made.manifest
    if server is None:
        _note(settings, "backup", backup=made.folder.name, revision=said.revision)
    print(f"backup of {rfc3339(said.instant)}, revision {said.revision}: {show(said.bytes)} in {len(said.files)} files")
    print(f"proven in {said.took_s:g} s; storing of messages paused for {said.paused_ms:g} ms")
    print(made.folder)
    return 0


def restore(options: argparse.Namespace) -> int:
    """A backup becomes the data folder, after it has proved itself."""
    settings = _settings(options)
    from cockpit.backups import BackupError, show
    from cockpit.encoding import rfc3339
    from cockpit.restoring import find
    from cockpit.restoring import restore as bring_back

    try:
        done = bring_back(find(options.folder), settings.data, now=utc_now, replace=options.replace)
    except BackupError as error:
        raise Stop(str(error)) from error
    said = done.backup.manifest
    print(f"restored {done.backup.folder} to {settings.data}: {rfc3339(said.instant)}, revision {said.revision}")
    screens = "screens not compared (another program)" if done.screens is None else f"{done.screens} parts of screens"
    print(
        f"equal to what was backed up: {len(said.files)} files, {sum(said.rows.values())} rows in {len(said.rows)} "
        f"tables, {screens}"
    )
    print(
        f"recovery took {done.took_s:.1f} s for {show(said.bytes)}: "
        f"digests {done.check_s:.1f}, copy {done.copy_s:.1f}, proof {done.prove_s:.1f}"
    )
    if done.replaced:
        print(f"what was there is in {done.replaced}")
    _note(settings, "restore", backup=done.backup.folder.name, of=said.at, revision=said.revision)
    return 0


def export(options: argparse.Namespace) -> int:
    """A list of the interface as a file, through the running server when there is one."""
    settings = _settings(options)
    if options.personal and not options.purpose:
        raise Stop("--personal needs --purpose: what the personal details are for; it stands in the audit trail.")
    from cockpit.exporting import ExportRefused
    from cockpit.exporting import export as write_down
    from cockpit.services import AuditRefused

    with contextlib.ExitStack() as stack:
        try:
            at = datetime.fromisoformat(options.at) if options.at else utc_now()
            if at.tzinfo is None:
                raise ValueError
        except ValueError as error:
            raise Stop(f"--at: found {options.at!r}, expected RFC 3339 such as 2026-11-22T14:05:00+08:00") from error
        try:
            ask = _asking(settings, stack)
            _note(settings, "export", purpose=options.purpose or "", list=options.what, at=options.at or "now",
                  personal=options.personal, community=options.community or "")  # fmt: skip
            done = write_down(
                ask, options.what, options.format, options.out, at=at, community=options.community,
                personal=options.personal, hours=options.hours,
            )  # fmt: skip
        except (ExportRefused, AuditRefused) as error:
            raise Stop(str(error)) from error
    print(f"{done.rows} rows, {len(done.columns)} columns in {done.path}")
    if done.left_out:
        print(f"left out: {done.left_out} that tell of the life in homes; --personal with --purpose brings them")
    return 0


def _asking(settings: Settings, stack: contextlib.ExitStack) -> Callable[[str, str], bytes]:
    """The interface: of the running server, or of one of our own that nobody else reaches."""
    from cockpit.beside import ServerRefused, running_server
    from cockpit.exporting import ExportRefused

    if server := running_server(settings.data):

        def ask(path: str, accept: str) -> bytes:
            try:
                return server.answer(path, accept)
            except ServerRefused as error:
                raise ExportRefused(str(error)) from error

        return ask
    if not settings.store_path.exists():
        raise Stop(f"{settings.data} holds no store; name the data folder with --data.")
    from cockpit.exporting import asking_of
    from cockpit.services import Services

    twin = _open_twin(settings.store_path)
    stack.callback(twin.close)
    own = _create_app(twin, settings, Services())
    stack.callback(own.close)
    return asking_of(own.server, own.tokens.lend(Role.ADMINISTRATOR, "control", is_control=True))


def doctor(options: argparse.Namespace) -> int:
    """What was found on this machine and what to do about it; 1 when something is wrong."""
    from cockpit.doctor import Finding, Surroundings, examine, worst
    from cockpit.doctor_machine import ALL

    findings = []
    try:
        settings = _settings(options)
    except SettingsError as error:
        findings.append(Finding("settings", "wrong", "settings_wrong", {"error": str(error)}))
        _print_finding(findings[0], options.json)
    else:
        for finding in examine(Surroundings.of(settings, utc_now, lambda: _unreachable(settings)), ALL):
            findings.append(finding)
            _print_finding(finding, options.json)
    return worst(findings)


def _examined(settings: Settings) -> list[dict[str, Any]]:
    """The same for the page of administrators."""
    from cockpit.doctor import Surroundings, examine
    from cockpit.doctor_machine import ALL

    around = Surroundings.of(settings, utc_now, lambda: _unreachable(settings))
    return [finding.to_json() for finding in examine(around, ALL)]


def _print_finding(finding: Finding, as_json: bool) -> None:
    if as_json:
        print(json.dumps(finding.to_json(), ensure_ascii=False), flush=True)
        return
    sign = {"ok": "正常 ok   ", "look": "留意 look ", "wrong": "异常 wrong"}[finding.state]
    print(f"{sign}  {finding.said('zh')} · {finding.said('en')}", flush=True)
    if finding.to_do("zh"):
        print(f"            → {finding.to_do('zh')} · {finding.to_do('en')}", flush=True)


def _unreachable(settings: Settings) -> str | None:
    try:
        _reach_broker(settings)
    except Stop as problem:
        return str(problem)
    return None


def audit(options: argparse.Namespace) -> int:
    """Whether the audit trail is whole, or its newest entries."""
    from cockpit import privacy_commands

    settings = _settings(options)
    return privacy_commands.audit(options, settings.data, settings.store_path, _open_twin, utc_now)


def privacy(options: argparse.Namespace) -> int:
    """One person's data, deletion by rule, the data dictionary."""
    from cockpit import privacy_commands
    from cockpit.beside import ServerRefused
    from cockpit.services import AuditRefused

    settings = _settings(options)
    try:
        return privacy_commands.privacy(options, settings.data, settings.store_path, _open_twin, utc_now)
    except (privacy_commands.Refused, ServerRefused, AuditRefused) as error:
        raise Stop(str(error)) from error


def report(options: argparse.Namespace) -> int:
    """A snapshot report into a folder."""
    from cockpit.reports import commands
    from cockpit.reports.kinds import ReportRefused

    settings = _settings(options)

    def noted(act: str, **details: Any) -> None:
        _note(settings, act, **details)

    try:
        return commands.report(options, settings.data, settings.store_path, _open_twin, utc_now, noted)
    except ReportRefused as refusal:
        raise Stop(str(refusal)) from refusal


def verify(options: argparse.Namespace) -> int:
    """Whether a report is what it says."""
    from cockpit.reports import commands
    from cockpit.reports.kinds import ReportRefused

    settings = _settings(options)

    def noted(act: str, **details: Any) -> bool:
        return _note(settings, act, **details)

    try:
        return commands.check(options, settings.data, settings.store_path, _open_twin, noted)
    except ReportRefused as refusal:
        raise Stop(str(refusal)) from refusal


def _note(settings: Settings, act: str, **details: Any) -> bool:
    """Write down what a command did while no server runs that would; whether it is on disk."""
    from cockpit.audit import Audit

    audit = Audit(settings.data, utc_now)
    audit.note(act, actor="command line", role="program", **details)
    return not audit.waiting


def _version() -> str:
    import tomllib

    here = Path(__file__).with_name("pyproject.toml")
    if not here.exists():
        import importlib.metadata  # half as long as a short command

        return importlib.metadata.version("cim-cockpit")
    return str(tomllib.loads(here.read_text(encoding="utf-8"))["project"]["version"])


def check(_options: argparse.Namespace) -> int:
    """Every mistake in every declaration file."""
    from twin_model.catalogue import Catalogue
    from twin_model.declared import DeclarationError
    from twin_model.drill_scenarios import load_scenarios
    from twin_model.kpi_check import wrong_selects
    from twin_model.record_tables import wrong_checks

    try:
        catalogue = Catalogue.load()
        walls = _walls()
        drills = load_scenarios({t.name: t.metrics for t in catalogue.sensor_types.values()}, catalogue.alert_rules)
        if wrong := [*wrong_checks(catalogue.record_kinds.values()), *wrong_selects(catalogue)]:
            raise DeclarationError(wrong)
    except DeclarationError as error:
        print("\n".join(error.problems), file=sys.stderr)
        return 1
    print(
        f"{len(catalogue.sensor_types)} sensor types, {len(catalogue.alert_rules)} alert rules, "
        f"{len(catalogue.procedures)} procedures, {len(drills)} drills, "
        f"{len(catalogue.record_kinds)} kinds of records, {len(catalogue.kpis)} KPIs, "
        f"{len(catalogue.health_books)} rulebooks, {walls} walls: no mistakes"
    )
    return 0


def _walls() -> int:
    """How many walls are declared; raises DeclarationError."""
    from layouts.parts.wall_declared import load_walls
    from layouts.parts.wall_parts import PARTS

    return len(load_walls(PARTS))


def user(options: argparse.Namespace) -> int:
    """Accounts of people; a running server knows of every change at once."""
    return _accounts(options, account_commands.user)


def token(options: argparse.Namespace) -> int:
    """Tokens of programs and screens, likewise; ``create`` prints the token alone."""
    return _accounts(options, account_commands.token)


def _accounts(options: argparse.Namespace, act: Callable[..., Sequence[str]]) -> int:
    from cockpit.accounts import AccountRefused
    from cockpit.passwords import PasswordRefused

    settings = _settings(options)

    def note(act: str, **details: Any) -> None:
        _note(settings, act, **details)

    try:
        print("\n".join(act(options, settings, utc_now, note)))
    except (AccountRefused, PasswordRefused) as error:
        raise Stop(str(error)) from error
    return 0


def sample_city(options: argparse.Namespace) -> int:
    """An invented city in a data folder that holds nothing yet: to see what many communities look like."""
    settings = _settings(options)
    if settings.store_path.exists():
        raise Stop(f"{settings.store_path} is there already; the sample city takes a folder of its own: --data DIR")
    from sample_data.city_load import make_city

    try:
        done = make_city(settings.store_path, utc_now())
    except OSError as error:
        raise Stop(f"{settings.data} cannot be written: {error.strerror}") from error
    print(
        f"{done.communities:,} communities, {done.buildings:,} buildings, {done.homes:,} homes, "
        f"{done.facilities:,} facilities, {done.ways:,} ways, {done.projects:,} gap projects, "
        f"{done.reported:,} reported values, all of them invented.\n"
        f"run.py serve --data {settings.data}"
    )
    return 0


def bench(options: argparse.Namespace) -> int:
    """One benchmark; its last line of output is one JSON object."""
    if not (options.name.isidentifier() and importlib.util.find_spec(f"benchmarks.{options.name}")):
        here = Path(__file__).parent / "benchmarks"
        known = ", ".join(sorted(p.stem for p in here.glob("*.py") if not p.stem.startswith("_")))
        raise Stop(f"not built yet: there is no benchmark {options.name!r}; there are {known}")
    module = importlib.import_module(f"benchmarks.{options.name}")
    asked = argparse.ArgumentParser(prog=f"run.py bench {options.name}", description=module.__doc__)
    asked.add_argument("--quick", action="store_true", default=options.quick, help="under 50 s")
    if hasattr(module, "add_arguments"):  # a benchmark may want to be told more
        module.add_arguments(asked)
    print(json.dumps(module.main(**vars(asked.parse_args(options.rest)))), flush=True)
    return 0


# -------------------------------------------------------------------------------------------- command line


def _at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _settings(options: argparse.Namespace) -> Settings:
    names = ("data", "host", "port", "broker", "broker_port", "sample")
    return load({n: getattr(options, n, None) for n in names}, os.environ)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run.py", description="CIM Cockpit: the living twin of a neighbourhood.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument("--data", type=Path, help="data folder (default: data)")

    one = commands.add_parser("serve", parents=[data], help="serve the pages and listen to the broker (the default)")
    one.add_argument("--host", help="address to listen on (127.0.0.1)")
    one.add_argument("--port", type=int, help="port of the pages (8050)")
    one.add_argument("--broker", help="embedded, mqtt://user:pw@host:1883 or mqtts://…")
    one.add_argument("--broker-port", type=int, help="port of the embedded broker, loopback only (1883)")
    one.add_argument("--sample", action=argparse.BooleanOptionalAction, help="sample community with simulated devices")
    one.set_defaults(run=serve)

    one = commands.add_parser("import", parents=[data], help="read files into the twin")
    one.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    one.add_argument("--community", metavar="CODE")
    one.add_argument("--layer", choices=LAYERS, default="auto")
    one.add_argument("--crs", default="auto", help="auto, wgs84, cgcs2000, gcj02, bd09 or EPSG:n")
    one.add_argument("--mapping", type=Path, metavar="FILE")
    one.add_argument("--json", action="store_true", help="one JSON object per file")
    one.set_defaults(run=import_)

    one = commands.add_parser("replay", parents=[data], help="play recorded messages through the broker")
    one.add_argument("file", type=Path, metavar="FILE")
    one.add_argument("--speed", default="1", metavar="N|max")
    one.add_argument("--rebase", action="store_true", help="move times so that the first is now")
    one.add_argument("--broker", help="when no server runs: mqtt://user:pw@host:1883")
    one.set_defaults(run=replay)

    one = commands.add_parser("backup", parents=[data], help="a proven copy of the data folder, also while serving")
    one.add_argument("folder", type=Path, metavar="DIR", help="where backups are kept; each gets a folder in it")
    one.add_argument("--keep", type=_at_least_one, metavar="N", help="remove the oldest of more than N (keep all)")
    one.set_defaults(run=backup)

    one = commands.add_parser("restore", parents=[data], help="bring a backup back, after it has proved itself")
    one.add_argument("folder", type=Path, metavar="DIR", help="a backup, or the folder with backups: then the newest")
    one.add_argument("--replace", action="store_true", help="move the store that is there aside")
    one.set_defaults(run=restore)

    one = commands.add_parser("export", parents=[data], help="a list of the interface as a file")
    one.add_argument("--what", required=True, choices=EXPORTS)
    one.add_argument("--format", choices=("parquet", "csv", "geojson", "ngsi-ld"), default="parquet")
    one.add_argument("--out", type=Path, required=True, metavar="FILE")
    one.add_argument("--at", metavar="TIME", help="as known at this instant, RFC 3339 (now)")
    one.add_argument("--community", metavar="ID")
    one.add_argument("--hours", type=float, default=24.0, help="of readings: so many hours before it (24)")
    one.add_argument("--personal", action="store_true", help="with what is about somebody; needs --purpose")
    one.add_argument("--purpose", help="what it is for; stands in the audit trail")
    one.set_defaults(run=export)

    one = commands.add_parser("doctor", parents=[data], help="look at everything this program stands on")
    one.add_argument("--json", action="store_true", help="one JSON object a finding")
    one.set_defaults(run=doctor)

    _report_parsers(commands, data)

    one = commands.add_parser("check", help="find every mistake in the declaration files")
    one.set_defaults(run=check)

    one = commands.add_parser("records", help="lists to fill in and the data dictionary of records")
    inner = one.add_subparsers(dest="what", required=True)
    empty = inner.add_parser("template", help="write an empty list to fill in and import")
    empty.add_argument("kind", metavar="KIND|all", help="canteen_meal, 食堂就餐 … or all")
    empty.add_argument("--out", type=Path, required=True, metavar="DIR")
    empty.add_argument("--format", choices=("csv", "xlsx"), default="xlsx")
    inner.add_parser("dictionary", help="print every kind with its columns and checks")
    one.set_defaults(run=records)
    back = inner.add_parser("withdraw", parents=[data], help="take back what should not have been recorded")
    back.add_argument("kind", metavar="KIND")
    back.add_argument("--community", required=True, metavar="ID")
    which = back.add_mutually_exclusive_group(required=True)
    which.add_argument("--file", metavar="NAME", help="all that came from an imported file of this name")
    which.add_argument("--id", action="append", metavar="RECORD_ID", help="one record; may be given again")
    back.add_argument("--reason", required=True, help="why; it stands in the audit trail")
    back.set_defaults(run=records_withdraw)

    one = commands.add_parser("divisions", help="administrative divisions (区划); run.py import brings them")
    inner = one.add_subparsers(dest="what", required=True)
    back = inner.add_parser("withdraw", parents=[data], help="take back a division that should not have been imported")
    back.add_argument("division", metavar="DIVISION_ID")
    back.add_argument("--with-parts", action="store_true", help="with the divisions in it; its communities lie in none")
    back.add_argument("--reason", required=True, help="why; it stands in the audit trail")
    back.set_defaults(run=division_withdraw)

    account_commands.add_parsers(commands, data, user, token)

    one = commands.add_parser("screen", help="wall screens: list, pair by the code a screen shows, rename, unpair")
    inner = one.add_subparsers(dest="what", required=True)
    inner.add_parser("list", parents=[data], help="every screen, its wall and when it was seen")
    pair = inner.add_parser("pair", parents=[data], help="pair the screen that shows CODE (on the running server)")
    pair.add_argument("code", metavar="CODE")
    pair.add_argument("--name", required=True, metavar="NAME")
    pair.add_argument("--wall", required=True, metavar="WALL", help="lobby, duty, or one of your own")
    pair.add_argument("--role", choices=("duty-officer", "grid-worker", "manager"), help="for a wall of the staff")
    other = inner.add_parser("rename", parents=[data], help="another name; the wall goes on")
    other.add_argument("screen", metavar="NAME|ID")
    other.add_argument("name", metavar="NEW")
    gone = inner.add_parser("unpair", parents=[data], help="its token is worth nothing from now on")
    gone.add_argument("screen", metavar="NAME|ID")
    one.set_defaults(run=screen)

    one = commands.add_parser("drill", help="exercise: list, start, replay, stop (on the running server)")
    inner = one.add_subparsers(dest="what", required=True)
    inner.add_parser("list", parents=[data], help="scenarios and drills")
    begin = inner.add_parser("start", parents=[data], help="begin one; prints its id")
    begin.add_argument("scenario", metavar="SCENARIO")
    begin.add_argument("--community", metavar="ID", help="the community that is exercised (the first)")
    begin.add_argument("--speed", type=float, metavar="N", help="times as fast as real life (as the scenario says)")
    again = inner.add_parser("replay", parents=[data], help="exercise a recorded day; prints its id")
    again.add_argument("file", type=Path, metavar="FILE", help="JSON lines as `replay` plays them")
    again.add_argument("--community", metavar="ID", help="the community whose homes are in it (the first)")
    again.add_argument("--speed", type=float, default=60.0, metavar="N", help="times as fast as real life (60)")
    end = inner.add_parser("stop", parents=[data], help="end one")
    end.add_argument("drill_id", metavar="ID")
    one.set_defaults(run=drill)

    one = commands.add_parser("audit", help="who did what: verify the trail, show it")
    inner = one.add_subparsers(dest="what", required=True)
    inner.add_parser("verify", parents=[data], help="read every line; exit 1 when one does not fit, and say which")
    show = inner.add_parser("show", parents=[data], help="the newest entries, newest last")
    show.add_argument("--act", default="", help="only this act: view_person, step, import ...")
    show.add_argument("--actor", default="", help="only of this account or token")
    show.add_argument("--subject", default="", help="only about this home, incident, ...")
    show.add_argument("--limit", type=int, default=50, metavar="N", help="how many (50)")
    show.add_argument("--json", action="store_true", help="one JSON object per entry")
    one.set_defaults(run=audit)

    one = commands.add_parser("privacy", help="one person's data, deletion by rule, the data dictionary")
    inner = one.add_subparsers(dest="what", required=True)
    for name, words in (("export", "everything about one person as a zip"), ("erase", "take one person out")):
        person = inner.add_parser(name, parents=[data], help=words)
        person.add_argument("person", metavar="ID", help="id of a resident or a contact")
        person.add_argument("--purpose", required=True, help="why; goes into the audit trail")
        if name == "export":
            person.add_argument("--out", type=Path, required=True, metavar="FILE.zip")
        else:
            person.add_argument("--yes", action="store_true", help="really: it cannot be taken back")
    inner.add_parser("retain", parents=[data], help="delete now what is kept no longer")
    inner.add_parser("dictionary", help="print every stored field with its sensitivity")
    one.set_defaults(run=privacy)

    one = commands.add_parser("sample-city", parents=[data], help="an invented city of 1,260 communities")
    one.set_defaults(run=sample_city)

    one = commands.add_parser("bench", help="measure")
    one.add_argument("name", metavar="NAME")
    one.add_argument("--quick", action="store_true", help="under 50 s")
    one.add_argument("rest", nargs=argparse.REMAINDER, metavar="…", help="what this benchmark wants to be told")
    one.set_defaults(run=bench)

    return parser


def _report_parsers(commands: Any, data: argparse.ArgumentParser) -> None:
    one = commands.add_parser("report", parents=[data], help="make a snapshot report: PDF, web page, XLSX, data")
    one.add_argument("--at", metavar="TIME", help="the instant, RFC 3339 (the newest data)")
    kinds = "daily, weekly, monthly, acceptance, gap_plan, gap_plan_city or scenario"
    one.add_argument("--kind", default="daily", help=kinds)
    one.add_argument(
        "--rulebook", default="complete_community_2020", metavar="NAME", help="of a gap plan: by which rulebook"
    )
    one.add_argument(
        "--scenario", action="append", default=[], metavar="ID", help="of kind scenario: which; again for a comparison"
    )
    one.add_argument("--audience", default="staff", help="public, staff or management")
    one.add_argument("--lang", default="zh", help="zh or en")
    one.add_argument("--community", metavar="ID", help="of which community (the only one)")
    one.add_argument("--out", type=Path, default=Path("reports"), metavar="DIR", help="the folder it goes in (reports)")
    one.add_argument("--json", action="store_true", help="say what was made as one JSON object")
    one.set_defaults(run=report)
    one = commands.add_parser("verify", parents=[data], help="make a report again and say what differs")
    one.add_argument("file", type=Path, metavar="FILE", help="its folder, a paper in it, or its zip")
    one.add_argument("--json", action="store_true", help="one JSON object")
    one.set_defaults(run=verify)


if __name__ == "__main__":
    sys.exit(main())
