"""Which stretch of time does a file hold, and whose events, as its folders say?

Hive-style folders (`day=2026-03-01/hr=13`, `dt=2026-03-01`, `year=2026/month=03/day=01`), dates
(`2026-03-01`, `2026/03/01/13`), and the Segment archive (`segment-logs/<source>/<milliseconds of the day>`).
A folder is of the time at which its events were received, in UTC.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

SPILL = dt.timedelta(hours=2)  # a folder may hold what was received so long before it begins
_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.+)")
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[-T ](\d{2}))?(?:[-:]?00)?")
_MILLISECONDS = re.compile(r"\d{13}")
_UNITS = {"year": 0, "y": 0, "month": 1, "m": 1, "day": 2, "d": 2, "hour": 3, "hr": 3, "h": 3}
_DATES = frozenset({"day", "date", "dt", "ds", "hour", "event_date", "received_date", "partition_date"})
_DAY = 86_400_000  # milliseconds
_ARCHIVES = frozenset({"segment-logs", "rudder-logs"})  # the folder below is the source's
_EVENT = "segment_type"  # of Segment's data lake: the folder above is the source's


@dataclass(frozen=True, slots=True)
class Stretch:
    """A half-open stretch of time, in UTC."""

    start: dt.datetime
    end: dt.datetime

    def may_hold(self, since: dt.datetime, until: dt.datetime) -> bool:
        """Return whether a folder of this stretch may hold what was received in [since, until)."""
        return self.end > since and self.start - SPILL < until


def stretch(folders: Sequence[str]) -> Stretch | None:
    """Return the stretch that folders stand for, None where they say none.

    >>> print(stretch(["lake", "day=2026-03-01", "hr=13"]).start)
    2026-03-01 13:00:00+00:00
    >>> print(stretch(["segment-logs", "web", "1772323200000"]).start, stretch(["orders"]))
    2026-03-01 00:00:00+00:00 None
    >>> print(stretch(["2026", "03"]).end)
    2026-04-01 00:00:00+00:00
    """
    numbers: list[int | None] = [None, None, None, None]  # year, month, day, hour
    for folder in folders:
        key = _KEY.fullmatch(folder)
        name, value = (key[1].lower(), key[2]) if key else ("", folder)
        if (date := _DATE.fullmatch(value)) and (not name or name in _DATES):
            numbers[:3] = int(date[1]), int(date[2]), int(date[3])
            numbers[3] = int(date[4]) if date[4] else numbers[3]
        elif not name and _MILLISECONDS.fullmatch(value) and int(value) % _DAY == 0:
            day = dt.datetime.fromtimestamp(int(value) // 1000, tz=dt.UTC)
            numbers[:3] = day.year, day.month, day.day
        elif value.isdigit() and (place := _UNITS.get(name) if name else _place(value, numbers)) is not None:
            numbers[place] = int(value)
    return _between(numbers)


def constants(folders: Sequence[str]) -> dict[str, str]:
    """Return what folders say of every row below them, by column: keys that are no times, source and event.

    >>> constants(["segment-data", "data", "web", "segment_type=order_completed", "day=2026-03-01", "hr=13"])
    {'event': 'order_completed', 'source': 'web'}
    >>> constants(["segment-logs", "ios", "1772323200000"]), constants(["country=DE", "dt=2026-03-01"])
    ({'source': 'ios'}, {'country': 'DE'})
    """
    found: dict[str, str] = {}
    for above, folder in zip(["", *folders], folders, strict=False):
        key = _KEY.fullmatch(folder)
        if key and key[1].lower() == _EVENT:
            found |= {"event": key[2], "source": above}
        elif key and key[1].lower() not in _UNITS.keys() | _DATES:
            found[key[1]] = key[2]
        elif above in _ARCHIVES:
            found["source"] = folder
    return found


def _place(value: str, numbers: Sequence[int | None]) -> int | None:
    """Return which of year, month, day and hour a folder of digits is: the one that comes after the last known."""
    place = next((i for i, number in enumerate(numbers) if number is None), None)
    fits = place is not None and len(value) == (4 if place == 0 else 2)
    return place if fits and (place or value.startswith(("19", "20"))) else None


def _between(numbers: Sequence[int | None]) -> Stretch | None:
    year, month, day, hour = numbers
    if year is None:
        return None
    try:
        start = dt.datetime(year, month or 1, day or 1, hour if day and hour else 0, tzinfo=dt.UTC)
    except ValueError:
        return None
    if month is None:
        return Stretch(start, start.replace(year=year + 1))
    if day is None:
        return Stretch(start, (start + dt.timedelta(days=32)).replace(day=1))
    return Stretch(start, start + (dt.timedelta(days=1) if hour is None else dt.timedelta(hours=1)))
