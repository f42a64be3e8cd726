"""Which events come less, or more, often than they should?

Every series is judged by the hour and by the day, over trailing windows of 1 to 48 hours and
1 to 7 days, against a seasonal forecast with calibrated tails (`checks.counts`): a full stop
shows within the hour, a leak after days. What moves slowly, over weeks, is told apart from
seasons and growth by what the other events of the source do (`checks.levels`).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from checks import counts, levels
from checks.base import Bucket, Evidence, Finding, Floats, Grain, Key, Kind, Measure, Profile, Stat, Table, check
from checks.expectation import count_evidence, forecast_of, judged, silence_of, start_of
from checks.plan import Plan
from checks.settings import setting
from checks.words import TELLING, between, change, number, stretch

GRAINS: tuple[Grain, ...] = ("hour", "day")
ENOUGH = 50.0  # events that must be due in the newest buckets for them alone to say that things are well again
NEWEST: dict[Grain, tuple[int, ...]] = {"hour": (1, 2, 3, 6, 12, 24, 48), "day": (1, 2, 3, 7)}  # buckets

KINDS = {
    "drop": Kind(
        title="{subject} dropped",
        advice="See whether one source, platform or app version explains the loss; then what was released there.",
        family="loss",
        symptom=True,
        volume=True,
    ),
    "spike": Kind(
        title="{subject} spiked",
        advice="See whether people did more (a campaign), or whether the same actions are sent more often.",
        family="excess",
        symptom=True,
        volume=True,
    ),
    "shift": Kind(
        title="{subject} has shifted to another level",
        advice="No single day shows it. Compare its share by release, app version and page over the last weeks;"
        " if people do it more or less often, nothing is wrong, and in some weeks it will be what is usual.",
        family="level",
        spoils=False,
    ),
}


@dataclass(frozen=True, slots=True)
class VolumeParams:
    """How large must a change be to matter? The statistics say only that it is real."""

    min_drop: float = setting(
        0.2, "share of the expected messages that is lost; smaller losses are not told, however certain", part=True
    )
    min_spike: float = setting(
        0.5, "share of the expected messages that came on top; smaller excesses are not told, however certain"
    )
    min_events: float = setting(10.0, "messages lost or in excess below which nothing is told")
    min_shift: float = setting(
        0.4, "share of a week's messages that is lost slowly, or as many times more; smaller shifts are not told"
    )


@dataclass(frozen=True, slots=True)
class _Test:
    """The most extreme window that ends in one bucket of one series."""

    length: int  # buckets
    since: dt.datetime
    observed: float
    expected: float
    low: float
    high: float
    p_value: float
    latest: float  # observed in the newest buckets alone
    due: float  # expected in them


@check("volume", kinds=KINDS, params=VolumeParams)
class Volume:
    """Drops and spikes, by the hour and by the day."""

    def measures(self, plan: Plan, params: VolumeParams) -> Iterable[Measure]:
        """Ask for the messages of each hour and day."""
        return [Measure(Stat.ROWS, grain=grain) for grain in GRAINS]

    def judge(self, profile: Profile, plan: Plan, params: VolumeParams) -> Iterator[Finding]:
        """Yield a drop and a spike for every series and bucket, by hour and day."""
        for grain in GRAINS:
            table = profile.table(Stat.ROWS, grain)
            columns = judged(profile, table)
            if table.keys and columns:
                yield from _judge(table, columns, params)
                if grain == "day":
                    yield from _shifts(table, columns, params)

    def evidence(self, profile: Profile, plan: Plan, params: VolumeParams, finding: Finding) -> Evidence | None:
        """Return the counts around the change, in the grain in which it was found."""
        table = profile.table(Stat.ROWS, _grain(finding.bucket))
        if finding.kind == "shift":  # beside what was usual before, not beside a level that has come along
            usable = table.usable.copy()
            usable[:, len(table.calendar) - 7 * levels.GAP :] = False
            table = replace(table, usable=usable)
        return count_evidence(table, finding)


def _grain(bucket: Bucket | None) -> Grain:
    return "hour" if bucket and (bucket.end - bucket.start).total_seconds() <= 3600 else "day"


def _judge(table: Table, columns: list[tuple[int, Bucket]], params: VolumeParams) -> Iterator[Finding]:
    forecast = forecast_of(table)
    found = counts.surprises(table, forecast, silence_of(table))
    for column, bucket in columns:
        told = (np.isfinite(table.values[:, column]) & forecast.ready).tolist()
        last = _newest(table, forecast.expected, column)
        for kind, p_values, windows in (("drop", found.p_drop, found.drop), ("spike", found.p_rise, found.rise)):
            tests = _tests(table, column, (p_values, windows), last)
            for key, known, test in zip(table.keys, told, tests, strict=True):
                if known:
                    yield _finding(kind, key, bucket, test, params)


def _newest(table: Table, expected: Floats, column: int) -> tuple[Floats, Floats]:
    """Return observed and expected [series] of the fewest newest buckets in which enough is due to say anything."""
    latest, due = np.zeros(len(table.keys)), np.zeros(len(table.keys))
    for length in NEWEST[table.calendar.grain]:
        part = slice(max(column + 1 - length, 0), column + 1)
        known = np.isfinite(table.values[:, part])
        wanted = due < ENOUGH
        latest[wanted] = np.where(known, table.values[:, part], 0.0).sum(axis=1)[wanted]
        due[wanted] = np.where(known, expected[:, part], 0.0).sum(axis=1)[wanted]
    return latest, due


def _tests(
    table: Table, column: int, found: tuple[Floats, counts.Window], last: tuple[Floats, Floats]
) -> Iterator[_Test]:
    """Return one column of the engine's arrays as plain numbers, series by series."""
    p_values, windows = found
    at = column - table.cut
    lengths: list[int] = windows.length[:, at].tolist()
    since = {length: start_of(table, column + 1 - length) for length in set(lengths)}
    arrays = [a[:, at] for a in (windows.observed, windows.expected, windows.low, windows.high, p_values)]
    numbers = np.stack([*arrays, *last], axis=1).tolist()
    for length, (observed, expected, low, high, p_value, latest, due) in zip(lengths, numbers, strict=True):
        yield _Test(length, since[length], observed, expected, low, high, p_value, latest, due)


def _finding(kind: str, key: Key, bucket: Bucket, test: _Test, params: VolumeParams) -> Finding:
    difference = test.observed - test.expected
    effect = difference / test.expected if test.expected > 0 else 0.0
    worst = -effect / params.min_drop if kind == "drop" else effect / params.min_spike
    return Finding(
        kind=kind,
        event=key.event,
        source=key.source,
        bucket=bucket,
        since=test.since,
        observed=test.observed,
        expected=test.expected,
        low=test.low,
        high=test.high,
        p_value=test.p_value,
        effect=effect,
        relevant=worst >= 1 and abs(difference) >= params.min_events,
        settled=_settled(kind, test, params),
        rows=abs(difference),
        text=_text(key, bucket, test, effect) if test.p_value <= TELLING else "",
    )


def _settled(kind: str, test: _Test, params: VolumeParams) -> bool | None:
    """Say whether the newest buckets alone are well again: nearer to what is expected than to a change that matters."""
    if test.due < ENOUGH:
        return None
    if kind == "drop":
        return test.latest > (1 - params.min_drop / 2) * test.due
    return test.latest < (1 + params.min_spike / 2) * test.due


def _shifts(table: Table, columns: list[tuple[int, Bucket]], params: VolumeParams) -> Iterator[Finding]:
    """Yield how far the last seven days of each series are from the weeks a month ago."""
    for column, bucket in columns:
        since = start_of(table, column - 6)
        for key, level in zip(table.keys, levels.levels(table, column), strict=True):
            if level is not None:
                yield _shift(key, (bucket, since), level, params)


def _shift(key: Key, when: tuple[Bucket, dt.datetime], level: levels.Level, params: VolumeParams) -> Finding:
    difference, least = level.observed - level.expected, -math.log1p(-params.min_shift)
    lasts = math.copysign(level.before, level.before * level.moved) >= least / 3  # one odd week is no level
    effect = difference / level.expected
    return Finding(
        kind="shift",
        event=key.event,
        source=key.source,
        bucket=when[0],
        since=when[1],
        observed=level.observed,
        expected=level.expected,
        low=level.low,
        high=level.high,
        p_value=level.p_value,
        effect=effect,
        relevant=abs(level.moved) >= least and lasts and abs(difference) >= params.min_events,
        settled=True if abs(level.moved) < least / 2 else None,
        rows=abs(difference),
        text=_shift_text(key, level, effect) if level.p_value <= TELLING else "",
    )


def _shift_text(key: Key, level: levels.Level, effect: float) -> str:
    return (
        f"{key}: {number(level.observed)} in the last 7 days, where {between(level.low, level.high)} would be in"
        f" keeping with the weeks a month ago and with the other events of {key.source} ({change(effect)})."
    )


def _text(key: Key, bucket: Bucket, test: _Test, effect: float) -> str:
    span, expected = stretch(test.length, _grain(bucket)), between(test.low, test.high)
    return f"{key}: {number(test.observed)} in the last {span}, where {expected} were expected ({change(effect)})."
