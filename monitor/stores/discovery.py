"""Which events, sources and properties occur in a table whose rows say so themselves?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from checks.base import Field
from monitor.stores import clock
from monitor.stores import constructs as db
from monitor.stores.rows import Expression, Rows
from monitor.stores.table import Constant, EventTable

EVENT_DAYS = 90  # an event that did not occur for longer is not listed
MEMBER_DAYS = 7  # names of JSON members are read of the newest days only: they cost a parse a row


def newest(rows: Rows) -> sa.Select[Any]:
    """Return the statement for the newest second of the time column's clock.

    Times after the store's own clock do not count, so one message from the future does not
    move the window; unless there are no others.
    """
    past = sa.func.max(sa.case((rows.seconds <= db.now_seconds(), rows.seconds)))
    return sa.select(sa.func.coalesce(past, sa.func.max(rows.seconds)))


def occurring(rows: Rows, newest_second: int) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """Return the statement for source, event, property and JSON type of what occurred lately."""
    base = sa.select(rows.source.label("source"), rows.event.label("event"))
    seen = base.where(_since(rows, newest_second, EVENT_DAYS)).distinct().subquery("s")
    empty = db.no_text()
    events = sa.select(seen.c.source, seen.c.event, empty.label("property"), empty.label("kind"))
    if rows.layout.bag is None:
        return events
    lately = base.where(_since(rows, newest_second, MEMBER_DAYS)).select_from(rows.table)
    opened = rows.dialect.opened(lately, rows.column(rows.layout.bag))
    kind = db.json_kind(opened.value).label("kind")
    members = sa.select(opened.rows.c.source, opened.rows.c.event, opened.key.label("property"), kind).distinct()
    return sa.union_all(events, members, *_filled(rows, lately, empty))


def _filled(rows: Rows, lately: sa.Select[Any], empty: Expression) -> list[sa.Select[Any]]:
    """Return, for each column beside the JSON object, the statement for the events that fill it."""
    found = []
    for name, column in rows.layout.properties.items():
        given = lately.where(rows.column(column).is_not(None)).distinct().subquery()
        found.append(sa.select(given.c.source, given.c.event, sa.literal(name, db.Name()), empty))
    return found


def fields(table: EventTable, found: Iterable[tuple[str, str, str | None, str | None]]) -> list[Field]:
    """Return the properties of each event: those seen in the JSON object, or all columns."""
    if table.bag is None:
        pairs = dict.fromkeys((source or "", event or "") for source, event, _, _ in found)
        return [
            Field(event, source, name, table.columns[column].type)
            for source, event in pairs
            for name, column in table.properties.items()
        ]
    kinds: dict[tuple[str, str, str], set[str]] = {}
    for source, event, name, kind in found:
        if name is not None:
            kinds.setdefault((event or "", source or "", name), set()).update({kind} if kind and kind != "null" else ())
    own = {name: table.columns[column].type for name, column in table.properties.items()}
    return [Field(*key, own.get(key[2]) or (kind.pop() if len(kind) == 1 else "any")) for key, kind in kinds.items()]


def named(table: EventTable) -> tuple[str, str, None, None] | None:
    """Return source and event of a table that needs no look at its rows; None where only they know."""
    if isinstance(table.event, Constant) and isinstance(table.source, Constant) and table.bag is None:
        return table.source.value, table.event.value, None, None
    return None


def _since(rows: Rows, newest_second: int, days: int) -> sa.ColumnElement[bool]:
    column = rows.layout.columns[rows.layout.time]
    since = dt.datetime.fromtimestamp(newest_second, tz=dt.UTC) - dt.timedelta(days=days)
    at = clock.bound(column, "since", since if column.aware else since.replace(tzinfo=None))
    return sa.and_(*rows.filed_since(since), clock.not_before(column, rows.column(rows.layout.time), at))
