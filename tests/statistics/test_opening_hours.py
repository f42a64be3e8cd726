"""A shop that opens late on some days and closes early on others is not silent each evening."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from checks import counts
from checks.base import Key, Table
from monitor.calendar import spine

WEEKS, JUDGED = 12, 28
SHOPS = 24


def shop_hours(seed: int) -> np.ndarray:
    """Return hourly order lines of a shop: irregular opening and closing, orders of about 20 lines, no Saturdays."""
    rng = np.random.default_rng(seed)
    days = []
    for day in range(WEEKS * 7):
        counts_ = np.zeros(24)
        if day % 7 != 5:
            opens, closes = rng.integers(7, 11), rng.integers(15 if day % 7 == 6 else 17, 21)
            for hour in range(opens, closes):
                orders = rng.poisson(8 * rng.gamma(4, 1 / 4))
                counts_[hour] = rng.negative_binomial(1, 1 / 21, orders).sum() + orders
        days.append(counts_)
    return np.concatenate(days)


@pytest.fixture(scope="module")
def table():
    start = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    calendar = spine("hour", start, start + dt.timedelta(weeks=WEEKS), ZoneInfo("UTC"))
    values = np.array([shop_hours(seed) for seed in range(SHOPS)])
    keys = tuple(Key(f"shop {i}") for i in range(SHOPS))
    return Table("rows", calendar, keys, values, np.isfinite(values), (WEEKS * 7 - JUDGED) * 24)


def episodes(p: np.ndarray, threshold: float) -> int:
    """Count alerts that are at least a day apart."""
    total = 0
    for row in p:
        hits = np.flatnonzero(row <= threshold)
        total += int((np.diff(hits, prepend=-100) > 24).sum())
    return total


def test_irregular_hours_are_not_silences(table):
    """Nominal: one false episode a series and 90 days is SHOPS * 28 / 90 = 7.5; three times that is the limit."""
    silence = counts.silence(table, counts.forecast(table))
    assert episodes(silence.p_value, 1 / 2160) <= 3 * SHOPS * JUDGED / 90


@pytest.mark.parametrize("side", ["p_drop", "p_rise"])
def test_irregular_hours_are_neither_drops_nor_spikes(table, side):
    surprises = counts.surprises(table, counts.forecast(table))
    assert episodes(getattr(surprises, side), 1 / 2160) <= 3 * SHOPS * JUDGED / 90


def test_a_shop_that_stays_shut_is_silent_by_the_next_noon(table):
    values = table.values.copy()
    values[:, table.cut + 24 :] = 0  # shut from the second judged day on, a Tuesday
    shut = Table(table.measure, table.calendar, table.keys, values, table.usable, table.cut)
    silence = counts.silence(shut, counts.forecast(shut))
    by_noon = silence.p_value[:, 24 + 24 + 14]
    assert (by_noon <= 1 / 2160).mean() >= 0.8
