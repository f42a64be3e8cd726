"""How surprising is it that nothing comes?

The waiting time since the last event, counted in the events that were due: right for 0.2
events a day as for a million, and there on day 30 of a silence as on the first.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from checks.base import Floats, Table
from checks.model import Bools, Forecast, Silence, blocks, known_counts, rows_of, unseen_weekdays
from checks.season import PACES, Ints, totals
from checks.stats import zero_probability

TWICE = 2  # once may have been an outage that nobody declared
STEADY = 30.0  # windows by which their dispersion is shrunk to that of a Poisson process
NIGHT = 8  # hours a day for which a shop is shut
YOUNG = 14  # days of history, before hours of the week are known
FEW = 6.0  # silences: the log p of the rarest of n varies by 6/n of itself (simulated, Poisson)
STRANGE = 0.15  # dispersion of what is due on a weekday that the past has not seen
CLOSED = 8.0  # events that were due in a stretch of the week in which none ever came: it is closed then


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
    parts = [_silence(rows_of(table, b), forecast.rows(b)) for b in blocks(*table.values.shape)]
    return Silence(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Silence)))


def _silence(table: Table, forecast: Forecast) -> Silence:
    own = _Own.of(table, forecast)
    p_value, due, phi = own.standing(table, forecast)
    p_value **= _trust(p_value, own.values, own.usable, table)[:, None]
    new = slice(table.cut, None)
    gap = np.arange(p_value.shape[1])[new] - own.last[:, new]
    seen = _seen_before(own.values, own.usable, own.last[:, new] + 1, gap, table)
    return Silence(np.maximum(np.maximum(p_value[:, new], seen), 1e-300), due[:, new], own.last[:, new], phi[:, new])


def stops(table: Table, forecast: Forecast, onset: Ints, ahead: Ints) -> tuple[Floats, Floats]:
    """Say how surprising a silence would have been, had nothing come from an hour of the past on.

    Args:
        table: The series the forecast was made of.
        forecast: From `forecast(table)`.
        onset: [O] buckets of the past from which on nothing comes.
        ahead: [D] how many buckets later it is judged, from 1 on.

    Returns:
        P-value, and the events due since the last one: [S, O, D].
    """
    own = _Own.of(table, forecast)
    last = own.last[:, np.maximum(onset - 1, 0)]
    at = onset[:, None] + ahead - 1
    due, gap = own.total[:, at] - own.until(last)[:, :, None], at - last[:, :, None]
    series = np.broadcast_to(np.arange(len(due))[:, None, None], due.shape).ravel()
    phi = _dispersion(forecast, due.ravel(), gap.ravel(), series, table).reshape(due.shape)
    trust = _trust(own.standing(table, forecast)[0], own.values, own.usable, table)
    p_value = (zero_probability(due, phi) * own.begins[:, None, None]) ** trust[:, None, None]
    first = np.repeat(last + 1, len(ahead), axis=1)
    seen = _seen_before(own.values, own.usable, first, gap.reshape(first.shape), table).reshape(due.shape)
    told = (last >= 0)[:, :, None] & forecast.ready[:, None, None]
    return np.where(told, np.maximum(p_value, seen), 1.0), due


@dataclass(frozen=True, slots=True)
class _Own:
    """What silences of a table's series are held against: [S, N], and [S] of `begins`."""

    values: Floats
    judged: Bools
    usable: Bools
    strange: Bools  # of a weekday that the past has not seen
    last: Ints  # bucket of the last event, -1: none
    total: Floats  # events that were due up to each bucket
    begins: Floats  # chance that a silence begins in a bucket

    @classmethod
    def of(cls, table: Table, forecast: Forecast) -> _Own:
        values, known = known_counts(table)
        last = np.maximum.accumulate(np.where(values > 0, np.arange(values.shape[1]), -1), axis=1)
        judged = known & ~table.calendar.holiday
        usable = judged & table.usable
        strange = unseen_weekdays(usable, table)
        closed = _closed(values, usable, table, forecast) | _may_be_closed(values, usable, strange, last, table)
        told = np.where(judged & ~closed, forecast.expected, 0.0)
        begins = -np.expm1(-_ordinary(told, known, table))
        return cls(values, judged, usable, strange, last, np.cumsum(told, axis=1), begins)

    def until(self, bucket: Ints) -> Floats:
        """Return the events that were due up to some buckets [S, m], 0 before the first one."""
        return np.where(bucket >= 0, np.take_along_axis(self.total, np.maximum(bucket, 0), axis=1), 0.0)

    def standing(self, table: Table, forecast: Forecast) -> tuple[Floats, Floats, Floats]:
        """Return p-value, events due and dispersion of the silence that stands in each bucket: [S, N]."""
        due, gap = self.total - self.until(self.last), np.arange(self.values.shape[1]) - self.last
        silent = np.nonzero(self.judged & (gap > 0) & (self.last >= 0) & forecast.ready[:, None])
        phi, p_value = np.zeros_like(due), np.ones_like(due)
        phi[silent] = _dispersion(forecast, due[silent], gap[silent], silent[0], table) + STRANGE * self.strange[silent]
        p_value[silent] = zero_probability(due[silent], phi[silent]) * self.begins[silent[0]]
        return p_value, due, phi


def _trust(p_value: Floats, values: Floats, usable: Bools, table: Table) -> Floats:
    """Return the power [S] that makes the silences of the past as rare as their p-values say.

    Of n buckets, k silences are due with p <= k/n. Where the k-th rarest of the past was
    clearly rarer than that (a shop that closes when it likes), all are taken for more
    ordinary; the log of the rarest of few silences varies by some percent by chance. k is one
    in ten days, at least 3: as many outages nobody declared change nothing.
    """
    past = slice(None, max(table.cut - 1, 0))
    ended = usable[:, past] & (values[:, 1 : max(table.cut, 1)] > 0)
    n = ended.shape[1]
    k = max(round(n / (240 if table.calendar.grain == "hour" else 10)), 3)
    if n <= k:
        return np.ones(len(values))
    rarest = np.partition(np.where(ended, p_value[:, past], 1.0), k - 1, axis=1)[:, k - 1]
    silences = (ended & (values[:, past] == 0)).sum(1)
    slack = 1 + np.minimum(FEW / np.maximum(silences, 1), 0.15)
    power: Floats = np.minimum(slack * np.log(k / n) / np.minimum(np.log(np.maximum(rarest, 1e-300)), -1e-9), 1.0)
    return power


def _seen_before(values: Floats, usable: Bools, first: Ints, gap: Ints, table: Table) -> Floats:
    """Return how often a bucket has stood in a silence as that of `gap` buckets from `first` on: [S, M].

    Of the same hours of the day, and as long: a shop that closes early now and then was silent
    from that hour on before. A silence of a day or more is compared with the same hours of other weeks.
    Below TWICE nothing is said.
    """
    per_day = 24 if table.calendar.grain == "hour" else 1
    silent = usable & (values == 0)
    silent[:, table.cut :] = False
    index = np.arange(values.shape[1])
    ended = np.minimum.accumulate(np.where(silent, len(index), index)[:, ::-1], axis=1)[:, ::-1]
    run = ended - index  # buckets of silence from each bucket on
    row, column = np.nonzero(gap > 0)
    since, long = first[row, column], gap[row, column]
    seen, times = np.zeros(len(row)), np.zeros(len(row))
    for day in range(1, table.cut // per_day + 1):
        at = since - day * per_day
        told = (at >= 0) & ((long < per_day) | (day % 7 == 0))
        told &= usable[row, np.maximum(at, 0)]
        seen += told & (run[row, np.maximum(at, 0)] >= long)
        times += told
    rate = np.zeros(gap.shape)
    rate[row, column] = np.where(seen >= TWICE, seen / np.maximum(times * per_day, 1.0), 0.0)
    return rate


def _closed(values: Floats, usable: Bools, table: Table, forecast: Forecast) -> Bools:
    """Mark stretches of the week that were always empty, though the rest of the week made events due: [S, N].

    The profile is shrunk to other days, which leaves a rest of expectation on a day of rest.
    While the past is shorter than two weeks, the same is asked of the hours of the day.
    """
    hourly = table.calendar.grain == "hour"
    size = 168 if hourly else 7
    closed = _always_empty(values, usable, table.calendar.slot, size, table, forecast)
    young = forecast.history < YOUNG
    if hourly and young.any():
        closed |= young[:, None] & _always_empty(values, usable, table.calendar.slot % 24, 24, table, forecast)
    return closed


def _always_empty(values: Floats, usable: Bools, slot: Ints, size: int, table: Table, forecast: Forecast) -> Bools:
    past = slice(None, table.cut)
    seen, times = (totals(a[:, past], slot[past], size) for a in (usable * values, usable.astype(float)))
    empty = (seen == 0) & (times >= TWICE)
    if not empty.any():
        return np.zeros(values.shape, dtype=bool)
    due = totals((usable * forecast.expected)[:, past], slot[past], size)
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


def _may_be_closed(values: Floats, usable: Bools, strange: Bools, last: Ints, table: Table) -> Bools:
    """Mark days of a weekday that the past has not seen, up to their first event, of series that sleep: [S, N].

    A shop that shuts at night may be shut on a day that we do not know yet; a service that
    never sleeps is not. Sleeping: for `NIGHT` hours of the day or more nothing ever came,
    though `CLOSED` events or more would have been due in them if the day were flat.
    """
    calendar, past = table.calendar, slice(None, table.cut)
    if calendar.grain == "day" or not strange.any():
        return np.zeros(values.shape, dtype=bool)
    hour = calendar.slot[past] % 24
    hours, came = (totals(a[:, past], hour, 24) for a in (usable.astype(float), usable * values))
    flat = came.sum(1) / np.maximum(hours.sum(1), 1.0)
    empty = (came == 0) & (hours > 0)
    asleep = (empty.sum(1) >= NIGHT) & (np.where(empty, hours, 0.0).sum(1) * flat >= CLOSED)
    begun = np.searchsorted(calendar.day, calendar.day)  # first bucket of each bucket's day
    closed: Bools = asleep[:, None] & strange & (last < begun)
    return closed


def _dispersion(forecast: Forecast, due: Floats, gap: Ints, series: Ints, table: Table) -> Floats:
    """Return the dispersion phi [m] of silent sums over `gap` buckets of some series.

    That of the shortest window at least as long. Shrunk to Poisson by `STEADY` windows, since few
    windows seldom show less noise than there is, and often more; where silences do come in clumps, `_trust` sees them.
    """
    windows = PACES[table.calendar.grain].windows
    which = np.minimum(np.searchsorted(np.asarray(windows), gap), len(windows) - 1)
    a, f = forecast.laws[series, which].T
    told = table.cut / np.asarray(windows, dtype=float)
    share = (told / (told + STEADY))[which]
    phi: Floats = np.maximum((a - 1) * share / np.maximum(due, 1e-9), 0.0) + f
    return phi


def _ordinary(expected: Floats, known: Bools, table: Table) -> Floats:
    """Return the mean expectation of the past's buckets [S]."""
    past = slice(None, table.cut)
    mean: Floats = expected[:, past].sum(1) / np.maximum(known[:, past].sum(1), 1)
    return mean
