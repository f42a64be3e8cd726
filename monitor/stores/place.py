"""How is one database asked: read-only, watched over, and once more where the connection is lost?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from tenacity import Retrying, retry_if_exception, stop_after_attempt

from monitor.errors import StoreError
from monitor.stores.base import StoreSettings
from monitor.stores.connect import Guard, connected, engine, reason
from monitor.stores.dialects import DIALECTS
from monitor.stores.introspect import columns
from monitor.stores.table import Column, TableName

Answered = TypeVar("Answered")


class Place:
    """A database that is asked; nothing is connected before it is."""

    def __init__(self, settings: StoreSettings) -> None:
        """Prepare an engine.

        Raises:
            StoreError: the URL cannot be read, or no driver for it is installed.
        """
        self.engine = engine(settings)
        self.dialect = DIALECTS[self.engine.dialect.name]
        self.guard = Guard(self.dialect, settings.timeout)

    @property
    def default_schema(self) -> str:
        """Return the schema of tables that are named without one."""
        default = self.dialect.default_schema
        return default(self.engine.url) if callable(default) else default or self.engine.url.database or ""

    def asked(self, ask: Callable[[sa.Connection], Answered]) -> Answered:
        """Return the answer to a question; a connection that is lost meanwhile is replaced once.

        Raises:
            StoreError: the database cannot be reached.
            StoppedError: it was told to stop.
            DBAPIError: it refuses.
        """
        for attempt in Retrying(stop=stop_after_attempt(2), retry=retry_if_exception(_lost), reraise=True):
            with attempt, connected(self.engine) as connection, self.guard.over(connection):
                answer = ask(connection)
        return answer

    def found(self, connection: sa.Connection, named: str) -> tuple[TableName, Mapping[str, Column]]:
        """Return a table as the database names it, and its columns.

        Raises:
            StoreError: it is not there.
        """
        schema, _, name = named.rpartition(".")
        known = columns(connection, (schema or self.default_schema,))
        exact = [table for table in known if table.name == name]
        alike = [table for table in known if table.name.lower() == name.lower()]
        for table in (*exact, *alike):
            return table, known[table]
        raise StoreError(f"there is no table {named}")

    def literal(self, statement: sa.Select[Any] | sa.CompoundSelect[Any]) -> str:
        """Return a statement with its values bound in, for people to read."""
        return str(statement.compile(self.engine, compile_kwargs={"literal_binds": True}))

    def said(self, error: Exception) -> str:
        """Return what a driver said, in one line, without the password."""
        return reason(error, self.engine.url)

    def close(self) -> None:
        """Give back connections."""
        self.engine.dispose()


def _lost(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated
