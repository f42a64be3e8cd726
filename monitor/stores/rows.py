"""What do all parts of the statement for one table share: its rows, and what their numbers mean?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from checks.base import EVERY, Grain, Measure
from monitor.stores import clock
from monitor.stores import constructs as db
from monitor.stores.buckets import WIDTH, Cut, Piece
from monitor.stores.dialects.base import Dialect
from monitor.stores.table import Column, Constant, EventTable

Expression = sa.ColumnElement[Any]
KEYS = ("part", "source", "event", "bucket", "property", "label")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a number of the answer is: a measure, and the events it was asked for (None: all)."""

    measure: Measure
    events: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One branch of the statement: what its numbers c0, c1, … mean."""

    grain: Grain
    cells: tuple[Cell, ...]
    select: sa.Select[Any]
    members: bool = False  # c0 counts values of the row's property, not messages
    absent: tuple[Cell, ...] = ()  # properties without a column: null in every row
    labels: tuple[str, ...] | None = None  # what the numbers in column `label` mean; empty: it holds the labels


class Rows:
    """The rows of one table inside the window, and the expressions that all parts share."""

    def __init__(self, table: EventTable, cut: Cut, repeat_window: int, dialect: Dialect) -> None:
        """Name the columns of a table; nothing is read."""
        self.layout = table
        self.dialect = dialect
        self.cut = cut
        self.repeat_window = repeat_window
        typed = [sa.column(column.name, _sql_type(column)) for column in table.columns.values()]
        self.table = sa.table(table.table.name, *typed, schema=table.table.schema)

    def column(self, name: str) -> Expression:
        """Return a column of the table, or what is computed from its columns."""
        derived = self.layout.derived.get(name)
        return derived(self.table.c.__getitem__) if derived else self.table.c[name]

    def field(self, neutral: str) -> Expression | None:
        """Return the column of a neutral field, or None where the table has none."""
        name = self.layout.fields.get(neutral)
        return self.column(name) if name else None

    @cached_property
    def source(self) -> Expression:
        """Return the source of a row as text."""
        return self.text(self.layout.source)

    @cached_property
    def event(self) -> Expression:
        """Return the event of a row as text."""
        return self.text(self.layout.event)

    @cached_property
    def seconds(self) -> Expression:
        """Return received_at in seconds of the column's own clock."""
        return clock.seconds(self.layout.columns[self.layout.time], self.column(self.layout.time))

    @cached_property
    def window(self) -> sa.ColumnElement[bool]:
        """Return the time predicate, on the raw column so that an index or a sort key serves it."""
        column, raw = self.layout.columns[self.layout.time], self.column(self.layout.time)
        since, until = self.cut.bounds(aware=column.aware)
        return sa.and_(
            *self.filed_since(self.cut.since),
            clock.not_before(column, raw, clock.bound(column, "since", since)),
            clock.before(column, raw, clock.bound(column, "until", until)),
        )

    def filed_since(self, moment: dt.datetime) -> list[sa.ColumnElement[bool]]:
        """Return the condition that spares the partitions before a moment, where the table is known to have some."""
        name = self.layout.partition
        return [clock.filed_since(self.layout.columns[name], self.column(name), moment)] if name else []

    def bucket(self, seconds: Expression, grain: Grain) -> Expression:
        """Return the number of the bucket that a second of the time column's clock lies in."""
        pieces = self.cut.pieces(grain, aware=self.layout.columns[self.layout.time].aware)
        return db.whole(_shifted(seconds, pieces), number(WIDTH[grain]))

    def keys(self, grain: Grain) -> list[sa.Label[Any]]:
        """Return source, event and number of the bucket of a row."""
        bucket = self.bucket(self.seconds, grain)
        return [self.source.label("source"), self.event.label("event"), bucket.label("bucket")]

    def utc(self, name: str) -> Expression:
        """Return a time column in seconds since 1970, UTC."""
        column = self.layout.columns[name]
        return _shifted(clock.seconds(column, self.column(name)), self.cut.to_utc(aware=column.aware))

    def identity(self) -> list[Expression]:
        """Return the columns that say whose row it is; constants of the table say nothing."""
        pairs = ((self.layout.source, self.source), (self.layout.event, self.event))
        return [expression for where, expression in pairs if not isinstance(where, Constant)]

    def equal(self, wanted: Mapping[str, str]) -> list[sa.ColumnElement[bool]]:
        """Return the conditions that columns show a text."""
        return [self.text(column) == sa.literal(value, db.Name()) for column, value in wanted.items()]

    def text(self, where: str | Constant) -> Expression:
        """Return a column, or a constant of the table, as a text that is told apart exactly."""
        if isinstance(where, Constant):
            return sa.literal(where.value, db.Name())
        column = self.column(where)
        return db.exact(column if self.layout.columns[where].type == "string" else db.text(column))


def _shifted(seconds: Expression, pieces: Sequence[Piece]) -> Expression:
    *changes, last = pieces
    if not changes:
        return seconds + number(last.shift) if last.shift else seconds
    cases: list[Any] = [(seconds < number(piece.until), number(piece.shift)) for piece in changes]
    return seconds + sa.case(*cases, else_=number(last.shift))


def number(value: int | None) -> Expression:
    """Return a number that is written out: it is ours, and the same in every statement of a window."""
    return sa.literal_column(str(value), sa.BigInteger())


def _sql_type(column: Column) -> sa.types.TypeEngine[Any]:
    if column.type == "datetime" and column.clock == "time":
        return db.clock_type(aware=column.aware)
    return sa.Text() if column.type == "string" else sa.types.NULLTYPE


def cells(table: EventTable, measures: Sequence[Measure]) -> Iterable[Cell]:
    """Yield what is asked of single columns, the same wish of several events or checks once."""
    wishes: dict[Measure, set[str | None]] = {}
    for measure in measures:
        names = table.properties if measure.property == EVERY else (measure.property,)
        for name in names:
            wish = Measure(measure.stat, None, name, measure.rule, measure.grain, measure.by)
            wishes.setdefault(wish, set()).add(measure.event)
    for wish, events in wishes.items():
        yield Cell(wish, None if None in events else frozenset(event for event in events if event))


def grouped(
    base: sa.Subquery,
    aggregates: Sequence[Expression],
    prop: Expression | None = None,
    label: Expression | None = None,
    label_of: Sequence[Expression] = (),
) -> sa.Select[Any]:
    """Return the select of a part: what lies in `base` by source, event, bucket, and by property and label if any.

    Where the label is dear to compute, `label_of` are the columns that it is made of, by which rows are grouped.
    """
    keys: list[Expression] = [base.c.source, base.c.event, base.c.bucket]
    nothing = db.no_text()
    names = [
        (nothing if prop is None else prop).label("property"),
        (nothing if label is None else db.text(label)).label("label"),
    ]
    select = sa.select(*keys, *names, *(db.figure(value).label(f"c{i}") for i, value in enumerate(aggregates)))
    further = [key for key in (prop, None if label_of else label) if key is not None]
    return select.group_by(*keys, *further, *label_of).select_from(base)
