"""Which seven days does a report speak of?"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from checks.base import Bucket
from monitor.errors import UsageError

_WEEK = re.compile(r"(\d{4})-?W(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """A week of ISO 8601: from Monday to Sunday, in the days of a time zone."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Week:
        """Read `2026-W09`.

        Raises:
            UsageError: it is no week.
        """
        match = _WEEK.fullmatch(text)
        try:
            week = cls(*map(int, match.groups())) if match else None
            if week and week.monday:
                return week
        except ValueError:
            pass
        raise UsageError(f"{text!r} is not a week; write it as 2026-W09")

    @classmethod
    def before(cls, at: dt.datetime, zone: ZoneInfo) -> Week:
        """Return the last week that was over at an instant.

        >>> str(Week.before(dt.datetime(2026, 3, 2, 13, tzinfo=dt.UTC), ZoneInfo("America/New_York")))
        '2026-W09'
        """
        return cls.of(at.astimezone(zone).date() - dt.timedelta(days=7))

    @classmethod
    def of(cls, date: dt.date) -> Week:
        """Return the week of a date."""
        year, number, _ = date.isocalendar()
        return cls(year, number)

    @property
    def monday(self) -> dt.date:
        """Return its first day."""
        return dt.date.fromisocalendar(self.year, self.number, 1)

    @property
    def days(self) -> tuple[dt.date, ...]:
        """Return its seven days."""
        return tuple(self.monday + dt.timedelta(days=i) for i in range(7))

    def back(self, weeks: int) -> Week:
        """Return an earlier week."""
        return Week.of(self.monday - dt.timedelta(weeks=weeks))

    def span(self, zone: ZoneInfo) -> Bucket:
        """Return its instants: from local midnight to local midnight."""
        start, end = self.monday, self.monday + dt.timedelta(days=7)
        return Bucket(*(dt.datetime.combine(date, dt.time(), zone).astimezone(dt.UTC) for date in (start, end)))

    def __str__(self) -> str:
        """Return it as ISO 8601 writes it."""
        return f"{self.year}-W{self.number:02}"
