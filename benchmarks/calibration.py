"""Are the count engine's p-values right on counts whose truth is known?

Eight weeks of hours with a weekly profile, and a week in which nothing is wrong: Poisson, negative
binomial with dispersion 0.05 and 0.3, and days that differ by 15 %, at means from 0.1 to 5,000 an
hour. False alerts at a two-sided p of one in 90 days: nominal are 0.5 drops and 0.5 rises.

    python benchmarks/calibration.py [--series 300]
"""

from __future__ import annotations

import argparse

import numpy as np

from checks.base import Calendar, Floats, Key, Table
from checks.counts import forecast, surprises

PAST, NEW, COOL = 8 * 168, 168, 24
INDEX = np.arange(PAST + NEW)
SHAPE = np.exp(0.9 * np.cos(2 * np.pi * (INDEX % 24 - 15) / 24) - 0.5 * (INDEX % 168 >= 120))
MEANS = (0.1, 0.5, 2.0, 5.0, 20.0, 200.0, 5000.0)
NOISES = ("Poisson", "NB 0.05", "NB 0.3", "days 15 %")
ALERT = 1 / (2 * 90 * 24)  # one-sided


def made(mean: float, noise: str, series: int) -> Table:
    """Return healthy counts."""
    rng = np.random.default_rng([int(10 * mean), NOISES.index(noise)])
    rate = mean * SHAPE / SHAPE[:168].mean() * np.ones((series, 1))
    if noise.startswith("NB"):
        phi = float(noise.split()[1])
        rate = rate * rng.gamma(1 / phi, phi, rate.shape)
    if noise.startswith("days"):
        rate = rate * np.repeat(rng.lognormal(-0.011, 0.15, (series, len(INDEX) // 24)), 24, axis=1)
    values = rng.poisson(rate).astype(float)
    starts = np.datetime64("2026-01-05T00:00:00", "s") + np.arange(len(INDEX) + 1) * np.timedelta64(1, "h")
    calendar = Calendar("hour", starts, INDEX % 168, INDEX // 24, np.zeros(len(INDEX), dtype=bool))
    keys = tuple(Key(str(i)) for i in range(series))
    return Table("rows", calendar, keys, values, np.ones(values.shape, dtype=bool), PAST)


def episodes(p_values: Floats) -> float:
    """Return alerts per series and 90 days, merged within a day."""
    count = 0
    for row in p_values:
        at = np.flatnonzero(row <= ALERT)
        count += int((np.diff(at, prepend=-COOL - 1) > COOL).sum())
    return count * 90 * 24 / p_values.size


def cell(mean: float, noise: str, series: int) -> tuple[float, float]:
    """Return false drops and rises per series and 90 days."""
    table = made(mean, noise, series)
    found = surprises(table, forecast(table))
    return episodes(found.p_drop), episodes(found.p_rise)


def main() -> None:
    """Print a table of means by noise."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--series", type=int, default=300)
    series = ask.parse_args().series
    error = np.sqrt(0.5 * 90 / (len(NOISES) * series * NEW / 24))
    print(f"false drops/rises per series and 90 days; nominal 0.50/0.50, target 0.25 to 1.00 (all: ± {error:.2f})\n")
    print(f"{'mean':>8s}" + "".join(f"{name:>12s}" for name in (*NOISES, "all")))
    for mean in MEANS:
        cells = [cell(mean, noise, series) for noise in NOISES]
        pairs = [*cells, tuple(np.mean(cells, axis=0))]
        print(f"{mean:8g}" + "".join(f"{f'{drop:.2f}/{rise:.2f}':>12s}" for drop, rise in pairs), flush=True)


if __name__ == "__main__":
    main()
