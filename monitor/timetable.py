"""When is the next evaluation, and from when on is one late?

Times of a cron expression are local: on the day that clocks go forward, what would fall into the
hour that is left out comes right after it, and what falls into an hour that comes twice is done
once (cronsim, as Debian's cron; APScheduler's own cron skips such a day, or does it twice).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from cronsim import CronSim

HOURLY = dt.timedelta(hours=1)
GRACE = dt.timedelta(minutes=15)  # how long an evaluation may take before the next one is missed


@dataclass(frozen=True, slots=True)
class Timetable:
    """At an interval, or at the local times of a cron expression."""

    every: dt.timedelta = HOURLY
    cron: str | None = None  # wins
    zone: str = "UTC"
    jitter: dt.timedelta = dt.timedelta()  # a tick comes up to this much later, so that many do not ask at once

    def __str__(self) -> str:
        """Say it to people.

        >>> str(Timetable(cron="0 7 * * *", zone="Europe/Berlin")), str(Timetable(dt.timedelta(hours=6)))
        ('at 0 7 * * * (Europe/Berlin)', 'every 6:00:00')
        """
        return f"at {self.cron} ({self.zone})" if self.cron else f"every {self.every}"

    def after(self, at: dt.datetime) -> dt.datetime:
        """Return the first tick after a time, without jitter; UTC.

        >>> spring = dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)
        >>> Timetable(cron="30 2 * * *", zone="Europe/Berlin").after(spring).isoformat()
        '2026-03-29T01:00:00+00:00'
        """
        if self.cron is None:
            return at + self.every
        local = at.astimezone(ZoneInfo(self.zone))
        return next(CronSim(self.cron, local)).astimezone(dt.UTC)

    def late_after(self, last: dt.datetime) -> dt.datetime:
        """Return from when on an evaluation is late that follows the last one."""
        return self.after(last) + self.jitter + GRACE
