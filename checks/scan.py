"""How far out is a stretch of a series?

Counts are summed over trailing windows and turned into normal scores by a negative binomial
distribution whose variance law is learned for every width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from checks.base import Floats

NEAR = 1.0  # scores that are nearer to 0 need not be exact: every day has a larger one
_LEAST = 1e-9


def normal_score(y: Floats, mean: Floats, variance: Floats, exact_from: float = 0.0) -> Floats:
    """Return the normal score of a negative binomial count: negative below the median.

    Signed root of the deviance plus skewness/6, the adjusted deviance residual of Pierce &
    Schafer (1986, JASA 81); the count is lifted by 0.3/(1 + y), as mid-p does at 0. Within
    0.1 of the exact mid-p score (-2.71 and 3.31 below) for means from 2 on. Scores nearer to 0
    than `exact_from` are left at (y - mean)/sd, which is five times as fast: enough where only
    large ones matter.

    >>> normal_score(np.array([0.0, 14.0]), np.array([5.0, 5.0]), np.array([5.0, 5.0])).round(2)
    array([-2.72,  3.35])
    """
    if not exact_from:
        return _deviance_score(y, mean, variance)
    score: Floats = (y - mean) / np.sqrt(np.maximum(variance, _LEAST))
    far = np.flatnonzero(np.abs(score) > exact_from)
    score.ravel()[far] = _deviance_score(*(a.ravel()[far] for a in (y, mean, variance)))
    return score


def _deviance_score(y: Floats, mean: Floats, variance: Floats) -> Floats:
    mean = np.maximum(mean, _LEAST)
    excess = np.maximum(variance - mean, 1e-6 * mean)
    mean = np.maximum(mean, 0.5 * np.sqrt(excess))  # no coefficient of variation above 2: else nothing at all is a lot
    size = mean * mean / excess
    lifted = y + 0.3 / (1 + y)
    deviance = lifted * np.log(lifted / mean) - (lifted + size) * np.log((lifted + size) / (mean + size))
    skew = (2 * variance / mean - 1) / np.sqrt(variance) * mean / (mean + 2)
    score: Floats = np.copysign(np.sqrt(2 * np.maximum(deviance, 0.0)), lifted - mean) + skew / 6
    return score


def count_at(score: Floats, mean: Floats, variance: Floats) -> Floats:
    """Return the count, not whole, of which this is the normal score; below 0 where even none is not that far out.

    From the gamma quantile (Wilson & Hilferty 1931, PNAS 17) by three steps of Newton.

    >>> count_at(np.array([-2.0, -4.0, 3.35]), *np.full((2, 3), 5.0)).round(1)
    array([ 1., -1., 14.])
    """
    due = np.maximum(mean, _LEAST)
    excess = np.maximum(variance - due, 1e-6 * due)
    due = np.maximum(due, 0.5 * np.sqrt(excess))
    size = due * due / excess
    deviation = np.sqrt(variance)
    skew = (2 * variance / due - 1) / deviation * due / (due + 2) / 6
    target, spread = score - skew, deviation / (3 * due)  # of the signed root of the deviance
    middle = np.maximum(1 - spread * spread + target * spread, 0.03)
    count = due * middle * middle * middle
    for _ in range(3):
        of_due, of_size = np.log(count / due), np.log((count + size) / (due + size))
        deviance = count * of_due - (count + size) * of_size
        root = np.copysign(np.sqrt(2 * np.maximum(deviance, 0.0)), count - due)
        near = np.abs(root) < 1e-3
        slope = np.where(near, 1.0, of_due - of_size)  # half the derivative of the deviance
        step = (root - target) * np.where(near, deviation, root / slope)
        count = np.clip(count - step, 0.3 * count, 3 * count + 1)
    lifted: Floats = np.where(count < 0.3, -1.0, (count - 1 + np.sqrt(np.maximum((count + 1) ** 2 - 1.2, 0.0))) / 2)
    return lifted


@dataclass(frozen=True, slots=True)
class Running:
    """Cumulated values, from which the sums of all trailing windows are differences."""

    total: Floats  # [S, n]

    @classmethod
    def of(cls, values: Floats) -> Running:
        """Cumulate [S, n] once for all widths."""
        return cls(np.cumsum(values, axis=1))

    def window(self, width: int, since: int = 0) -> Floats:
        """Sum over the trailing `width` buckets, fewer at the start, of the windows that end from `since` on.

        Returns:
            [S, n - since].

        >>> Running.of(np.array([[1.0, 2.0, 4.0, 8.0]])).window(2)
        array([[ 1.,  3.,  6., 12.]])
        """
        summed = self.total[:, since:].copy()
        whole = max(width, since)  # the first bucket with as many before it
        summed[:, whole - since :] -= self.total[:, whole - width : max(self.total.shape[1] - width, 0)]
        return summed

    def sample(self, width: int) -> Floats:
        """Sum over so many whole windows that they together tell as much as all of them: [S, about 2 n/width]."""
        step = stride(width)
        return self.total[:, width::step] - self.total[:, :-width:step]


def stride(width: int) -> int:
    """Return the step between windows that together tell nearly as much as all of this width."""
    return max(width // 2, 2)


def variance_law(y: Floats, mean: Floats) -> Floats:
    """Fit Var = a mean + f mean^2 by iterated weighted least squares; returns [S, 2].

    Squared residuals are winsorised at 2 variances (.742 = E min(z^2, 2) of a normal z): past
    incidents and bursts do not widen it, the body of the distribution decides. a >= 1, f in
    [0.0001, 4]; (1.3, 0.05) where fewer than ten buckets tell.
    """
    told = (mean > 1e-6).astype(float)
    m = np.where(told > 0, mean, 1.0)
    square = (y - m) ** 2 / (0.742 * m)
    a, f = np.full((len(y), 1), 1.0), np.full((len(y), 1), 0.02)
    for _ in range(6):
        relative = f * m
        relative += a
        weight = told / (relative * relative)
        relative *= 2 / 0.742
        next_a, next_f = _line(weight, m, np.minimum(square, relative, out=relative))
        a, f = (a + next_a) / 2, (f + np.minimum(next_f, 4.0)) / 2
    few = (told.sum(1) < 10)[:, None]
    return np.concatenate([np.where(few, 1.3, a), np.where(few, 0.05, np.maximum(f, 1e-4))], axis=1)


def _line(weight: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Fit y = a + f x by weighted least squares for every row, with a >= 1 and f >= 0."""
    wx = weight * x
    ones, sx = np.add.reduce(weight, axis=1), np.add.reduce(wx, axis=1)
    sy, sxx, sxy = (np.einsum("ij,ij->i", *pair) for pair in ((weight, y), (wx, x), (wx, y)))
    det = ones * sxx - sx * sx
    good = det > 1e-9 * ones * sxx
    safe = np.where(good, det, 1.0)
    a = np.where(good, (sxx * sy - sx * sxy) / safe, 1.0)
    through_one = (sxy - sx) / np.maximum(sxx, 1e-300)
    f = np.where(good & (a >= 1), (ones * sxy - sx * sy) / safe, through_one)
    a = np.where(f < 0, sy / np.maximum(ones, 1e-300), a)
    return np.maximum(a, 1.0)[:, None], np.maximum(f, 0.0)[:, None]
