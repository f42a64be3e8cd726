"""Which stretches of time are read, and which are complete and not judged yet?

Each bucket of each source is judged once, when the source is known to be loaded past its end
(`gate`). What was missed while nobody looked is judged later, oldest first, a local day at a
time. Hours are read as they come; days, whose measures cost more, once they are over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from zoneinfo import ZoneInfo

from checks.base import Bucket
from monitor.calendar import floor_day, floor_hour, midnights
from monitor.gate import GIVE_UP, Due, Gate, Patience, Source, State, assess, expected
from monitor.history.measures import Progress

HOUR = dt.timedelta(hours=1)
LEARNING = dt.timedelta(days=21)  # of a first run over a whole past, what only serves to learn
AGAIN = 3 * HOUR  # before the oldest hour to judge that is read once more: what came late is learned from
CHUNK = dt.timedelta(days=15)  # of a first reading of the past: one statement per table, and remembered


@dataclass(frozen=True, slots=True)
class Pace:
    """How a store is read and judged over time."""

    zone: ZoneInfo
    history: dt.timedelta  # how far back the first run reads
    judge: dt.timedelta | None  # how much of that it judges; None: all but the first three weeks of data
    patience: Patience  # how long loads are waited for


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run reads: from when on, and whether the measures of days are wanted too."""

    since: dt.datetime  # a local midnight, where days are wanted
    days: bool


def past(progress: Progress | None, pace: Pace, now: dt.datetime) -> tuple[dt.datetime, ...]:
    """Return where the first reading of the past is cut, up to the last stretch: empty once the past has been read."""
    if progress and progress.begun:
        return ()
    start = floor_day(now - pace.history, pace.zone)
    if progress and progress.measured_until > progress.measured_from:
        start = floor_day(progress.measured_until, pace.zone)
    cuts = [start]
    while (end := floor_day(cuts[-1] + CHUNK + HOUR, pace.zone)) < now:  # an hour more: a day may have 23 of them
        cuts.append(end)
    return tuple(cuts)


def to_read(progress: Progress, sources: Mapping[str, Source], pace: Pace, now: dt.datetime) -> Plan:
    """Return what to read, if all loads come as they usually do.

    A late source is not read from where it stopped, hour after hour, but once it has come.
    """
    due = assess(expected(sources, pace.patience, now, progress.measured_until), pace.patience, now, pace.zone)
    awaited = [name for name, gate in due.items() if not _stays_away(gate)]
    judged = {name: judged_until(progress, name) for name in awaited}
    oldest = min(judged.values(), default=progress.judged_until)
    if any(_crosses_midnight(until, due[name].complete, pace.zone) for name, until in judged.items()):
        return Plan(floor_day(oldest, pace.zone), days=True)
    return Plan(oldest - AGAIN, days=False)


def together(plans: Sequence[Plan], zone: ZoneInfo) -> Plan:
    """Return what to read for checks that are not equally far, in one statement."""
    since, days = min(plan.since for plan in plans), any(plan.days for plan in plans)
    return Plan(floor_day(since, zone) if days else since, days)


def nothing_due(progress: Progress | None, sources: Mapping[str, Source], pace: Pace, now: dt.datetime) -> bool:
    """Say whether no hour can have become complete since the last run, so that the store need not be asked."""
    if progress is None or not progress.begun or not sources:
        return False
    due = assess(expected(sources, pace.patience, now, progress.measured_until), pace.patience, now, pace.zone)
    if any(_stays_away(gate) for gate in due.values()):
        return False
    return all(gate.complete <= judged_until(progress, name) for name, gate in due.items())


def judged_until(progress: Progress, source: str) -> dt.datetime:
    """Return until when a source has been judged; one that is new begins where the others are."""
    return progress.behind.get(source, progress.judged_until)


def first_judged(first: dt.datetime, complete: dt.datetime, pace: Pace) -> dt.datetime:
    """Return from when on a first run judges; `first` is the oldest hour with data, `complete` the newest."""
    return floor_day(first + LEARNING if pace.judge is None else complete - pace.judge, pace.zone)


def reached(
    gates: Mapping[str, Gate], judged: Mapping[str, dt.datetime], plan: Plan, zone: ZoneInfo
) -> dict[str, dt.datetime]:
    """Return until when each source can be judged now, by what is complete and what was read.

    Where the days were not read, no day is ended; where a source was not read from where it
    stopped, it stays there until the next run.
    """
    return {name: _reached(gates[name].complete, until, plan, zone) for name, until in judged.items()}


def _reached(complete: dt.datetime, judged: dt.datetime, plan: Plan, zone: ZoneInfo) -> dt.datetime:
    if complete <= judged or judged < plan.since:
        return judged
    if not plan.days and _crosses_midnight(judged, complete, zone):
        midnight = midnights(judged, complete + dt.timedelta(seconds=1), zone)[0]
        return max(judged, floor_hour(midnight - dt.timedelta(seconds=1), zone))
    return complete


def to_judge(judged: Mapping[str, dt.datetime], complete: Mapping[str, dt.datetime], zone: ZoneInfo) -> tuple[Due, ...]:
    """Return the stretches to judge, oldest first, cut at local midnights and where sources come in or stay behind."""
    return tuple(_stretches(judged, complete, zone))


def _stretches(judged: Mapping[str, dt.datetime], complete: Mapping[str, dt.datetime], zone: ZoneInfo) -> Iterator[Due]:
    moving = [name for name in judged if judged[name] < complete[name]]
    if not moving:
        return
    start, end = min(judged[name] for name in moving), max(complete[name] for name in moving)
    inner = {at for name in moving for at in (judged[name], complete[name]) if start < at < end}
    for a, b in pairwise(sorted({start, end, *inner, *midnights(start, end, zone)})):
        fresh = frozenset(name for name in moving if judged[name] <= a and complete[name] >= b)
        known = {name: at for name, at in complete.items() if at < end}
        if fresh:
            yield Due(Bucket(a, b), None if len(fresh) == len(judged) else fresh, known)


def progressed(progress: Progress, complete: Mapping[str, dt.datetime], now: dt.datetime) -> Progress:
    """Return the progress after every source was judged up to `complete`."""
    front = max(complete.values(), default=progress.judged_until)
    return replace(
        progress,
        measured_until=now,
        judged_until=front,
        behind={name: at for name, at in complete.items() if at < front},
    )


def _stays_away(gate: Gate) -> bool:
    return gate.state is State.LATE and gate.overdue <= GIVE_UP


def _crosses_midnight(since: dt.datetime, until: dt.datetime, zone: ZoneInfo) -> bool:
    return bool(midnights(since, until + dt.timedelta(seconds=1), zone))
