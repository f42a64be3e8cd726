from __future__ import annotations

import numpy as np
import pytest

from checks.extremes import learn_extremes

DAYS, LOOKS, SERIES = 42, 8, 4000
RNG = np.random.default_rng(1)
NORMAL = RNG.standard_normal((SERIES, DAYS, LOOKS)).max(2)


def learn(maxima, rises=0.0):
    return learn_extremes(maxima, np.full(len(maxima), float(maxima.shape[1])), LOOKS, rises)


def share_beyond(extremes, chance, maxima):
    return (extremes.chance(maxima) <= chance).mean()


@pytest.mark.parametrize("chance", [0.05, 0.01])
def test_days_as_the_model_has_them_are_as_rare_as_they_are_said_to_be(chance):
    fresh = RNG.standard_normal((SERIES, 10, LOOKS)).max(2)
    assert 0.3 * chance <= share_beyond(learn(NORMAL), chance, fresh) <= 1.2 * chance


def test_a_series_of_longer_tails_than_the_model_is_alerted_on_less():
    heavy = np.where(NORMAL > 2, 2 + 3 * (NORMAL - 2), NORMAL)
    score = np.full((SERIES, 1), 6.0)
    assert np.median(learn(heavy).chance(score)) > 5 * np.median(learn(NORMAL).chance(score))


def test_three_outages_of_the_past_widen_drops_little_and_rises_much():
    spoilt = NORMAL.copy()
    spoilt[:, :3] = 12.0
    score = np.full((SERIES, 1), 4.5)
    drops, rises = (
        np.median(learn(spoilt, how).chance(score)) / np.median(learn(NORMAL, how).chance(score)) for how in (0.0, 1.15)
    )
    assert drops < 6
    assert rises > 2 * drops


@pytest.mark.parametrize("days", [0, 1, 3])
def test_without_days_the_model_speaks_for_itself(days):
    extremes = learn(np.full((5, days), np.nan))
    assert np.isfinite(extremes.chance(np.full((5, 1), 3.0))).all()
    assert np.allclose(extremes.location, 0.0)


def test_a_larger_score_is_never_less_surprising():
    chance = learn(NORMAL[:50]).chance(np.tile(np.linspace(-3, 40, 200), (50, 1)))
    assert np.all(np.diff(chance, axis=1) <= 1e-12)
    assert np.all((chance >= 0) & (chance <= 1))
