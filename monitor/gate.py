"""Up to when is each source loaded, and what is the matter where it is not? Pure.

Four states look alike in a count of zero, and are not:

- *waiting*: the next load is not due yet. Its buckets wait, and nobody is told.
- *partial*: sources or tables that are always loaded together were not, this time. As above.
- *late*: the source is later than its own rhythm of loads. One operational incident; no
  verdict on its events, nor on totals that it is part of, while the others' go on.
- *silent*: the loads that would have brought its rows have come, and brought none. Its
  buckets are complete, and empty: that is for the checks to judge.

What tells them apart is learned: when loads came (`Rhythm.loads`), which sources are loaded
together, and after how long nearly all rows of an hour are there (`allowance`).
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from statistics import median
from zoneinfo import ZoneInfo

from checks.base import Bucket
from monitor.calendar import floor_hour
from monitor.history.measures import Rhythm, Watermark

HOUR = dt.timedelta(hours=1)
SHARE = 0.995  # of an hour's rows that must be there before it is judged
USUAL = dt.timedelta(hours=1)  # the allowance where nothing is learned
LEAST, MOST = dt.timedelta(minutes=5), dt.timedelta(hours=48)  # bounds of a learned allowance
PATIENCE = dt.timedelta(hours=6)  # how long a load may stay away where no rhythm is learned
KNOWN = dt.timedelta(days=21)  # of loads that make a rhythm: with fewer weekends than three, one is a surprise
FEWEST = 8  # loads that make a rhythm
SEEN_BEFORE = 3  # a pause that occurred as often is part of the rhythm
ENOUGH = 500.0  # rows of which an allowance is learned
TOGETHER = dt.timedelta(minutes=45)  # apart, at most, are loads that belong together
BATCH = 1.5 * HOUR  # between loads, from which on the next one can be foretold
GIVE_UP = dt.timedelta(days=7)  # after which a source that stays away is taken to be silent


class State(StrEnum):
    """What is the matter with a source."""

    LOADED = "loaded"
    WAITING = "waiting"
    PARTIAL = "partial"
    LATE = "late"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Patience:
    """What the configuration says about waiting; None: learn it."""

    lateness: dt.timedelta | None = None  # how long after its end a bucket may still grow
    patience: dt.timedelta | None = None  # how long nothing new may be loaded before that is told


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a source: how far it is, and how it usually comes."""

    mark: Watermark
    rhythm: Rhythm = field(default_factory=Rhythm)
    torn: bool = False  # its newest load left out tables that are otherwise in every load


@dataclass(frozen=True, slots=True)
class Gate:
    """Up to when a source is complete, and what it waits for."""

    state: State
    complete: dt.datetime  # end of the last hour that may be judged
    newest: dt.datetime  # its newest load or row
    overdue: dt.timedelta = dt.timedelta()  # how much later than its rhythm it is


@dataclass(frozen=True, slots=True)
class Due:
    """A stretch to judge, and of which sources."""

    bucket: Bucket
    fresh: frozenset[str] | None = None  # the sources that are judged in it for the first time; None: all
    known: Mapping[str, dt.datetime] = field(default_factory=dict)  # source -> until when it is complete
    checks: frozenset[str] | None = None  # those that judge it; None: all
    parts: tuple[float, float] = (1.0, 1.0)  # of the budget of an hour, and of a day, that they may spend

    def judges(self, check: str) -> bool:
        """Say whether a check judges it."""
        return self.checks is None or check in self.checks


def assess(sources: Mapping[str, Source], patience: Patience, now: dt.datetime, zone: ZoneInfo) -> dict[str, Gate]:
    """Return the gate of each source.

    Args:
        sources: by name; all of one store.
        patience: what the user has decided.
        now: our own clock. The store's may be ahead (what it calls the future is not complete)
            or behind (lateness is counted from when *we* saw a load).
        zone: in which hours are cut.
    """
    return {name: _gate(name, sources, patience, now, zone) for name in sources}


def allowance(rhythm: Rhythm, patience: Patience) -> dt.timedelta:
    """Return after how long nearly all rows of an hour can be read.

    By the times at which rows were loaded, where the store tells them; else by what reading
    the same hours again has brought; else an hour.

    >>> allowance(Rhythm(arrivals=(980.0, 10.0, 8.0, 2.0)), Patience())
    datetime.timedelta(seconds=10800)
    """
    if patience.lateness is not None:
        return patience.lateness
    if rhythm.lag is not None:
        return min(max(dt.timedelta(seconds=rhythm.lag), LEAST), MOST)
    rows, total = 0.0, sum(rhythm.arrivals)
    for hours, more in enumerate(rhythm.arrivals if total >= ENOUGH else (), start=1):
        rows += more
        if rows >= SHARE * total:
            return min(hours * HOUR, MOST)
    return USUAL


def interval(rhythm: Rhythm) -> dt.timedelta | None:
    """Return the usual time between two loads; None while too few were seen."""
    pauses = _pauses(rhythm)
    return dt.timedelta(seconds=median(pauses)) if len(pauses) >= FEWEST else None


def tolerance(rhythm: Rhythm, patience: Patience) -> dt.timedelta:
    """Return how long no load may be seen before the source is late.

    The longest pause that was seen three times, so that nights and weekends are part of the
    rhythm and one outage is not, and a quarter of it, at least an hour, on top.
    """
    if patience.patience is not None:
        return patience.patience
    pauses = _pauses(rhythm)
    if len(pauses) < FEWEST:
        return PATIENCE
    longest = dt.timedelta(seconds=sorted(pauses)[-SEEN_BEFORE])
    learned = longest + max(HOUR, longest / 4)
    span = dt.timedelta(seconds=rhythm.loads[-1] - rhythm.loads[0])
    return learned if span >= KNOWN else max(learned, PATIENCE)


def overdue(source: Source, patience: Patience, now: dt.datetime) -> dt.timedelta:
    """Return how much later than its rhythm a source is; zero or less: it is not."""
    return now - _seen(source) - tolerance(source.rhythm, patience)


def expected(
    sources: Mapping[str, Source], patience: Patience, now: dt.datetime, looked: dt.datetime
) -> dict[str, Source]:
    """Return the sources as they will be found if all loads come when they usually do: what is worth asking for.

    One that was late when somebody last `looked` is not expected; that nobody looked is not its fault.
    """
    return {name: _expected(source, patience, now, looked) for name, source in sources.items()}


def _expected(source: Source, patience: Patience, now: dt.datetime, looked: dt.datetime) -> Source:
    usual = interval(source.rhythm)
    foretold = usual is not None and usual >= BATCH and now < source.mark.newest + 0.9 * usual
    if foretold or overdue(source, patience, looked) > dt.timedelta():
        return replace(source, torn=False)
    loaded = None if source.mark.loaded is None else max(source.mark.loaded, now)
    rhythm = replace(source.rhythm, seen=int(now.timestamp()))
    return Source(Watermark(max(source.mark.received, now), loaded), rhythm)


def _gate(name: str, sources: Mapping[str, Source], patience: Patience, now: dt.datetime, zone: ZoneInfo) -> Gate:
    source = sources[name]
    late = overdue(source, patience, now)
    group: Mapping[str, Source] = {
        other: each for other, each in sources.items() if other == name or _together(source.rhythm, each.rhythm)
    }
    moved_on = any(each.mark.newest - source.mark.newest >= TOGETHER for each in group.values())
    if late > GIVE_UP:
        group = sources
    slow = allowance(source.rhythm, patience)
    front = min(_front(group), now)
    own = min(min(source.mark.newest, now) - _own_allowance(source.rhythm, slow, patience), front)
    complete = floor_hour(max(own, front - slow), zone)
    if source.torn:
        complete = min(complete, floor_hour(own - (interval(source.rhythm) or HOUR), zone))
    state = _state(source, complete, floor_hour(now - slow, zone), moved_on=moved_on, late=late > dt.timedelta())
    return Gate(state, complete, source.mark.newest, max(late, dt.timedelta()))


def _state(source: Source, complete: dt.datetime, wanted: dt.datetime, *, moved_on: bool, late: bool) -> State:
    """Return what the matter is; `wanted` is the end of the last hour that could be complete by now."""
    if source.torn:
        return State.PARTIAL
    if late and not moved_on:
        return State.LATE
    if complete > source.mark.newest:
        return State.SILENT
    if complete >= wanted:
        return State.LOADED
    return State.PARTIAL if moved_on else State.WAITING


def _front(group: Mapping[str, Source]) -> dt.datetime:
    """Return up to when a group is loaded: a load that was cut off says so by the newest row that it brought.

    What the store's own history calls a finished load was not cut off, also if it brought nothing.
    """
    newest = max(each.mark.newest for each in group.values())
    return min(newest, max(max(each.mark.received, each.mark.synced or each.mark.received) for each in group.values()))


def _own_allowance(rhythm: Rhythm, slow: dt.timedelta, patience: Patience) -> dt.timedelta:
    """Return how long before a load the rows have come that it brings: what the wait for the load itself leaves."""
    usual = interval(rhythm)
    if patience.lateness is not None or rhythm.lag is None or usual is None or usual > 2 * slow:
        return slow
    return max(slow - usual, LEAST)


def _together(mine: Rhythm, other: Rhythm) -> bool:
    """Say whether a load of the other one is a load of mine: the same times, and rows as fresh."""
    if min(len(mine.loads), len(other.loads)) < FEWEST:
        return True
    if allowance(mine, Patience()) > 2 * allowance(other, Patience()) + HOUR:
        return False
    apart = int(TOGETHER.total_seconds())
    common = [at for at in mine.loads if other.loads[0] - apart <= at <= other.loads[-1] + apart][-50:]
    return sum(_near(other.loads, at, apart) for at in common) >= 0.8 * len(common)


def _near(loads: tuple[int, ...], at: int, apart: int) -> bool:
    i = bisect_left(loads, at - apart)
    return i < len(loads) and loads[i] <= at + apart


def _pauses(rhythm: Rhythm) -> list[int]:
    return [b - a for a, b in zip(rhythm.loads, rhythm.loads[1:], strict=False)]


def _seen(source: Source) -> dt.datetime:
    seen = source.rhythm.seen
    return source.mark.newest if seen is None else dt.datetime.fromtimestamp(seen, tz=dt.UTC)
