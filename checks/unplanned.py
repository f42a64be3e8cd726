"""What arrives that nobody planned, and is it something planned under a new name?

New events and properties are notices for the weekly review. An event that dies on a source while
an unplanned one is born there, as often, is one thing under a new name: one alert that says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from checks import counts
from checks.base import EVERY, Bucket, Evidence, Finding, Floats, Key, Kind, Measure, Profile, Stat, Table, check
from checks.expectation import count_evidence, forecast_of, judged
from checks.names import likeness
from checks.plan import CALLS, Plan
from checks.renames import Alike, renamed
from checks.settings import setting
from checks.words import number, stretch

DAY = dt.timedelta(days=1)

KINDS = {
    "event": Kind(
        title="{subject} is not in the plan",
        advice="Plan it, with an owner and a question; or have it removed where it is sent.",
        notice=True,
    ),
    "property": Kind(
        title="{subject} is not in the plan",
        advice="Plan it; or have it removed where it is sent.",
        notice=True,
    ),
    "renamed": Kind(
        title="{subject} comes under another name",
        advice="Have the planned name sent again, or rename it in the plan and in everything that reads it.",
        family="loss",
        volume=True,
    ),
    "renamed_property": Kind(
        title="{subject} comes under another name",
        advice="Have the planned name sent again, or rename it in the plan and in everything that reads it.",
        family="absence",
    ),
}


@dataclass(frozen=True, slots=True)
class UnplannedParams:
    """What counts as the same thing under another name?"""

    within_days: float = setting(2.0, "days between the last of the old name and the first of the new one")
    volume: float = setting(
        0.5, "share that the rarer of two names must be of the other to be the same thing", part=True
    )
    likeness: float = setting(
        0.5, "likeness of the names, or of the sets of properties, from 0 to 1; either is enough", part=True
    )
    min_rows: int = setting(20, "messages of an unplanned event before it is worth a word")


@dataclass(frozen=True, slots=True)
class _Birth:
    """An unplanned event that first came from a source inside the profile."""

    key: Key
    at: dt.datetime
    series: Floats  # [hours]
    properties: frozenset[str]


@check("unplanned", kinds=KINDS, params=UnplannedParams)
class Unplanned:
    """Events and properties that are in no plan, and planned ones that come under another name."""

    def measures(self, plan: Plan, params: UnplannedParams) -> Iterable[Measure]:
        """Ask for the messages of each hour and day, for missing values and the one value of every property."""
        of_values = [Measure(stat, property=EVERY) for stat in (Stat.NULLS, Stat.FINGERPRINT)]
        return [Measure(Stat.ROWS, grain="hour"), Measure(Stat.ROWS), *of_values]

    def judge(self, profile: Profile, plan: Plan, params: UnplannedParams) -> Iterator[Finding]:
        """Yield a notice for each unplanned name and day, and a test for each event that may have a new name."""
        if not plan.events:  # nothing is planned, so nothing is unplanned
            return
        rows = profile.table(Stat.ROWS, "day")
        if days := judged(profile, rows):
            yield from _events(rows, plan, days[-1][1], params)
            yield from _properties(profile, plan, days[-1][1])
        yield from _renamed(profile, plan, params)
        yield from renamed(profile, plan, Alike(params.within_days, params.volume, params.likeness))

    def evidence(self, profile: Profile, plan: Plan, params: UnplannedParams, finding: Finding) -> Evidence | None:
        """Return the hourly messages under the old name."""
        return count_evidence(profile.table(Stat.ROWS, "hour"), finding) if finding.kind == "renamed" else None


def _events(rows: Table, plan: Plan, bucket: Bucket, params: UnplannedParams) -> Iterator[Finding]:
    came: dict[str, dict[str, float]] = {}
    for key, series in zip(rows.keys, rows.values, strict=True):
        if key.source is not None:
            came.setdefault(key.event, {})[key.source] = float(np.nansum(series))
    for event, sources in came.items():
        total = sum(sources.values())
        new = event not in (*plan.events, *CALLS) and total >= params.min_rows
        where = ", ".join(sorted(sources))
        text = f"{event} arrives from {where}, {number(total)} times in {len(rows.calendar)} days, and is in no plan."
        yield Finding(kind="event", event=event, bucket=bucket, observed=total, relevant=new, text=text if new else "")


def _properties(profile: Profile, plan: Plan, bucket: Bucket) -> Iterator[Finding]:
    seen: dict[tuple[str, str], set[str]] = {}
    for place in profile.catalog.fields:
        if place.event in plan.events:
            seen.setdefault((place.event, place.property), set()).add(place.source)
    for (event, name), sources in seen.items():
        planned = plan.events[event].properties
        new = bool(planned) and name not in planned  # an event planned by its name alone promises no properties
        text = f"{Key(event, None, name)} arrives from {', '.join(sorted(sources))}, and is in no plan."
        yield Finding(
            kind="property", event=event, property=name, bucket=bucket, relevant=new, text=text if new else ""
        )


def _renamed(profile: Profile, plan: Plan, params: UnplannedParams) -> Iterator[Finding]:
    """Yield a test for each (planned event, source) beside which an unplanned one was born.

    Who is tested depends on births alone, so the p-value of the loss keeps its meaning; that of
    a birth at that time, from how often there are any, is independent of it when nothing is wrong.
    """
    table = profile.table(Stat.ROWS, "hour")
    columns = judged(profile, table)
    births = list(_births(profile, plan, table)) if columns else []
    if not births:
        return
    forecast = forecast_of(table)
    silence = counts.silence(table, forecast)
    span = max((profile.window.end - table.calendar.bucket(0).start) / DAY, 1.0)
    by_chance = -np.expm1(-2 * params.within_days * len(births) / span)
    for i, key in enumerate(table.keys):
        if key.event not in plan.events or key.source is None or not forecast.ready[i]:
            continue
        for column, bucket in columns:
            alive = [birth for birth in births if birth.key.source == key.source and birth.at < bucket.end]
            if alive:
                loss = _Loss.of(table, forecast.expected, i, column)
                p_value = float(silence.p_value[i, column - table.cut]) * by_chance
                yield _judged(profile, (key, bucket), loss, alive, p_value, params)


@dataclass(frozen=True, slots=True)
class _Loss:
    """What is left of an event since the last hour in which it came as usual."""

    since: dt.datetime
    hours: slice
    observed: float
    expected: float

    @classmethod
    def of(cls, table: Table, expected: Floats, i: int, column: int) -> _Loss:
        """Return the stretch since the last message, up to a column."""
        came = np.flatnonzero(np.nan_to_num(table.values[i, : column + 1]) > 0)
        start = int(came[-1]) + 1 if len(came) else 0
        hours = slice(start, column + 1)
        due = float(np.nansum(expected[i, hours]))
        return cls(table.calendar.bucket(min(start, column)).start, hours, 0.0 if start <= column else 1.0, due)


def _births(profile: Profile, plan: Plan, table: Table) -> Iterator[_Birth]:
    known = np.isfinite(table.values).any(axis=0)  # what came from the first day on that is known was not born then
    begun = table.calendar.bucket(int(known.argmax())).start
    for key, series in zip(table.keys, table.values, strict=True):
        if key.event in plan.events or key.source is None:
            continue
        at = profile.first_seen(key.event, key.source)
        if at is not None and at > begun + DAY:
            yield _Birth(key, at, series, _properties_of(profile, key))


def _properties_of(profile: Profile, key: Key) -> frozenset[str]:
    return frozenset(f.property for f in profile.catalog.fields if (f.event, f.source) == (key.event, key.source))


def _judged(
    profile: Profile,
    place: tuple[Key, Bucket],
    loss: _Loss,
    births: list[_Birth],
    p_value: float,
    params: UnplannedParams,
) -> Finding:
    key, bucket = place
    heir = next((birth for birth in births if _takes_over(profile, key, loss, birth, params)), None)
    gone = loss.observed == 0 and loss.expected > 0
    came = float(np.nansum(heir.series[loss.hours])) if heir else 0.0
    text = (
        f"{key}: nothing for {stretch(loss.hours.stop - loss.hours.start, 'hour')}, where {number(loss.expected)} were"
        f" expected;"
        f" instead {heir.key.event} came {number(came)} times, which is in no plan."
        if heir and gone
        else ""
    )
    return Finding(
        kind="renamed",
        event=key.event,
        source=key.source,
        bucket=bucket,
        since=loss.since,
        observed=0.0 if gone else None,
        expected=loss.expected,
        p_value=p_value,
        effect=-1.0 if gone else 0.0,
        relevant=heir is not None and gone,
        settled=None if gone else True,
        rows=loss.expected if gone else 0.0,
        text=text,
    )


def _takes_over(profile: Profile, key: Key, loss: _Loss, birth: _Birth, params: UnplannedParams) -> bool:
    """Say whether an unplanned event began when the planned one ended, comes as often, and looks like it."""
    close = abs(birth.at - loss.since) <= params.within_days * DAY
    came = float(np.nansum(birth.series[loss.hours]))
    often = min(came, loss.expected) >= params.volume * max(came, loss.expected) > 0
    return bool(close and often and _alike(profile, key, birth) >= params.likeness)


def _alike(profile: Profile, key: Key, birth: _Birth) -> float:
    """Return how much two events have in common, by name or by properties."""
    mine = _properties_of(profile, key)
    shared = len(mine & birth.properties) / len(mine | birth.properties) if mine else 0.0
    return max(likeness(key.event, birth.key.event), shared)
