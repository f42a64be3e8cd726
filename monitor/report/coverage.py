"""Which planned events does nobody watch, and why?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping

from checks.model import READY_DAYS
from checks.plan import Plan
from monitor.config import CheckConfig
from monitor.report.content import Coverage, Unwatched

WATCHING = ("missing", "volume")  # the checks that see an event stop


def coverage(
    plan: Plan,
    checks: Mapping[str, CheckConfig],
    first: Mapping[str, dt.datetime],
    until: dt.datetime,
    unreadable: Collection[str] = (),
) -> Coverage:
    """Return how much of a plan is watched.

    Args:
        plan: what is promised.
        checks: the enabled ones.
        first: the first hour in which each event was seen; those that never came are not in it.
        until: up to when events are judged.
        unreadable: events whose tables cannot be read.
    """
    return Coverage(
        planned=len(plan.events),
        unwatched=tuple(_unwatched(plan, checks, first, until, unreadable)),
        unowned=sum(not event.owner for event in plan.events.values()),
    )


def _unwatched(
    plan: Plan,
    checks: Mapping[str, CheckConfig],
    first: Mapping[str, dt.datetime],
    until: dt.datetime,
    unreadable: Collection[str],
) -> Iterator[Unwatched]:
    watching = [checks[name] for name in WATCHING if name in checks]
    for name in plan.events:
        if not any(check.covers(name) for check in watching):
            yield Unwatched(name, f"the configuration leaves it out of {' and '.join(WATCHING)}")
        elif name in unreadable:
            yield Unwatched(name, "its table cannot be read")
        elif name not in first:
            yield Unwatched(name, "nothing came of it yet")
        elif (days := (until - first[name]).days) < READY_DAYS:
            yield Unwatched(name, f"it has come for {days} days; it is judged from {READY_DAYS} on")
