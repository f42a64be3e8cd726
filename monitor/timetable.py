"""When is the next evaluation, of which checks, and from when on is one late?

Times of a cron expression are local: on the day that clocks go forward, what would fall into the
hour that is left out comes right after it, and what falls into an hour that comes twice is done
once (cronsim, as Debian's cron; APScheduler's own cron skips such a day, or does it twice). An
interval ticks at its multiples since 1970, so that it comes when it would have come, whoever was
restarted in between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from cronsim import CronSim

from monitor.values import duration_text

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
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
        ('at 0 7 * * * (Europe/Berlin)', 'every 6h')
        """
        return f"at {self.cron} ({self.zone})" if self.cron else f"every {duration_text(self.every)}"

    def after(self, at: dt.datetime) -> dt.datetime:
        """Return the first tick after a time, without jitter; UTC.

        >>> spring = dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)
        >>> Timetable(cron="30 2 * * *", zone="Europe/Berlin").after(spring).isoformat()
        '2026-03-29T01:00:00+00:00'
        """
        if self.cron is None:
            return at + self.every - (at - EPOCH) % self.every
        local = at.astimezone(ZoneInfo(self.zone))
        return next(CronSim(self.cron, local)).astimezone(dt.UTC)

    def late_after(self, last: dt.datetime) -> dt.datetime:
        """Return from when on an evaluation is late that follows the last one."""
        return self.after(last) + self.jitter + GRACE


@dataclass(frozen=True, slots=True)
class Group:
    """Checks that are evaluated at the same times; `checks` is None for all that no other group names."""

    name: str = ""
    timetable: Timetable = Timetable()
    checks: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """When which checks are evaluated: all of them, but those of groups that have times of their own."""

    rest: Timetable = Timetable()
    groups: tuple[Group, ...] = ()

    def __str__(self) -> str:
        """Say it to people.

        >>> str(Schedule(groups=(Group("heavy", Timetable(cron="0 5 * * *"), frozenset({"pii", "drift"})),)))
        'every 1h; heavy (drift, pii) at 0 5 * * * (UTC)'
        """
        groups = (f"{each.name} ({', '.join(sorted(each.checks or ()))}) {each.timetable}" for each in self.groups)
        return "; ".join([str(self.rest), *groups])

    @property
    def everything(self) -> tuple[Group, ...]:
        """Return all groups, the rest first: it has no name."""
        return (Group("", self.rest), *self.groups)

    @property
    def jitter(self) -> dt.timedelta:
        """Return how much later a tick may come."""
        return max(group.timetable.jitter for group in self.everything)

    def after(self, at: dt.datetime) -> dt.datetime:
        """Return the first tick of any group after a time, without jitter; UTC."""
        return min(group.timetable.after(at) for group in self.everything)

    def due(self, last: Mapping[str, dt.datetime], now: dt.datetime) -> tuple[Group, ...]:
        """Return the groups of which a tick has come since they were last evaluated; many missed ones are one.

        >>> heavy = Group("heavy", Timetable(cron="0 5 * * *"), frozenset({"pii"}))
        >>> four, six = (dt.datetime(2026, 3, 1, hour, tzinfo=dt.UTC) for hour in (4, 6))
        >>> [group.name for group in Schedule(groups=(heavy,)).due({"": four, "heavy": four}, six)]
        ['', 'heavy']
        """
        if not self.groups:
            return self.everything
        return tuple(g for g in self.everything if g.name not in last or g.timetable.after(last[g.name]) <= now)

    def checks(self, groups: Collection[Group], enabled: Collection[str]) -> frozenset[str]:
        """Return the enabled checks of some groups."""
        grouped = frozenset[str]().union(*(group.checks or () for group in self.groups))
        rest = frozenset(enabled) - grouped
        return frozenset[str]().union(
            *(rest if group.checks is None else group.checks & frozenset(enabled) for group in groups)
        )
