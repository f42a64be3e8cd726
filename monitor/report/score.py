"""How much of what an event should have said was lost in a week, and how good does that make it?

The score is what is left of 100 after the loss: of all messages that were due, the share that was
missing, malformed, copied or late while an incident said so. An event's share does not depend on
its volume; events are put together by their priority alone, so that a busy week of one event does
not hide the bad week of another. Losses add up: each incident's part is a number of points, and
what an event lost is the sum of what it lost on its sources. docs/report.md has the definition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from checks.plan import Priority
from monitor.decide import WEIGHTS

CAUSES = ("missing", "malformed", "copied", "late")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What one incident took from one event on one source in a week, in messages."""

    incident: str
    event: str
    cause: str  # one of CAUSES
    rows: float
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventWeek:
    """What came of one event in a week, and what did not."""

    event: str
    priority: Priority
    rows: float  # messages that came
    losses: tuple[Loss, ...] = ()
    sources: Mapping[str, float] = field(default_factory=dict)  # of these, by source

    @property
    def due(self) -> float:
        """Return the messages that should have come."""
        return self.rows + sum(loss.rows for loss in self.losses if loss.cause == "missing")

    @property
    def lost(self) -> float:
        """Return the share of the due messages that was lost, from 0 to 1.

        >>> stop = Loss(incident="i", event="A", cause="missing", rows=30)
        >>> EventWeek(event="A", priority=Priority.HIGH, rows=70, losses=(stop,)).lost
        0.3
        """
        return min(sum(loss.rows for loss in self.losses) / self.due, 1.0) if self.due else 0.0

    @property
    def score(self) -> float:
        """Return what is left of 100."""
        return 100 * (1 - self.lost)

    def on(self, source: str) -> EventWeek:
        """Return what came and was lost on one source."""
        mine = tuple(loss for loss in self.losses if loss.source == source)
        return replace(self, rows=self.sources.get(source, 0.0), losses=mine, sources={})


@dataclass(frozen=True, slots=True)
class Score:
    """The score of some events together, and what each incident took from it, in points; the largest first."""

    value: float | None  # None: nothing was due
    taken: Mapping[str, float] = field(default_factory=dict)  # incident -> points

    @property
    def lift(self) -> tuple[str, float] | None:
        """Return the incident whose end would lift the score most, and by how many points; None: there is none."""
        return next(iter(self.taken.items()), None)


def together(events: Iterable[EventWeek]) -> Score:
    """Return the score of several events, each weighed by its priority.

    >>> stop = Loss(incident="i", event="A", cause="missing", rows=50)
    >>> bad = EventWeek(event="A", priority=Priority.CRITICAL, rows=50, losses=(stop,))
    >>> good = EventWeek(event="B", priority=Priority.NORMAL, rows=1e6)
    >>> together([bad, good])
    Score(value=60.0, taken={'i': 40.0})
    """
    counted = [event for event in events if event.due]
    whole = sum(WEIGHTS[event.priority] for event in counted)
    if not whole:
        return Score(None)
    taken: dict[str, float] = {}
    for event in counted:
        for incident, part in _parts(event.losses).items():
            points = 100 * WEIGHTS[event.priority] / whole * event.lost * part
            taken[incident] = taken.get(incident, 0.0) + points
    ordered = dict(sorted(taken.items(), key=lambda pair: -pair[1]))
    return Score(100 - sum(ordered.values()), ordered)


def by_source(events: Sequence[EventWeek]) -> dict[str, Score]:
    """Return the score of each source, the worst first."""
    names = {name for event in events for name in (*event.sources, *(loss.source for loss in event.losses)) if name}
    scores = {name: together(event.on(name) for event in events) for name in sorted(names)}
    return worst_first(scores)


def worst_first(scores: Mapping[str, Score]) -> dict[str, Score]:
    """Return scores in the order in which they need looking at; last those of which nothing was due."""
    return dict(sorted(scores.items(), key=lambda pair: 101 if pair[1].value is None else pair[1].value))


def _parts(losses: Sequence[Loss]) -> dict[str, float]:
    """Return the part of each incident in the losses of one event; they sum to 1."""
    whole = sum(loss.rows for loss in losses)
    parts: dict[str, float] = {}
    for loss in losses:
        parts[loss.incident] = parts.get(loss.incident, 0.0) + loss.rows / whole
    return parts
