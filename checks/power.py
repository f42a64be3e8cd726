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
from checks.extremes import OUTAGES, PRIOR_PEAKS, TAIL, Extremes, censored_excess, largest_quantile
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
GROSS = 4.9  # score from which on the model takes a stretch of the past for an incident (`checks.counts`)
UNTOLD = 3.0  # excess of a day's score that is nearly told, in mean excesses of the tail
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
    parts = [_takes(hourly.rows(part), daily.rows(part), rng) for part in blocks(*hourly.table.values.shape)]
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
    days = np.searchsorted(hourly.table.calendar.starts, daily.table.calendar.starts)
    hours = np.arange(len(hourly.table.calendar) + 1)
    first = np.searchsorted(days, onset, side="right") - 1
    by_hour = _by_side(hourly, (hours, days), onset[:, None] + AHEAD - 1, since)
    by_day = _by_side(daily, (days, days), first[:, None] + np.arange(WEEK_DAYS), since)
    silences = _least(_silences(hourly, since, rng), np.broadcast_to(QUIET, (len(onset), len(QUIET))))
    drop, spike = ({name: np.minimum(by_hour[way][name], by_day[way][name]) for name in HORIZONS} for way in (0, 1))
    drop = {name: np.minimum(drop[name], silences[name]) for name in HORIZONS}
    for found in (*drop.values(), *spike.values()):
        found[~since.told] = np.nan
    return Takes(drop, spike)


def _least(change: Floats, after: Ints) -> dict[str, Floats]:
    """Return the least [S, O] of the changes [S, O, D] that are seen within each horizon, `after` [O, D] hours."""
    horizons = HORIZONS.items()
    return {name: np.where(after <= hours, change, np.inf).min(axis=2, initial=np.inf) for name, hours in horizons}


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


def _by_side(
    side: Side, hour: tuple[Ints, Ints], end: Ints, since: _Since
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return the least loss and rise [S, O] that the windows of one grain see within each horizon.

    A change that is gross, but not told, is taken for a past incident at midnight, and no window sees it again: each
    day begins anew. So only what is seen without the days before counts, unless that sees all that is gross.

    Args:
        side: The series of a grain.
        hour: [N + 1] hour in which each bucket begins, and [days + 1] in which each day does.
        end: [O, D] buckets in which windows end.
        since: What came after each moment.
    """
    buckets, days = hour
    after = buckets[end + 1] - since.onset[:, None]
    midnight = days[np.searchsorted(days, buckets[end], side="right") - 1]
    lasted = np.clip((midnight - since.onset[:, None] + 12) // 24, 0, WEEK_DAYS)
    shape = (len(side.table.keys), *end.shape)
    through, anew = ([np.full(shape, np.inf), np.full(shape, np.inf)] for _ in range(2))
    pace, windows = PACES[side.table.calendar.grain], list(_windows(side, PACES[side.table.calendar.grain]))
    for window in windows:
        start = buckets[np.maximum(end + 1 - window.width, 0)]
        today = (start >= midnight) | (midnight <= since.onset[:, None])
        followed = _followed(after, start - since.onset[:, None], pace)
        came = since.between(start, buckets[end + 1])
        for way, change in enumerate(_changes(side, window, end, came, (followed, lasted))):
            if window.low is not None or way:
                # what a change does to the excess before a window is not followed: of those, what sees its beginning
                seen = change if window.low is not None else np.where(start <= since.onset[:, None], change, np.inf)
                through[way] = np.minimum(through[way], seen)
                anew[way] = np.minimum(anew[way], np.where(today, seen, np.inf))
    gross = _gross(side, pace, windows, end)
    least = []
    for way in (0, 1):
        long, fresh = _least(through[way], after), _least(anew[way], after)
        least.append({name: np.where(fresh[name] <= gross[way], long[name], fresh[name]) for name in HORIZONS})
    return least[0], least[1]


def _gross(side: Side, pace: Pace, windows: list[_Window], end: Ints) -> tuple[Floats, Floats]:
    """Return the loss and the rise [S, O] from which on the model takes the days before for an incident."""
    window = next(each for each in windows if each.width == pace.screen)
    first = end[:, : 24 if side.table.calendar.grain == "hour" else 1]
    due = np.maximum(window.due[:, first], 1e-9)
    variance = 1.3 * variance_of(side.forecast.laws[:, pace.windows.index(pace.screen)], due.reshape(len(due), -1))
    low, high = (count_at(np.full(due.shape, score), due, variance.reshape(due.shape)) for score in (-GROSS, GROSS))
    return (1 - np.maximum(low, 0.0) / due).min(axis=2), (high / due - 1).min(axis=2)


def _changes(
    side: Side, window: _Window, end: Ints, since: tuple[Floats, Floats, Floats], lasted: tuple[Floats, Ints]
) -> tuple[Floats, Floats]:
    """Return what loss and what rise a window takes: [S, O, D].

    Args:
        side: The series of a grain.
        window: Of one width.
        end: [O, D] buckets in which windows end.
        since: What came since the moment, was due, and its noise.
        lasted: [O, D] share of the change that the level follows, and days for which it has lasted.
    """
    (came, due, noise), (followed, days), bar = since, lasted, side.bar
    seen, expected = window.seen[:, end], window.due[:, end]
    away = followed * due / np.maximum(expected, 1e-9)
    high = expected + (window.high[:, end] - expected) * window.stricter[1][:, days]
    high = np.ceil(np.maximum(high, np.maximum((1 + bar.min_spike) * expected, expected + bar.min_events))) - 0.5
    high = np.where((side.forecast.history >= WEEK_DAYS)[:, None, None] & (expected > 0), high, BEYOND)
    rise = _solved(high - seen, high * away, came, -noise, MOST)
    if window.low is None:
        return rise, rise
    low = expected - (expected - window.low[:, end]) * window.stricter[0][:, days]
    low = np.floor(np.minimum(low, np.minimum((1 - bar.min_drop) * expected, expected - bar.min_events))) + 0.5
    told = side.forecast.ready[:, None, None] & (low >= 0)
    return np.where(told, _solved(seen - low, low * away, came, noise, 1.0), np.inf), rise


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
    stricter: tuple[Floats, Floats]  # [S, 8] by what the scores grow after so many days of a drop, of a rise


def _windows(side: Side, pace: Pace) -> Iterator[_Window]:
    """Yield the windows of `checks.counts.surprises`, each with the counts that alert."""
    forecast, bar, per_day = side.forecast, side.bar, 24 if side.table.calendar.grain == "hour" else 1
    past, told = slice(None, side.table.cut), _told(side)
    values = known_counts(side.table)[0]
    expected = forecast.expected[:, past]  # of a day ahead its profile is not known as well as of one behind
    doubt = forecast.doubt[:, past] + forecast.vague[:, side.table.calendar.slot[past]] * expected * expected
    counts = [Running.of(np.where(told, each, 0.0)) for each in (values[:, past], expected, doubt)]
    drop, rise = forecast.drops.score(bar.drop * per_day / DROP_LOOKS), bar.rise * per_day / RISE_LOOKS
    rises = forecast.rises.score(rise)
    stricter = _stricter(forecast.drops, drop, OUTAGES), _stricter(forecast.rises, rises, 0)
    for i, width in enumerate(pace.windows):
        seen, due, doubt = (each.window(width) for each in counts)
        variance = variance_of(forecast.laws[:, i], due) + doubt
        low, high = (count_at(np.broadcast_to(z[:, None], due.shape), due, variance) for z in (-drop, rises))
        yield _Window(width, seen, due, low, high, stricter)
    bursts = score_bursts((counts[0], counts[1], counts[2]), (counts[0], counts[1]), forecast.bursts, pace)
    for i, each in enumerate(bursts):
        extremes = forecast.bursts.extremes[int(i >= pace.short)]
        score = extremes.score(rise)
        high = count_at(np.broadcast_to(score[:, None], each.due.shape), each.due, each.variance)
        yield _Window(pace.bursts[i], each.seen, each.due, None, high, (stricter[0], _stricter(extremes, score, 0)))


def _stricter(extremes: Extremes, score: Floats, censored: int) -> Floats:
    """Return by what a score that must be reached grows once a change has lasted for 0 to 7 days: [S, 8].

    Days that are not told are calibrated on as ordinary ones: the tail grows by them. Told for the
    expected peaks of six weeks, with days of the change just below what is told.
    """
    peaks = np.cumsum(1 / np.arange(8, 0, -1.0))  # exponential order statistics
    days = np.arange(WEEK_DAYS + 1)
    sample = np.concatenate([np.tile(peaks, (len(days), 1)), np.where(days < days[:, None], UNTOLD, 0.0)], axis=1)
    total, count = censored_excess(sample, censored)
    tail = (total + PRIOR_PEAKS) / (count + PRIOR_PEAKS)
    edge = extremes.location + extremes.scale * largest_quantile(1 - TAIL, extremes.looks)
    beyond = np.maximum(score - edge, 0.0)
    grown: Floats = 1 + beyond[:, None] * (np.maximum(tail / tail[0], 1.0) - 1) / np.maximum(score, 1e-9)[:, None]
    return grown


def _silences(side: Side, since: _Since, rng: np.random.Generator) -> Floats:
    """Return the loss that leaves nothing at all, where such a silence is told: [S, O, D] of `QUIET`."""
    bar = side.bar
    p_value, due = stops(side.table, side.forecast, since.onset, QUIET)
    stopped = (p_value <= bar.stop[:, None, None]) & (due >= bar.min_due)
    dropped = (DROP_LOOKS * p_value <= bar.drop[:, None, None]) & (due >= bar.min_events)
    came = since.between(since.onset[:, None], since.onset[:, None] + QUIET)[0]
    luckiest = rng.uniform(size=came.shape[:2])[:, :, None] ** (1 / np.maximum(came, 1e-9))  # of so many, the last one
    return np.where(stopped | dropped, luckiest, np.inf)
