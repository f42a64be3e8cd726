"""What is expected of the series of a table, worked out once for all checks and laid out for a chart?"""

from __future__ import annotations

import datetime as dt
from weakref import WeakKeyDictionary

import numpy as np

from checks import counts
from checks.base import Bucket, Evidence, Finding, Floats, Grain, Key, Profile, Table

TRAIL: dict[Grain, int] = {"hour": 14 * 24, "day": 8 * 7}  # buckets that a chart shows

_known: WeakKeyDictionary[Table, counts.Forecast] = WeakKeyDictionary()
_quiet: WeakKeyDictionary[Table, counts.Silence] = WeakKeyDictionary()


def forecast_of(table: Table) -> counts.Forecast:
    """Return the forecast of a table; while the same table lives, it is made only once."""
    if table not in _known:
        _known[table] = counts.forecast(table)
    return _known[table]


def silence_of(table: Table) -> counts.Silence:
    """Return the silences of a table; while the same table lives, they are worked out only once."""
    if table not in _quiet:
        _quiet[table] = counts.silence(table, forecast_of(table))
    return _quiet[table]


def judged(profile: Profile, table: Table) -> list[tuple[int, Bucket]]:
    """Return the columns of a table that are under judgement now, with their buckets; never a holiday."""
    spine = table.calendar
    columns = [j for j in range(table.cut, len(spine)) if not spine.holiday[j]]
    buckets = [(j, spine.bucket(j)) for j in columns]
    return [(j, bucket) for j, bucket in buckets if profile.window.start < bucket.end <= profile.window.end]


def start_of(table: Table, column: int) -> dt.datetime:
    """Return when a column's bucket begins; the table's own start for a column before it."""
    return table.calendar.bucket(max(column, 0)).start


def count_evidence(table: Table, finding: Finding) -> Evidence | None:
    """Return the trailing counts of a finding's series beside the band of ordinary buckets."""
    one = table.only(lambda key: key == key_of(finding))
    if not one.keys:
        return None
    forecast = counts.forecast(one)
    low, high = counts.band(forecast)
    return trail(one, finding, (one.values[0], forecast.expected[0], low[0], high[0]))


def key_of(finding: Finding) -> Key:
    """Return the key of the series that a finding is about."""
    return Key(finding.event or "", finding.source, finding.property)


def trail(
    table: Table, finding: Finding, lines: tuple[Floats, Floats, Floats, Floats], unit: str = "events"
) -> Evidence:
    """Cut the last buckets out of four lines (observed, expected, low, high), each [N] as the table is."""
    grain = table.calendar.grain
    starts = table.calendar.starts[:-1]
    since = finding.since or (finding.bucket.start if finding.bucket else None)
    last = slice(max(len(starts) - TRAIL[grain], 0), None)
    bad_from = int(np.searchsorted(starts[last], _seconds(since))) if since else None
    observed, expected, low, high = (line[last] for line in lines)
    return Evidence(grain, starts[last], observed, expected, low, high, unit, bad_from)


def _seconds(time: dt.datetime) -> np.datetime64:
    return np.datetime64(int(time.timestamp()), "s")
