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
    bursts = Bursts(_slopes(learned, laws, weights, pace), weights, np.empty((len(y), 0, 2)), ())
    fitted = [
        _law(window, width) for width, window in zip(pace.bursts, _windows(learned, learned, bursts, pace), strict=True)
    ]
    bursts = Bursts(bursts.slopes, weights, np.stack(fitted, axis=1), ())
    scores = [s.score for s in score_bursts((seen[0], seen[1], wobble), seen, bursts, pace)]
    known = trusted[:, start:].astype(float)
    maxima = (daily_maxima(np.max(group, axis=0)[:, start - begin :], known, tail) for group in pace.grouped(scores))
    extremes = tuple(learn_extremes(m, days, pace.burst_looks, pace.burstiness) for m in maxima)
    return Bursts(bursts.slopes, weights, bursts.laws, extremes)


def _told(mask: Bools, values: Floats, begin: int) -> Running:
    return Running.of(np.where(mask[:, begin:], values[:, begin:], 0.0))


def score_bursts(
    counts: tuple[Running, Running, Running], before: tuple[Running, Running], bursts: Bursts, pace: Pace
) -> Iterator[Scored]:
    """Score each window of rises [S, n], given the excess of the blocks before it.

    Args:
        counts: Counts, what the season expects of them and its variance; 0 where they take no part.
        before: Counts and expectation of what came before: an incident is no burst.
        bursts: What was learned.
        pace: The grain's windows and blocks.
    """
    y, mean, doubt = counts
    for i, (seen, due) in enumerate(_windows((y, mean), before, bursts, pace)):
        width = pace.bursts[i]
        variance = variance_of(bursts.laws[:, i], due) + doubt.window(width)
        score = np.where(due > 1e-9, normal_score(seen, due, variance, NEAR), 0.0)
        score[:, :width] = 0.0
        yield Scored(score, seen, due, variance)


def _windows(
    counts: tuple[Running, Running],
    before: tuple[Running, Running],
    bursts: Bursts,
    pace: Pace,
) -> Iterator[tuple[Floats, Floats]]:
    """Yield sum and expectation of each window: mean (1 + sum of slope x excess before it), if that is more."""
    excesses = _excesses(*before, bursts.weights, pace)
    for i, width in enumerate(pace.bursts):
        lift = sum(bursts.slopes[:, i, j, None] * _shifted(e, width) for j, e in enumerate(excesses))
        yield counts[0].window(width), counts[1].window(width) * (1 + np.maximum(lift, 0.0))


def _excesses(y: Running, mean: Running, weights: Floats, pace: Pace) -> list[Floats]:
    """Return the relative excess of each block [S, n]: (events - due)/(due + k), a gamma-Poisson posterior mean."""
    sums = ((y.window(b), mean.window(b)) for b in pace.blocks)
    return [np.clip((p - q) / (q + weights[:, i, None]), -1.0, MOST) for i, (p, q) in enumerate(sums)]


def _weights(laws: Floats, pace: Pace) -> Floats:
    """Return the events by which each block's excess is shrunk: a/f of its law, noise a mean, signal f mean^2."""
    at = [min(int(np.searchsorted(pace.windows, b)), len(pace.windows) - 1) for b in pace.blocks]
    weights: Floats = np.clip(laws[:, at, 0] / np.maximum(laws[:, at, 1], 1e-6), 2.0, 100.0)
    return weights


def _slopes(learned: tuple[Running, Running], laws: Floats, weights: Floats, pace: Pace) -> Floats:
    """Regress each window's residual on the excesses before it, by weighted ridge regression: [S, windows, blocks].

    Hoerl & Kennard 1970, Technometrics 12; shrunk to `GOES_ON` shared by the blocks, residuals
    winsorised at 2.5 standard deviations, each slope in [0, 1].
    """
    excesses, size = _excesses(*learned, weights, pace), len(pace.blocks)
    slopes = np.empty((len(laws), len(pace.bursts), size))
    for i, width in enumerate(pace.bursts):
        step = slice(width, None, stride(width))
        seen, due = (a.window(width)[:, step] for a in learned)
        deviation = np.sqrt(variance_of(laws[:, pace.windows.index(width)], due))
        residual = np.clip((seen - due) / deviation, -2.5, 2.5)
        told = np.where(due > 1e-6, due / deviation, 0.0)
        x = np.stack([told * _shifted(e, width)[:, step] for e in excesses])
        square = np.einsum("isn,jsn->sij", x, x) + STRENGTH * np.eye(size)
        product = np.einsum("isn,sn->si", x, residual) + STRENGTH * GOES_ON / size
        slopes[:, i] = np.clip(np.linalg.solve(square, product[..., None])[..., 0], 0.0, 1.0)
    return slopes


def _law(window: tuple[Floats, Floats], width: int) -> Floats:
    return variance_law(*(a[:, width :: stride(width)] for a in window))


def _shifted(values: Floats, by: int) -> Floats:
    """Return what the block that ends just before each window showed."""
    moved = np.zeros_like(values)
    moved[:, by:] = values[:, : max(values.shape[1] - by, 0)]
    return moved
