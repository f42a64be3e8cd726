"""Are a day's values spread as on other days?

Categories (which values, how often) and numbers in fixed bins, as counts by day. Days differ more
than chance alone would make them: users send many rows, weekends have other visitors. So a
day's distance from the others is held against the distances of the past's own days, each from
its others, and the longer their tail, the more it takes (`checks.clusters`). Pure; every
function takes the counts of one series.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from checks.base import Floats
from checks.clusters import CERTAIN, OUTSIDE, prior_of, tail, weigh_tails

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ENOUGH_DAYS = 4  # with rows, before a day can be compared with the others
SHAPE, SHAPE_DAYS = 0.5, 4.0  # gamma shape of squared distances where no day tells (one degree of freedom), its weight
TAILS = prior_of(0.05)  # distances sum over many rows and values, so that long tails are less likely than of one share
SEEN = 0.8  # part of the change that a unit error must account for
LEAST_SHARE = 0.05  # of the rows that must have it
TYPICAL = 0.75  # of the days, the nearest to the median, are looked at first


@dataclass(frozen=True, slots=True)
class Value:
    """A value that came for the first time, or stayed away."""

    index: int  # of its category
    share: float  # of the rows: today's, or the usual one
    p_value: float  # times the number of values that were looked at (Bonferroni)


@dataclass(frozen=True, slots=True)
class Difference:
    """How far a day is from the others. p = 1 where nothing can be said."""

    p_value: float
    effect: float  # total variation: the share of rows that would have to be others
    effect_low: float  # its 95 % interval
    effect_high: float
    usual: float  # total variation that 99 % of days stay below
    statistic: float  # Cramer's V of day against past; of numbers, the Wasserstein distance in standard deviations
    appeared: tuple[Value, ...] = ()
    vanished: tuple[Value, ...] = ()


NOTHING = Difference(1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Past:
    """The days that are compared with, [N, K] counts, and what rows of a day are worth."""

    counts: Floats
    correlation: float  # of rows of one day: Dirichlet-multinomial

    @property
    def rows(self) -> Floats:
        """Return the rows of each day [N]."""
        return np.asarray(self.counts.sum(axis=1))

    def worth(self, rows: Floats) -> Floats:
        """Return how many independent rows the rows of a day are worth."""
        return np.asarray(rows / (1 + np.maximum(rows - 1, 0.0) * self.correlation))

    def others(self) -> tuple[Floats, Floats]:
        """Return for each day the shares of all others [N, K], and the rows that they are worth [N]."""
        counts = self.counts.sum(axis=0) - self.counts
        worth = self.worth(self.rows)
        return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0), worth.sum() - worth

    def all(self) -> tuple[Floats, float]:
        """Return the shares of all days [K], and the rows that they are worth."""
        counts = self.counts.sum(axis=0)
        return counts / max(counts.sum(), 1.0), float(self.worth(self.rows).sum())


Distance = Callable[[Floats, Floats], Floats]  # shares of days [N, K], and of what they are held against


def categorical(past: Floats, new: Floats) -> Difference:
    """Compare the values of a day with those of other days.

    Pearson's X^2 of the day beside the others, per row that the day is worth: overdispersion
    by days is a Dirichlet-multinomial correlation (Brier 1980, Biometrika 67; Rao & Scott
    1992, Biometrics 48), learned from the past's own days.

    Args:
        past: [N, K] rows of each value on each day that may be learned from; NaN: an unknown day.
        new: [K] rows of each value today.

    Returns:
        p-value, total variation with its interval, Cramer's V, and single values that are new or gone.

    >>> rng = np.random.default_rng(1)
    >>> days = rng.multinomial(1000, [0.6, 0.3, 0.1, 0.0], 28).astype(float)
    >>> same = categorical(days, np.array([590.0, 305, 105, 0]))
    >>> other = categorical(days, np.array([450.0, 300, 100, 150]))
    >>> same.p_value > 0.2, other.p_value < 1e-4, round(other.effect, 2), other.appeared[0].index
    (True, True, 0.15, 3)
    """
    usual, today = _known(past, new)
    if usual is None:
        return NOTHING
    p_value, limit = _compare(usual, today, _chi_square)
    shares, worth = usual.all()
    rows = float(usual.worth(today.sum()))
    statistic = float(np.sqrt(_chi_square((today / today.sum())[None], shares[None])[0]))
    return Difference(
        p_value,
        *_variation(today, shares, (rows, worth)),
        _usual_variation(usual, limit),
        statistic,
        *_single(usual, today),
    )


def numeric(past: Floats, new: Floats, positions: Floats) -> Difference:
    """Compare the numbers of a day with those of other days, in fixed bins.

    The larger of two tests, paid twice: the Kolmogorov-Smirnov distance of the distribution
    functions at the ends of bins (any change; coarse bins make it miss, never invent), and the
    Wasserstein distance along `positions` (how far values moved; Villani 2009, *Optimal
    Transport*, ch. 6), in standard deviations of the past.

    Args:
        past: [N, K] rows in each bin on each day; NaN: an unknown day.
        new: [K] rows in each bin today.
        positions: [K] where bins lie on the axis in which a shift matters, ascending; number of the
            bin where bins grow by a factor, which is the logarithm.

    >>> rng = np.random.default_rng(2)
    >>> bins = np.arange(8.0)
    >>> days = np.array([np.bincount(rng.binomial(7, 0.4, 800), minlength=8) for _ in range(28)], dtype=float)
    >>> shifted = np.roll(days[0], 1)
    >>> test = numeric(days[1:], shifted, bins)
    >>> test.p_value < 1e-4, round(test.statistic, 1), numeric(days[1:], days[0], bins).p_value > 0.1
    (True, 0.8, True)
    """
    usual, today = _known(past, new)
    if usual is None:
        return NOTHING
    shares, worth = usual.all()
    spread = max(float(shares @ (positions - shares @ positions) ** 2) ** 0.5, 1e-9)
    steps = np.diff(positions)

    def moved(day: Floats, others: Floats) -> Floats:
        return np.asarray(np.abs(np.cumsum(day - others, axis=1))[:, :-1] @ steps / spread)

    found = [_compare(usual, today, distance) for distance in (_kolmogorov, moved)]
    p_value = min(1.0, 2 * min(p for p, _ in found))
    rows = float(usual.worth(today.sum()))
    statistic = float(moved((today / today.sum())[None], shares[None])[0])
    limit = _compare(usual, today, _chi_square)[1]
    return Difference(p_value, *_variation(today, shares, (rows, worth)), _usual_variation(usual, limit), statistic)


@dataclass(frozen=True, slots=True)
class UnitError:
    """What explains a change of numbers: for `share` of the rows they are `what` than they were."""

    what: str
    share: float
    fit: float  # part of the squared change of shares that it accounts for


def unit_error(past: Floats, new: Floats, changes: Mapping[str, Ints]) -> UnitError | None:
    """Recognise numbers that are sent in another unit, or with the other sign, by all users or by some.

    If a share w of rows went through a change c, today's shares are (1 - w) p + w c(p): w is
    the least-squares slope, and the best change is told when it accounts for most of what differs.

    Args:
        past: [K] rows in each bin, all days together.
        new: [K] rows today.
        changes: what it is called: [K] bin into which each bin's values fall.

    >>> past = np.array([0.0, 5, 60, 30, 5, 0, 0, 0])
    >>> hundred = {"100 times larger": np.minimum(np.arange(8) + 4, 7)}
    >>> unit_error(past, np.array([0.0, 2, 30, 15, 3, 2, 30, 18]), hundred)
    UnitError(what='100 times larger', share=0.5, fit=1.0)
    """
    if not (np.sum(past) > 0 and np.sum(new) > 0):
        return None
    before, after = np.asarray(past, dtype=float) / np.sum(past), np.asarray(new, dtype=float) / np.sum(new)
    found = [_explained(before, after, what, into) for what, into in changes.items()]
    best = max(found, key=lambda each: each.fit, default=None)
    return best if best and best.fit >= SEEN and best.share >= LEAST_SHARE else None


def _explained(before: Floats, after: Floats, what: str, into: Ints) -> UnitError:
    changed = np.bincount(into, weights=before, minlength=len(before))
    way, gone = changed - before, after - before
    length, total = float(way @ way), float(gone @ gone)
    if length < 1e-12 or total < 1e-12:
        return UnitError(what, 0.0, 0.0)
    share = float(np.clip(gone @ way / length, 0.0, 1.0))
    left = gone - share * way
    return UnitError(what, round(share, 2), round(1 - float(left @ left) / total, 2))


def unit_changes(bounds: Floats) -> dict[str, Ints]:
    """Return the changes of unit that bins can show: powers of ten up to 1000, and the sign.

    Args:
        bounds: [K - 1] ascending lower bounds of all bins but the first.

    >>> changes = unit_changes(np.array([-10.0, -1, 0, 1, 10, 100]))
    >>> changes["100 times larger"].tolist(), changes["of the other sign"].tolist()
    ([0, 0, 0, 5, 6, 6, 6], [5, 4, 3, 2, 1, 0, 0])
    """
    bounds = np.asarray(bounds, dtype=float)
    inside = np.where(
        bounds[:-1] * bounds[1:] > 0, np.sign(bounds[1:]) * np.sqrt(np.abs(bounds[:-1] * bounds[1:])), 0.0
    )
    inside = np.where(inside == 0, (bounds[:-1] + bounds[1:]) / 2, inside)
    middle = np.concatenate([[2 * bounds[0] - 1], inside, [2 * bounds[-1] + 1]])

    def into(values: Floats) -> Ints:
        return np.searchsorted(bounds, values, side="right").astype(np.int64)

    larger = {f"{factor} times larger": into(middle * factor) for factor in (10, 100, 1000)}
    smaller = {f"{factor} times smaller": into(middle / factor) for factor in (10, 100, 1000)}
    return {**larger, **smaller, "of the other sign": into(-middle)}


# ── Distances of shares ──────────────────────────────────────────────────────────────────


def _chi_square(day: Floats, others: Floats) -> Floats:
    """Return Pearson's X^2 per row: a value that is new counts by its own share."""
    middle = np.maximum((day + others) / 2, others)
    return np.asarray(np.where(middle > 0, (day - others) ** 2 / np.maximum(middle, 1e-12), 0.0).sum(axis=1))


def _kolmogorov(day: Floats, others: Floats) -> Floats:
    return np.asarray(np.abs(np.cumsum(day - others, axis=1)).max(axis=1))


def _variation(today: Floats, shares: Floats, worth: tuple[float, float]) -> tuple[float, float, float]:
    """Return total variation and its 95 % interval, by the delta method for fixed signs of the differences."""
    day = today / today.sum()
    sign = np.sign(day - shares)
    effect = float(np.abs(day - shares).sum() / 2)
    variance = sum((p.sum() - float(sign @ p) ** 2) / n for p, n in zip((day, shares), worth, strict=True)) / 4
    margin = 1.96 * float(np.sqrt(max(variance, 0.0)))
    return effect, max(effect - margin, 0.0), min(effect + margin, 1.0)


def _usual_variation(usual: _Past, limit: float) -> float:
    """Return the total variation of a day whose distance is at its limit: the past's own, stretched as far."""
    others, _ = usual.others()
    days = usual.counts / usual.rows[:, None]
    own = np.abs(days - others).sum(axis=1) / 2
    return float(min(np.sqrt(np.mean(own**2) * limit), 1.0))


# ── What is usual ────────────────────────────────────────────────────────────────────────


def _known(past: Floats, new: Floats) -> tuple[_Past | None, Floats]:
    """Return the past's typical days and today's counts; no past where too few days or rows tell."""
    days, today = np.atleast_2d(np.asarray(past, dtype=float)), np.asarray(new, dtype=float)
    days = days[np.all(np.isfinite(days) & (days >= 0), axis=1)] if days.size else days.reshape(0, len(today))
    days = days[days.sum(axis=1) > 0]
    if len(days) < ENOUGH_DAYS or not np.all(np.isfinite(today) & (today >= 0)) or today.sum() <= 0:
        return None, today
    return _typical(days), today


def _typical(days: Floats) -> _Past:
    """Leave out days that are certain incidents beside the others: from the nearest to the median outwards."""
    shares = days / days.sum(axis=1, keepdims=True)
    far = np.abs(shares - np.median(shares, axis=0)).sum(axis=1)
    keep: Bools = far <= np.quantile(far, TYPICAL)
    for _ in range(2):
        kept = _Past(days[keep], _correlation(days[keep]))
        squares, mean, shape = _own_distances(kept, _chi_square)
        keep = keep | (_surprise(_squared(kept, days, _chi_square) / mean, shape, len(squares)) < CERTAIN)
    return _Past(days[keep], _correlation(days[keep]))


def _correlation(days: Floats) -> float:
    """Return the correlation of rows of one day by moments: E X^2/(K - 1) = 1 + (n - 1) rho, days winsorised."""
    rows, total = days.sum(axis=1), days.sum(axis=0)
    shares = total / total.sum()
    free = max(int((total > 0).sum()) - 1, 1)
    square = np.where(shares > 0, (days / rows[:, None] - shares) ** 2 / np.maximum(shares, 1e-12), 0.0).sum(axis=1)
    excess = rows * square / free / max(1 - 1 / len(days), 0.5) - 1
    excess = np.minimum(excess, 5 * max(float(np.median(excess)), 0.0) + 3)
    return float(np.clip(excess.sum() / max(np.maximum(rows - 1, 0).sum(), 1.0), 0.0, 0.9))


def _squared(usual: _Past, days: Floats, distance: Distance) -> Floats:
    """Return the squared distance of days [M, K] from all of the past, in units of what rows are worth."""
    shares, worth = usual.all()
    rows = days.sum(axis=1)
    square = _square(distance)(days / rows[:, None], shares[None])
    return np.asarray(square / (1 / usual.worth(rows) + 1 / worth))


def _square(distance: Distance) -> Distance:
    return distance if distance is _chi_square else lambda day, others: distance(day, others) ** 2


def _own_distances(usual: _Past, distance: Distance) -> tuple[Floats, float, float]:
    """Return the squared distance of each past day from its others, their mean, and the shape of their gamma law."""
    others, worth = usual.others()
    rows = usual.worth(usual.rows)
    squares = _square(distance)(usual.counts / usual.rows[:, None], others) / (1 / rows + 1 / np.maximum(worth, 1.0))
    mean = max(float(squares.mean()), 1e-9)
    found = mean**2 / max(float(np.minimum((squares - mean) ** 2, 9 * mean**2).mean()), 1e-9 * mean**2)
    shape = (len(squares) * min(found, 50.0) + SHAPE_DAYS * SHAPE) / (len(squares) + SHAPE_DAYS)
    return squares, mean, shape


def _surprise(ratio: Floats | float, shape: float, days: int) -> Floats:
    """Return -log p of a gamma variable over the mean of so many others: Fisher's F with 2 a and 2 a N degrees."""
    p = scipy.special.fdtrc(2 * shape, 2 * shape * max(days - 1, 1), ratio)
    return np.asarray(-np.log(np.maximum(p, 1e-300)))


def _compare(usual: _Past, today: Floats, distance: Distance) -> tuple[float, float]:
    """Return the p-value of a day's distance, and how many times the mean square 99 % of days stay below."""
    squares, mean, shape = _own_distances(usual, distance)
    n = len(squares)
    without = (mean * n - squares) / max(n - 1, 1)
    own = _surprise(squares / np.maximum(without, 1e-9), shape, n)
    tails = weigh_tails(np.maximum(own - 0.05, 0.0)[None], (own + 0.05)[None], TAILS)[0]
    ratio = float(_squared(usual, today[None], distance)[0]) / mean
    ratios = np.geomspace(0.1, 1000.0, 120)
    beyond = tail(_surprise(ratios, shape, n)) @ tails
    limit = float(ratios[min(int((beyond > OUTSIDE).sum()), len(ratios) - 1)])
    return float(tail(_surprise(ratio, shape, n)) @ tails), limit


def _single(usual: _Past, today: Floats) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    """Return values that came first today, and values that stayed away, the surest first.

    Of n + m exchangeable rows, k of one value all among today's n have the chance (n/(n + m))^k;
    of a value of share p none comes with (1 - p)^n. Rows count for what they are worth.
    """
    shares, worth = usual.all()
    rows = float(usual.worth(today.sum()))
    day = today / today.sum()
    first = np.flatnonzero((shares == 0) & (today > 0))
    gone = np.flatnonzero((shares > 0) & (today == 0))
    times = max(len(first) + int((shares > 0).sum()), 1)
    appeared = [(int(i), float(day[i]), (rows / (rows + worth)) ** max(day[i] * rows, 1.0)) for i in first]
    vanished = [(int(i), float(shares[i]), float((1 - min(shares[i], 1 - 1e-12)) ** rows)) for i in gone]
    return _values(appeared, times), _values(vanished, times)


def _values(found: list[tuple[int, float, float]], times: int) -> tuple[Value, ...]:
    values = [Value(index, share, min(p * times, 1.0)) for index, share, p in found]
    return tuple(sorted(values, key=lambda value: value.p_value))
