"""The panels of the overview for full, stale, empty and unknown data; nothing unknown is drawn as zero."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from layouts import overview
from layouts.parts import answers, building, doing, drawer, living, map_frame
from layouts.parts.living import city
from tests.pages.conftest import HERE, classes_of, readings, text_of


@pytest.fixture
def show(view):
    """``show(twin, panel, **chosen)``: the tree of a panel as of now."""

    def show(twin, panel, at_view=view, **chosen):
        now = at_view.at or twin.now()
        return panel.draw(at_view, now, panel.question(twin, now, HERE, **chosen))

    return show


PANEL = {
    panel.part: panel
    for panel in (*overview.LEFT, *overview.RIGHT, overview.LEGEND, overview.BUILDING, overview.DRAWER)
}


def test_residents_are_counted_with_their_ages(living, show):
    words = text_of(show(living, PANEL["population"]))
    assert words[0] == "在住人口"
    assert words[2:4] == ["4", "人"]
    assert words[4:7] == ["2 户", " · 60+ ", "1"]


def test_homes_without_counts_say_so_instead_of_zero_people(view, place):
    answer = {**answers.residents(place, place.now(), HERE), "people": None}
    assert text_of(living.population(view, place.now(), answer)) == ["在住人口", "—", "住户还没有登记人数"]
    assert "0" not in text_of(living.population(view, place.now(), {**answer, "homes": 0}))


def test_a_home_whose_sensors_were_never_heard_is_blind_not_quiet(place, show):
    words = text_of(show(place, PANEL["elders"]))
    assert words[0] == "独居老人 1 户"
    assert words[-8:] == ["活动", "0", "安静", "0", "外出", "0", "盲区", "1"]


def test_a_home_with_movement_is_active(living, show):
    assert text_of(show(living, PANEL["elders"]))[-8:] == ["活动", "1", "安静", "0", "外出", "0", "盲区", "0"]


def test_a_home_goes_blind_when_its_sensors_fall_silent(living, clock, show):
    clock.forward(days=4)
    assert text_of(show(living, PANEL["elders"]))[-8:] == ["活动", "0", "安静", "0", "外出", "0", "盲区", "1"]


def test_the_centre_shows_each_room_against_its_capacity(living, show):
    tree = show(living, PANEL["centre"])
    words = text_of(tree)
    assert words[0] == "邻里中心此刻"
    assert "53" in words
    assert words[words.index("共享书房") + 1 : words.index("共享书房") + 3] == ["41", "/60"]
    assert words[words.index("大厅") + 1 : words.index("大厅") + 3] == ["12", " 人"]
    assert "none" in classes_of(tree), "a room without capacity has a dashed line, not an empty bar"


def test_a_centre_whose_counters_are_silent_is_unknown_since_then_not_empty(living, clock, show):
    clock.forward(hours=3)
    words = text_of(show(living, PANEL["centre"]))
    assert words[2:4] == ["—", "人数计数自 11月22日 12:59 无数据"]
    assert "0" not in words


def test_services_are_figures_of_a_total_with_unit(living, show):
    words = text_of(show(living, PANEL["city"]))
    assert words[words.index("停车") + 1 : words.index("停车") + 3] == ["61", "共 80 位"]
    assert words[words.index("PM2.5") + 1 : words.index("PM2.5") + 3] == ["18", "µg/m³ · 优"]
    assert words[words.index("空闲充电桩") + 1 : words.index("空闲充电桩") + 3] == ["—", "没有设备"]


def test_stations_that_never_spoke_are_silent_and_not_missing(living, view):
    never = {"value": None, "newest": None, "fresh": 0, "devices": 5, "total": None}
    words = text_of(city(view, living.now(), {"pm2_5": never}))
    assert words[words.index("PM2.5") + 1 : words.index("PM2.5") + 3] == ["—", "仅 0/5 台有效"]


def test_a_lost_air_station_shows_since_when_never_its_last_value(living, clock, show):
    clock.forward(hours=3)
    words = text_of(show(living, PANEL["city"]))
    assert words[words.index("PM2.5") + 1 : words.index("PM2.5") + 3] == ["—", "自 11月22日 12:59 无数据"]


@pytest.mark.parametrize(
    ("value", "word"), [(35, "good"), (36, "fair"), (115, "light"), (150, "medium"), (250, "heavy"), (251, "severe")]
)
def test_air_is_classed_by_the_limits_of_the_standard(value, word):
    assert living.pm25_class(value) == word


def test_with_nothing_to_do_the_page_is_quiet(living, show):
    assert show(living, PANEL["urgent"]) is None
    assert text_of(show(living, PANEL["tasks"])) == ["待处理", "现在没有要处理的事"]


def test_one_incident_is_loud_with_place_reason_ladder_and_the_next_step(living, clock, show):
    clock.forward(seconds=60)
    living.apply(readings(living, ("smoke-1", "smoke", 1, 0)))
    clock.forward(seconds=38)
    tree = show(living, PANEL["urgent"])
    words = text_of(tree)
    assert "东园 3幢 2单元 502" in words
    assert "00:38" in words
    assert {"家属", "网格员", "119"} <= set(words), "who is asked when the one before is silent"
    assert "确认接警" in words
    assert "看详情" in words
    assert any(w.startswith("烟雾报警器自 13:01 起报警") for w in words), words
    assert text_of(show(living, PANEL["tasks"]))[:2] == ["其他待处理", "没有其他要处理的事"]


def test_the_bar_and_the_list_count_the_same_incidents_now_and_then_and_alerts_stand_apart(living, clock, view):
    before = living.now()
    clock.forward(seconds=60)
    living.apply(readings(living, ("smoke-1", "smoke", 1, 0)))
    living.care.step()
    alone = {"severity": "look", "rule": "declared_alarm", "building_id": "b1", "labels": {}, "value": 1.0, "unit": "",
             "title_zh": "故障", "title_en": "Fault", "since": before, "type_title": {"zh": "电梯"}, "says": None,
             "subject": "d-lift"}  # fmt: skip
    then, now = answers.open_now(living, before, HERE), answers.open_now(living, living.now(), HERE)
    assert (then["open"], now["open"], now["drills"]) == (0, 1, 0)
    needs = {**answers.needs(living, living.now(), HERE), "tasks": [alone]}
    assert answers.open_now(living, living.now(), HERE)["open"] == len(needs["incidents"])
    words = text_of(doing.tasks(view, living.now(), {**needs, "incidents": []}))
    assert words[:3] == ["待处理", "没有未关闭的事件", "另有告警 1 条 ›"], "an alert is not an incident"


def test_a_building_stays_red_while_its_incident_is_open_also_when_the_alarm_has_gone(living, clock):
    clock.forward(seconds=60)
    living.apply(readings(living, ("smoke-1", "smoke", 1, 0)))
    clock.forward(minutes=20)
    living.apply(readings(living, ("smoke-1", "smoke", 0, 0)))
    clock.forward(minutes=20)
    living.care.step()
    assert not living.care.alerts(living.now()).num_rows, "the smoke has gone"
    assert answers.colours(living, living.now(), HERE)["alert"] == {"act": 1}


def test_the_past_offers_no_action(living, clock, show, view):
    living.apply(readings(living, ("smoke-1", "smoke", 1, 0)))
    then = living.now()
    clock.forward(hours=2)
    tree = show(living, PANEL["urgent"], replace(view, at=then))
    assert "历史中不能处置" in text_of(tree)
    assert "button" not in classes_of(tree)


def test_the_map_is_told_the_most_urgent_alert_of_each_building():
    task = {"building_id": "b1", "title_zh": "烟雾", "title_en": "Smoke", "rule": "r", "labels": {}, "value": 1.0}
    other = {**task, "title_zh": "水浸"}
    assert doing.notes("zh", [task, other]) == {"b1": "烟雾"}


@pytest.mark.parametrize(("alert", "says"), [("look", "电梯故障"), ("blind", "设备失联")])
def test_a_building_is_called_by_the_worse_of_its_alert_and_its_incident_as_it_is_coloured(alert, says):
    task = {"building_id": "b1", "title_zh": "电梯故障", "title_en": "Lift", "rule": "r", "labels": {}, "value": 1.0,
            "severity": alert}  # fmt: skip
    silent = SimpleNamespace(building_id="b1", severity="blind", title={"zh": "设备失联", "en": "Device silent"})
    assert doing.noted_at("zh", [task], [{"incident": silent}]) == {"b1": says}


def test_devices_are_counted_by_how_far_they_can_be_trusted(living, clock, show):
    words = text_of(show(living, PANEL["health"]))
    assert words[words.index("正常") + 1] == "7"
    clock.forward(days=4)
    words = text_of(show(living, PANEL["health"]))
    assert words[words.index("失联") + 1] == "7"
    assert "在线 0.0%" in words


def test_a_community_without_devices_says_so(place, show, view):
    answer = {"all": 0, "low": 0, "away": []}
    said = text_of(doing.health(view, place.now(), answer))
    assert said[:3] == ["设备健康", "—", "还没有设备"]
    assert said[3].startswith("下一步")


def test_the_flow_of_data_names_its_sources_and_what_waits(living, show):
    words = text_of(show(living, PANEL["flow"]))
    assert {"mqtt ", "已连接"} <= set(words)
    assert words[words.index("待查") + 1] == "1"
    assert words[words.index("已存") + 1] == "7"


def test_the_counters_of_this_moment_are_not_shown_as_the_past(living, clock, show, view):
    then = living.now()
    clock.forward(hours=1)
    words = text_of(show(living, PANEL["flow"], replace(view, at=then)))
    assert "已存" not in words
    assert "待查" in words


def test_the_legend_counts_every_class_of_every_colouring(living, show):
    tree = show(living, PANEL["legend"])
    words = text_of(tree)
    assert words[:2] == ["平静", "1"]
    assert set(map_frame.CLASSES) == {"alert", "occupancy", "freshness"}


def test_a_building_shows_its_homes_people_and_readings(living, show):
    words = text_of(show(living, PANEL["building"], building="b1"))
    assert words[:2] == ["东园 3幢", "全社区"]
    assert any("6 层" in w and "2 户" in w for w in words)
    assert "4" in words
    assert "有人移动" in words


def test_no_building_or_one_of_another_community_shows_nothing(living, show):
    assert show(living, PANEL["building"], building=None) is None
    assert answers.building(living, living.now(), "elsewhere", building="b1") is None


def test_every_way_in_opens_rows(living, view):
    """Each figure's key must mean something to the drawer, else a press would do nothing."""
    keys = [
        "homes",
        "homes:blind",
        "residents",
        "centre",
        "alerts",
        "devices",
        "devices:lost",
        "battery",
        "stored",
        "quarantine",
    ]
    keys += [f"figure:{name}" for name in drawer.FIGURES] + ["device:d-smoke"]
    now = living.now()
    for key in keys:
        answer = drawer.rows(living, now, HERE, key=key)
        assert answer is not None, key
        words = text_of(drawer.drawer(view, now, answer))
        assert words[0] == words[0].strip() != ""
    assert drawer.rows(living, now, HERE, key="device:d-smoke")["total"] == 3
    assert drawer.rows(living, now, HERE, key="nonsense") is None
    assert drawer.rows(living, now, HERE, key=None) is None


def test_rows_of_the_quarantine_say_the_reason_in_words(living, view):
    answer = drawer.rows(living, living.now(), HERE, key="quarantine")
    words = text_of(drawer.drawer(view, living.now(), answer))
    assert "未知设备" in words
    assert "community/demo/door/x-9" in words


def test_a_series_ends_where_the_device_fell_silent(living, view, clock):
    clock.forward(hours=3)
    answer = answers.series(living, living.now(), HERE, chosen="d-air|pm2_5")
    assert len(answer["points"]) == 1
    assert text_of(building.series(view, living.now(), answer))[0] == "PM2.5 · 近 24 小时"


def test_a_metric_of_many_states_is_called_by_the_state_it_is_in(living, twin):
    labels = twin.catalogue.sensor_types["ev_charger"].metrics["charger_state"].labels
    task = {
        "labels": dict(labels),
        "value": 4.0,
        "type_title": {"zh": "充电桩"},
        "rule": "r",
        "title_zh": "状态",
        "unit": "",
    }
    assert doing.title("zh", task) == "充电桩 故障"


def test_without_any_device_calm_is_not_claimed(twin, show, view):
    said = text_of(show(twin, PANEL["tasks"]))
    assert said[:3] == ["待处理", "—", "没有设备，无从告警"]
    assert said[3].startswith("下一步")
    assert answers.open_now(twin, twin.now(), HERE)["open"] is None


def test_calm_of_the_past_is_told_in_the_past(living, show, view, clock):
    then = living.now()
    clock.forward(minutes=1)
    assert text_of(show(living, PANEL["tasks"], replace(view, at=then))) == ["当时待处理", "当时没有要处理的事"]
