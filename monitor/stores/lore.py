"""What does a database know of itself beside its events: its views, what it was asked, how large it is?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from monitor.errors import StoreError
from monitor.stores.base import Lore, PublicTable, Size
from monitor.stores.dialects.base import Dialect
from monitor.stores.table import Constant, EventTable


def lore(connection: sa.Connection, dialect: Dialect, tables: Sequence[EventTable], since: dt.datetime | None) -> Lore:
    """Return views and statements, beside the tables that they may read.

    Raises:
        StoreError: statements are wanted, and the database keeps none.
    """
    views = connection.execute(sa.text(_placed(dialect.views, connection))).all()
    queries: list[str] = []
    if since is not None:
        if dialect.history is None:
            raise StoreError(f"{dialect.name} keeps no history of queries; name a folder of them, or a dbt project")
        bound = {"since": since} if ":since" in dialect.history else {}
        queries = [
            str(row[0]) for row in connection.execute(sa.text(_placed(dialect.history, connection)), bound) if row[0]
        ]
    return Lore(
        dialect=dialect.spoken or dialect.name,
        tables=tuple(_place(table) for table in tables),
        views=tuple((f"{schema}.{name}", str(sql)) for schema, name, sql in views if sql),
        queries=tuple(queries),
    )


def sizes(connection: sa.Connection, dialect: Dialect, tables: Sequence[EventTable]) -> tuple[Size, ...]:
    """Return the bytes of tables that hold one event each, and of their columns, as far as the database says so."""
    if dialect.sizes is None:
        return ()
    ours = {(table.table.schema, table.table.name): table for table in tables if table.events()}
    statement = sa.text(_placed(dialect.sizes, connection)).bindparams(sa.bindparam("schemas", expanding=True))
    rows = connection.execute(statement, {"schemas": sorted({schema for schema, _ in ours})}) if ours else ()
    return tuple(
        size
        for schema, name, column, taken in rows
        if taken and (schema, name) in ours
        for size in _sizes(ours[schema, name], column, int(taken))
    )


def _sizes(table: EventTable, column: str | None, taken: int) -> Iterator[Size]:
    (event,) = table.events()
    if column is None:
        yield Size(event, None, taken)
    yield from (Size(event, name, taken) for name, own in table.properties.items() if own == column)


def _placed(sql: str, connection: sa.Connection) -> str:
    """Return a statement for the region that the database lies in, where it must be said."""
    return sql.replace("{region}", str(connection.engine.url.query.get("location", "us")).lower())


def _place(table: EventTable) -> PublicTable:
    return PublicTable(
        table=(table.table.schema, table.table.name),
        event=table.event.value if isinstance(table.event, Constant) else None,
        source=table.source.value if isinstance(table.source, Constant) else None,
        columns=tuple(table.columns),
        properties=table.properties,
        bag=table.bag,
    )
