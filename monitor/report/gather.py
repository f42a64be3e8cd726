"""What is remembered that a report of a week needs? The state database alone is asked, never the event store."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

from monitor import detectability, inventory
from monitor.config import Config
from monitor.detectability import Detectability
from monitor.history.memory import Memory
from monitor.inventory import Inventory
from monitor.pipeline import composer_of, marked
from monitor.report.content import Report
from monitor.report.itself import monitor
from monitor.report.losses import WEEKS
from monitor.report.making import TREND, Facts, report
from monitor.report.removal import removal
from monitor.report.week import Week
from monitor.usage import survey
from monitor.usage.survey import Survey

LATE = dt.timedelta(days=14)  # after a week, in which runs may still have judged some of it


def report_of(
    memory: Memory, config: Config, week: Week, now: dt.datetime, owner: str | None = None, *, with_diff: bool = True
) -> Report:
    """Return the report of a week, of what is remembered now.

    Args:
        memory: where it is remembered.
        config: what is watched.
        week: any, also one that is not over.
        now: the time.
        owner: only of the events that they answer for.
        with_diff: with the change of the plan that takes out what can go, for which the plan's files are read.

    Raises:
        StateError: the state database does not answer.
        ConfigError: the plan's files are wrong by now.
    """
    made = report(gather(memory, config, week, now), config.plan, composer_of(config), now, owner)
    return replace(made, diff=removal(config.plan_path, made.removable)) if with_diff else made


def gather(memory: Memory, config: Config, week: Week, now: dt.datetime) -> Facts:
    """Return the counts of a week and of those it is compared with, their incidents, and what else is known.

    Raises:
        StateError: the state database does not answer.
    """
    zone = ZoneInfo(config.zone)
    first, span = week.back(WEEKS + TREND).span(zone).start, week.span(zone)
    known = memory.incidents(since=first - dt.timedelta(seconds=1))
    touched = {event for incident in known for event in incident.events}
    stock, looked, progress = memory.snapshot(inventory.NAME), memory.snapshot(survey.NAME), memory.progress()
    seen = memory.snapshot(detectability.NAME)
    runs = memory.shelf.summaries(span.start, span.end + LATE)
    return Facts(
        week=week,
        zone=zone,
        points=memory.shelf.weeks_of(touched, first, span.end),
        incidents=tuple(incident for incident in known if incident.started < span.end),
        workspace=config.workspace,
        base_url=config.base_url,
        inventory=Inventory.from_json(stock[1]) if stock else None,
        usage=Survey.from_json(looked[1]).usage if looked else None,
        seen=Detectability.from_json(seen[1]) if seen else None,
        judged=progress.oldest if progress else None,
        monitor=monitor(
            week, runs, marked(memory, now), tuple(config.checks), known, config.budget.false_alerts_per_week
        ),
    )
