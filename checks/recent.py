"""How much of an excess has been building up already, and is no news any more?

Bursts, weather and campaigns last for hours: after an hour of twice the traffic, the next
hour is expected to be busy. A rise is therefore measured against what the last hours make of
it as well. Drops are not: that an outage has begun makes the next empty hour no more ordinary.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from checks.base import Floats
from checks.extremes import daily_maxima, learn_extremes
from checks.model import Bools, Bursts, Scored, variance_of
from checks.scan import NEAR, Running, normal_score, stride, variance_law
from checks.season import Grid, Pace

GOES_ON = 0.6  # of an excess, where a series' own past does not tell
STRENGTH = 30.0  # weight of that, in windows of one standard deviation
MOST = 2.0  # largest relative excess that is carried on


def learn_bursts(
    y: Floats, mean: Floats, masks: tuple[Bools, Bools], doubt: Floats, laws: Floats, grid: Grid
) -> Bursts:
    """Learn from the past [S, n] what goes on after an excess, and how surprising more than that is.

    Args:
        y: Counts.
        mean: What the season expects.
        masks: Where the past is clean (learned from), and where it is trusted (known at all).
        doubt: Variance of the expectation itself.
        laws: Variance laws of the season's windows, [S, windows, 2].
        grid: The past's calendar.

    Returns:
        Slopes, laws and the distribution of daily extremes.
    """
    pace, (clean, trusted) = grid.pace, masks
    days = (grid.by_day(trusted.astype(float)) > 0).sum(1).astype(float)
    tail, start = grid.recent()
    begin = max(start - 2 * max(pace.windows), 0)
    learned, seen = ((_told(mask, y, begin), _told(mask, mean, begin)) for mask in (clean, trusted))
    wobble = _told(trusted, doubt, begin)
    weights = _weights(laws, pace)
    slopes, fitted = _taught(learned, laws, weights, pace)
    bursts = Bursts(slopes, weights, fitted, ())
    scores = [s.score for s in score_bursts((seen[0], seen[1], wobble), seen, bursts, pace)]
    known = trusted[:, start:].astype(float)
    maxima = (daily_maxima(np.max(group, axis=0)[:, start - begin :], known, tail) for group in pace.grouped(scores))
    extremes = tuple(learn_extremes(m, days, pace.burst_looks, pace.burstiness) for m in maxima)
    return Bursts(slopes, weights, fitted, extremes)


def _told(mask: Bools, values: Floats, begin: int) -> Running:
    return Running.of(np.where(mask[:, begin:], values[:, begin:], 0.0))


def score_bursts(
    counts: tuple[Running, Running, Running],
    before: tuple[Running, Running],
    bursts: Bursts,
    pace: Pace,
    since: int = 0,
) -> Iterator[Scored]:
    """Score each window of rises that ends from bucket `since` on [S, n - since], given the excess before it.

    Args:
        counts: Counts, what the season expects of them and its variance; 0 where they take no part.
        before: Counts and expectation of what came before: an incident is no burst.
        bursts: What was learned.
        pace: The grain's windows and blocks.
        since: The first bucket in which a window that is scored may end.
    """
    y, mean, doubt = counts
    excesses = _excesses(*before, bursts.weights, pace)
    for i, width in enumerate(pace.bursts):
        going_on = [_shifted(excess, width)[:, since:] for excess in excesses]
        seen, due = y.window(width, since), mean.window(width, since) * _lift(bursts.slopes[:, i], going_on)
        variance = variance_of(bursts.laws[:, i], due) + doubt.window(width, since)
        score = np.where(due > 1e-9, normal_score(seen, due, variance, NEAR), 0.0)
        score[:, : max(width - since, 0)] = 0.0
        yield Scored(score, seen, due, variance)


def _lift(slopes: Floats, excesses: list[Floats]) -> Floats:
    """Return by how much more is expected after excesses [S, n] of the blocks: 1 + sum of slope x excess, if more."""
    lift = slopes[:, :1] * excesses[0]
    for j in range(1, len(excesses)):
        lift += slopes[:, j, None] * excesses[j]
    np.maximum(lift, 0.0, out=lift)
    lift += 1.0
    return lift


def _excesses(y: Running, mean: Running, weights: Floats, pace: Pace) -> list[Floats]:
    """Return the relative excess of each block [S, n]: (events - due)/(due + k), a gamma-Poisson posterior mean."""
    sums = ((y.window(b), mean.window(b)) for b in pace.blocks)
    return [np.clip((p - q) / (q + weights[:, i, None]), -1.0, MOST) for i, (p, q) in enumerate(sums)]


def _weights(laws: Floats, pace: Pace) -> Floats:
    """Return the events by which each block's excess is shrunk: a/f of its law, noise a mean, signal f mean^2."""
    at = [min(int(np.searchsorted(pace.windows, b)), len(pace.windows) - 1) for b in pace.blocks]
    weights: Floats = np.clip(laws[:, at, 0] / np.maximum(laws[:, at, 1], 1e-6), 2.0, 100.0)
    return weights


def _taught(learned: tuple[Running, Running], laws: Floats, weights: Floats, pace: Pace) -> tuple[Floats, Floats]:
    """Return what goes on after an excess, [S, windows, blocks], and the variance law around that, [S, windows, 2].

    Each window's residual is regressed on the excesses before it by weighted ridge regression
    (Hoerl & Kennard 1970, Technometrics 12): shrunk to `GOES_ON` shared by the blocks, residuals
    winsorised at 2.5 standard deviations, each slope in [0, 1].
    """
    excesses, slopes, fitted = _excesses(*learned, weights, pace), list[Floats](), list[Floats]()
    for width in pace.bursts:
        seen, due = (each.sample(width) for each in learned)
        before = [excess[:, : -width : stride(width)] for excess in excesses]
        slopes.append(_slopes((seen, due), before, laws[:, pace.windows.index(width)]))
        fitted.append(variance_law(seen, due * _lift(slopes[-1], before)))
    return np.stack(slopes, axis=1), np.stack(fitted, axis=1)


def _slopes(window: tuple[Floats, Floats], excesses: list[Floats], law: Floats) -> Floats:
    (seen, due), size = window, len(excesses)
    deviation = np.sqrt(variance_of(law, due))
    residual = np.clip((seen - due) / deviation, -2.5, 2.5)
    told = np.where(due > 1e-6, due / deviation, 0.0)
    x = np.stack([told * excess for excess in excesses])
    square = np.einsum("isn,jsn->sij", x, x) + STRENGTH * np.eye(size)
    product = np.einsum("isn,sn->si", x, residual) + STRENGTH * GOES_ON / size
    return np.clip(np.linalg.solve(square, product[..., None])[..., 0], 0.0, 1.0)


def _shifted(values: Floats, by: int) -> Floats:
    """Return what the block that ends just before each window showed."""
    moved = np.zeros_like(values)
    moved[:, by:] = values[:, : max(values.shape[1] - by, 0)]
    return moved
