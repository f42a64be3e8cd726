"""What is remembered that a report of a week needs?"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from monitor.config import Config
from monitor.history.memory import Memory
from monitor.report.content import Facts
from monitor.report.losses import WEEKS
from monitor.report.week import Week

TREND = 3  # weeks before, whose scores are shown


def gather(memory: Memory, config: Config, week: Week) -> Facts:
    """Return the counts of a week and of those it is compared with, and the incidents of all of them.

    Raises:
        StateError: the state database does not answer.
    """
    zone = ZoneInfo(config.zone)
    first = week.back(WEEKS + TREND).span(zone).start
    until = week.span(zone).end
    known = memory.incidents(since=first - dt.timedelta(seconds=1))
    touched = {event for incident in known for event in incident.events}
    return Facts(
        week=week,
        zone=zone,
        points=memory.shelf.weeks_of(touched, first, until),
        incidents=tuple(incident for incident in known if incident.started < until),
        workspace=config.workspace,
        budget=config.budget.false_alerts_per_week,
        base_url=config.base_url,
    )
