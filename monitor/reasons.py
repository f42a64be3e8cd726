"""Why was an incident told? Its opening verdict in words and numbers: what, how sure, at what cost, from which past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from checks.base import Finding
from checks.words import change, number, share
from monitor.account import Learned, LeftOut, Price
from monitor.compose import Composer, ago, is_share, odds
from monitor.config import Budget
from monitor.incidents import Incident, Opening
from monitor.severity import judge_severity

WEEK, YEAR = dt.timedelta(weeks=1), dt.timedelta(days=365)
MORE = 10  # stretches that are listed

Rows = Iterator[tuple[str, str]]


def reasons(incident: Incident, composer: Composer) -> Rows:
    """Yield what an incident's opening verdict rests on, as pairs of a name and a sentence."""
    opening = incident.opening or Opening(incident.headline)
    finding = opening.finding
    yield "Told because", finding.text or composer.title(incident)
    yield from _numbers(finding)
    if finding.p_value is None:
        yield "Cost", "nothing: a rule of the plan is broken, which takes no statistics and no part of the budget"
    else:
        yield from _chance(finding, opening.price, incident.cost, composer.budget)
    if opening.learned:
        yield from _history(opening.learned, composer)
    judged = judge_severity(finding, composer.plan, notice=composer.kind_of(finding).notice)
    yield "Severity", f"{judged.severity}: {', '.join(judged.reasons)}"
    if incident.lowered:
        yield "", f"lowered one step {incident.lowered}"
    elif judged.severity is not incident.severity:
        yield "", f"now {incident.severity}, as at its worst"


def _numbers(finding: Finding) -> Rows:
    say = share if is_share(finding) else number
    if finding.observed is not None:
        yield "Observed", say(finding.observed)
    if finding.expected is not None:
        known = finding.low is not None and finding.high is not None
        usual = f"; usually {say(finding.low or 0.0)} to {say(finding.high or 0.0)} (99 % of the time)" if known else ""
        yield "Expected", f"{say(finding.expected)}{usual}"
    if finding.effect is not None:
        yield "Effect", _effect(finding)
    if finding.rows:
        yield "Concerns", f"{number(abs(finding.rows))} messages"


def _effect(finding: Finding) -> str:
    points = is_share(finding)

    def say(value: float) -> str:
        sign = "−" if value < 0 else "+"
        return f"{sign}{share(abs(value)).removesuffix(' %')} points" if points else change(value)

    assert finding.effect is not None  # noqa: S101 for the type checker: asked only where it is known
    if finding.effect_low is None or finding.effect_high is None:
        return say(finding.effect)
    return f"{say(finding.effect)} (95 %: {say(finding.effect_low)} to {say(finding.effect_high)})"


def _chance(finding: Finding, price: Price | None, threshold: float | None, budget: Budget) -> Rows:
    p_value = finding.p_value or 0.0
    yield "Chance", f"p = {_small(p_value)}: {odds(p_value)} when nothing is wrong"
    if threshold is not None:
        yield "Threshold", f"p ≤ {_small(threshold)}: {odds(threshold)}"
    if price is None:
        return
    weekly = number(budget.false_alerts_per_week)
    every = _every(price.weekly)
    yield "Cost", f"one false alert {every}: {share(price.share)} of the budget of {weekly} a week"
    yield "Why that much", _why(price)


def _every(weekly: float) -> str:
    span = WEEK / max(weekly, 1e-6)
    return f"in {span / YEAR:,.1f} years" if span > YEAR else f"in {ago(span)}"


def _why(price: Price) -> str:
    parts = [f"{number(price.subjects)} subject{'s' * (price.subjects != 1)} tested in the same bucket"]
    if price.live < price.subjects:
        parts.append(f"{number(price.live)} of them near enough to cost anything")
    if abs(price.weight - 1) > 0.05:
        parts.append(f"its priority weighs ×{price.weight:.2g}")
    if price.looks > 1:
        parts.append(f"{number(price.looks)} sources or kinds share its part")
    if price.found > 1:
        parts.append(f"{number(price.found)} new problems at once, so each may cost as often as much")
    return "; ".join(parts)


def _history(learned: Learned, composer: Composer) -> Rows:
    since, until = (_day(each, composer) for each in (learned.since, learned.until))
    weeks = f" ({learned.days / 7:.1f} weeks)" if learned.days >= 7 else ""
    yield "History", f"{learned.days} day{'s' * (learned.days != 1)}{weeks}, {since} to {until}"
    for i, each in enumerate(learned.left_out[:MORE]):
        yield "Left out" if i == 0 else "", _left_out(each, composer)
    if len(learned.left_out) > MORE:
        yield "", f"and {len(learned.left_out) - MORE} more"


def _left_out(each: LeftOut, composer: Composer) -> str:
    return f"{_day(each.start, composer)} to {_day(each.end, composer)}: {each.why}"


def _day(at: dt.datetime, composer: Composer) -> str:
    local = at.astimezone(composer.zone)
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def _small(p_value: float) -> str:
    return "under 1e-99" if p_value < 1e-99 else f"{p_value:.2g}"
