"""The outbox: written with the change it tells of, read by each outlet on its own, and never by name."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import NOON
from twin_model.entities import Building, Community, Contact, Estate, Resident
from twin_model.notifications import News, Notifications, write
from twin_model.store import Store


@pytest.fixture
def store():
    with Store(None) as store:
        yield store


def news(kind: str = "raised", **changes: object) -> News:
    return News(**{"kind": kind, "community_id": "demo", "body": {"grade": 1}, "incident_id": "i-1", **changes})


def put(store: Store, *said: News, at=NOON) -> None:
    store.write(lambda writer: write(writer, at, said))


def test_a_change_that_fails_leaves_no_notification(store):
    def change(writer) -> None:
        write(writer, NOON, [news()])
        raise RuntimeError("the step was refused")

    with pytest.raises(RuntimeError):
        store.write(change)
    assert Notifications(store).since(0, NOON) == []


def test_numbers_go_on_and_no_news_is_no_row(store):
    put(store, news("raised"), news("hand_over"))
    put(store)
    put(store, news("close"), at=NOON + timedelta(minutes=1))
    found = Notifications(store).since(0, NOON)
    assert [(n.notification_id, n.kind) for n in found] == [(1, "raised"), (2, "hand_over"), (3, "close")]
    assert len({n.event_id for n in found}) == 3


def test_each_outlet_has_its_own_place(store):
    outbox = Notifications(store)
    put(store, news(), news(), news())
    outbox.tried("a", [1, 2], NOON, told=True, detail="")
    outbox.tried("b", [1], NOON, told=False, detail="it answered 500")
    outbox.give_up("b", [2], NOON, "not told within 24 h")
    assert {name: outbox.done(name) for name in "abc"} == {"a": {1, 2}, "b": {2}, "c": set()}
    assert [(outbox.told(n).told, outbox.told(n).given_up) for n in "abc"] == [(2, 0), (0, 1), (0, 0)]
    assert [n.notification_id for n in outbox.since(1, NOON, limit=1)] == [2]
    assert outbox.since(3, NOON) == []


def test_an_outlet_begins_once_with_what_comes_after(store):
    outbox = Notifications(store)
    assert outbox.begin("duty", NOON) == 0
    put(store, news())
    assert (outbox.begin("duty", NOON), outbox.begin("late", NOON)) == (0, 1)
    assert outbox.told("late").told == 0


def test_what_is_told_in_order_is_an_incident_else_an_alert(store):
    put(store, news(), news(incident_id=None, alert_id=7), news(incident_id=None))
    lines = [n.line for n in Notifications(store).since(0, NOON)]
    assert lines == ["incident i-1", "alert 7", "notification 3"]


def test_messages_are_counted_by_instant_without_beginnings_and_givings_up(store):
    outbox = Notifications(store)
    put(store, news(), news(), news())
    outbox.begin("duty", NOON)
    outbox.tried("duty", [1, 2], NOON + timedelta(seconds=1), told=True, detail="")
    outbox.tried("duty", [3], NOON + timedelta(seconds=2), told=False, detail="x")
    outbox.give_up("duty", [3], NOON + timedelta(seconds=3), "too old")
    assert outbox.tries_since("duty", NOON) == [NOON + timedelta(seconds=1), NOON + timedelta(seconds=2)]


def test_a_drill_matters_to_the_community_it_exercises_and_names_are_known_to_be_kept_in(twin, clock):
    twin.record(
        [
            Community(community_id="demo", name="未来社区"),
            Community(community_id="demo-d1", name="演练", drill_of="demo"),
            Estate(community_id="demo-d1", estate_id="e", name="东园", name_en="East Garden"),
            Building(community_id="demo-d1", building_id="b", estate_id="e", name="3幢", footprint=b"", height_m=9.0),
            Resident(community_id="demo-d1", resident_id="r", home_id="h", name="王秀英"),
            Contact(community_id="demo-d1", contact_id="c1", home_id="h", role="family", rank=1, name="李梅"),
            Contact(community_id="demo-d1", contact_id="c2", role="grid_worker", rank=1, name="赵大力"),
            Contact(community_id="demo-d1", contact_id="c3", home_id="other", role="family", rank=1, name="孙七"),
        ]
    )
    twin.store.write(lambda writer: writer.execute(_DRILL, at=clock()))
    twin.store.write(lambda writer: writer.execute(_INCIDENT, at=clock()))
    put(twin.store, news(community_id="demo-d1", drill_id="d1"))
    (found,) = Notifications(twin.store).since(0, twin.now())
    assert (found.exercised, found.community, found.building, found.building_en) == (
        "demo", "未来社区", "东园 3幢", "East Garden 3幢",
    )  # fmt: skip
    assert set(found.names) == {"王秀英", "李梅", "赵大力"}
    assert "王秀英" not in repr(found)


_DRILL = "INSERT INTO drill VALUES ('d1', 'demo-d1', 'demo', 'fall', 1, $at, $at, 'officer', NULL)"
_INCIDENT = """
INSERT INTO incident VALUES ('i-1', 'elder_incident', 'demo-d1', 'h', 'h', NULL, 'b', 'd1', $at, $at)
"""
