"""How surprising is a number, when nothing is wrong?

Tests and tails that the checks share: counts (negative binomial) and many tests at once
(Benjamini-Hochberg); for shares see `checks.clusters`. Everything is vectorised and never raises:
an unknown input gives p = 1, because not knowing is no evidence.
"""

from __future__ import annotations

import numpy as np
import scipy  # not its parts: those are loaded when first used, and a run with nothing due uses none
from numpy.typing import ArrayLike, NDArray

from checks.base import Floats

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
