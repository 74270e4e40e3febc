"""fold: what one more reading does to a state. The plain loop below is the rule; fold must agree with it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twin_model.states import NEVER, Batch, States, fold


def one_by_one(before: States, batch: Batch) -> States:
    """The rules of states.py, written as slowly and plainly as possible."""
    value, taken, received = before.value.copy(), before.taken.copy(), before.received.copy()
    changed, newest, retained = before.changed.copy(), before.newest.copy(), before.retained.copy()
    counts_from = np.minimum(batch.taken, batch.received)
    for i in np.lexsort((counts_from, batch.received)):
        s = batch.series[i]
        newest[s] = max(newest[s], batch.taken[i])
        opens = taken[s] == NEVER and s not in batch.series[[j for j in range(len(batch)) if _before(batch, j, i)]]
        if counts_from[i] < taken[s] or (batch.retained[i] and not opens):
            continue
        if value[s] != batch.value[i]:
            changed[s] = counts_from[i]
        value[s], taken[s], received[s], retained[s] = (
            batch.value[i], counts_from[i], batch.received[i], batch.retained[i],
        )  # fmt: skip
    return States(value, taken, received, changed, newest, retained)


def _before(batch: Batch, j: int, i: int) -> bool:
    def key(k: int) -> tuple[int, int, int]:
        return int(batch.received[k]), int(min(batch.taken[k], batch.received[k])), k

    return key(j) < key(i)


def same(a: States, b: States) -> bool:
    return all(
        np.array_equal(getattr(a, name), getattr(b, name), equal_nan=name == "value")
        for name in ("value", "taken", "received", "changed", "newest", "retained")
    )


def batch(*rows: tuple[int, int, int, float] | tuple[int, int, int, float, bool]) -> Batch:
    """Rows of (series, taken, received, value[, retained])."""
    full = [(*row, False)[:5] for row in rows]
    series, taken, received, value, retained = zip(*full, strict=True)
    return Batch(
        np.array(series, np.int32), np.array(taken, np.int64), np.array(received, np.int64),
        np.array(value, np.float64), np.array(retained, bool),
    )  # fmt: skip


ROWS = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(0, 20), st.integers(0, 4).map(lambda k: 5 * k), st.sampled_from([0.0, 1.0, 2.0]),
        st.booleans(),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


@given(ROWS, ROWS)
def test_folding_columns_is_folding_row_by_row(first, second):
    start = fold(States.empty(4), batch(*sorted(first, key=lambda r: r[2])))
    more = batch(*((s, t, r + 25, v, k) for s, t, r, v, k in sorted(second, key=lambda r: r[2])))
    assert same(fold(start, more), one_by_one(start, more))


@given(ROWS)
def test_a_log_folded_at_once_or_commit_by_commit_gives_the_same_state(rows):
    rows = sorted(rows, key=lambda r: r[2])
    step = States.empty(4)
    for received in sorted({r[2] for r in rows}):
        step = fold(step, batch(*(r for r in rows if r[2] == received)))
    assert same(fold(States.empty(4), batch(*rows)), step)


def test_an_equal_value_is_news_not_change():
    after = fold(States.empty(1), batch((0, 10, 10, 1.0), (0, 20, 20, 1.0)))
    assert (after.taken[0], after.changed[0]) == (20, 10)


def test_a_late_reading_does_not_rewrite_what_was_seen():
    after = fold(States.empty(1), batch((0, 20, 20, 1.0), (0, 10, 30, 0.0)))
    assert (after.value[0], after.taken[0]) == (1.0, 20)


def test_a_clock_that_runs_ahead_does_not_freeze_the_state():
    after = fold(States.empty(1), batch((0, 999, 10, 1.0), (0, 20, 20, 0.0)))
    assert (after.value[0], after.taken[0], after.newest[0]) == (0.0, 20, 999)


def test_a_retained_message_fills_an_unknown_state_and_never_refreshes_a_known_one():
    filled = fold(States.empty(1), batch((0, 10, 10, 1.0, True)))
    assert (filled.value[0], bool(filled.retained[0])) == (1.0, True)
    known = fold(States.empty(1), batch((0, 10, 10, 0.0), (0, 20, 20, 1.0, True)))
    assert (known.value[0], known.taken[0]) == (0.0, 10)
