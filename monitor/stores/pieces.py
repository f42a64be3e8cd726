"""Into how many statements must the one for a table be cut, because a database takes no more columns or text?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from checks.base import EVERY, Measure
from monitor.stores.base import Request, StoreSettings
from monitor.stores.dialects.base import Dialect
from monitor.stores.query import Query, build
from monitor.stores.table import EventTable

FEW = 100  # columns: a statement of so few is far below every limit, and is not written out to be measured


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement for a table, or for some of its properties; `again`: another counts the same rows."""

    table: EventTable
    query: Query
    measures: Sequence[Measure]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts until each piece fits the database."""

    request: Request
    settings: StoreSettings
    dialect: Dialect
    spelt: sa.Dialect
    tables: Sequence[EventTable] = ()

    def pieces(self, table: EventTable, measures: Sequence[Measure]) -> Iterator[Piece]:
        """Yield the one statement of a table; several where the database forces it."""
        for number, piece in enumerate(self._cut(table, measures)):
            yield replace(piece, again=number > 0)

    def _cut(self, table: EventTable, measures: Sequence[Measure]) -> Iterator[Piece]:
        query = build(table, self.request, self.settings, measures, self.dialect, self.tables)
        if query is None:
            return
        of_values = [one for one in measures if one.property]
        if len(table.properties) < 2 or not of_values or self._fits(query):
            yield Piece(table, query, measures)
            return
        yield from self._cut(table, [one for one in measures if not one.property])
        names = list(table.properties)
        middle = len(names) // 2
        absent = [one for one in of_values if one.property not in (EVERY, *names)]
        for half, more in ((names[:middle], absent), (names[middle:], [])):
            mine = {EVERY, *half}
            wishes = [one for one in of_values if one.property in mine]
            # what the other half holds is there, but not to be counted as missing here
            others = table.unreadable | (set(names) - mine)
            properties = {name: table.properties[name] for name in half}
            yield from self._cut(replace(table, properties=properties, unreadable=others), [*wishes, *more])

    def _fits(self, query: Query) -> bool:
        columns = max(len(part.select.selected_columns) for part in query.parts)
        if columns > self.dialect.most_columns:
            return False
        if columns <= FEW:
            return True
        return len(str(query.statement.compile(dialect=self.spelt))) <= self.dialect.most_text
