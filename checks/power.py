"""How small a loss, and how small a rise, would the count model still see, and how soon?

Hours of a series' own last weeks are taken for the moment at which a change begins. For each trailing
window that ends soon after, the count at which its test just alerts is known; by what share the
events since that moment must have been fewer, or more, for the window to come there is a division. The least
such share over all windows is what this moment takes; what most moments take is what is seen. So
bursts, slow waves and what sources have in common are in it as they are, and nothing is drawn
by chance but which events are lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from checks.bar import Side, Window, taking_part, windows
from checks.base import Floats, Table
from checks.counts import DROP_LOOKS
from checks.model import WEEK_DAYS, Bools, blocks, known_counts
from checks.season import PACES, Ints, Pace
from checks.silence import stops

HORIZONS = {"hour": 1, "day": 24, "week": 168}  # in hours
EVERY = 11  # hours between two moments: prime to those of a week, so that every hour of it comes
DAYS = 42  # of the past, as many as calibrate the scan
KNOWN = 0.75  # share of the day after a moment that must be known for it to count
MOST = 9.0  # a rise to ten times as many: what is not seen then is not seen
AHEAD = np.array([*range(1, 7), *range(8, 25, 2), 30, 36, 48, 60, *range(72, 169, 24)])  # hours after it: looks
QUIET = np.array([1, 2, 3, 6, 9, 12, 18, 24, 36, 48, 72, 96, 120, 144, 168])  # the same, for silences
BEYOND = 1e18  # events: no count reaches it
NEVER = 1e9  # a change that none is as large as
STEP = 0.4  # share by which a day may move the level, at most (`checks.season`: winsorised at 2 sd of 20 %)


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
        seed: Which events are lost is drawn by chance, once for all series: what others come does not matter.
    """
    parts = [
        _takes(hourly.rows(part), daily.rows(part), np.random.default_rng(seed))
        for part in blocks(*hourly.table.values.shape)
    ]
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
        told = taking_part(side)
        count = np.where(told, known_counts(side.table)[0][:, : side.table.cut], 0.0)
        due = np.where(told, side.forecast.expected[:, : side.table.cut], 0.0)
        noise = _luck(count.shape[1], rng) * np.sqrt(count)
        known = _cumulated(told.astype(float))
        day = known[:, np.minimum(onset + 24, side.table.cut)] - known[:, onset]
        return cls(onset, _cumulated(count), _cumulated(due), _cumulated(noise), day >= KNOWN * 24)

    def between(self, start: Ints, end: Ints) -> tuple[Floats, Floats, Floats]:
        """Return count, events due and noise of [start, end), as far as that is after the moment: [S, O, D]."""
        begin = np.maximum(start, self.onset[:, None])
        count, due, noise = (each[:, end] - each[:, begin] for each in (self.count, self.due, self.noise))
        return count, due, noise


def _luck(hours: int, rng: np.random.Generator) -> Floats:
    """Return a standard normal number for each hour [n]; each second week mirrors the one before: luck cancels."""
    weeks = rng.standard_normal((hours // 336 + 1, 1, 168))
    return np.concatenate([weeks, -weeks], axis=1).ravel()[:hours]


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
    through, anew = ([_Change.none(shape), _Change.none(shape)] for _ in range(2))
    pace, first = PACES[side.table.calendar.grain], int(end.min()) if end.size else 0
    for window in windows(side, pace, first):
        start = buckets[np.maximum(end + 1 - window.width, 0)]
        today = (start >= midnight) | (midnight <= since.onset[:, None])
        followed = _followed(after, start - since.onset[:, None], pace)
        came = since.between(start, buckets[end + 1])
        # what a change does to the excess before a window is not followed: of those, what sees its beginning
        followable = np.full(end.shape, True) if window.low is not None else start <= since.onset[:, None]
        for way, change in enumerate(_changes(side, window, end - first, came, (followed, lasted))):
            through[way] = through[way].beside(change.where(followable))
            anew[way] = anew[way].beside(change.where(followable & today))
        if window.gross is not None:
            seen, (low, high) = window.seen[:, end - first], (count[:, end - first] for count in window.gross)
            own = _Came(seen, np.zeros_like(seen), came[0], came[2])
            gross = own.loss(low), own.rise(high)
    before = (after[:, None, :] <= (midnight - since.onset[:, None])[:, :, None]).sum(axis=2)  # looks up to midnight
    least = []
    for way in (0, 1):
        known = _by_midnight(gross[way], before)
        told = np.where(anew[way].told <= known, through[way].told, anew[way].told)
        least.append(_least(told, after))
    return least[0], least[1]


def _by_midnight(gross: Floats, looks: Ints) -> Floats:
    """Return the least change [S, O, D] that is gross in one of so many first looks [O, D]; infinite in none."""
    least = np.minimum.accumulate(np.pad(gross, ((0, 0), (0, 0), (1, 0)), constant_values=np.inf), axis=2)
    return np.take_along_axis(least, np.broadcast_to(looks, gross.shape), axis=2)


@dataclass(frozen=True, slots=True)
class _Change:
    """What the windows that end in a bucket take to be told: [S, O, D]."""

    surprising: Floats  # from which on the most surprising of them is surprising enough
    gain: Floats  # by how much its score grows with the change, in scores that are enough
    told: Floats  # from which on it is told: large enough, too; infinite where no change is

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> _Change:
        return cls(np.full(shape, NEVER), np.zeros(shape), np.full(shape, np.inf))

    def where(self, which: Bools) -> _Change:
        """Return it where something holds."""
        if which.all():
            return self
        return _Change(np.where(which, self.surprising, NEVER), self.gain, np.where(which, self.told, np.inf))

    def beside(self, other: _Change) -> _Change:
        """Return it with one more window.

        Only the most surprising window is told. So the one that is large enough first must
        wait until it is as surprising as the other, or the other is large enough.
        """
        own = self.told <= other.told
        first, last = np.minimum(self.told, other.told), np.maximum(self.told, other.told)
        since, since_last = (
            np.where(own, self.surprising, other.surprising),
            np.where(own, other.surprising, self.surprising),
        )
        gain, gain_last = np.where(own, self.gain, other.gain), np.where(own, other.gain, self.gain)
        ahead = gain * since - gain_last * since_last  # of the other, by as much at no change
        faster = gain - gain_last
        hidden = faster * np.minimum(first, NEVER) < ahead
        overtaken = np.where(hidden & (faster > 0), ahead / np.where(faster > 0, faster, 1.0), np.inf)
        waits = hidden & (last <= overtaken)
        told = np.where(hidden, np.minimum(last, np.maximum(first, overtaken)), first)
        return _Change(np.where(waits, since_last, since), np.where(waits, gain_last, gain), told)


def _changes(
    side: Side, window: Window, end: Ints, since: tuple[Floats, Floats, Floats], lasted: tuple[Floats, Ints]
) -> tuple[_Change, _Change]:
    """Return what loss and what rise a window takes: [S, O, D].

    Args:
        side: The series of a grain.
        window: Of one width.
        end: [O, D] where windows end, as they are counted.
        since: What came since the moment, was due, and its noise.
        lasted: [O, D] share of the change that the level follows, and days for which it has lasted.
    """
    (came, due, noise), (followed, days), bar = since, lasted, side.bar
    seen, expected = window.seen[:, end], window.due[:, end]
    own = _Came(seen, followed * due / np.maximum(expected, 1e-9), came, noise)
    high = expected + (window.high[:, end] - expected) * window.stricter[1][:, days]
    high = np.where((side.forecast.history >= WEEK_DAYS)[:, None, None] & (expected > 0), high, BEYOND)
    enough = np.maximum((1 + bar.min_spike) * expected, expected + bar.min_events)
    gain = came / np.maximum(high - expected, 1e-9)
    rise = _change(own.rise(high), gain, enough > high, own.at(enough > high).rise(enough[enough > high]))
    if window.low is None:
        return _Change.none(seen.shape), rise
    low = expected - (expected - window.low[:, end]) * window.stricter[0][:, days]
    low = np.where(side.forecast.ready[:, None, None], low, -1.0)
    few = np.minimum((1 - bar.min_drop) * expected, expected - bar.min_events)
    gain = came / np.maximum(expected - low, 1e-9)
    return _change(own.loss(low), gain, few < low, own.at(few < low).loss(few[few < low])), rise


@dataclass(frozen=True, slots=True)
class _Came:
    """What windows saw, what of it came since the moment, and its noise: [S, O, D], or some of these."""

    seen: Floats
    away: Floats  # by what share of itself the count that is told moves, at a change of 1
    since: Floats
    noise: Floats

    def at(self, which: Bools) -> _Came:
        """Return some windows."""
        return _Came(self.seen[which], self.away[which], self.since[which], self.noise[which])

    def loss(self, count: Floats) -> Floats:
        """Return the loss that leaves so many or fewer."""
        most = np.floor(count) + 0.5
        share = _solved(self.seen - most, most * self.away, self.since, self.noise, 1.0)
        return np.where(most >= 0, share, np.inf)

    def rise(self, count: Floats) -> Floats:
        """Return the rise that makes so many or more."""
        least = np.ceil(count) - 0.5
        return _solved(least - self.seen, least * self.away, self.since, -self.noise, MOST)


def _change(surprising: Floats, gain: Floats, where: Bools, enough: Floats) -> _Change:
    """Return what a window takes: to be surprising, and, where that is less, to be large enough."""
    told = surprising.copy()
    told[where] = enough
    return _Change(np.minimum(surprising, NEVER), gain, told)


def _followed(after: Ints, start: Ints, pace: Pace) -> Floats:
    """Return how much of a change the level has followed by the middle of what a window sees of it: [O, D].

    Both in hours after the moment; the level moves at midnight, half a day ago on average.
    """
    days = np.maximum((after + np.maximum(start, 0)) / 2 - 12, 0.0) / 24
    followed: Floats = 1 - 0.5 ** (days / pace.level_half_life)
    return followed


def _solved(beyond: Floats, followed: Floats, came: Floats, noise: Floats, most: float) -> Floats:
    """Return the share of the events that came that must be lost, or come again, for a window to alert: [S, O, D].

    The f at which f came = beyond + followed min(f, STEP) + noise sqrt(f (1 - f)); of rises, sqrt(f).

    Args:
        beyond: Events between what came and what alerts.
        followed: Events by which that moves away, as what is expected follows the change, at a share of 1.
        came: Events since the moment.
        noise: Deviation of how many of them are lost, at a share that has a variance of 1.
        most: Largest share.
    """
    root = _lost if most <= 1 else _added
    share = root(np.maximum(came - followed, 1e-9), beyond, noise)
    large = share > STEP  # the level follows no faster
    share = np.where(large, np.maximum(root(np.maximum(came, 1e-9), beyond + STEP * followed, noise), STEP), share)
    enough = came * most >= beyond + followed * min(STEP, most)
    return np.where(enough, np.minimum(share, most), np.inf)


def _lost(came: Floats, beyond: Floats, noise: Floats) -> Floats:
    """Return the share f at which f came = beyond + noise sqrt(f (1 - f)), a quadratic equation."""
    need = np.clip(beyond, 0.0, came)
    square = noise * noise
    share: Floats = 2 * need * came + square + noise * np.sqrt(square + 4 * need * (came - need))
    return np.maximum(share, 0.0) / (2 * (came * came + square))


def _added(came: Floats, beyond: Floats, noise: Floats) -> Floats:
    """Return the share f at which f came = beyond + noise sqrt(f)."""
    need = np.maximum(beyond, 0.0)
    share: Floats = ((noise + np.sqrt(noise * noise + 4 * need * came)) / (2 * came)) ** 2
    return share


def _silences(side: Side, since: _Since, rng: np.random.Generator) -> Floats:
    """Return the loss that leaves nothing at all, where such a silence is told: [S, O, D] of `QUIET`."""
    bar = side.bar
    p_value, due = stops(side.table, side.forecast, since.onset, QUIET)
    stopped = (p_value <= bar.stop[:, None, None]) & (due >= bar.min_due)
    dropped = (DROP_LOOKS * p_value <= bar.drop[:, None, None]) & (due >= bar.min_events)
    came = since.between(since.onset[:, None], since.onset[:, None] + QUIET)[0]
    even = (rng.permutation(len(since.onset)) + 0.5) / len(since.onset)  # as by chance, and no luck in it
    luckiest = even[:, None] ** (1 / np.maximum(came, 1e-9))  # of so many, the last one
    return np.where(stopped | dropped, luckiest, np.inf)
