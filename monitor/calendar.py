"""Where do the buckets of a business time zone begin and end?

Days are local days: 23 or 25 hours long when the clock changes. Hours begin on the local
hour, so that zones such as Asia/Kolkata are cut at half past UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from checks.base import Calendar, Grain

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A stretch that is neither judged nor learned from: a holiday, a maintenance window."""

    start: dt.datetime
    end: dt.datetime
    why: str

    def within(self, since: dt.datetime, until: dt.datetime) -> Iterator[Exclusion]:
        """Yield it, where it touches [since, until)."""
        if self.start < until and self.end > since:
            yield self


@dataclass(frozen=True, slots=True)
class Weekly:
    """The same local hours on some days of every week (0 is Monday); an end not after the start is on the next day."""

    days: frozenset[int]
    start: dt.time
    end: dt.time
    why: str
    zone: ZoneInfo

    def within(self, since: dt.datetime, until: dt.datetime) -> Iterator[Exclusion]:
        """Yield those that touch [since, until).

        >>> nights = Weekly(frozenset({6}), dt.time(23), dt.time(1), "load", ZoneInfo("UTC"))
        >>> found = nights.within(dt.datetime(2026, 3, 2, tzinfo=dt.UTC), dt.datetime(2026, 3, 9, tzinfo=dt.UTC))
        >>> [f"{each.start:%d %H:%M} {each.end:%d %H:%M}" for each in found]
        ['01 23:00 02 01:00', '08 23:00 09 01:00']
        """
        later = DAY if self.start >= self.end else dt.timedelta()
        date = since.astimezone(self.zone).date() - DAY
        while date <= until.astimezone(self.zone).date():
            if date.weekday() in self.days:
                start, end = (
                    dt.datetime.combine(*at, self.zone) for at in ((date, self.start), (date + later, self.end))
                )
                yield from Exclusion(start.astimezone(dt.UTC), end.astimezone(dt.UTC), self.why).within(since, until)
            date += DAY


Pause = Exclusion | Weekly


def floor_hour(at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the start of the local hour that `at` lies in, in UTC.

    >>> floor_hour(dt.datetime(2026, 1, 1, 10, 45, tzinfo=dt.UTC), ZoneInfo("Asia/Kolkata"))
    datetime.datetime(2026, 1, 1, 10, 30, tzinfo=datetime.timezone.utc)
    """
    shift = _offset(at, zone) % HOUR
    local = at + shift
    return local.replace(minute=0, second=0, microsecond=0) - shift


def floor_day(at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the start of the local day that `at` lies in, in UTC.

    >>> floor_day(dt.datetime(2026, 1, 1, 3, 0, tzinfo=dt.UTC), ZoneInfo("America/New_York"))
    datetime.datetime(2025, 12, 31, 5, 0, tzinfo=datetime.timezone.utc)
    """
    return _midnight(at.astimezone(zone).date(), zone)


def midnights(since: dt.datetime, until: dt.datetime, zone: ZoneInfo) -> list[dt.datetime]:
    """Return the local midnights strictly between two instants, in UTC, oldest first."""
    date = since.astimezone(zone).date() + dt.timedelta(days=1)
    found = []
    while (midnight := _midnight(date, zone)) < until:
        if midnight > since:
            found.append(midnight)
        date += dt.timedelta(days=1)
    return found


def spine(
    grain: Grain, since: dt.datetime, until: dt.datetime, zone: ZoneInfo, exclusions: Sequence[Pause] = ()
) -> Calendar:
    """Return every bucket that lies whole in [since, until), `since` being rounded down to a local day."""
    first = floor_day(since, zone)
    if grain == "hour":
        last = floor_hour(until, zone)
        starts = np.arange(_second(first), _second(last) + 1, 3600)
    else:
        days = [first, *midnights(first, until + dt.timedelta(seconds=1), zone)]
        starts = np.array([_second(day) for day in days])
    local, days_ = _local_fields(starts[:-1], zone)
    slot = local if grain == "hour" else local // 24
    return Calendar(grain, starts.astype("datetime64[s]"), slot, days_, _excluded(starts, exclusions))


def _offset(at: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    return at.astimezone(zone).utcoffset() or dt.timedelta()


def _midnight(date: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), tzinfo=zone).astimezone(dt.UTC)


def _second(at: dt.datetime) -> int:
    return int(at.timestamp())


def _local_fields(starts: np.ndarray, zone: ZoneInfo) -> tuple[np.ndarray, np.ndarray]:
    """Return the local hour of week (0 is Monday 00:00) and the number of the local day, of each start."""
    local = [dt.datetime.fromtimestamp(int(start), tz=zone) for start in starts]
    hour_of_week = np.array([at.weekday() * 24 + at.hour for at in local], dtype=np.int64)
    day = np.array([at.toordinal() for at in local], dtype=np.int64)
    return hour_of_week, day - (day[0] if len(day) else 0)


def _excluded(starts: np.ndarray, exclusions: Sequence[Pause]) -> np.ndarray:
    """Mark the buckets that touch an exclusion."""
    marked = np.zeros(max(len(starts) - 1, 0), dtype=bool)
    span = [dt.datetime.fromtimestamp(int(at), tz=dt.UTC) for at in starts[[0, -1]]] if len(starts) else []
    for exclusion in (one for each in exclusions for one in each.within(*span)) if span else ():
        marked |= (starts[:-1] < _second(exclusion.end)) & (starts[1:] > _second(exclusion.start))
    return marked
