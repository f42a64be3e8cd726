"""Which rows does an incident concern? A query that picks them out, for people to run: trackwatch never does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from monitor.stores import labels
from monitor.stores.base import Marks
from monitor.stores.buckets import Cut
from monitor.stores.dialects.base import Dialect
from monitor.stores.rows import Expression, Rows
from monitor.stores.table import Constant, EventTable


def marking(
    tables: Sequence[EventTable], marks: Marks, naive_zone: str, dialect: Dialect
) -> Iterator[tuple[EventTable, sa.Select[Any]]]:
    """Yield a query for each table that may hold such rows: their ids and times, or all that says which they are."""
    cut = Cut(marks.since, marks.until, ZoneInfo("UTC"), ZoneInfo(naive_zone))
    for table in tables:
        if not _may_hold(table, marks):
            continue
        rows = Rows(table, cut, 0, dialect)
        yield table, sa.select(*_named(rows)).where(rows.window, *_conditions(rows, marks))


def _may_hold(table: EventTable, marks: Marks) -> bool:
    event, source = table.event, table.source
    if isinstance(event, Constant) and marks.events and event.value not in marks.events:
        return False
    return not (isinstance(source, Constant) and marks.source is not None and source.value != marks.source)


def _named(rows: Rows) -> list[Expression]:
    """Return the columns that say which row it is."""
    fields = [rows.layout.fields[name] for name in ("id", "user_id", "anonymous_id") if name in rows.layout.fields]
    return [rows.column(name) for name in dict.fromkeys([*fields[:1], rows.layout.time])]


def _conditions(rows: Rows, marks: Marks) -> Iterator[sa.ColumnElement[bool]]:
    table = rows.layout
    if isinstance(table.event, str) and marks.events:
        yield rows.column(table.event).in_(marks.events)
    if isinstance(table.source, str) and marks.source is not None:
        yield rows.column(table.source) == marks.source
    for name, value in marks.where.items():
        held = labels.dimension(rows, name)
        if held is not None:
            yield held == value
    if marks.empty in table.properties:
        yield rows.column(table.properties[marks.empty or ""]).is_(None)
