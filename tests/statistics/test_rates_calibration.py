"""Size and power of the test of shares, with rows that come in clusters; `benchmarks/rates.py` has the whole grid."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from checks.clusters import learn, rise
from checks.stats import benjamini_hochberg
from monitor.testing.clusters import Rows, geometric, lognormal, pareto, simulate, single

SERIES, PAST, NEW = 150, 56, 14
DAYS = np.arange(PAST + NEW) % 7

WORLDS = {
    "independent rows": Rows(0.01, 2000.0, single),
    "three rows a user": Rows(0.01, 2000.0, geometric(3), 3.0),
    "ten rows a user": Rows(0.05, 2000.0, geometric(10), 10.0),
    "users with a long tail of rows": Rows(0.02, 2000.0, lognormal(5, 1.2), 5.4),
    "users by a power law": Rows(0.02, 1000.0, pareto(1.5, 300.0), 2.5),
    "a weekend of its own": Rows(0.05, 1000.0, geometric(3), 3.0, weekend=2.0),
    "releases move the share": Rows(0.05, 2000.0, geometric(3), 3.0, daily=0.2),
    "a share that wanders": Rows(0.05, 2000.0, geometric(3), 3.0, daily=0.2, memory=0.8),
}


def judge(bad, rows):
    usual = learn(bad[:, :PAST], rows[:, :PAST], DAYS[:PAST])
    return rise(usual, bad[:, PAST:], rows[:, PAST:], DAYS[PAST:], 0.0, natural=True).p_value


def p_values(world, lift=1.0, name=""):
    return judge(*simulate(world, SERIES, PAST + NEW, np.random.default_rng(zlib.crc32(name.encode())), lift))


@pytest.mark.parametrize("name", WORLDS)
def test_false_alerts_of_clustered_rows_are_near_nominal(name):
    p = p_values(WORLDS[name], name=name)
    for alpha in (0.05, 0.01):
        noise = 4 * np.sqrt(alpha / p.size)  # days of one series share their baseline: more than binomial noise
        assert 0.5 * alpha - noise <= (p <= alpha).mean() <= 1.5 * alpha + noise


def test_rare_false_alerts_over_all_worlds_are_near_nominal():
    """16,800 tests, so 17 false ones are due at one in a thousand."""
    p = np.concatenate([p_values(world, name=name).ravel() for name, world in WORLDS.items()])
    assert 0.4 <= (p <= 0.001).mean() / 0.001 <= 1.8


@pytest.mark.parametrize(
    ("name", "factor"),
    [("independent rows", 3), ("three rows a user", 6), ("a weekend of its own", 4), ("releases move the share", 4)],
)
def test_a_multiple_of_the_rate_is_found(name, factor):
    lift = np.where(np.arange(PAST + NEW) < PAST, 1.0, factor)
    assert (p_values(WORLDS[name], lift) < 1e-4).mean() > 0.8


def test_incidents_of_the_past_hide_nothing():
    lift = np.ones(PAST + NEW)
    lift[20:23], lift[PAST:] = 40.0, 10.0
    assert (p_values(Rows(0.01, 2000.0, geometric(3), 3.0), lift) < 1e-4).mean() > 0.95


def test_the_false_discovery_rate_is_controlled():
    rng = np.random.default_rng(9)
    shares = []
    for _ in range(300):
        p = rng.uniform(size=100)
        p[:20] = rng.beta(0.1, 5, 20)
        rejected = benjamini_hochberg(p, 0.1)
        shares.append(rejected[20:].sum() / max(rejected.sum(), 1))
    assert np.mean(shares) <= 0.1
