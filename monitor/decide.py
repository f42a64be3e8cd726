"""Which findings are problems, when the whole installation may send only so many false alerts a week?

Every test costs. The weekly budget is split between the hourly and the daily tests, and evenly
over the buckets of a week; the tests of one bucket are judged together by the Benjamini-Hochberg
rule with q = that bucket's part of the budget, weighed by priority. When nothing is wrong, the
chance of any alert in a bucket is then at most q (under positive dependence: Benjamini and
Yekutieli 2001), so that the expected false alerts of a week stay within the budget.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from checks.base import Finding, Kind
from checks.plan import Plan, Priority
from checks.stats import benjamini_hochberg
from monitor.alerts.message import Severity
from monitor.config import Budget

WEEK = dt.timedelta(weeks=1)
GRAINS = 2  # hourly and daily tests share the budget evenly
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
    verdicts = [_undecided(finding, plan, kind_of) for finding in findings]
    for (step, _), members in _batches(findings).items():
        share = budget.false_alerts_per_week / GRAINS * (step / WEEK)
        _spend(verdicts, members, share, plan)
    return verdicts


def _undecided(finding: Finding, plan: Plan, kind_of: KindOf) -> Verdict:
    broken = finding.p_value is None and finding.relevant
    return Verdict(finding, broken, severity(finding, plan, notice=kind_of(finding).notice))


def _batches(findings: Sequence[Finding]) -> dict[tuple[dt.timedelta, dt.datetime], list[int]]:
    """Group the tests by grain (an hour; anything longer is a day) and by the end of their bucket."""
    batches: dict[tuple[dt.timedelta, dt.datetime], list[int]] = defaultdict(list)
    for i, finding in enumerate(findings):
        if finding.p_value is not None and finding.bucket is not None:
            hourly = finding.bucket.end - finding.bucket.start <= dt.timedelta(hours=1)
            step = dt.timedelta(hours=1) if hourly else dt.timedelta(days=1)
            batches[step, finding.bucket.end].append(i)
    return batches


def _spend(verdicts: list[Verdict], members: Sequence[int], share: float, plan: Plan) -> None:
    p = np.array([verdicts[i].finding.p_value for i in members], dtype=float)
    weights = np.array([WEIGHTS[plan.priority(verdicts[i].finding.event)] for i in members])
    weights = weights / weights.mean()
    chosen = benjamini_hochberg(p, share, weights)
    rank = max(int(chosen.sum()), 1)
    for i, is_chosen, weight in zip(members, chosen, weights, strict=True):
        cost = float(min(share * rank * weight / len(members), 1.0))
        problem = bool(is_chosen) and verdicts[i].finding.relevant
        verdicts[i] = replace(verdicts[i], problem=problem, cost=cost)


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
