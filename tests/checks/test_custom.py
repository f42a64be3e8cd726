from __future__ import annotations

import numpy as np
import pytest

from checks.base import CHECKS
from checks.custom import CustomParams, Query

ORDERS = ("Order Completed", "server")
REFUNDS = ("", "", "refunds", "refunds")
DAYS = 56


def series(level: float, last: float, spread: float = 0.0) -> np.ndarray:
    values = level + spread * np.random.default_rng(3).standard_normal(DAYS)
    values[-1] = last
    return values


@pytest.fixture
def found(make_profile, judge):
    """Return `found(values, **query)`: what is found in a query's values, one a day."""

    def run(values, **query):
        profile = make_profile({ORDERS: 50.0}, {"custom": {REFUNDS: values}}, judged=24)
        findings = judge("custom", profile, queries=(Query(name="refunds", **query),))
        return [f for f in findings if f.relevant and (f.p_value is None or f.p_value < 1e-5)]

    return run


@pytest.mark.parametrize(
    ("values", "query", "kinds"),
    [
        pytest.param(series(200, 20), {}, {"low"}, id="a count that drops"),
        pytest.param(series(200, 900), {}, {"high"}, id="a count that rises"),
        pytest.param(series(200, 900), {"alert": "low"}, set(), id="a side that nobody asked for"),
        pytest.param(series(200, 210, 10), {}, set(), id="a usual count"),
        pytest.param(series(0.3, 0.8, 0.01), {"value": "number"}, {"high"}, id="a number that rises"),
        pytest.param(series(-5, -9, 0.1), {"value": "number"}, {"low"}, id="a number below zero that falls"),
        pytest.param(series(0.3, 0.33, 0.01), {"value": "number"}, set(), id="a usual number"),
        pytest.param(series(100, 105, 0.1), {"value": "number"}, set(), id="a change too small to matter"),
        pytest.param(series(2, 7), {"max": 5, "value": "number", "alert": "low"}, {"limit"}, id="beyond its limit"),
        pytest.param(series(4, 4), {"min": 1, "max": 5, "value": "number"}, set(), id="within its limits"),
    ],
)
def test_a_value_is_held_against_its_past_and_its_limits(found, values, query, kinds):
    assert {f.kind for f in found(values, **query)} == kinds


def test_days_without_a_row_are_zeros_of_a_count(found):
    values = series(200, np.nan)
    values[-2:] = np.nan, 1.0
    assert {f.kind for f in found(values)} == {"low"}


def test_before_a_fortnight_a_number_is_not_judged_by_its_past(found):
    values = series(0.3, 0.9, 0.01)
    values[:-10] = np.nan
    assert found(values, value="number") == []


def test_a_value_is_told_in_one_sentence(found):
    (high,) = found(series(0.3, 0.8, 0.01), value="number")
    assert high.text.startswith("refunds: 0.8, where 0.3 is usual (+16")
    assert (high.property, high.event, high.source) == ("refunds", None, None)
    (limit,) = found(series(2, 7), max=5, value="number", alert="low")
    assert limit.text == "refunds: 7, where at most 5 is allowed."


def test_the_alert_shows_the_values(make_profile, judge):
    profile = make_profile({ORDERS: 50.0}, {"custom": {REFUNDS: series(200, 20)}}, judged=24)
    params = CustomParams((Query(name="refunds"),))
    low = next(f for f in judge("custom", profile, queries=params.queries) if f.kind == "low")
    shown = CHECKS["custom"].check.evidence(profile, None, params, low)
    assert (shown.observed[-1], shown.unit) == (20, "refunds")


def test_without_queries_nothing_is_asked():
    assert list(CHECKS["custom"].check.measures(None, CustomParams())) == []
