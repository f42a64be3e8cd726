"""Size and power of the test of shares, with rows that come in clumps."""

from __future__ import annotations

import numpy as np
import pytest

from checks.stats import benjamini_hochberg, rate_rise

SERIES, PAST, NEW = 300, 42, 14


def clumped(rate, rho, seed, rows=(200, 5000)):
    """Return bad rows and rows of [SERIES, PAST + NEW] days: each day has its own rate."""
    rng = np.random.default_rng(seed)
    trials = rng.integers(*rows, (SERIES, PAST + NEW))
    size = (1 - rho) / rho if rho else 1e9
    daily = rng.beta(rate * size, (1 - rate) * size, trials.shape) if rho else rate
    return rng.binomial(trials, daily).astype(float), trials.astype(float)


def judge(bad, rows):
    return rate_rise(bad[:, PAST:], rows[:, PAST:], bad[:, :PAST], rows[:, :PAST]).p_value


@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.001])
@pytest.mark.parametrize(
    ("rate", "rho"),
    [
        pytest.param(0.01, 0.0, id="independent rows"),
        pytest.param(0.01, 0.001, id="a few rows a user"),
        pytest.param(0.05, 0.01, id="large clumps"),
        pytest.param(0.3, 0.02, id="a common value in large clumps"),
    ],
)
def test_false_alerts_of_clustered_rows_are_near_nominal(rate, rho, alpha):
    share = (judge(*clumped(rate, rho, seed=5)) <= alpha).mean()
    noise = 3 * np.sqrt(alpha / (SERIES * NEW))
    assert share <= 1.6 * alpha + noise
    assert share >= 0.3 * alpha - noise


def test_three_times_the_rate_is_found_among_independent_rows():
    bad, rows = clumped(0.01, 0.0, seed=6, rows=(2000, 5000))
    bad[:, PAST:] = np.random.default_rng(7).binomial(rows[:, PAST:].astype(int), 0.03)
    assert (judge(bad, rows) < 1e-4).mean() > 0.95


def test_incidents_of_the_past_hide_nothing():
    bad, rows = clumped(0.01, 0.001, seed=8, rows=(2000, 5000))
    bad[:, 20:23] = 0.4 * rows[:, 20:23]
    bad[:, PAST:] = 0.1 * rows[:, PAST:]
    assert (judge(bad, rows) < 1e-4).mean() > 0.95


def test_the_false_discovery_rate_is_controlled():
    rng = np.random.default_rng(9)
    shares = []
    for _ in range(300):
        p = rng.uniform(size=100)
        p[:20] = rng.beta(0.1, 5, 20)
        rejected = benjamini_hochberg(p, 0.1)
        shares.append(rejected[20:].sum() / max(rejected.sum(), 1))
    assert np.mean(shares) <= 0.1
