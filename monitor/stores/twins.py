"""Which messages of an event has its authoritative source, and which have the sources that mirror it?

The plan says who tells the same thing twice (`sources: {server: authoritative, web: mirror}`), and which
property says that it is the same (`key: true`; of several the first). Both lie in one store: one statement
an event puts them side by side. Several mirrors are taken together: an order is placed on one of the clients.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from checks.base import Stat
from checks.plan import PlannedEvent
from monitor.stores.base import Request
from monitor.stores.comparison import Comparison, Here, Point, Question, fetch_rows, shows
from monitor.stores.keys import Matched, Side, side_by_side

WAIT = dt.timedelta(hours=1)  # how much later than its twin a message may arrive
APART = "keys of two sources are put side by side: a table's own statement sees one of them"


def comparisons(here: Here, request: Request) -> Iterator[Comparison]:
    """Yield a question for each event with mirrors, whose key both sides show."""
    for event in here.plan.events.values():
        if not event.keys:
            continue
        mirrors = tuple(source for source, role in event.sources.items() if role == "mirror")
        sides = [_side(here, request, event, sources) for sources in (authoritative(event), mirrors) if sources]
        if len(sides) == 2 and all(side.tables for side in sides):
            yield _twins(here, *sides)


def authoritative(event: PlannedEvent) -> tuple[str, ...]:
    """Return the sources whose word counts for an event."""
    return tuple(source for source, role in event.sources.items() if role == "authoritative")


def _side(here: Here, request: Request, event: PlannedEvent, sources: tuple[str, ...]) -> Side:
    key = event.keys[0]
    tables = tuple(table for table in here.holding(event.name, sources) if shows(table, key))
    return Side(tables=tables, event=event.name, key=key, sources=sources, cut=here.cut(request, WAIT), wait=WAIT)


def _twins(here: Here, truth: Side, mirror: Side) -> Comparison:
    name = " and ".join(dict.fromkeys(str(table.table) for table in (*truth.tables, *mirror.tables)))
    question = Question(here.place, name, side_by_side(truth, mirror, here.place.dialect), APART, fetch_rows)
    source = mirror.sources[0] if len(mirror.sources) == 1 else ""
    place = (source, truth.event, truth.key, f"client_server:{' and '.join(truth.sources)}")
    return Comparison((question,), partial(_points, place))


def _points(place: tuple[str, str, str, str], answers: Sequence[Any]) -> list[Point]:
    return of_matched(place, Matched.of(answers[0]))


def of_matched(place: tuple[str, str, str, str], found: Matched) -> list[Point]:
    """Return what both sides have and lack as points; `place` is source, event, property and label."""
    by_stat = {
        Stat.KEYS: found.keys,
        Stat.UNMATCHED: found.unmatched,
        Stat.THERE: found.there,
        Stat.UNKNOWN: found.unknown,
    }
    return [Point(*place, str(stat), day, n) for stat, counts in by_stat.items() for day, n in counts.items()]
