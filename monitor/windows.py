"""Which stretches of time are complete and not judged yet?

A bucket is judged once, when the store is known to be loaded past its end. What was missed
while nobody looked is judged later, oldest first, a local day at a time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from checks.base import Bucket
from monitor.calendar import floor_day, floor_hour, midnights
from monitor.history.measures import Progress, Watermark


@dataclass(frozen=True, slots=True)
class Pace:
    """How a store is read and judged over time."""

    zone: ZoneInfo
    lateness: dt.timedelta  # how long after its end a bucket may still grow
    history: dt.timedelta  # how far back the first run reads
    judge: dt.timedelta | None  # how much of that it judges; None: all but the first three weeks of data
    patience: dt.timedelta  # how long a store may stand still before that is said


LEARNING = dt.timedelta(days=21)  # of a first run over a whole past, what only serves to learn


def read_since(progress: Progress | None, pace: Pace, now: dt.datetime) -> dt.datetime:
    """Return from when on the store is read: whole local days, the last one again since it has grown."""
    if progress is None:
        return floor_day(now - pace.history, pace.zone)
    return floor_day(min(progress.measured_until, progress.judged_until) - pace.lateness, pace.zone)


def nothing_due(progress: Progress | None, pace: Pace, now: dt.datetime) -> bool:
    """Say whether no hour can have become complete since the last run, so that the store need not be asked."""
    return progress is not None and floor_hour(now - pace.lateness, pace.zone) <= progress.judged_until


def complete_until(watermarks: Iterable[Watermark], pace: Pace, now: dt.datetime) -> dt.datetime | None:
    """Return the end of the last complete hour, or None when nothing is loaded.

    The newest row of any source tells how far the store is loaded: a source that is silent
    while others are not is silent, not late.
    """
    marks = [mark.loaded or mark.received for mark in watermarks]
    if not marks:
        return None
    return floor_hour(min(max(marks), now) - pace.lateness, pace.zone)


def to_judge(progress: Progress | None, pace: Pace, first: dt.datetime, complete: dt.datetime) -> tuple[Bucket, ...]:
    """Return the windows to judge, oldest first, cut at local midnights; `first` is the oldest hour with data."""
    if progress is not None:
        start = progress.judged_until
    elif pace.judge is None:
        start = floor_day(first + LEARNING, pace.zone)
    else:
        start = floor_day(complete - pace.judge, pace.zone)
    if start >= complete:
        return ()
    cuts = [start, *midnights(start, complete, pace.zone), complete]
    return tuple(Bucket(a, b) for a, b in pairwise(cuts))
