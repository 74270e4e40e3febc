"""How right people in places are, and how quickly a year of them is answered.

Presence by CO2 on the recorded truth of an office (found again from the training rows, asked once on the others);
counters that miss and count twice against the simulated truth they saw; the forecast against the hours that followed;
people by hour over weeks and a year. Times are of two shared cores: read them as ratios.
"""

from __future__ import annotations

import csv
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.cast import Cast
from ingest.rhythm import METRIC_BITS, Day, Sheet, day_number
from ingest.rhythm_places import told_by_counters, truth_of_counters, write_counters
from ingest.simulate import to_us
from sample_data.community import build
from twin_model.catalogue import Catalogue
from twin_model.entities import Device
from twin_model.occupancy.co2 import declared_model, series_features
from twin_model.occupancy.fitting import accuracy, by_day, fit
from twin_model.occupancy.use import open_hours
from twin_model.twin import Twin

DATA = Path(__file__).parents[1] / "../shared/data/uci-occupancy"
END = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)  # 04:00 on a Monday: days here begin then
SEED = 7
LEAST = 100.0
"""Person-hours a day; of fewer one person counted wrongly is several per cent, so these are told in persons."""


def main(quick: bool) -> dict[str, Any]:
    """``{bench, co2, counters, forecast, hours_ms, year}``."""
    days = 24 if quick else 70
    counted = filled(days)
    try:
        found = {
            "bench": "occupancy",
            "co2": co2(),
            "counters": counters(counted, days),
            "forecast": forecasts(counted),
            "hours_ms": times(counted, days),
            "year": year(counted, days),
        }
    finally:
        counted.close()
    return found


# ------------------------------------------------------------------------------------------------------------- co2


def recorded(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Seconds, ppm and presence of one file of the recorded office; its light is not read."""
    with (DATA / name).open(encoding="utf-8") as lines:
        rows = [row[1:] for row in csv.reader(lines)][1:]
    seconds = [datetime.fromisoformat(row[0]).replace(tzinfo=UTC).timestamp() for row in rows]
    return np.array(seconds), np.array([float(r[4]) for r in rows]), np.array([int(r[6]) for r in rows])


def co2() -> dict[str, Any]:
    """Accuracy of the declared weights, and whether the training rows give them again."""
    if not DATA.is_dir():
        return {"missing": "../shared/data/uci-occupancy"}
    model = declared_model()
    seconds, ppm, there = recorded("datatraining.txt")
    taught = series_features(seconds, ppm, model.outdoor)
    again = fit(taught, there)
    seconds_of_test, ppm_of_test, there_in_test = recorded("datatest.txt")
    asked = series_features(seconds_of_test, ppm_of_test, model.outdoor)
    said = model.presence(asked) > 0.5
    return {
        "accuracy": round(accuracy(model.weights, asked, there_in_test), 4),
        "found_occupied": round(float(said[there_in_test == 1].mean()), 4),
        "found_empty": round(float(1 - said[there_in_test == 0].mean()), 4),
        "by_day_in_training": round(by_day(taught, there, (seconds // 86_400).astype(int)), 4),
        "weights_as_declared": bool(np.allclose(again, model.weights, rtol=1e-6)),
    }


# -------------------------------------------------------------------------------------------------------- counters


def filled(days: int) -> Twin:
    """A twin in memory with the sample's counters and so many days of what they said."""
    twin = Twin.open(None, clock=lambda: END + timedelta(minutes=10), memory_limit="1GB")
    entities = build(SEED)
    kept = [e for e in entities if not isinstance(e, Device) or e.type == "people_counter"]
    start = END - timedelta(days=days)
    twin.record(kept, recorded_at=start, valid_from=start)
    directory, cast = twin.directory(), Cast.of(kept, SEED)
    names = sorted({m for t in Catalogue.load().sensor_types.values() for m in t.metrics})
    code = {name: number for number, name in enumerate(names)}
    series = np.full(len(cast.devices) << METRIC_BITS, -1, np.int64)
    for number, device in enumerate(cast.devices):
        for metric, entry in directory.devices[device.dialect, device.address].series.items():
            series[number << METRIC_BITS | code[metric]] = entry.series_no
    with twin.together():
        for number in range(day_number(to_us(start)), day_number(to_us(END))):
            sheet = Sheet(Day(SEED, number), code)
            write_counters(sheet, cast)
            codes, taken, values = sheet.columns()
            order = np.argsort(taken, kind="stable")
            for part in np.array_split(order, 48):
                twin.apply(
                    _readings(series[codes[part]], taken[part], values[part]),
                    received_at=_at(int(taken[part].max()) + 1_000_000),
                )
    return twin


def _readings(series: np.ndarray, taken: np.ndarray, values: np.ndarray) -> pa.Table:
    return pa.table(
        {
            "series_no": series.astype(np.int32),
            "taken_at": pa.array(taken).cast(pa.timestamp("us")),
            "value": values,
            "retained": np.zeros(len(series), bool),
        }
    )


def _at(us: int) -> datetime:
    return datetime.fromtimestamp(us // 1_000_000, UTC) + timedelta(microseconds=us % 1_000_000)


def counters(twin: Twin, days: int) -> dict[str, Any]:
    """How far a day's person-hours are from what truly was, in per cent: in open hours, and over whole days."""
    entities = [e for e in build(SEED) if not isinstance(e, Device) or e.type == "people_counter"]
    cast = Cast.of(entities, SEED)
    at_counter = [cast.place_of[n] for n in cast.of_kind("people_counter")]
    names = list(dict.fromkeys(at_counter))
    belongs = np.array([[float(place == name) for place in at_counter] for name in names])
    first = day_number(to_us(END - timedelta(days=days)))
    really, tallied = np.zeros((len(names), days, 24)), np.zeros((len(names), days, 24))
    for d in range(days):
        day = Day(SEED, first + d)
        true = truth_of_counters(cast, day)
        entered, left = told_by_counters(cast, day, true)
        really[:, d] = belongs @ _hourly(true.people)
        tallied[:, d] = belongs @ _hourly(np.maximum(0.0, entered - left))
    told = twin.occupancy_hours(END - timedelta(days=days), END, END)
    of_place = [told.filter(pc.equal(told["place_id"], name))["people"].fill_null(0.0) for name in names]
    found = np.stack([people.to_numpy() for people in of_place]).reshape(really.shape)
    hours_of = {place.place_id: place.opening_hours for place in twin.people.layout(END).places}
    start = to_us(END - timedelta(days=days)) // 3_600_000_000
    is_open = np.stack([open_hours(hours_of[name], start, days * 24) for name in names]).reshape(really.shape)
    return {
        "days": days,
        "places": len(names),
        "open_hours": _off(found, tallied, really, is_open),
        "all_hours": _off(found, tallied, really, np.ones_like(is_open)),
        "corrections_said": len(twin.people.corrections(END - timedelta(days=7), END, END)),
    }


def _hourly(people: np.ndarray) -> np.ndarray:
    return people.reshape(len(people), 24, -1).mean(2)


def _off(found: np.ndarray, tallied: np.ndarray, really: np.ndarray, counted: np.ndarray) -> dict[str, float]:
    """Per cent of person-hours a day: of all places together, and of each place-day with at least ``LEAST`` of them."""
    true, said, tally = (np.where(counted, part, 0.0).sum(2) for part in (really, found, tallied))
    whole, whole_own = (100 * np.abs(part.sum(0) - true.sum(0)) / true.sum(0) for part in (said, tally))
    large = true >= LEAST
    off, own = (100 * np.abs(part - true)[large] / true[large] for part in (said, tally))
    return {
        "all_places_percent": round(float(whole.mean()), 2),
        "all_places_worst_day_percent": round(float(whole.max()), 2),
        "all_places_own_tally_percent": round(float(whole_own.mean()), 2),
        "place_median_percent": round(float(np.median(off)), 2),
        "place_p90_percent": round(float(np.quantile(off, 0.9)), 2),
        "place_own_tally_median_percent": round(float(np.median(own)), 2),
        "place_own_tally_p90_percent": round(float(np.quantile(own, 0.9)), 2),
        "small_places_off_persons": round(float((np.abs(said - true)[~large] / 24).mean()), 2),
    }


# -------------------------------------------------------------------------------------------------------- forecast


def forecasts(twin: Twin) -> dict[str, Any]:
    """The mean absolute error the page prints, over all counted rooms and facilities, beside repeating last week."""
    found = [(row, one) for row, one in twin.occupancy_forecast(END) if one.error is not None]
    if not found:
        return {"places": 0}
    centre = next(one for row, one in found if row["place_id"] == "demo-f-centre")
    return {
        "places": len(found),
        "mae_persons": round(statistics.fmean(one.error or 0.0 for _, one in found), 2),
        "last_week_mae_persons": round(statistics.fmean(one.repeated or 0.0 for _, one in found), 2),
        "centre_mae_persons": round(centre.error or 0.0, 2),
        "centre_last_week_mae_persons": round(centre.repeated or 0.0, 2),
        "tested_hours": centre.tested,
    }


# ------------------------------------------------------------------------------------------------------------ times


def times(twin: Twin, days: int) -> dict[str, Any]:
    """Milliseconds: a week and all days, first and again; people now; the forecast; the log scanned."""
    twin.people.forget()
    start = END - timedelta(days=days)
    first_all, again_all = (_ms(lambda: twin.occupancy_hours(start, END, END)) for _ in range(2))
    twin.people.forget()
    week, week_again = (_ms(lambda: twin.occupancy_hours(END - timedelta(days=7), END, END)) for _ in range(2))
    scan = _ms(
        lambda: twin.store.select(
            "SELECT series_no, date_trunc('hour', taken_at) AS hour, avg(value) AS people FROM reading "
            "WHERE received_at <= $at GROUP BY ALL",
            at=END,
        )
    )
    past = [END - timedelta(hours=5 * k, minutes=7) for k in range(1, 30)]
    now = statistics.median(_ms(lambda at=at: twin.occupancy(at)) for at in past)
    return {
        "days": days,
        "week_first": week,
        "week_again": week_again,
        "all_first": first_all,
        "all_again": again_all,
        "log_scanned": scan,
        "ratio_scan_to_again": round(scan / max(again_all, 0.01), 1),
        "people_at_a_past_instant": now,
        "readings": twin.counts()["readings_total"],
    }


def year(twin: Twin, days: int) -> dict[str, Any]:
    """Milliseconds over a year of hours in the store: a week of the log in short, laid down fifty-two times before."""
    end = END - timedelta(days=days)
    week = twin.store.select(
        "SELECT * FROM hour_part WHERE series_no >= 0 AND hour >= $a AND hour < $b ORDER BY hour, series_no",
        a=END - timedelta(days=8),
        b=END - timedelta(days=1),
    )

    def lay(writer: Any) -> None:
        for k in range(1, 53):
            by = pa.scalar(END - timedelta(days=1) - end + timedelta(days=7 * (k - 1)), pa.duration("us"))
            earlier = week
            for name in ("hour", "until"):
                moved = pc.subtract(week[name], by)
                earlier = earlier.set_column(earlier.column_names.index(name), name, moved)
            writer.append("hour_part", earlier)

    twin.store.write(lay)
    twin.people.parts.reload()
    start = END - timedelta(days=364)
    twin.people.forget()
    found = {"rows_in_short": twin.store.select("SELECT count(*) AS n FROM hour_part")["n"][0].as_py()}
    for name, ask in (
        ("year_first_ms", lambda: twin.occupancy_hours(start, END, END)),
        ("year_again_ms", lambda: twin.occupancy_hours(start, END, END)),
        ("year_of_one_place_again_ms", lambda: twin.occupancy_hours(start, END, END, place_id="demo-f-centre")),
        ("past_instant_ms", lambda: twin.occupancy(END - timedelta(days=100, minutes=7))),
    ):
        found[name] = _ms(ask)
    found["place_hours"] = twin.occupancy_hours(start, END, END).num_rows
    return found


def _ms(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return round((time.perf_counter() - began) * 1e3, 1)
