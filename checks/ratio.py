"""Does an event still come as often as it should for each time that another one does?

Both counts are measured anyway. Of all messages of the two events by day, the share of each is held against
the bounds of the plan, or where there are none against its own past, by the test of shares (`checks.clusters`):
it knows weekdays, how much days differ, and how long their tail is; and it needs no large counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from checks.base import Evidence, Finding, Floats, Key, Kind, Measure, Profile, Stat, Table, check
from checks.expectation import trail
from checks.plan import Plan, Ratio
from checks.rates import Day, Limit, Shares, judge_shares
from checks.settings import setting
from checks.words import TELLING, number

KINDS = {
    "low": Kind(
        title="{subject} comes too seldom for what it follows",
        advice="See which step lies between the two events, and what was released there.",
        family="loss",
        volume=True,
    ),
    "high": Kind(
        title="{subject} comes too often for what it follows",
        advice="See whether the one event is sent twice, or the other one is lost.",
        family="excess",
        volume=True,
    ),
}


@dataclass(frozen=True, slots=True)
class RatioParams:
    """How large must a change of a ratio be to matter, where the plan sets no bounds?"""

    min_change: float = setting(0.1, "relative change that matters, where the plan sets no bounds")
    min_events: int = setting(10, "messages too few or too many in a day below which nothing is told")


@dataclass(frozen=True, slots=True)
class _Counts:
    """What came of the two events of one rule, by day."""

    of: Table  # one series
    to: Floats  # [1, N]


@check("ratio", kinds=KINDS, params=RatioParams)
class Ratios:
    """Ratios of two events, by the day."""

    def measures(self, plan: Plan, params: RatioParams) -> Iterable[Measure]:
        """Ask for the messages of each day, which others ask for too."""
        return [Measure(Stat.ROWS)] if any(event.ratio for event in plan.events.values()) else []

    def judge(self, profile: Profile, plan: Plan, params: RatioParams) -> Iterator[Finding]:
        """Yield a finding for every bound of every rule and day."""
        for rule in _rules(plan):
            counts = _counts(profile, rule)
            if counts is not None:
                yield from _judge(profile, rule, counts, params)

    def evidence(self, profile: Profile, plan: Plan, params: RatioParams, finding: Finding) -> Evidence | None:
        """Return the ratio by day."""
        rule = next((each for each in _rules(plan) if each.of == finding.event and each.to in finding.text), None)
        counts = _counts(profile, rule) if rule else None
        if counts is None:
            return None
        observed = counts.of.values[0] / np.where(counts.to[0] > 0, counts.to[0], np.nan)
        level = (finding.expected, finding.low, finding.high)
        lines = (np.full(len(observed), np.nan if each is None else each) for each in level)
        expected, low, high = lines
        return trail(counts.of, finding, (observed, expected, low, high), unit=f"for each {rule.to}" if rule else "")


def _rules(plan: Plan) -> Iterator[Ratio]:
    for event in plan.events.values():
        yield from event.ratio


def _counts(profile: Profile, rule: Ratio) -> _Counts | None:
    """Return the counts of all sources together; None where one of the events was never seen."""
    rows = profile.table(Stat.ROWS, "day")
    of, to = _whole(rows, rule.of), _whole(rows, rule.to)
    if of is None or to is None:
        return None
    usable = rows.usable[[of]] & rows.usable[[to]]
    series = Table("ratio", rows.calendar, (Key(rule.of),), rows.values[[of]], usable, rows.cut)
    return _Counts(series, rows.values[[to]])


def _whole(rows: Table, event: str) -> int | None:
    """Return the series of an event over all sources, or of the only one."""
    own = [i for i, key in enumerate(rows.keys) if key.event == event]
    return next((i for i in own if rows.keys[i].source is None), own[0] if own else None)


def _judge(profile: Profile, rule: Ratio, counts: _Counts, params: RatioParams) -> Iterator[Finding]:
    """Hold each side against its bound; where the plan sets none, both against their past."""
    bounded = rule.min is not None or rule.max is not None
    both = counts.of.values + counts.to
    sides = {
        "low": (counts.to, None if rule.min is None else 1 / (1 + rule.min)),
        "high": (counts.of.values, None if rule.max is None else rule.max / (1 + rule.max)),
    }
    for kind, (bad, bound) in sides.items():
        if bounded and bound is None:
            continue
        silent = Limit(kind, bound or 0.0, partial(_nothing), natural=not bounded, least_rows=1)
        shares = Shares(replace(counts.of, values=bad), both)
        for found in judge_shares(profile, shares, silent):
            yield _as_ratio(found, rule, counts, bounded=bounded, params=params)


def _nothing(_: Day) -> str:
    return ""


def _as_ratio(found: Finding, rule: Ratio, counts: _Counts, *, bounded: bool, params: RatioParams) -> Finding:
    """Say a share of both events as messages of the one for each of the other."""
    column = _column(counts.of, found)
    of, to = counts.of.values[0, column], counts.to[0, column]
    observed, expected = _ratio(found.kind, found.observed), _ratio(found.kind, found.expected)
    ends = sorted(_ratio(found.kind, each) for each in (found.low, found.high))
    effect = observed / expected - 1 if expected else 0.0
    short = abs(of - expected * to) if np.isfinite(expected) else of
    matters = short >= params.min_events and (bounded or abs(effect) >= params.min_change)
    text = (
        f"{rule.of}: {number(of)} for {number(to)} of {rule.to}, which is {observed:.3g} for each; "
        f"{'the plan allows' if bounded else 'usually'} {_allowed(rule) if bounded else f'{expected:.3g}'}."
    )
    return replace(
        found,
        observed=observed,
        expected=expected,
        low=ends[0],
        high=ends[1],
        effect=effect,
        effect_low=None,
        effect_high=None,
        relevant=matters and (effect < 0) is (found.kind == "low"),
        settled=found.settled if matters else True,
        rows=float(short),
        text=text if (found.p_value or 0.0) <= TELLING else "",
    )


def _column(table: Table, found: Finding) -> int:
    start = np.datetime64(int(found.bucket.start.timestamp()), "s") if found.bucket else table.calendar.starts[0]
    return int(np.searchsorted(table.calendar.starts, start))


def _ratio(kind: str, share: float | None) -> float:
    """Return how many of the one event come for each of the other, of a share of both.

    >>> _ratio("high", 0.2), _ratio("low", 0.8)
    (0.25, 0.25)
    """
    own = share or 0.0
    of, to = (own, 1 - own) if kind == "high" else (1 - own, own)
    return round(of / to, 12) if to > 0 else float("inf")


def _allowed(rule: Ratio) -> str:
    parts = [f"at least {rule.min:g}"] if rule.min is not None else []
    return " and ".join([*parts, *([f"at most {rule.max:g}"] if rule.max is not None else [])])
