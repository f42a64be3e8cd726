"""What do shares look like when rows come in clusters, and nothing is wrong?

Users send many rows, and who sends a bad one sends more of them; weekends have other
visitors; releases move the share for everybody. Bad rows are counts of clusters, each with a
random number of rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Sizes = Callable[[np.random.Generator, NDArray[np.int64]], Floats]  # clusters [...] -> rows in them [...]

WEEK = np.array([1.1, 1.15, 1.15, 1.1, 1.05, 0.75, 0.7])  # volume by weekday, Monday first


def single(_: np.random.Generator, clusters: NDArray[np.int64]) -> Floats:
    """One row in each cluster: rows are independent."""
    return clusters.astype(float)


def geometric(mean: float) -> Sizes:
    """Return sizes of which each further row is as likely as the last: 1, 2, 3, … rows."""

    def draw(rng: np.random.Generator, clusters: NDArray[np.int64]) -> Floats:
        more = rng.negative_binomial(np.maximum(clusters, 1), 1 / mean)
        return np.where(clusters > 0, clusters + more, 0).astype(float)

    return draw


def lognormal(mean: float, sigma: float) -> Sizes:
    """Return sizes with a long tail: at `sigma` 1.2 one user in a hundred has eight times the mean."""
    return _summed(lambda rng, n: np.ceil(rng.lognormal(np.log(mean) - sigma**2 / 2, sigma, n)))


def pareto(index: float, most: float = 1000.0) -> Sizes:
    """Return sizes of a power law, up to `most` rows: P(size > x) = x^-index."""
    return _summed(lambda rng, n: np.minimum(np.floor(rng.pareto(index, n) + 1), most))


def _summed(sizes: Callable[[np.random.Generator, int], Floats]) -> Sizes:
    def draw(rng: np.random.Generator, clusters: NDArray[np.int64]) -> Floats:
        flat = clusters.ravel()
        ends = np.concatenate([[0.0], np.cumsum(sizes(rng, int(flat.sum())))])
        at = np.concatenate([[0], np.cumsum(flat)])
        return np.asarray(ends[at[1:]] - ends[at[:-1]]).reshape(clusters.shape)

    return draw


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows of an event come about."""

    rate: float  # share of clusters that are bad
    rows: float  # a day
    sizes: Sizes = single
    mean: float = 1.0  # rows in a cluster, on average
    weekend: float = 1.0  # the rate on Saturdays and Sundays, as a multiple of that of other days
    daily: float = 0.0  # standard deviation of the log rate from day to day: releases, campaigns
    memory: float = 0.0  # correlation of one day's log rate with the next one's


def simulate(
    world: Rows, series: int, days: int, rng: np.random.Generator, lift: Floats | float = 1.0
) -> tuple[Floats, Floats]:
    """Return bad rows and rows, each [series, days]; day 0 is a Monday.

    Args:
        world: how rows come about.
        series: number of independent series.
        days: number of days.
        rng: where chance comes from.
        lift: factor on the rate, such as 3 from some day on: what a fault does; broadcast to [series, days].
    """
    weekday = np.arange(days) % 7
    volume = world.rows * WEEK[weekday] * rng.lognormal(-0.02, 0.2, (series, days))
    rate = world.rate * np.where(weekday >= 5, world.weekend, 1.0) * lift * np.exp(_wander(world, series, days, rng))
    clusters = volume / world.mean
    bad = world.sizes(rng, rng.poisson(np.minimum(rate, 1.0) * clusters))
    good = world.sizes(rng, rng.poisson(np.maximum(1 - rate, 0.0) * clusters))
    return bad, bad + good


def _wander(world: Rows, series: int, days: int, rng: np.random.Generator) -> Floats:
    steps = rng.normal(0.0, world.daily, (series, days)) * np.sqrt(1 - world.memory**2)
    steps[:, 0] = rng.normal(0.0, world.daily, series)
    for day in range(1, days):
        steps[:, day] += world.memory * steps[:, day - 1]
    return np.asarray(steps - world.daily**2 / 2)
