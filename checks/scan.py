"""How far out is the most unusual stretch of a series, and how often does a day bring such a one?

Counts are summed over trailing windows and turned into normal scores; the largest score of
each past day says what is usual for this series, bursts and slow waves included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from checks.base import Floats
from checks.season import Grid, Ints

_LEAST = 1e-9


def normal_score(y: Floats, mean: Floats, variance: Floats) -> Floats:
    """Return the normal score of a negative binomial count: negative below the median.

    Signed root of the deviance plus skewness/6, the adjusted deviance residual of Pierce &
    Schafer (1986, JASA 81); the count is lifted by 0.3/(1 + y), as mid-p does at 0. Within
    0.1 of the exact mid-p score for means from 2 on.

    >>> normal_score(np.array([0.0, 14.0]), np.array([5.0, 5.0]), np.array([5.0, 5.0])).round(1)
    array([-2.7,  3.3])
    """
    mean = np.maximum(mean, _LEAST)
    size = mean * mean / np.maximum(variance - mean, 1e-6 * mean)
    lifted = y + 0.3 / (1 + y)
    deviance = lifted * np.log(lifted / mean) - (lifted + size) * np.log((lifted + size) / (mean + size))
    skew = (2 * variance / mean - 1) / np.sqrt(variance) * mean / (mean + 2)
    score: Floats = np.copysign(np.sqrt(2 * np.maximum(deviance, 0.0)), lifted - mean) + skew / 6
    return score


def rolling(values: Floats, width: int) -> Floats:
    """Sum [S, n] over the trailing `width` buckets (fewer at the start)."""
    total = np.cumsum(values, axis=1)
    total[:, width:] -= total[:, :-width].copy()
    return total


def variance_law(y: Floats, mean: Floats) -> Floats:
    """Fit Var = a mean + f mean^2 by iterated weighted least squares; returns [S, 2].

    Squared residuals are winsorised at 5 variances (.955 = E min(z^2, 5)), so that single
    past incidents do not widen it; a in [0.5, 50], f in [0.0001, 4]; (1.3, 0.05) where fewer than ten
    buckets tell.
    """
    told = mean > 1e-6
    m = np.where(told, mean, 0.0)
    residual = np.where(told, (y - mean) ** 2, 0.0)
    a, f = np.full((len(y), 1), 1.0), np.full((len(y), 1), 0.02)
    square = m * m
    for _ in range(6):
        variance = a * m + f * square + _LEAST
        weight = 1 / (variance * variance)
        clipped = np.minimum(residual, 5 * variance) / 0.955
        a, f = _solve(weight * m, weight * square, m, square, clipped)
    few = (told.sum(1) < 10)[:, None]
    return np.concatenate([np.where(few, 1.3, a), np.where(few, 0.05, f)], axis=1)


def _solve(wm: Floats, wq: Floats, m: Floats, q: Floats, e: Floats) -> tuple[Floats, Floats]:
    """Solve the 2 x 2 normal equations of e ~ a m + f q for every row, within bounds."""
    mm, mq, qq, me, qe = ((u * v).sum(1, keepdims=True) for u, v in ((wm, m), (wm, q), (wq, q), (wm, e), (wq, e)))
    det = mm * qq - mq * mq
    good = det > 1e-9 * mm * qq
    f = np.clip(np.where(good, (mm * qe - mq * me) / np.where(good, det, 1.0), 0.0), 1e-4, 4.0)
    a = np.clip((me - f * mq) / np.maximum(mm, 1e-300), 0.5, 50.0)
    return a, np.clip((qe - a * mq) / np.maximum(qq, 1e-300), 1e-4, 4.0)


@dataclass(frozen=True, slots=True)
class Extremes:
    """Gumbel distribution of the largest score of a day, of every series [S]."""

    location: Floats
    scale: Floats

    def chance(self, score: Floats) -> Floats:
        """Return the chance that a day's largest score is at least this: [S, m]."""
        reduced = (score - self.location[:, None]) / self.scale[:, None]
        chance: Floats = -np.expm1(-np.exp(np.clip(-reduced, -700.0, 700.0)))
        return chance

    def quantile(self, chance: float) -> Floats:
        """Return the score [S] that a day exceeds with this chance."""
        return self.location - self.scale * float(np.log(-np.log1p(-chance)))


PRIORS = {False: (1.6, 0.45), True: (1.7, 0.60)}  # drops, rises
PRIOR_DAYS = 12


def learn_extremes(maxima: Floats, rises: bool, days: Floats) -> Extremes:
    """Fit the Gumbel distribution to daily maxima [S, days] (NaN: no such day), shrunk to a prior.

    Low quantiles for drops, so that past outages do not widen it; for rises the mean excess
    as well, because bursts come back. Coles (2001), ch. 3. The prior is wider for short histories.
    """
    location, scale = PRIORS[rises][0], PRIORS[rises][1] * (1 + 7 / np.maximum(days, 1.0))
    count = np.isfinite(maxima).sum(1)
    ordered = np.sort(maxima, axis=1)  # NaN last
    middle, high, top = (_quantile(ordered, count, q) for q in (0.5, 0.75, 0.85))
    own = np.maximum((top - middle) / 1.4505 if rises else (high - middle) / 0.8794, 0.2)
    if rises:
        above = np.where(ordered > top[:, None], ordered - top[:, None], 0.0)
        excess = above.sum(1) / np.maximum((above > 0).sum(1), 1)
        own = np.where(count > 10, np.maximum(own, 0.8 * excess), own)
    n = np.where(count >= 4, count, 0)
    mixed = (n * own + PRIOR_DAYS * scale) / (n + PRIOR_DAYS)
    return Extremes((n * (middle - 0.3665 * mixed) + PRIOR_DAYS * location) / (n + PRIOR_DAYS), mixed)


def _quantile(ordered: Floats, count: Ints, q: float) -> Floats:
    """Return the q-quantile of each row's first `count` entries, 0 for an empty row."""
    if not ordered.shape[1]:
        return np.zeros(len(ordered))
    at = q * np.maximum(count - 1, 0)
    below = np.floor(at).astype(int)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    rows = np.arange(len(ordered))
    values = ordered[rows, below] + (at - below) * (ordered[rows, above] - ordered[rows, below])
    return np.where(count > 0, np.nan_to_num(values), 0.0)


def daily_maxima(scores: Floats, known: Floats, grid: Grid) -> Floats:
    """Return the largest score of each day [S, days], NaN where less than half of the day is known."""
    if not len(grid.firsts):
        return np.zeros((len(scores), 0))
    largest = np.maximum.reduceat(scores, grid.firsts, axis=1)
    return np.where(grid.by_day(known) >= 0.5 * grid.per_day, largest, np.nan)
