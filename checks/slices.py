"""Which part of an event's users has gone, while the rest goes on?

A release that loses the checkout of one browser takes a twentieth of its orders: too little to see in
the whole, and everything in its slice. Each slice that usually holds enough is a series of its own,
judged by the count model (`checks.counts`); it is a problem when it fell against the rest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from checks import counts
from checks.base import Bucket, Evidence, Finding, Floats, Grain, Key, Kind, Measure, Profile, Stat, Table, check
from checks.expectation import forecast_of, judged, start_of, trail
from checks.plan import Plan
from checks.settings import setting
from checks.words import TELLING, between, change, number, stretch

GRAIN: Grain = "day"
ENOUGH = 20.0  # events due in the newest day for it alone to say that things are well again
FOLDED = frozenset({"(other)", "(none)"})  # not the same people every day

KINDS = {
    "lost": Kind(
        title="{subject} is being lost",
        advice="See what was released for this part of the users, and whether it still sends the event.",
        family="loss",
    )
}


@dataclass(frozen=True, slots=True)
class SlicesParams:
    """Which slices are watched, and how large a loss matters.

    Versions are not among the default dimensions: they fade as users update, and nothing is wrong.
    """

    dimensions: tuple[str, ...] = setting(("platform", "browser", "country"), "the parts of an event that are watched")
    causes: tuple[str, ...] = setting(
        ("app_version", "library_version"),
        "counted to name causes by, and not watched: versions fade as users update",
    )
    min_share: float = setting(
        0.03, "share of an event's messages of a source that a slice must usually hold to be watched", part=True
    )
    min_drop: float = setting(
        0.5, "share of the slice that is lost, against the rest of the event, that matters", part=True
    )
    min_events: float = setting(20.0, "messages lost below which nothing is told")


@dataclass(frozen=True, slots=True)
class _Loss:
    """What came of one slice in the window that says most about it, beside the rest of its event."""

    length: int  # buckets
    observed: float
    expected: float
    low: float
    high: float
    p_value: float
    rest: float  # observed share of what was expected of the rest of the event; NaN: there is no rest

    @property
    def effect(self) -> float:
        """Return the change of the slice against the rest: -0.9 is nine of ten lost."""
        due = self.expected * self.rest
        return self.observed / due - 1 if due > 0 else 0.0


@check("slices", kinds=KINDS, params=SlicesParams)
class Slices:
    """Slices of an event that are lost, by the day."""

    def measures(self, plan: Plan, params: SlicesParams) -> Iterable[Measure]:
        """Ask for the messages of each day by the values of each dimension."""
        asked = dict.fromkeys((*params.dimensions, *params.causes))
        return [Measure(Stat.ROWS, grain=GRAIN), *(Measure(Stat.ROWS, grain=GRAIN, by=d) for d in asked)]

    def judge(self, profile: Profile, plan: Plan, params: SlicesParams) -> Iterator[Finding]:
        """Yield a finding for every watched slice and day."""
        for dimension in params.dimensions:
            table, whole = _tables(profile, dimension, params)
            columns = judged(profile, table)
            if table.keys and columns:
                yield from _judge(dimension, table, whole, columns, params)

    def evidence(self, profile: Profile, plan: Plan, params: SlicesParams, finding: Finding) -> Evidence | None:
        """Return the days of the slice beside the band of ordinary days."""
        (dimension, label), *_ = finding.slice
        key = Key(finding.event or "", finding.source, None, label)
        one = profile.table(_measure(dimension), GRAIN).only(lambda k: k == key)
        if not one.keys:
            return None
        forecast = counts.forecast(one)
        low, high = counts.band(forecast)
        return trail(one, finding, (one.values[0], forecast.expected[0], low[0], high[0]))


def _measure(dimension: str) -> str:
    return Measure(Stat.ROWS, by=dimension).name()


def _tables(profile: Profile, dimension: str, params: SlicesParams) -> tuple[Table, Table]:
    """Return the watched slices of a dimension, and beside each the event that it is a slice of.

    A slice is chosen by its past alone, so that its fall does not take it out of sight.
    """
    slices = profile.table(_measure(dimension), GRAIN)
    rows = profile.table(Stat.ROWS, GRAIN)
    place = {key: i for i, key in enumerate(rows.keys)}
    usual, held = (dict(zip(table.keys, _past(table).tolist(), strict=True)) for table in (rows, slices))

    def watched(key: Key) -> bool:
        whole = usual.get(replace(key, label=None), 0.0)
        return key.source is not None and key.label not in FOLDED and params.min_share * whole <= held[key] < whole

    table = slices.only(watched)
    beside = [place[replace(key, label=None)] for key in table.keys]
    keys = tuple(rows.keys[i] for i in beside)
    return table, Table(rows.measure, rows.calendar, keys, rows.values[beside], rows.usable[beside], rows.cut)


def _past(table: Table) -> Floats:
    """Return the number of messages of each series in the days that are learned from."""
    learned = table.usable & np.isfinite(table.values)
    sums: Floats = np.where(learned, table.values, 0.0)[:, : table.cut].sum(axis=1)
    return sums


def _judge(
    dimension: str, table: Table, whole: Table, columns: Sequence[tuple[int, Bucket]], params: SlicesParams
) -> Iterator[Finding]:
    forecast, expected = counts.forecast(table), forecast_of(whole).expected
    found = counts.surprises(table, forecast)
    for column, bucket in columns:
        for i, key in enumerate(table.keys):
            if np.isfinite(table.values[i, column]) and forecast.ready[i]:
                loss = _loss((i, column), (table, forecast.expected), (whole, expected), found)
                newest = table.values[i, column], forecast.expected[i, column] * loss.rest
                yield _finding(
                    (dimension, key), (bucket, start_of(table, column + 1 - loss.length)), loss, newest, params
                )


def _loss(
    place: tuple[int, int], slices: tuple[Table, Floats], whole: tuple[Table, Floats], found: counts.Surprises
) -> _Loss:
    i, column = place
    at, drop = column - slices[0].cut, found.drop
    length = int(drop.length[i, at])
    window = slice(max(column + 1 - length, 0), column + 1)
    came, due = (
        float(np.nansum(everything[i, window] - part[i, window]))
        for part, everything in ((slices[0].values, whole[0].values), (slices[1], whole[1]))
    )
    arrays = (drop.observed, drop.expected, drop.low, drop.high, found.p_drop)
    observed, expected, low, high, p_value = (float(a[i, at]) for a in arrays)
    return _Loss(length, observed, expected, low, high, p_value, max(came, 0.0) / due if due >= 1 else np.nan)


def _finding(
    named: tuple[str, Key],
    when: tuple[Bucket, dt.datetime],
    loss: _Loss,
    newest: tuple[float, float],
    params: SlicesParams,
) -> Finding:
    (dimension, key), (bucket, since) = named, when
    known = bool(np.isfinite(loss.rest))
    lost = max(loss.expected * loss.rest - loss.observed, 0.0) if known else 0.0
    return Finding(
        kind="lost",
        event=key.event,
        source=key.source,
        slice=((dimension, key.label or ""),),
        bucket=bucket,
        since=since,
        observed=loss.observed,
        expected=loss.expected,
        low=loss.low,
        high=loss.high,
        p_value=loss.p_value,
        effect=loss.effect if known else 0.0,
        relevant=known and loss.effect <= -params.min_drop and lost >= params.min_events,
        settled=newest[0] > (1 - params.min_drop / 2) * newest[1] if newest[1] >= ENOUGH else None,
        rows=lost,
        text=_text(key, dimension, loss) if loss.p_value <= TELLING and known else "",
    )


def _text(key: Key, dimension: str, loss: _Loss) -> str:
    where = f"{replace(key, label=None)}, {dimension} {key.label}"
    expected = between(loss.low, loss.high)
    return (
        f"{where}: {number(loss.observed)} in the last {stretch(loss.length, GRAIN)}, where {expected} were expected;"
        f" {change(loss.effect)} against the rest of the event."
    )
