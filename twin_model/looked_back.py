"""The readings a rule looks back on, read once for all rules, in order, each with the one before it of its series.

Kept by metric: a rule that goes by one of them passes over the others unread.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_model.catalogue import AlertRule
from twin_model.states import F64, I32, I64
from twin_model.store import Store
from twin_model.timeline import from_us, timestamps

COLUMNS = "series_no, taken_at, value, before_at, before"


def read(store: Store, rules: Sequence[AlertRule], table: pa.Table, instant: int, known: datetime) -> pa.Table:
    """``series_no, metric_no, taken_at, value, before_at, before`` up to ``instant`` (microseconds), as far back as the
    widest window of the rules that go by the metric, as known at ``known``.

    ``table``: the series asked about. ``metric_no`` is the metric's place in ``metrics_of(rules)``; ``before`` and
    ``before_at`` are the value and instant of the series' reading before, null for the first one.
    """
    names = metrics_of(rules)
    windows = [(rule.metrics, round(rule.window.total_seconds() * 1e6)) for rule in rules if rule.window is not None]
    after = np.array([instant - max(us for metrics, us in windows if name in metrics) for name in names])
    number = pc.index_in(table["metric"], pa.array(names, pa.string()))
    of_series = table.select(["series_no"]).append_column("metric_no", number).filter(number.is_valid())
    metric_no = of_series["metric_no"].to_numpy()
    chosen = of_series.append_column("after", timestamps(after[metric_no]))
    rows = store.read("looked_back", tables={"chosen": chosen}, after=from_us(int(after.min())), known=known)
    return in_order(
        rows["series_no"].to_numpy(), rows["taken_at"].cast(pa.int64()).to_numpy(), rows["value"].to_numpy(),
        of_series["series_no"].to_numpy(), metric_no,
    )  # fmt: skip


def metrics_of(rules: Sequence[AlertRule]) -> list[str]:
    """The metrics that rules look back on."""
    return sorted(set[str]().union(*(rule.metrics for rule in rules if rule.window is not None)))


def in_order(series: I32, taken: I64, value: F64, asked: I32, metric_of_asked: I32) -> pa.Table:
    """Readings by metric, series and instant, each with the one before; see ``read``."""
    place = np.zeros(int(asked.max(initial=0)) + 1, np.int64)
    by_metric = np.lexsort((asked, metric_of_asked))
    place[asked[by_metric]] = np.arange(len(asked))
    rank = place[series].astype(np.uint16 if len(asked) < 65536 else np.int64)  # two bytes sort several times faster
    order = np.argsort(rank, kind="stable")
    same = rank[order][1:] == rank[order][:-1]
    if (same & (taken[order][1:] < taken[order][:-1])).any():
        order = np.lexsort((taken, rank))
    series, taken, value = series[order], taken[order], value[order]
    first = np.ones(len(series), bool)
    first[1:] = ~same
    before_at, before = np.zeros_like(taken), np.zeros_like(value)
    before_at[1:], before[1:] = taken[:-1], value[:-1]
    return pa.table(
        {
            "series_no": series,
            "metric_no": metric_of_asked[by_metric][rank[order]].astype(np.uint8),
            "taken_at": timestamps(taken),
            "value": value,
            "before_at": timestamps(before_at, none=first),
            "before": pa.array(before, mask=first),
        }
    )


def recent(rule: AlertRule, rules: Sequence[AlertRule]) -> str:
    """The SELECT that is ``recent`` to a rule with a ``window``; ``looked_back`` was read for ``rules``."""
    assert rule.window is not None
    names = metrics_of(rules)
    numbers = ", ".join(str(names.index(metric)) for metric in sorted(rule.metrics))
    listed = ", ".join(f"'{name}'" for name in names)
    return (
        f"SELECT {COLUMNS}, ([{listed}])[metric_no + 1] AS metric FROM looked_back WHERE metric_no IN ({numbers}) "
        f"AND taken_at > $instant - INTERVAL {int(rule.window.total_seconds())} SECOND"
    )
