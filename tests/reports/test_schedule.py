"""Reports by the clock: when they fall due, those that were missed, and how they arrive or do not."""

from __future__ import annotations

import email
import email.policy
from collections import deque
from datetime import timedelta
from threading import Event

import orjson
import pytest

from cockpit.outlets.settings import signing_key
from cockpit.outlets.webhook import sign
from cockpit.reports.desk import KEPT_JOBS, MOST_WAITING, ReportDesk
from cockpit.reports.kinds import Wish
from cockpit.reports.schedule import GIVE_UP, Schedule, due_since, pause
from cockpit.reports.settings import ReportMistake, ReportSettings, reports
from cockpit.reports.verifying import verify
from cockpit.services import UNKEPT
from cockpit.settings import SettingsError, load
from layouts.page import View
from layouts.parts import report_views, scene_answers
from layouts.parts.panel import sign as mark
from tests.conftest import NOON, Clock, eventually
from tests.pages.conftest import text_of
from tests.twin.test_full_disk import full_disk
from tests.web.receiver import Receiver, answer

from .conftest import COMMUNITY, lived
from .mail_server import mail_server

DAY = timedelta(days=1)
SECRET = "a-secret-of-the-receiver"


def daily(**more: object) -> ReportSettings:
    return ReportSettings(name="day", community=COMMUNITY, audience="public", **more)


@pytest.mark.parametrize(
    ("wanted", "days"),
    [({"kind": "daily"}, [20, 21, 22]), ({"kind": "weekly", "day": 6}, [21]), ({"kind": "monthly", "day": 22}, [22])],
)
def test_a_report_falls_due_at_its_local_time_and_day(wanted, days):
    found = due_since(ReportSettings(name="x", time="07:30", **wanted), NOON - 3 * DAY, NOON)
    assert [(at + timedelta(hours=8)).strftime("%d %H:%M") for at in found] == [f"{day} 07:30" for day in days]
    assert due_since(ReportSettings(name="x", time="07:30", **wanted), found[-1], NOON) == []


def test_a_delivery_is_tried_again_ever_more_seldom():
    waits = [pause(n) for n in range(1, 12)]
    assert waits[0] == timedelta(seconds=10)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=1)


@pytest.fixture
def place(tmp_path):
    """A twin, its desk in a folder, and the clock of both."""
    clock = Clock()
    twin = lived(None, clock)
    desk = ReportDesk(twin, tmp_path, UNKEPT)
    yield twin, desk, clock, tmp_path
    desk.close()
    twin.close()


def test_a_report_that_waits_is_made_however_many_are_asked_for_besides(tmp_path):
    """One is being made, one waits, hundreds more are asked for: what is over is forgotten, what waits is not."""
    clock = Clock()
    twin = lived(None, clock)
    making, go_on = Event(), Event()

    class Slow(type(UNKEPT)):
        def note(self, act, **_said):
            making.set()
            go_on.wait(60)

    desk = ReportDesk(twin, tmp_path, Slow())

    def ask(n: int) -> str:
        return desk.ask(Wish(community=f"nowhere-{n}"), NOON, by="x", role="administrator").name

    try:
        desk.ask(Wish(community=COMMUNITY, audience="public"), NOON, by="x", role="administrator")
        assert making.wait(60)
        waits = ask(0)
        for n in range(1, KEPT_JOBS + MOST_WAITING):
            ask(n)
        assert len(desk.jobs()) == KEPT_JOBS
        assert desk.job(waits).state == "waiting"
        go_on.set()
        assert desk.wait(waits, 60).state == "failed", "there is no such community; the thread went on to say so"
    finally:
        go_on.set()
        desk.close()
        twin.close()


def test_what_was_missed_is_made_after_a_restart_of_its_own_instant(place):
    twin, desk, clock, _ = place
    first = Schedule(twin, desk, [daily(time="12:15")], clock)
    due = first.step()
    assert due == NOON + timedelta(minutes=15)
    clock.set(due + DAY + timedelta(hours=3))  # nothing ran meanwhile
    second = Schedule(twin, desk, [daily(time="12:15")], clock)
    assert second.step() == due + 2 * DAY
    made = [one.manifest["instant"] for one in desk.made()]
    assert made == [f"2026-11-{day}T12:15:00+08:00" for day in (23, 22)]
    assert second.step() == due + 2 * DAY
    assert len(desk.made()) == 2
    assert verify(twin, desk.papers(desk.made()[0].name), desk.signer().public).holds


def test_a_folder_that_cannot_be_written_is_tried_again_until_it_can(place):
    twin, desk, clock, folder = place
    there = folder / "there"
    there.write_text("a file where the folder should be")
    schedule = Schedule(twin, desk, [daily(time="12:15", folder=str(there))], clock)
    clock.set(schedule.step())
    again = schedule.step()
    told = schedule.standing()[0]["last"]["to"]["folder"]
    assert (told["done"], len(told["tries"])) == (False, 1)
    assert "could not be written" in told["tries"][0]["detail"]["en"]
    assert "写不进" in told["tries"][0]["detail"]["zh"]
    assert again == clock.instant + timedelta(seconds=10)
    there.unlink()
    clock.set(again)
    schedule.step()
    told = schedule.standing()[0]["last"]["to"]["folder"]
    assert [one["done"] for one in told["tries"]] == [False, True]
    name = desk.made()[0].name
    assert (there / name / "report.pdf").read_bytes() == desk.paper(name, "report.pdf")


def test_a_report_that_the_disk_did_not_take_is_made_as_soon_as_there_is_room(place):
    twin, desk, clock, _ = place
    schedule = Schedule(twin, desk, [daily(time="12:15")], clock)
    due = clock.set(schedule.step())
    with full_disk():
        again = schedule.step()
    last = schedule.standing()[0]["last"]
    assert "写不进" in last["error"]["zh"]
    assert (desk.made(), again) == ([], due + timedelta(seconds=10))
    clock.set(again)
    schedule.step()
    assert schedule.standing()[0]["last"]["error"] == {}
    assert [one.manifest["instant"] for one in desk.made()] == ["2026-11-22T12:15:00+08:00"]
    assert schedule.step() == due + DAY


def test_after_a_day_a_report_that_the_disk_does_not_take_is_given_up(place):
    twin, desk, clock, _ = place
    schedule = Schedule(twin, desk, [daily(time="12:15")], clock)
    due = clock.set(schedule.step())
    with full_disk():
        schedule.step()
        clock.set(due + GIVE_UP - timedelta(minutes=1))
        schedule.step()
        clock.set(clock.instant + timedelta(hours=1))
        schedule.step()
    clock.set(clock.instant + timedelta(hours=2))
    schedule.step()
    assert [one.manifest["instant"][:10] for one in desk.made()] == ["2026-11-23"]


def test_what_was_delivered_is_not_delivered_twice_because_that_could_not_be_written_down(place):
    twin, desk, clock, _ = place
    receiver = Receiver(then=deque([answer(503), answer(200), answer(200)]))
    receiver.start()
    schedule = Schedule(twin, desk, [daily(time="12:15", webhook=receiver.url, webhook_secret=SECRET)], clock)
    clock.set(schedule.step())
    clock.set(schedule.step())
    with full_disk():
        schedule.step()
        clock.forward(minutes=1)
        schedule.step()
    clock.forward(minutes=1)
    schedule.step()
    receiver.stop()
    assert len(receiver.requests) == 2
    assert orjson.loads((desk.folder / "schedule.json").read_bytes())["day"]["runs"][0]["to"]["webhook"]["done"]


def test_the_page_says_of_a_failing_delivery_that_it_goes_on_why_it_fails_and_what_to_do(place):
    twin, desk, clock, _ = place
    wanted = daily(time="12:15", mail_to=["a@example.org"], mail_from="b@example.org", smtp="smtps://no-such.invalid")
    schedule = Schedule(twin, desk, [wanted], clock)
    clock.set(schedule.step())
    schedule.step()
    shown = report_views.schedule(View(community=COMMUNITY, lang="zh"), {"schedule": schedule.standing()})
    words = text_of(shown)
    assert "邮件：试了 1 次还没有送到，会继续试" in words
    assert "找不到邮件服务器的主机名 no-such.invalid；请检查 smtp 的拼写和本机的域名解析" in words
    assert repr(mark("look")) in repr(shown)


def test_a_webhook_gets_the_whole_report_signed_and_under_one_name_at_every_try(place):
    twin, desk, clock, _ = place
    receiver = Receiver(then=deque([answer(503), answer(200)]))
    receiver.start()
    wanted = daily(time="12:15", webhook=receiver.url, webhook_secret=SECRET)
    schedule = Schedule(twin, desk, [wanted], clock)
    clock.set(schedule.step())
    clock.set(schedule.step())
    schedule.step()
    receiver.stop()
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == desk.made()[0].name
    stamp = second.headers["webhook-timestamp"]
    assert second.headers["webhook-signature"] == sign(signing_key(SECRET), desk.made()[0].name, stamp, second.body)
    kept = (desk.folder / "schedule.json").read_text(encoding="utf-8")
    assert schedule.standing()[0]["last"]["to"]["webhook"]["done"]
    assert "very-secret" not in kept
    assert SECRET not in kept


def test_a_delivery_that_never_arrives_is_given_up_after_a_day(place):
    twin, desk, clock, folder = place
    (folder / "there").write_text("in the way")
    schedule = Schedule(twin, desk, [daily(time="12:15", folder=str(folder / "there"))], clock)
    clock.set(schedule.step())
    schedule.step()
    clock.set(clock.instant + GIVE_UP - timedelta(minutes=1))
    schedule.step()
    clock.set(clock.instant + timedelta(minutes=2) + pause(2))
    schedule.step()
    runs = orjson.loads((desk.folder / "schedule.json").read_bytes())["day"]["runs"]
    assert runs[0]["to"]["folder"]["over"]


def test_a_letter_brings_the_papers_and_names_nobody_in_its_subject(place):
    twin, desk, clock, _ = place
    with mail_server() as box:
        wanted = daily(time="12:15", mail_to=("a@example.org",), mail_from="cim@example.org",
                       smtp=f"smtp://127.0.0.1:{box.port}")  # fmt: skip
        schedule = Schedule(twin, desk, [wanted], clock)
        clock.set(schedule.step())
        schedule.step()
    assert schedule.standing()[0]["last"]["to"]["mail"]["done"]
    letter = email.message_from_bytes(box.letters[0], policy=email.policy.default)
    assert letter["Subject"] == "试行巷 社区运行日报（2026-11-22 12:15）"
    attached = {part.get_filename(): part.get_content() for part in letter.iter_attachments()}
    name = desk.made()[0].name
    assert attached[f"{name}_report.pdf"] == desk.paper(name, "report.pdf")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"name": "d", "kind": "hourly"}, "expected daily, weekly"),
        ({"name": "d", "knd": "daily"}, "did you mean kind?"),
        ({"name": "d", "time": "25:00"}, "expected 00:00 to 23:59"),
        ({"name": "w", "kind": "weekly", "day": 8}, "expected 1 to 7"),
        ({"name": "d", "webhook": "https://x/", "webhook_secret": "short"}, "at least 16 characters"),
        ({"name": "d", "webhook": "http://example.org/", "webhook_secret": SECRET}, "expected https"),
        ({"name": "d", "mail_to": ["x@y"], "mail_from": "a@b", "smtp": "smtp://mail.example.org"}, "smtps"),
        ({"name": "d", "mail_to": ["x@y"], "mail_from": "a@b", "smtp": "smtps://u:pw@mail.example.org"}, "no password"),
        ({"name": "d", "mail_to": ["x@y"], "mail_from": "a@b", "smtp": "smtps://u@m"}, "expected smtp_password_env"),
        ({"name": "d", "mail_to": ["x@y"], "mail_from": "a@b", "smtp": "smtps://u@m", "smtp_password": "口"}, "ASCII"),
        ({"name": "d", "ca_file": "cockpit.toml"}, "holds no certificate in PEM form"),
        ({"name": "Day 1"}, "expected a-z"),
        ({"name": "d", "mail_to": [7], "mail_from": "a@b", "smtp": "smtps://m"}, "mail addresses"),
    ],
)
def test_a_mistaken_table_is_refused_with_what_was_expected(table, said, tmp_path):
    (tmp_path / "cockpit.toml").write_text("no certificate")
    with pytest.raises(ReportMistake, match=said.replace("?", r"\?")):
        reports([table], {}, tmp_path)


def test_tables_are_read_from_the_file_and_secrets_from_elsewhere(tmp_path):
    text = '[[report]]\nname = "d"\nwebhook = "https://x.example/in"\nwebhook_secret_env = "HOOK"\nfolder = "out"\n'
    (tmp_path / "cockpit.toml").write_text(text, encoding="utf-8")
    found = load({}, {"HOOK": SECRET}, tmp_path).report[0]
    assert (found.webhook_secret, found.folder) == (SECRET, str(tmp_path / "out"))
    assert SECRET not in repr(found)
    with pytest.raises(SettingsError, match="environment variable"):
        load({}, {}, tmp_path)


def test_who_opens_the_page_of_reports_has_the_months_counted_ahead(place):
    twin, desk, clock, _ = place
    kpis = list(twin.catalogue.kpis.values())
    desk.prepare("nowhere")
    desk.prepare(COMMUNITY)
    eventually(lambda: twin.kpis.computations >= len(kpis), what="the months to be counted")
    counted = twin.kpis.computations
    clock.forward(minutes=1)
    desk.prepare(COMMUNITY)
    scene_answers.course(twin, twin.now(), COMMUNITY)
    assert twin.kpis.computations - counted == sum(kpi.is_live for kpi in kpis), "only what is measured now"
