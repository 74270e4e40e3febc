"""Saved views: kept per account, shared on wish, and nothing but an own page's address."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cockpit.saved_views import MOST, SavedViews, ViewRefused

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
