"""How did the monitor itself do in a week: against its budget, to people, and with all its checks?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from monitor import operations
from monitor.feedback import Precision
from monitor.incidents import Incident
from monitor.report.content import Monitor, Unwatched
from monitor.report.week import Week

BROKEN = ("cannot_fire", "check_crashed")  # kinds that say that a check finds nothing


def monitor(
    week: Week,
    runs: Iterable[Mapping[str, Any]],
    precisions: Iterable[Precision],
    checks: Sequence[str],
    incidents: Sequence[Incident],
    budget: float,
) -> Monitor:
    """Return how the monitor did, without what depends on the week's incidents.

    Args:
        week: which is meant.
        runs: what was noted of the runs that judged it.
        precisions: what people made of the alerts of each check.
        checks: the names of those that are on.
        incidents: that are open, also about the monitor itself.
        budget: false alerts a week.
    """
    spent = [run["weeks"][str(week)] for run in runs if str(week) in run.get("weeks", {})]
    tests: Counter[str] = Counter()
    for each in spent:
        tests.update(each["tests"])
    return Monitor(
        budget=budget,
        alerts=0,
        tests=tests.total(),
        risk=sum(each["risk"] for each in spent) if spent else None,
        precision=tuple(map(str, precisions)),
        idle=tuple(_idle(checks, tests, incidents)),
    )


def _idle(checks: Iterable[str], tests: Counter[str], incidents: Iterable[Incident]) -> Iterator[Unwatched]:
    """Yield the checks that found nothing because they could not, and why."""
    broken = {
        finding.property or "": finding.text
        for incident in incidents
        for finding in incident.findings
        if incident.is_open and finding.check == operations.NAME and finding.kind in BROKEN
    }
    for name in checks:
        if name in broken:
            yield Unwatched(name, broken[name])
        elif tests and not tests[name]:
            yield Unwatched(
                name, "no test was made, since nothing in the plan, the configuration or the store is for it"
            )
