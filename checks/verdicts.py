"""What does the pipe itself find wrong with the events, and does it find the same as we do?

Segment and RudderStack validate against a plan of their own, and write down what breaks it; values
that did not fit their column, and events that were refused, lie in tables of their own. All of it is
counted. Where pipe and plan disagree about the same messages, one of the two plans is stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from checks.base import EVERY, Bucket, Evidence, Finding, Floats, Key, Kind, Measure, Profile, Stat, Table, check
from checks.expectation import judged
from checks.plan import Plan
from checks.promises import rules
from checks.rates import Day, Limit, Shares, judge_shares, share_evidence
from checks.settings import setting
from checks.words import number, share, stretch

KINDS = {
    "violation": Kind(
        title="{subject} breaks the pipe's own plan",
        advice="Open the violations of the pipe: they name the rule. Have the event repaired, or the rule.",
    ),
    "discarded": Kind(
        title="{subject} loses values on its way into the store",
        advice="See which column and type the pipe names (rudder_discards): what did not fit is gone from the event.",
    ),
    "refused": Kind(
        title="{subject} is refused by the pipe",
        advice="Open the failed events of the pipe; repair the schema or the sender, and have them loaded again.",
    ),
    "disagreement": Kind(
        title="{subject} is judged otherwise by the pipe than by the plan",
        advice="Compare the rules of both plans: import the pipe's, or publish this one there. One of them is stale.",
        notice=True,
    ),
}
SAID: Mapping[str, str] = {  # where the pipe says it -> kind; in the row of the message itself: no label
    "": "violation",
    "violation_generated": "violation",
    "rudder_discards": "discarded",
    "failed": "refused",
}
DAYS = 7  # that a disagreement looks back


@dataclass(frozen=True, slots=True)
class VerdictsParams:
    """How much may the pipe find wrong, and how far may it be from what we find?"""

    tolerance: float = setting(0.01, "share of the messages that may break the pipe's plan, or be refused", part=True)
    max_discarded: float = setting(0.001, "share of the messages that may lose a value", part=True)
    min_rows: float = setting(5.0, "such messages a day below which nothing is told")
    min_apart: float = setting(
        0.05,
        "share of the messages that one of pipe and plan finds wrong, and the other does not, that matters",
        part=True,
    )


@check("verdicts", kinds=KINDS, params=VerdictsParams)
class Verdicts:
    """What the pipe says of the messages of a day."""

    def measures(self, plan: Plan, params: VerdictsParams) -> Iterable[Measure]:
        """Ask for the verdicts of the pipe, and for what breaks the rules of the plan."""
        yield from (Measure(Stat.ROWS), Measure(Stat.VERDICTS), Measure(Stat.NULLS, property=EVERY))
        yield from _rules(plan)

    def judge(self, profile: Profile, plan: Plan, params: VerdictsParams) -> Iterator[Finding]:
        """Yield a finding for every kind of verdict, event, source and day, and one on whether both agree."""
        for kind in ("violation", "discarded", "refused"):
            tolerance = params.max_discarded if kind == "discarded" else params.tolerance
            limit = Limit(kind, tolerance, partial(_say, kind=kind), least_rows=params.min_rows)
            for finding in judge_shares(profile, _shares(profile, kind), limit):
                yield replace(finding, source=finding.source or None)
        yield from _disagreements(profile, plan, params)

    def evidence(self, profile: Profile, plan: Plan, params: VerdictsParams, finding: Finding) -> Evidence | None:
        """Return the share of the messages by day."""
        kind = "violation" if finding.kind == "disagreement" else finding.kind
        return share_evidence(_shares(profile, kind), replace(finding, source=finding.source or ""))


def _shares(profile: Profile, kind: str) -> Shares:
    """Return what the pipe says of the messages of each event and source; where it says it twice, the more."""
    table, rows = profile.table(Stat.VERDICTS, "day"), profile.table(Stat.ROWS, "day")
    found: dict[Key, list[int]] = {}
    for i, key in enumerate(table.keys):
        if key.source is not None and SAID.get(key.label or "") == kind:
            found.setdefault(Key(key.event, key.source), []).append(i)
    every = {key: i for i, key in enumerate(rows.keys)}
    at = {key: _messages(key, every) for key in found}
    places = [key for key, i in at.items() if i is not None]
    index = [i for i in at.values() if i is not None]
    shape = (len(places), len(rows.calendar))
    bad = np.array([np.nan_to_num(table.values[found[key]]).max(axis=0) for key in places]).reshape(shape)
    came = rows.values[index] + (bad if kind == "refused" else 0.0)  # what was refused is not among the messages
    usable = np.array([table.usable[found[key]].all(axis=0) for key in places], dtype=bool).reshape(shape)
    bad = np.minimum(bad, came)  # what was blocked may lie nowhere but in the verdicts
    return Shares(Table(Stat.VERDICTS, rows.calendar, tuple(places), bad, usable, rows.cut), came)


def _messages(key: Key, every: Mapping[Key, int]) -> int | None:
    """Return the series of the messages that a verdict is about; where it names no source, of all of them."""
    if key.source:
        return every.get(key)
    alone = [i for each, i in every.items() if each.event == key.event]
    return every.get(Key(key.event), alone[0] if alone else None)


def _say(day: Day, kind: str) -> str:
    subject = Key(day.key.event, day.key.source or None)
    count = f"{number(day.bad)} of {number(day.rows)} messages of a day"
    said = {
        "violation": f"by the pipe's own plan {count} are wrong",
        "discarded": f"{count} lost values that did not fit their column",
        "refused": f"the pipe refused {count}",
    }
    return f"{subject}: {said[kind]} ({share(day.share)}); up to {share(day.usual)} is acceptable."


# ── Do we find the same? ─────────────────────────────────────────────────────────────────


def _disagreements(profile: Profile, plan: Plan, params: VerdictsParams) -> Iterator[Finding]:
    given = _shares(profile, "violation")
    days = judged(profile, given.bad)
    if not days:
        return
    column, bucket = days[-1]
    week = slice(max(column + 1 - DAYS, 0), column + 1)
    validated = {
        key.source for key, bad in zip(given.bad.keys, given.bad.values, strict=True) if np.nansum(bad) > 0
    }  # a pipe that never says a word of a source has no plan for it
    series = _broken(profile, plan)
    for i, key in enumerate(given.bad.keys):
        came = float(np.nansum(given.rows[i, week]))
        if key.source in validated and key.event in plan.events and came > 0:
            said = float(np.nansum(given.bad.values[i, week])) / came
            ours = [float(np.nansum(each[week])) / came for each in series.get(key, ())]
            yield _compared(key, bucket, (said, ours, came), params)


def _compared(key: Key, bucket: Bucket, found: tuple[float, list[float], float], params: VerdictsParams) -> Finding:
    """Hold the pipe's share of wrong messages against ours, of which only bounds are known: rules may coincide."""
    said, ours, came = found
    low, high = max(ours, default=0.0), min(sum(ours), 1.0)
    apart = max(said - high, low - said, 0.0)
    stale = apart >= params.min_apart and apart * came >= params.min_rows
    bounds = share(high) if share(low) == share(high) else f"{share(low)} to {share(high)}"
    text = (
        f"{key}: of the messages of {stretch(DAYS, 'day')} the pipe calls {share(said)} wrong, and the plan {bounds}."
    )
    return Finding(
        kind="disagreement",
        event=key.event,
        source=key.source,
        bucket=bucket,
        observed=said,
        low=low,
        high=high,
        effect=apart,
        relevant=stale,
        rows=apart * came,
        text=text if stale else "",
    )


def _rules(plan: Plan) -> Iterator[Measure]:
    for name, event in plan.events.items():
        for prop in event.properties.values():
            for rule in rules(prop).values():
                yield Measure(Stat.MISTYPED if rule.kind == "type" else Stat.OUTSIDE, name, prop.name, rule)


def _broken(profile: Profile, plan: Plan) -> Mapping[Key, list[Floats]]:
    """Return, by event and source, the messages that break each rule of the plan, by day."""
    found: dict[Key, list[Floats]] = {}
    for name in dict.fromkeys(measure.name() for measure in _rules(plan)):
        table = profile.table(name, "day", EVERY)
        for key, values in zip(table.keys, table.values, strict=True):
            found.setdefault(Key(key.event, key.source), []).append(values)
    rows, nulls = profile.table(Stat.ROWS, "day"), profile.table(Stat.NULLS, "day", EVERY)
    missing = dict(zip(nulls.keys, nulls.values, strict=True))
    for key, every in zip(rows.keys, rows.values, strict=True):
        planned = plan.events.get(key.event)
        for prop in planned.properties.values() if planned else ():
            if prop.promised(key.source):  # where the store has no place for it, all of it is missing
                found.setdefault(key, []).append(missing.get(Key(key.event, key.source, prop.name), every))
    return found
