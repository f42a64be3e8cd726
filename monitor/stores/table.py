"""What does a layout say about one table of events?

A layout translates the tables of a store into these few words; everything after it
(the statement, the frame, the catalogue) knows no layout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import sqlalchemy as sa

Clock = Literal["time", "seconds", "milliseconds", "microseconds", "text"]
Role = Literal["tracks", "state", "discards", "violations", "failed"]
ColumnType = Literal["string", "integer", "number", "boolean", "datetime", "object", "array", "json", "any"]
NEUTRAL = (
    "id",
    "event",
    "source",
    "occurred_at",
    "sent_at",
    "received_at",
    "loaded_at",
    "user_id",
    "anonymous_id",
    "properties",
    "app_version",
)


@dataclass(frozen=True, slots=True)
class TableName:
    """A table as the database names it."""

    schema: str
    name: str

    def __str__(self) -> str:
        """Return the name as people write it."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column and its type, translated; `aware` times carry a zone.

    A time may be kept as a number since 1970 (UTC) or as text: its type is datetime all the same, it is
    aware, and `clock` says how it is kept; `counts` that the number is a whole one.
    """

    name: str
    type: ColumnType
    aware: bool = False
    clock: Clock = "time"
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Constant:
    """A neutral field that is the same in every row of a table."""

    value: str


Expression = sa.ColumnElement[Any]
Derived = Callable[[Callable[[str], Expression]], Expression]  # what is computed, from what gives a column by its name


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTable:
    """One table of events in neutral words."""

    table: TableName
    columns: Mapping[str, Column]
    event: str | Constant  # a column, or the one event that lies here
    source: str | Constant
    time: str  # column of received_at: buckets and the time predicate
    fields: Mapping[str, str]  # other neutral fields -> column; absent ones are left out
    properties: Mapping[str, str] = field(default_factory=dict)  # property -> column
    bag: str | None = None  # column of a JSON object that holds the properties, or those that have no column
    dimensions: Mapping[str, str] = field(default_factory=dict)  # name, such as app_version or country -> column
    derived: Mapping[str, Derived] = field(default_factory=dict)  # columns that are computed from columns of the table
    partition: str | None = None  # column of the day (in UTC) under which rows lie: when they were received, or later
    ids_alone: bool = False  # an id says which message a row is, whatever its source and event
    verdict: str | None = None  # column that holds what the pipe itself finds wrong with a row
    unreadable: frozenset[str] = frozenset()  # properties that lie there, but not in one column: never measured

    def events(self) -> tuple[str, ...]:
        """Return the one event of the table, or nothing when a column says which event a row is."""
        return (self.event.value,) if isinstance(self.event, Constant) else ()

    def partitioned(self, column: str) -> EventTable:
        """Return the table with the column of its partitions, which is no property; without such a column, itself."""
        if column not in self.columns:
            return self
        properties = {name: held for name, held in self.properties.items() if held != column}
        return replace(self, partition=column, properties=properties)

    def content(self) -> tuple[str, ...]:
        """Return the columns that hold what the event says, as opposed to when and by whom."""
        return tuple(dict.fromkeys([*([self.bag] if self.bag else []), *self.properties.values()]))


@dataclass(frozen=True, slots=True)
class SideTable:
    """A table that holds no events of its own, but says something of them: for comparing, not for counting.

    `tracks` has a row for each track call of a source, `state` is upserted (a row is a user or account as of
    now), `discards` has the values that did not fit their column, `violations` a row for each message and rule
    of the pipe's own plan that it broke, `failed` the events that the pipe refused.
    """

    role: Role
    source: str
    table: TableName
    time: str | None  # column of received_at
    event: str | None  # column that names the event
    columns: Mapping[str, Column]  # by their name in small letters
