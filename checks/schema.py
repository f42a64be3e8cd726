"""Which values break the tracking plan?

A rule of the plan is a promise: a property that is broken at a steady 30 % is a problem from
the first look on, so its share is held against the tolerance alone, never against its past. Only of types
that nobody planned, the usual mixture is what a day is held against.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from checks.base import EVERY, Evidence, Finding, Floats, Key, Kind, Measure, Profile, Rule, Stat, Table, check
from checks.mixing import COUNTED, mixed
from checks.mixing import say as say_mixed
from checks.plan import Plan, PlannedProperty
from checks.promises import condition, rules
from checks.rates import Day, Limit, Shares, judge_shares, nothing, share_evidence, shares
from checks.settings import setting
from checks.words import number, share

_VALUES = "Find the release that changed it; convert the values downstream until it is repaired."
KINDS = {
    "required_missing": Kind(
        title="{subject} is missing",
        advice="Find the release or the page that sends the event without it; it cannot be filled in later.",
        family="absence",
        symptom=True,
    ),
    "wrong_type": Kind(title="{subject} changed its type", advice=_VALUES, family="values"),
    "not_allowed": Kind(
        title="{subject} has values that the plan does not allow",
        advice="Correct what is sent, or add the new value to the plan.",
        family="values",
    ),
    "pattern": Kind(title="{subject} does not look as planned", advice=_VALUES, family="values"),
    "range": Kind(title="{subject} is out of range", advice=_VALUES, family="values"),
    "format": Kind(title="{subject} is not of the planned format", advice=_VALUES, family="values"),
    "length": Kind(title="{subject} is longer or shorter than planned", advice=_VALUES, family="values"),
    "mixed_types": Kind(
        title="{subject} mixes types",
        advice="Find the release that sends another type, and plan the type; convert what came meanwhile.",
        family="values",
        symptom=True,
    ),
}
MEASURED = {
    "wrong_type": "mistyped.type",
    "not_allowed": "outside.enum",
    "pattern": "outside.pattern",
    "range": "outside.range",
    "format": "outside.format",
    "length": "outside.length",
}
DUE, LACKING = "due.when", "outside.when"


@dataclass(frozen=True, slots=True)
class SchemaParams:
    """What share of the messages may break a rule of the plan, or be of another type than most?"""

    tolerance: float = setting(
        0.01, "share of a day's messages, or values, that may break a rule of the plan", part=True
    )
    min_mixed: float = setting(
        0.05, "share of values of another type than most, beyond what is usual, that matters", part=True
    )
    min_rows: float = setting(10.0, "such values on a day below which a mixture is not told")


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
            if when := condition(prop):
                yield from (Measure(stat, event, prop.name, when) for stat in (Stat.DUE, Stat.OUTSIDE))
        yield from (Measure(stat, property=EVERY) for stat in COUNTED)

    def judge(self, profile: Profile, plan: Plan, params: SchemaParams) -> Iterator[Finding]:
        """Yield a finding for every rule, source and day."""
        for kind in ("required_missing", *MEASURED):
            limit = Limit(kind, params.tolerance, partial(_say, plan=plan, kind=kind))
            yield from judge_shares(profile, _shares(profile, plan, kind), limit)
        say = partial(_say, plan=plan, kind="required_missing", due="messages of a day in which it is due")
        yield from judge_shares(profile, _due(profile, plan), Limit("required_missing", params.tolerance, say))
        given, usual = mixed(profile)
        say = partial(say_mixed, usual=usual)
        limit = Limit("mixed_types", 0.0, say, natural=True, least=params.min_mixed, least_rows=params.min_rows)
        yield from judge_shares(profile, given, limit)

    def evidence(self, profile: Profile, plan: Plan, params: SchemaParams, finding: Finding) -> Evidence | None:
        """Return the share of broken messages by day."""
        if finding.kind == "mixed_types":
            return share_evidence(mixed(profile)[0], finding)
        shown = share_evidence(_shares(profile, plan, finding.kind), finding)
        return shown or share_evidence(_due(profile, plan), finding)


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
    if not held:
        return nothing(profile.table(Stat.ROWS, "day"))
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


def _due(profile: Profile, plan: Plan) -> Shares:
    """Return the missing values of properties that are required in some messages, beside the number of these."""
    held = {(event, prop.name) for event, prop in _planned(plan) if condition(prop)}
    if not held:
        return nothing(profile.table(Stat.ROWS, "day"))
    due = _by_key(profile.table(DUE, "day", EVERY))
    lacking = profile.table(LACKING, "day", EVERY)
    bad = lacking.only(lambda key: key.source is not None and key in due and (key.event, key.property) in held)
    return Shares(bad, np.array([due[key] for key in bad.keys]).reshape(bad.values.shape))


def _by_key(table: Table) -> dict[Key, Floats]:
    return dict(zip(table.keys, table.values, strict=True))


def _say(day: Day, plan: Plan, kind: str, due: str = "") -> str:
    prop = plan.events[day.key.event].properties[day.key.property or ""]
    things = due or ("messages of a day" if kind == "required_missing" else "values of a day")
    count = f"{number(day.bad)} of {number(day.rows)} {things}"
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
        "format": f"are no {prop.format}",
        "length": f"do not have {_lengths(prop)} characters",
    }[kind]


def _lengths(prop: PlannedProperty) -> str:
    low, high = prop.min_length, prop.max_length
    if low is not None and high is not None:
        return f"{low} to {high}" if low != high else f"{low}"
    return f"at least {low}" if high is None else f"at most {high}"
