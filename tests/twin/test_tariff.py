"""The canteen's tariff: the examples of its source, its versions, and records that do not fit it."""

from __future__ import annotations

from datetime import date

import pytest

from twin_model.declared import DeclarationError
from twin_model.tariff import AGE_BANDS, Due, Price, load_tariffs

DAY = date(2026, 11, 1)
BOOK = load_tariffs()


def row(band: str, diners: int, paid: float | None = None, subsidy: float | None = None, **more: object) -> dict:
    return {"community_id": "c", "record_id": band, "day": DAY, "age_band": band, "diners": diners,
            "paid_yuan": paid, "subsidy_yuan": subsidy, "is_trial": False, **more}  # fmt: skip


@pytest.mark.parametrize(
    ("age", "diner", "payer", "owed"),
    [
        (0, 10, None, 0),
        (69, 10, None, 0),
        (70, 3, "co_op", 7),
        (79, 3, "co_op", 7),
        (80, 0, "co_op", 10),
        (101, 0, "co_op", 10),
    ],
)
def test_seventy_is_in_the_band_of_seventy_and_over(age, diner, payer, owed):
    price = BOOK.price("c", age, DAY)
    assert (price.diner_yuan, price.payer, price.payer_yuan) == (diner, payer, owed)


def test_in_the_trial_period_nobody_pays():
    assert {BOOK.price("c", age, DAY, is_trial=True).diner_yuan for age in (30, 69, 70, 79, 80)} == {0}


def test_who_pays_for_the_free_meals_is_said_to_be_a_choice():
    assert [BOOK.price("c", age, DAY).stated for age in (69, 75, 85)] == [True, True, False]
    assert not BOOK.price("c", 30, DAY, is_trial=True).stated


def test_the_subsidy_due_is_seven_for_each_meal_of_seventy_to_seventy_nine_and_the_share_of_eighty_and_over():
    rows = [row("under_60", 40), row("60_69", 56), row("70_79", 100), row("80_up", 30), row("70_79", 9, is_trial=True)]
    assert BOOK.due(rows) == {"co_op": Due("co_op", 130, 1000.0, False), "operator": Due("operator", 9, 0.0, False)}
    assert BOOK.due([row("70_79", 100)])["co_op"] == Due("co_op", 100, 700.0, True)


def test_amounts_that_do_not_fit_the_tariff_are_named_with_what_was_expected():
    good = [
        row("60_69", 3, 30, 0),
        row("70_79", 10, 30, 70),
        row("80_up", 2, 0, 20),
        row("70_79", 5),
        row("80_up", 0, 0, 0),
    ]
    assert BOOK.misfits(good) == []
    (found,) = BOOK.misfits([*good, row("70_79", 10, 100, 0)])
    assert (found.row, found.paid_yuan, found.expected_paid) == (5, 100, 30)
    assert (found.subsidy_yuan, found.expected_subsidy) == (0, 70)
    assert found.reason["en"] == "paid 100 and subsidy 0 yuan; by the tariff they are 30 and 70"


def test_a_community_may_have_its_own_tariff_from_a_day_on(tmp_path):
    path = tmp_path / "tariff.toml"
    path.write_text(
        '[payers]\nstreet = { zh = "街道", en = "subdistrict" }\n'
        '[[tariff]]\ncommunity = "*"\nvalid_from = 2024-01-01\n[[tariff.band]]\nfrom_age = 0\ndiner_yuan = 10\n'
        '[[tariff]]\ncommunity = "b"\nvalid_from = 2026-06-01\n[[tariff.band]]\nfrom_age = 0\ndiner_yuan = 12\n'
        '[[tariff.band]]\nfrom_age = 75\ndiner_yuan = 5\npayer = "street"\npayer_yuan = 7\n',
        encoding="utf-8",
    )
    book = load_tariffs(path)
    assert book.of("b", date(2023, 12, 31)) is None
    assert book.price("b", 75, date(2026, 5, 31)) == Price(10)
    assert book.price("b", 75, date(2026, 6, 1)) == Price(5, "street", 7)
    assert book.price("c", 75, DAY) == Price(10)
    bands = {band: book.of("b", DAY).price_of_band(band) for band in AGE_BANDS}
    assert bands["70_79"] is None, "74 and 75 pay differently, so a row of this band has no one price"
    assert bands["80_up"] == Price(5, "street", 7)


def test_mistakes_in_the_book_are_all_named_at_once(tmp_path):
    path = tmp_path / "tariff.toml"
    path.write_text(
        '[payers]\n[[tariff]]\ncommunity = "*"\nvalid_from = 2024-01-01\n'
        "[[tariff.band]]\nfrom_age = 70\ndiner_yuan = -3\npayer = 'bank'\npayer_yuan = 7\n",
        encoding="utf-8",
    )
    with pytest.raises(DeclarationError) as refused:
        load_tariffs(path)
    text = str(refused.value)
    assert all(part in text for part in ("from_age of the bands is [70]", "diner_yuan is -3", "payer is 'bank'"))


def test_an_age_below_nought_is_refused():
    with pytest.raises(ValueError, match="age is -1"):
        BOOK.price("c", -1, DAY)
