"""How often does an ordinary day bring a score as large as this one?

The largest score of each past day says what is usual for this series, bursts and slow waves
included. The body of those maxima is that of the largest of a few normal scores; their tail
is exponential, and learned for itself, because real counts have longer tails than any model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from checks.base import Floats
from checks.season import Grid, Ints

TAIL = 0.2  # of the days: beyond what they bring, the tail is taken as exponential
PRIOR_DAYS = 20  # weight of what the model says of its own scores: location 0, scale 1
PRIOR_PEAKS = 10  # weight, in days beyond the edge, of a tail that goes on as the body does
OUTAGES = 3  # largest drops of the past that may have been outages which nobody declared
LEAST_SPREAD, LEAST_TAIL = 0.85, 0.6  # of the model's own: calm months are no promise


@dataclass(frozen=True, slots=True)
class Extremes:
    """Distribution of the largest score of a day, of every series [S].

    Up to the day's 80 % quantile it is the largest of `looks` normal scores that were shifted
    by `location` and stretched by `scale`; beyond it, each of the looks has an exponential
    tail of mean excess `tail` (a peak over a threshold of shape 0: Coles 2001, *Statistical
    Modeling of Extreme Values*, ch. 4).
    """

    location: Floats
    scale: Floats
    tail: Floats
    looks: int

    def chance(self, score: Floats) -> Floats:
        """Return the chance that a day's largest score is at least this: [S, m].

        >>> ordinary = Extremes(np.zeros(1), np.ones(1), np.full(1, 0.42), 8)
        >>> ordinary.chance(np.array([[1.0, 2.0, 3.0, 4.0]])).round(4)
        array([[0.7489, 0.1676, 0.0166, 0.0015]])
        """
        location, scale, tail = (a[:, None] for a in (self.location, self.scale, self.tail))
        edge = largest_quantile(1 - TAIL, self.looks)
        reduced = (score - location) / scale
        beyond = np.maximum(score - location - scale * edge, 0.0) / tail
        log = scipy.special.log_ndtr(-np.minimum(reduced, edge)) - beyond
        chance: Floats = -np.expm1(self.looks * np.log1p(-np.exp(np.clip(log, -700.0, -1e-12))))
        return chance

    def quantile(self, chance: float) -> Floats:
        """Return the score [S] that a day exceeds with this chance (of at least `TAIL`)."""
        return self.location + self.scale * largest_quantile(1 - max(chance, TAIL), self.looks)

    def score(self, chance: Floats) -> Floats:
        """Return the score [S] that a day's largest exceeds with this chance [S]: the inverse of `chance`.

        >>> ordinary = Extremes(np.zeros(2), np.ones(2), np.full(2, 0.42), 8)
        >>> ordinary.chance(ordinary.score(np.array([0.3, 0.001]))[:, None])[:, 0].round(4)
        array([0.3  , 0.001])
        """
        edge = largest_quantile(1 - TAIL, self.looks)
        log = np.log(-np.expm1(np.log1p(-np.clip(chance, 1e-300, 1 - 1e-12)) / self.looks))
        beyond = np.maximum(scipy.special.log_ndtr(-edge) - log, 0.0)
        within = np.minimum(-scipy.special.ndtri_exp(log), edge)
        reached: Floats = self.location + self.scale * within + self.tail * beyond
        return reached

    def rows(self, part: slice) -> Extremes:
        """Return those of some of the series."""
        return Extremes(self.location[part], self.scale[part], self.tail[part], self.looks)

    @classmethod
    def joined(cls, parts: list[Extremes]) -> Extremes:
        """Put the series of several into one."""
        location, scale, tail = (np.concatenate([getattr(p, f) for p in parts]) for f in ("location", "scale", "tail"))
        return cls(location, scale, tail, parts[0].looks)


def largest_quantile(q: float, looks: int) -> float:
    """Return the q-quantile of the largest of so many normal scores.

    >>> round(largest_quantile(0.5, 1), 2), round(largest_quantile(0.9, 12), 2)
    (0.0, 2.38)
    """
    return float(scipy.special.ndtri(q ** (1 / looks)))


def mean_excess(edge: float) -> float:
    """Return 1/hazard of the normal distribution: the mean excess of an exponential tail that starts there.

    >>> round(mean_excess(2.0), 3)
    0.421
    """
    return float(scipy.special.ndtr(-edge) * np.sqrt(2 * np.pi) * np.exp(edge * edge / 2))


def learn_extremes(maxima: Floats, days: Floats, looks: int, rises: float = 0.0) -> Extremes:
    """Fit the distribution to daily maxima [S, days] (NaN: no such day), shrunk to the model's.

    The body by the median and the 75 % quantile, so that past outages do not widen it. The
    tail by the mean excess over the 80 % point; of drops, the `OUTAGES` largest are taken as
    being at least as large as the next one (type II censoring: Epstein & Sobel 1953, JASA 48),
    because they may have been outages. Rises are not censored: bursts come back. Both are
    shrunk to a prior that is wider for rises, and for short histories.

    Args:
        maxima: Largest score of each past day.
        days: [S] days of history.
        looks: Independent looks that a day is worth.
        rises: For rises, how much longer than the model's a tail is expected to be; 0 for drops.
    """
    short = 1 + 7 / np.maximum(days, 1.0)
    count = np.isfinite(maxima).sum(1)
    ordered = np.sort(maxima, axis=1)  # NaN last
    n = np.where(count >= 4, count, 0)
    middle, high = (_quantile(ordered, count, q) for q in (0.5, 0.75))
    at, at_high, edge = (largest_quantile(q, looks) for q in (0.5, 0.75, 1 - TAIL))
    own = np.maximum((high - middle) / (at_high - at), LEAST_SPREAD)
    scale = (n * own + PRIOR_DAYS * (1.1 if rises else 1.0) * short) / (n + PRIOR_DAYS)
    location = n * (middle - at * scale) / (n + PRIOR_DAYS)
    excess = np.where(n[:, None] > 0, np.nan_to_num(ordered, nan=-np.inf) - (location + scale * edge)[:, None], 0.0)
    total, peaks = censored_excess(excess, 0 if rises else OUTAGES)
    usual = mean_excess(edge) * scale
    tail = (total + PRIOR_PEAKS * (rises or 1.0) * usual) / (peaks + PRIOR_PEAKS)
    return Extremes(location, scale, np.maximum(tail, LEAST_TAIL * usual), looks)


def censored_excess(excess: Floats, censored: int) -> tuple[Floats, Floats]:
    """Return the total excess of each row's positive entries, and how many tell: [S], [S].

    total/count is the maximum-likelihood mean of an exponential of which the `censored`
    largest are only known to be at least as large as the next one.

    >>> total, count = censored_excess(np.array([[-1.0, 0.2, 0.4, 0.6, 50.0]]), 1)
    >>> total.round(2), count
    (array([1.8]), array([3]))
    """
    above = np.sort(np.maximum(excess, 0.0), axis=1)
    peaks = (above > 0).sum(1)
    hidden = np.minimum(peaks, censored)
    width = above.shape[1]
    if not width:
        return np.zeros(len(above)), peaks
    last = np.maximum(width - hidden - 1, 0)
    largest = np.where(peaks > hidden, np.take_along_axis(above, last[:, None], axis=1)[:, 0], 0.0)
    shown = np.where(np.arange(width) <= last[:, None], above, 0.0).sum(1)
    told = peaks - hidden
    return np.where(told > 0, shown + hidden * largest, 0.0), told


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
