"""What does the count model know of a series, and what does it say of a bucket?

The vocabulary of `checks.counts`, `checks.scan`, `checks.recent` and `checks.silence`. Arrays
are [series, buckets]; a window is a trailing sum that ends in its bucket.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from checks.base import Floats, Table
from checks.extremes import Extremes
from checks.season import Ints, totals

Bools = NDArray[np.bool_]
CELLS = 45_000  # of an array at a time, 32 series of eight weeks of hours: they stay in the processor's cache
READY_DAYS = 3  # of history, before anything is judged
WEEK_DAYS = 7  # of history, before a rise is judged: what starts, rises


@dataclass(frozen=True, slots=True)
class Bursts:
    """How much of the last hours' excess goes on, and how surprising a rise beyond that is."""

    slopes: Floats  # [S, windows, blocks] share of the relative excess of a block that the window after it still shows
    weights: Floats  # [S, blocks] events by which an excess is shrunk: noise is no excess
    laws: Floats  # [S, windows, 2] variance of a window's sum around that expectation
    extremes: tuple[Extremes, ...]  # of the short windows, and of the long ones

    def rows(self, part: slice) -> Bursts:
        """Return those of some of the series."""
        extremes = tuple(each.rows(part) for each in self.extremes)
        return Bursts(self.slopes[part], self.weights[part], self.laws[part], extremes)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the past makes of every bucket of a table: [S, N], past and new."""

    expected: Floats  # past buckets: from the others, for charts
    variance: Floats  # of one bucket
    history: Ints  # [S] usable days
    ready: Bools  # [S] enough of them to judge
    clean: Bools  # [S, N] learned from: usable, and no incident that the model found
    doubt: Floats  # [S, N] variance of the expectation itself, beyond `laws`
    vague: Floats  # [S, slots] of that, what is not known of an hour of the week ahead, relative to its square
    laws: Floats  # [S, windows, 2] variance of a window's sum = a mean + f mean^2
    drops: Extremes
    rises: Extremes
    bursts: Bursts

    def rows(self, part: slice) -> Forecast:
        """Return the forecast of some of the series."""
        each = (self.expected, self.variance, self.history, self.ready, self.clean, self.doubt, self.vague, self.laws)
        expected, variance, history, ready, clean, doubt, vague, laws = (array[part] for array in each)
        extremes = self.drops.rows(part), self.rises.rows(part), self.bursts.rows(part)
        return Forecast(expected, variance, history, ready, clean, doubt, vague, laws, *extremes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Scored:
    """Trailing windows of one width: [S, n]."""

    score: Floats  # normal score, positive: more than expected
    seen: Floats
    due: Floats
    variance: Floats


@dataclass(frozen=True, slots=True)
class Window:
    """The most extreme trailing window of each bucket [S, M]; `low` and `high` bound 99 % of ordinary buckets."""

    length: Ints
    observed: Floats
    expected: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Surprises:
    """How surprising the new buckets are: [S, M].

    One-sided p-values, each the chance of a window at least so extreme ending in one bucket:
    alerting at p <= b / (buckets of a period) gives about b false episodes in that period.
    1 where nothing can be said: unknown, holiday, too little history.
    """

    p_drop: Floats
    p_rise: Floats
    drop: Window
    rise: Window


@dataclass(frozen=True, slots=True)
class Silence:
    """How surprising it is that nothing came since the last event: [S, M]."""

    p_value: Floats  # chance for one bucket that a silence of this length stands in it
    due: Floats  # events expected since the last one
    last: Ints  # bucket of the last event, -1: none in the table
    dispersion: Floats  # phi of the events due: their variance is due (1 + phi due)

    def rows(self, part: slice) -> Silence:
        """Return those of some of the series."""
        return Silence(self.p_value[part], self.due[part], self.last[part], self.dispersion[part])


def blocks(series: int, buckets: int) -> list[slice]:
    """Return slices of series that together are all, each of about `CELLS` buckets; one empty slice for none.

    >>> blocks(3, 30_000)
    [slice(0, 1, None), slice(1, 2, None), slice(2, 3, None)]
    """
    size = max(CELLS // max(buckets, 1), 1)
    return [slice(i, min(i + size, series)) for i in range(0, series, size)] or [slice(0, 0)]


def rows_of(table: Table, part: slice) -> Table:
    """Return some of a table's series."""
    return replace(table, keys=table.keys[part], values=table.values[part], usable=table.usable[part])


def known_counts(table: Table) -> tuple[Floats, Bools]:
    """Return counts with 0 for bad values (NaN, negative, infinite), and where they are known."""
    known = np.isfinite(table.values) & (table.values >= 0)
    return np.where(known, table.values, 0.0), known


def unseen_weekdays(usable: Bools, table: Table) -> Bools:
    """Mark new buckets [S, N] of a weekday of which the past has no whole day."""
    weekday = table.calendar.slot // 24 if table.calendar.grain == "hour" else table.calendar.slot
    seen = totals(usable[:, : table.cut].astype(float), weekday[: table.cut], 7)
    strange: Bools = (seen < (20 if table.calendar.grain == "hour" else 1))[:, weekday]
    strange[:, : table.cut] = False
    return strange


def variance_of(law: Floats, mean: Floats) -> Floats:
    """Return a mean + f mean^2 for a law [S, 2] and means [S, n]."""
    variance = law[:, 1:] * mean
    variance += law[:, :1]
    variance *= mean
    return np.maximum(variance, 1e-12, out=variance)


def interval(mean: Floats, variance: Floats, reach: Floats | float) -> tuple[Floats, Floats]:
    """Return the gamma quantiles at -reach and +reach normal scores (Wilson & Hilferty 1931, PNAS 17).

    >>> [float(end[0].round(1)) for end in interval(np.array([100.0]), np.array([400.0]), 2.576)]
    [55.9, 159.1]
    """
    shape = np.maximum(mean, 1e-12) ** 2 / np.maximum(variance, 1e-24)
    middle, step = 1 - 1 / (9 * shape), reach / (3 * np.sqrt(shape))
    low, high = (mean * np.maximum(middle + s, 0.0) ** 3 for s in (-step, step))
    return low, high
