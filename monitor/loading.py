"""What does the store say that was not known, and which stretches of which sources can be judged now?

The past is read once, in chunks that are remembered one by one: a first run that is killed
goes on where it was. From then on, only what may have changed is read again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from checks.base import Grain
from monitor import learning, windows
from monitor.calendar import floor_day
from monitor.config import Config
from monitor.gate import Due, Gate, Patience, Source, assess
from monitor.history.measures import Progress, Rhythm, Watermark
from monitor.history.memory import Memory, Step
from monitor.history.points import Span
from monitor.history.times import moment
from monitor.judge import wanted
from monitor.reading import Reading, read, request
from monitor.stores.base import Request, Store
from monitor.windows import Pace, Plan

if TYPE_CHECKING:
    import pandas as pd

OnChunk = Callable[[int, int], None]  # chunks of the past that are read, of how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was read, what it says about the sources, and how far they can be judged."""

    reading: Reading
    plan: Plan
    points: pd.DataFrame  # all that is known of the time that is learned from, what was just read included
    since: dt.datetime  # from when on
    first: Mapping[tuple[str, str], dt.datetime]  # when each (event, source) was seen first
    rhythms: Mapping[str, Rhythm]
    gates: Mapping[str, Gate]
    due: tuple[Due, ...]
    before: Progress | None
    progress: Progress  # once what is due is judged

    @property
    def spans(self) -> dict[Grain, Span]:
        """Return what was read anew, by grain."""
        return _spans(self.plan, self.progress.measured_until)


@dataclass(frozen=True, slots=True)
class _Known:
    """What was known of the sources before something was read."""

    progress: Progress | None
    marks: Mapping[str, Watermark]
    rhythms: Mapping[str, Rhythm]

    @property
    def sources(self) -> dict[str, Source]:
        return {name: Source(mark, self.rhythms.get(name, Rhythm())) for name, mark in self.marks.items()}


def pace_of(config: Config) -> Pace:
    """Return how a store is read and judged over time."""
    store = config.store
    return Pace(ZoneInfo(config.zone), store.history, store.judge, Patience(store.lateness, store.patience))


def would_ask(config: Config, memory: Memory, now: dt.datetime) -> Request:
    """Return what a run at `now` would ask of the store; a first run asks it in chunks."""
    pace, known = pace_of(config), _remembered(memory)
    if cuts := windows.past(known.progress, pace, now):
        return _asked(config, Plan(cuts[0], days=True), now)
    return _asked(config, _to_read(known, pace, now), now)


def load(
    config: Config, store: Store, memory: Memory, now: dt.datetime, on_chunk: OnChunk | None = None
) -> Loaded | None:
    """Ask the store what is due; None: nothing is.

    Args:
        config: what to measure, and how long to wait for it.
        store: where the events lie.
        memory: what is known. The chunks of a first run are kept in it, the rest is the caller's to keep.
        now: the time.
        on_chunk: told of each chunk of the past; None: the past is read in one piece, and nothing is kept.

    Raises:
        StoreError: the store does not answer.
    """
    pace, known = pace_of(config), _remembered(memory)
    if windows.nothing_due(known.progress, known.sources, pace, now):
        return None
    cuts = windows.past(known.progress, pace, now)
    first = cuts[0] if cuts else _to_read(known, pace, now).since
    catalog, statements, rows = store.catalog((first, now)), 0, 0
    for done, (since, until) in enumerate(pairwise(cuts if on_chunk else ())):
        reading = read(store, _asked(config, Plan(since, days=True), until), known.marks, catalog)
        known = _keep_chunk(memory, known, reading, (since, until), now)
        statements, rows = statements + reading.statements, rows + reading.rows
        if on_chunk:
            on_chunk(done + 1, len(cuts))
    past = Plan(cuts[-1 if on_chunk else 0], days=True) if cuts else None
    plan = past or _to_read(known, pace, now)
    reading = read(store, _asked(config, plan, now), known.marks, catalog)
    reading = replace(reading, statements=reading.statements + statements, rows=reading.rows + rows)
    if cuts and on_chunk:
        on_chunk(len(cuts), len(cuts))
    return _understood(config, memory, known, (plan, reading), now)


def _remembered(memory: Memory) -> _Known:
    return _Known(memory.progress(), memory.watermarks(), memory.rhythms())


def _to_read(known: _Known, pace: Pace, now: dt.datetime) -> Plan:
    assert known.progress is not None  # noqa: S101 for the type checker: the past has been read
    return windows.to_read(known.progress, known.sources, pace, now)


def _asked(config: Config, plan: Plan, until: dt.datetime) -> Request:
    return request(wanted(config.checks.values(), config.plan), plan.since, until, config.zone, days=plan.days)


def _keep_chunk(memory: Memory, known: _Known, reading: Reading, span: Span, now: dt.datetime) -> _Known:
    """Remember a chunk of the past; what comes before the first row is not worth it."""
    if known.progress is None and not len(reading.points):
        return known
    start = known.progress.measured_from if known.progress else span[0]
    rhythms = learning.rhythms(known.rhythms, known.marks, reading, now)
    after = _Known(Progress(start, span[1], start), reading.watermarks, rhythms)
    assert after.progress is not None  # noqa: S101 for the type checker
    memory.keep(
        Step(
            at=now,
            points=reading.points,
            spans={"hour": span, "day": span},
            watermarks=after.marks,
            rhythms=after.rhythms,
            before=known.progress,
            progress=after.progress,
            incidents=(),
            deliveries=(),
            summary={"rows": reading.rows, "past": True},
        )
    )
    return after


def _understood(
    config: Config, memory: Memory, known: _Known, read_now: tuple[Plan, Reading], now: dt.datetime
) -> Loaded:
    """Learn from a reading, and say how far each source can be judged."""
    plan, reading = read_now
    pace, progress = pace_of(config), known.progress
    oldest = progress.oldest if progress and progress.begun else now
    since = floor_day(floor_day(oldest, pace.zone) - pace.history, pace.zone)
    past = memory.points(since, now, list(_spans(plan, now)))
    points, rhythms = _learned(known, past, plan, reading, now)
    torn = learning.torn(rhythms, reading)
    sources = {name: Source(mark, rhythms[name], name in torn) for name, mark in reading.watermarks.items()}
    gates = assess(sources, pace.patience, now, pace.zone)
    if progress and progress.begun:
        judged = {name: windows.judged_until(progress, name) for name in gates}
        complete = windows.reached(gates, judged, plan, pace.zone)
        after = windows.progressed(progress, complete, now)
    else:
        judged, complete = _first_stretch(gates, points, pace)
        start = progress.measured_from if progress else plan.since
        after = windows.progressed(Progress(start, now if len(points) else start, start), complete, now)
        after = after if len(points) else Progress(start, start, start)
    return Loaded(
        reading=reading,
        plan=plan,
        points=points,
        since=min(since, plan.since),
        first=memory.first_seen(),
        rhythms=rhythms,
        gates=gates,
        due=windows.to_judge(judged, complete, pace.zone),
        before=progress,
        progress=after,
    )


def _first_stretch(
    gates: Mapping[str, Gate], points: pd.DataFrame, pace: Pace
) -> tuple[dict[str, dt.datetime], dict[str, dt.datetime]]:
    """Return from when until when each source is judged by a first run."""
    if not gates or not len(points):
        return {}, {}
    first, front = moment(int(points["bucket"].min())), max(gate.complete for gate in gates.values())
    start = windows.first_judged(first, front, pace)
    if start >= front:
        return {}, {}
    return dict.fromkeys(gates, start), {name: max(gate.complete, start) for name, gate in gates.items()}


def _learned(
    known: _Known, past: pd.DataFrame, plan: Plan, reading: Reading, now: dt.datetime
) -> tuple[pd.DataFrame, dict[str, Rhythm]]:
    """Put what was read over what is remembered; return it, and what it says of the rhythm of each source."""
    import pandas as pd  # noqa: PLC0415 heavy, and a run with nothing due needs none

    rhythms = learning.rhythms(known.rhythms, known.marks, reading, now)
    replaced = past["bucket"] >= plan.since.timestamp()
    if known.progress and known.progress.begun:
        both = past[replaced], reading.points
        for name, rhythm in rhythms.items():
            if reading.watermarks[name].loaded is None:
                rhythms[name] = learning.arrivals(rhythm, name, both, known.progress, now)
    points = pd.concat([past[~replaced], reading.points], ignore_index=True) if len(past) else reading.points
    if plan.days:
        for name, lag in learning.lags(points).items():
            rhythms[name] = replace(rhythms[name], lag=lag)
    return points, rhythms


def _spans(plan: Plan, now: dt.datetime) -> dict[Grain, Span]:
    grains: Sequence[Grain] = ("hour", "day") if plan.days else ("hour",)
    return dict.fromkeys(grains, (plan.since, now))
