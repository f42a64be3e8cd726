"""Size and power of the tests of distributions, over days that differ by more than chance."""

from __future__ import annotations

import numpy as np
import pytest

from checks.distributions import categorical, numeric
from monitor.testing.mixtures import Values, days

PAST, NEW, SERIES = 42, 5, 40
ZIPF = np.arange(1, 9) ** -1.2 / np.sum(np.arange(1, 9) ** -1.2)
WORLDS = {
    "independent rows": Values(ZIPF, 2000.0),
    "five rows a user": Values(ZIPF, 2000.0, each=5.0),
    "restless days": Values(ZIPF, 2000.0, daily=0.002),
    "both, of few rows": Values(ZIPF, 300.0, each=5.0, daily=0.002),
}


def both(past, today):
    return categorical(past, today).p_value, numeric(past, today, np.arange(8.0)).p_value


def p_values(world, change=None):
    """Return p-values of [categorical, numeric]; `change` moves the shares of the new days."""
    found = []
    for series in range(SERIES):
        rng = np.random.default_rng([5, series])
        past = days(world, PAST, rng)
        after = Values(world.shares if change is None else change, world.rows, world.each, world.daily)
        found += [both(past, today) for today in days(after, NEW, rng)]
    return np.array(found)


@pytest.mark.parametrize("name", WORLDS)
def test_false_alerts_are_near_nominal(name):
    p = p_values(WORLDS[name])
    for alpha in (0.05, 0.2):
        noise = 4 * np.sqrt(alpha * (1 - alpha) / len(p))
        assert np.all(np.abs((p <= alpha).mean(axis=0) - alpha) <= 0.5 * alpha + noise)


@pytest.mark.parametrize("name", ["independent rows", "five rows a user", "restless days"])
def test_a_fifth_of_the_rows_that_become_others_are_found(name):
    change = 0.8 * ZIPF + 0.2 * np.eye(8)[7]
    assert np.all((p_values(WORLDS[name], change) < 1e-3).mean(axis=0) > 0.9)
