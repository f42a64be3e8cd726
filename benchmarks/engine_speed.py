"""What does the count engine cost for a series: eight weeks of hours fitted, and a day scored?

    python benchmarks/engine_speed.py [--series 10000]

CPU of the process, one thread; the series have means from 0.1 to 10,000 an hour.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from checks.base import Calendar, Key, Table
from checks.counts import forecast, surprises

PAST, NEW = 8 * 168, 24
TARGET = 1.0  # ms


def made(series: int) -> Table:
    """Return simulated counts with a weekly profile."""
    index, rng = np.arange(PAST + NEW), np.random.default_rng(1)
    shape = np.exp(0.9 * np.cos(2 * np.pi * (index % 24 - 15) / 24) - 0.5 * (index % 168 >= 120))
    noise = rng.gamma(20, 1 / 20, (series, len(index)))
    values = rng.poisson(shape * 10 ** rng.uniform(-1, 4, (series, 1)) * noise).astype(float)
    starts = np.datetime64("2026-01-05T00:00:00", "s") + np.arange(len(index) + 1) * np.timedelta64(1, "h")
    calendar = Calendar("hour", starts, index % 168, index // 24, np.zeros(len(index), dtype=bool))
    keys = tuple(Key(str(i)) for i in range(series))
    return Table("rows", calendar, keys, values, np.ones(values.shape, dtype=bool), PAST)


def main() -> None:
    """Print CPU by series."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--series", type=int, default=10_000)
    series = ask.parse_args().series
    surprises(warm := made(8), forecast(warm))  # scipy loads its parts when they are first used
    table = made(series)
    times = [time.process_time()]
    learned = forecast(table)
    times.append(time.process_time())
    surprises(table, learned)
    times.append(time.process_time())
    fit, score = (1e3 * float(t) / series for t in np.diff(times))
    total = f"{fit + score:.2f} ms CPU each (target {TARGET})"
    print(f"{series:,} series: fit {fit:.2f} ms + score {score:.2f} ms = {total}")


if __name__ == "__main__":
    main()
