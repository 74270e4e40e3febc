"""Saved views: kept per account, shared on wish, and nothing but an own page's address."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cockpit.saved_views import MOST, SavedViews, ViewRefused
from cockpit.tokens import Role

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
PAGES = ("overview", "kpi")


@pytest.fixture
def views(tmp_path) -> SavedViews:
    return SavedViews(tmp_path, PAGES)


def keep(views, account="a1", name="晨会", address="/overview?colour=occupancy", shared=False):
    return views.keep(account, name, address, shared=shared, by=account, at=NOON)


def names(views, account):
    mine, others = views.listed(account)
    return [one.name for one in mine], [one.name for one in others]


def test_a_view_survives_a_restart_and_belongs_to_its_account(views, tmp_path):
    keep(views)
    again = SavedViews(tmp_path, PAGES)
    assert names(again, "a1") == (["晨会"], [])
    assert names(again, "a2") == ([], [])


def test_a_shared_view_is_listed_to_others_until_it_is_no_longer_shared(views):
    view = keep(views, shared=True)
    assert names(views, "a2") == ([], ["晨会"])
    views.change("a1", view.id, shared=False)
    assert names(views, "a2") == ([], [])


def test_only_its_owner_may_change_or_delete_a_view(views):
    view = keep(views, shared=True)
    for act in (lambda: views.change("a2", view.id, name="别的"), lambda: views.drop("a2", view.id)):
        with pytest.raises(KeyError):
            act()
    views.drop("a1", view.id)
    assert names(views, "a1") == ([], [])


def test_a_view_of_the_past_says_its_instant(views):
    assert keep(views, address="/kpi?kpi=x&at=2026-11-22T14:05:00%2B08:00").at == "2026-11-22T14:05:00+08:00"
    assert keep(views, name="现在").at is None


@pytest.mark.parametrize(
    "address",
    ["https://elsewhere.example/overview", "//elsewhere.example", "/sign-in", "overview", "/overview#x",
     "/overview?token=cim_x", "/overview?a\n=b", "/api/v1/alerts", "/overview?x=" + "y" * 600, "javascript:alert(1)"],
)  # fmt: skip
def test_only_addresses_of_own_pages_are_kept(views, address):
    with pytest.raises(ViewRefused):
        keep(views, address=address)


def test_names_are_short_and_used_once(views):
    keep(views, name="  晨会  一 ")
    for name in ("晨会 一", "", "长" * 41):
        with pytest.raises(ViewRefused):
            keep(views, name=name)


def test_there_is_a_last_view(views):
    for n in range(MOST):
        keep(views, name=f"视图 {n}")
    with pytest.raises(ViewRefused) as refused:
        keep(views, name="再来一个")
    assert str(MOST) in refused.value.reason["zh"]


ROLES = [role for role in Role if role is not Role.PUBLIC_SCREEN]


def test_views_over_http_are_ones_own_whatever_the_role_and_the_street_has_none(standing):
    kept = {}
    for role in ROLES:
        with standing.client(role) as client:
            made = client.post("/api/v1/views", json={"name": f"晨会 {role}", "address": "/overview"})
            assert made.status_code == 201, role
            kept[role] = made.json()["id"]
    for role in ROLES:
        with standing.client(role) as client:
            listed = client.get("/api/v1/views").json()
            assert listed["mine"] == [], "another token of the same role is another person's"
            assert not any("晨会" in one["name"] for one in listed["shared"]), role
            for other in kept.values():
                assert client.patch(f"/api/v1/views/{other}", json={"shared": True}).status_code == 404
                assert client.delete(f"/api/v1/views/{other}").status_code == 404
    with standing.client(Role.PUBLIC_SCREEN) as client:
        one = f"/api/v1/views/{kept[Role.MANAGER]}"
        asked = [client.get("/api/v1/views"), client.post("/api/v1/views", json={"name": "x", "address": "/overview"}),
                 client.patch(one, json={"name": "x"}), client.delete(one)]  # fmt: skip
        assert [answer.status_code for answer in asked] == [403, 403, 403, 403]


def test_a_shared_view_of_a_home_is_told_only_to_those_who_may_look_at_it(standing):
    wanted = {
        "总览": "/overview?community=demo", "这一户": "/home?home=demo-h1", "门口": "/devices?device=demo-pir",
        "大堂": "/devices?device=demo-air",
    }  # fmt: skip
    with standing.client(Role.DUTY_OFFICER) as client:
        for name, address in wanted.items():
            made = client.post("/api/v1/views", json={"name": name, "address": address, "shared": True})
            assert made.status_code == 201, made.text
    told = {}
    for role in ROLES:
        with standing.client(role) as client:
            told[role] = {one["name"] for one in client.get("/api/v1/views").json()["shared"]} & wanted.keys()
    without = {"总览", "大堂"}
    sees = {Role.MANAGER: without, Role.RESIDENT_SERVICE: without}
    assert told == {role: sees.get(role, set(wanted)) for role in ROLES}
