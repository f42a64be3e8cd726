"""What is the store asked for a plan, in at most three statements per table, and what of it holds on the last weeks?

First everything that checks measure anyway, over the weeks that are learned from; then values and forms of the
properties that have few; then the proposed rules themselves, by the measures of the check that would hold them,
over the weeks that were kept back: a rule that one value breaks there is not proposed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from checks.base import EVERY, Catalog, Measure, Rule, Stat
from checks.plan import Plan
from checks.promises import rules as rules_of
from monitor.calendar import floor_day
from monitor.errors import StoreError, UsageError
from monitor.infer.evidence import INTEGER, SeenEvent, SeenProperty, seen
from monitor.infer.relations import Pair, candidates
from monitor.stores.base import Measured, Request, Store, TableFailure

if TYPE_CHECKING:
    import pandas as pd

FEW = 40  # values of a day: more are not looked at one by one
HELD_BACK = 0.25  # of the weeks
FIRST = tuple(Measure(stat, property=EVERY) for stat in (Stat.NULLS, Stat.DISTINCT, Stat.LOWEST, Stat.HIGHEST))


@dataclass(frozen=True, slots=True)
class Window:
    """The weeks that are looked at: learned from before `split`, held back after it."""

    since: dt.datetime
    split: dt.datetime
    until: dt.datetime
    zone: str

    @classmethod
    def before(cls, now: dt.datetime, weeks: int, zone: str) -> Window:
        """Return whole local days: the weeks before a time."""
        local = ZoneInfo(zone)
        until = floor_day(now, local)
        since, split = (
            floor_day(until - dt.timedelta(weeks=weeks * part) + dt.timedelta(hours=3), local)
            for part in (1.0, HELD_BACK)
        )
        return cls(since, split, until, zone)

    @property
    def weeks(self) -> float:
        """Return how many weeks are learned from."""
        return (self.split - self.since) / dt.timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the store said, and at what cost."""

    events: Mapping[str, SeenEvent]
    pairs: tuple[Pair, ...]
    failures: tuple[TableFailure, ...]
    statements: int
    rows: int


def ask(store: Store, window: Window, only: Sequence[str] = ()) -> Answered:
    """Learn from the first weeks.

    Raises:
        StoreError: the store does not answer.
        UsageError: nothing came in that time.
    """
    catalog = store.catalog((window.since, window.until))
    measured = store.measure(_request(window, (Measure(Stat.ROWS), *FIRST)))
    frame = _of(measured.frame, only)
    if not len(frame):
        raise _nothing(window, measured.failures)
    first = seen(catalog, frame)
    wishes = tuple(_closer(catalog, first))
    nearer = store.measure(_request(window, (Measure(Stat.ROWS), *wishes))) if wishes else None
    events = seen(catalog, frame, _of(nearer.frame, only)) if nearer else first
    statements = measured.statements + (nearer.statements if nearer else 0)
    return Answered(events, tuple(candidates(events)), measured.failures, statements, measured.rows)


def held_back(store: Store, window: Window, plan: Plan, pairs: Sequence[Pair]) -> Measured:
    """Return what breaks the rules of a plan in the weeks that were kept back, and the order of the pairs."""
    measures = [Measure(Stat.ROWS), Measure(Stat.NULLS, property=EVERY)]
    for event in plan.events.values():
        for prop in event.properties.values():
            for rule in rules_of(prop).values():
                stat = Stat.MISTYPED if rule.kind == "type" else Stat.OUTSIDE
                measures.append(Measure(stat, event.name, prop.name, rule))
    for pair in pairs:
        rule = Rule("after", (pair.to, dt.timedelta(days=7).total_seconds()))
        measures.append(Measure(Stat.UNPRECEDED, pair.of, rule=rule))
    request = Request(tuple(dict.fromkeys(measures)), window.split, window.until, window.zone)
    return store.measure(request)


def _request(window: Window, measures: tuple[Measure, ...]) -> Request:
    return Request(measures, window.since, window.split, window.zone)


def _of(frame: pd.DataFrame, only: Sequence[str]) -> pd.DataFrame:
    return frame[frame["event"].isin(only)] if only else frame


def _nothing(window: Window, failures: Sequence[TableFailure]) -> Exception:
    if failures:
        return StoreError(f"{failures[0].table} cannot be read: {failures[0].reason}")
    span = f"{window.since:%Y-%m-%d} and {window.split:%Y-%m-%d}"
    return UsageError(f"no event came between {span}: name another time with --now, or more --weeks")


def _closer(catalog: Catalog, events: Mapping[str, SeenEvent]) -> Iterator[Measure]:
    """Yield what a second look is for: values of texts that have few, forms of the others, fractions of numbers."""
    for event in events.values():
        for prop in event.properties.values():
            if prop.values > 0:
                yield from _of_property(prop)


def _of_property(prop: SeenProperty) -> Iterator[Measure]:
    if prop.types & {"string", "any", "json"}:
        yield Measure(Stat.FORMS, prop.event, prop.name)
        if prop.distinct <= FEW:
            yield Measure(Stat.MEMBERS, prop.event, prop.name)
    elif "number" in prop.types:
        yield Measure(Stat.MISTYPED, prop.event, prop.name, INTEGER)
