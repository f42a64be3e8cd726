"""How surprising is a number, when nothing is wrong?

Tests and tails that the checks share: counts (negative binomial), shares (beta-binomial)
and many tests at once (Benjamini-Hochberg). Everything is vectorised and never raises:
an unknown input gives p = 1, because not knowing is no evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy  # not its parts: those are loaded when first used, and a run with nothing due uses none
from numpy.typing import ArrayLike, NDArray

from checks.base import Floats

CORRELATION = 0.02  # between the rows of one bucket, where no history tells: users send many rows
_LEAST = 1e-9
_MOST = 1e15  # events: above it nothing is counted, only typed in


def negative_binomial_tails(y: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> tuple[Floats, Floats]:
    """Return the mid-p tails of a negative binomial count: of counts as low, and as high, as `y`.

    lower = P(Y < y) + P(Y = y)/2 and upper = P(Y > y) + P(Y = y)/2, by the incomplete beta
    function with size r = mean^2/(variance - mean); the Poisson distribution where the
    variance is not above the mean. Johnson, Kemp & Kotz (2005), *Univariate Discrete
    Distributions*, ch. 5; mid-p: Lancaster (1961), JASA 56.

    Args:
        y: Counts, any shape; need not be whole.
        mean: Expected counts, broadcast against `y`.
        variance: Predictive variance.

    Returns:
        Two arrays in [0, 1] of the broadcast shape; 1 where anything is NaN.

    >>> lower, upper = negative_binomial_tails([0, 5, 20], 5.0, 10.0)
    >>> lower.round(4), upper.round(4)
    (array([0.0156, 0.5615, 0.9994]), array([9.844e-01, 4.385e-01, 6.000e-04]))
    """
    counts, mu, var = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (y, mean, variance)))
    known = np.isfinite(counts) & np.isfinite(mu) & np.isfinite(var)
    counts, mu = np.where(known, np.clip(counts, 0.0, _MOST), 0.0), np.where(known, np.clip(mu, _LEAST, _MOST), 1.0)
    excess = np.where(known, np.minimum(var, _MOST**2), 0.0) - mu
    size = np.where(excess > 1e-7 * mu, mu / np.maximum(excess, _LEAST * mu) * mu, np.inf)
    lower, upper = np.where(np.isinf(size), _poisson_tails(counts, mu), _size_tails(counts, mu, size))
    return np.where(known, lower, 1.0), np.where(known, upper, 1.0)


def _poisson_tails(y: Floats, mu: Floats) -> Floats:
    above = np.where(y > 0, scipy.special.gammainc(np.maximum(y, _LEAST), mu), 1.0)  # P(Y >= y)
    below = np.where(y > 0, scipy.special.gammaincc(np.maximum(y, _LEAST), mu), 0.0)  # P(Y < y)
    return np.stack([scipy.special.gammaincc(y + 1, mu) + below, scipy.special.gammainc(y + 1, mu) + above]) / 2


def _size_tails(y: Floats, mu: Floats, size: Floats) -> Floats:
    r = np.where(np.isinf(size), 1.0, size)
    q, p = r / (r + mu), mu / (r + mu)
    above = np.where(y > 0, scipy.special.betainc(np.maximum(y, _LEAST), r, p), 1.0)  # P(Y >= y)
    below = np.where(y > 0, scipy.special.betainc(r, np.maximum(y, _LEAST), q), 0.0)  # P(Y < y)
    return np.stack([scipy.special.betainc(r, y + 1, q) + below, scipy.special.betainc(y + 1, r, p) + above]) / 2


def zero_probability(mean: ArrayLike, dispersion: ArrayLike) -> Floats:
    """Return the chance of no event where `mean` events are due.

    P(0) = (1 + phi M)^(-1/phi), in the limit phi -> 0 exp(-M): the negative binomial at zero.

    Args:
        mean: Events due, M.
        dispersion: phi, the variance beyond counting noise as a share of M^2.

    Returns:
        Probabilities; 1 where anything is NaN or nothing is due.

    >>> zero_probability([7.68, 7.68, 0.0], [0.0, 0.2, 0.0]).round(5)
    array([4.60e-04, 9.53e-03, 1.00e+00])
    """
    m, phi = np.broadcast_arrays(np.asarray(mean, dtype=float), np.asarray(dispersion, dtype=float))
    known = ~np.isnan(m) & ~np.isnan(phi)
    m, phi = np.clip(np.where(known, m, 0.0), 0.0, _MOST), np.clip(np.where(known, phi, 0.0), 1e-12, _MOST)
    return np.where(known, np.exp(-np.log1p(phi * m) / phi), 1.0)


def beta_binomial_upper(successes: ArrayLike, trials: ArrayLike, rate: ArrayLike, correlation: ArrayLike) -> Floats:
    """Return the mid-p chance of at least so many successes, where trials are correlated.

    Beta-binomial with mean n pi and variance n pi (1 - pi) D, D = 1 + (n - 1) rho. Its tail
    lies between two that need no sum: the beta tail of the share (skewness 2 D, too long) and
    the binomial tail of the effective counts k/D of n/D (skewness D, too short). The
    geometric mean with weights 1 - 1/D and 1/D has the beta-binomial's skewness, 2 D - 1,
    and is exact for D = 1. Skellam (1948), JRSS B 10; effective counts: Rao & Scott (1992),
    Biometrics 48.

    Args:
        successes: Bad rows, k.
        trials: Rows, n.
        rate: Expected share, pi.
        correlation: Intraclass correlation, rho, in [0, 1).

    Returns:
        P-values of the broadcast shape; 1 where there is no trial or anything is NaN.

    >>> beta_binomial_upper([17, 31, 31], 1000, 0.01, [0.0, 0.0, 0.01]).round(4)
    array([0.0201, 0.    , 0.0554])
    """
    k, n, pi, rho = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (successes, trials, rate, correlation)))
    known = np.isfinite(k) & np.isfinite(n) & np.isfinite(pi) & (n > 0) & (k > 0)
    k, n, pi = np.where(known, np.minimum(k, n), 0.5), np.where(known, n, 1.0), np.where(known, pi, 0.5)
    return np.where(known, _share_upper(k / n, effective_trials(n, rho), pi, effective_trials(n, rho) / n), 1.0)


def effective_trials(trials: ArrayLike, correlation: ArrayLike) -> Floats:
    """Return how many independent trials so many correlated ones are worth: n / (1 + (n - 1) rho).

    Kish (1965), *Survey Sampling*: the design effect of clusters.

    >>> effective_trials([1, 100, 1_000_000], 0.02).round(1)
    array([ 1. , 33.6, 50. ])
    """
    n, rho = np.asarray(trials, dtype=float), np.nan_to_num(np.asarray(correlation, dtype=float), nan=CORRELATION)
    worth: Floats = n / np.maximum(1 + (n - 1) * np.clip(rho, 0.0, 0.999), 1.0)
    return worth


def _share_upper(share: Floats, size: Floats, rate: Floats, weight: Floats) -> Floats:
    """Return the upper tail of a share of `size` effective trials; `weight` is 1 for independent ones."""
    pi = np.clip(rate, 1e-9, 1 - 1e-9)
    half = 0.5 / np.maximum(size, 1.0)
    ends = (np.clip(share + step, 0.0, 1.0) for step in (-half, half))  # else n of n would be impossible
    beta = sum(scipy.special.betaincc(pi * size, (1 - pi) * size, end) for end in ends) / 2
    k, rest = share * size, np.maximum(1 - share, 0.0) * size
    beyond = np.where(rest > 0, scipy.special.betainc(k + 1, np.maximum(rest, _LEAST), pi), 0.0)
    binomial = (scipy.special.betainc(np.maximum(k, _LEAST), rest + 1, pi) + beyond) / 2
    log = (1 - weight) * np.log(np.maximum(beta, 1e-300)) + weight * np.log(np.maximum(binomial, 1e-300))
    tail: Floats = np.exp(log)
    return tail


def beta_binomial_interval(
    trials: ArrayLike, rate: ArrayLike, correlation: ArrayLike, coverage: float = 0.99
) -> tuple[Floats, Floats]:
    """Return the central interval of the share of successes among n correlated trials.

    Quantiles of the beta distribution with the beta-binomial's mean and variance.

    Args:
        trials: Rows, n.
        rate: Expected share.
        correlation: Intraclass correlation.
        coverage: Probability inside.

    Returns:
        Lower and upper share; 0 and 1 where nothing is known.

    >>> low, high = beta_binomial_interval(1000, 0.1, 0.01)
    >>> float(low.round(3)), float(high.round(3))
    (0.036, 0.196)
    """
    pi, size = np.broadcast_arrays(np.asarray(rate, dtype=float), effective_trials(trials, correlation))
    known = np.isfinite(pi) & np.isfinite(size) & (size > 0)
    centre, size = np.clip(np.where(known, pi, 0.5), 1e-9, 1 - 1e-9), np.where(known, size, 1.0)
    a, b, outside = centre * size, (1 - centre) * size, (1 - coverage) / 2
    low, high = scipy.special.betaincinv(a, b, outside), scipy.special.betaincinv(a, b, 1 - outside)
    return np.where(known, low, 0.0), np.where(known, high, 1.0)


def estimate_rate(
    successes: Floats, trials: Floats, usable: NDArray[np.bool_], prior: float = CORRELATION
) -> tuple[Floats, Floats]:
    """Estimate each series' ordinary share and intraclass correlation, by moments, robust to past incidents.

    rho = sum w [(k - n pi)^2 - n pi (1 - pi)] / sum w n pi (1 - pi) (n - 1), residuals
    winsorised and weighted by 1/variance^2 (Williams 1982, Appl. Stat. 31); a quarter is added,
    because an uncertain rho makes longer tails. It starts from
    the buckets of the lowest shares, and takes buckets in that are not above what those
    make plausible (p > 0.0001): a day of 40 % nulls does not become normal.

    Args:
        successes: [S, N] bad rows.
        trials: [S, N] rows.
        usable: [S, N] buckets that may be learned from.
        prior: Correlation where no history tells.

    Returns:
        rate [S] (NaN without any usable row), correlation [S] (shrunk to `prior` where
        fewer than about ten bad buckets tell).

    >>> k = np.array([[10.0, 12, 9, 11, 10, 500]])
    >>> rate, rho = estimate_rate(k, np.full((1, 6), 1000.0), np.ones((1, 6), bool))
    >>> rate.round(4)
    array([0.0104])
    """
    known = usable & np.isfinite(successes) & np.isfinite(trials) & (trials > 0)
    n = np.where(known, trials, 0.0)
    k = np.where(known, np.clip(successes, 0.0, n), 0.0)
    keep = _lowest(k, n, share=0.75)
    for _ in range(3):
        kept_bad, kept = (np.where(keep, a, 0.0).sum(1) for a in (k, n))
        rate = _ratio(kept_bad + 0.5, kept + 1)  # what was never seen is not impossible
        rho = _correlation(k, np.where(keep, n, 0.0), rate, prior)
        keep = (n > 0) & (beta_binomial_upper(k, n, rate[:, None], rho[:, None]) > 0.0001)
    rate = _ratio(np.where(keep, k, 0.0).sum(1), np.where(keep, n, 0.0).sum(1))
    return np.where(n.sum(1) > 0, rate, np.nan), _correlation(k, np.where(keep, n, 0.0), rate, prior)


def _lowest(k: Floats, n: Floats, share: float) -> NDArray[np.bool_]:
    """Mark the buckets of the lowest shares, that together hold `share` of the buckets (at least one)."""
    order = np.argsort(np.where(n > 0, k / np.maximum(n, 1.0), np.inf), axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    lowest: NDArray[np.bool_] = (n > 0) & (rank < np.ceil(share * (n > 0).sum(1))[:, None])
    return lowest


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.where(below > 0, above / np.maximum(below, _LEAST), 0.0)


def _correlation(k: Floats, n: Floats, rate: Floats, prior: float) -> Floats:
    """Return the moment estimate of rho, shrunk to the prior by its precision against that of a prior of sd 0.02."""
    pi = np.clip(rate, 1e-9, 1 - 1e-9)[:, None]
    base, rho = n * pi * (1 - pi), np.full(len(k), prior)
    for _ in range(6):
        variance = base * (1 + np.maximum(n - 1, 0) * rho[:, None]) + _LEAST
        square = np.where(n > 0, np.minimum((k - n * pi) ** 2, 25 * variance), 0.0) / 0.8
        weight, slope = 1 / variance**2, base * np.maximum(n - 1, 0)
        found = (weight * slope * (square - base)).sum(1) / np.maximum((weight * slope**2).sum(1), 1e-300)
        precision = (np.minimum(base, 1.0) * (slope / variance) ** 2).sum(1) / 2
        own, shrunk_to = precision * found, prior / CORRELATION**2
        rho = np.clip((own + shrunk_to) / (precision + 1 / CORRELATION**2), 0.0, 0.9)
    return rho


@dataclass(frozen=True, slots=True)
class RateTest:
    """Whether shares rose: one entry a series (or series by bucket). `low` and `high`: 99 % interval of the share."""

    p_value: Floats
    expected: Floats
    low: Floats
    high: Floats


def rate_rise(
    successes: Floats, trials: Floats, past_successes: Floats, past_trials: Floats, tolerance: ArrayLike = 0.0
) -> RateTest:
    """Test whether a share is above both its own baseline and a tolerance, where rows are not independent.

    One-sided; H0: rate <= max(baseline, tolerance). The baseline and the correlation come
    from the past (`estimate_rate`), and the uncertainty of the baseline makes the effective
    trials fewer: 1/m = D/n + 1/m_past. Without a past the tolerance stands alone, with `CORRELATION`.

    Args:
        successes: [S] or [S, M] bad rows under test.
        trials: Rows, same shape.
        past_successes: [S, N] of usable past buckets; NaN elsewhere.
        past_trials: [S, N] rows.
        tolerance: Share that is always acceptable, a number or [S].

    Returns:
        P-value, expected share and its 99 % interval; p = 1 where there is no row.

    >>> past = np.full((2, 30), 1000.0)
    >>> test = rate_rise(np.array([13.0, 60.0]), np.array([1000.0, 1000.0]), past * 0.01, past)
    >>> test.p_value.round(3), test.expected.round(3)
    (array([0.176, 0.   ]), array([0.01, 0.01]))
    """
    rate, rho = estimate_rate(past_successes, past_trials, np.isfinite(past_trials))
    extra = (slice(None),) + (None,) * (np.ndim(successes) - 1)
    baseline, limit = np.nan_to_num(rate, nan=0.0), np.asarray(tolerance, dtype=float)
    allowed = np.maximum(baseline, limit)
    own = np.where(baseline >= limit, _effective_past(past_trials, rho), np.inf)
    expected, rho, own = (np.broadcast_to(a, len(rate))[extra] for a in (_with_doubt(allowed, own), rho, own))
    known = np.isfinite(successes) & np.isfinite(trials) & (trials > 0)
    n = np.where(known, trials, 1.0)
    share = np.clip(np.where(known, successes, 0.0) / n, 0.0, 1.0)
    independent = effective_trials(n, rho)
    size = 1 / (1 / independent + 1 / np.maximum(own, 1.0))
    p_value = np.where(known & (share > 0), _share_upper(share, size, expected, independent / n), 1.0)
    low, high = beta_binomial_interval(size, expected, 0.0)
    return RateTest(p_value, np.broadcast_to(expected, share.shape), low, high)


def _effective_past(trials: Floats, rho: Floats) -> Floats:
    n = np.nan_to_num(trials, nan=0.0)
    worth: Floats = np.where(n > 0, effective_trials(np.maximum(n, 1.0), rho[:, None]), 0.0).sum(1)
    return worth


def _with_doubt(rate: Floats, size: Floats) -> Floats:
    """Return the share with half a success added to the past: a rate that was never seen is not impossible."""
    return np.where(np.isinf(size), rate, (rate * np.minimum(size, 1e300) + 0.5) / (np.minimum(size, 1e300) + 1))


def benjamini_hochberg(p: ArrayLike, q: float, weights: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Return which tests to reject so that the expected share of false ones among them is at most q.

    Reject the k smallest p/w with the largest k such that (p/w)_(k) <= q k/m. Benjamini &
    Hochberg (1995), JRSS B 57; weights (made to average 1) carry priorities: Genovese,
    Roeder & Wasserman (2006), Biometrika 93.

    Args:
        p: [m] p-values; NaN is never rejected.
        q: False discovery rate.
        weights: [m] positive weights, or None for equal ones.

    Returns:
        [m] booleans.

    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5], 0.05)
    array([ True, False, False, False])
    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5], 0.05, weights=[1, 1, 8, 1])
    array([False, False,  True, False])
    """
    values = np.nan_to_num(np.asarray(p, dtype=float), nan=np.inf)
    if values.size == 0:
        return np.zeros(0, dtype=bool)
    if weights is not None:
        share = np.maximum(np.asarray(weights, dtype=float), 0.0)
        values = values / np.maximum(share / max(float(share.mean()), _LEAST), _LEAST)
    ordered = np.sort(values)
    passing = np.flatnonzero(ordered <= q * np.arange(1, values.size + 1) / values.size)
    rejected: NDArray[np.bool_] = values <= (ordered[passing[-1]] if passing.size else -1.0)
    return rejected
