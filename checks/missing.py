"""Which events never came, and which have stopped coming?

A planned event that the store has never had is a broken rule. An event that has come and
now does not is judged by its arrival process: how likely is it, when nothing is wrong, that
as many as were due since the last one all stay away? That works for 0.2 events a day as for
a million, and it holds on day 30 of a silence as on the first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from checks.base import Bucket, Evidence, Finding, Key, Kind, Measure, Profile, Stat, Table, check
from checks.expectation import count_evidence, forecast_of, judged, silence_of
from checks.plan import Plan
from checks.settings import setting
from checks.words import TELLING, number, stretch

KINDS = {
    "never_seen": Kind(
        title="{subject} has never been seen",
        advice="Ask its owner whether it was ever released; if it was not, take it out of the plan.",
        family="never_seen",
    ),
    "stopped": Kind(
        title="{subject} stopped",
        advice="Look at what was released or reconfigured just before it stopped; then at the load of its table.",
        family="loss",
        volume=True,
    ),
}


@dataclass(frozen=True, slots=True)
class MissingParams:
    """When is an absence worth telling?"""

    min_due: float = setting(3.0, "messages that must be due since the last one before a silence is told")


@check("missing", kinds=KINDS, params=MissingParams)
class Missing:
    """Events that never came, or come no more."""

    def measures(self, plan: Plan, params: MissingParams) -> Iterable[Measure]:
        """Ask for the messages of each hour."""
        yield Measure(Stat.ROWS, grain="hour")

    def judge(self, profile: Profile, plan: Plan, params: MissingParams) -> Iterator[Finding]:
        """Yield a finding for every planned event and source, and for every series and hour."""
        table = profile.table(Stat.ROWS, "hour")
        columns = judged(profile, table)
        if not table.keys or not columns:  # an empty store says nothing about a single event
            return
        yield from _never_seen(profile, plan)
        yield from _stopped(table, columns, params)

    def evidence(self, profile: Profile, plan: Plan, params: MissingParams, finding: Finding) -> Evidence | None:
        """Return the hourly messages before and during the silence; none for what never came."""
        return count_evidence(profile.table(Stat.ROWS, "hour"), finding) if finding.kind == "stopped" else None


def _never_seen(profile: Profile, plan: Plan) -> Iterator[Finding]:
    if not any(_seen(profile, event, None) for event in profile.catalog.events):
        return  # a store in which nothing had come by then says nothing about a single event
    for name, event in plan.events.items():
        anywhere = _seen(profile, name, None)
        yield _presence(profile, Key(name), anywhere, f"{name} is planned, and has never come from any source.")
        for source in event.sources:
            text = f"{name} is planned from {source}, and has never come from there, though from elsewhere."
            here = not anywhere or _seen(profile, name, source)  # what never came at all is told once
            yield _presence(profile, Key(name, source), here, text)


def _seen(profile: Profile, event: str, source: str | None) -> bool:
    first = profile.first_seen(event, source)
    return first is not None and first < profile.window.end


def _presence(profile: Profile, key: Key, seen: bool, text: str) -> Finding:
    return Finding(
        kind="never_seen",
        event=key.event,
        source=key.source,
        bucket=profile.window,
        observed=None if seen else 0.0,
        relevant=not seen,
        text="" if seen else text,
    )


def _stopped(table: Table, columns: list[tuple[int, Bucket]], params: MissingParams) -> Iterator[Finding]:
    forecast = forecast_of(table)
    silence = silence_of(table)
    for column, bucket in columns:
        arrays = (a[:, column - table.cut].tolist() for a in (silence.p_value, silence.due, silence.last))
        known = np.isfinite(table.values[:, column])
        for i, (p_value, due, last) in enumerate(zip(*arrays, strict=True)):
            if known[i] and last < 0:
                yield _silent_throughout(table, table.keys[i], bucket)
            elif known[i] and forecast.ready[i]:
                yield _silence(table.keys[i], bucket, (p_value, due, column - last), params)


def _silence(key: Key, bucket: Bucket, test: tuple[float, float, int], params: MissingParams) -> Finding:
    p_value, due, gap = test
    silent = gap > 0
    told = p_value <= TELLING
    return Finding(
        kind="stopped",
        event=key.event,
        source=key.source,
        bucket=bucket,
        since=bucket.end - dt.timedelta(hours=gap) if silent else None,
        observed=0.0 if silent else None,
        expected=due,
        p_value=p_value,
        effect=-1.0 if silent else 0.0,
        relevant=silent and due >= params.min_due,
        rows=due if silent else 0.0,
        text=f"{key}: nothing for {stretch(gap, 'hour')}, where {number(due)} were expected." if told else "",
    )


def _silent_throughout(table: Table, key: Key, bucket: Bucket) -> Finding:
    """Keep an open incident open: nothing is left to say how much was due, and nothing came back."""
    return Finding(
        kind="stopped",
        event=key.event,
        source=key.source,
        bucket=bucket,
        since=table.calendar.bucket(0).start,
        observed=0.0,
        p_value=1.0,
        relevant=False,
        settled=False,
        text=f"{key}: nothing for more than {stretch(len(table.calendar), 'hour')}.",
    )
