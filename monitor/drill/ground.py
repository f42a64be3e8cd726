"""Into what are faults planted, and where is it quiet enough for them?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from checks.base import Finding
from monitor.config import Config
from monitor.drill.known import DAY, Known, Place
from monitor.drill.untouched import Untouched

if TYPE_CHECKING:
    import pandas as pd

HOUR = dt.timedelta(hours=1)
SETTLED = 14 * DAY  # since an event was first seen, before a fault is planted in it
TRIES = 200  # to find a quiet hour at random


@dataclass(frozen=True, slots=True)
class Ground:
    """All that faults are planted into."""

    config: Config
    known: Known
    untouched: Untouched
    by_event: Mapping[str, pd.DataFrame]

    @classmethod
    def of(cls, config: Config, known: Known, untouched: Untouched) -> Ground:
        """Lay the measures out by event."""
        points = known.past.points
        return cls(config, known, untouched, {str(event): part for event, part in points.groupby("event")})

    @property
    def span(self) -> tuple[dt.datetime, dt.datetime]:
        """Return the time that is judged."""
        return self.untouched.replayed.since, self.untouched.replayed.until

    def events(self, place: Place) -> frozenset[str]:
        """Return the events that a fault at a place touches."""
        if place.event is not None:
            return frozenset({place.event})
        return frozenset().union(*(self.known.sources[source] for source in place.sources))

    def onset(self, place: Place, lasts: dt.timedelta, rng: np.random.Generator) -> dt.datetime | None:
        """Return a random hour in which nothing is wrong there, nor in the time that follows; None: there is none."""
        since, until = self.span
        past, places = self.known.past, [(e, s) for e in self.events(place) for s in place.sources]
        firsts = [past.first[each] for each in places if each in past.first] or [past.since]
        known = max(firsts) if place.event else min(firsts)  # of all that a source sends, some is always new
        begin = max(since, known + SETTLED)
        hours = int((until - begin) / HOUR) - int(lasts / HOUR)
        if hours <= 0:
            return None
        about = about_of(self.events(place), place)
        for hour in rng.permutation(hours)[:TRIES].tolist():
            onset: dt.datetime = begin + hour * HOUR
            free = not any(list(each.within(onset, onset + DAY)) for each in self.config.exclusions)
            if free and self.untouched.is_quiet(about, onset, onset + lasts):
                return onset
        return None


def about_of(events: frozenset[str], place: Place) -> Callable[[Finding], bool]:
    """Return what says whether a finding concerns one of some events, or a whole source of the place.

    Where all of a source is struck, only what says so counts: in one of its many events something else may be wrong.
    """
    sources, own = frozenset(place.sources), events if place.event else frozenset[str]()
    return lambda finding: finding.event in own if finding.event else finding.source in sources
