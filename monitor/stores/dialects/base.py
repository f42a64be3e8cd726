"""What does trackwatch need to know of a database to ask it?

One file per database: how it says the constructs, lists its columns, is opened so that it can
only be read, and stops a statement that takes too long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement, Executable

from monitor.stores import constructs as db
from monitor.stores.base import Estimate as Estimate  # noqa: PLC0414 a word of the dialects too
from monitor.stores.constructs import Construct, Say
from monitor.stores.table import Clock, ColumnType

Expression = sa.ColumnElement[Any]
Native = tuple[str, str | None, str | None, str | None]  # schema, table, column, type as the database names it


@dataclass(frozen=True, slots=True)
class Opened:
    """The members of JSON objects as rows: the columns that were selected beside them, name and value of each."""

    rows: sa.Subquery
    key: Expression
    value: Expression


def in_columns(select: sa.Select[Any], bag: Expression) -> Opened:
    """Open objects by a function of the SELECT list that returns a row for each member."""
    opened = select.add_columns(db.json_entries(bag).label("entry")).subquery("o")
    return Opened(opened, db.entry_key(opened.c.entry), db.entry_value(opened.c.entry))


def in_from(select: sa.Select[Any], bag: Expression, *, derived: bool = False) -> Opened:
    """Open objects by a function behind the table in FROM, that gives columns `k` and `v`.

    `json_entries` says the function; where it does not name its columns itself, `derived`
    writes them behind it, as in AS j(k, v). `entry_key` and `entry_value` make of the two what
    they are.
    """
    members = db.json_entries(bag).table_valued("k", "v", name="j", joins_implicitly=True)
    members = members.render_derived() if derived else members
    columns = db.entry_key(members.c.k).label("k"), db.entry_value(members.c.v).label("v")
    opened = select.add_columns(*columns).select_from(members).subquery("o")
    return Opened(opened, opened.c.k, opened.c.v)


def in_lateral(select: sa.Select[Any], bag: Expression, names: tuple[str, str] = ("k", "v")) -> Opened:
    """Open objects that were made in a subquery `b` as its column `bag`, by a function behind it in FROM.

    `json_entries` says the function, LATERAL where that is needed; `names` are those that it gives
    its columns itself, or else ("k", "v"), which are written behind it.
    """
    inner = select.add_columns(bag.label("bag")).subquery("b")
    # as text: BigQuery's compiler takes a column in FROM for one more table
    members = db.json_entries(sa.literal_column("b.bag")).table_valued(*names, name="j", joins_implicitly=True)
    members = members.render_derived() if names == ("k", "v") else members
    key, value = (members.c[name] for name in names)
    beside = [column for column in inner.c if column.name != "bag"]
    found = sa.select(*beside, db.entry_key(key).label("k"), db.entry_value(value).label("v"))
    opened = found.select_from(inner, members).where(key.is_not(None)).subquery("o")
    return Opened(opened, opened.c.k, opened.c.v)


Columns = Sequence[sa.ColumnClause[Any]]


def as_values(name: str, columns: Columns, rows: Sequence[tuple[Any, ...]], most_bound: int) -> sa.FromClause:
    """Return our own rows as a table by VALUES; values beyond `most_bound` rows are quoted into the text."""
    return sa.values(*columns, name=name, literal_binds=len(rows) > most_bound).data(list(rows))


def as_cte(name: str, columns: Columns, rows: Sequence[tuple[Any, ...]], most_bound: int) -> sa.FromClause:
    """Return our own rows as a table by WITH … AS (VALUES …), where only that names the columns."""
    return sa.values(*columns, name=name, literal_binds=len(rows) > most_bound).data(list(rows)).cte(name)


def as_selects(
    name: str,
    columns: Columns,
    rows: Sequence[tuple[Any, ...]],
    most_bound: int,
    nothing: Callable[[sa.ColumnClause[Any]], Expression] = lambda _column: sa.null(),
) -> sa.FromClause:
    """Return our own rows as a table by a UNION ALL of SELECTs, where there is no VALUES; `nothing` says a null."""
    quoted = len(rows) > most_bound

    def said(column: sa.ColumnClause[Any], value: Any) -> Expression:
        if value is None:
            return nothing(column)
        return sa.literal(value, column.type, literal_execute=quoted)

    def one(row: tuple[Any, ...]) -> sa.Select[Any]:
        return sa.select(*(said(column, value).label(column.name) for column, value in zip(columns, row, strict=True)))

    typed = sa.union_all(*(one(row) for row in rows)).subquery(f"{name}_rows")
    named = [sa.type_coerce(typed.c[column.name], column.type).label(column.name) for column in columns]
    return sa.select(*named).subquery(name)


VIEWS = """
    SELECT table_schema, table_name, view_definition FROM information_schema.views
    WHERE view_definition IS NOT NULL AND LOWER(table_schema) <> 'information_schema'"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A database: `name` is SQLAlchemy's name of the dialect."""

    name: str
    schemes: Mapping[str, str]  # what people write before :// -> SQLAlchemy's drivername
    constructs: Mapping[Construct, Say]  # see `constructs.said`
    listed: Callable[[sa.Connection, tuple[str, ...]], Iterable[Native]]
    """All columns of the schemas that exist, in one statement; (schema, None, None, None) for an empty one."""
    arguments: Callable[[sa.URL, float], Mapping[str, Any]]  # of connect(): read-only, and a timeout in seconds
    extra: str | None = None  # what to install: trackwatch[extra]; None: always there
    default_schema: str | Callable[[sa.URL], str] | None = None  # None: the database of the URL
    tried: bool = True  # run in the tests; else its SQL is compiled and read, and no server has seen it
    opened: Callable[[sa.Select[Any], Expression], Opened] = in_columns
    """How JSON objects are opened: the SELECT of what is wanted beside their members, and the column of objects."""
    tabled: Callable[[str, Columns, Sequence[tuple[Any, ...]], int], sa.FromClause] = as_values
    """How a few rows of our own become a table: its name, its columns, its rows, and how many may be bound."""
    types: tuple[tuple[str, ColumnType], ...] = ()  # patterns of its own column types, before the common ones
    aware: str = "with time zone|timestamptz"  # pattern of the time types that mean an instant
    clock: Clock = "time"  # how time columns keep times, where the database itself has no such type
    rewritten: Callable[[sa.URL], sa.URL] | None = None  # the URL that opens for reading only, where only it can say so
    prepared: Callable[[Any, float], None] | None = None  # what a new driver's connection is told; timeout in seconds
    cancel: Callable[[Any], None] | None = None  # stops what a driver's connection runs, from another thread
    limits_itself: bool = False  # the database stops a statement at the timeout; else we do, by `cancel`
    estimate: Callable[[sa.Connection, sa.Executable], Estimate | None] | None = None
    spoken: str = ""  # what sqlglot calls it; empty: by its name
    history: str | None = None  # the texts of the statements since :since; a null :since is never bound
    views: str = VIEWS  # schema, name and text of each view
    sizes: str | None = None  # schema, table, column (null: the whole table) and bytes, of the schemas in :schemas
    most_columns: int = 1600  # of one SELECT
    most_text: int = 1_000_000  # characters of one statement


class Explained(Executable, ClauseElement):
    """A statement behind the words that ask for its plan, its values bound as it binds them."""

    inherit_cache = False

    def __init__(self, words: str, statement: Any) -> None:
        """Keep both."""
        self.words = words
        self.statement = statement


@compiles(Explained)
def _explained(element: Explained, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{element.words} {compiler.process(element.statement, **kw)}"


def told(connection: Any, *statements: str) -> None:
    """Send statements to a new driver's connection."""
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    cursor.close()


def from_catalog(sql: str) -> Callable[[sa.Connection, tuple[str, ...]], Iterable[Native]]:
    """Return a `listed` that sends one statement with the schemas bound to `:schemas`."""

    def listed(connection: sa.Connection, schemas: tuple[str, ...]) -> Iterable[Native]:
        statement = sa.text(sql).bindparams(sa.bindparam("schemas", expanding=True))
        return [tuple(row) for row in connection.execute(statement, {"schemas": schemas})]

    return listed
