"""How much does a problem matter? What hangs on the event, how far off is it, how many messages are concerned?"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from checks.base import Finding
from checks.plan import Plan, Priority
from checks.words import number
from monitor.alerts.message import Severity

SERIOUS = 0.5  # half of the events, or half of the values
MANY = 1000.0  # messages lost, in excess or damaged, that make an answer to a question wrong
FEW = 20.0  # messages that change no answer
POINTS = {Priority.CRITICAL: 4, Priority.HIGH: 2, Priority.NORMAL: 1, Priority.LOW: 0}
CRITICAL, WARNING = 3, 1  # points


class Why(StrEnum):
    """What speaks for a severity."""

    NOTICE = "it wakes nobody, whatever it is about"
    SERIOUS = "half or more of it is wrong"
    RULE = "a rule of the plan is broken"


class Judgement(NamedTuple):
    """A severity, and what speaks for it in words."""

    severity: Severity
    reasons: tuple[str, ...]


def judge_severity(finding: Finding, plan: Plan, *, notice: bool) -> Judgement:
    """Return a severity, and say what made it."""
    severity = severity_of(finding, plan, notice=notice)
    if notice:
        return Judgement(severity, (Why.NOTICE,))
    reasons = [f"{plan.priority(finding.event)} priority"]
    serious, asked = _is_serious(finding), plan.asked(finding.event)
    concerned = f"{number(finding.rows)} messages"
    if serious:
        reasons.append(Why.RULE if finding.p_value is None else Why.SERIOUS)
    if asked and finding.rows >= MANY:
        reasons.append(f"{concerned}, on which {asked} question{'s depend' if asked > 1 else ' depends'}")
    elif 0 < finding.rows < FEW and not serious:
        reasons.append(f"only {concerned}")
    return Judgement(severity, tuple(reasons))


def severity_of(finding: Finding, plan: Plan, *, notice: bool) -> Severity:
    """Add points for priority, effect, volume and questions.

    Priority 4, 2, 1 or 0; one more where half or more is wrong or a rule is broken; one more
    where many messages are concerned and a business question depends on them; one less
    where few are, unless half or more is wrong. From 3 on critical, from 1 on a warning.
    """
    if notice:
        return Severity.INFO
    serious = _is_serious(finding)
    points = POINTS[plan.priority(finding.event)] + serious
    if finding.rows >= MANY and plan.asked(finding.event):
        points += 1
    elif 0 < finding.rows < FEW and not serious:
        points -= 1
    if points >= CRITICAL:
        return Severity.CRITICAL
    return Severity.WARNING if points >= WARNING else Severity.INFO


def _is_serious(finding: Finding) -> bool:
    return finding.p_value is None or abs(finding.effect or 0.0) >= SERIOUS


def lower(severity: Severity) -> Severity:
    """Return the severity one step below; a notice stays one."""
    return Severity.WARNING if severity is Severity.CRITICAL else Severity.INFO
