"""Which planned events does nobody watch, and why? And how small a loss of the critical ones would be seen?"""

from __future__ import annotations

from collections.abc import Collection

from checks.plan import Plan, Priority
from monitor.detectability import Detectability
from monitor.report.content import Coverage, Unwatched

UNREADABLE = "its table cannot be read"


def coverage(
    plan: Plan, found: Detectability | None, came: Collection[str], unreadable: Collection[str] = ()
) -> Coverage:
    """Return how much of a plan is watched.

    Args:
        plan: what is promised.
        found: what a run worked out; None: none has yet.
        came: events of which anything came in the week, or was due.
        unreadable: events whose tables cannot be read.
    """
    known = {name: str(why) for name, why in found.unwatched.items()} if found else {}
    seen = found.visible if found else ()
    why = known | dict.fromkeys(unreadable, UNREADABLE)
    critical = {name for name, event in plan.events.items() if event.priority is Priority.CRITICAL}
    return Coverage(
        planned=len(plan.events),
        known=found is not None,
        unwatched=tuple(Unwatched(name, why[name]) for name in plan.events if name in why),
        unowned=sum(not event.owner for event in plan.events.values()),
        silent=tuple(name for name in plan.events if name not in came),
        visible=tuple(each for each in seen if each.source is None and each.event in critical),
    )
