"""How surprising is a share of rows, when rows come in clusters?

Users send many rows, releases move everybody's share, weekends have other visitors: a share
varies from day to day far more than independent rows would make it. What is usual is learned
from the series' own days in three steps: the share by weekday, how much more it varies than
by chance (the design effect), and how long its tail is. The p-value averages over all tails
that the past leaves plausible, so that little history means caution, not false alerts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy  # not its parts: those are loaded when first used, and a run with nothing due uses none
from numpy.typing import ArrayLike, NDArray

from checks.base import Floats

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CORRELATION = 0.02  # between the rows of one day, where no history tells: users send many rows
WEEKDAYS = 7
WEEKS = 3  # of each weekday, before weekdays are told apart
CERTAIN = 25.0  # surprise (-log p) of a past day that is an incident which nobody declared, not a long tail
OUTSIDE = 0.01  # of the interval of usual shares, on both sides together
_LOWEST = 0.75  # of the days, which the first look trusts: an incident raises shares
_SPREAD = 9.0  # residuals are held at so many variances,
_HELD = 0.85  # which takes this much of the mean square of a skewed share
_TINY = 1e-300
_ROOM = 512  # series whose tails are weighed at a time


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is usual in S series, by weekday (Monday 0), and how plausible each of `TAILS` is for them."""

    rate: Floats  # [S, 7] share of bad rows; NaN where there was no row
    worth: Floats  # [S, 7] independent rows that the past is worth
    correlation: Floats  # [S] between the rows of a day
    rows: Floats  # [S] of a usual day
    tails: Floats  # [S, T] sums to 1


@dataclass(frozen=True, slots=True)
class Rise:
    """Whether shares rose, each [S, M]. `low` and `high` hold 99 % of usual shares; the effect's interval is 95 %."""

    p_value: Floats
    expected: Floats
    low: Floats
    high: Floats
    effect_low: Floats
    effect_high: Floats


def learn(bad: Floats, rows: Floats, weekday: Ints, prior: float = CORRELATION) -> Baseline:
    """Learn what is usual, robust to past incidents that nobody declared.

    It starts from the lowest three quarters of each weekday's shares, and takes every day in
    that is not a certain incident (p < e^-25) beside the others. A past day is always
    held against the *other* days, as a new day will be.

    Args:
        bad: [S, N] bad rows of past days; NaN where a day may not be learned from.
        rows: [S, N] rows.
        weekday: [N] 0 to 6.
        prior: correlation of rows where no history tells.

    >>> k = np.array([[10.0, 12, 9, 11, 10, 500]])
    >>> usual = learn(k, np.full((1, 6), 1000.0), np.arange(6))
    >>> usual.rate[0, :2].round(4)
    array([0.0105, 0.0105])
    """
    known = np.isfinite(bad) & np.isfinite(rows) & (rows > 0)
    n = np.where(known, rows, 0.0)
    k = np.where(known, np.clip(bad, 0.0, n), 0.0)
    usual = np.maximum(n.sum(1) / np.maximum(known.sum(1), 1), 1.0)
    keep, rho = _lowest(k, n, weekday), np.full(len(k), prior)
    for _ in range(3):
        kept_bad, kept = np.where(keep, k, 0.0), np.where(keep, n, 0.0)
        shares = _Weekdays.of(kept_bad, kept, weekday, _effect(usual, rho, usual))
        rho, without = _correlations(kept_bad, kept, shares.rate[:, weekday], prior)
        rate, left = shares.without(kept_bad, kept)
        effect = _effect(n, without, usual[:, None])
        least, more = _surprises(k, n, rate, effect, left / _effect(usual[:, None], without, usual[:, None]))
        keep = known & (least < CERTAIN)
    worth = shares.worth / _effect(usual, rho, usual)[:, None]
    seen = np.any(known, axis=1)[:, None]
    rates, worth = np.where(seen, shares.rate, np.nan), np.where(seen, worth, 0.0)
    return Baseline(rates, worth, rho, usual, weigh_tails(np.where(keep, least, 0.0), np.where(keep, more, np.inf)))


def rise(usual: Baseline, bad: Floats, rows: Floats, weekday: Ints, limit: float, *, natural: bool) -> Rise:
    """Test whether shares are above a limit, or where they are `natural` above their own baseline as well.

    One-sided, mid-p. Shares are beta-binomial: variance pi (1 - pi) D/n with the design
    effect D = 1 + (n - 1) rho (Skellam 1948, JRSS B 10; Kish 1965, *Survey Sampling*), where a
    small day is clustered as much as a usual one; the uncertain baseline makes effective rows
    fewer, 1/m = D/n + 1/m_past. The surprise -log p of that model is then held against the
    tails that the past leaves plausible (`tail`), averaged: a predictive p-value.

    Args:
        usual: of the same series.
        bad: [S, M] bad rows under test.
        rows: [S, M] rows.
        weekday: [M].
        limit: share that is always acceptable.
        natural: the series' own past is acceptable as well.

    Returns:
        p = 1 where there is no row, or no bad one.

    >>> days, past = np.arange(42) % 7, np.full((2, 42), 1000.0)
    >>> usual = learn(past * 0.01, past, days)
    >>> test = rise(usual, np.array([[13.0], [60.0]]), past[:, :1], days[:1], 0.0, natural=True)
    >>> test.p_value.T.round(3), test.expected.T.round(3), test.high.T.round(3)
    (array([[0.176, 0.   ]]), array([[0.01, 0.01]]), array([[0.024, 0.024]]))
    """
    own_rate = np.nan_to_num(usual.rate[:, weekday], nan=0.0)
    own = (own_rate >= limit) & natural
    worth = np.where(own, usual.worth[:, weekday], np.inf)
    expected = np.where(own, _with_doubt(own_rate, usual.worth[:, weekday]), limit)
    known = np.isfinite(bad) & np.isfinite(rows) & (rows > 0)
    n, k = np.where(known, rows, 1.0), np.where(known, np.clip(bad, 0.0, rows), 0.0)
    effect = _effect(n, usual.correlation[:, None], usual.rows[:, None])
    least, more = _surprises(k, n, expected, effect, worth)
    p_value = np.einsum("smt,st->sm", (tail(least) + tail(more)) / 2, usual.tails)
    low, high = _usual_shares(expected, effective(n, effect, worth), usual.tails)
    below, above = _plausible(k / n, n / effect)
    return Rise(np.where(known & (k > 0), p_value, 1.0), expected, low, high, below - expected, above - expected)


def _effect(rows: Floats, rho: Floats, usual: Floats) -> Floats:
    """Return the design effect; rows of a small day are clustered as much as those of a usual one."""
    return np.asarray(1 + (np.maximum(rows, usual) - 1) * rho)


def effective(rows: ArrayLike, effect: ArrayLike, worth: ArrayLike) -> Floats:
    """Return the independent rows that a day is worth, held against a past that is worth so many.

    >>> effective([100, 100], [1.0, 5.0], [np.inf, 20.0])
    array([100.,  10.])
    """
    independent = np.maximum(np.asarray(rows, dtype=float) / np.asarray(effect, dtype=float), 1e-9)
    return np.asarray(1 / (1 / independent + 1 / np.maximum(np.asarray(worth, dtype=float), 1.0)))


def _with_doubt(rate: Floats, worth: Floats) -> Floats:
    """Return the share with half a success added to the past: a rate that was never seen is not impossible."""
    return np.asarray((rate * worth + 0.5) / (worth + 1))


def _surprises(k: Floats, n: Floats, rate: Floats, effect: Floats, worth: Floats) -> tuple[Floats, Floats]:
    """Return -log P(K >= k) and -log P(K > k).

    The tail lies between two that need no sum: the beta tail of the share (skewness 2 D, too
    long) and the binomial tail of the effective counts (skewness D, too short). Their
    geometric mean with weights that give clusters of geometric size their own skewness, 1.5 D
    (Johnson, Kemp & Kotz 2005, *Univariate Discrete Distributions*, ch. 9: Polya-Aeppli), is
    exact for D = 1; where clusters are longer, the tail is learned (`tail`).
    """
    size = effective(n, effect, worth)
    pi, share = np.clip(rate, 1e-9, 1 - 1e-9), np.clip(k / np.maximum(n, 1.0), 0.0, 1.0)
    weight, half = (1 + 1 / effect) / 2, 0.5 / np.maximum(size, 1.0)
    some, day = share > 0, n > 0  # most days have no bad row at all, and P(K >= 0) = 1
    worth_k, rest = np.maximum(share * size, 1e-9), np.maximum((1 - share) * size, 1e-9)
    beta_least = _where(some, scipy.special.betaincc, pi * size, (1 - pi) * size, np.clip(share - half, 0.0, 1.0))
    beta_more = _where(day, scipy.special.betaincc, pi * size, (1 - pi) * size, np.clip(share + half, 0.0, 1.0))
    least = _where(some, scipy.special.betainc, worth_k, rest + 1, pi)
    more = np.where(share < 1, _where(day, scipy.special.betainc, worth_k + 1, rest, pi), 0.0)
    first, second = (
        -(1 - weight) * np.log(np.maximum(b, _TINY)) - weight * np.log(np.maximum(c, _TINY))
        for b, c in ((beta_least, least), (beta_more, more))
    )
    return first, second


def _where(wanted: Bools, function: Callable[..., Floats], *arguments: Floats) -> Floats:
    """Return a function of arrays where it is wanted, and 1 elsewhere: these functions are what a judgement costs."""
    return function(*arguments, where=wanted, out=np.ones(np.broadcast_shapes(*(np.shape(a) for a in arguments))))


def _usual_shares(expected: Floats, size: Floats, tails: Floats) -> tuple[Floats, Floats]:
    """Return the shares between which usual days lie, by quantiles of the beta distribution."""
    surprise = np.linspace(0.0, 60.0, 601)
    beyond = np.sum(tail(surprise) @ tails.T > OUTSIDE / 2, axis=0)
    outside = np.exp(-surprise[np.minimum(beyond, 600)])[:, None]  # the model's, where the tails' is OUTSIDE / 2
    pi = np.clip(expected, 1e-9, 1 - 1e-9)
    low = scipy.special.betaincinv(pi * size, (1 - pi) * size, OUTSIDE / 2)
    high = scipy.special.betainccinv(pi * size, (1 - pi) * size, outside)
    return np.asarray(low), np.asarray(high)


def _plausible(share: Floats, worth: Floats) -> tuple[Floats, Floats]:
    """Return the 95 % interval of the true share (Jeffreys' prior): Brown, Cai & DasGupta (2001), Stat. Sci. 16."""
    a, b = share * worth + 0.5, (1 - share) * worth + 0.5
    return np.asarray(scipy.special.betaincinv(a, b, 0.025)), np.asarray(scipy.special.betaincinv(a, b, 0.975))


# ── How long is the tail? ────────────────────────────────────────────────────────────────

EDGE = 1.0  # surprise from which on the tail is learned: beyond it lie 37 % of the days
_SCALES = np.exp(np.linspace(-1.2, 1.2, 9))
_SHAPES = np.array([0.0, 0.05, 0.1, 0.2, 0.35, 0.55, 0.8])
SCALE, SHAPE = (each.ravel() for each in np.meshgrid(_SCALES, _SHAPES, indexing="ij"))
TAILS = len(SCALE)
SHAPES = 0.12  # mean of the prior of shapes


def prior_of(shapes: float) -> Floats:
    """Return prior weights [T]: scale about 1, shape near 0, so that the model is believed until days say otherwise."""
    weights = np.exp(-0.5 * (np.log(SCALE) / 0.45) ** 2 - SHAPE / shapes)
    return np.asarray(weights / weights.sum())


PRIOR = prior_of(SHAPES)
_OWN_PRIOR = 5.0  # series that the prior weighs, beside those that are judged together


def tail(surprise: ArrayLike) -> Floats:
    """Return the chance of a larger surprise under each tail that is thought possible: [..., T].

    e^-E where the model is right; beyond `EDGE` a generalised Pareto distribution, of scale 1
    and shape 0 where it is right there too. Pickands (1975), Ann. Stat. 3; Coles (2001), *An
    Introduction to Statistical Modeling of Extreme Values*, ch. 4.

    >>> right = np.flatnonzero((SCALE == 1) & (SHAPE == 0))
    >>> tail([0.5, 3.0, 9.2])[:, right].ravel().round(5)
    array([6.0653e-01, 4.9790e-02, 1.0000e-04])
    """
    e = np.minimum(np.asarray(surprise, dtype=float), 1e6)[..., None]
    bent = np.maximum(SHAPE, 1e-7)
    beyond = np.log1p(bent * np.maximum(e - EDGE, 0.0) / SCALE) / bent
    return np.asarray(np.exp(-np.minimum(e, EDGE) - np.minimum(beyond, 700.0)))


def weigh_tails(least: Floats, more: Floats, believed: Floats = PRIOR) -> Floats:
    """Say how plausible each tail is for each series [S, T], from the surprises of its past days.

    A day says only that its surprise lies between `least` and `more` (shares of few rows are
    discrete), so its likelihood is the difference of the tail there. The prior is learned from
    all series that are judged together, which share their users: empirical Bayes, by EM (Laird
    1978, JASA 73; Efron 2010, *Large-Scale Inference*, ch. 1).
    """
    likely = np.ones((len(least), TAILS))
    for start in range(0, len(least), _ROOM):
        part = slice(start, start + _ROOM)
        log = np.log(np.maximum(tail(least[part]) - tail(more[part]), 1e-12)).sum(axis=1)
        likely[part] = np.exp(log - log.max(axis=1, keepdims=True))
    prior = believed
    for _ in range(5):
        weights = likely * prior / (likely @ prior)[:, None]
        prior = (_OWN_PRIOR * believed + weights.sum(axis=0)) / (_OWN_PRIOR + len(likely))
    posterior: Floats = likely * prior / (likely @ prior)[:, None]
    return posterior


# ── What share is usual, and how much does it vary? ──────────────────────────────────────


def _weeks(weekday: Ints) -> int:
    return int(np.bincount(weekday, minlength=WEEKDAYS).min())


def _lowest(k: Floats, n: Floats, weekday: Ints) -> Bools:
    """Mark the days of the lowest shares of each weekday; of all days, until each weekday came often enough."""
    ratio = np.where(n > 0, k / np.maximum(n, 1.0), np.inf)
    group = weekday if _weeks(weekday) >= WEEKS else np.zeros_like(weekday)
    keep = np.zeros(n.shape, dtype=bool)
    for day in np.unique(group):
        at = np.flatnonzero(group == day)
        rank = np.argsort(np.argsort(ratio[:, at], axis=1, kind="stable"), axis=1, kind="stable")
        keep[:, at] = (n[:, at] > 0) & (rank < np.ceil(_LOWEST * (n[:, at] > 0).sum(axis=1))[:, None])
    return keep


def _by_weekday(values: Floats, weekday: Ints) -> Floats:
    """Sum [S, N] to [S, 7]."""
    return np.asarray(values @ np.eye(WEEKDAYS)[weekday])


@dataclass(frozen=True, slots=True)
class _Weekdays:
    """The share of each weekday, shrunk to that of all days by what weekdays are seen to differ."""

    weekday: Ints
    bad: Floats  # [S, 7]
    rows: Floats
    pull: Floats  # [S, 7] how much of a weekday's own share is believed

    @classmethod
    def of(cls, k: Floats, n: Floats, weekday: Ints, effect: Floats) -> _Weekdays:
        """Learn how much weekdays differ: the variance between them by moments (DerSimonian & Laird 1986)."""
        bad, rows = _by_weekday(k, weekday), _by_weekday(n, weekday)
        if _weeks(weekday) < WEEKS:
            return cls(weekday, bad, rows, np.zeros(bad.shape))
        overall = _ratio(bad.sum(axis=1), rows.sum(axis=1))[:, None]
        noise = np.maximum(overall * (1 - overall), 1e-12) * effect[:, None] / np.maximum(rows, 1.0)
        weight = np.where(rows > 0, 1 / noise, 0.0)
        apart = np.where(rows > 0, bad / np.maximum(rows, 1.0) - overall, 0.0)
        total = np.maximum(weight.sum(axis=1), _TINY)
        scatter = (weight * (apart - ((weight * apart).sum(axis=1) / total)[:, None]) ** 2).sum(axis=1)
        chance = np.maximum((rows > 0).sum(axis=1) - 1, 0)
        free = np.maximum(total - (weight**2).sum(axis=1) / total, _TINY)
        between = (np.maximum(scatter - chance, 0.0) / free)[:, None]
        return cls(weekday, bad, rows, between / (between + noise))

    @property
    def rate(self) -> Floats:
        """Return the usual share of each weekday [S, 7]."""
        overall = _ratio(self.bad.sum(axis=1), self.rows.sum(axis=1))[:, None]
        own = np.where(self.rows > 0, self.bad / np.maximum(self.rows, 1.0), overall)
        return np.asarray(overall + self.pull * (own - overall))

    @property
    def worth(self) -> Floats:
        """Return the rows that each weekday's share rests on [S, 7]."""
        return np.asarray(self.pull * self.rows + (1 - self.pull) * self.rows.sum(axis=1, keepdims=True))

    def without(self, k: Floats, n: Floats) -> tuple[Floats, Floats]:
        """Return, for each past day, the usual share and the rows it rests on, had the day not been: [S, N]."""
        bad, rows = self.bad[:, self.weekday] - k, self.rows[:, self.weekday] - n
        all_rows = self.rows.sum(axis=1, keepdims=True) - n
        overall = _ratio(self.bad.sum(axis=1, keepdims=True) - k, all_rows)
        own = np.where(rows > 0, bad / np.maximum(rows, 1.0), overall)
        pull = self.pull[:, self.weekday]
        return overall + pull * (own - overall), pull * rows + (1 - pull) * all_rows


def _ratio(bad: Floats, rows: Floats) -> Floats:
    return np.asarray((bad + 0.5) / (rows + 1))  # what was never seen is not impossible


def _correlations(k: Floats, n: Floats, rate: Floats, prior: float) -> tuple[Floats, Floats]:
    """Return the intraclass correlation of each series [S], and what it would be without each day [S, N].

    By moments: rho = sum w [(k - n pi)^2 - n pi (1 - pi)] / sum w n pi (1 - pi) (n - 1), residuals
    winsorised and weighted by 1/variance^2 (Williams 1982, Appl. Stat. 31), shrunk to the prior by
    its precision against that of a prior of standard deviation 0.02.
    """
    pi = np.clip(rate, 1e-9, 1 - 1e-9)
    base = n * pi * (1 - pi)
    slope, rho = base * np.maximum(n - 1, 0), np.full(len(k), prior)
    for _ in range(6):
        variance = base * (1 + np.maximum(n - 1, 0) * rho[:, None]) + 1e-9
        square = np.where(n > 0, np.minimum((k - n * pi) ** 2, _SPREAD * variance), 0.0) / _HELD
        above, below = slope * (square - base) / variance**2, slope**2 / variance**2
        precision = np.minimum(base, 1.0) * below / 2
        rho = _shrunk(above.sum(axis=1), below.sum(axis=1), precision.sum(axis=1), prior)
    above, below, precision = (each.sum(axis=1, keepdims=True) - each for each in (above, below, precision))
    return rho, _shrunk(above, below, precision, prior)


def _shrunk(above: Floats, below: Floats, precision: Floats, prior: float) -> Floats:
    found, trust = above / np.maximum(below, _TINY), 1 / CORRELATION**2
    return np.asarray(np.clip((precision * found + prior * trust) / (precision + trust), 0.0, 0.9))
