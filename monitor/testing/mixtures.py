"""What do the values of a property look like day by day, when nothing is wrong?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Values:
    """How the values of a property come about, as K categories or bins."""

    shares: Floats  # [K]
    rows: float  # a day
    each: float = 1.0  # rows that a user sends, on average, all of one value; geometric
    daily: float = 0.0  # Dirichlet correlation between the rows of a day: campaigns, releases
    weekend: Floats | None = None  # [K] shares on Saturdays and Sundays


def days(world: Values, number: int, rng: np.random.Generator) -> Floats:
    """Return the counts of so many days [number, K], from a Monday on."""
    return np.stack([_day(world, day, rng) for day in range(number)])


def _day(world: Values, day: int, rng: np.random.Generator) -> Floats:
    shares = world.weekend if world.weekend is not None and day % 7 >= 5 else world.shares
    if world.daily:
        shares = rng.dirichlet(np.maximum(shares, 1e-12) * (1 - world.daily) / world.daily)
    volume = world.rows * rng.lognormal(-0.02, 0.2) * (0.7 if day % 7 >= 5 else 1.1)
    users = rng.poisson(shares * volume / world.each)
    more = rng.negative_binomial(np.maximum(users, 1), 1 / world.each) if world.each > 1 else 0
    return np.where(users > 0, users + more, 0).astype(float)
