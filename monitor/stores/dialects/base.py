"""What does trackwatch need to know of a database to ask it?

One file per database: how it says the constructs, lists its columns, is opened so that it can
only be read, and stops a statement that takes too long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from monitor.stores.constructs import Construct

Native = tuple[str, str | None, str | None, str | None]  # schema, table, column, type as the database names it


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a statement would cost, as the store itself says before running it."""

    rows: float | None = None
    bytes: float | None = None
    cost: float | None = None  # in the planner's own unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A database: `name` is SQLAlchemy's name of the dialect."""

    name: str
    schemes: Mapping[str, str]  # what people write before :// -> SQLAlchemy's drivername
    constructs: Mapping[Construct, str]  # see `constructs.said`
    listed: Callable[[sa.Connection, tuple[str, ...]], Iterable[Native]]
    """All columns of the schemas that exist, in one statement; (schema, None, None, None) for an empty one."""
    arguments: Callable[[sa.URL, float], Mapping[str, Any]]  # of connect(): read-only, and a timeout in seconds
    extra: str | None = None  # what to install: trackwatch[extra]; None: always there
    default_schema: str | None = None  # None: the database of the URL
    tried: bool = True  # run in the tests; else its SQL is compiled and read, and no server has seen it
    cancel: Callable[[Any], None] | None = None  # stops what a driver's connection runs; None: its own timeout does
    estimate: Callable[[sa.Connection, sa.Executable], Estimate | None] | None = None
    most_columns: int = 1600  # of one SELECT
    most_text: int = 1_000_000  # characters of one statement


def from_catalog(sql: str) -> Callable[[sa.Connection, tuple[str, ...]], Iterable[Native]]:
    """Return a `listed` that sends one statement with the schemas bound to `:schemas`."""

    def listed(connection: sa.Connection, schemas: tuple[str, ...]) -> Iterable[Native]:
        statement = sa.text(sql).bindparams(sa.bindparam("schemas", expanding=True))
        return [tuple(row) for row in connection.execute(statement, {"schemas": schemas})]

    return listed
