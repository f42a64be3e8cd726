"""Which values break the tracking plan?

A rule of the plan is a promise: a property that is broken at a steady 30 % is a problem from
the first look on, so its share is held against the tolerance alone, never against its past.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from checks.base import EVERY, Evidence, Finding, Floats, Key, Kind, Measure, Profile, Rule, Stat, Table, check
from checks.plan import Plan, PlannedProperty
from checks.rates import Day, Limit, Shares, judge_shares, share_evidence, shares
from checks.words import number, share

_VALUES = "Find the release that changed it; convert the values downstream until it is repaired."
KINDS = {
    "required_missing": Kind(
        title="{subject} is missing",
        advice="Find the release or the page that sends the event without it; it cannot be filled in later.",
    ),
    "wrong_type": Kind(title="{subject} changed its type", advice=_VALUES, family="values"),
    "not_allowed": Kind(
        title="{subject} has values that the plan does not allow",
        advice="Correct what is sent, or add the new value to the plan.",
        family="values",
    ),
    "pattern": Kind(title="{subject} does not look as planned", advice=_VALUES, family="values"),
    "range": Kind(title="{subject} is out of range", advice=_VALUES, family="values"),
}
MEASURED = {
    "wrong_type": "mistyped.type",
    "not_allowed": "outside.enum",
    "pattern": "outside.pattern",
    "range": "outside.range",
}


@dataclass(frozen=True, slots=True)
class SchemaParams:
    """What share of the messages may break a rule of the plan?"""

    tolerance: float = 0.01


@check("schema", kinds=KINDS, params=SchemaParams)
class Schema:
    """Values that are missing, of another type, or not allowed, by the day."""

    def measures(self, plan: Plan, params: SchemaParams) -> Iterable[Measure]:
        """Ask for missing values of every property, and for broken values of those with a rule."""
        yield Measure(Stat.ROWS)
        yield Measure(Stat.NULLS, property=EVERY)
        for event, prop in _planned(plan):
            for rule in rules(prop).values():
                yield _measure(rule, event, prop.name)

    def judge(self, profile: Profile, plan: Plan, params: SchemaParams) -> Iterator[Finding]:
        """Yield a finding for every rule, source and day."""
        for kind in KINDS:
            limit = Limit(kind, params.tolerance, partial(_say, plan=plan, kind=kind))
            yield from judge_shares(profile, _shares(profile, plan, kind), limit)

    def evidence(self, profile: Profile, plan: Plan, params: SchemaParams, finding: Finding) -> Evidence | None:
        """Return the share of broken messages by day."""
        return share_evidence(_shares(profile, plan, finding.kind), finding)


def rules(prop: PlannedProperty) -> Mapping[str, Rule]:
    """Return the rules that a property's values must keep, by kind of finding."""
    bounds = (prop.min, prop.max)
    given = {
        "wrong_type": Rule("type", (prop.type,)) if prop.type != "any" else None,
        "not_allowed": Rule("enum", prop.enum) if prop.enum else None,
        "pattern": Rule("pattern", (prop.pattern,)) if prop.pattern else None,
        "range": Rule("range", bounds) if bounds != (None, None) else None,
    }
    return {kind: rule for kind, rule in given.items() if rule}


def _planned(plan: Plan) -> Iterator[tuple[str, PlannedProperty]]:
    for name, event in plan.events.items():
        for prop in event.properties.values():
            yield name, prop


def _measure(rule: Rule, event: str | None = None, name: str | None = None) -> Measure:
    return Measure(Stat.MISTYPED if rule.kind == "type" else Stat.OUTSIDE, event, name, rule)


def _shares(profile: Profile, plan: Plan, kind: str) -> Shares:
    if kind == "required_missing":
        return _missing(profile, plan)
    held = {(event, prop.name) for event, prop in _planned(plan) if kind in rules(prop)}
    bad = profile.table(MEASURED[kind], "day", EVERY).only(lambda key: (key.event, key.property) in held)
    given = shares(bad, profile.table(Stat.ROWS, "day"))
    nulls = _by_key(profile.table(Stat.NULLS, "day", EVERY))
    for i, key in enumerate(given.bad.keys):
        given.rows[i] -= np.nan_to_num(nulls.get(key, np.zeros(1)))
    return given


def _missing(profile: Profile, plan: Plan) -> Shares:
    """Return the missing values of required properties; where the store has no place for one, all are missing."""
    rows, nulls = profile.table(Stat.ROWS, "day"), _by_key(profile.table(Stat.NULLS, "day", EVERY))
    required = [(event, prop) for event, prop in _planned(plan) if prop.required or prop.required_from]
    wanted = [
        (Key(key.event, key.source, prop.name), i)
        for i, key in enumerate(rows.keys)
        for event, prop in required
        if event == key.event and key.source is not None and prop.promised(key.source)
    ]
    index = [i for _, i in wanted]
    values = np.array([nulls.get(key, rows.values[i]) for key, i in wanted]).reshape(len(wanted), len(rows.calendar))
    keys = tuple(key for key, _ in wanted)
    bad = Table(Stat.NULLS, rows.calendar, keys, values, rows.usable[index], rows.cut)
    return Shares(bad, rows.values[index])


def _by_key(table: Table) -> dict[Key, Floats]:
    return dict(zip(table.keys, table.values, strict=True))


def _say(day: Day, plan: Plan, kind: str) -> str:
    prop = plan.events[day.key.event].properties[day.key.property or ""]
    things = "messages" if kind == "required_missing" else "values"
    count = f"{number(day.bad)} of {number(day.rows)} {things} of a day"
    return f"{day.key}: {count} {_breach(kind, prop)} ({share(day.share)})."


def _breach(kind: str, prop: PlannedProperty) -> str:
    allowed = " to ".join(f"{bound:g}" for bound in (prop.min, prop.max) if bound is not None)
    side = "outside" if None not in (prop.min, prop.max) else "below" if prop.max is None else "above"
    return {
        "required_missing": "lack it, and the plan requires it",
        "wrong_type": f"are not of the planned type {prop.type}",
        "not_allowed": "are not among the planned ones",
        "pattern": "do not match the planned pattern",
        "range": f"are {side} {allowed}",
    }[kind]
