"""The best sites are the best: against every choice there is, on cases small enough to try them all."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog

from twin_model import siting_best
from twin_model.siting import COVERAGE, P_MEDIAN, Question, Walks, coverage_change, marginals, served
from twin_model.siting_best import Savings, best, greedy

INF = np.inf


def town(seed: int, sites: int = 11, buildings: int = 40) -> tuple[Walks, np.ndarray, np.ndarray]:
    """Walks of a random town, people per building, and the metres to what is there already."""
    draw = np.random.default_rng(seed)
    at, of = draw.uniform(0, 1000, (sites, 2)), draw.uniform(0, 1000, (buildings, 2))
    metres = np.abs(at[:, None] - of[None]).sum(-1).round(1)
    site, building = np.nonzero(metres <= 700)
    there = np.where(draw.random(buildings) < 0.3, draw.uniform(50, 400, buildings), INF)
    walks = Walks(site, building, metres[site, building], sites, buildings)
    return walks, draw.integers(0, 9, buildings).astype(float), there


def tried(savings: Savings, k: int) -> float:
    return max(savings.worth(np.array(chosen)) for chosen in combinations(range(savings.sites), k))


@pytest.mark.parametrize("method", [COVERAGE, P_MEDIAN])
@pytest.mark.parametrize("seed", range(6))
def test_the_exact_answer_saves_as_much_as_the_best_of_all_choices(
    method: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2:  # so that small cases are bounded and halved too, not only handed to the program
        monkeypatch.setattr(siting_best, "FEW_SITES", 2)
        monkeypatch.setattr(siting_best, "FEW_ENTRIES", 0)
    walks, people, there = town(seed)
    question = Question(method, 3, walks, people, there, 350.0)
    answer = question.exact()
    assert answer.value == pytest.approx(tried(question.savings(), 3), rel=1e-9)
    assert answer.gap == 0.0
    assert answer.bound == pytest.approx(answer.value)
    assert question.savings().worth(np.array(answer.sites)) == pytest.approx(answer.value)


@pytest.mark.parametrize("seed", [5, 7, 21, 34, 35])
def test_by_cuts_and_halves_the_best_of_all_choices_is_found_where_greedy_and_swaps_miss_it(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, few in (("STEPS", 1), ("FEW_SITES", 2), ("FEW_ENTRIES", 0)):  # what is settled, cuts and halves settle
        monkeypatch.setattr(siting_best, name, few)
    draw = np.random.default_rng(seed)
    row, site = np.nonzero(draw.random((40, 14)) < 0.4)
    savings = Savings.of(row, site, draw.uniform(1, 9, len(row)), 40, 14)
    answer, optimum = best(savings, 4), tried(savings, 4)
    assert savings.worth(np.array(siting_best.swapped(savings, answer.greedy, 4))) < optimum * (1 - 1e-4)
    assert answer.parts > 1
    assert answer.value == pytest.approx(optimum, rel=1e-9)
    assert (answer.gap, answer.bound) == (0.0, pytest.approx(answer.value))
    assert best(savings, 4) == answer


def test_no_half_loses_the_best_of_all_choices_to_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, few in (("STEPS", 1), ("FEW_SITES", 2), ("FEW_ENTRIES", 0), ("TRY_ABOVE", INF)):  # no answer is kept
        monkeypatch.setattr(siting_best, name, few)
    halved = 0
    for seed in range(12):
        draw = np.random.default_rng(seed)
        row, site = np.nonzero(draw.random((40, 14)) < 0.4)
        savings = Savings.of(row, site, draw.uniform(1, 9, len(row)), 40, 14)
        optimum = max(combinations(range(14), 4), key=lambda chosen: savings.worth(np.array(chosen)))
        search = siting_best._Search(savings, (0, 1, 2, 3), False, INF)
        part = siting_best._Part(savings, np.arange(14), (), 4, 0.0, siting_best.largest_of(savings) / 2, INF)
        search.value = savings.worth(np.array(optimum)) * (1 - 1e-3)
        while True:  # down the halves that hold the optimum, until it is tried
            search._tried.clear()
            halves = search._halves(part, first=False)
            holding = [half for half in halves if {*half.inside} <= {*optimum} <= {*half.inside, *half.number.tolist()}]
            if not holding:
                assert optimum in search._tried, seed
                break
            (part,) = holding
            halved += 1
    assert halved > 12


def test_cuts_reach_the_bound_of_the_whole_linear_program_and_any_prices_give_one() -> None:
    for seed in range(4):
        walks, people, there = town(seed, sites=14, buildings=60)
        savings = Question(P_MEDIAN, 4, walks, people, there, 700.0).savings()
        search = siting_best._Search(savings, (0, 1, 2, 3), False, INF)
        part = siting_best._Part(savings, np.arange(14), (), 4, 0.0, siting_best.largest_of(savings) / 2, INF)
        draw = np.random.default_rng(seed)
        for _ in range(5):  # of whatever a solver may tell
            guess = replace(part, price=draw.uniform(0, 1, savings.rows) * siting_best.largest_of(savings))
            assert search._bounded(guess, 1)[0] >= tried(savings, 4) * (1 - 1e-12)
        for _ in range(30):
            told = siting_best._linear_of_cuts(part, 10.0)
            assert told is not None
            price, taken, _, cuts = told
            broken, reached = siting_best._broken(savings, taken, price)
            part = replace(part, price=price, cuts=cuts.beside(broken))
            if not len(broken.row):
                break
        assert reached == pytest.approx(relaxed(savings, 4), rel=1e-6)
        assert search._bounded(part, 1)[0] == pytest.approx(reached, rel=1e-6)


def relaxed(savings: Savings, k: int) -> float:
    """The p-median's linear program written out: a share of each row for each site, none above what the site has."""
    n, pairs = savings.sites, len(savings.row)
    pair = np.arange(pairs)
    matrix = np.zeros((pairs + savings.rows + 1, n + pairs))
    matrix[pair, n + pair], matrix[pair, savings.site] = 1.0, -1.0
    matrix[pairs + savings.row, n + pair] = 1.0
    matrix[-1, :n] = 1.0
    limits = np.concatenate([np.zeros(pairs), np.ones(savings.rows), [k]])
    done = linprog(np.concatenate([np.zeros(n), -savings.value]), A_ub=matrix, b_ub=limits, bounds=(0, 1))
    return float(-done.fun)


def test_the_greedy_answer_comes_first_and_is_never_better() -> None:
    for seed in range(4):
        question = Question(COVERAGE, 3, *town(seed), 350.0)
        answer = question.exact()
        assert answer.greedy == question.first()
        assert answer.greedy_value <= answer.value


def test_the_same_question_in_another_order_gets_the_same_answer() -> None:
    walks, people, there = town(3)
    mixed = np.random.default_rng(1).permutation(len(walks.site))
    other = Walks(walks.site[mixed], walks.building[mixed], walks.metres[mixed], walks.sites, walks.buildings)
    for method in (COVERAGE, P_MEDIAN):
        first, second = (Question(method, 3, one, people, there, 350.0).exact() for one in (walks, other))
        assert first == second


def test_of_sites_that_are_as_good_the_one_with_the_smaller_number_is_taken() -> None:
    savings = Savings.of(np.array([0, 0, 1, 1]), np.array([2, 1, 3, 0]), np.array([5.0, 5.0, 5.0, 5.0]), 2, 4)
    assert best(savings, 1, whole=True).sites == (0,)
    assert best(savings, 2, whole=True).sites == (0, 1)
    assert greedy(savings, 2) == (0, 1)


def test_when_the_time_is_over_the_true_gap_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(siting_best, "FEW_SITES", 2)
    walks, people, there = town(5)
    question = Question(P_MEDIAN, 3, walks, people, there, 500.0)
    answer = question.exact(time_limit_s=-1.0)
    assert answer.gap > 0
    assert not answer.proven
    assert answer.bound >= tried(question.savings(), 3) >= answer.value


def test_fewer_sites_than_asked_for_are_no_error_and_none_is_taken_for_nothing() -> None:
    savings = Savings.of(np.array([0, 1]), np.array([0, 2]), np.array([3.0, 4.0]), 2, 3)
    assert best(savings, 5, whole=True).sites == (0, 2)
    alike = Savings.of(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2]), np.array([2.0, 2.0, 3.0, 3.0]), 2, 3)
    assert best(alike, 3, whole=True).sites == (1,)
    nobody = Savings.of(np.empty(0, int), np.empty(0, int), np.empty(0), 3, 2)
    assert best(nobody, 2).sites == ()
    assert best(nobody, 2).gap == 0.0
    with pytest.raises(ValueError, match="k is 0"):
        best(savings, 0)


def street() -> Walks:
    """Sites 0, 1, 2 beside a street with buildings 0 … 3, a hundred metres apart."""
    site, building = np.divmod(np.arange(12), 4)
    return Walks(site, building, np.abs(site * 100.0 + 50 - building * 100), 3, 4)


def test_a_facility_that_moves_loses_some_and_gains_others_and_unknown_people_are_in_no_sum() -> None:
    walks = street()
    before, after = (walks.nearest(np.array(mask)) for mask in ([True, False, False], [False, False, True]))
    people = {"people": np.array([10.0, 20.0, np.nan, 40.0])}
    (row,) = coverage_change(before, after, people, [60.0])
    assert (row.total, row.before, row.after, row.gained, row.lost, row.uncounted) == (70, 30, 40, 40, 30, 1)
    assert row.change == 10


def test_a_full_facility_sends_people_to_the_next_one_they_can_walk_to() -> None:
    walks, demand = street(), np.array([5.0, 5.0, 5.0, 0.0])
    both = np.array([True, True, False])
    one = served(walks, both, np.array([6.0, np.nan, np.nan]), demand, 60.0)
    assert (one.places, one.served, one.within, one.unknown) == (6, 6, 15, 1)
    two = served(walks, both, np.array([6.0, 12.0, np.nan]), demand, 60.0)
    assert (two.served, two.unknown) == (15, 0)  # the first serves 0 and 1, the second 1 and 2
    assert served(walks, both, np.array([0.0, 12.0, 0.0]), demand, 60.0).served == 10


def test_what_a_site_adds_is_counted_after_those_before_it_and_no_cost_is_no_figure() -> None:
    walks, people = street(), np.array([10.0, 20.0, 30.0, 40.0])
    area, yuan = np.array([100.0, 50.0, np.nan]), np.array([np.nan, 200.0, 300.0])
    rows = marginals(walks, [0, 1, 2], np.full(4, INF), people, 60.0, area, yuan)
    assert [(row.site, row.people) for row in rows] == [(2, 70), (0, 30), (1, 0)]
    assert [row.per_m2 for row in rows] == [None, 0.3, 0.0]
    assert [row.per_10k for row in rows] == [None, None, 0.0]
    alone = marginals(walks, [1], np.full(4, INF), people, 60.0, area, yuan)[0]
    assert (alone.people, alone.per_m2, alone.per_10k) == (50, 1.0, 50.0)
