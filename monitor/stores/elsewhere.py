"""Do ledgers and destinations, tables that the configuration names, know of the same things as the events?

Such a table may lie in the store of the events or in another database. With a key the keys of both are
put side by side; without one its rows are counted by event and day, and held against the events' own.
What the other side has not loaded yet is not compared: days after its newest row say nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from checks.base import Stat
from monitor.errors import StoreError
from monitor.stores import beside
from monitor.stores.against import DAY, Against
from monitor.stores.base import Request
from monitor.stores.buckets import Cut
from monitor.stores.comparison import Comparison, Here, Point, Question, fetch_rows, shows
from monitor.stores.keys import Matched, Side, fetch_hashes, hashed, pairs_of, side_by_side
from monitor.stores.place import Place
from monitor.stores.table import Column, Constant, EventTable, TableName
from monitor.stores.twins import authoritative, of_matched

TOGETHER = "keys of events and of another table are put side by side"
HASHED = "hashes of keys, compared here with those of another database and forgotten"
COUNTED = "another table than those of events; its rows are counted by event and day"


def comparisons(here: Here, request: Request, against: Against, place: Place) -> Iterator[Comparison]:
    """Yield the questions of one configured comparison, whose table lies in `place`.

    Raises:
        StoreError: the database cannot be reached, or lacks the table or one of its columns.
    """
    table = place.asked(lambda connection: _table(*place.found(connection, against.table), against))
    if against.key is None:
        yield _counted(here, request, (against, place, table))
        return
    for event in [against.event] if against.event else sorted(here.events.keys() & here.plan.events.keys()):
        mine = _mine(here, request, against, event)
        if mine is not None:
            yield _keyed(here, mine, (against, place, table))


def _table(name: TableName, columns: Mapping[str, Column], against: Against) -> EventTable:
    """Return the other table as if it were one of events."""
    lower = {column.lower() for column in columns}
    wanted = [against.time, against.key, against.events, *against.where]
    if missing := [each for each in wanted if each and each.lower() not in lower]:
        raise StoreError(f"{name} has no column {', '.join(missing)}")

    time = columns[_named(columns, against.time)]
    if time.type != "datetime":
        raise StoreError(f"column {time.name} of {name} is not a time")
    return EventTable(
        table=name,
        columns=columns,
        event=_named(columns, against.events) if against.events else Constant(against.event or ""),
        source=Constant(""),
        time=time.name,
        fields={},
        properties={against.key: _named(columns, against.key)} if against.key else {},
    )


def _named(columns: Mapping[str, Column], wanted: str) -> str:
    """Return a column as the database writes it."""
    return wanted if wanted in columns else next(name for name in columns if name.lower() == wanted.lower())


def _where(table: EventTable, against: Against) -> dict[str, str]:
    return {_named(table.columns, column): value for column, value in against.where.items()}


def _mine(here: Here, request: Request, against: Against, event: str) -> Side | None:
    """Return the events' side; None where no table shows the key."""
    planned = here.plan.events.get(event)
    key = against.ours or next(iter(planned.keys if planned else ()), None)
    sources = against.sources or (authoritative(planned) if planned else ())
    tables = tuple(table for table in here.holding(event, sources) if key and shows(table, key))
    if not tables or not key:
        return None
    cut = here.cut(request, against.wait)
    return Side(tables=tables, event=event, key=key, sources=sources, cut=cut, wait=against.wait)


def _keyed(here: Here, mine: Side, other: tuple[Against, Place, EventTable]) -> Comparison:
    against, place, table = other
    cut = replace(mine.cut, naive_zone=ZoneInfo(against.naive_zone))
    theirs = Side(
        tables=(table,),
        event=mine.event,
        key=against.key or "",
        where=_where(table, against),
        cut=cut,
        wait=against.wait,
    )
    own = " and ".join(str(each.table) for each in mine.tables)
    source = mine.sources[0] if len(mine.sources) == 1 else ""
    label = (source, mine.event, mine.key, against.label)
    if place is here.place:
        statement = side_by_side(mine, theirs, place.dialect)
        question = Question(place, f"{own} and {table.table}", statement, TOGETHER, fetch_rows)
        return _comparison((question,), label, _last_day(mine.cut), lambda answers: Matched.of(answers[0]))
    asked = [(here.place, own, mine), (place, str(table.table), theirs)]
    questions = tuple(
        Question(where, name, hashed(side, where.dialect, against.sample), HASHED, fetch_hashes)
        for where, name, side in asked
    )
    return _comparison(questions, label, _last_day(mine.cut), lambda answers: Matched.of(pairs_of(*answers)))


def _comparison(
    questions: tuple[Question, ...],
    place: tuple[str, str, str, str],
    last: int,
    matched: Callable[[Sequence[Any]], Matched],
) -> Comparison:
    """Return a comparison of what the other side has loaded; `last` is the last day that is over."""

    def points(answers: Sequence[Any]) -> list[Point]:
        return of_matched(place, _loaded(matched(answers)))

    def lacking(answers: Sequence[Any]) -> str:
        found = matched(answers)
        behind = max(found.there, default=last - 1) < last and found.keys.get(last)
        return "it has no row of the last day or later: what it has not loaded is not compared" if behind else ""

    return Comparison(questions, points, lacking)


def _last_day(cut: Cut) -> int:
    """Return the number of the last local day that is over."""
    return (cut.until.astimezone(cut.zone).date() - dt.date(1970, 1, 1)).days - 1


def _loaded(found: Matched) -> Matched:
    """Return what is known of the days that the other side has loaded: up to the day of its newest row."""
    newest = max(found.there, default=None)
    keys, unmatched = (
        {day: n for day, n in counts.items() if newest is not None and day <= newest}
        for counts in (found.keys, found.unmatched)
    )
    return replace(found, keys=keys, unmatched=unmatched)


def _counted(here: Here, request: Request, other: tuple[Against, Place, EventTable]) -> Comparison:
    """Return the rows of another table by event and day, put off until what it loads late is there."""
    against, place, table = other
    days = -(-against.wait // DAY)
    since = request.since - days * DAY
    cut = Cut(since, request.until, ZoneInfo(request.zone), ZoneInfo(against.naive_zone))
    statement = beside.counted(table, cut, place.dialect, where=_where(table, against))
    question = Question(place, str(table.table), statement, COUNTED, fetch_rows)
    source = against.sources[0] if len(against.sources) == 1 else ""

    def points(answers: Sequence[Any]) -> list[Point]:
        rows = [(event or "", int(day) + days, float(n)) for _, event, day, n in answers[0]]
        known = [row for row in rows if row[0] in here.events]
        return [Point(source, event, "", against.label, str(Stat.THERE), day, n) for event, day, n in known]

    return Comparison((question,), points)
