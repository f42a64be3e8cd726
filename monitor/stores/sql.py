"""How does a SQL database answer what a run wants to know?

One connection, one statement per table, read-only. A table that cannot be read is a
`TableFailure`; a store that cannot be reached is a `StoreError`; a connection that is lost
in the middle is tried once more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from tenacity import Retrying, retry_if_exception, stop_after_attempt

from checks.base import Catalog, Field, Measure
from checks.plan import Plan
from monitor.stores import discovery
from monitor.stores.base import Measured, Request, Statement, StoreSettings, TableFailure, Window
from monitor.stores.buckets import Cut
from monitor.stores.connect import connected, deadline, engine, reason, unreachable
from monitor.stores.dialects import DIALECTS
from monitor.stores.frame import Frame
from monitor.stores.introspect import columns
from monitor.stores.layouts import LAYOUTS
from monitor.stores.query import Query, build
from monitor.stores.rows import Rows
from monitor.stores.table import EventTable

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
        self._engine = engine(settings)
        if prepare:
            sa.event.listen(self._engine, "connect", lambda connection, _: prepare(connection))
        self._dialect = DIALECTS[self._engine.dialect.name]
        self._known: tuple[tuple[EventTable, ...], Catalog] | None = None

    def catalog(self, window: Window | None = None) -> Catalog:
        """Return the events, sources and properties that the store has, as they are now."""
        with connected(self._engine) as connection, deadline(connection, self._settings.timeout):
            try:
                tables = self._tables(connection)
                catalog = _catalog(tables, self._fields(connection, tables))
            except SQLAlchemyError as error:
                raise unreachable(error, self._engine.url) from None
        self._known = tables, catalog
        return catalog

    def measure(self, request: Request) -> Measured:
        """Measure everything in one statement per table."""
        frame, failures, statements = Frame(), [], 0
        catalog = self._introspected()[1]
        known = {event: catalog.properties(event) for event in catalog.events}
        for table, query, measures in self._queries(request):
            statements += 1
            try:
                answer = self._answer(query)
            except DBAPIError as error:
                failures.append(TableFailure(str(table.table), table.events(), reason(error, self._engine.url)))
                continue
            own = table.properties.keys() if table.bag else frozenset[str]()  # in columns beside the JSON object
            members = {event: names - own for event, names in known.items()}
            frame.add(query, answer, [measure for measure in measures if measure.property not in own], members)
        return Measured(frame.frame(), statements, frame.rows, tuple(failures))

    def statements(self, request: Request) -> Sequence[Statement]:
        """Return the SQL that `measure` would issue, values bound in; only the catalogue is read."""
        return [Statement(str(table.table), self._literal(query)) for table, query, _ in self._queries(request)]

    def close(self) -> None:
        """Give back connections."""
        self._engine.dispose()

    def _introspected(self) -> tuple[tuple[EventTable, ...], Catalog]:
        if self._known is None:
            self.catalog()
        assert self._known is not None  # noqa: S101 catalog() sets it or raises
        return self._known

    def _tables(self, connection: sa.Connection) -> tuple[EventTable, ...]:
        layout = LAYOUTS[self._settings.layout]
        schemas = layout.schemas(self._settings) or (self._default_schema(),)
        return tuple(layout.tables(columns(connection, schemas), self._settings, self._plan))

    def _default_schema(self) -> str:
        default = self._dialect.default_schema
        return default(self._engine.url) if callable(default) else default or self._engine.url.database or ""

    def _fields(self, connection: sa.Connection, tables: Sequence[EventTable]) -> list[tuple[EventTable, list[Any]]]:
        """Return what occurs in each table; only tables that do not say it by their name are asked."""
        found = []
        for table in tables:
            rows = Rows(table, NOWHEN, self._settings.repeat_window, self._dialect)
            if named := discovery.named(table):
                found.append((table, [named]))
                continue
            newest = connection.execute(discovery.newest(rows)).scalar()
            occurring = [] if newest is None else connection.execute(discovery.occurring(rows, newest)).all()
            found.append((table, list(occurring)))
        return found

    def _queries(self, request: Request) -> Iterator[tuple[EventTable, Query, list[Measure]]]:
        tables, catalog = self._introspected()
        for table in tables:
            here = table.events()
            measures = [measure for measure in request.measures if not here or measure.event in (None, *here)]
            if table.bag:
                measures = list(_spelt_out(measures, catalog.events))
            if query := build(table, request, self._settings, measures, self._dialect):
                yield table, query, measures

    def _answer(self, query: Query) -> Sequence[Sequence[Any]]:
        for attempt in Retrying(stop=stop_after_attempt(2), retry=retry_if_exception(_lost), reraise=True):
            with attempt, connected(self._engine) as connection, deadline(connection, self._settings.timeout):
                answer = connection.execute(query.statement).all()
        return answer

    def _literal(self, query: Query) -> str:
        return str(query.statement.compile(self._engine, compile_kwargs={"literal_binds": True}))


def _spelt_out(measures: Iterable[Measure], events: Iterable[str]) -> Iterator[Measure]:
    """Yield the measures, those that hold every event against a rule once for each event."""
    for measure in measures:
        if measure.rule and measure.event is None:
            yield from (replace(measure, event=event) for event in events)
        else:
            yield measure


def _lost(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _catalog(tables: Sequence[EventTable], found: Sequence[tuple[EventTable, list[Any]]]) -> Catalog:
    sources: dict[str, set[str]] = {}
    fields: list[Field] = []
    for table, occurring in found:
        for source, event, _, _ in occurring:
            sources.setdefault(event or "", set()).add(source or "")
        fields += discovery.fields(table, occurring)
    has_ids = all("id" in table.fields for table in tables)
    return Catalog({event: frozenset(names) for event, names in sources.items()}, tuple(fields), has_ids)
