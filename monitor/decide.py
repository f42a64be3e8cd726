"""Which findings are problems, when the whole installation may send only so many false alerts a week?

Every test costs what it may be wrong. A p-value is the chance of a false alert by bucket, so a
threshold t costs t false alerts in each bucket of a week, and costs add up whatever depends on
whatever: expectations are additive. The weekly budget is split between the hourly and the daily
tests, and evenly over the buckets of a week. In a bucket it is shared by subjects (what becomes
one incident), weighed by priority, and in a subject by its looks (sources and kinds).

Three rules make the most of it. Subjects that are far from any problem, such as a rule that is
kept by a wide margin, cost nothing, so they leave their part to the others (Zhao, Small & Su 2019,
JASA 114). When several new problems are found in one bucket, the same risk is bearable for each
(Benjamini & Hochberg 1995, JRSS B 57, which holds under positive dependence: Benjamini & Yekutieli
2001, Ann. Stat. 29; weights: Genovese, Roeder & Wasserman 2006, Biometrika 93). What is open
already is told no more, so it costs nothing, and is no reason to believe in anything new. An
installation with few tests does not spend it all: no subject costs more than one a year.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from checks.base import Finding, Kind
from checks.plan import Plan, Priority
from checks.stats import benjamini_hochberg
from monitor.account import Learned, Price
from monitor.alerts.message import Severity
from monitor.config import Budget
from monitor.severity import severity_of

HOUR, DAY, WEEK = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(weeks=1)
GRAINS = 2  # hourly and daily tests share the budget evenly
SPARING = dt.timedelta(days=365)  # no subject may cost more than one false alert in this time, however few there are
WEIGHTS = {Priority.CRITICAL: 4.0, Priority.HIGH: 2.0, Priority.NORMAL: 1.0, Priority.LOW: 0.5}
MIDDLE = (0.1, 0.6)  # p-values that tell how many null hypotheses hold
FAR = 0.5  # p of a look that is far from any problem

KindOf = Callable[[Finding], Kind]
_Test = tuple[int, Finding, Kind]  # which of all findings it is, and what its kind means
Unit = tuple[str, str | None, str | None]  # family, event, property: what is told as one incident


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
    price: Price | None = None  # of a problem
    learned: Learned | None = None  # of a problem: which history it was held against
    lowered: str = ""  # why its severity is a step below what it would be


def decide(
    findings: Iterable[Finding], plan: Plan, budget: Budget, kind_of: KindOf, known: Collection[Unit] = ()
) -> list[Verdict]:
    """Return a verdict for every finding, in the order given.

    Args:
        findings: every test that was made, healthy ones too.
        plan: whose priorities weigh.
        budget: false alerts a week, and the least that is told.
        kind_of: what a finding's kind means.
        known: subjects of open incidents.
    """
    findings = list(findings)
    kinds = [kind_of(finding) for finding in findings]
    places: list[tuple[_Shared, int] | None] = [None] * len(findings)  # in which batch, and of which unit there
    for (step, _), members in _batches(findings).items():
        weekly = budget.false_alerts_per_week * budget.parts[step > HOUR]
        shared = _shared([(i, findings[i], kinds[i]) for i in members], (step, weekly), plan, known)
        for unit, group in enumerate(shared.groups):
            for i in group:
                places[i] = shared, unit
    each = zip(findings, kinds, places, strict=True)
    return [_verdict(finding, kind, place, plan, budget) for finding, kind, place in each]


def _verdict(finding: Finding, kind: Kind, place: tuple[_Shared, int] | None, plan: Plan, budget: Budget) -> Verdict:
    cost = place[0].thresholds[place[1]] if place else None
    chosen = finding.p_value is None or (cost is not None and finding.p_value <= cost)
    problem = bool(chosen and finding.relevant and _enough(finding, budget))
    severity = severity_of(finding, plan, notice=kind.notice)
    return Verdict(finding, problem, severity, cost, place[0].price(place[1]) if place and problem else None)


def _enough(finding: Finding, budget: Budget) -> bool:
    """Say whether enough messages are concerned; a broken rule, or a check that does not count them, is."""
    return finding.p_value is None or not finding.rows or finding.rows >= budget.min_messages


def weekly(verdicts: Iterable[Verdict], zone: ZoneInfo, kind_of: KindOf) -> dict[str, dict[str, Any]]:
    """Return by ISO week of their buckets how many tests each check made, and the false alerts to be expected of them.

    A test whose null hypothesis holds alerts with the chance of its threshold. Which tests those are is estimated from
    the p-values that are neither small nor near 1, as the share of true null hypotheses is (Storey 2002, JRSS B 64).
    """
    weeks: dict[dt.datetime, str] = {}
    found: dict[str, dict[str, Any]] = {}
    for verdict in verdicts:
        finding = verdict.finding
        if finding.bucket is None:
            continue
        if (end := finding.bucket.end) not in weeks:
            year, week, _ = (end - dt.timedelta(seconds=1)).astimezone(zone).isocalendar()
            weeks[end] = f"{year}-W{week:02}"
        spent = found.setdefault(weeks[end], {"tests": {}, "risk": 0.0})
        spent["tests"][finding.check] = spent["tests"].get(finding.check, 0) + 1
        middling = finding.p_value is not None and MIDDLE[0] < finding.p_value <= MIDDLE[1]
        if verdict.cost is not None and middling and not kind_of(finding).symptom:
            spent["risk"] += verdict.cost / (MIDDLE[1] - MIDDLE[0])
    return found


def unit_of(finding: Finding, kind_of: KindOf) -> Unit:
    """Return the subject that a finding is about."""
    return _unit(finding, kind_of(finding))


def _unit(finding: Finding, kind: Kind) -> Unit:
    return kind.family or f"{finding.check}.{finding.kind}", finding.event, finding.property


def _batches(findings: Sequence[Finding]) -> Mapping[tuple[dt.timedelta, dt.datetime], list[int]]:
    """Group the tests by grain (an hour; anything longer is a day) and by the end of their bucket."""
    batches: dict[tuple[dt.timedelta, dt.datetime], list[int]] = defaultdict(list)
    for i, finding in enumerate(findings):
        if finding.p_value is not None and finding.bucket is not None:
            step = HOUR if finding.bucket.end - finding.bucket.start <= HOUR else DAY
            batches[step, finding.bucket.end].append(i)
    return batches


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the tests of one bucket may cost, by unit."""

    groups: list[list[int]]  # which findings are the tests of each unit
    thresholds: list[float]
    looks: list[int]
    weights: list[float]
    live: float
    found: int
    step: dt.timedelta
    weekly: float

    def price(self, unit: int) -> Price:
        """Return what the tests of one unit may cost, in full."""
        threshold, looks = self.thresholds[unit], self.looks[unit]
        a_week = threshold * looks * (WEEK / self.step)
        counted = looks, len(self.groups), self.live, self.found
        return Price(threshold, *counted, self.weights[unit], a_week, a_week / self.weekly)


def _shared(
    tests: Iterable[_Test], spending: tuple[dt.timedelta, float], plan: Plan, known: Collection[Unit]
) -> _Shared:
    """Share one bucket's part of the budget among its subjects."""
    step, weekly = spending
    units: dict[Unit, list[_Test]] = defaultdict(list)
    for test in tests:
        units[_unit(test[1], test[2])].append(test)
    seen = [_looks(group) for group in units.values()]
    looks = np.array([len(each) for each in seen])
    new = np.array([unit not in known for unit in units])
    is_near = np.array([p for each in seen for p in each]) <= FAR
    near = np.add.reduceat(is_near, looks.cumsum() - looks, dtype=float) / looks * new
    live = max(min(float(new.sum()), (float(near.sum()) + 1) / FAR), 1.0)
    weights = np.array([WEIGHTS[plan.priority(event)] for _, event, _ in units])
    weights = weights / weights[near > 0 if near.any() else slice(None)].mean()
    share = min(weekly / GRAINS * (step / WEEK), float(new.sum()) * (step / SPARING))
    could = np.array([min((_p(f) for _, f, _ in group if f.relevant), default=1.0) for group in units.values()]) * looks
    found = int(benjamini_hochberg((could / weights)[new], share * float(new.sum()) / live).sum())
    part = np.minimum(share * max(found, 1) * weights / live, 1.0)
    groups = [[i for i, _, _ in group] for group in units.values()]
    return _Shared(groups, (part / looks).tolist(), looks.tolist(), weights.tolist(), live, found, step, weekly)


def _p(finding: Finding) -> float:
    """Return a p-value, 1 where it could not be worked out."""
    p_value = finding.p_value
    return 1.0 if p_value is None or math.isnan(p_value) else p_value


def _looks(tests: Sequence[_Test]) -> list[float]:
    """Return the p-value of each look at a subject; a symptom in its cause's place sees the same again."""
    looks: list[float] = []
    causes: dict[tuple[object, ...], int] = {}
    for _, finding, kind in sorted(tests, key=lambda test: test[2].symptom):
        place = (finding.source, finding.slice)
        if kind.symptom and place in causes:
            looks[causes[place]] = min(looks[causes[place]], _p(finding))
            continue
        if not kind.symptom:
            causes.setdefault(place, len(looks))
        looks.append(_p(finding))
    return looks
