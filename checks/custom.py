"""Is a number of your own as it should be?

What a query of the configuration counts, or any number that it computes, hour by hour or day by day. Counts are
judged by the model of `volume`, other numbers by how far days usually differ; limits are promises. Budget, incidents
and alerts are those of all checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy  # not its parts: those are loaded when first used

from checks import counts
from checks.base import EVERY, Bucket, Evidence, Finding, Floats, Grain, Key, Kind, Measure, Profile, Stat, Table, check
from checks.expectation import forecast_of, judged, start_of, trail
from checks.plan import Plan
from checks.words import TELLING, between, change, number, stretch

_ADVICE = "See what the query counts, and what changed where that comes from."
KINDS = {
    "low": Kind(title="{subject} is lower than usual", advice=_ADVICE, family="custom"),
    "high": Kind(title="{subject} is higher than usual", advice=_ADVICE, family="custom"),
    "limit": Kind(title="{subject} is beyond its limit", advice=_ADVICE, family="custom"),
}
LEAST = 14  # values, before a number is judged by its past
WEEKS = 3  # of each weekday, before weekdays are told apart
FREEDOM = 30.0  # at most: days have longer tails than their number says


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """How what one query returns is judged."""

    name: str
    grain: Grain = "day"
    value: Literal["count", "number"] = "count"
    alert: Literal["both", "low", "high"] = "both"
    min: float | None = None
    max: float | None = None
    min_change: float = 0.2  # relative: smaller changes are not told, however certain


@dataclass(frozen=True, slots=True)
class CustomParams:
    """Which queries are there? They stand under `custom`."""

    queries: tuple[Query, ...] = ()


@dataclass(frozen=True, slots=True)
class _Tested:
    """What is said of one value."""

    observed: float
    expected: float
    low: float
    high: float
    p_low: float
    p_high: float
    length: int = 1  # buckets, of a count


@check("custom", kinds=KINDS, params=CustomParams)
class Custom:
    """What queries of the configuration return, by the hour or day."""

    def measures(self, plan: Plan, params: CustomParams) -> Iterable[Measure]:
        """Ask for what the queries return; they are statements of their own."""
        return [Measure(Stat.CUSTOM, grain=grain) for grain in sorted({query.grain for query in params.queries})]

    def judge(self, profile: Profile, plan: Plan, params: CustomParams) -> Iterator[Finding]:
        """Yield a finding for each side of each series of a query, and for its limits, by bucket."""
        for query in params.queries:
            table = _series(profile, query)
            columns = judged(profile, table)
            if table.keys and columns:
                yield from _limits(table, columns, query)
                yield from _surprises(table, columns, query)

    def evidence(self, profile: Profile, plan: Plan, params: CustomParams, finding: Finding) -> Evidence | None:
        """Return the values of the query around the change."""
        for query in params.queries:
            table = _series(profile, query).only(lambda key: _place(key) == (finding.event, finding.property))
            if table.keys:
                level = (finding.expected, finding.low, finding.high)
                lines = [np.full(len(table.calendar), np.nan if each is None else each) for each in level]
                return trail(table, finding, (table.values[0], lines[0], lines[1], lines[2]), unit=query.name)
        return None


def _series(profile: Profile, query: Query) -> Table:
    """Return the series of one query; between its first value and its newest, no row is a count of zero."""
    table = profile.table(Stat.CUSTOM, query.grain, EVERY).only(lambda key: key.label == query.name)
    if query.value == "number" or not table.keys:
        return table
    known = np.isfinite(table.values)
    newest = int(np.flatnonzero(known.any(axis=0)).max(initial=-1))
    begun = np.maximum.accumulate(known, axis=1)
    begun[:, newest + 1 :] = False
    values = np.where(begun & ~known, 0.0, table.values)
    return replace(table, values=values, usable=table.usable | (begun & ~known & ~table.calendar.holiday))


def _place(key: Key) -> tuple[str | None, str | None]:
    return key.event or None, key.property


def _limits(table: Table, columns: list[tuple[int, Bucket]], query: Query) -> Iterator[Finding]:
    """Yield whether each value keeps its limits: a promise, without statistics."""
    if query.min is None and query.max is None:
        return
    low = -np.inf if query.min is None else query.min
    high = np.inf if query.max is None else query.max
    for column, bucket in columns:
        for key, value in zip(table.keys, table.values[:, column].tolist(), strict=True):
            if np.isfinite(value):
                broken = not low <= value <= high
                allowed = " and ".join(
                    f"at {word} {bound:g}"
                    for word, bound in (("least", query.min), ("most", query.max))
                    if bound is not None
                )
                text = f"{_name(key)}: {number(value)}, where {allowed} is allowed." if broken else ""
                yield _finding("limit", key, bucket, observed=value, relevant=broken, text=text)


def _surprises(table: Table, columns: list[tuple[int, Bucket]], query: Query) -> Iterator[Finding]:
    tests = _counted(table, columns) if query.value == "count" else _measured(table, columns)
    for i, key in enumerate(table.keys):
        for (column, bucket), test in zip(columns, tests[i], strict=True):
            for kind in ("low", "high"):
                if test is not None and query.alert in ("both", kind):
                    yield _surprise(kind, key, (column, bucket), test, (table, query))


def _surprise(kind: str, key: Key, at: tuple[int, Bucket], test: _Tested, of: tuple[Table, Query]) -> Finding:
    (column, bucket), (table, query) = at, of
    p_value = test.p_low if kind == "low" else test.p_high
    effect = (test.observed - test.expected) / abs(test.expected) if test.expected else 0.0
    side = test.observed < test.expected if kind == "low" else test.observed > test.expected
    span = f" in the last {stretch(test.length, query.grain)}" if test.length > 1 else ""
    usual = between(test.low, test.high)
    text = f"{_name(key)}: {number(test.observed)}{span}, where {usual} is usual ({change(effect)})."
    return _finding(
        kind,
        key,
        bucket,
        since=start_of(table, column + 1 - test.length),
        observed=test.observed,
        expected=test.expected,
        low=test.low,
        high=test.high,
        p_value=p_value,
        effect=effect,
        relevant=side and (abs(effect) >= query.min_change or not test.expected),
        text=text if p_value <= TELLING else "",
    )


def _finding(kind: str, key: Key, bucket: Bucket, **said: object) -> Finding:
    event, prop = _place(key)
    return Finding(kind=kind, event=event, property=prop, source=key.source or None, bucket=bucket, **said)  # type: ignore[arg-type]


def _name(key: Key) -> str:
    return f"{key.event}: {key.property}" if key.event else str(key.property)


def _counted(table: Table, columns: list[tuple[int, Bucket]]) -> list[list[_Tested | None]]:
    """Test counts by the count model, over trailing windows, as `volume` does."""
    forecast = forecast_of(table)
    found = counts.surprises(table, forecast)
    tests: list[list[_Tested | None]] = []
    for i in range(len(table.keys)):
        mine: list[_Tested | None] = []
        for column, _ in columns:
            j = column - table.cut
            p_low, p_high = float(found.p_drop[i, j]), float(found.p_rise[i, j])
            window = found.drop if p_low <= p_high else found.rise
            numbers = (window.observed, window.expected, window.low, window.high)
            observed, expected, low, high = (float(each[i, j]) for each in numbers)
            known = forecast.ready[i] and np.isfinite(table.values[i, column])
            length = int(window.length[i, j])
            mine.append(_Tested(observed, expected, low, high, p_low, p_high, length) if known else None)
        tests.append(mine)
    return tests


def _measured(table: Table, columns: list[tuple[int, Bucket]]) -> list[list[_Tested | None]]:
    """Test other numbers by how far the past's own differ: Student's t of one more value (Hahn 1970, JQT 2)."""
    past = slice(None, table.cut)
    slots = table.calendar.slot
    tests: list[list[_Tested | None]] = []
    for values, usable in zip(table.values, table.usable, strict=True):
        known = usable[past] & np.isfinite(values[past])
        tests.append([_one(values, slots, known, column) for column, _ in columns])
    return tests


def _one(values: Floats, slots: np.ndarray, known: np.ndarray, column: int) -> _Tested | None:
    past, here = values[: len(known)][known], slots[: len(known)][known]
    if len(past) < LEAST or not np.isfinite(values[column]):
        return None
    expected = _usual(past, here, slots[column])
    centred = past - np.array([_usual(past, here, slot) for slot in here])
    spread = max(float(np.std(centred, ddof=1)), 1.4826 * float(np.median(np.abs(centred))))
    scale = max(spread, 0.01 * abs(expected), 1e-12) * np.sqrt(1 + 1 / len(past))
    freedom = min(len(past) - 1.0, FREEDOM)
    t = (float(values[column]) - expected) / scale
    reach = float(scipy.stats.t.ppf(0.995, freedom)) * scale
    p_low, p_high = float(scipy.stats.t.cdf(t, freedom)), float(scipy.stats.t.sf(t, freedom))
    return _Tested(float(values[column]), expected, expected - reach, expected + reach, p_low, p_high)


def _usual(past: Floats, slots: np.ndarray, slot: int) -> float:
    """Return the median of the same weekday or hour of the week, where there are enough; else of all."""
    same = past[slots == slot]
    return float(np.median(same if len(same) >= WEEKS else past))
