"""How does a time column become local days and hours without the database knowing any time zone?

The zone's UTC offsets inside the window are few: they are computed here, and SQL only adds
the right number of seconds and divides. The same rule comes back from bucket numbers to UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from checks.base import Grain

WIDTH = {"hour": 3600, "day": 86400}
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """Before second `until` of a column's clock, add `shift` seconds; the last piece has no end."""

    until: int | None
    shift: int


@dataclass(frozen=True, slots=True)
class Cut:
    """How the seconds of a window become bucket numbers, and bucket numbers UTC times."""

    since: dt.datetime
    until: dt.datetime
    zone: ZoneInfo
    naive_zone: ZoneInfo

    def pieces(self, grain: Grain, *, aware: bool) -> tuple[Piece, ...]:
        """Return what to add to a column's seconds so that whole buckets are multiples of the width."""
        return _day_pieces(self, aware) if grain == "day" else _pieces(self, self._hour_shift(), aware)

    def to_utc(self, *, aware: bool) -> tuple[Piece, ...]:
        """Return what to add to a column's seconds so that they count from 1970 in UTC."""
        return _pieces(self, 0, aware)

    def bounds(self, *, aware: bool) -> tuple[dt.datetime, dt.datetime]:
        """Return the window as the column writes times: aware in UTC, or naive in the naive zone."""
        if aware:
            return self.since, self.until
        since, until = (at.astimezone(self.naive_zone).replace(tzinfo=None) for at in (self.since, self.until))
        return since, until

    def starts(self, numbers: NDArray[np.int64], grain: Grain) -> NDArray[np.datetime64]:
        """Return the UTC starts of buckets, as datetime64[s], from their numbers."""
        known, where = np.unique(numbers, return_inverse=True)
        if grain == "hour":
            seconds = known * WIDTH["hour"] - self._hour_shift()
        else:
            seconds = np.array([midnight(int(number), self.zone) for number in known], dtype=np.int64)
        return seconds[where].astype("datetime64[s]")

    def _hour_shift(self) -> int:
        return offset(self.since, self.zone) % WIDTH["hour"]


@lru_cache(maxsize=64)  # every table of a run has the same
def _day_pieces(cut: Cut, aware: bool) -> tuple[Piece, ...]:
    return _found(cut, lambda at: offset(at, cut.zone), aware)


@lru_cache(maxsize=64)
def _pieces(cut: Cut, shift: int, aware: bool) -> tuple[Piece, ...]:
    return _found(cut, lambda _: shift, aware)


def _found(cut: Cut, shift: Callable[[dt.datetime], int], aware: bool) -> tuple[Piece, ...]:
    def total(at: dt.datetime) -> tuple[int, int]:
        clock = 0 if aware else offset(at, cut.naive_zone)
        return clock, shift(at) - clock

    pieces: list[Piece] = []
    for end in _changes(cut.since, cut.until, total):
        before, added = total(end - dt.timedelta(seconds=1))
        pieces.append(Piece(int(end.timestamp()) + before, added))
    return (*pieces, Piece(None, total(cut.until)[1]))


def offset(at: dt.datetime, zone: ZoneInfo) -> int:
    """Return a zone's UTC offset at an instant, in seconds.

    >>> offset(dt.datetime(2026, 7, 1, tzinfo=dt.UTC), ZoneInfo("Europe/Berlin"))
    7200
    """
    return int((at.astimezone(zone).utcoffset() or dt.timedelta()).total_seconds())


def midnight(number: int, zone: ZoneInfo) -> int:
    """Return the UTC second in which local day `number` (0 is 1970-01-01) begins.

    >>> midnight(1, ZoneInfo("Asia/Kolkata")) - 86400
    -19800
    """
    date = dt.date(1970, 1, 1) + dt.timedelta(days=number)
    return int(dt.datetime.combine(date, dt.time(), tzinfo=zone).timestamp())


def _changes(
    since: dt.datetime, until: dt.datetime, rule: Callable[[dt.datetime], tuple[int, int]]
) -> Iterator[dt.datetime]:
    """Yield the instants in which a piecewise constant rule changes: looked for daily, then bisected."""
    start = since.replace(microsecond=0)
    while start < until:
        end = min(start + DAY, until)
        if rule(start) != rule(end):
            yield _bisect(start, end, rule)
        start = end


def _bisect(low: dt.datetime, high: dt.datetime, rule: Callable[[dt.datetime], tuple[int, int]]) -> dt.datetime:
    before = rule(low)
    while high - low > dt.timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (middle, high) if rule(middle) == before else (low, middle)
    return high
