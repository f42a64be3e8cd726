"""How small a loss, and how small a rise, would the count model still see, and how soon?

Hours of a series' own last weeks are taken for the moment at which a change begins. For each trailing
window that ends soon after, the count at which its test just alerts is known; by what share the
events since that moment must have been fewer, or more, for the window to come there is a division. The least
such share over all windows is what this moment takes; what most moments take is what is seen. So
bursts, slow waves and what sources have in common are in it as they are, and nothing is drawn
by chance but which events are lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from checks.base import Floats, Table
from checks.counts import DROP_LOOKS, RISE_LOOKS, Forecast
from checks.model import WEEK_DAYS, Bools, blocks, known_counts, rows_of, variance_of
from checks.recent import score_bursts
from checks.scan import Running, count_at
from checks.season import PACES, Ints, Pace
from checks.silence import stops

HORIZONS = {"hour": 1, "day": 24, "week": 168}  # in hours
EVERY = 11  # hours between two moments: prime to those of a week, so that every hour of it comes
DAYS = 42  # of the past, as many as calibrate the scan
KNOWN = 0.75  # share of the day after a moment that must be known for it to count
MOST = 9.0  # a rise to ten times as many: what is not seen then is not seen
AHEAD = np.array([*range(1, 25), *range(30, 73, 6), *range(84, 169, 12)])  # hours after it that are looked at
QUIET = np.array([1, 2, 3, 6, 9, 12, 18, 24, 36, 48, 72, 96, 120, 144, 168])  # the same, for silences
BEYOND = 1e18  # events: no count reaches it
STEP = 0.4  # share by which a day may move the level, at most (`checks.season`: winsorised at 2 sd of 20 %)


@dataclass(frozen=True, slots=True)
class Bar:
    """What a test must reach to be told: p-values of each series [S], and the least that matters."""

    drop: Floats
    rise: Floats
    stop: Floats
    min_drop: float  # share of what is expected
    min_spike: float
    min_events: float  # lost, or in excess
    min_due: float  # of a silence

    def rows(self, part: slice) -> Bar:
        """Return that of some of the series."""
        return replace(self, drop=self.drop[part], rise=self.rise[part], stop=self.stop[part])


@dataclass(frozen=True, slots=True)
class Side:
    """The series of one grain, what is expected of them, and what their tests must reach."""

    table: Table
    forecast: Forecast
    bar: Bar

    def rows(self, part: slice) -> Side:
        """Return some of the series."""
        return Side(rows_of(self.table, part), self.forecast.rows(part), self.bar.rows(part))


@dataclass(frozen=True, slots=True)
class Takes:
    """The least change that is seen within each of `HORIZONS`, by the moment at which it begins: [S, O].

    Infinite: none is; NaN: too little is known of what followed.
    """

    drop: Mapping[str, Floats]
    spike: Mapping[str, Floats]


def takes(hourly: Side, daily: Side, seed: int = 0) -> Takes:
    """Return the least loss and rise of each series that are seen, by the moment at which they begin.

    Args:
        hourly: Counts by the hour.
        daily: Counts of the same series by the day.
        seed: Which events are lost is drawn by chance.
    """
    rng = np.random.default_rng(seed)
    parts = [_takes(hourly.rows(part), daily.rows(part), rng) for part in blocks(len(hourly.table.keys))]
    drop, spike = (
        {name: np.concatenate([getattr(part, side)[name] for part in parts]) for name in HORIZONS}
        for side in ("drop", "spike")
    )
    return Takes(drop, spike)


def seen_by_most(least: Floats, sure: float) -> float | None:
    """Return the least change that is seen of a share `sure` of the moments [O]; None: none is.

    >>> seen_by_most(np.array([0.2, 0.3, 0.4, 0.5, np.inf]), 0.8), seen_by_most(np.array([0.2, np.inf]), 0.8)
    (0.5, None)
    """
    known = np.sort(least[~np.isnan(least)])
    found = float(known[min(int(np.ceil(sure * len(known))), len(known)) - 1]) if len(known) else np.inf
    return found if np.isfinite(found) else None


def moments(table: Table) -> Ints:
    """Return the hours of the past [O] at which a change is taken to begin, a week before its end at the latest."""
    return np.arange(max(table.cut - DAYS * 24, 1), table.cut - HORIZONS["week"] + 1, EVERY)


def _takes(hourly: Side, daily: Side, rng: np.random.Generator) -> Takes:
    onset = moments(hourly.table)
    since = _Since.of(hourly, onset, rng)
    shape = (len(hourly.table.keys), len(onset))
    drop, spike = ({name: np.full(shape, np.inf) for name in HORIZONS} for _ in range(2))
    days = np.searchsorted(hourly.table.calendar.starts, daily.table.calendar.starts)
    hours = np.arange(len(hourly.table.calendar) + 1)
    first = np.searchsorted(days, onset, side="right") - 1
    ends = (onset[:, None] + AHEAD - 1, first[:, None] + np.arange(WEEK_DAYS))
    for side, buckets, end in ((hourly, hours, ends[0]), (daily, days, ends[1])):
        for after, losses, rises in _changes(side, buckets, end, since):
            _keep(drop, after, losses)
            _keep(spike, after, rises)
    _keep(drop, np.broadcast_to(QUIET, (len(onset), len(QUIET))), _silences(hourly, since, rng))
    for found in (*drop.values(), *spike.values()):
        found[~since.told] = np.nan
    return Takes(drop, spike)


def _keep(found: dict[str, Floats], after: Ints, least: Floats) -> None:
    """Keep the least [S, O, D] of what ends within each horizon, `after` [O, D] hours."""
    for name, hours in HORIZONS.items():
        found[name] = np.minimum(found[name], np.where(after <= hours, least, np.inf).min(axis=2, initial=np.inf))


@dataclass(frozen=True, slots=True)
class _Since:
    """What came from each moment on, cumulated by the hour: [S, n + 1]."""

    onset: Ints  # [O]
    count: Floats
    due: Floats
    noise: Floats  # a random walk with the variance of the count: which of the events are lost
    told: Bools  # [S, O] enough of what follows is known

    @classmethod
    def of(cls, side: Side, onset: Ints, rng: np.random.Generator) -> _Since:
        told = _told(side)
        count = np.where(told, known_counts(side.table)[0][:, : side.table.cut], 0.0)
        due = np.where(told, side.forecast.expected[:, : side.table.cut], 0.0)
        noise = rng.standard_normal(count.shape) * np.sqrt(count)
        known = _cumulated(told.astype(float))
        day = known[:, np.minimum(onset + 24, side.table.cut)] - known[:, onset]
        return cls(onset, _cumulated(count), _cumulated(due), _cumulated(noise), day >= KNOWN * 24)

    def between(self, start: Ints, end: Ints) -> tuple[Floats, Floats, Floats]:
        """Return count, events due and noise of [start, end), as far as that is after the moment: [S, O, D]."""
        begin = np.maximum(start, self.onset[:, None])
        count, due, noise = (each[:, end] - each[:, begin] for each in (self.count, self.due, self.noise))
        return count, due, noise


def _told(side: Side) -> Bools:
    """Say which buckets of the past take part in windows: [S, cut]."""
    past = slice(None, side.table.cut)
    told: Bools = known_counts(side.table)[1][:, past] & side.forecast.clean[:, past]
    return told


def _cumulated(values: Floats) -> Floats:
    return np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)


def _changes(side: Side, hour: Ints, end: Ints, since: _Since) -> Iterator[tuple[Ints, Floats, Floats]]:
    """Yield of each window how many hours after the moment it ends [O, D], and what loss and rise it takes [S, O, D].

    Args:
        side: The series of a grain.
        hour: [N + 1] hour in which each bucket begins.
        end: [O, D] buckets in which windows end.
        since: What came after each moment.
    """
    pace, after = PACES[side.table.calendar.grain], hour[end + 1] - since.onset[:, None]
    for window in _windows(side, pace):
        start = hour[np.maximum(end + 1 - window.width, 0)]
        came, due, noise = since.between(start, hour[end + 1])
        followed = _followed(after, start - since.onset[:, None], pace) * due / np.maximum(window.due[:, end], 1e-9)
        rise = _solved(window.high[:, end] - window.seen[:, end], window.high[:, end] * followed, came, -noise, MOST)
        if window.low is None:  # what a change does to the excess before a window is not followed
            rise = np.where(start <= since.onset[:, None], rise, np.inf)
            yield after, np.full(rise.shape, np.inf), rise
            continue
        low = window.low[:, end]
        loss = _solved(window.seen[:, end] - low, low * followed, came, noise, 1.0)
        yield after, np.where(low >= 0, loss, np.inf), rise


def _followed(after: Ints, start: Ints, pace: Pace) -> Floats:
    """Return how much of a change the level has followed by the middle of what a window sees of it: [O, D].

    Both in hours after the moment; the level moves at midnight, half a day ago on average.
    """
    days = np.maximum((after + np.maximum(start, 0)) / 2 - 12, 0.0) / 24
    followed: Floats = 1 - 0.5 ** (days / pace.level_half_life)
    return followed


def _solved(beyond: Floats, followed: Floats, came: Floats, noise: Floats, most: float) -> Floats:
    """Return the share of the events that came that must be lost, or come again, for a window to alert: [S, O, D].

    share came = beyond + followed min(share, STEP) + noise sqrt(share (1 - share)), by iteration.

    Args:
        beyond: Events between what came and what alerts.
        followed: Events by which that moves away, as what is expected follows the change, at a share of 1.
        came: Events since the moment.
        noise: Deviation of how many of them are lost, at a share that has a variance of 1.
        most: Largest share.
    """
    events, share = np.maximum(came, 1e-9), np.zeros_like(came)
    for _ in range(5):
        spread = np.sqrt(share * (1 - share)) if most <= 1 else np.sqrt(share)
        share = np.clip((beyond + followed * np.minimum(share, STEP) + noise * spread) / events, 0.0, most)
    enough = came * most >= beyond + followed * min(STEP, most)
    return np.where(enough, share, np.inf)


@dataclass(frozen=True, slots=True)
class _Window:
    """Trailing windows of one width, by the bucket of the past in which they end: [S, n]."""

    width: int
    seen: Floats
    due: Floats
    low: Floats | None  # so many or fewer are told as a drop; negative: no count is; None: they see rises only
    high: Floats  # so many or more are told as a rise


def _windows(side: Side, pace: Pace) -> Iterator[_Window]:
    """Yield the windows of `checks.counts.surprises`, each with the counts that alert."""
    forecast, bar, per_day = side.forecast, side.bar, 24 if side.table.calendar.grain == "hour" else 1
    past, told = slice(None, side.table.cut), _told(side)
    values = known_counts(side.table)[0]
    counts = [Running.of(np.where(told, a[:, past], 0.0)) for a in (values, forecast.expected, forecast.doubt)]
    drop, rise = forecast.drops.score(bar.drop * per_day / DROP_LOOKS), bar.rise * per_day / RISE_LOOKS
    for i, width in enumerate(pace.windows):
        seen, due, doubt = (each.window(width) for each in counts)
        variance = variance_of(forecast.laws[:, i], due) + doubt
        high = _high(side, forecast.rises.score(rise), due, variance)
        yield _Window(width, seen, due, _low(side, drop, due, variance), high)
    bursts = score_bursts((counts[0], counts[1], counts[2]), (counts[0], counts[1]), forecast.bursts, pace)
    for i, each in enumerate(bursts):
        score = forecast.bursts.extremes[int(i >= pace.short)].score(rise)
        yield _Window(pace.bursts[i], each.seen, each.due, None, _high(side, score, each.due, each.variance))


def _low(side: Side, score: Floats, due: Floats, variance: Floats) -> Floats:
    """Return the count, and a half, from which down a drop is told."""
    count = count_at(np.broadcast_to(-score[:, None], due.shape), due, variance)
    count = np.minimum(count, np.minimum((1 - side.bar.min_drop) * due, due - side.bar.min_events))
    return np.where(side.forecast.ready[:, None], np.floor(count) + 0.5, -1.0)


def _high(side: Side, score: Floats, due: Floats, variance: Floats) -> Floats:
    """Return the count, less a half, from which up a rise is told."""
    count = count_at(np.broadcast_to(score[:, None], due.shape), due, variance)
    count = np.maximum(count, np.maximum((1 + side.bar.min_spike) * due, due + side.bar.min_events))
    return np.where((side.forecast.history >= WEEK_DAYS)[:, None], np.ceil(count) - 0.5, BEYOND)


def _silences(side: Side, since: _Since, rng: np.random.Generator) -> Floats:
    """Return the loss that leaves nothing at all, where such a silence is told: [S, O, D] of `QUIET`."""
    bar = side.bar
    p_value, due = stops(side.table, side.forecast, since.onset, QUIET)
    stopped = (p_value <= bar.stop[:, None, None]) & (due >= bar.min_due)
    dropped = (DROP_LOOKS * p_value <= bar.drop[:, None, None]) & (due >= bar.min_events)
    came = since.between(since.onset[:, None], since.onset[:, None] + QUIET)[0]
    luckiest = rng.uniform(size=came.shape[:2])[:, :, None] ** (1 / np.maximum(came, 1e-9))  # of so many, the last one
    return np.where(stopped | dropped, luckiest, np.inf)
