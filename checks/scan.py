"""How far out is the most unusual stretch of a series, and how often does a day bring such a one?

Counts are summed over trailing windows and turned into normal scores; the largest score of
each past day says what is usual for this series, bursts and slow waves included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from checks.base import Floats
from checks.season import Grid, Ints

_LEAST = 1e-9


def normal_score(y: Floats, mean: Floats, variance: Floats) -> Floats:
    """Return the normal score of a negative binomial count: negative below the median.

    Signed root of the deviance plus skewness/6, the adjusted deviance residual of Pierce &
    Schafer (1986, JASA 81); the count is lifted by 0.3/(1 + y), as mid-p does at 0. Within
    0.1 of the exact mid-p score (-2.71 and 3.31 below) for means from 2 on.

    >>> normal_score(np.array([0.0, 14.0]), np.array([5.0, 5.0]), np.array([5.0, 5.0])).round(2)
    array([-2.72,  3.35])
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

    Squared residuals are winsorised at 2 variances (.742 = E min(z^2, 2) of a normal z): past
    incidents and bursts do not widen it, the body of the distribution decides. a >= 1, f in
    [0.0001, 4]; (1.3, 0.05) where fewer than ten buckets tell.
    """
    told = (mean > 1e-6).astype(float)
    m = np.where(told > 0, mean, 1.0)
    ratio = (y - m) ** 2 / m
    a, f = np.full((len(y), 1), 1.0), np.full((len(y), 1), 0.02)
    for _ in range(6):
        relative = a + f * m
        weight = told / (relative * relative)
        next_a, next_f = _line(weight, m, np.minimum(ratio, 2 * relative) / 0.742)
        a, f = (a + next_a) / 2, (f + np.minimum(next_f, 4.0)) / 2
    few = (told.sum(1) < 10)[:, None]
    return np.concatenate([np.where(few, 1.3, a), np.where(few, 0.05, np.maximum(f, 1e-4))], axis=1)


def _line(weight: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Fit y = a + f x by weighted least squares for every row, with a >= 1 and f >= 0."""
    wx = weight * x
    ones, sx, sy = (v.sum(1) for v in (weight, wx, weight * y))
    sxx, sxy = np.einsum("ij,ij->i", wx, x), np.einsum("ij,ij->i", wx, y)
    det = ones * sxx - sx * sx
    good = det > 1e-9 * ones * sxx
    safe = np.where(good, det, 1.0)
    a = np.where(good, (sxx * sy - sx * sxy) / safe, 1.0)
    through_one = (sxy - sx) / np.maximum(sxx, 1e-300)
    f = np.where(good & (a >= 1), (ones * sxy - sx * sy) / safe, through_one)
    a = np.where(f < 0, sy / np.maximum(ones, 1e-300), a)
    return np.maximum(a, 1.0)[:, None], np.maximum(f, 0.0)[:, None]


TAIL = 0.2  # of the days: beyond what they bring, the tail is taken as exponential


@dataclass(frozen=True, slots=True)
class Extremes:
    """Distribution of the largest score of a day, of every series [S].

    The largest of `looks` normal scores that were shifted by `location` and stretched by
    `scale`; beyond the day's 80 % quantile its tail is exponential (a peak over a threshold
    of shape 0, Coles 2001, ch. 4), because real counts have longer tails than the model.
    """

    location: Floats
    scale: Floats
    looks: int

    def chance(self, score: Floats) -> Floats:
        """Return the chance that a day's largest score is at least this: [S, m]."""
        reduced = (score - self.location[:, None]) / self.scale[:, None]
        edge = largest_quantile(1 - TAIL, self.looks)
        beyond = np.maximum(reduced - edge, 0.0) / _mean_excess(edge)
        log = scipy.special.log_ndtr(-np.minimum(reduced, edge)) - beyond
        chance: Floats = -np.expm1(self.looks * np.log1p(-np.exp(np.clip(log, -700.0, -1e-12))))
        return chance

    def quantile(self, chance: float) -> Floats:
        """Return the score [S] that a day exceeds with this chance (of at least `TAIL`)."""
        return self.location + self.scale * largest_quantile(1 - max(chance, TAIL), self.looks)


def largest_quantile(q: float, looks: int) -> float:
    """Return the q-quantile of the largest of so many normal scores.

    >>> round(largest_quantile(0.5, 1), 2), round(largest_quantile(0.9, 12), 2)
    (0.0, 2.38)
    """
    return float(scipy.special.ndtri(q ** (1 / looks)))


PRIOR_DAYS = 30  # weight of what the model says of its own scores: location 0, scale 1


def learn_extremes(maxima: Floats, rises: bool, days: Floats, looks: int) -> Extremes:
    """Fit the distribution to daily maxima [S, days] (NaN: no such day), shrunk to the model's.

    By low quantiles for drops, so that past outages do not widen it; for rises by the mean
    excess as well, because bursts come back. The prior is wider for short histories.
    """
    wide = (1.15 if rises else 1.0) * (1 + 7 / np.maximum(days, 1.0))
    count = np.isfinite(maxima).sum(1)
    ordered = np.sort(maxima, axis=1)  # NaN last
    middle, high, top = (_quantile(ordered, count, q) for q in (0.5, 0.75, 0.85))
    at, at_high, at_top = (largest_quantile(q, looks) for q in (0.5, 0.75, 0.85))
    own = (top - middle) / (at_top - at) if rises else (high - middle) / (at_high - at)
    if rises:
        own = np.maximum(own, np.where(count > 10, 0.8 * _excess(ordered, top) / _mean_excess(at_top), 0.0))
    n = np.where(count >= 4, count, 0)
    scale = (n * np.maximum(own, 0.85) + PRIOR_DAYS * wide) / (n + PRIOR_DAYS)
    return Extremes(n * (middle - at * scale) / (n + PRIOR_DAYS), scale, looks)


def _excess(ordered: Floats, top: Floats) -> Floats:
    above = np.where(ordered > top[:, None], ordered - top[:, None], 0.0)
    excess: Floats = above.sum(1) / np.maximum((above > 0).sum(1), 1)
    return excess


def _mean_excess(edge: float) -> float:
    """Return 1/hazard of the normal distribution: the mean excess of an exponential tail that starts there."""
    return float(scipy.special.ndtr(-edge) * np.sqrt(2 * np.pi) * np.exp(edge * edge / 2))


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
