"""What is collected and says nothing, and what does nobody read?

Facts over the whole profile, told once a day: a place that nothing comes to, a column without a
value, with one value or with another in every row, one that is no longer sent, and what
none of the queries reads that were seen. They belong to the weekly clean-up and wake nobody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from checks.base import EVERY, Bucket, Evidence, Finding, Floats, Key, Kind, Measure, Profile, Stat, Table, check
from checks.expectation import judged
from checks.plan import Plan, PlannedEvent
from checks.rates import shares
from checks.settings import setting
from checks.slugs import slug
from checks.words import number, percent

SEVERAL = -1.0  # fingerprint of a bucket with several values
IDS = frozenset({"id", "ids", "uuid", "guid", "key", "token", "hash", "number", "sku", "code"})  # words of names

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
    "copy": Kind(
        title="{subject} is a copy of another property",
        advice="Keep one of the two, and let what reads the other read it.",
        notice=True,
    ),
    "unique": Kind(
        title="{subject} is free text: nearly every value is another",
        advice="Send a category instead, or drop it: nobody can count by it.",
        notice=True,
    ),
    "no_longer_sent": Kind(
        title="{subject} is no longer sent",
        advice="Take it out of the plan and drop the column, once what reads the old values is gone too.",
        notice=True,
    ),
    "event_never_seen": Kind(
        title="{subject} has a place and no messages",
        advice="Have it sent, or take it out of the plan and drop its table.",
        family="never_seen",
        notice=True,
        symptom=True,
    ),
    "never_queried": Kind(
        title="{subject} is collected and read by nobody",
        advice="Ask its owner what it is for; if nobody knows, stop sending it, then drop it.",
        notice=True,
    ),
}


@dataclass(frozen=True, slots=True)
class UnusedParams:
    """How much must have been seen before something counts as never used?"""

    min_rows: int = setting(100, "messages (for `constant`, `copy` and `unique`, values) that must have come")
    min_days: int = setting(
        7, "days with messages: a weekend may be different; for `no_longer_sent`, also the days without a value"
    )
    min_daily: int = setting(50, "values a day before a text is held to be `unique`: a handful differs by chance")
    min_distinct: float = setting(0.9, "share of a day's values that must differ to make a text `unique`", part=True)
    min_queries: int = setting(20, "queries and models that must have been seen before anything is `never_queried`")


@dataclass(frozen=True, slots=True)
class _Seen:
    """What came over the whole profile, from all sources, of an event or of one of its properties."""

    rows: float
    days: int  # with rows
    values: float = 0.0
    prints: frozenset[float] = frozenset()  # fingerprints of its days
    idle: int = 0  # days with rows since the last one with a value
    different: float = 0.0  # values of each day that differ, summed over the days

    def enough(self, params: UnusedParams) -> bool:
        """Say whether so much came that what is missing is missing for good."""
        return self.rows >= params.min_rows and self.days >= params.min_days


@check("unused", kinds=KINDS, params=UnusedParams)
class Unused:
    """Properties that are never sent, always empty, or constant."""

    def measures(self, plan: Plan, params: UnusedParams) -> Iterable[Measure]:
        """Ask for missing values and the one value of each day, of every property."""
        yield Measure(Stat.ROWS)
        yield Measure(Stat.NULLS, property=EVERY)
        yield Measure(Stat.FINGERPRINT, property=EVERY)
        yield Measure(Stat.CHECKSUM, property=EVERY)
        for event in plan.events.values():
            for name in _texts(event):
                yield Measure(Stat.DISTINCT, event.name, name)

    def judge(self, profile: Profile, plan: Plan, params: UnusedParams) -> Iterator[Finding]:
        """Yield a finding for every property that was seen often enough, whenever a day is complete."""
        rows = profile.table(Stat.ROWS, "day")
        days = judged(profile, rows)
        if not days:
            return
        tell = partial(_finding, days[-1][1], rows.calendar.bucket(0).start)
        yield from _never_seen(profile, plan, rows, params, tell)
        yield from _never_sent(profile, plan, rows, params, tell)
        properties = {subject: seen for subject, seen in _properties(profile, rows).items() if seen.enough(params)}
        for (event, name), seen in properties.items():
            key = Key(event, None, name)
            for kind, text in _said(key, seen, plan, params):
                yield tell(kind, key, seen, text)
        yield from _copies(profile, plan, properties, params, tell)
        yield from _never_queried(profile, plan, rows, properties, params, tell)

    def evidence(self, profile: Profile, plan: Plan, params: UnusedParams, finding: Finding) -> Evidence | None:
        """Return none: a chart of nothing shows nothing."""
        return None


def _said(key: Key, seen: _Seen, plan: Plan, params: UnusedParams) -> Iterator[tuple[str, str | None]]:
    """Yield the kinds that a property is held against, with what is said where it is one of them."""
    event, name = key.event, key.property or ""
    count = f"in {number(seen.rows)} messages"
    yield "always_null", None if seen.values else f"{key} has no value {count}."
    if seen.values < params.min_rows:
        return
    if not _is_constant(plan, event, name):
        same = len(seen.prints) == 1 and SEVERAL not in seen.prints
        yield "constant", f"{key} has one and the same value {count}." if same else None
    if seen.different and seen.values >= params.min_daily * seen.days:
        share = seen.different / seen.values
        text = (
            f"{key} has another value in {percent(min(share, 1.0))} of {number(seen.values)} messages that carry one."
        )
        yield "unique", text if share >= params.min_distinct else None
    gone = f"{key} had {number(seen.values)} values, and none on the last {seen.idle} days with messages."
    yield "no_longer_sent", gone if seen.idle >= params.min_days else None


def _never_seen(
    profile: Profile, plan: Plan, rows: Table, params: UnusedParams, tell: Callable[..., Finding]
) -> Iterator[Finding]:
    """Yield a finding for every event that is planned or has a place; nothing while the store is new."""
    if len(rows.calendar) < params.min_days or not any(map(profile.first_seen, profile.catalog.events)):
        return  # a store in which nothing has come says nothing about a single event
    for event in sorted(plan.events.keys() | profile.catalog.events.keys()):
        key, place = Key(event), "has a place in the store" if event in profile.catalog.events else "is planned"
        never = profile.first_seen(event) is None
        yield tell(
            "event_never_seen", key, _Seen(0.0, 0), f"{event} {place}, and not one message has come." if never else None
        )


def _copies(
    profile: Profile,
    plan: Plan,
    properties: Mapping[tuple[str, str], _Seen],
    params: UnusedParams,
    tell: Callable[..., Finding],
) -> Iterator[Finding]:
    """Yield a finding for every property with values that differ: whether another has the same on every day."""
    table = profile.table(Stat.CHECKSUM, "day", EVERY)
    sums: dict[tuple[str, str], Floats] = {}
    for key, series in zip(table.keys, table.values, strict=True):
        if key.source is not None:
            subject = key.event, key.property or ""
            sums[subject] = sums.get(subject, 0.0) + np.nan_to_num(series)
    first: dict[tuple[str, float, bytes], str] = {}
    for event, name in sorted(sums, key=lambda subject: _worth(plan, *subject)):
        seen = properties.get((event, name))
        if seen is None or seen.values < params.min_rows or SEVERAL not in seen.prints:
            continue
        other = first.setdefault((event, seen.values, sums[event, name].tobytes()), name)
        key = Key(event, None, name)
        text = f"{key} has the same value as {other} in all {number(seen.values)} messages that carry it."
        yield tell("copy", key, seen, text if other != name else None)


def _worth(plan: Plan, event: str, name: str) -> tuple[str, bool, bool, str]:
    """Return the order in which one keeps properties that are the same: keys, then what is planned."""
    planned = plan.events.get(event)
    prop = planned.properties.get(name) if planned else None
    return event, not (prop and prop.key), prop is None, name


def _by_event(rows: Table) -> dict[str, Floats]:
    """Return the messages of each event by day, from all sources."""
    sources: dict[str, list[Floats]] = {}
    for key, series in zip(rows.keys, rows.values, strict=True):
        if key.source is not None:
            sources.setdefault(key.event, []).append(series)
    return {event: np.nansum(parts, axis=0) for event, parts in sources.items()}


def _never_queried(
    profile: Profile,
    plan: Plan,
    rows: Table,
    properties: Mapping[tuple[str, str], _Seen],
    params: UnusedParams,
    tell: Callable[..., Finding],
) -> Iterator[Finding]:
    """Yield a finding for each event, and for each property with values of an event that something reads."""
    usage = profile.catalog.usage
    if usage is None or usage.queries < params.min_queries:
        return
    said = f"is read by none of {usage.queries:,} queries and models"
    for event, series in _by_event(rows).items():
        seen = _total(series)
        if seen.enough(params):
            read = event in usage.events
            text = f"{event} {said}, all its {number(seen.rows)} messages."
            yield tell("never_queried", Key(event), seen, None if read else text)
    for (event, name), seen in properties.items():
        if seen.values and event in usage.events:
            key, read = Key(event, None, name), (event, name) in usage.properties
            yield tell("never_queried", key, seen, None if read else f"{key} {said}: {number(seen.values)} values.")


def _texts(event: PlannedEvent) -> Iterator[str]:
    """Yield the properties whose values may be whatever somebody wrote: no ids, categories or formats."""
    for name, prop in event.properties.items():
        bound = prop.enum or prop.pattern or prop.format or prop.key or prop.constant or prop.personal
        if prop.type == "string" and not bound and not IDS & set(slug(name).split("_")):
            yield name


def _never_sent(
    profile: Profile, plan: Plan, rows: Table, params: UnusedParams, tell: Callable[..., Finding]
) -> Iterator[Finding]:
    for event, series in _by_event(rows).items():
        seen, there = _total(series), profile.catalog.properties(event)
        if not seen.enough(params) or event not in plan.events:
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
    prints, sketches = (profile.table(stat, "day", EVERY) for stat in (Stat.FINGERPRINT, Stat.DISTINCT))
    print_of = dict(zip(prints.keys, prints.values, strict=True))
    different: dict[tuple[str, str], float] = {}
    by_source = sketches.only(lambda key: key.source is not None)
    for key, series in zip(by_source.keys, by_source.values, strict=True):
        subject = key.event, key.property or ""
        different[subject] = different.get(subject, 0.0) + float(np.nansum(series))
    parts: dict[tuple[str, str], list[int]] = {}
    for i, key in enumerate(given.bad.keys):
        parts.setdefault((key.event, key.property or ""), []).append(i)
    nothing = np.zeros(0)
    return {
        subject: _total(
            np.nansum(given.rows[index], axis=0),
            np.nansum(given.rows[index] - given.bad.values[index], axis=0),
            np.concatenate([print_of.get(given.bad.keys[i], nothing) for i in index]),
            different.get(subject, 0.0),
        )
        for subject, index in parts.items()
    }


def _total(rows: Floats, values: Floats | None = None, prints: Floats | None = None, different: float = 0.0) -> _Seen:
    """Sum up what came by day."""
    told = prints[np.isfinite(prints) & (prints != 0)] if prints is not None else ()
    given = values if values is not None else np.zeros(len(rows))
    filled = np.flatnonzero(given > 0)
    idle = int((rows[filled[-1] + 1 :] > 0).sum()) if len(filled) else 0
    days = int((rows > 0).sum())
    return _Seen(float(rows.sum()), days, float(given.sum()), frozenset(np.unique(told).tolist()), idle, different)


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
