"""What is usual at this hour of the week, and how high is the level now?

The mean of a count series is level x profile. Both are learned for all series at once:
arrays are [series, buckets]; a weight of 0 takes a bucket out of the learning.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from checks.base import Calendar, Floats

_T = TypeVar("_T")

Ints = NDArray[np.int64]
STEADY = 10.0  # events: levels vary by about 1/sqrt(10) in ordinary months
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Pace:
    """The time constants of one grain. Windows are in buckets, all else in days."""

    windows: tuple[int, ...]
    screen: int  # buckets of the window that finds past incidents, beside the single bucket
    profile_half_life: float
    level_half_life: float
    extremes: int  # days whose largest deviations calibrate the scan
    looks: int  # independent looks that the windows of one day are worth
    jitter: float  # share of the step to the next slot by which events may come early or late
    bursts: tuple[int, ...]  # windows in which a rise is also measured against the excess before it
    short: int  # how many of them are short: these, and the others, are calibrated apart
    blocks: tuple[int, ...]  # buckets before a window whose excess may go on in it
    burst_looks: int  # independent looks that the short ones, or the long ones, are worth in a day
    burstiness: float  # tail of rises that is expected, as a multiple of the model's: daily counts burst more

    def grouped(self, each: list[_T]) -> tuple[list[_T], list[_T]]:
        """Split what belongs to the windows of `bursts` into short and long."""
        return each[: self.short], each[self.short :]


PACES = {
    "hour": Pace((1, 2, 3, 6, 12, 24, 48), 12, 35.0, 5.0, 42, 8, 0.2, (1, 2, 3, 6, 12, 24), 3, (1, 3, 24), 5, 1.15),
    "day": Pace((1, 2, 3, 7), 1, 90.0, 8.0, 150, 6, 0.0, (1, 2, 3), 1, (1, 7), 4, 1.6),
}


@dataclass(frozen=True, slots=True)
class Grid:
    """The past of a calendar as the engine needs it."""

    pace: Pace
    slot: Ints  # [n] fine slot of each past bucket
    slots: int
    groups: tuple[tuple[Ints, int], ...]  # coarse to fine: group of each slot, days of history it takes
    firsts: Ints  # [days] first bucket of each local day
    day_of: Ints  # [n] index into firsts
    per_day: int
    age: Floats  # [n] days before the cut

    @classmethod
    def of(cls, calendar: Calendar, cut: int) -> Grid:
        """Cut a calendar's past into slots and local days (which may have 23 or 25 hours)."""
        hourly = calendar.grain == "hour"
        slot, day = calendar.slot[:cut], calendar.day[:cut]
        size = 168 if hourly else 7
        firsts = np.flatnonzero(np.diff(day, prepend=day[0] - 1 if cut else 0)).astype(np.int64)
        day_of = np.searchsorted(firsts, np.arange(cut), side="right").astype(np.int64) - 1
        per_day = 24 if hourly else 1
        age = (cut - 1 - np.arange(cut)) / per_day
        return cls(PACES[calendar.grain], slot, size, _groups(hourly), firsts, day_of, per_day, age)

    def recent(self) -> tuple[Grid, int]:
        """Return the grid of the days that calibrate the scan, and their first bucket."""
        firsts = self.firsts[-self.pace.extremes :]
        start = int(firsts[0]) if len(firsts) else 0
        past = {name: getattr(self, name)[start:] for name in ("slot", "day_of", "age")}
        return replace(self, firsts=firsts - start, **past), start

    def by_day(self, values: Floats) -> Floats:
        """Sum [S, n] buckets into [S, days]."""
        if not len(self.firsts):
            return np.zeros((len(values), 0))
        return np.add.reduceat(values, self.firsts, axis=1)

    def by_slot(self, values: Floats) -> Floats:
        """Sum [S, n] buckets into [S, slots]."""
        return totals(values, self.slot, self.slots)


def totals(values: Floats, group: Ints, size: int) -> Floats:
    """Sum the columns of [S, n] by the group [n] that each is in: [S, size].

    Not a product with an indicator matrix: BLAS would share that among threads, which costs
    more than the sum itself wherever processors are busy.

    >>> totals(np.array([[1.0, 2.0, 4.0]]), np.array([2, 0, 2]), 3)
    array([[2., 0., 5.]])
    """
    cells = np.arange(len(values))[:, None] * size + group
    sums = np.bincount(cells.ravel(), weights=values.ravel(), minlength=len(values) * size)
    return np.asarray(sums, dtype=np.float64).reshape(len(values), size)


def _groups(hourly: bool) -> tuple[tuple[Ints, int], ...]:
    fine = np.arange(168 if hourly else 7)
    hour, weekend = fine % 24, (fine // 24 >= 5).astype(np.int64)
    return ((0 * fine, 0), (hour, 0), (hour + 24 * weekend, 9), (fine, 14)) if hourly else ((0 * fine, 0), (fine, 14))


@dataclass(frozen=True, slots=True)
class Season:
    """Level and profile of every series, and what they make of the past."""

    profile: Floats  # [S, slots] events a bucket at level 1
    doubt: Floats  # [S, slots] relative variance of the profile
    level: Floats  # [S, days + 1] before each day, and after the last
    past: Floats  # [S, n] expectation of each past bucket: its slot without itself, the level before its day
    floor: Floats  # [S] no expectation at level 1 is below it

    def expected(self, slot: Ints) -> tuple[Floats, Floats]:
        """Return the expectation, and its relative variance, of buckets after the past by their slots."""
        profile = np.maximum(self.profile[:, slot], self.floor[:, None])
        return profile * self.level[:, -1:], self.doubt[:, slot]


def learn(
    y: Floats, weight: Floats, grid: Grid, days: Floats, before: Season | None = None, law: Floats | None = None
) -> Season:
    """Fit profile and level to the past.

    Args:
        y: [S, n] counts, 0 where unknown.
        weight: [S, n] 0 or 1.
        grid: The past's calendar.
        days: [S] days of history.
        before: An earlier fit, whose level is divided out and whose noise is known.
        law: [S, 2] that noise: variance of a bucket = a mean + f mean^2.

    Returns:
        The season of every series.
    """
    level = before.level[:, grid.day_of] if before else np.ones_like(y)
    aged = weight * 0.5 ** (grid.age / grid.pace.profile_half_life)
    mean = (weight * y).sum(1) / np.maximum(weight.sum(1), 1.0)
    floor = 1e-3 * np.maximum(mean, 1e-6)
    worth = _worth(aged, before.past, law, grid) if before and law is not None else np.ones((len(y), 1))
    profile, doubt, own = _profile(aged * y, aged * level, worth, grid, days)
    usual = np.maximum(profile, floor[:, None])[:, grid.slot]
    levels = _levels(grid.by_day(weight * y), grid.by_day(weight * usual), grid.pace)
    past = levels[:, grid.day_of] * np.maximum(own, floor[:, None])
    return Season(profile, doubt, levels, past, floor)


def _worth(aged: Floats, mean: Floats, law: Floats, grid: Grid) -> Floats:
    """Return how many independent events one event of a slot is worth, mean/variance: [S, slots].

    A third of the dispersion counts: the rest belongs to days, not to hours, and the level follows it.
    """
    due = aged * mean
    variance = law[:, :1] + 0.3 * law[:, 1:] * mean
    return np.maximum(grid.by_slot(due / variance), _LEAST) / np.maximum(grid.by_slot(due), _LEAST)


def _profile(
    events: Floats, exposure: Floats, worth: Floats, grid: Grid, days: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return profile and its relative variance by slot, and for each bucket the profile without itself.

    Ratios of weighted sums, from coarse slots to fine ones; each is shrunk to its parent by
    the gamma-Poisson posterior mean, whose prior weight comes from the spread between slots
    beyond their own noise (empirical Bayes: Robbins 1956; Clayton & Kaldor 1987).
    """
    raw, exposed = grid.by_slot(events), grid.by_slot(exposure)
    mean = raw.sum(1) / np.maximum(exposed.sum(1), _LEAST)
    seen, open_ = worth * raw, worth * exposed
    profile = np.repeat(np.maximum(mean, _LEAST)[:, None], raw.shape[1], axis=1)
    parent, weight = profile, np.ones((len(raw), 1))
    for group, least in grid.groups:
        parent, size = profile, int(group.max()) + 1
        total, due = totals(seen, group, size), totals(open_ * parent, group, size)
        weight = np.where((days >= least)[:, None], _prior_weight(total, due), 1e12)
        profile = parent * ((weight + total) / (weight + due))[:, group]
    rest, bare = (weight + seen)[:, grid.slot], (weight / parent + open_)[:, grid.slot]
    share = np.broadcast_to(worth, raw.shape)[:, grid.slot]
    own = np.maximum(rest - share * events, weight) / np.maximum(bare - share * exposure, weight / parent[:, grid.slot])
    return profile, 1 / (weight + open_ * parent), own


def _prior_weight(total: Floats, due: Floats) -> Floats:
    """Return 1/tau^2 [S, 1], tau^2 the variance of total/due between slots beyond 1/due."""
    due = np.maximum(due, _LEAST)
    between = (due * ((total / due - 1) ** 2 - 1 / due)).sum(1) / due.sum(1)
    weight: Floats = 1 / np.maximum(between, 1e-3)[:, None]
    return weight


def _levels(y: Floats, due: Floats, pace: Pace) -> Floats:
    """Return the level before each day and after the last: events over profile, weighted to the recent past.

    Discounted gamma-Poisson (West & Harrison 1997, ch. 10), each day winsorised at 2 sd of 20 %.
    The prior of `STEADY` events keeps the level of a rare event at 1: its ups and downs are chance.
    """
    series, days = y.shape
    keep = 0.5 ** (1 / pace.level_half_life)
    events = open_ = 2 * np.maximum(due.mean(1) if days else np.ones(series), _LEAST)
    levels = np.empty((series, days + 1))
    for day in range(days):
        levels[:, day] = (events + STEADY) / (open_ + STEADY)
        mean = levels[:, day] * due[:, day]
        reach = 2 * np.sqrt(mean + 0.04 * mean * mean)
        events = keep * events + np.clip(y[:, day], mean - reach, mean + reach)
        open_ = keep * open_ + due[:, day]
    levels[:, days] = (events + STEADY) / (open_ + STEADY)
    return levels
