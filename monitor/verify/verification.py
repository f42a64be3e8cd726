"""Which planned messages came, which did not, and what is wrong with those that did?

No statistics: in a development workspace a person has just clicked through a release, so that
one message with a wrong type is one too many, and one right message is enough.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from checks.base import CHECKS, EVERY, Measure, Rule, Stat
from checks.plan import CALLS, Plan, PlannedEvent
from checks.words import number
from monitor.config import Config
from monitor.reading import Reading, read
from monitor.stores.base import Request, Store

BROKEN: Mapping[str, str] = {  # by kind of rule
    "type": "of another type than {value}",
    "enum": "not one of {value}",
    "pattern": "unlike {value}",
    "range": "out of range",
}


class State(StrEnum):
    """What came of one planned event of one source."""

    RIGHT = "right"
    BROKEN = "broken"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one property of what came."""

    property: str
    text: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event that a source has promised. Source None: any source will do."""

    event: str
    source: str | None
    rows: int
    faults: tuple[Fault, ...] = ()

    @property
    def state(self) -> State:
        """Return what came of it."""
        if not self.rows:
            return State.ABSENT
        return State.BROKEN if self.faults else State.RIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A development workspace beside the plan."""

    workspace: str
    since: dt.datetime
    until: dt.datetime
    lines: tuple[Line, ...]
    unplanned: tuple[tuple[str, str | None, int], ...]  # event, property (None: the event itself), messages
    unreadable: tuple[str, ...]  # tables, each with the reason

    @property
    def passed(self) -> bool:
        """Return whether all that was promised came, and rightly."""
        return bool(self.lines) and all(line.state is State.RIGHT for line in self.lines) and not self.unreadable

    def count(self, state: State) -> int:
        """Return the number of lines in a state."""
        return sum(line.state is state for line in self.lines)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a release touches: which events must fire, and from which sources. Empty: all that are planned."""

    events: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()

    def promised(self, plan: Plan) -> list[tuple[PlannedEvent, str | None]]:
        """Return each event that must fire, once for each of its planned sources; deprecated ones need not."""
        found: list[tuple[PlannedEvent, str | None]] = []
        for event in plan.events.values():
            if event.name not in self.events if self.events else event.deprecated:
                continue
            sources = [each for each in event.sources if not self.sources or each in self.sources]
            found += [(event, source) for source in sources]
            if not event.sources:
                found.append((event, None))
        return found


def verify(config: Config, store: Store, scope: Scope, since: dt.datetime, until: dt.datetime) -> Verification:
    """Ask the store what came in [since, until), in one statement per table.

    Raises:
        StoreError: the store does not answer.
    """
    wanted = tuple(dict.fromkeys(_measures(config.plan)))
    reading = read(store, Request(wanted, since, until, config.zone), {})
    promised = scope.promised(config.plan)
    counts = _Counts(reading)
    return Verification(
        workspace=config.workspace,
        since=since,
        until=until,
        lines=tuple(_line(event, source, counts, wanted) for event, source in promised),
        unplanned=tuple(_unplanned(reading, config.plan, counts)),
        unreadable=tuple(f"{failure.table}: {failure.reason}" for failure in reading.failures),
    )


def _measures(plan: Plan) -> Iterable[Measure]:
    yield from (Measure(Stat.ROWS), Measure(Stat.NULLS, property=EVERY))
    schema = CHECKS["schema"]
    yield from (measure for measure in schema.check.measures(plan, schema.params()) if measure.rule)


class _Counts:
    """What was counted, summed over the whole time; by source, and over all sources."""

    def __init__(self, reading: Reading) -> None:
        by_day = reading.points[reading.points["grain"] == "day"]
        sums = by_day.groupby(["event", "source", "property", "measure"])["value"].sum().reset_index()
        self._counts: dict[tuple[str, str | None, str, str], int] = defaultdict(int)
        self.sources: dict[str, set[str]] = defaultdict(set)
        for event, source, prop, measure, value in _tuples(sums):
            self._counts[event, source, prop, measure] = value
            self._counts[event, None, prop, measure] += value
            self.sources[event].add(source)
        self._places = {(field.event, field.source, field.property) for field in reading.catalog.fields}
        self.properties = {(field.event, field.property) for field in reading.catalog.fields}

    def rows(self, event: str, source: str | None) -> int:
        """Return the messages of an event."""
        return self._counts[event, source, "", str(Stat.ROWS)]

    def of(self, event: str, source: str | None, prop: str, measure: str) -> int:
        """Return what a measure of a property sums up to."""
        return self._counts[event, source, prop, measure]

    def lacking(self, event: PlannedEvent, source: str | None, prop: str) -> int:
        """Return the messages without a value, of those sources that must send one."""
        promised = event.properties[prop].promised
        sources = [each for each in ([source] if source else sorted(self.sources[event.name])) if promised(each)]
        return sum(self._lacking(event.name, each, prop) for each in sources)

    def filled(self, event: str, prop: str) -> int:
        """Return the messages with a value, planned or not."""
        here = [source for source in self.sources[event] if (event, source, prop) in self._places]
        return sum(self.rows(event, source) - self.of(event, source, prop, str(Stat.NULLS)) for source in here)

    def _lacking(self, event: str, source: str, prop: str) -> int:
        if (event, source, prop) not in self._places:  # the store has no place for it
            return self.rows(event, source)
        return self.of(event, source, prop, str(Stat.NULLS))


def _tuples(sums: pd.DataFrame) -> Iterable[tuple[str, str, str, str, int]]:
    for event, source, prop, measure, value in sums.itertuples(index=False):
        yield str(event), str(source), str(prop), str(measure), round(value)


def _line(event: PlannedEvent, source: str | None, counts: _Counts, wanted: Sequence[Measure]) -> Line:
    rows = counts.rows(event.name, source)
    faults = [*_lacking(event, source, counts), *_against(event, source, counts, wanted)]
    return Line(event=event.name, source=source, rows=rows, faults=tuple(faults))


def _lacking(event: PlannedEvent, source: str | None, counts: _Counts) -> Iterator[Fault]:
    for name in event.properties:
        if lacking := counts.lacking(event, source, name):
            said = f"missing in {number(lacking)} of {_messages(counts.rows(event.name, source))}"
            yield Fault(name, said, lacking)


def _against(event: PlannedEvent, source: str | None, counts: _Counts, wanted: Sequence[Measure]) -> Iterator[Fault]:
    rows = _messages(counts.rows(event.name, source))
    for measure in wanted:
        if measure.rule is None or measure.property is None or measure.event != event.name:
            continue
        if broken := counts.of(event.name, source, measure.property, measure.name()):
            yield Fault(measure.property, f"{_broken(measure.rule)} in {number(broken)} of {rows}", broken)


def _messages(rows: int) -> str:
    return f"{number(rows)} message{'s' * (rows != 1)}"


def _broken(rule: Rule) -> str:
    value = ", ".join(str(each) for each in rule.value[:5]) + (", …" if len(rule.value) > 5 else "")
    return BROKEN.get(rule.kind, "against the plan ({value})").format(value=value)


def _unplanned(reading: Reading, plan: Plan, counts: _Counts) -> Iterable[tuple[str, str | None, int]]:
    """Yield the events, and the properties of planned events, that came and are in no plan."""
    for event in sorted(counts.sources):
        if event not in plan.events and event not in CALLS and counts.rows(event, None):
            yield event, None, counts.rows(event, None)
    for event, prop in sorted(counts.properties):
        planned = plan.events[event].properties if event in plan.events else {}
        if planned and prop not in planned and (filled := counts.filled(event, prop)):
            yield event, prop, filled
