"""How does a SQL database answer what a run wants to know?

One connection, one statement per table, read-only. A table that cannot be read is a
`TableFailure`; a store that cannot be reached is a `StoreError`; a connection that is lost
in the middle is tried once more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from checks.base import Catalog, Field, Measure
from checks.plan import Plan
from monitor.errors import StoreError
from monitor.stores import discovery, lore, marking, syncs, written
from monitor.stores.base import (
    Estimate,
    Lore,
    Marks,
    Measured,
    Request,
    Size,
    Statement,
    StoreSettings,
    TableFailure,
    Window,
)
from monitor.stores.buckets import Cut
from monitor.stores.compared import BESIDE, Compared
from monitor.stores.comparison import Here
from monitor.stores.connect import reason, unreachable
from monitor.stores.frame import Frame
from monitor.stores.introspect import columns
from monitor.stores.layouts import LAYOUTS
from monitor.stores.pieces import Cutter, Piece
from monitor.stores.place import Answered, Place
from monitor.stores.query import Query
from monitor.stores.rows import Rows
from monitor.stores.table import Column, EventTable, SideTable, TableName

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
NOWHEN = Cut(EPOCH, EPOCH, ZoneInfo("UTC"), ZoneInfo("UTC"))


def open_store(settings: StoreSettings, plan: Plan) -> SqlStore:
    """Return the store that the settings describe; nothing is connected yet.

    Raises:
        StoreError: the URL cannot be read, or no driver for it is installed.
    """
    return SqlStore(settings, plan)


class SqlStore:
    """A `Store` in a SQL database."""

    def __init__(self, settings: StoreSettings, plan: Plan, prepare: Callable[[Any], None] | None = None) -> None:
        """Prepare an engine; `prepare` is done to each new connection of the driver."""
        self._settings = settings
        self._plan = plan
        self._place = Place(settings)
        self._engine, self._dialect, self._guard = self._place.engine, self._place.dialect, self._place.guard
        self._asked = self._place.asked
        if prepare:
            sa.event.listen(self._engine, "connect", lambda connection, _: prepare(connection))
        self._known: tuple[tuple[EventTable, ...], Catalog] | None = None
        self._sides: tuple[SideTable, ...] = ()
        self._compared = Compared(settings)

    def catalog(self, window: Window | None = None) -> Catalog:
        """Return the events, sources and properties that the store has, as they are now."""
        try:
            self._known = self._asked(self._introspect)
        except SQLAlchemyError as error:
            raise unreachable(error, self._engine.url) from None
        return self._known[1]

    def measure(self, request: Request) -> Measured:
        """Measure everything in one statement per table."""
        frame, statements, rows = Frame(), 0, 0
        failures: dict[TableName, TableFailure] = {}
        catalog = self._introspected()[1]
        known = {event: catalog.properties(event) for event in catalog.events}
        for piece in self._pieces(request):
            table = piece.table
            if table.table in failures:
                continue
            statements += 1
            try:
                answer = self._asked(partial(_all, piece.query.statement))
            except DBAPIError as error:
                said = reason(error, self._engine.url)
                failures[table.table] = TableFailure(str(table.table), table.events(), said)
                continue
            own = table.properties.keys() if table.bag else frozenset[str]()  # in columns beside the JSON object
            members = {event: names - own for event, names in known.items()} if own else known
            asked = [measure for measure in piece.measures if measure.property not in own]
            counted = frame.add(piece.query, answer, asked, members)
            rows += 0 if piece.again else counted
        whole, problems = frame.frame(), list(failures.values())
        whole, loads = self._with_syncs(whole, request, problems)
        whole, theirs = self._with_queries(whole, request, problems)
        statements += loads + theirs
        return self._compared.added(Measured(whole, statements, rows, tuple(problems)), self._here(), request)

    def statements(self, request: Request, *, estimated: bool = False) -> Sequence[Statement]:
        """Return the SQL that `measure` would issue, values bound in; only the catalogue is read."""
        fused = [
            Statement(
                str(piece.table.table),
                self._place.literal(piece.query.statement),
                self._estimate(piece.query) if estimated else None,
            )
            for piece in self._pieces(request)
        ]
        own = self._settings.queries
        theirs = written.statements(self._place, own, request, self._clock()) if own else ()
        return [*fused, *theirs, *self._compared.statements(self._here(), request)]

    def lore(self, since: dt.datetime | None) -> Lore:
        """Return the views, and the statements that the database remembers."""
        tables = self._introspected()[0]
        return self._told(lambda connection: lore.lore(connection, self._dialect, tables, since))

    def sizes(self) -> Sequence[Size]:
        """Return the bytes of tables and columns; nothing where the database does not say."""
        tables = self._introspected()[0]
        try:
            return self._told(lambda connection: lore.sizes(connection, self._dialect, tables))
        except StoreError:  # a role that may read need not be allowed to see sizes
            return ()

    def marking(self, marks: Marks) -> Sequence[Statement]:
        """Return the SQL that picks out some rows, for people to run; only the catalogue is read."""
        found = marking.marking(self._introspected()[0], marks, self._settings.naive_zone, self._dialect)
        return [Statement(str(table.table), self._place.literal(query)) for table, query in found]

    def stop(self) -> None:
        """Take back what is being asked."""
        self._guard.stop()
        self._compared.stop()

    def close(self) -> None:
        """Give back connections."""
        self._place.close()
        self._compared.close()

    def _with_queries(
        self, frame: pd.DataFrame, request: Request, problems: list[TableFailure]
    ) -> tuple[pd.DataFrame, int]:
        """Return the answer with what users' queries return, and how many statements that took."""
        queries = self._settings.queries
        if not written.wanted(queries, request):
            return frame, 0
        events = self._introspected()[1].events
        more, asked, failed = written.answered(self._place, queries, request, self._clock(), events)
        problems += failed
        return (pd.concat([frame, more], ignore_index=True) if len(more) else frame), asked

    def _clock(self) -> written.Clock:
        """Return what the times of users' queries are compared with: received_at of the first table."""
        table = next(iter(self._introspected()[0]), None)
        column = table.columns[table.time] if table else Column("received_at", "datetime")
        return written.Clock(column, ZoneInfo(self._settings.naive_zone))

    def _told(self, ask: Callable[[sa.Connection], Answered]) -> Answered:
        try:
            return self._asked(ask)
        except DBAPIError as error:
            raise StoreError(reason(error, self._engine.url)) from None

    def _with_syncs(
        self, frame: pd.DataFrame, request: Request, problems: list[TableFailure]
    ) -> tuple[pd.DataFrame, int]:
        """Return the answer with the ends of loads, and the number of statements; one that fails is a failure."""
        if not self._settings.syncs:
            return frame, 0
        table = syncs.table_of(self._settings, self._place.default_schema)
        try:
            ends = self._asked(lambda connection: syncs.ended(connection, self._settings, table, request.until))
        except DBAPIError as error:
            problems.append(TableFailure(str(table), (), reason(error, self._engine.url)))
            return frame, 1
        return (pd.concat([frame, syncs.marks(ends)], ignore_index=True) if ends else frame), 1

    def _introspected(self) -> tuple[tuple[EventTable, ...], Catalog]:
        if self._known is None:
            self.catalog()
        assert self._known is not None  # noqa: S101 catalog() sets it or raises
        return self._known

    def _tables(self, connection: sa.Connection) -> tuple[EventTable, ...]:
        layout = LAYOUTS[self._settings.layout]
        schemas = layout.schemas(self._settings) or (self._place.default_schema,)
        found = columns(connection, schemas)
        tables = tuple(layout.tables(found, self._settings, self._plan))
        self._sides = tuple(layout.beside(found, self._settings))
        if (day := self._settings.partition) is None:
            return tables
        if not any(day in table.columns for table in tables):
            raise StoreError(f"no table has the column {day}, which `partition` names")
        return tuple(table.partitioned(day) for table in tables)

    def _introspect(self, connection: sa.Connection) -> tuple[tuple[EventTable, ...], Catalog]:
        tables = self._tables(connection)
        return tables, _catalog(tables, self._fields(connection, tables))

    def _fields(self, connection: sa.Connection, tables: Sequence[EventTable]) -> list[tuple[EventTable, list[Any]]]:
        """Return what occurs in each table; only tables that do not say it by their name are asked.

        One among several that cannot be read has nothing here, and is a failure when it is measured.
        """
        found: list[tuple[EventTable, list[Any]]] = []
        for table in tables:
            try:
                found.append((table, self._occurring(connection, table)))
            except DBAPIError as error:
                if len(tables) == 1 or error.connection_invalidated or self._guard.stopped:
                    raise
                connection.rollback()
                found.append((table, []))
        return found

    def _occurring(self, connection: sa.Connection, table: EventTable) -> list[Any]:
        if named := discovery.named(table):
            return [named]
        rows = Rows(table, NOWHEN, self._settings.repeat_window, self._dialect)
        newest = connection.execute(discovery.newest(rows)).scalar()
        return [] if newest is None else list(connection.execute(discovery.occurring(rows, newest)).all())

    def _here(self) -> Here:
        tables, catalog = self._introspected()
        return Here(self._place, self._settings, self._plan, tables, self._sides, catalog.events)

    def _pieces(self, request: Request) -> Iterator[Piece]:
        tables, catalog = self._introspected()
        cutter = Cutter(request, self._settings, self._dialect, self._engine.dialect, tables)
        of_event: dict[str | None, list[Measure]] = {}
        for measure in _of_tables(request.measures):
            of_event.setdefault(measure.event, []).append(measure)
        for table in tables:
            here = table.events()
            mine = [measure for event in (None, *here) for measure in of_event.get(event, ())]
            measures = mine if here else _of_tables(request.measures)
            if table.bag:
                measures = list(_spelt_out(measures, catalog.events))
            yield from cutter.pieces(table, measures)

    def _estimate(self, query: Query) -> Estimate | None:
        estimate = self._dialect.estimate
        if estimate is None:
            return None
        try:
            return self._asked(lambda connection: estimate(connection, query.statement))
        except DBAPIError:  # a role that may read need not be allowed to ask for plans
            return None


def _of_tables(measures: Iterable[Measure]) -> list[Measure]:
    """Return what the one statement of a table may answer; the rest is compared beside it."""
    return [measure for measure in measures if measure.stat not in BESIDE]


def _spelt_out(measures: Iterable[Measure], events: Iterable[str]) -> Iterator[Measure]:
    """Yield the measures, those that hold every event against a rule once for each event."""
    for measure in measures:
        if measure.rule and measure.event is None:
            yield from (replace(measure, event=event) for event in events)
        else:
            yield measure


def _all(statement: sa.Executable, connection: sa.Connection) -> Sequence[Sequence[Any]]:
    # no statement comes twice: a key to find it again would cost a fifth of asking it
    return connection.execute(statement, execution_options={"compiled_cache": None}).all()


def _catalog(tables: Sequence[EventTable], found: Sequence[tuple[EventTable, list[Any]]]) -> Catalog:
    sources: dict[str, set[str]] = {}
    fields: list[Field] = []
    for table, occurring in found:
        for source, event, _, _ in occurring:
            sources.setdefault(event or "", set()).add(source or "")
        fields += discovery.fields(table, occurring)
    has_ids = all("id" in table.fields for table in tables)
    sampled = any(table.bag is not None for table in tables)
    events = {event: frozenset(names) for event, names in sources.items()}
    return Catalog(events, tuple(fields), has_ids, sampled=sampled)
