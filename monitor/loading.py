"""What does the store say that was not known, and which stretches of which sources can be judged now?

The past is read once, in chunks that are remembered one by one: a first run that is killed
goes on where it was. From then on, only what may have changed is read again. Where only some
checks are due, only what they want is asked; what is known for the others stays as it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from checks.base import Grain, Measure
from monitor import learning, windows
from monitor.calendar import floor_day
from monitor.config import Config
from monitor.gate import Due, Gate, Patience, Source, assess
from monitor.history.measures import Progress, Rhythm, Watermark
from monitor.history.memory import Memory, Step
from monitor.history.points import Span
from monitor.history.times import moment
from monitor.judge import wanted
from monitor.reading import ALWAYS, Reading, read, request, untouched
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
    checks: frozenset[str]  # for which it was read
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

    @property
    def fresh(self) -> pd.DataFrame:
        """Return the points of these spans: what was read, and what is known of what was not asked."""
        return self.points[self.points["bucket"] >= self.plan.since.timestamp()]


@dataclass(frozen=True, slots=True)
class _Known:
    """What was known of the sources before something was read, and for which checks it is read."""

    progress: Progress | None
    marks: Mapping[str, Watermark]
    rhythms: Mapping[str, Rhythm]
    checks: frozenset[str]

    @property
    def sources(self) -> dict[str, Source]:
        return {name: Source(mark, self.rhythms.get(name, Rhythm())) for name, mark in self.marks.items()}

    @property
    def lanes(self) -> list[tuple[frozenset[str], Progress]]:
        """Return the checks that are equally far, each with how far they are."""
        return self.progress.lanes(self.checks) if self.progress else []


def pace_of(config: Config) -> Pace:
    """Return how a store is read and judged over time."""
    store = config.store
    return Pace(ZoneInfo(config.zone), store.history, store.judge, Patience(store.lateness, store.patience))


def would_ask(config: Config, memory: Memory, now: dt.datetime, checks: frozenset[str] | None = None) -> Request:
    """Return what a run at `now` would ask of the store for some checks; a first run asks it in chunks, for all."""
    pace, known = pace_of(config), _remembered(config, memory, checks)
    if cuts := windows.past(known.progress, pace, now):
        return _asked(config, known, Plan(cuts[0], days=True), now)
    return _asked(config, known, _to_read(known, pace, now), now)


def load(
    config: Config,
    store: Store,
    memory: Memory,
    now: dt.datetime,
    on_chunk: OnChunk | None = None,
    checks: frozenset[str] | None = None,
) -> Loaded | None:
    """Ask the store what is due; None: nothing is.

    Args:
        config: what to measure, and how long to wait for it.
        store: where the events lie.
        memory: what is known. The chunks of a first run are kept in it, the rest is the caller's to keep.
        now: the time.
        on_chunk: told of each chunk of the past; None: the past is read in one piece, and nothing is kept.
        checks: the names of those that are due; None: all. The past is read for all.

    Raises:
        StoreError: the store does not answer.
    """
    pace, known = pace_of(config), _remembered(config, memory, checks)
    if known.lanes and all(windows.nothing_due(lane, known.sources, pace, now) for _, lane in known.lanes):
        return None
    cuts = windows.past(known.progress, pace, now)
    first = cuts[0] if cuts else _to_read(known, pace, now).since
    catalog, statements, rows = store.catalog((first, now)), 0, 0
    for done, (since, until) in enumerate(pairwise(cuts if on_chunk else ())):
        reading = read(store, _asked(config, known, Plan(since, days=True), until), known.marks, catalog)
        known = _keep_chunk(memory, known, reading, (since, until), now)
        statements, rows = statements + reading.statements, rows + reading.rows
        if on_chunk:
            on_chunk(done + 1, len(cuts))
    past = Plan(cuts[-1 if on_chunk else 0], days=True) if cuts else None
    plan = past or _to_read(known, pace, now)
    reading = read(store, _asked(config, known, plan, now), known.marks, catalog)
    reading = replace(reading, statements=reading.statements + statements, rows=reading.rows + rows)
    if cuts and on_chunk:
        on_chunk(len(cuts), len(cuts))
    return _understood(config, memory, known, (plan, reading), now)


def _remembered(config: Config, memory: Memory, checks: frozenset[str] | None) -> _Known:
    progress, everything = memory.progress(), frozenset(config.checks)
    due = everything if checks is None or progress is None or not progress.begun else checks & everything
    return _Known(progress, memory.watermarks(), memory.rhythms(), due)


def _to_read(known: _Known, pace: Pace, now: dt.datetime) -> Plan:
    plans = [windows.to_read(lane, known.sources, pace, now) for _, lane in known.lanes]
    return windows.together(plans, pace.zone)


def _asked(config: Config, known: _Known, plan: Plan, until: dt.datetime) -> Request:
    return request(_wanted(config, known.checks), plan.since, until, config.zone, days=plan.days)


def _wanted(config: Config, checks: Collection[str]) -> tuple[Measure, ...]:
    return wanted((each for name, each in config.checks.items() if name in checks), config.plan)


def _keep_chunk(memory: Memory, known: _Known, reading: Reading, span: Span, now: dt.datetime) -> _Known:
    """Remember a chunk of the past; what comes before the first row is not worth it."""
    if known.progress is None and not len(reading.points):
        return known
    start = known.progress.measured_from if known.progress else span[0]
    rhythms = learning.rhythms(known.rhythms, known.marks, reading, now)
    after = _Known(Progress(start, span[1], start), reading.watermarks, rhythms, known.checks)
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
    oldest = min((lane.oldest for _, lane in known.lanes), default=now) if progress and progress.begun else now
    since = floor_day(floor_day(oldest, pace.zone) - pace.history, pace.zone)
    past = memory.points(since, now, list(_spans(plan, now)))
    points, rhythms = _learned(known, _parted(config, known, plan, past), reading, now)
    if plan.days:
        lags = learning.lags(points)
        rhythms |= {name: replace(rhythms[name], lag=lag) for name, lag in lags.items()}
    torn = learning.torn(rhythms, reading)
    sources = {name: Source(mark, rhythms[name], name in torn) for name, mark in reading.watermarks.items()}
    gates = assess(sources, pace.patience, now, pace.zone)
    if progress and progress.begun:
        due, after = _due(config, known, (gates, plan), now)
    else:
        judged, complete = _first_stretch(gates, points, pace)
        start = progress.measured_from if progress else plan.since
        after = windows.progressed(Progress(start, now if len(points) else start, start), complete, now)
        after = after if len(points) else Progress(start, start, start)
        due = windows.to_judge(judged, complete, pace.zone)
    return Loaded(
        reading=reading,
        plan=plan,
        checks=known.checks,
        points=points,
        since=min(since, plan.since),
        first=memory.first_seen(),
        rhythms=rhythms,
        gates=gates,
        due=due,
        before=progress,
        progress=after,
    )


def _due(
    config: Config, known: _Known, found: tuple[Mapping[str, Gate], Plan], now: dt.datetime
) -> tuple[tuple[Due, ...], Progress]:
    """Return what each check can judge now, oldest first, and how far all are once that is done."""
    assert known.progress is not None  # noqa: S101 for the type checker: the past has been read
    (gates, plan), zone = found, ZoneInfo(config.zone)
    due, lanes = list[Due](), list[tuple[frozenset[str], Progress]]()
    for names, lane in known.lanes:
        judged = {name: windows.judged_until(lane, name) for name in gates}
        complete = windows.reached(gates, judged, plan, zone)
        lanes.append((names, windows.progressed(lane, complete, now)))
        alone = None if len(names) == len(config.checks) else names
        due += [replace(each, checks=alone) for each in windows.to_judge(judged, complete, zone)]
    after = known.progress.joined(lanes, config.checks)
    return tuple(sorted(due, key=lambda each: (each.bucket.end, each.bucket.start))), after


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


def _parted(config: Config, known: _Known, plan: Plan, past: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what of the past stays as it is, and what was read again."""
    replaced = past["bucket"] >= plan.since.timestamp()
    others = config.checks.keys() - known.checks
    if others and len(past):
        asked = (*ALWAYS, *_wanted(config, known.checks))
        replaced &= ~untouched(past, asked, _wanted(config, others))
    return past[~replaced], past[replaced]


def _learned(
    known: _Known, past: tuple[pd.DataFrame, pd.DataFrame], reading: Reading, now: dt.datetime
) -> tuple[pd.DataFrame, dict[str, Rhythm]]:
    """Put what was read over what is remembered; return it, and what it says of the rhythm of each source."""
    import pandas as pd  # noqa: PLC0415 heavy, and a run with nothing due needs none

    kept, replaced = past
    rhythms = learning.rhythms(known.rhythms, known.marks, reading, now)
    if known.progress and known.progress.begun:
        for name, rhythm in rhythms.items():
            if reading.watermarks[name].loaded is None:
                rhythms[name] = learning.arrivals(rhythm, name, (replaced, reading.points), known.progress, now)
    return pd.concat([kept, reading.points], ignore_index=True) if len(kept) else reading.points, rhythms


def _spans(plan: Plan, now: dt.datetime) -> dict[Grain, Span]:
    grains: Sequence[Grain] = ("hour", "day") if plan.days else ("hour",)
    return dict.fromkeys(grains, (plan.since, now))
