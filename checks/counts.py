"""How many events are expected in each bucket, and how surprising is what came?

The count model behind `volume` and `missing`: level x profile (`checks.season`), a negative
binomial predictive distribution, a scan over trailing windows (`checks.scan`) that is
calibrated on the series' own past (`checks.extremes`), what bursts leave behind
(`checks.recent`), and the waiting time of rare events (`checks.silence`). All series at once.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import scipy
from numpy.typing import NDArray

from checks.base import Floats, Table
from checks.extremes import Extremes, daily_maxima, learn_extremes
from checks.model import (
    READY_DAYS,
    WEEK_DAYS,
    Bools,
    Bursts,
    Forecast,
    Scored,
    Silence,
    Surprises,
    Window,
    blocks,
    interval,
    known_counts,
    rows_of,
    unseen_weekdays,
    variance_of,
)
from checks.recent import learn_bursts, score_bursts
from checks.scan import NEAR, Running, normal_score, stride, variance_law
from checks.season import PACES, Grid, Ints, Season, learn, totals
from checks.silence import silence

__all__ = ["Forecast", "Silence", "Surprises", "Window", "band", "forecast", "silence", "surprises"]

DROP_LOOKS, RISE_LOOKS = 1.1, 1.2  # independent tests that the kinds of windows are worth (simulated: most overlap)


def forecast(table: Table) -> Forecast:
    """Learn what is usual from the usable buckets before `table.cut`, and expect the rest.

    Args:
        table: Series of counts; bad values (NaN, negative, infinite) are taken as unknown.

    Returns:
        Expectation, variance and calibration of every series.
    """
    grid = Grid.of(table.calendar, table.cut)
    values, known = known_counts(table)
    usable = known & table.usable & ~table.calendar.holiday
    return _joined([_forecast(values[b], usable[b], grid, table.calendar.slot) for b in blocks(*values.shape)])


def _joined(parts: list[Forecast]) -> Forecast:
    def join(each: list[NDArray[np.generic]]) -> NDArray[np.generic]:
        return np.concatenate(each)

    names = ("expected", "variance", "history", "ready", "clean", "doubt", "vague", "laws")
    plain = {name: join([getattr(part, name) for part in parts]) for name in names}
    learned = {name: join([getattr(part.bursts, name) for part in parts]) for name in ("slopes", "weights", "laws")}
    groups = zip(*(part.bursts.extremes for part in parts), strict=True)
    bursts = Bursts(**learned, extremes=tuple(Extremes.joined(list(group)) for group in groups))  # type: ignore[arg-type]
    drops, rises = (Extremes.joined([getattr(part, name) for part in parts]) for name in ("drops", "rises"))
    return Forecast(**plain, drops=drops, rises=rises, bursts=bursts)  # type: ignore[arg-type]


def _forecast(values: Floats, usable: Bools, grid: Grid, slot: Ints) -> Forecast:
    cut = len(grid.slot)
    past, trusted = values[:, :cut], usable[:, :cut]
    history = (grid.by_day(trusted.astype(float)) > 0).sum(1)
    season, clean = _robust_season(past, trusted, grid, history.astype(float))
    following = slot[-1:] + 1 if len(slot) else slot
    ahead, relative = season.expected(np.append(slot[cut:], following % grid.slots))
    beyond = np.concatenate([season.past, ahead], axis=1)
    doubt, expected = _jitter(beyond, grid.pace.jitter), beyond[:, : len(slot)]
    doubt[:, cut:] += (relative * ahead * ahead)[:, : len(slot) - cut]
    laws = _laws(past, season.past, clean, grid)
    doubt += _restless(past, season.past, laws[:, 0], clean, grid)[:, slot] * variance_of(laws[:, 0], expected)
    drops, rises = _calibrate(past, season.past, trusted, doubt[:, :cut], laws, grid)
    bursts = learn_bursts(past, season.past, (clean, trusted), doubt[:, :cut], laws, grid)
    one = laws[:, 0]
    variance = one[:, :1] * expected + one[:, 1:] * expected * expected + doubt
    learned = np.concatenate([clean, usable[:, cut:]], axis=1)
    ready = history >= READY_DAYS
    return Forecast(expected, variance, history, ready, learned, doubt, season.doubt, laws, drops, rises, bursts)


def _jitter(expected: Floats, share: float) -> Floats:
    """Return the variance [S, N] of events that come a little early or late, of expectations [S, N + 1].

    A share of the larger step to a neighbouring bucket: opening hours are no surprise.
    """
    step = np.abs(np.diff(expected, axis=1))
    before = np.concatenate([step[:, :1], step[:, :-1]], axis=1)
    wobble: Floats = (share * np.maximum(before, step)) ** 2
    return wobble


def _restless(y: Floats, mean: Floats, law: Floats, clean: Bools, grid: Grid) -> Floats:
    """Return by how much each slot's variance is above the law, as a share of it: [S, slots].

    A shop that opens and closes when it likes is uncertain at those hours, not at noon. By
    hour of day (day of week on daily data), shrunk to the law by ten buckets.
    """
    told = clean & (mean > 1e-6)
    square = np.where(told, np.minimum((y - mean) ** 2 / variance_of(law, mean), 9.0), 0.0)
    group, _ = grid.groups[1]
    found, buckets = (totals(a, group[grid.slot], int(group.max()) + 1) for a in (square, told.astype(float)))
    beyond: Floats = np.maximum((found + 10) / (buckets + 10) - 1, 0.0)[:, group]
    return beyond


def _robust_season(y: Floats, trusted: Bools, grid: Grid, days: Floats) -> tuple[Season, Bools]:
    """Fit twice: the second time without the gross incidents that the first fit shows."""
    weight = trusted.astype(float)
    first = learn(y, weight, grid, days)
    clean = trusted & ~_incidents(y, first.past, weight, grid)
    law = variance_law(*(np.where(clean, a, 0.0)[:, ::2] for a in (y, first.past)))
    return learn(y, clean.astype(float), grid, days, first, law), clean


def _incidents(y: Floats, mean: Floats, weight: Floats, grid: Grid) -> Bools:
    """Mark buckets with |score| > 4.4 (p < 1e-5), and windows with |score| > 4.9 (p < 1e-6); never over a fifth."""
    bad = np.zeros(y.shape, dtype=bool)
    came, expected = Running.of(weight * y), Running.of(weight * mean)
    for width, limit in ((1, 4.4), (grid.pace.screen, 4.9)):
        seen, due = came.window(width), expected.window(width)
        law = variance_law(seen[:, width - 1 :: stride(width)], due[:, width - 1 :: stride(width)])
        score = normal_score(seen, due, 1.3 * variance_of(law, due), exact_from=2.0)
        out = (np.abs(score) > limit) & (due > 0)
        bad |= Running.of(out[:, ::-1].astype(float)).window(width)[:, ::-1] > 0 if width > 1 else out
    few: Bools = bad.sum(1) <= 0.2 * y.shape[1]
    return bad & few[:, None]


def _laws(y: Floats, mean: Floats, clean: Bools, grid: Grid) -> Floats:
    """Fit the variance law of every window's sums over the days that also calibrate the scan."""
    recent = slice(-grid.pace.extremes * grid.per_day, None)
    both = [Running.of(np.where(clean[:, recent], a[:, recent], 0.0)) for a in (y, mean)]
    laws = [variance_law(*(a.sample(w) for a in both)) for w in grid.pace.windows]
    return np.stack(laws, axis=1)


def _scored(counts: tuple[Running, Running, Running], law: Floats, width: int, since: int = 0) -> Scored:
    """Score the trailing windows of one width that end from bucket `since` on."""
    seen, due, doubt = (each.window(width, since) for each in counts)
    variance = variance_of(law, due)
    variance += doubt
    return Scored(np.where(due > 1e-9, normal_score(seen, due, variance, NEAR), 0.0), seen, due, variance)


def _calibrate(
    y: Floats, mean: Floats, trusted: Bools, doubt: Floats, laws: Floats, grid: Grid
) -> tuple[Extremes, Extremes]:
    """Learn how large the largest scores of an ordinary day are."""
    pace, days = grid.pace, (grid.by_day(trusted.astype(float)) > 0).sum(1).astype(float)
    grid, start = grid.recent()
    known = trusted[:, start:]
    seen, due, wobble = (Running.of(np.where(known, a[:, start:], 0.0)) for a in (y, mean, doubt))
    low = high = np.full(known.shape, -9.0)
    for index, width in enumerate(pace.windows):
        score = _scored((seen, due, wobble), laws[:, index], width).score
        score[:, : width - 1] = 0.0
        low, high = np.maximum(low, -score), np.maximum(high, score)
    drops, rises = (daily_maxima(s, known.astype(float), grid) for s in (low, high))
    return learn_extremes(drops, days, pace.looks), learn_extremes(rises, days, pace.looks, pace.burstiness)


def surprises(table: Table, forecast: Forecast, quiet: Silence | None = None) -> Surprises:
    """Judge the buckets from `table.cut` on, each with the windows that end in it.

    Bucket i sees the past and the new buckets up to i. Past buckets that were incidents take
    no part in a window, neither with their events nor with their expectation. A drop is the
    most surprising of the windows and of the silence; a rise the most surprising of the
    windows, and of those that are measured against the excess before them.

    Args:
        table: The series the forecast was made of.
        forecast: From `forecast(table)`.
        quiet: From `silence(table, forecast)`, where it is known already.

    Returns:
        P-values, and the most extreme window of each bucket, by direction.
    """
    quiet = quiet or silence(table, forecast)
    series, buckets = quiet.due.shape
    parts = [
        _surprises(rows_of(table, b), forecast.rows(b), quiet.rows(b))
        for b in blocks(series, _reaching(table) + buckets)
    ]
    p_drop, p_rise = (np.concatenate([getattr(part, name) for part in parts]) for name in ("p_drop", "p_rise"))
    drop, rise = (_joined_windows([getattr(part, name) for part in parts]) for name in ("drop", "rise"))
    return Surprises(p_drop, p_rise, drop, rise)


def _joined_windows(parts: list[Window]) -> Window:
    return Window(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Window)))


def _surprises(table: Table, forecast: Forecast, quiet: Silence) -> Surprises:
    pace = PACES[table.calendar.grain]
    per_day = 24 if table.calendar.grain == "hour" else 1
    new = _reaching(table)
    start = table.cut - new
    counts, before = _taking_part(table, forecast, start)
    plain = [_scored(counts, forecast.laws[:, i], w, new) for i, w in enumerate(pace.windows)]
    drops = [_look(plain, pace.windows, -1, forecast.drops, per_day), _silent(table, forecast, quiet)]
    rises = [_look(plain, pace.windows, 1, forecast.rises, per_day)]
    scores = list(score_bursts(counts, before, forecast.bursts, pace, new))
    for group, widths, extremes in zip(
        pace.grouped(scores), pace.grouped(list(pace.bursts)), forecast.bursts.extremes, strict=True
    ):
        rises.append(_look(group, widths, 1, extremes, per_day))
    p_drop, drop = _most_surprising(drops, DROP_LOOKS)
    p_rise, rise = _most_surprising(rises, RISE_LOOKS)
    known = (known_counts(table)[1] & ~table.calendar.holiday)[:, table.cut :]
    judged, settled_in = known & forecast.ready[:, None], (forecast.history >= WEEK_DAYS)[:, None]
    return Surprises(np.where(judged, p_drop, 1.0), np.where(judged & settled_in, p_rise, 1.0), drop, rise)


def _reaching(table: Table) -> int:
    """Return how many buckets of the past the windows see, and the blocks before them."""
    return min(2 * max(PACES[table.calendar.grain].windows), table.cut)


def _taking_part(
    table: Table, forecast: Forecast, start: int
) -> tuple[tuple[Running, Running, Running], tuple[Running, Running]]:
    """Return what windows see from bucket `start` on, and what counts as the excess before them.

    In its first week a series has weekdays that it does not know: windows leave them out.
    """
    values, known = known_counts(table)
    known &= ~table.calendar.holiday
    told = (known & ~unseen_weekdays(known & table.usable, table))[:, start:]
    past = slice(start, table.cut)
    # what is not usable and yet known belongs to an incident that is still open: it goes on being seen
    told[:, : table.cut - start] &= forecast.clean[:, past] | ~table.usable[:, past]
    ordinary = told & table.usable[:, start:]
    y, mean, doubt = (a[:, start:] for a in (values, forecast.expected, forecast.doubt))
    seen, due, wobble = (Running.of(np.where(told, a, 0.0)) for a in (y, mean, doubt))
    return (seen, due, wobble), (Running.of(np.where(ordinary, y, 0.0)), Running.of(np.where(ordinary, mean, 0.0)))


_Look = tuple[Floats, Window]


def _look(
    scored: list[Scored], widths: tuple[int, ...] | list[int], sign: int, extremes: Extremes, per_day: int
) -> _Look:
    """Return p-value and window of the most extreme of several windows, in one direction."""
    score = sign * np.stack([s.score for s in scored])
    best = score.argmax(axis=0)[None]

    def at_best(each: list[Floats]) -> Floats:
        found: Floats = np.take_along_axis(np.stack(each), best, axis=0)[0]
        return found

    seen, due, variance = (at_best([getattr(s, f) for s in scored]) for f in ("seen", "due", "variance"))
    largest: Floats = np.take_along_axis(score, best, axis=0)[0]
    low, high = interval(due, variance, _reach(extremes, per_day))
    return extremes.chance(largest) / per_day, Window(np.asarray(widths)[best[0]], seen, due, low, high)


def _reach(extremes: Extremes, per_day: int) -> Floats:
    return np.maximum(extremes.quantile(min(0.005 * per_day, 0.5)), 1.0)[:, None]


def _silent(table: Table, forecast: Forecast, quiet: Silence) -> _Look:
    """Return p-value and window of the silence that stands in each new bucket."""
    column = np.arange(table.cut, table.values.shape[1])
    per_day = 24 if table.calendar.grain == "hour" else 1
    variance = quiet.due * (1 + quiet.dispersion * quiet.due)
    low, high = interval(quiet.due, variance, _reach(forecast.drops, per_day))
    length = np.maximum(column - quiet.last, 1)
    return quiet.p_value, Window(length, np.zeros_like(quiet.due), quiet.due, low, high)


def _most_surprising(looks: list[_Look], worth: float) -> _Look:
    """Return the smallest p-value, for so many independent tests (Bonferroni), and its window."""
    p_values = np.stack([p for p, _ in looks])
    best = p_values.argmin(axis=0)[None]
    each = (np.stack([getattr(w, f.name) for _, w in looks]) for f in fields(Window))
    window = (np.take_along_axis(values, best, axis=0)[0] for values in each)
    return np.minimum(worth * p_values.min(axis=0), 1.0), Window(*window)


def band(forecast: Forecast, coverage: float = 0.99) -> tuple[Floats, Floats]:
    """Return the interval that holds this share of ordinary buckets, for charts: low and high [S, N]."""
    low, high = interval(forecast.expected, forecast.variance, float(scipy.special.ndtri((1 + coverage) / 2)))
    return np.floor(low), np.ceil(high)
