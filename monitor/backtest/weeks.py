"""How much would have been told, week by week and channel by channel?"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

from monitor.alerts.message import Reason
from monitor.backtest.replay import Replayed
from monitor.calendar import floor_day

WEEK = dt.timedelta(weeks=1)


def weekly(replayed: Replayed, zone: ZoneInfo) -> list[tuple[dt.datetime, int, int]]:
    """Return for each local week that was touched its first day, the alerts and all messages of it."""
    start = _monday(replayed.since, zone)
    found = []
    while start < replayed.until:
        end = _monday(start + WEEK + dt.timedelta(hours=3), zone)  # clocks may change in between
        inside = [told for told in replayed.told if start <= told.at < end]
        found.append((start, sum(told.reason is Reason.OPENED for told in inside), len(inside)))
        start = end
    return found


def per_channel(replayed: Replayed) -> dict[str, int]:
    """Return the messages of each channel."""
    return dict(Counter(channel for told in replayed.told for channel in told.channels))


def _monday(at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    local = at.astimezone(zone)
    return floor_day(at - dt.timedelta(days=local.weekday()), zone)
