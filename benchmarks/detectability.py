"""Is a change of the size that `trackwatch detectability` names seen as often as it says?

Real hourly counts (`../shared/bench/detection/dev`): the past of each is what the prediction is made of, and the
weeks that follow are judged by the product's own checks, midnight by midnight, with events lost or added from
a random hour on. Each row of a table is one series up to one week. Planted are the predicted change, and smaller
and larger ones, so that the change which is really seen in 80 % of cases can be told beside the predicted one.

    python benchmarks/detectability.py [--series 60] [--weeks 8] [--horizon day] [--change drop]
"""

from __future__ import annotations

import argparse
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.decision import PAST, Profile
from checks import load
from checks.base import CHECKS, Finding, Key
from checks.expectation import forecast_of
from checks.missing import MissingParams
from checks.plan import Plan
from checks.power import HORIZONS, Bar, Side, seen_by_most, takes
from checks.volume import VolumeParams
from monitor.detectability import SURE

DATA = Path(__file__).parents[2] / "shared/bench/detection/dev"
BUDGET = 0.5 / 40  # false alerts a week and grain of each of 40 subjects
HOURLY, DAILY = BUDGET / 168, BUDGET / 7
DAYS_AFTER = {"hour": 1, "day": 2, "week": 8}  # that are judged
SIZES = (0.7, 0.85, 1.0, 1.15, 1.3)  # of what is planted, as a multiple of the predicted change
KINDS = {"drop": ("drop", "stopped"), "spike": ("spike",)}


@dataclass(frozen=True)
class Rows:
    """One series up to several weeks, a row each: hours of the past, and 8 days after."""

    name: str
    values: np.ndarray  # [rows, hours]
    day: int  # the first one that is judged
    onset: np.ndarray  # [rows] hour of it in which the change begins


def series(number: int, weeks: int) -> list[Rows]:
    """Return rows of as many series, none with an incident or a holiday in what is judged."""
    found = []
    frames = [pd.read_csv(file, parse_dates=["ts"]) for file in sorted(DATA.glob("*.csv*"))]
    for name, one in pd.concat(frames).groupby("series", sort=False):
        if str(name).endswith(".h"):
            made = _rows(str(name), one, weeks)
            found += [made] if made else []
    order = np.random.default_rng(3).permutation(len(found))
    return [found[i] for i in order[:number]]


def _rows(name: str, one: pd.DataFrame, weeks: int) -> Rows | None:
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    day = PAST + int(rng.integers(7))
    size = (day + DAYS_AFTER["week"]) * 24
    start = int(np.argmax((one["ts"].dt.day_of_week == 0) & (one["ts"].dt.hour == 0)))
    y, bad = one["y"].to_numpy(dtype=float)[start:], (one["label"] > 0).to_numpy()[start:]
    starts = [s for s in range(0, len(y) - size + 1, 168) if not bad[s + day * 24 : s + size].any()]
    starts = [starts[i] for i in rng.permutation(len(starts))[:weeks]]
    if not starts or not np.isfinite(y).all():
        return None
    return Rows(name, np.stack([y[s : s + size] for s in starts]), day, rng.integers(24, size=len(starts)))


def sides(profile: Profile) -> tuple[Side, Side]:
    """Return what is known before the first day is judged, with the thresholds of the budget."""
    volume, missing = VolumeParams(), MissingParams()
    made = []
    for grain, p_value in (("hour", HOURLY), ("day", DAILY)):
        table = profile.table("rows", grain)
        bar = np.full(len(table.keys), p_value)
        least = volume.min_drop, volume.min_spike, volume.min_events, missing.min_due
        made.append(Side(table, forecast_of(table), Bar(bar, bar, bar, *least)))
    return made[0], made[1]


def profile_of(rows: Rows, values: np.ndarray, day: int) -> Profile:
    """Return what checks see of a day."""
    keys = tuple(Key(f"{rows.name} {i}") for i in range(len(values)))
    return Profile(keys, values, np.ones(values.shape, dtype=bool), day)


def planted(rows: Rows, change: str, size: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the counts with a share of the events lost, or as many more, from each row's onset on."""
    values, after = rows.values.copy(), np.arange(rows.values.shape[1]) >= rows.day * 24 + rows.onset[:, None]
    counts = values.astype(int)
    share = np.broadcast_to(size[:, None], values.shape)
    made = rng.binomial(counts, 1 - np.clip(share, 0, 1)) if change == "drop" else counts + rng.poisson(share * counts)
    values[after] = made[after]
    return values


def seen(rows: Rows, values: np.ndarray, change: str, horizon: str) -> np.ndarray:
    """Return which rows [rows] are told within a horizon."""
    told = np.zeros(len(values), dtype=bool)
    onset = rows.day * 24 + rows.onset
    base = pd.Timestamp("2026-01-05", tz="UTC")
    for day in range(rows.day, rows.day + DAYS_AFTER[horizon]):
        profile = profile_of(rows, values, day)
        index = {key.event: i for i, key in enumerate(profile.keys)}
        for found in judged(profile):
            i, end = index[found.event], (found.bucket.end - base) / pd.Timedelta("1h")
            hourly = (found.bucket.end - found.bucket.start).total_seconds() <= 3600
            if found.kind in KINDS[change] and found.relevant and found.p_value <= (HOURLY if hourly else DAILY):
                told[i] |= onset[i] < end <= onset[i] + HORIZONS[horizon]
    return told


def judged(profile: Profile) -> list[Finding]:
    """Return what `volume` and `missing` say of a day."""
    checks = (CHECKS[name] for name in ("missing", "volume"))
    found = [f for each in checks for f in each.check.judge(profile, Plan(), each.params())]
    return [f for f in found if f.p_value is not None]


def crossing(shares: dict[float, float]) -> float:
    """Return the multiple of the predicted change that is seen in `SURE` of the cases."""
    sizes, told = np.array(sorted(shares)), np.array([shares[size] for size in sorted(shares)])
    return float(np.interp(SURE, np.maximum.accumulate(told), sizes))


def main(asked: argparse.Namespace) -> None:
    """Print a table of predicted and measured, by change and horizon."""
    load()
    every = series(asked.series, asked.weeks)
    weeks = sum(len(rows.values) for rows in every)
    print(f"{len(every)} series, {weeks} weeks; share seen of changes that are a multiple of what is predicted")
    head = "".join(f"{f'x {size}':>8}" for size in SIZES)
    print(f"{'':14}{'cases':>6}{'predicted':>11}{head}   points to where {SURE:.0%} are seen")
    predictions = [takes(*sides(profile_of(rows, rows.values, rows.day))) for rows in every]
    for change in [asked.change] if asked.change else KINDS:
        for horizon in [asked.horizon] if asked.horizon else HORIZONS:
            shares, cases, sizes = dict[float, float](), 0, list[float]()
            for size in SIZES:
                told: list[bool] = []
                for rows, made in zip(every, predictions, strict=True):
                    least = [seen_by_most(row, SURE) for row in getattr(made, change)[horizon]]
                    known = np.array([each is not None and each > 0 for each in least])
                    if not known.any():
                        continue
                    own = replace(rows, values=rows.values[known], onset=rows.onset[known])
                    predicted = np.array([each for each in least if each])
                    rng = np.random.default_rng([zlib.crc32(rows.name.encode()), int(size * 100)])
                    told += seen(own, planted(own, change, predicted * size, rng), change, horizon).tolist()
                    sizes += predicted.tolist() if size == 1.0 else []
                shares[size], cases = float(np.mean(told)) if told else np.nan, len(told)
            if cases:
                median = float(np.median(sizes))
                points = 100 * median * (crossing(shares) - 1)
                line = "".join(f"{shares[size]:8.0%}" for size in SIZES)
                print(f"{change:6}{horizon:>8}{cases:>6}{median:>11.0%}{line}   {points:+.1f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=60)
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--horizon", choices=list(HORIZONS))
    parser.add_argument("--change", choices=list(KINDS))
    main(parser.parse_args())
