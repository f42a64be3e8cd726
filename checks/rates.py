"""Is a share of the messages higher than it may be, day by day?

What `duplicates` and `schema` have in common. A share is held against what the plan allows
(a promise), or also against the series' own past (a background that is natural). Rows come
in clusters, from one user or one release: `checks.clusters` learns from the past how much
that makes a share vary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from checks import clusters
from checks.base import Bucket, Evidence, Finding, Floats, Key, Profile, Table
from checks.expectation import judged, key_of, trail
from checks.words import TELLING

UNTOLD = 0.002  # correlation of rows that break a rule, where none has before: a clump of them is the fault, not noise


@dataclass(frozen=True, slots=True)
class Shares:
    """Series of bad rows, and of the rows that they are a share of."""

    bad: Table
    rows: Floats  # [keys, buckets] as bad.values


@dataclass(frozen=True, slots=True)
class Day:
    """What came on one day in one series, for the sentence about it."""

    key: Key
    bad: float
    rows: float
    usual: float  # share that is expected at most

    @property
    def share(self) -> float:
        """Return the share of bad rows."""
        return self.bad / self.rows


@dataclass(frozen=True, slots=True)
class Limit:
    """What a share is held against, and how a breach is told."""

    kind: str
    tolerance: float  # a share that is always acceptable
    say: Callable[[Day], str]
    natural: bool = False  # the series' own past is acceptable as well
    least: float = 0.0  # difference in share that matters
    least_rows: float = 0.0  # bad rows that matter


def shares(bad: Table, rows: Table) -> Shares:
    """Put beside each series of bad rows the rows of its event and source.

    Totals over sources are left out: a share is bad where it is bad.
    """
    at = {(key.event, key.source): i for i, key in enumerate(rows.keys)}
    own = bad.only(lambda key: key.source is not None and (key.event, key.source) in at)
    index = [at[key.event, key.source] for key in own.keys]
    return Shares(own, rows.values[index])


def nothing(table: Table) -> Shares:
    """Return no series, on the calendar of a table."""
    none = table.only(lambda _: False)
    return Shares(none, none.values)


def judge_shares(profile: Profile, given: Shares, limit: Limit) -> Iterator[Finding]:
    """Yield a finding for every series and day under judgement that has rows."""
    table, days = given.bad, judged(profile, given.bad)
    if not table.keys or not days:
        return
    columns = [column for column, _ in days]
    bad, rows = table.values[:, columns], given.rows[:, columns]
    test = _test(given, columns, limit)
    arrays = (bad, rows, test.expected, test.low, test.high, test.p_value, test.effect_low, test.effect_high)
    numbers = np.stack(np.broadcast_arrays(*arrays), axis=2).tolist()
    known = (np.isfinite(bad) & (rows > 0)).tolist()
    for i, key in enumerate(table.keys):
        for j, (_, bucket) in enumerate(days):
            if known[i][j]:
                yield _finding(key, bucket, numbers[i][j], limit)


def _test(given: Shares, columns: list[int], limit: Limit) -> clusters.Rise:
    table, past = given.bad, slice(None, given.bad.cut)
    bad, rows, weekday = table.values[:, columns], given.rows[:, columns], table.calendar.slot[columns]
    usable = table.usable[:, past]
    past_bad, past_rows = (np.where(usable, a[:, past], np.nan) for a in (table.values, given.rows))
    if not limit.natural:  # where a share keeps its promise, the past decides nothing
        past_bad[~np.any(bad > limit.tolerance * rows, axis=1)] = np.nan
    if not np.any(bad > 0):
        return _unbroken(past_bad, past_rows, bad.shape)
    prior = clusters.CORRELATION if limit.natural else UNTOLD
    usual = clusters.learn(past_bad, past_rows, table.calendar.slot[past], prior)
    return clusters.rise(usual, bad, rows, weekday, limit.tolerance, natural=limit.natural)


def _unbroken(bad: Floats, rows: Floats, shape: tuple[int, ...]) -> clusters.Rise:
    """Return the test of days without a bad row anywhere: p = 1 whatever is usual, so that no tail is learned."""
    usual = np.nansum(bad, axis=1) / np.maximum(np.nansum(np.where(np.isnan(bad), np.nan, rows), axis=1), 1.0)
    low, high, unknown = np.zeros(shape), np.ones(shape), np.full(shape, np.nan)  # nothing is learned of any share
    return clusters.Rise(np.ones(shape), np.broadcast_to(usual[:, None], shape), low, high, unknown, unknown)


def _finding(key: Key, bucket: Bucket, numbers: list[float], limit: Limit) -> Finding:
    bad, rows, expected, low, high, p_value, effect_low, effect_high = numbers
    day = Day(key, bad, rows, max(expected, limit.tolerance))
    return Finding(
        kind=limit.kind,
        event=key.event,
        property=key.property,
        source=key.source,
        bucket=bucket,
        observed=day.share,
        expected=expected,
        low=low if limit.natural else 0.0,
        high=high,
        p_value=p_value,
        effect=day.share - expected,
        effect_low=effect_low,
        effect_high=effect_high,
        relevant=day.share - expected > limit.least and bad >= limit.least_rows,
        settled=_settled(day, expected, limit),
        rows=max(bad - expected * rows, 0.0),
        text=limit.say(day) if p_value <= TELLING else "",
    )


def _settled(day: Day, expected: float, limit: Limit) -> bool | None:
    """Say whether the day is as it should be; a promise that is still broken, however little, is not kept."""
    if day.share <= max(expected + limit.least, limit.tolerance) or day.bad < limit.least_rows:
        return True
    return None if limit.natural else False


def share_evidence(given: Shares, finding: Finding) -> Evidence | None:
    """Return the trailing shares of a finding's series in percent, beside what was expected on its day."""
    key = key_of(finding)
    if key not in given.bad.keys:
        return None
    row = given.bad.keys.index(key)
    rows = np.where(given.rows[row] > 0, given.rows[row], np.nan)
    observed = 100 * given.bad.values[row] / rows
    level = (finding.expected or 0.0, finding.low or 0.0, finding.high or 0.0)
    expected, low, high = (np.full(len(observed), 100 * value) for value in level)
    return trail(given.bad, finding, (observed, expected, low, high), unit="% of messages")
