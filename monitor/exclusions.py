"""Which days and hours does the configuration leave out: holidays, maintenance, the same hours of every week?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from monitor.calendar import Exclusion, Pause, Weekly
from monitor.config_format import ConfigBlock, ExclusionBlock

MONDAY = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)  # any: weeks are alike


def read_exclusions(block: ConfigBlock) -> tuple[Pause, ...]:
    """Return what is left out, those of a date first, the oldest first."""
    zone = ZoneInfo(block.timezone)
    holidays = (Exclusion(start_of(each.date, zone), _end(each.date, zone), each.name) for each in block.holidays)
    stretches = (Exclusion(start_of(each.start, zone), _end(each.end, zone), each.why) for each in block.exclude)
    dated = sorted((*holidays, *stretches), key=lambda each: each.start)
    again = (Weekly(frozenset(each.days), each.start, each.end, each.why, zone) for each in block.exclude_weekly)
    return (*dated, *again)


def reversed_ones(block: ConfigBlock) -> Iterator[tuple[int, ExclusionBlock]]:
    """Yield the exclusions that end before they start, each with its place."""
    zone = ZoneInfo(block.timezone)
    for index, each in enumerate(block.exclude):
        if start_of(each.start, zone) >= _end(each.end, zone):
            yield index, each


def is_always(block: ConfigBlock) -> bool:
    """Say whether the hours of every week that are left out are all hours."""
    at, end = MONDAY, MONDAY + dt.timedelta(weeks=1)
    again = [
        Weekly(frozenset(each.days), each.start, each.end, each.why, ZoneInfo("UTC")) for each in block.exclude_weekly
    ]
    for pause in sorted((each for one in again for each in one.within(at, end)), key=lambda each: each.start):
        at = max(at, pause.end) if pause.start <= at else at
    return at >= end


def start_of(moment: dt.date | dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return when a day or a local time begins, in UTC."""
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(dt.UTC)


def _end(moment: dt.date | dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the end of a stretch: a day ends when the next one starts, in local time."""
    return start_of(moment if isinstance(moment, dt.datetime) else moment + dt.timedelta(days=1), zone)
