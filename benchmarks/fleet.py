"""Which of the faults of `decision.py` could anybody find who knew every rate, with the same budget?

An oracle knows the rate of each Poisson series, and spends one false alert a week evenly over all
series and hours, half of it on days as the product does: t = 0.5/(168 S) for each test. A stop
is found if exp(-M) of its 12 hours is below t, M the events due in them; a halving if the 12 hours
are at or below the count that comes with probability t.

    python benchmarks/fleet.py [--events 2000]
"""

from __future__ import annotations

import argparse

import numpy as np
from decision import FAULT, PAST
from scipy import stats

MEDIAN, SPREAD, FAULTS, LEAST = 4.5, 1.5, 4000, 8


def due(rng: np.random.Generator) -> np.ndarray:
    """Return the events due in twelve hours that begin anywhere, moved back to where at least eight are."""
    at = np.arange(168 + FAULT)
    shape = np.maximum(1 + 0.8 * np.sin((at % 24 - 8) * np.pi / 12), 0.05) * np.where(at // 24 % 7 >= 5, 0.6, 1.16)
    sums = np.convolve(shape, np.ones(FAULT), "valid")[:168]
    found = []
    for rate in rng.lognormal(np.log(MEDIAN), SPREAD, FAULTS):
        before = rate * np.roll(sums[::-1], rng.integers(168))
        enough = before[before >= LEAST]
        found += [enough[0]] if len(enough) else []
    return np.asarray(found)


def main() -> None:
    """Print the shares that an oracle finds."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--events", type=int, default=2000)
    events = ask.parse_args().events
    least = 0.5 / 168 / events
    mean = due(np.random.default_rng(1))
    limit = stats.poisson.ppf(least, mean) - 1
    halves = np.where(limit >= 0, stats.poisson.cdf(limit, mean / 2), 0.0)
    print(f"{events:,} series, {PAST} days known, p of one test {least:.1e}: an oracle finds")
    print(f"{np.mean(np.exp(-mean) <= least):.0%} of stops and {halves.mean():.0%} of halvings of {FAULT} hours")


if __name__ == "__main__":
    main()
