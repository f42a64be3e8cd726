"""How well are slow changes of level found, and how many shifts are false?

Forty events of one source, 10 to 5,000 a day, with weekends, a common season, and weeks that wobble: first how many
tests come below a p beside what that p promises; then one event in four decays, and it is counted how many of these
`volume.shift` tells of at p ≤ 0.0002 within six weeks, and how soon. With a folder of daily series (`series,ts,y` in
CSV, one file a family) also the tests on real counts, of a family as if its series were the events of one source.

    python benchmarks/levels.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from checks.base import Calendar, Key, Table
from checks.levels import levels

EVENTS, DAYS, ONSET = 40, 400, 90
LEAST = -np.log(0.6)  # the default of `min_shift`, as a log ratio
TOLD = 2e-4


def table(counts: np.ndarray) -> Table:
    """Return daily counts [events, days] as what checks see."""
    days = counts.shape[1]
    starts = np.datetime64("2025-01-06", "s") + np.arange(days + 1) * np.timedelta64(86400, "s")
    calendar = Calendar("day", starts, np.arange(days) % 7, np.arange(days), np.zeros(days, dtype=bool))
    keys = tuple(Key(f"Event {i}", "web") for i in range(len(counts)))
    return Table("rows", calendar, keys, counts, np.isfinite(counts), days)


def shop(seed: int, days: int, wobble: float, walk: float) -> np.ndarray:
    """Return counts with a spread of `wobble` between weeks, and levels that walk by `walk` a day."""
    draw, day = np.random.default_rng(seed), np.arange(days)
    own = np.cumsum(draw.normal(0, walk, (EVENTS, days)), axis=1) + draw.normal(0, wobble * 7**0.5, (EVENTS, days))
    common = (1 + 0.3 * np.sin(day / 60)) * (1 - 0.3 * (day % 7 > 4))
    return draw.poisson(np.geomspace(10, 5000, EVENTS)[:, None] * common * np.exp(own)).astype(float)


def matters(level: object) -> bool:
    """Say whether `volume` would tell of a level that is surprising enough."""
    sign = np.sign(level.moved)
    return bool(sign * level.moved >= LEAST and sign * level.before >= LEAST / 3)


def false_alerts(name: str, counts: np.ndarray) -> None:
    """Print how often healthy series look shifted."""
    everything, days = table(counts), range(55, counts.shape[1])
    found = [each for day in days for each in levels(everything, day) if each]
    p_values = np.array([each.p_value for each in found])
    ratios = ", ".join(f"p ≤ {p:g}: {np.mean(p_values <= p) / p:.2f} ×" for p in (0.05, 0.01, 0.001))
    told = sum(each.p_value <= TOLD and matters(each) for each in found)
    print(f"{name:28} {len(found):6,} tests; {ratios}; told of on {told} days of a series")


def power(share: float, over: int, wobble: float) -> None:
    """Print how many decays are found, and how soon."""
    delays = []
    for seed in range(6):
        counts, ill = shop(seed, 160, wobble, 0.0), range(seed % 4, EVENTS, 4)
        factor = np.clip(1 - (1 - share) * (np.arange(160) - ONSET + 1) / over, share, 1.0)
        for i in ill:
            counts[i] = np.random.default_rng(seed).binomial(counts[i].astype(int), factor)
        everything, first = table(counts), dict[int, int]()
        for day in range(ONSET, ONSET + 42):
            for i, each in enumerate(levels(everything, day)):
                if each and each.p_value <= TOLD and matters(each):
                    first.setdefault(i, day - ONSET + 1)
        delays += [first.get(i, np.inf) for i in ill]
    found = np.isfinite(delays)
    print(
        f"to {share:.0%} in {over:2} days, wobble {wobble:.0%}: {found.mean():4.0%} found,"
        f" half of them within {np.median(np.array(delays)[found]):.0f} days"
    )


def main() -> None:
    """Print all."""
    for name, how in {"5 % wobble": (0.05, 0), "and 2 % of walk a day": (0.05, 0.02), "and 5 %": (0.05, 0.05)}.items():
        false_alerts(name, shop(0, DAYS, *how))
    for path in sorted(Path(sys.argv[1]).glob("*.daily.csv.gz")) if len(sys.argv) > 1 else ():
        series = pd.read_csv(path).pivot_table(index="ts", columns="series", values="y").to_numpy().T
        if len(series) > 4:
            false_alerts(path.name.removesuffix(".daily.csv.gz"), series)
    for share, over in ((0.4, 14), (0.5, 14), (0.4, 28), (0.6, 14)):
        for wobble in (0.03, 0.05, 0.1):
            power(share, over, wobble)


if __name__ == "__main__":
    main()
