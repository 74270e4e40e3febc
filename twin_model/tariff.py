"""The canteen's tariff: what a diner pays, and what the payer of the rest owes the operator.

Declared in ``rulebooks/canteen_tariff.toml`` by community and first day; the rule is that of domain.md A2. Amounts are
yuan. All functions are pure: day and age are arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from twin_model.declared import DeclarationError, load_toml

BOOK = Path(__file__).parent / "rulebooks" / "canteen_tariff.toml"
EVERYBODY = "*"
AGE_BANDS = {"under_60": (0, 59), "60_69": (60, 69), "70_79": (70, 79), "80_up": (80, 150)}
"""First and last age of the bands of ``canteen_meal``."""
CENT = 0.005
MEALS = "canteen_meal"
"""The kind of record the tariff is about."""
MISFIT = "not_by_tariff"
"""The flag of a record whose amounts are not those of the tariff."""


@dataclass(frozen=True)
class Price:
    """One meal: what the diner pays, and who owes the operator how much. ``stated`` False: a choice of this
    installation, because the source of the rule does not say who pays."""  # fmt: skip

    diner_yuan: float
    payer: str | None = None
    payer_yuan: float = 0.0
    stated: bool = True


@dataclass(frozen=True)
class Tariff:
    """Prices by first age, in force from ``valid_from``; ``trial`` is the price of a free trial period."""

    community: str
    valid_from: date
    bands: tuple[tuple[int, Price], ...]
    trial: Price | None

    def price(self, age: int, *, is_trial: bool = False) -> Price:
        """The price for a diner of ``age`` in whole years. Raises ValueError below 0, or without a trial price."""
        if age < 0:
            raise ValueError(f"age is {age}; write whole years from 0 on")
        if is_trial:
            if self.trial is None:
                raise ValueError(f"the tariff of {self.valid_from} has no trial period; add [tariff.trial]")
            return self.trial
        return [price for first, price in self.bands if first <= age][-1]

    def price_of_band(self, band: str, *, is_trial: bool = False) -> Price | None:
        """The one price of an age band of the records; None where the tariff has several within it."""
        first, last = AGE_BANDS[band]
        low, high = (self.price(age, is_trial=is_trial) for age in (first, last))
        within = any(first < start <= last for start, _ in self.bands)
        return low if is_trial or (low == high and not within) else None


@dataclass(frozen=True)
class Due:
    """What one payer owes the operator: meals and yuan; ``stated`` False where a part of it is this book's choice."""

    payer: str
    meals: int
    yuan: float
    stated: bool


@dataclass(frozen=True)
class Misfit:
    """A record whose amounts are not those of the tariff: found and expected yuan. ``row``: its number from 0."""

    row: int
    record_id: str | None
    paid_yuan: float | None
    expected_paid: float
    subsidy_yuan: float | None
    expected_subsidy: float

    @property
    def reason(self) -> dict[str, str]:
        """The same in words."""
        found = [_yuan(self.paid_yuan), _yuan(self.subsidy_yuan)]
        wanted = [_yuan(self.expected_paid), _yuan(self.expected_subsidy)]
        return {
            "zh": f"用餐人支付 {found[0]} 元、补贴 {found[1]} 元，按餐标应为 {wanted[0]} 元、{wanted[1]} 元",
            "en": f"paid {found[0]} and subsidy {found[1]} yuan; by the tariff they are {wanted[0]} and {wanted[1]}",
        }


@dataclass(frozen=True)
class TariffBook:
    """All tariffs of an installation. ``payers``: titles by code."""

    tariffs: tuple[Tariff, ...]
    payers: Mapping[str, Mapping[str, str]]

    def of(self, community_id: str, day: date) -> Tariff | None:
        """The tariff of a community on a day: its own, else the one for everybody; None before the first."""
        for whose in (community_id, EVERYBODY):
            begun = [t for t in self.tariffs if t.community == whose and t.valid_from <= day]
            if begun:
                return max(begun, key=lambda t: t.valid_from)
        return None

    def price(self, community_id: str, age: int, day: date, *, is_trial: bool = False) -> Price | None:
        """What a diner of ``age`` pays on ``day``; None before the first tariff."""
        tariff = self.of(community_id, day)
        return tariff.price(age, is_trial=is_trial) if tariff else None

    def due(self, rows: Iterable[Mapping[str, Any]]) -> dict[str, Due]:
        """What each payer owes the operator for ``canteen_meal`` rows (community_id, day, age_band, diners, is_trial).

        By the tariff, whatever amounts the rows carry. Rows of an age band without one price are left out.
        """
        found: dict[str, Due] = {}
        for row in rows:
            price = self._price_of(row)
            if price is None or price.payer is None:
                continue
            before = found.get(price.payer, Due(price.payer, 0, 0.0, True))
            meals = int(row["diners"])
            found[price.payer] = Due(
                price.payer, before.meals + meals, round(before.yuan + meals * price.payer_yuan, 2),
                before.stated and price.stated,
            )  # fmt: skip
        return found

    def misfits(self, rows: Iterable[Mapping[str, Any]]) -> list[Misfit]:
        """The ``canteen_meal`` rows whose amounts are not those of the tariff; an amount left empty is no misfit."""
        found = []
        for number, row in enumerate(rows):
            price = self._price_of(row)
            if price is None:
                continue
            meals = int(row["diners"])
            paid, subsidy = row.get("paid_yuan"), row.get("subsidy_yuan")
            wanted = (round(meals * price.diner_yuan, 2), round(meals * price.payer_yuan, 2))
            if _differ(paid, wanted[0]) or _differ(subsidy, wanted[1]):
                found.append(Misfit(number, row.get("record_id"), paid, wanted[0], subsidy, wanted[1]))
        return found

    def _price_of(self, row: Mapping[str, Any]) -> Price | None:
        tariff = self.of(row["community_id"], row["day"])
        is_trial = bool(row.get("is_trial"))
        if tariff is None or (is_trial and tariff.trial is None):
            return None
        return tariff.price_of_band(row["age_band"], is_trial=is_trial)


def load_tariffs(path: Path = BOOK) -> TariffBook:
    """Read the book; raises one DeclarationError that names every mistake."""
    data = load_toml(path)
    payers = data.get("payers", {})
    problems, tariffs = [], []
    for raw in data.get("tariff", []):
        where = f"{path}: tariff of {raw.get('community')!r} from {raw.get('valid_from')}"
        prices = [*raw.get("band", []), *([raw["trial"]] if "trial" in raw else [])]
        wrong = [p for price in prices for p in _problems(price, payers, where)]
        if not isinstance(raw.get("community"), str) or type(raw.get("valid_from")) is not date:
            wrong.append(f'{where}: write community = "*" or an identity, and valid_from = 2024-01-01')
        ages = [band.get("from_age") for band in raw.get("band", [])]
        if not ages or ages[0] != 0 or any(not isinstance(a, int) for a in ages) or ages != sorted(set(ages)):
            wrong.append(f"{where}: from_age of the bands is {ages}; begin with 0 and go up in whole years")
        problems += wrong
        if not wrong:
            bands = tuple((band["from_age"], _price(band)) for band in raw["band"])
            trial = _price(raw["trial"]) if "trial" in raw else None
            tariffs.append(Tariff(raw["community"], raw["valid_from"], bands, trial))
    keys = [(t.community, t.valid_from) for t in tariffs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    problems += [f"{path}: two tariffs of {community!r} from {day}; keep one" for community, day in twice]
    if problems:
        raise DeclarationError(problems)
    return TariffBook(tuple(tariffs), payers)


def _problems(raw: Mapping[str, Any], payers: Mapping[str, Any], where: str) -> Iterable[str]:
    for key in ("diner_yuan", "payer_yuan"):
        value = raw.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1000:
            yield f"{where}: {key} is {value!r}; write yuan from 0 to 1000"
    if raw.get("payer") not in (None, *payers):
        yield f"{where}: payer is {raw['payer']!r}; [payers] has: {', '.join(payers)}"
    if raw.get("payer_yuan") and raw.get("payer") is None:
        yield f"{where}: payer_yuan is {raw['payer_yuan']}, but no payer is named"


def _price(raw: Mapping[str, Any]) -> Price:
    diner, rest = (float(raw.get(key, 0)) for key in ("diner_yuan", "payer_yuan"))
    return Price(diner, raw.get("payer"), rest, bool(raw.get("stated", True)))


def _differ(found: float | None, wanted: float) -> bool:
    return found is not None and abs(float(found) - wanted) > CENT


def _yuan(amount: float | None) -> str:
    return "–" if amount is None else f"{amount:g}"
