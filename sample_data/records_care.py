"""Records of care in the sample: canteen, meals delivered, health hut, pairs of neighbours, visits."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from ingest.rhythm import Floats, Ints
from sample_data.records_base import (
    COMMUNITY,
    MINUTE_US,
    NONE,
    Draw,
    Rows,
    Texts,
    at,
    by_evening,
    calendar,
    coded,
    corrected,
    day_of,
    given,
    growth,
    is_festival,
    is_holiday,
    is_workday,
    joining,
    month_start,
    numbered,
    one,
    pick,
    repeated,
    season,
    stages,
    texts,
    together,
    weekday,
    whole,
)
from twin_model.tariff import AGE_BANDS, MISFIT, load_tariffs

CANTEEN_OPENED = day_of(2025, 3, 3)
TRIAL_ENDED = day_of(2025, 5, 3)
"""Two months free for everybody."""
CANTEEN = "demo-f-canteen"
# share of a sitting by age band: lunch, dinner
_DINERS = {"under_60": (0.08, 0.07), "60_69": (0.30, 0.26), "70_79": (0.42, 0.45), "80_up": (0.20, 0.22)}
BUILDINGS = texts([f"demo-e{e}-b{b:02}" for e, n in ((1, 11), (2, 8), (3, 7)) for b in range(1, n + 1)])
_OLD_ESTATES_FIRST = np.minimum(0.999, np.linspace(0, 1, 401) ** 1.5)
_AGES_60 = {"60_69": 0.2, "70_79": 0.45, "80_up": 0.35}
_AGES = {"under_60": 0.24, **{band: 0.76 * share for band, share in _AGES_60.items()}}


def building(u: Floats) -> Texts:
    """A residential building, sooner in the oldest estate."""
    return BUILDINGS[(np.interp(u, np.linspace(0, 1, 401), _OLD_ESTATES_FIRST) * len(BUILDINGS)).astype(np.int64)]


def canteen_meal(draw: Draw, days: Ints) -> Rows:
    """Lunch and dinner by age band; shut at Spring Festival. In the autumn a day of the elders fills the hall."""
    open_days = days[(days >= CANTEEN_OPENED) & ~is_festival(days)]
    day, part = repeated(open_days, 8)
    meal, band = part // 4, part % 4
    shares = np.array(list(_DINERS.values()))[band, meal]
    sitting = np.where(meal == 0, 172.0, 62.0) * growth(day, 0.6) * (1 - 0.06 * season(day))
    sitting = sitting * np.where(weekday(day) >= 5, 0.92, 1.0) * np.where(is_holiday(day), 0.75, 1.0)
    trial = day < TRIAL_ENDED
    _, month, of_month = calendar(day)
    feast = (month == 10) & (of_month == 29) & (band >= 2) & (meal == 0)
    diners = whole(sitting * shares * np.where(trial, 1.15, 1.0) * (1 + 0.09 * draw.normal(1, day, part)))
    diners = np.where(feast, whole(diners * 1.75), diners)
    price = _prices()[trial.astype(int), band]
    slip = (draw(4, day, part) < 0.004) & (band == 2)  # the full price stands in the till's list
    rows = Rows(
        {
            "day": day, "facility": one(CANTEEN, day), "meal": texts(["lunch", "dinner"])[meal],
            "age_band": texts(list(AGE_BANDS))[band], "diners": diners,
            "paid_yuan": np.where(slip, 10.0 * diners, diners * price[:, 0]),
            "subsidy_yuan": np.where(slip, 0.0, diners * price[:, 1]), "is_trial": trial,
        },
        by_evening(draw, day, late=0.012),
    )  # fmt: skip
    # a figure typed by hand, put right within the week
    rows = corrected(draw, rows, "diners", day, part, share=0.004, wrong=lambda n: n + 9)
    band = np.searchsorted(_SORTED_BANDS, rows.columns["age_band"].astype(str))
    price = _prices()[rows.columns["is_trial"].astype(int), _BAND_OF[band]]
    misfit = np.abs(rows.columns["paid_yuan"] - rows.columns["diners"] * price[:, 0]) > 0.005
    misfit |= np.abs(rows.columns["subsidy_yuan"] - rows.columns["diners"] * price[:, 1]) > 0.005
    rows.columns["flags"] = texts([None, MISFIT])[misfit.astype(int)]
    return rows


_SORTED_BANDS = np.array(sorted(AGE_BANDS))
_BAND_OF = np.array([list(AGE_BANDS).index(band) for band in sorted(AGE_BANDS)])


def _prices() -> Floats:
    """What diner and payer pay: (in the trial or not) x age band x (diner, payer)."""
    tariff = load_tariffs().of(COMMUNITY, date(1970, 1, 1) + timedelta(days=CANTEEN_OPENED))
    found = np.zeros((2, len(AGE_BANDS), 2))
    for trial in (0, 1):
        for number, band in enumerate(AGE_BANDS):
            price = tariff.price_of_band(band, is_trial=bool(trial)) if tariff else None
            if price:
                found[trial, number] = price.diner_yuan, price.payer_yuan
    return found


def meal_delivery(draw: Draw, days: Ints) -> Rows:
    """About twenty orders a day, most of them lunch; a door that is not answered is followed up, with an exception."""
    open_days = days[(days >= CANTEEN_OPENED) & ~is_festival(days)]
    day, n = draw.many(1, open_days, 20.0 * growth(open_days, 0.35, 1.2) * (1 - 0.1 * season(open_days)))
    lunch = draw(3, day, n) < 0.72
    promised = at(day, np.where(lunch, 11.5 + 0.5 * draw(4, day, n), 17.2 + 0.4 * draw(4, day, n)))
    outcome = pick(draw(5, day, n), {"delivered": 0.968, "not_answered": 0.014, "cancelled": 0.018})
    minutes = np.rint(np.where(draw(6, day, n) < 0.05, 18 + 25 * draw(7, day, n), -10 + 5 * draw.normal(8, day, n)))
    delivered = promised + minutes.astype(np.int64) * MINUTE_US
    followed = promised + (12 + 45 * draw(9, day, n)).astype(np.int64) * MINUTE_US
    silent = outcome == "not_answered"
    rows = Rows(
        {
            "order_no": numbered("SC", day, n), "ordered_for": at(day, np.where(lunch, 11.5, 17.25)),
            "facility": one(CANTEEN, day), "building": building(draw(10, day, n)),
            "age_band": pick(draw(11, day, n), _AGES_60), "promised_at": promised,
            "delivered_at": given(outcome == "delivered", delivered), "outcome": outcome,
            "followed_up_at": given(silent & (draw(12, day, n) < 0.9), followed),
        },
        np.where(silent, promised + 10 * MINUTE_US, np.maximum(delivered, promised) + 5 * MINUTE_US),
    )  # fmt: skip
    came = rows.columns["followed_up_at"]
    return stages(rows, (given(came != NONE, came + 2 * MINUTE_US), ["followed_up_at"]))


def health_visit(draw: Draw, days: Ints) -> Rows:
    """On workdays; once a month a specialist of a partner hospital; now and then a doctor from afar."""
    work = days[is_workday(days)]
    _, _, of_month = calendar(work)
    clinic = (weekday(work) == 1) & (of_month <= 7)
    day, n = draw.many(1, work, 13.0 * growth(work, 0.55) + np.where(clinic, 26.0, 0.0))
    of_clinic = np.repeat(clinic, np.bincount(np.searchsorted(work, day), minlength=len(work))) & (n >= 12)
    service = pick(draw(3, day, n), {"self_measurement": 0.56, "consultation": 0.2, "rehab": 0.15, "vaccination": 0.09})
    service[of_clinic] = "clinic"
    provider = np.where(draw(4, day, n) < 0.04, "remote", "community").astype(object)
    provider[of_clinic] = "partner_hospital"
    abnormal = draw(5, day, n) < np.where(of_clinic, 0.14, 0.06)
    after = day + 1 + np.floor(6 * draw(6, day, n)).astype(np.int64)
    followed = given(abnormal & (draw(7, day, n) < 0.92), after)
    rows = Rows(
        {
            "visit_no": numbered("JK", day, n, 3), "day": day, "room": one("demo-r-health", day), "service": service,
            "age_band": pick(draw(8, day, n), _AGES), "provider": provider, "is_abnormal": abnormal,
            "followed_up_on": followed,
        },
        by_evening(draw, day, n),
    )  # fmt: skip
    known = np.maximum(at(after, 17.5), rows.known + MINUTE_US)
    return stages(rows, (given(followed != NONE, known), ["followed_up_on"]))


def health_record(draw: Draw, days: Ints) -> Rows:
    """Totals at the end of each month, told on the third of the next."""
    month, known = months(draw, days)
    registered = whole(3680 * growth(month, 0.7))
    updated = whole(registered * (0.055 + 0.03 * draw(1, month)))
    return Rows({"month": month, "registered": registered, "updated": updated}, known)


def family_doctor(draw: Draw, days: Ints) -> Rows:
    """Contracts are renewed in spring."""
    month, known = months(draw, days)
    contracted = whole(1720 * growth(month, 0.66) * (1 + 0.01 * season(month, 120)))
    return Rows({"month": month, "contracted": contracted, "contracted_60up": whole(contracted * 0.43)}, known)


def months(draw: Draw, days: Ints) -> tuple[Ints, Ints]:
    """The months that begin on these days, and when their figures are told."""
    month = days[calendar(days)[2] == 1]
    after = month_start(month + 32)
    return month, at(after + 2 + np.floor(3 * draw(950, month)).astype(np.int64), 10.0 + 5.0 * draw(951, month))


_PAIR_EVERY = 15.0


def mutual_pair(draw: Draw, days: Ints) -> Rows:
    """A neighbour and an elder; a new pair about every two weeks, which lasts a year to three."""
    number, started = joining(draw, days, _PAIR_EVERY, 1.0)
    ended = started + 365 + np.floor(730 * draw(3, number)).astype(np.int64)
    ended = given(ended <= days[-1], ended)
    rows = Rows(
        {
            "pair_no": coded("JD", number), "started_on": started, "ended_on": ended,
            "building": building(draw(4, number)),
        },
        at(started, 16.0),
    )  # fmt: skip
    return stages(rows, (given(ended != NONE, at(ended, 17.0)), ["ended_on"]))


def pair_visit(draw: Draw, days: Ints) -> Rows:
    """Each pair about every twelve days; ten points an hour."""
    pairs = mutual_pair(Draw(draw.seed, "mutual_pair"), days)
    latest = pairs.take(np.arange(len(pairs) - 1, -1, -1))
    _, first = np.unique(latest.columns["pair_no"].astype(str), return_index=True)
    pairs = latest.take(first)
    started, ended = pairs.columns["started_on"], pairs.columns["ended_on"]
    until = np.where(ended == NONE, np.iinfo(np.int64).max, ended)
    day, pair = repeated(days, len(pairs))
    due = (started[pair] <= day) & (day < until[pair]) & (draw(1, day, pair) < 0.082)
    day, pair = day[due], pair[due]
    hours = 0.5 + 0.5 * np.floor(4 * draw(2, day, pair))
    number = np.arange(len(day)) - np.searchsorted(day, day)
    return Rows(
        {
            "visit_no": numbered("HZ", day, number), "day": day, "pair_no": pairs.columns["pair_no"][pair],
            "points": whole(10 * hours), "hours": hours,
        },
        by_evening(draw, day, pair, late=0.05),
    )  # fmt: skip


_VISITED = (
    # subject, prefix, how many, months between, who goes
    ("family_in_difficulty", "KN", 26, 1, {"social_worker": 0.8, "party_member": 0.2}),
    ("lonely_elder", "DJ", 40, 1, {"grid_worker": 0.7, "volunteer": 0.2, "doctor": 0.1}),
    ("disabled", "CJ", 18, 3, {"social_worker": 0.6, "volunteer": 0.4}),
    ("left_behind_child", "ET", 8, 1, {"social_worker": 0.9, "volunteer": 0.1}),
)


def welfare_visit(draw: Draw, days: Ints) -> Rows:
    """Planned for a day of the month of each family; a few are made late and some not at all."""
    year, month, of_month = calendar(days)
    parts = []
    for turn, (subject, prefix, count, every, by) in enumerate(_VISITED):
        for who in range(count):
            on = 3 + (who * 7 + turn * 5) % 25
            due = days[(of_month == on) & ((year * 12 + month + who) % every == 0)]
            early = np.floor(5 * draw(turn * 1000 + who, due)).astype(np.int64) - 4
            late = np.where(draw(turn * 1000 + who + 200, due) < 0.05, 6 + 20 * draw(7, due, who), 0).astype(np.int64)
            visited = given(draw(turn * 1000 + who + 400, due) < 0.975, due + early + late)
            planned = Rows(
                {
                    "visit_no": texts([f"GA-{prefix}{who + 1:02}-{d}" for d in due.astype("datetime64[D]")]),
                    "subject": one(subject, due), "subject_no": one(f"{prefix}-{who + 1:02}", due), "due_on": due,
                    "visited_on": visited,
                    "by_role": given(visited != NONE, pick(draw(turn * 1000 + who + 600, due), by)),
                },
                at(due - 12, 9.0),
            )  # fmt: skip
            parts.append(stages(planned, (given(visited != NONE, at(visited, 18.0)), ["visited_on", "by_role"])))
    return together(*parts)
