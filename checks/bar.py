"""At which counts would the trailing windows of the past have been told?

The inverse of `checks.counts.surprises`: from the p-value that a test must reach to the score, and from
the score to the count. A change that goes on and is not told moves what the windows after it are held against.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from checks.base import Floats, Table
from checks.counts import DROP_LOOKS, RISE_LOOKS, Forecast
from checks.extremes import OUTAGES, PRIOR_PEAKS, TAIL, Extremes, censored_excess, largest_quantile
from checks.model import WEEK_DAYS, Bools, known_counts, rows_of, variance_of
from checks.recent import score_bursts
from checks.scan import Running, count_at
from checks.season import Pace

GROSS = 4.9  # score from which on the model takes a stretch of the past for an incident (`checks.counts`)
UNTOLD = 0.5  # of the way to what is told: what days of a change come to before it is


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
class Window:
    """Trailing windows of one width, by the bucket in which they end, from the first that is looked at on: [S, n]."""

    width: int
    seen: Floats
    due: Floats
    low: Floats | None  # so many or fewer are told as a drop; negative: no count is; None: they see rises only
    high: Floats  # so many or more are told as a rise
    gross: tuple[Floats, Floats] | None  # so few or many are taken for a past incident; None: of this width, none are
    stricter: tuple[Floats, Floats]  # [S, 8] by what the scores grow after so many days of a drop, of a rise


def windows(side: Side, pace: Pace, first: int) -> Iterator[Window]:
    """Yield the windows of `checks.counts.surprises` that end in bucket `first` or later."""
    forecast, bar, per_day = side.forecast, side.bar, 24 if side.table.calendar.grain == "hour" else 1
    past, told = slice(None, side.table.cut), taking_part(side)
    values = known_counts(side.table)[0]
    expected = forecast.expected[:, past]  # of a day ahead its profile is not known as well as of one behind
    doubt = forecast.doubt[:, past] + forecast.vague[:, side.table.calendar.slot[past]] * expected * expected
    counts = [Running.of(np.where(told, each, 0.0)) for each in (values[:, past], expected, doubt)]
    drop, rise = forecast.drops.score(bar.drop * per_day / DROP_LOOKS), bar.rise * per_day / RISE_LOOKS
    rises = forecast.rises.score(rise)
    stricter = _stricter(forecast.drops, drop, OUTAGES), _stricter(forecast.rises, rises, 0)
    for i, width in enumerate(pace.windows):
        seen, due, doubt = (each.window(width, first) for each in counts)
        variance = variance_of(forecast.laws[:, i], due) + doubt
        low, high = (count_at(np.broadcast_to(z[:, None], due.shape), due, variance) for z in (-drop, rises))
        gross = _gross(forecast, due, pace) if width == pace.screen else None
        yield Window(width, seen, due, low, high, gross, stricter)
    bursts = score_bursts((counts[0], counts[1], counts[2]), (counts[0], counts[1]), forecast.bursts, pace, first)
    for i, each in enumerate(bursts):
        extremes = forecast.bursts.extremes[int(i >= pace.short)]
        score = extremes.score(rise)
        high = count_at(np.broadcast_to(score[:, None], each.due.shape), each.due, each.variance)
        yield Window(
            pace.bursts[i], each.seen, each.due, None, high, None, (stricter[0], _stricter(extremes, score, 0))
        )


def _stricter(extremes: Extremes, score: Floats, censored: int) -> Floats:
    """Return by what a score that must be reached grows once a change has lasted for 0 to 7 days: [S, 8].

    Days that are not told are calibrated on as ordinary ones: the tail grows by them. Told for the
    expected peaks of six weeks, with days of the change just below what is told.
    """
    edge = extremes.location + extremes.scale * largest_quantile(1 - TAIL, extremes.looks)
    beyond = np.maximum(score - edge, 0.0)
    days, untold = np.arange(WEEK_DAYS + 1), UNTOLD * beyond / extremes.tail
    peaks = np.cumsum(1 / np.arange(8, 0, -1.0))  # exponential order statistics
    shape = (len(score), len(days), len(peaks) + len(days))
    changed = np.where(days < days[:, None], untold[:, None, None], 0.0)
    sample = np.concatenate([np.broadcast_to(peaks, (*changed.shape[:2], len(peaks))), changed], axis=2)
    total, count = (each.reshape(shape[:2]) for each in censored_excess(sample.reshape(-1, shape[2]), censored))
    tail = (total + PRIOR_PEAKS) / (count + PRIOR_PEAKS)
    grown: Floats = 1 + beyond[:, None] * (np.maximum(tail / tail[:, :1], 1.0) - 1) / np.maximum(score, 1e-9)[:, None]
    return grown


def _gross(forecast: Forecast, due: Floats, pace: Pace) -> tuple[Floats, Floats]:
    """Return so few, and so many, that the model takes a window of `pace.screen` for an incident of the past."""
    expected = np.maximum(due, 1e-9)
    variance = 1.3 * variance_of(forecast.laws[:, pace.windows.index(pace.screen)], expected)
    low, high = (count_at(np.full(due.shape, score), expected, variance) for score in (-GROSS, GROSS))
    return low, high


def taking_part(side: Side) -> Bools:
    """Say which buckets of the past take part in windows: [S, cut]."""
    past = slice(None, side.table.cut)
    told: Bools = known_counts(side.table)[1][:, past] & side.forecast.clean[:, past]
    return told
