from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from checks.clusters import PRIOR, effective, learn, rise, tail

DAYS = np.arange(56) % 7
TODAY = DAYS[:1]
NOTHING = np.full((1, 56), np.nan)


def past_of(rate, rows=1000.0, seed=1):
    counts = np.random.default_rng(seed).binomial(int(rows), rate, (1, 56)).astype(float)
    return counts, np.full((1, 56), rows)


def judged(past, bad, rows=1000.0, limit=0.0, *, natural=True):
    usual = learn(*past, DAYS)
    return rise(usual, np.array([[bad]]), np.array([[rows]]), TODAY, limit, natural=natural)


@pytest.mark.parametrize(("rate", "rows"), [(0.01, 1000), (0.002, 20_000), (0.3, 500)])
def test_independent_rows_are_nearly_binomial(rate, rows):
    """Eight weeks leave a doubt about rate, clusters and tail: p is larger on average, never much smaller."""
    exact = scipy_stats.binom(rows, rate)
    past = np.random.default_rng(1).binomial(rows, rate, (200, 56)).astype(float)
    usual = learn(past, np.full((200, 56), float(rows)), DAYS)
    k = exact.isf([0.05, 0.01, 0.001])
    bad, today = np.tile(k, (200, 1)), np.full((200, 3), float(rows))
    p = rise(usual, bad, today, DAYS[:3] * 0, 0.0, natural=True).p_value
    factor = np.median(p, axis=0) / (exact.sf(k) + exact.pmf(k) / 2)
    assert np.all((factor > 0.7) & (factor < 2.5))


@given(k=st.integers(1, 99), rate=st.floats(0.001, 0.9))
def test_more_bad_rows_are_never_less_surprising(k, rate):
    usual = learn(*past_of(rate, 100.0), DAYS)
    p = rise(usual, np.array([[k, k + 1.0]]), np.full((1, 2), 100.0), DAYS[:2] * 0, 0.0, natural=True).p_value[0]
    assert 0 <= p[1] <= p[0] + 1e-9 <= 1 + 2e-9


def test_a_past_incident_does_not_become_the_usual_rate():
    bad, rows = past_of(0.01)
    bad[0, 20:23] = 400
    assert learn(bad, rows, DAYS).rate[0] == pytest.approx(0.01, rel=0.3)


def test_a_weekend_of_its_own_is_usual():
    _, rows = past_of(0.01)
    bad = np.random.default_rng(2).binomial(1000, np.where(DAYS >= 5, 0.1, 0.02), (1, 56)).astype(float)
    assert learn(bad, rows, DAYS).rate[0] == pytest.approx([0.02] * 5 + [0.1] * 2, rel=0.25)


def test_until_each_weekday_came_three_times_weekdays_are_the_same():
    bad, rows = past_of(0.01)
    rates = learn(bad[:, :20], rows[:, :20], DAYS[:20]).rate[0]
    assert np.ptp(rates) == 0


def test_rows_in_clusters_make_the_same_day_less_surprising():
    alone, rows = past_of(0.01)
    clustered = alone.copy()
    clustered[0] = 8 * np.random.default_rng(3).binomial(125, 0.01, 56)
    assert judged((clustered, rows), 30.0).p_value > 20 * judged((alone, rows), 30.0).p_value


def test_a_longer_tail_among_the_others_makes_caution():
    """Series that are judged together share their users: one of them alone would not know."""
    rng = np.random.default_rng(4)
    calm = rng.binomial(1000, 0.05, (40, 56)).astype(float)
    wild = calm + np.where(rng.random((40, 56)) < 0.06, np.minimum(20 * rng.pareto(1.5, (40, 56)), 200), 0)
    rows = np.full((40, 56), 1000.0)

    def tails_of(others):
        return learn(np.vstack([calm[:1], others[1:]]), rows, DAYS).tails[0]

    assert tail(9.0) @ tails_of(wild) > 3 * (tail(9.0) @ tails_of(calm))


@pytest.mark.parametrize("limit", [0.0, 0.05])
@pytest.mark.parametrize("rows", [0.0, np.nan])
def test_without_a_row_there_is_no_evidence(limit, rows):
    assert judged((NOTHING, NOTHING), 0.0, rows, limit).p_value.item() == 1.0


def test_without_a_past_the_prior_says_how_long_tails_are():
    assert learn(NOTHING, NOTHING, DAYS).tails[0] == pytest.approx(PRIOR, rel=1e-3)


def test_a_rate_below_the_limit_is_fine_however_far_above_its_baseline():
    assert judged(past_of(0.0001, 10_000.0), 300.0, 10_000.0, limit=0.05).p_value > 0.5


def test_a_promise_is_broken_however_usual_that_is():
    assert judged(past_of(0.3), 300.0, limit=0.01).p_value > 0.05
    assert judged(past_of(0.3), 300.0, limit=0.01, natural=False).p_value < 1e-4


def test_the_intervals_hold_what_is_usual_and_the_true_difference():
    test = judged(past_of(0.01), 60.0)
    assert 0 < test.low < 0.01 < test.high < 0.03
    assert 0 < test.effect_low < 0.05 < test.effect_high < 0.08


def test_the_uncertain_past_makes_rows_fewer():
    assert effective(1000, 1.0, 500.0) == pytest.approx(1000 / 3)


@pytest.mark.parametrize(
    ("bad", "rows"),
    [
        pytest.param(np.inf, 10.0, id="infinite"),
        pytest.param(-5.0, 10.0, id="negative"),
        pytest.param(20.0, 10.0, id="more bad rows than rows"),
        pytest.param(1e12, 1e12, id="a trillion"),
        pytest.param(0.0, 1.0, id="one row"),
    ],
)
@pytest.mark.parametrize("length", [0, 1, 2, 56])
def test_odd_input_has_a_defined_answer(bad, rows, length):
    past = np.full((1, length), bad), np.full((1, length), rows)
    usual = learn(*past, DAYS[:length])
    today = np.array([[bad]]), np.array([[rows]])
    test = rise(usual, *today, TODAY, 0.0, natural=True)
    assert 0 <= test.p_value.item() <= 1
    if length >= 2:
        assert test.p_value.item() > 0.05  # as it always was
