"""Which days, and which hours of the week, were not like others, although the configuration does not say so?"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

import numpy as np

from checks.base import Stat, Table, as_datetime
from checks.expectation import forecast_of
from monitor.calendar import HOUR
from monitor.config import Config
from monitor.config_values import WEEKDAYS
from monitor.incidents import Incident, Mark
from monitor.judge import kind_of
from monitor.profile import WindowProfile
from monitor.tune.suggestion import About, Edit, Suggestion

MANY, FEW = 0.5, 0.25  # share of the events that are off on such a day, and on the days around it
EVENTS = 5  # that come often enough to say so
OFTEN = 20.0  # messages a day
OFF, SCORE = 0.25, 2.0  # relative deviation, and in standard deviations: what all do together is rarer than that
DAYS = 3  # that one holiday may last
SHORT = 12 * HOUR  # for which a maintenance window may last
AGAIN = 2  # weeks in which it came


def holidays(config: Config, profile: WindowProfile, incidents: Sequence[Incident]) -> tuple[Suggestion, ...]:
    """Return the days on which most events dropped or rose together, and were back after at most three days.

    Args:
        config: the holidays that are declared already take no part.
        profile: of the newest day; its past is looked at.
        incidents: what people called useful was no holiday.
    """
    table = profile.table(Stat.ROWS, "day")
    found = []
    for sign, said in ((-1, "less"), (1, "more")):
        off, by, events = _off(table, sign)
        for day in _short(off):
            start, end = (as_datetime(table.calendar.starts[i]) for i in (day, day + 1))
            if not any(
                each.mark is Mark.USEFUL and each.started < end and each.last_seen > start for each in incidents
            ):
                found.append((start.astimezone(ZoneInfo(config.zone)).date(), said, off[day], by[day], events))
    return tuple(_holiday(config, *each) for each in sorted(found))


def _holiday(config: Config, date: dt.date, said: str, share: float, by: float, events: int) -> Suggestion:
    off = round(share * events)
    return Suggestion(
        about=About.HOLIDAY,
        what=f"{date:%a} {date.day} {date:%b %Y} is declared as a holiday",
        evidence=(
            f"{off} of {events} events came far {said} often than usual, by {100 * by:.0f} % in the median,"
            " and were back soon after",
            "no alert of that day was called useful",
        ),
        edits=(Edit(config.file, ("holidays",), {"date": date.isoformat(), "name": "a day unlike others"}, item=True),),
    )


def _off(table: Table, sign: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Return by day of the past the share of events that are off in one direction, their median, and how many tell."""
    totals = {key.event for key in table.keys if key.source is None}
    whole = table.only(lambda key: key.source is None or key.event not in totals)
    forecast, past = forecast_of(whole), slice(None, table.cut)
    due, known = forecast.expected[:, past], np.isfinite(whole.values[:, past]) & ~table.calendar.holiday[past]
    told = known & (due >= OFTEN) & forecast.ready[:, None]
    change = np.where(told, (np.nan_to_num(whole.values[:, past]) - due) / np.maximum(due, 1.0), 0.0)
    score = change * due / np.sqrt(np.maximum(forecast.variance[:, past], 1.0))
    out = told & (sign * change >= OFF) & (sign * score >= SCORE)
    enough = told.sum(0) >= EVENTS
    share = np.where(enough, out.sum(0) / np.maximum(told.sum(0), 1), 0.0)
    by = np.array(
        [float(np.median(np.abs(change[out[:, d], d]))) if out[:, d].any() else 0.0 for d in range(table.cut)]
    )
    return share, by, int(told.sum(0).max(initial=0))


def _short(off: np.ndarray) -> Iterator[int]:
    """Yield the days of short stretches on which many are off, with few on the days around them."""
    many = np.flatnonzero(off >= MANY)
    for run in np.split(many, np.flatnonzero(np.diff(many) > 1) + 1) if len(many) else ():
        around = off[[day for day in (run[0] - 1, run[-1] + 1) if 0 <= day < len(off)]]
        if len(run) <= DAYS and len(around) == 2 and (around < FEW).all():
            yield from run.tolist()


def weekly(config: Config, incidents: Iterable[Incident]) -> tuple[Suggestion, ...]:
    """Return hours of the week at which volumes were off for a while, in several weeks, and were called noise."""
    zone = ZoneInfo(config.zone)
    groups: dict[tuple[int, int], list[Incident]] = defaultdict(list)
    for each in incidents:
        short = not each.is_open and each.last_seen - each.begun <= SHORT
        if short and each.events and kind_of(each.headline).volume:
            local = each.begun.astimezone(zone)
            groups[local.weekday(), local.hour].append(each)
    return tuple(_window(config, day, group, zone) for (day, _), group in sorted(groups.items()) if _again(group, zone))


def _again(group: Sequence[Incident], zone: ZoneInfo) -> bool:
    marks = {each.mark for each in group}
    dates = {each.begun.astimezone(zone).date() for each in group}
    return len(dates) >= AGAIN and Mark.NOISE in marks and Mark.USEFUL not in marks


def _window(config: Config, day: int, group: Sequence[Incident], zone: ZoneInfo) -> Suggestion:
    starts = [each.begun.astimezone(zone) for each in group]
    first = min(at.hour for at in starts)
    last = max(_hours(at, each.last_seen) for at, each in zip(starts, group, strict=True))
    clock = f"{first:02}:00", f"{last % 24:02}:00"
    item = {"days": [WEEKDAYS[day]], "from": clock[0], "to": clock[1], "why": "comes back every week"}
    dates = ", ".join(f"{date.day} {date:%b}" for date in sorted({at.date() for at in starts}))
    noise = sum(each.mark is Mark.NOISE for each in group)
    return Suggestion(
        about=About.WEEKLY,
        what=f"{WEEKDAYS[day].capitalize()} {clock[0]} to {clock[1]} is left out every week",
        evidence=(
            f"volumes were off at these hours on {dates}",
            f"{noise} of {len(group)} alerts were called noise, none useful",
        ),
        edits=(Edit(config.file, ("exclude_weekly",), item, item=True),),
        incidents=tuple(each.id for each in group),
    )


def _hours(begun: dt.datetime, end: dt.datetime) -> int:
    """Return the hours from the midnight before something began to its end, rounded up."""
    midnight = begun.replace(hour=0, minute=0, second=0, microsecond=0)
    return math.ceil((end - midnight) / HOUR)
