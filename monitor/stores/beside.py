"""What do the tables beside those of events say: `tracks`, and what a pipe refused, discarded or found wrong?

Each is asked once for its rows by event and day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from checks.base import Stat
from checks.slugs import slug
from monitor.stores.buckets import Cut
from monitor.stores.comparison import Comparison, Here, Point, Question, fetch_rows
from monitor.stores.dialects.base import Dialect
from monitor.stores.rows import Rows
from monitor.stores.table import Constant, EventTable, SideTable

MEASURED: Mapping[str, tuple[Stat, str, str]] = {  # role -> measure, label, column whose different values are counted
    "tracks": (Stat.THERE, "table_mismatch:tracks", ""),
    "violations": (Stat.VERDICTS, "violation_generated", "event_message_id"),
    "discards": (Stat.VERDICTS, "rudder_discards", "row_id"),
    "failed": (Stat.VERDICTS, "failed", "event_id"),
}
SOURCES = ("source_slug", "source_name", "app_id")  # columns that say whose a row is
APART = "it holds no events of its own; its rows are counted by event and day"


def comparisons(here: Here, cut: Cut, asked: frozenset[Stat]) -> Iterator[Comparison]:
    """Yield a question for each table beside the events that says what was asked."""
    for side in here.sides:
        stat, label, once = MEASURED.get(side.role, (None, "", ""))
        if stat in asked and side.time and side.event:
            column = side.columns.get(once)
            statement = counted(as_table(side), cut, here.place.dialect, column.name if column else None)
            question = Question(here.place, str(side.table), statement, APART, fetch_rows)
            yield Comparison((question,), partial(_points, here, side, (str(stat), label)))


def _points(here: Here, side: SideTable, said: tuple[str, str], answers: Sequence[Any]) -> list[Point]:
    stat, label = said
    places = [(known_as(here, side, source or "", event or ""), day, n) for source, event, day, n in answers[0]]
    return [Point(*place, "", label, stat, int(day), float(n)) for place, day, n in places if place]


def as_table(side: SideTable) -> EventTable:
    """Return a table beside the events as if it were one of events."""
    assert side.time is not None and side.event is not None  # noqa: S101 PT018 who has neither is not asked
    source = next((side.columns[name].name for name in SOURCES if name in side.columns), None)
    return EventTable(
        table=side.table,
        columns={column.name: column for column in side.columns.values()},
        event=side.event,
        source=source or Constant(side.source),
        time=side.time,
        fields={},
    )


def counted(
    table: EventTable,
    cut: Cut,
    dialect: Dialect,
    once: str | None = None,
    where: Mapping[str, str] = MappingProxyType({}),
) -> sa.Select[Any]:
    """Return the statement for the rows of each source, event and day; of a column, its different values."""
    rows = Rows(table, cut, 0, dialect)
    value = [rows.column(once).label("v")] if once else []
    read = sa.select(*rows.keys("day"), *value).where(rows.window, *rows.equal(where)).subquery("r")
    places = (read.c.source, read.c.event, read.c.bucket)
    count = sa.func.count(read.c.v.distinct()) if once else sa.func.count()
    return sa.select(*places, count.label("n")).group_by(*places)


def known_as(here: Here, side: SideTable, source: str, event: str) -> tuple[str, str] | None:
    """Return source and event as the catalogue calls them; None where it does not know the event.

    A row may name its event by the table that it lies in or by the name of its schema, and its source by its schema.
    """
    schemas = {schema: name for name, schema in here.settings.sources.items()}
    source = schemas.get(source, source)
    source = source if any(source in names for names in here.events.values()) else side.source
    tables = {table.table.name.lower().removesuffix("_view"): table for table in here.tables if table.events()}
    named = {slug(name): name for name in here.events} | {name: table.events()[0] for name, table in tables.items()}
    found = event if event in here.events else named.get(event.lower(), "")
    sources = here.events.get(found)
    if sources is None:
        return None
    return (source if source in sources else next(iter(sources)) if len(sources) == 1 else ""), found
