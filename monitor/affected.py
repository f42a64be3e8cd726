"""How many messages does an incident concern, from its first bucket to its last?

Tests look at windows that overlap: a silence of three hours, then of four. What each series lost is
followed from window to window: one that begins where the last began replaces it, one that begins
after its end is added, and of one that has moved on, the part that it no longer sees is kept.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checks.base import Finding

Place = tuple[str, str, str, str, str]  # event, check and kind, property, source, slice


@dataclass(frozen=True, slots=True)
class Tally:
    """What one test has found so far."""

    place: Place
    start: dt.datetime  # of the newest window
    end: dt.datetime
    rows: float  # in it
    before: float = 0.0  # in what lies before it

    def moved(self, newer: Tally) -> Tally:
        """Return the tally after another window of the same place."""
        if newer.start <= self.start:
            gone = 0.0
        elif newer.start >= self.end:
            gone = self.rows
        else:
            gone = self.rows * ((newer.start - self.start) / (self.end - self.start))
        return Tally(self.place, newer.start, newer.end, newer.rows, self.before + gone)


def tallied(tallies: Sequence[Tally], findings: Iterable[Finding]) -> tuple[Tally, ...]:
    """Return the tallies with what was just found; findings without time are left out."""
    known = {each.place: each for each in tallies}
    for finding in findings:
        if finding.bucket is None:
            continue
        newer = Tally(_place(finding), finding.since or finding.bucket.start, finding.bucket.end, abs(finding.rows))
        last = known.get(newer.place)
        if last is None or newer.end > last.end:
            known[newer.place] = last.moved(newer) if last else newer
    return tuple(known[place] for place in sorted(known))


def affected(tallies: Iterable[Tally]) -> float:
    """Return the messages concerned: summed over events and sources; of several tests of the same, the most."""
    slices: dict[Place, float] = defaultdict(float)
    for each in tallies:
        event, what, name, source, _ = each.place
        one = (event, what, name, source, "")
        slices[one] = max(slices[one], each.before + each.rows)
    tests: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    for (event, what, name, source, _), rows in slices.items():
        tests[event, what, name][source] = rows
    events: dict[str, float] = defaultdict(float)
    for (event, _, _), by_source in tests.items():
        total = by_source.pop("", 0.0)
        events[event] = max(events[event], total, sum(by_source.values()))
    return sum(events.values())


def _place(finding: Finding) -> Place:
    what = f"{finding.check}.{finding.kind}"
    sliced = ",".join(f"{name}={value}" for name, value in finding.slice)
    return finding.event or "", what, finding.property or "", finding.source or "", sliced
