"""Is a change of the size that `trackwatch detectability` names seen as often as it says?

Real hourly counts (`../shared/bench/detection/dev`): the past of each is what the prediction is made of, and the
days that follow are judged by the product's own tests, midnight by midnight, with events lost or added from a
random hour on. A case is one series up to one week, and one such hour. First the predicted change is planted, then
smaller or larger ones, until the least is known that is seen: by how much the predictions would have to be larger
for 80 % to be seen is the 80 % quantile of the least one less the predicted one. The model may be chosen on half
of the series (by a hash of their names); the others are kept apart.

    python benchmarks/detectability.py [--weeks 20] [--subjects 40] [--horizon day] [--change drop] [--by-series]
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy

from benchmarks.decision import HOURS, PAST, Profile
from checks.bar import Bar, Side
from checks.base import Floats, Grain, Key, Table
from checks.counts import Forecast, forecast, silence, surprises
from checks.missing import MissingParams
from checks.model import Bools
from checks.power import HORIZONS, MOST, Takes, seen_by_most, takes
from checks.season import Ints
from checks.volume import VolumeParams
from monitor.detectability import SURE

DATA = Path(__file__).parents[2] / "shared/bench/detection/dev"
PER_WEEK: dict[Grain, int] = {"hour": 168, "day": 7}  # buckets
DAYS_AFTER = {"hour": 1, "day": 2, "week": 8}  # that are judged
ONSETS = {"hour": 8, "day": 3, "week": 1}  # of each series and week
PASTS = (PAST, 35)  # days: short series have a shorter one
STEPS = 6  # bisections of the least change
VOLUME, MISSING = VolumeParams(), MissingParams()


@dataclass(frozen=True)
class Rows:
    """Series up to several weeks, a row each: hours of the past, and 8 days after."""

    names: np.ndarray  # [rows]
    values: Floats  # [rows, hours]
    day: int  # the first one that is judged


@dataclass(frozen=True)
class Cases:
    """Changes that begin at some hour: [cases]."""

    row: Ints
    onset: Ints  # hour in which it begins
    predicted: Floats
    luck: Floats  # [cases, hours from the first judged day on] in 0..1: which of the events


def rows(data: Path, weeks: int) -> Iterator[Rows]:
    """Yield rows by the day at which judging begins, none with an incident or a holiday in what is judged."""
    frames = [pd.read_csv(file, parse_dates=["ts"]) for file in sorted(data.glob("*.hourly.csv*"))]
    found: dict[int, list[tuple[str, Floats]]] = {}
    for name, one in pd.concat(frames).groupby("series", sort=False):
        for day, values in _weeks_of(str(name), one, weeks):
            found.setdefault(day, []).append((str(name), values))
    for day, each in sorted(found.items()):
        yield Rows(np.array([name for name, _ in each]), np.stack([values for _, values in each]), day)


def _weeks_of(name: str, one: pd.DataFrame, weeks: int) -> Iterator[tuple[int, Floats]]:
    """Yield weeks of a series, by chance: the day at which judging begins, and the values up to 8 days after."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    start = int(np.argmax((one["ts"].dt.day_of_week == 0) & (one["ts"].dt.hour == 0)))
    y, bad = one["y"].to_numpy(dtype=float)[start:], (one["label"] > 0).to_numpy()[start:]
    past, taken = next((days for days in PASTS if len(y) >= (days + 7 + DAYS_AFTER["week"]) * 24), PASTS[-1]), 0
    for begin in rng.permutation(len(y) // 168) * 168:
        day = past + int(rng.integers(7))
        until = begin + (day + DAYS_AFTER["week"]) * 24
        if taken < weeks and until <= len(y) and not bad[begin + day * 24 : until].any():
            taken += 1
            yield day, y[begin:until]


def table_of(values: Floats, grain: Grain, day: int) -> Table:
    """Return what the checks see at the end of a day."""
    keys = tuple(Key(f"row {i}") for i in range(len(values)))
    return Profile(keys, values, np.ones(values.shape, dtype=bool), day).table("rows", grain)


def sides(values: Floats, day: int, subjects: int = 40) -> tuple[Side, Side]:
    """Return what is known before a day, with the thresholds of one of so many subjects that share a false alert."""
    made = []
    for grain, buckets in PER_WEEK.items():
        table, bar = table_of(values, grain, day), np.full(len(values), 0.5 / subjects / buckets)
        least = VOLUME.min_drop, VOLUME.min_spike, VOLUME.min_events, MISSING.min_due
        made.append(Side(table, forecast(table), Bar(bar, bar, bar, *least)))
    return made[0], made[1]


@dataclass(frozen=True)
class Judge:
    """Judges changed copies of rows; what is known before the first day is worked out once."""

    of: Rows
    before: tuple[Side, Side]

    def seen(self, cases: Cases, size: Floats, change: str, horizon: str) -> Bools:
        """Return which changes of a size [cases] are told within a horizon."""
        told, values = np.zeros(len(size), dtype=bool), planted(self.of, cases, size, change)
        for day in range(self.of.day, self.of.day + DAYS_AFTER[horizon]):
            (left,) = np.nonzero(~told)
            for side, grain in zip(self.before, PER_WEEK, strict=True) if len(left) else ():
                table = table_of(values[left], grain, day)
                known = side.forecast.rows(cases.row[left]) if day == self.of.day else forecast(table)  # type: ignore[arg-type]
                end = np.arange(table.cut + 1, len(table.calendar) + 1) * HOURS[grain] - cases.onset[left][:, None]
                told[left] |= (
                    alerts(table, known, change, side.bar.drop[0]) & (end > 0) & (end <= HORIZONS[horizon])
                ).any(1)
        return told

    def least(self, cases: Cases, change: str, horizon: str) -> tuple[Bools, Floats]:
        """Return which of the predicted changes are told, and the least that are, by bisection; infinite: none is."""
        low, high = np.zeros(len(cases.row)), np.full(len(cases.row), 1.0 if change == "drop" else MOST)
        told = self.seen(cases, cases.predicted, change, horizon)
        high, low = np.where(told, cases.predicted, high), np.where(told, low, cases.predicted)
        most = told | self.seen(cases, high, change, horizon)
        for _ in range(STEPS):
            middle = (low + high) / 2 if change == "drop" else np.sqrt((1 + low) * (1 + high)) - 1
            now = self.seen(cases, middle, change, horizon)
            low, high = np.where(now, low, middle), np.where(now, middle, high)
        return told, np.where(most, high, np.inf)


def planted(of: Rows, cases: Cases, size: Floats, change: str) -> Floats:
    """Return [cases, hours] with a share of the events lost, or as many more, from each onset on.

    Which ones is drawn by chance, the same for each size: a larger change loses what a smaller one does, and more.
    """
    values, first = of.values[cases.row], of.day * 24
    after = np.arange(first, values.shape[1]) >= cases.onset[:, None]
    count, share = values[:, first:], np.broadcast_to(size[:, None], after.shape)
    if change == "drop":
        made = scipy.stats.binom.ppf(cases.luck, count, 1 - np.clip(share, 0, 1))
    else:
        made = count + scipy.stats.poisson.ppf(cases.luck, np.maximum(share * count, 1e-12))
    values[:, first:] = np.where(after, made, count)
    return values


def alerts(table: Table, known: Forecast, change: str, price: float) -> Bools:
    """Say in which new buckets [rows, buckets] `volume` or `missing` tells a change, at p-values up to a price."""
    found = surprises(table, known)
    window = found.drop if change == "drop" else found.rise
    beyond = (window.expected - window.observed) * (1 if change == "drop" else -1)
    least = VOLUME.min_drop if change == "drop" else VOLUME.min_spike
    told = (found.p_drop if change == "drop" else found.p_rise) <= price
    told &= beyond >= np.maximum(least * window.expected, VOLUME.min_events)
    if change == "drop" and table.calendar.grain == "hour":
        quiet = silence(table, known)
        told |= (quiet.p_value <= price) & (quiet.due >= MISSING.min_due) & (quiet.last >= 0) & known.ready[:, None]
    return told


def cases_of(of: Rows, predicted: list[float | None], horizon: str) -> Cases:
    """Return changes of the predicted size that begin at random hours of the first day."""
    each, rng = ONSETS[horizon], np.random.default_rng([of.day, HORIZONS[horizon]])
    row = np.repeat([i for i, size in enumerate(predicted) if size], each).astype(int)
    onset = of.day * 24 + rng.permuted(np.tile(np.arange(24), (len(predicted), 1)), axis=1)[:, :each]
    luck = rng.uniform(size=(len(predicted) * each, of.values.shape[1] - of.day * 24))
    taken = np.repeat([bool(size) for size in predicted], each)
    sizes = np.array([predicted[i] for i in row], dtype=float)
    return Cases(row, onset.ravel()[taken], sizes, luck[taken])


@dataclass(frozen=True)
class Measured:
    """What came of the cases: [cases]."""

    series: np.ndarray
    predicted: Floats
    told: Bools
    least: Floats

    def part(self, which: Bools) -> Measured:
        """Return some of the cases."""
        return Measured(self.series[which], self.predicted[which], self.told[which], self.least[which])

    def off(self, ratio: bool = False) -> float:
        """Return by how much predictions would have to be larger for `SURE` to be seen: in shares, or of 1 + change."""
        if ratio:
            return float(np.exp(quantile(np.log1p(self.least) - np.log1p(self.predicted))) - 1)
        return quantile(self.least - self.predicted)


def spread(told: Bools, groups: np.ndarray) -> float:
    """Return half the 95 % interval of the share that is told, by groups: cases of one series are alike."""
    away = pd.Series(told - told.mean()).groupby(groups).sum()
    freedom = max(len(away) - 1, 1)
    error = np.sqrt((away**2).sum() * len(away) / freedom) / len(told)
    return float(scipy.stats.t.ppf(0.975, freedom) * error)


def quantile(values: Floats) -> float:
    """Return the least value that `SURE` of all do not exceed."""
    return float(np.sort(values)[int(np.ceil(SURE * len(values))) - 1])


def measured(judges: list[tuple[Judge, Takes]], change: str, horizon: str) -> Measured:
    """Plant the predicted changes, and find the least that are seen."""
    parts = []
    for judge, made in judges:
        least = [seen_by_most(row, SURE) for row in getattr(made, change)[horizon]]
        cases = cases_of(judge.of, least, horizon)
        if len(cases.row):
            parts.append(Measured(judge.of.names[cases.row], cases.predicted, *judge.least(cases, change, horizon)))
    return Measured(
        *(np.concatenate([getattr(part, f) for part in parts]) for f in ("series", "predicted", "told", "least"))
    )


def line(change: str, horizon: str, of: Measured) -> str:
    """Return a row of the table."""
    series = len(np.unique(of.series))
    off = spread(of.told, of.series)
    low, high = of.told.mean() - off, of.told.mean() + off
    seen = f"{of.told.mean():.0%} ({max(low, 0):.0%} to {min(high, 1):.0%})"
    ratio = f"{100 * of.off(ratio=True):+12.1f}" if change == "spike" else ""
    size = f"{np.median(of.predicted):.0%}"
    return f"{change:6}{horizon:>6}{len(of.told):>7}{series:>8}{size:>11}{seen:>21}{100 * of.off():>+9.1f}{ratio}"


def halves(of: Measured, *, by_series: bool) -> Iterator[tuple[str, Measured]]:
    """Yield the series that were chosen on, and the others; or each one."""
    chosen = np.array([zlib.crc32(name.encode()) % 2 == 1 for name in of.series])
    if by_series:
        yield from ((str(name), of.part(of.series == name)) for name in np.unique(of.series))
    else:
        yield from (("chosen on", of.part(chosen)), ("kept apart", of.part(~chosen)), ("all", of))


def main(asked: argparse.Namespace) -> None:
    """Print a table of predicted and measured, by change, horizon and half of the series."""
    groups = list(rows(asked.data, asked.weeks))
    before = [sides(group.values, group.day, asked.subjects) for group in groups]
    judges = [(Judge(group, known), takes(*known)) for group, known in zip(groups, before, strict=True)]
    names = np.concatenate([group.names for group in groups])
    print(f"{len(np.unique(names))} series, {len(names)} weeks, {asked.subjects} subjects; {SURE:.0%} should be seen")
    print(f"{'':12}{'cases':>7}{'series':>8}{'predicted':>11}{'seen (95 %)':>21}{'points':>9}{'% of 1 + spike':>16}")
    for change in [asked.change] if asked.change else ("drop", "spike"):
        for horizon in [asked.horizon] if asked.horizon else HORIZONS:
            found = measured(judges, change, horizon)
            for half, part in halves(found, by_series=asked.by_series):
                if len(part.told):
                    print(f"{line(change, horizon, part)}  {half}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--weeks", type=int, default=20)
    parser.add_argument("--subjects", type=int, default=40, help="that share one false alert a week")
    parser.add_argument("--horizon", choices=list(HORIZONS))
    parser.add_argument("--change", choices=["drop", "spike"])
    parser.add_argument("--by-series", action="store_true")
    main(parser.parse_args())
