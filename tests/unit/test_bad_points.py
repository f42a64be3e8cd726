"""Points as a store or an old state may give them: in any order, twice, or not a number."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from checks.base import Bucket, Catalog
from checks.counts import forecast, surprises
from monitor.profile import Measurements
from monitor.stores.base import COLUMNS

START, HOURS = dt.datetime(2026, 3, 2, tzinfo=dt.UTC), 28 * 24
COUNTS = np.random.default_rng(1).poisson(50, HOURS).astype(float)


def judged(order, values):
    starts = [int((START + dt.timedelta(hours=int(h))).timestamp()) for h in order]
    rows = [("web", "A", "", "", "rows", "hour", start, value) for start, value in zip(starts, values, strict=True)]
    points = pd.DataFrame(rows, columns=list(COLUMNS))
    until = START + dt.timedelta(hours=HOURS)
    catalog = Catalog({"A": frozenset({"web"})})
    everything = Measurements(points, catalog, since=START, until=until, zone=ZoneInfo("UTC"))
    table = everything.profile(Bucket(until - dt.timedelta(days=1), until)).table("rows", "hour")
    found = surprises(table, forecast(table))
    return table.values[0], np.minimum(found.p_drop, found.p_rise)[0]


USUAL = np.arange(HOURS)
SHUFFLED = np.random.default_rng(2).permutation(HOURS)


@pytest.mark.parametrize(
    ("order", "values"),
    [
        pytest.param(SHUFFLED, COUNTS[SHUFFLED], id="in any order"),
        pytest.param(np.tile(USUAL, 2), np.tile(COUNTS, 2), id="each point twice"),
        pytest.param(
            np.r_[USUAL, USUAL[:9]], np.r_[COUNTS[:9] * 0 + 7, COUNTS[9:], COUNTS[:9]], id="the last one counts"
        ),
    ],
)
def test_points_in_any_order_and_number_make_one_series(order, values):
    counts, p = judged(order, values)
    assert np.array_equal(counts, COUNTS)
    assert np.array_equal(p, judged(USUAL, COUNTS)[1])


@pytest.mark.parametrize("bad", [pytest.param(b, id=str(b)) for b in (np.nan, np.inf, -np.inf, -5.0)])
def test_a_point_that_is_no_count_is_unknown_and_alerts_nobody(bad):
    values = COUNTS.copy()
    values[[100, HOURS - 30, HOURS - 5]] = bad
    assert np.all(judged(USUAL, values)[1] > 1e-4)


def test_two_buckets_of_history_judge_nothing():
    assert np.all(judged(USUAL[-26:], COUNTS[-26:])[1] == 1)
