"""How many of the planted faults were seen, of each class and in each event, by which checks, and how soon?"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

import scipy

from monitor.backtest.replay import Replayed
from monitor.drill.drilling import Drilled
from monitor.drill.fault import Fault
from monitor.drill.session import Refused


@dataclass(frozen=True)
class Tally:
    """What became of some faults."""

    name: str
    drills: Sequence[Drilled]

    @cached_property
    def seen(self) -> int:
        """Return how many were seen."""
        return sum(drill.seen is not None for drill in self.drills)

    @property
    def share(self) -> float:
        """Return the share that was seen."""
        return self.seen / len(self.drills) if self.drills else 0.0

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of that share (Wilson 1927, JASA 22)."""
        if not self.drills:
            return 0.0, 1.0
        found = scipy.stats.binomtest(self.seen, len(self.drills)).proportion_ci(0.95, method="wilson")
        return float(found.low), float(found.high)

    @property
    def delay(self) -> dt.timedelta | None:
        """Return after how long half of those that were seen had been told."""
        delays = [drill.delay.total_seconds() for drill in self.drills if drill.delay is not None]
        return dt.timedelta(seconds=median(delays)) if delays else None

    @property
    def checks(self) -> list[tuple[str, int]]:
        """Return by which checks they were seen, the most frequent first."""
        return Counter(drill.seen.by for drill in self.drills if drill.seen).most_common()

    @property
    def noted(self) -> int:
        """Return how many are at least on the weekly clean-up list."""
        return sum(bool(drill.noted) for drill in self.drills)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """All that a drill came to."""

    faults: Sequence[Fault]  # the classes, in the order in which they are told
    drills: Sequence[Drilled]
    refused: Sequence[Refused]
    untouched: Replayed
    seed: int
    finished: bool  # all that was asked for was planted; else the time was over

    @cached_property
    def whole(self) -> Tally:
        """Return what became of all of them."""
        return Tally("all", self.drills)

    @cached_property
    def classes(self) -> list[tuple[Fault, Tally]]:
        """Return the tally of each class."""
        return [(fault, Tally(fault.name, [d for d in self.drills if d.fault == fault.name])) for fault in self.faults]

    @cached_property
    def events(self) -> list[Tally]:
        """Return the tally of each event (or source): that in which most survives first."""
        names = dict.fromkeys(subject(drill) for drill in self.drills)
        tallies = [Tally(name, [d for d in self.drills if subject(d) == name]) for name in names]
        return sorted(tallies, key=lambda tally: (tally.share, -len(tally.drills), tally.name))

    def title(self, name: str) -> str:
        """Return a class of faults as people say it."""
        return next(fault.title for fault in self.faults if fault.name == name)

    def survived(self, tally: Tally) -> list[str]:
        """Return which classes survived, as people say them."""
        lost = {drill.fault for drill in tally.drills if drill.seen is None}
        return [fault.title for fault in self.faults if fault.name in lost]


def subject(drill: Drilled) -> str:
    """Return what a fault struck: an event, or all of a source."""
    return drill.place.event or ", ".join(drill.place.sources)


def why_not(refused: Iterable[Refused]) -> list[tuple[str, int]]:
    """Return the reasons for which faults could not be planted, the most frequent first."""
    return Counter(each.why.partition(":")[0] for each in refused).most_common()
