"""Are p-values of shares right where rows come in clusters, and how much is found?

Bad rows are simulated in clusters (users) of several distributions, over rates and volumes, with
weekends and releases; nothing is wrong in the first table. The product's test is measured beside
what teams use: the binomial test (rows independent), and z of the daily share. The second table
plants a rise, and shows beside it what an oracle finds, which was told how rows come about.

    python benchmarks/rates.py [--series 1000]
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import special

from checks.clusters import learn, rise
from monitor.testing.clusters import Rows, geometric, lognormal, pareto, simulate, single

PAST, NEW = 56, 14
DAYS = np.arange(PAST + NEW) % 7
ALPHAS = (0.01, 0.001, 0.0001)
VOLUMES = ((0.001, 5000), (0.01, 500), (0.01, 5000), (0.05, 200), (0.05, 2000), (0.3, 1000))  # rate, rows a day
WORLDS = {
    "independent rows": Rows(0, 0, single),
    "geometric users, 3 rows": Rows(0, 0, geometric(3), 3),
    "geometric users, 10 rows": Rows(0, 0, geometric(10), 10),
    "lognormal users, sigma 1.2": Rows(0, 0, lognormal(5, 1.2), 5.4),
    "power-law users, index 2.5": Rows(0, 0, pareto(2.5), 1.34),
    "power-law users, index 1.5": Rows(0, 0, pareto(1.5, 300), 2.5),
    "weekend rate x 2": Rows(0, 0, geometric(3), 3, weekend=2.0),
    "daily rate sd 20 %": Rows(0, 0, geometric(3), 3, daily=0.2),
    "the same, wandering (0.8)": Rows(0, 0, geometric(3), 3, daily=0.2, memory=0.8),
}
Test = Callable[[np.ndarray, np.ndarray], np.ndarray]


def product(bad: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the product's p-values of the new days."""
    usual = learn(bad[:, :PAST], rows[:, :PAST], DAYS[:PAST])
    return rise(usual, bad[:, PAST:], rows[:, PAST:], DAYS[PAST:], 0.0, natural=True).p_value


def binomial(bad: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return binomial p-values against the mean share of the past."""
    rate = (bad[:, :PAST].sum(1) / rows[:, :PAST].sum(1))[:, None]
    k, n = bad[:, PAST:], rows[:, PAST:]
    return np.where(k > 0, special.betainc(np.maximum(k, 1e-9), n - k + 1, np.clip(rate, 1e-9, 1)), 1.0)


def z_score(bad: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return normal p-values of the daily share against mean and standard deviation of the past."""
    share = bad / np.maximum(rows, 1)
    past = share[:, :PAST]
    spread = np.maximum(past.std(axis=1, ddof=1, keepdims=True), 1e-9)
    return special.ndtr(-(share[:, PAST:] - past.mean(axis=1, keepdims=True)) / spread)


TESTS: dict[str, Test] = {"product": product, "binomial": binomial, "z of shares": z_score}


def drawn(name: str, rate: float, rows: float, series: int, lift: np.ndarray | float = 1.0, seed: int = 1):
    """Return bad rows and rows of one cell; the same seed for the same cell."""
    world = replace(WORLDS[name], rate=rate, rows=rows)
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), round(1e6 * rate), round(rows)])
    return simulate(world, series, PAST + NEW, rng, lift)


def multiples(p: np.ndarray) -> str:
    """Return false alerts as multiples of the nominal number."""
    return " ".join(f"{(p <= alpha).mean() / alpha:6.2f}" for alpha in ALPHAS)


def size(series: int) -> None:
    """Print false alerts against nominal, by world and by volume."""
    print(f"false alerts / nominal at p <= {', '.join(map(str, ALPHAS))}; 0.5 to 1.5 wanted of the product")
    print(f"{'':28s}" + "".join(f"{name:>24s}" for name in TESTS))
    found: dict[tuple[str, str, tuple[float, int]], np.ndarray] = {}
    seconds = 0.0
    for name in WORLDS:
        for volume in VOLUMES:
            bad, rows = drawn(name, *volume, series)
            for test, judge in TESTS.items():
                began = time.process_time()
                found[test, name, volume] = judge(bad, rows)
                seconds += (time.process_time() - began) * (test == "product")
        line = (np.concatenate([found[test, name, v].ravel() for v in VOLUMES]) for test in TESTS)
        print(f"{name:28s}" + "".join(f"{multiples(p):>24s}" for p in line))
    for volume in VOLUMES:
        line = (np.concatenate([found[test, name, volume].ravel() for name in WORLDS]) for test in TESTS)
        label = f"rate {volume[0]:g}, {volume[1]:,} rows a day"
        print(f"{label:28s}" + "".join(f"{multiples(p):>24s}" for p in line))
    total = (np.concatenate([p.ravel() for (t, _, _), p in found.items() if t == test]) for test in TESTS)
    print(f"{'all':28s}" + "".join(f"{multiples(p):>24s}" for p in total))
    cells = np.array([(found["product", n, v] <= 0.01).mean() / 0.01 for n in WORLDS for v in VOLUMES])
    print(f"cells of the product within 0.5 to 1.5 at p <= 0.01: {np.mean((cells >= 0.5) & (cells <= 1.5)):.0%}")
    print(f"CPU of the product: {1e3 * seconds / (series * len(found) / len(TESTS)):.2f} ms a series")


def power(series: int) -> None:
    """Print the share of bad days that are found at p <= 0.0001, beside an oracle that knows the world."""
    print(
        "\ndays of a raised share that are found at p <= 0.0001 (an oracle that knows the world), 2,000 rows a day, 2 %"
    )
    print(f"{'':28s}" + "".join(f"{f'x{factor}':>16s}" for factor in (2, 3, 4, 6, 10)))
    for name in WORLDS:
        bad, rows = drawn(name, 0.02, 2000, 3000, seed=2)
        line = np.quantile(bad / np.maximum(rows, 1), 1 - 1e-4)
        text = f"{name:28s}"
        for factor in (2, 3, 4, 6, 10):
            bad, rows = drawn(name, 0.02, 2000, series, np.where(np.arange(PAST + NEW) < PAST, 1.0, factor), seed=3)
            ours, best = (product(bad, rows) <= 1e-4).mean(), ((bad / np.maximum(rows, 1))[:, PAST:] > line).mean()
            text += f"{f'{ours:.0%} ({best:.0%})':>16s}"
        print(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=1000, help="series in each of the 54 cells")
    asked = parser.parse_args()
    size(asked.series)
    power(min(asked.series, 300))
