"""Which planned or stored properties does nobody send anything with?

Facts over the whole profile, told once a day: a planned property without a column, a column
without a value, a column with one value. They belong to the weekly clean-up and wake nobody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from checks.base import EVERY, Bucket, Evidence, Finding, Floats, Key, Kind, Measure, Profile, Stat, Table, check
from checks.expectation import judged
from checks.plan import Plan
from checks.rates import shares
from checks.words import number

SEVERAL = -1.0  # fingerprint of a bucket with several values

KINDS = {
    "never_sent": Kind(
        title="{subject} is planned and never sent",
        advice="Have it sent, or take it out of the plan.",
        notice=True,
    ),
    "always_null": Kind(
        title="{subject} is always empty",
        advice="Drop the column, or find out when it was last filled.",
        notice=True,
    ),
    "constant": Kind(
        title="{subject} always has the same value",
        advice="Say `constant: true` in the plan if it is meant; else nothing is lost without it.",
        notice=True,
    ),
}


@dataclass(frozen=True, slots=True)
class UnusedParams:
    """How much must have been seen before something counts as never used?"""

    min_rows: int = 100  # messages; for `constant`, values
    min_days: int = 7  # days with messages: a weekend may be different


@dataclass(frozen=True, slots=True)
class _Seen:
    """What came over the whole profile, from all sources, of an event or of one of its properties."""

    rows: float
    days: int  # with rows
    values: float = 0.0
    prints: frozenset[float] = frozenset()  # fingerprints of its days


@check("unused", kinds=KINDS, params=UnusedParams)
class Unused:
    """Properties that are never sent, always empty, or constant."""

    def measures(self, plan: Plan, params: UnusedParams) -> Iterable[Measure]:
        """Ask for missing values and the one value of each day, of every property."""
        yield Measure(Stat.ROWS)
        yield Measure(Stat.NULLS, property=EVERY)
        yield Measure(Stat.FINGERPRINT, property=EVERY)

    def judge(self, profile: Profile, plan: Plan, params: UnusedParams) -> Iterator[Finding]:
        """Yield a finding for every property that was seen often enough, whenever a day is complete."""
        rows = profile.table(Stat.ROWS, "day")
        days = judged(profile, rows)
        if not days:
            return
        tell = partial(_finding, days[-1][1], rows.calendar.bucket(0).start)
        yield from _never_sent(profile, plan, rows, params, tell)
        for (event, name), seen in _properties(profile, rows).items():
            if seen.rows < params.min_rows or seen.days < params.min_days:
                continue
            key, count = Key(event, None, name), f"in {number(seen.rows)} messages"
            yield tell("always_null", key, seen, None if seen.values else f"{key} has no value {count}.")
            if seen.values >= params.min_rows and not _is_constant(plan, event, name):
                same = len(seen.prints) == 1 and SEVERAL not in seen.prints
                yield tell("constant", key, seen, f"{key} has one and the same value {count}." if same else None)

    def evidence(self, profile: Profile, plan: Plan, params: UnusedParams, finding: Finding) -> Evidence | None:
        """Return none: a chart of nothing shows nothing."""
        return None


def _never_sent(
    profile: Profile, plan: Plan, rows: Table, params: UnusedParams, tell: Callable[..., Finding]
) -> Iterator[Finding]:
    sources: dict[str, list[Floats]] = {}
    for key, series in zip(rows.keys, rows.values, strict=True):
        if key.source is not None and key.event in plan.events:
            sources.setdefault(key.event, []).append(series)
    for event, parts in sources.items():
        seen, there = _total(np.nansum(parts, axis=0)), profile.catalog.properties(event)
        if seen.rows < params.min_rows or seen.days < params.min_days:
            continue
        for name in plan.events[event].properties:
            key = Key(event, None, name)
            text = (
                f"{key} is planned, and was never sent in {number(seen.rows)} messages: the store has no place for it."
            )
            yield tell("never_sent", key, seen, None if name in there else text)


def _properties(profile: Profile, rows: Table) -> dict[tuple[str, str], _Seen]:
    """Return what came of every property that the store has."""
    given = shares(profile.table(Stat.NULLS, "day", EVERY), rows)
    prints = profile.table(Stat.FINGERPRINT, "day", EVERY)
    print_of = dict(zip(prints.keys, prints.values, strict=True))
    parts: dict[tuple[str, str], list[int]] = {}
    for i, key in enumerate(given.bad.keys):
        parts.setdefault((key.event, key.property or ""), []).append(i)
    nothing = np.zeros(0)
    return {
        subject: _total(
            np.nansum(given.rows[index], axis=0),
            float(np.nansum(given.rows[index] - given.bad.values[index])),
            np.concatenate([print_of.get(given.bad.keys[i], nothing) for i in index]),
        )
        for subject, index in parts.items()
    }


def _total(rows: Floats, values: float = 0.0, prints: Floats | None = None) -> _Seen:
    told = prints[np.isfinite(prints) & (prints != 0)] if prints is not None else ()
    return _Seen(float(rows.sum()), int((rows > 0).sum()), values, frozenset(np.unique(told).tolist()))


def _is_constant(plan: Plan, event: str, name: str) -> bool:
    """Say whether the plan knows that a property has one value only."""
    planned = plan.events.get(event)
    prop = planned.properties.get(name) if planned else None
    return prop is not None and (prop.constant or prop.key or len(prop.enum) == 1)


def _finding(bucket: Bucket, since: dt.datetime, kind: str, key: Key, seen: _Seen, text: str | None) -> Finding:
    """Return the finding that a rule is broken, as `text` says; or that it is kept, if there is no text."""
    return Finding(
        kind=kind,
        event=key.event,
        property=key.property,
        bucket=bucket,
        since=since,
        observed=seen.values,
        relevant=text is not None,
        text=text or "",
    )
