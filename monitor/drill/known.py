"""What does an installation have that a fault could strike?"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from checks.base import Field, Stat
from checks.plan import Plan
from monitor.backtest.past import Past
from monitor.history.measures import Rhythm

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a fault strikes: an event (None: all that some sources send), from some sources, and there a property."""

    event: str | None
    sources: tuple[str, ...]
    property: str | None = None

    def __str__(self) -> str:
        """Return it as people say it: `Order Completed.total on web`."""
        name = f"{self.event}.{self.property}" if self.property else self.event or "everything"
        return f"{name} on {', '.join(self.sources)}"


@dataclass(frozen=True)
class Known:
    """What was measured before and while faults are planted, summed up."""

    past: Past
    plan: Plan
    until: dt.datetime
    rhythms: Mapping[str, Rhythm] = field(default_factory=dict)  # of the loads of each source, as far as they were seen

    @cached_property
    def rows(self) -> Mapping[str, Mapping[str, float]]:
        """Return the messages a day of each event by source, since it was first seen."""
        points = self.past.points
        daily = points[(points["measure"] == Stat.ROWS) & (points["grain"] == "day")]
        sums = daily.groupby(["event", "source"], as_index=False)["value"].sum()
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for event, source, total in zip(sums["event"], sums["source"], sums["value"], strict=True):
            first = max(self.past.first.get((event, source), self.past.since), self.past.since)
            found[event][source] = float(total) / max((self.until - first) / DAY, 1.0)
        return found

    @cached_property
    def _sums(self) -> Mapping[tuple[str, str, str, str, str], float]:
        points = self.past.points
        daily = points[points["grain"] == "day"]
        sums = daily.groupby(["measure", "event", "source", "property", "label"])["value"].sum()
        return dict(zip(sums.index, sums.astype(float), strict=True))

    @cached_property
    def _labels(self) -> Mapping[tuple[str, str, str, str], Mapping[str, float]]:
        found: dict[tuple[str, str, str, str], dict[str, float]] = defaultdict(dict)
        for (measure, event, source, name, label), value in self._sums.items():
            found[measure, event, source, name][label] = value
        return found

    @cached_property
    def sources(self) -> Mapping[str, frozenset[str]]:
        """Return the events of each source."""
        found: dict[str, set[str]] = defaultdict(set)
        for event, by_source in self.rows.items():
            for source in by_source:
                found[source].add(event)
        return {source: frozenset(events) for source, events in found.items()}

    def properties(self, event: str, source: str, measure: str) -> list[str]:
        """Return the properties of an event and source of which something was measured."""
        return sorted({name for (m, e, s, name) in self._labels if (m, e, s) == (measure, event, source)})

    def labels(self, measure: str, event: str, source: str, name: str = "") -> Mapping[str, float]:
        """Return what was measured of an event by label; without labels, under the empty one. Empty: nothing was."""
        return self._labels.get((measure, event, source, name), {})

    def repeats(self, event: str, source: str) -> bool:
        """Say whether a message that comes again under a new id is counted: where it is known whose it is."""
        measured = self.labels(Stat.REPEATS, event, source), self.labels(f"{Stat.ROWS}.identity", event, source)
        return any(measured)

    def fields(self, event: str, source: str) -> list[Field]:
        """Return the properties that the store has for an event of a source, those that mostly carry a value."""
        rows = sum(self.labels(Stat.ROWS, event, source).values())
        mine = (f for f in self.past.catalog.fields if (f.event, f.source) == (event, source))
        return [f for f in mine if sum(self.labels(Stat.NULLS, event, source, f.property).values()) < rows / 2]
