"""What does the report of the week under way say?"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from monitor.config import Config
from monitor.history.memory import Memory
from monitor.kept import kept
from monitor.report.content import Report
from monitor.report.gather import report_of
from monitor.report.week import Week

NAME = "report"  # of the snapshot
SETTLED = dt.timedelta(days=3)  # before a week is that old, the one before it says more


def week_of(memory: Memory, config: Config, now: dt.datetime) -> Week:
    """Return the newest week of which three days are judged."""
    progress = memory.progress()
    until = progress.judged_until if progress else now
    return Week.of((until - SETTLED).astimezone(ZoneInfo(config.zone)).date())


def current(memory: Memory, config: Config, now: dt.datetime) -> Report:
    """Return the report of that week. Raises StateError."""
    week = week_of(memory, config, now)

    def make() -> Any:
        return report_of(memory, config, week, now, with_diff=False).to_json()

    return Report.from_json(kept(memory, config, NAME, now, make))
