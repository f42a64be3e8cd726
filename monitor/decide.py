"""Which findings are problems, when the whole installation may send only so many false alerts a week?

Every test costs. The weekly budget is split between the hourly and the daily tests, and evenly
over the buckets of a week; the tests of one bucket are judged together by the Benjamini-Hochberg
rule with q = that bucket's part of the budget, weighed by priority. When nothing is wrong, the
chance of any alert in a bucket is then at most q (under positive dependence: Benjamini and
Yekutieli 2001), so that the expected false alerts of a week stay within the budget. An
installation with few tests does not spend it all: no test costs more than one a year.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from checks.base import Finding, Kind
from checks.plan import Plan, Priority
from checks.stats import benjamini_hochberg
from monitor.alerts.message import Severity
from monitor.config import Budget

HOUR, DAY, WEEK = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(weeks=1)
GRAINS = 2  # hourly and daily tests share the budget evenly
SPARING = dt.timedelta(days=365)  # no test may cost more than one false alert in this time, however few tests there are
WEIGHTS = {Priority.CRITICAL: 4.0, Priority.HIGH: 2.0, Priority.NORMAL: 1.0, Priority.LOW: 0.5}
SERIOUS = 0.5  # half of the events, or half of the values


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding, and what was decided about it.

    `cost` is the p-value at which this test would just have alerted, its part of the budget
    (None for a broken rule, which costs nothing).
    """

    finding: Finding
    problem: bool
    severity: Severity
    cost: float | None = None


KindOf = Callable[[Finding], Kind]


def decide(findings: Iterable[Finding], plan: Plan, budget: Budget, kind_of: KindOf) -> list[Verdict]:
    """Return a verdict for every finding, in the order given."""
    findings = list(findings)
    tested = _Tested([None] * len(findings), [f.p_value is None for f in findings])
    for (step, _), members in _batches(findings).items():
        share = min(budget.false_alerts_per_week / GRAINS * (step / WEEK), len(members) * (step / SPARING))
        _spend(tested, findings, members, share, plan)
    return [
        Verdict(
            finding,
            chosen and finding.relevant,
            severity(finding, plan, notice=kind_of(finding).notice),
            cost,
        )
        for finding, chosen, cost in zip(findings, tested.chosen, tested.cost, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Tested:
    """For each finding: the p-value that would just have been enough, and whether its own was. A broken rule is."""

    cost: list[float | None]
    chosen: list[bool]


def _batches(findings: Sequence[Finding]) -> dict[tuple[dt.timedelta, dt.datetime], list[int]]:
    """Group the tests by grain (an hour; anything longer is a day) and by the end of their bucket."""
    batches: dict[tuple[dt.timedelta, dt.datetime], list[int]] = defaultdict(list)
    for i, finding in enumerate(findings):
        if finding.p_value is not None and finding.bucket is not None:
            step = HOUR if finding.bucket.end - finding.bucket.start <= HOUR else DAY
            batches[step, finding.bucket.end].append(i)
    return batches


def _spend(tested: _Tested, findings: Sequence[Finding], members: Sequence[int], share: float, plan: Plan) -> None:
    p = np.array([findings[i].p_value for i in members], dtype=float)
    weights = np.array([WEIGHTS[plan.priority(findings[i].event)] for i in members])
    weights = weights / weights.mean()
    chosen = benjamini_hochberg(p, share, weights)
    costs = np.minimum(share * max(int(chosen.sum()), 1) * weights / len(members), 1.0)
    for i, is_chosen, cost in zip(members, chosen.tolist(), costs.tolist(), strict=True):
        tested.chosen[i] = is_chosen
        tested.cost[i] = cost


def severity(finding: Finding, plan: Plan, *, notice: bool) -> Severity:
    """Say how much a finding matters if it is a problem: by what hangs on the event, and how far off it is."""
    if notice:
        return Severity.INFO
    priority = plan.priority(finding.event)
    serious = finding.p_value is None or abs(finding.effect or 0.0) >= SERIOUS
    if priority is Priority.CRITICAL or (priority is Priority.HIGH and serious):
        return Severity.CRITICAL
    if priority is Priority.LOW and not serious:
        return Severity.INFO
    return Severity.WARNING
