from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from checks.stats import (
    benjamini_hochberg,
    negative_binomial_tails,
    zero_probability,
)

means = st.floats(1e-3, 1e6)
counts = st.integers(0, 10**6)
BAD = [np.nan, np.inf, -np.inf, -1.0, 0.0, 1e300]


@given(y=counts, mean=means, excess=st.floats(0, 1e3))
def test_both_tails_are_probabilities_that_share_the_count_itself(y, mean, excess):
    lower, upper = negative_binomial_tails(y, mean, mean * (1 + excess))
    assert 0 <= lower <= 1
    assert 0 <= upper <= 1
    assert lower + upper == pytest.approx(1, abs=1e-6)


@given(y=counts, mean=means, excess=st.floats(0, 1e3))
def test_more_events_are_never_a_better_sign_of_a_drop(y, mean, excess):
    lower, upper = negative_binomial_tails([y, y + 1], mean, mean * (1 + excess))
    assert lower[1] >= lower[0] - 1e-9
    assert upper[1] <= upper[0] + 1e-9


@pytest.mark.parametrize(("mean", "variance"), [(0.3, 0.5), (5.0, 9.0), (200.0, 2000.0)])
def test_the_tails_are_those_of_the_negative_binomial(mean, variance):
    y = np.arange(0, int(4 * mean) + 5)
    exact = scipy_stats.nbinom(mean**2 / (variance - mean), mean / variance)
    lower, upper = negative_binomial_tails(y, mean, variance)
    assert lower == pytest.approx(exact.cdf(y) - exact.pmf(y) / 2, rel=1e-6)
    assert upper == pytest.approx(exact.sf(y) + exact.pmf(y) / 2, rel=1e-6)


@pytest.mark.parametrize("variance", [4.0, 1.0, 0.0])
def test_a_variance_not_above_the_mean_is_poisson(variance):
    lower, _ = negative_binomial_tails(2, 4.0, variance)
    assert lower == pytest.approx(scipy_stats.poisson(4).cdf(1) + scipy_stats.poisson(4).pmf(2) / 2)


@pytest.mark.parametrize("y", BAD)
@pytest.mark.parametrize("mean", BAD)
@pytest.mark.parametrize("variance", BAD)
def test_no_input_is_too_bad_for_a_probability(y, mean, variance):
    for tail in negative_binomial_tails(y, mean, variance):
        assert 0 <= tail <= 1
    assert 0 <= zero_probability(mean, variance) <= 1


def test_no_event_where_seven_were_due_is_rarer_for_steady_streams():
    chances = zero_probability(7.0, [0.0, 0.1, 0.5])
    assert chances == pytest.approx([np.exp(-7), 1.7**-10, 4.5**-2])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0.01, 0.5))
def test_equal_weights_are_plain_benjamini_hochberg(p, q):
    adjusted = scipy_stats.false_discovery_control(p)
    assert benjamini_hochberg(p, q, [3.0] * len(p)).tolist() == benjamini_hochberg(p, q).tolist()
    assert np.all(np.asarray(adjusted)[benjamini_hochberg(p, q)] <= q + 1e-12)


@pytest.mark.parametrize(
    ("p", "weights", "rejected"),
    [
        pytest.param([], None, [], id="no test, no rejection"),
        pytest.param([np.nan, 1e-9], None, [False, True], id="an unknown p is never rejected"),
        pytest.param([0.2, 0.2], [0.0, 0.0], [False, False], id="weights of zero reject nothing"),
        pytest.param([0.03, 0.03], [1.9, 0.1], [True, False], id="priority buys significance"),
    ],
)
def test_benjamini_hochberg_at_its_edges(p, weights, rejected):
    assert benjamini_hochberg(p, 0.05, weights).tolist() == rejected
