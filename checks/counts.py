"""How many events are expected in each bucket, and how surprising is what came?

The count model behind `volume` and `missing`: level x profile (`checks.season`), a negative
binomial predictive distribution, a scan over trailing windows that is calibrated on the
series' own past (`checks.scan`), and the waiting time of rare events. All series at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from checks.base import Floats, Table
from checks.scan import Extremes, daily_maxima, learn_extremes, normal_score, rolling, variance_law
from checks.season import PACES, Grid, Ints, Season, learn, totals
from checks.stats import zero_probability

Bools = NDArray[np.bool_]
READY_DAYS = 3
TWICE = 2  # once may have been an outage that nobody declared
CLOSED = 8.0  # events that were due in a stretch of the week in which none ever came: it is closed then
BLOCK = 32  # series at a time: their arrays stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the past makes of every bucket of a table: [S, N], past and new."""

    expected: Floats  # past buckets: from the others, for charts
    variance: Floats  # of one bucket
    history: Ints  # [S] usable days
    ready: Bools  # [S] enough of them to judge
    clean: Bools  # [S, N] learned from: usable, and no incident that the model found
    doubt: Floats  # [S, N] variance of the expectation itself, beyond `laws`
    laws: Floats  # [S, windows, 2] variance of a window's sum = a mean + f mean^2
    drops: Extremes
    rises: Extremes


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


def forecast(table: Table) -> Forecast:
    """Learn what is usual from the usable buckets before `table.cut`, and expect the rest.

    Args:
        table: Series of counts; bad values (NaN, negative, infinite) are taken as unknown.

    Returns:
        Expectation, variance and calibration of every series.
    """
    grid = Grid.of(table.calendar, table.cut)
    values, known = _counts(table)
    usable = known & table.usable & ~table.calendar.holiday
    blocks = [slice(i, i + BLOCK) for i in range(0, len(values), BLOCK)] or [slice(0, 0)]
    return _joined([_forecast(values[b], usable[b], grid, table.calendar.slot) for b in blocks])


def _counts(table: Table) -> tuple[Floats, Bools]:
    known = np.isfinite(table.values) & (table.values >= 0)
    return np.where(known, table.values, 0.0), known


def _joined(parts: list[Forecast]) -> Forecast:
    def join(name: str) -> NDArray[np.generic]:
        return np.concatenate([getattr(part, name) for part in parts])

    def extremes(name: str) -> Extremes:
        each = [getattr(part, name) for part in parts]
        location, scale = (np.concatenate([getattr(e, field) for e in each]) for field in ("location", "scale"))
        return Extremes(location, scale, each[0].looks)

    plain = {name: join(name) for name in ("expected", "variance", "history", "ready", "clean", "doubt", "laws")}
    return Forecast(**plain, drops=extremes("drops"), rises=extremes("rises"))  # type: ignore[arg-type]


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
    doubt += _restless(past, season.past, laws[:, 0], clean, grid)[:, slot] * _variance(laws[:, 0], expected)
    drops, rises = _calibrate(past, season.past, trusted, doubt[:, :cut], laws, grid)
    one = laws[:, 0]
    variance = one[:, :1] * expected + one[:, 1:] * expected * expected + doubt
    learned = np.concatenate([clean, usable[:, cut:]], axis=1)
    return Forecast(expected, variance, history, history >= READY_DAYS, learned, doubt, laws, drops, rises)


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
    square = np.where(told, np.minimum((y - mean) ** 2 / _variance(law, mean), 9.0), 0.0)
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
    for width, limit in ((1, 4.4), (grid.pace.screen, 4.9)):
        seen, due = rolling(weight * y, width), rolling(weight * mean, width)
        law = variance_law(seen[:, width - 1 :: _stride(width)], due[:, width - 1 :: _stride(width)])
        score = normal_score(seen, due, 1.3 * _variance(law, due))
        out = ((np.abs(score) > limit) & (due > 0)).astype(float)
        bad |= rolling(out[:, ::-1], width)[:, ::-1] > 0
    few: Bools = bad.sum(1) <= 0.2 * y.shape[1]
    return bad & few[:, None]


def _variance(law: Floats, mean: Floats) -> Floats:
    variance: Floats = np.maximum(law[:, :1] * mean + law[:, 1:] * mean * mean, 1e-12)
    return variance


def _stride(width: int) -> int:
    """Return the step between windows that together tell as much as all of this width."""
    return max(width // 3, 1)


def _laws(y: Floats, mean: Floats, clean: Bools, grid: Grid) -> Floats:
    """Fit the variance law of every window's sums over the days that also calibrate the scan."""
    recent = slice(-grid.pace.extremes * grid.per_day, None)
    y, mean = (np.where(clean[:, recent], a[:, recent], 0.0) for a in (y, mean))
    laws = [variance_law(*(rolling(a, w)[:, w :: _stride(w)] for a in (y, mean))) for w in grid.pace.windows]
    return np.stack(laws, axis=1)


def _scores(y: Floats, mean: Floats, doubt: Floats, law: Floats, width: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Return score, sum, expectation and variance of the trailing windows of one width."""
    seen, due = rolling(y, width), rolling(mean, width)
    variance = _variance(law, due) + rolling(doubt, width)
    score = np.where(due > 1e-9, normal_score(seen, due, variance), 0.0)
    return score, seen, due, variance


def _calibrate(
    y: Floats, mean: Floats, trusted: Bools, doubt: Floats, laws: Floats, grid: Grid
) -> tuple[Extremes, Extremes]:
    """Learn how large the largest scores of an ordinary day are."""
    pace, days = grid.pace, (grid.by_day(trusted.astype(float)) > 0).sum(1).astype(float)
    grid, start = grid.recent()
    y, mean, doubt = (np.where(trusted, a, 0.0)[:, start:] for a in (y, mean, doubt))
    low = high = np.full(y.shape, -9.0)
    for index, width in enumerate(pace.windows):
        score = _scores(y, mean, doubt, laws[:, index], width)[0]
        score[:, : width - 1] = 0.0
        low, high = np.maximum(low, -score), np.maximum(high, score)
    drops, rises = (daily_maxima(s, trusted[:, start:].astype(float), grid) for s in (low, high))
    return learn_extremes(drops, False, days, pace.looks), learn_extremes(rises, True, days, pace.looks)


def surprises(table: Table, forecast: Forecast) -> Surprises:
    """Judge the buckets from `table.cut` on, each with the windows that end in it.

    Bucket i sees the past and the new buckets up to i. Past buckets that were incidents take
    no part in a window, neither with their events nor with their expectation.

    Args:
        table: The series the forecast was made of.
        forecast: From `forecast(table)`.

    Returns:
        P-values, and the most extreme window of each bucket, by direction.
    """
    pace = PACES[table.calendar.grain]
    values, known = _counts(table)
    start = max(table.cut - max(pace.windows), 0)
    told = (known & ~table.calendar.holiday)[:, start:]
    # what is not usable and yet known belongs to an incident that is still open: it goes on being seen
    told[:, : table.cut - start] &= (forecast.clean | ~table.usable)[:, start : table.cut]
    y, mean, doubt = (np.where(told, a[:, start:], 0.0) for a in (values, forecast.expected, forecast.doubt))
    new = slice(table.cut - start, None)
    parts = [[a[:, new] for a in _scores(y, mean, doubt, forecast.laws[:, i], w)] for i, w in enumerate(pace.windows)]
    score, seen, due, variance = (np.stack(a) for a in zip(*parts, strict=True))
    judged = told[:, new] & forecast.ready[:, None]
    per_day = 24 if table.calendar.grain == "hour" else 1
    p_drop, drop = _extreme(-score, (seen, due, variance), forecast.drops, pace.windows, per_day)
    p_rise, rise = _extreme(score, (seen, due, variance), forecast.rises, pace.windows, per_day)
    return Surprises(np.where(judged, p_drop, 1.0), np.where(judged, p_rise, 1.0), drop, rise)


def _extreme(
    score: Floats, sums: tuple[Floats, Floats, Floats], extremes: Extremes, windows: tuple[int, ...], per_day: int
) -> tuple[Floats, Window]:
    best = score.argmax(axis=0)
    seen, due, variance = (np.take_along_axis(a, best[None], axis=0)[0] for a in sums)
    largest = np.take_along_axis(score, best[None], axis=0)[0]
    reach = np.maximum(extremes.quantile(min(0.005 * per_day, 0.5)), 1.0)[:, None]
    low, high = _interval(due, variance, reach)
    return extremes.chance(largest) / per_day, Window(np.asarray(windows)[best], seen, due, low, high)


def _interval(mean: Floats, variance: Floats, reach: Floats | float) -> tuple[Floats, Floats]:
    """Return the gamma quantiles at -reach and +reach normal scores (Wilson & Hilferty 1931)."""
    shape = np.maximum(mean, 1e-12) ** 2 / np.maximum(variance, 1e-24)
    middle, step = 1 - 1 / (9 * shape), reach / (3 * np.sqrt(shape))
    low, high = (mean * np.maximum(middle + s, 0.0) ** 3 for s in (-step, step))
    return low, high


def silence(table: Table, forecast: Forecast) -> Silence:
    """Judge how long nothing has come, by the events that were due since the last one.

    With M events due, P(none) = (1 + phi M)^(-1/phi), phi the dispersion of windows of that
    length; times the chance that a silence begins in a bucket, because a rare event has few
    silences that could grow long: for a Poisson process of rate r, alerting at
    p <= b/(buckets of a period) is alerting at M >= ln(r T/b), which no rule with that many
    false alerts beats by more than O(1) (Lorden 1971; delay (M - 1)/r).

    Args:
        table: The series the forecast was made of.
        forecast: From `forecast(table)`.

    Returns:
        P-value, events due and last event, for each bucket from `table.cut` on.
    """
    values, known = _counts(table)
    index = np.arange(values.shape[1])
    last = np.maximum.accumulate(np.where(values > 0, index, -1), axis=1)
    judged = known & ~table.calendar.holiday
    open_ = judged & ~_closed(values, judged & table.usable, table, forecast)
    told = np.where(open_, forecast.expected, 0.0)
    total = np.cumsum(told, axis=1)
    since = np.where(last >= 0, np.take_along_axis(total, np.maximum(last, 0), axis=1), 0.0)
    due, gap = total - since, index - last
    phi = _dispersion(forecast, due, gap, PACES[table.calendar.grain].windows)
    begins = -np.expm1(-_ordinary(told, known, table))
    judged &= (gap > 0) & (last >= 0) & forecast.ready[:, None]
    p_value = np.where(judged, zero_probability(due, phi) * begins[:, None], 1.0)
    p_value **= _trust(p_value, values, judged & table.usable, table)[:, None]
    new = slice(table.cut, None)
    seen = _seen_before(values, judged & table.usable, gap[:, new], table)
    return Silence(np.maximum(p_value[:, new], seen), due[:, new], last[:, new])


def _trust(p_value: Floats, values: Floats, usable: Bools, table: Table) -> Floats:
    """Return the power [S] that makes the silences of the past as rare as their p-values say.

    Of n buckets, k silences are due with p <= k/n. Where the k-th rarest of the past was
    rarer than that (a shop that closes when it likes), all are taken for more ordinary. k is
    one in ten days, at least 3: as many outages nobody declared change nothing.
    """
    past = slice(None, max(table.cut - 1, 0))
    ended = usable[:, past] & (values[:, 1 : max(table.cut, 1)] > 0)
    n = ended.shape[1]
    k = max(round(n / (240 if table.calendar.grain == "hour" else 10)), 3)
    if n <= k:
        return np.ones(len(values))
    rarest = np.partition(np.where(ended, p_value[:, past], 1.0), k - 1, axis=1)[:, k - 1]
    power: Floats = np.minimum(np.log(k / n) / np.minimum(np.log(np.maximum(rarest, 1e-300)), -1e-9), 1.0)
    return power


def _seen_before(values: Floats, usable: Bools, gap: Ints, table: Table) -> Floats:
    """Return how often a bucket has stood in such a silence: of the same hours of the day, and as long; [S, M].

    A shop that closes early now and then was silent from that hour on before. A silence of a day
    or more is compared with the same hours of other weeks. Below TWICE nothing is said.
    """
    per_day = 24 if table.calendar.grain == "hour" else 1
    silent = usable & (values == 0)
    silent[:, table.cut :] = False
    index = np.arange(values.shape[1])
    ended = np.minimum.accumulate(np.where(silent, len(index), index)[:, ::-1], axis=1)[:, ::-1]
    run = ended - index  # buckets of silence from each bucket on
    first = index[table.cut :] - gap + 1
    seen, times = np.zeros(gap.shape), np.zeros(gap.shape)
    for day in range(1, table.cut // per_day + 1):
        at = first - day * per_day
        told = (at >= 0) & ((gap < per_day) | (day % 7 == 0)) & np.take_along_axis(usable, np.maximum(at, 0), axis=1)
        seen += told & (np.take_along_axis(run, np.maximum(at, 0), axis=1) >= gap)
        times += told
    return np.where((seen >= TWICE) & (gap > 0), seen / np.maximum(times * per_day, 1.0), 0.0)


def _closed(values: Floats, usable: Bools, table: Table, forecast: Forecast) -> Bools:
    """Mark stretches of the week that were always empty, though the rest of the week made events due: [S, N].

    The profile is shrunk to other days, which leaves a rest of expectation on a day of rest.
    """
    slot, past = table.calendar.slot, slice(None, table.cut)
    slots = 168 if table.calendar.grain == "hour" else 7
    seen, due, times = (
        totals((usable * a)[:, past], slot[past], slots) for a in (values, forecast.expected, np.ones_like(values))
    )
    empty = (seen == 0) & (times >= 2)
    closed: Bools = empty & (_run_totals(empty, due) >= CLOSED)
    return closed[:, slot]


def _run_totals(inside: Bools, weight: Floats) -> Floats:
    """Return for each slot the weight of the run of marked slots around it; the week is a circle: [S, slots]."""
    marked, total = np.tile(inside, 3), np.cumsum(np.tile(np.where(inside, weight, 0.0), 3), axis=1)
    before = np.maximum.accumulate(np.where(marked, 0.0, total), axis=1)
    after = np.minimum.accumulate(np.where(marked, np.inf, total)[:, ::-1], axis=1)[:, ::-1]
    middle = slice(inside.shape[1], 2 * inside.shape[1])
    run: Floats = (after - before)[:, middle]
    return run


def _dispersion(forecast: Forecast, due: Floats, gap: Ints, windows: tuple[int, ...]) -> Floats:
    """Return the dispersion phi of a sum over `gap` buckets: that of the shortest window at least as long."""
    which = np.minimum(np.searchsorted(np.asarray(windows), gap), len(windows) - 1)
    a, f = (np.take_along_axis(forecast.laws[:, :, i], which, axis=1) for i in (0, 1))
    return np.maximum((a - 1) / np.maximum(due, 1e-9), 0.0) + f


def _ordinary(expected: Floats, known: Bools, table: Table) -> Floats:
    """Return the mean expectation of the past's buckets [S]."""
    past = slice(None, table.cut)
    mean: Floats = expected[:, past].sum(1) / np.maximum(known[:, past].sum(1), 1)
    return mean


def band(forecast: Forecast, coverage: float = 0.99) -> tuple[Floats, Floats]:
    """Return the interval that holds this share of ordinary buckets, for charts: low and high [S, N]."""
    low, high = _interval(forecast.expected, forecast.variance, float(scipy.special.ndtri((1 + coverage) / 2)))
    return np.floor(low), np.ceil(high)
