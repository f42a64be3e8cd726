"""What is asked beside the one statement of each table, and what are its answers compared with?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import sqlalchemy as sa

from checks.plan import Plan
from monitor.stores.base import COLUMNS, Request, StoreSettings
from monitor.stores.buckets import Cut
from monitor.stores.place import Place
from monitor.stores.table import Constant, EventTable, SideTable


@dataclass(frozen=True, slots=True)
class Point:
    """One number of a day; `source` is empty where it is of several sources."""

    source: str
    event: str
    property: str
    label: str
    measure: str
    day: int  # number of the bucket
    value: float


@dataclass(frozen=True, slots=True)
class Question:
    """One statement, where it is asked, and how its answer is fetched."""

    place: Place
    table: str
    statement: sa.Select[Any]
    apart: str  # why it is no part of a table's one statement
    fetch: Callable[[sa.Connection, sa.Select[Any]], Any]

    def asked(self) -> Any:
        """Return the answer. Raise what `Place.asked` raises."""
        return self.place.asked(lambda connection: self.fetch(connection, self.statement))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Questions, what their answers say, and why a part of it could not be compared."""

    questions: tuple[Question, ...]
    points: Callable[[Sequence[Any]], list[Point]]
    lacking: Callable[[Sequence[Any]], str] = lambda _answers: ""  # empty: all of it could


@dataclass(frozen=True, slots=True)
class Here:
    """The store of the events: its tables, and those beside them."""

    place: Place
    settings: StoreSettings
    plan: Plan
    tables: tuple[EventTable, ...]
    sides: tuple[SideTable, ...]
    events: Mapping[str, frozenset[str]]  # event -> sources that have it

    def holding(self, event: str, sources: Collection[str] = ()) -> tuple[EventTable, ...]:
        """Return the tables that may hold an event of some sources; none named: of any."""
        return tuple(table for table in self.tables if _may_hold(table, event, sources))

    def cut(self, request: Request, wait: dt.timedelta = dt.timedelta()) -> Cut:
        """Return the window of a request, with the time before it in which twins may lie."""
        zones = ZoneInfo(request.zone), ZoneInfo(self.settings.naive_zone)
        return Cut(request.since - 2 * wait, request.until, *zones)


def _may_hold(table: EventTable, event: str, sources: Collection[str]) -> bool:
    if isinstance(table.event, Constant) and table.event.value != event:
        return False
    return not sources or not isinstance(table.source, Constant) or table.source.value in sources


def shows(table: EventTable, key: str) -> bool:
    """Say whether rows of a table have a place for a property or neutral field."""
    return table.bag is not None or key in table.properties or key in table.fields


def fetch_rows(connection: sa.Connection, statement: sa.Select[Any]) -> list[tuple[Any, ...]]:
    """Return the answer to a statement that never comes twice."""
    return [tuple(row) for row in connection.execute(statement, execution_options={"compiled_cache": None})]


def framed(points: Iterable[Point], cut: Cut) -> pd.DataFrame:
    """Return points as rows of a store's answer."""
    found = [p for p in points if p.value]
    days = cut.starts(np.array([p.day for p in found], np.int64), "day")
    rows = [(p.source, p.event, p.property, p.label, p.measure, "day", None, p.value) for p in found]
    types = dict.fromkeys(COLUMNS[:6], "str") | {"value": "float64"}
    return pd.DataFrame(rows, columns=list(COLUMNS)).assign(bucket=days).astype(types)
