"""What is there to suggest, before any of it is tried?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from checks.base import Bucket
from monitor.calendar import HOUR, floor_day
from monitor.config import Config
from monitor.incidents import Incident
from monitor.plan.load import read_plan
from monitor.profile import Measurements
from monitor.tune import days, marks
from monitor.tune.suggestion import Suggestion


def proposed(
    config: Config, measurements: Measurements, until: dt.datetime, incidents: Sequence[Incident]
) -> tuple[Suggestion, ...]:
    """Return all suggestions: days and hours first, since an alert that they explain speaks for nothing else.

    Args:
        config: as it is now.
        measurements: of the past weeks.
        until: their end, a local midnight.
        incidents: all that are remembered.
    """
    profile = measurements.profile(Bucket(floor_day(until - HOUR, measurements.zone), until))
    calendar = (*days.holidays(config, profile, incidents), *days.weekly(config, incidents))
    explained = {name for each in calendar for name in each.incidents}
    rest = [each for each in incidents if each.id not in explained]
    written = read_plan(config.plan_path, config.workspace) if config.plan_path else None
    return (*calendar, *marks.from_marks(config, written, rest))
