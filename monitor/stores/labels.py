"""How are rows counted by a label: the bin of a delay or size, the value of a dimension?

Each is a part of its own that reads two or three columns; members of a JSON object carry the
bin of their size in the part that opens the object, so that nothing is parsed twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import ceil

import sqlalchemy as sa

from checks.base import EVERY, Grain, Measure, Stat
from checks.bins import SECONDS, SIZES, Bins
from monitor.stores import constructs as db
from monitor.stores import people
from monitor.stores.rows import Cell, Expression, Part, Rows, cells, grouped
from monitor.stores.table import Column

LARGEST = 1.797e308  # of float64, rounded down
TIMES: Mapping[Stat, tuple[str, str]] = {  # from, to
    Stat.DELAYS: ("occurred_at", "received_at"),
    Stat.LAGS: ("received_at", "loaded_at"),
}


def parts(rows: Rows, measures: Sequence[Measure], grain: Grain) -> Iterator[Part]:
    """Yield a part for each histogram and each dimension that was asked for and that the table has columns for."""
    for cell in cells(rows.layout, [measure for measure in measures if is_labelled(measure)]):
        if cell.measure.by:
            value = _dimension(rows, cell.measure.by)
            if value is not None and cell.measure.stat is Stat.ROWS:
                yield _by_value(rows, cell, grain, value)
        elif cell.measure.stat is Stat.SIZES:
            name = rows.layout.properties.get(cell.measure.property or "")
            if name and (value := finite(rows.layout.columns[name], rows.column(name))) is not None:
                whole = rows.layout.columns[name].type == "integer"
                yield _by_bin(rows, cell, grain, value, binned(SIZES, whole=whole))
        elif (seconds := _seconds(rows, cell.measure.stat)) is not None:
            yield _by_bin(rows, cell, grain, seconds, binned(SECONDS, whole=True))


def is_labelled(measure: Measure) -> bool:
    """Say whether a measure is counted by label."""
    return measure.stat in (*TIMES, Stat.SIZES) or measure.by is not None


def sized(measures: Sequence[Measure]) -> frozenset[str]:
    """Return the properties whose sizes are asked for; EVERY stands for all."""
    return frozenset(measure.property for measure in measures if measure.stat is Stat.SIZES and measure.property)


def binned(bins: Bins, *, whole: bool) -> Expression:
    """Return the number of the bin of column `v`, null of null."""
    return sa.literal_column(_tree(bins, whole), sa.BigInteger())


@lru_cache(maxsize=8)  # written out once: a tree of expressions costs a millisecond for each table
def _tree(bins: Bins, whole: bool) -> str:
    """Return a balanced tree of CASE, five comparisons deep.

    Whole numbers are compared with whole bounds, so that no database makes decimals of them.
    """
    bounds = [ceil(bound) if whole else bound for bound in bins.bounds]
    steps = [(bound, bounds.index(bound) + bounds.count(bound)) for bound in dict.fromkeys(bounds)]

    def tree(low: int, high: int) -> str:
        if low == high:
            return str(steps[low - 1][1] if low else 0)
        middle = (low + high) // 2
        below, rest = tree(low, middle), tree(middle + 1, high)
        return f"CASE WHEN v < {steps[middle][0]:.15g} THEN {below} ELSE {rest} END"

    return f"CASE WHEN v IS NOT NULL THEN {tree(0, len(steps))} END"


def finite(column: Column, value: Expression) -> Expression | None:
    """Return a column's numbers, null where one is not finite; None where the column holds no numbers."""
    if column.type == "json":
        return bounded(db.json_number(value))
    if column.type == "number":
        return bounded(value)
    return value if column.type == "integer" else None


def bounded(value: Expression) -> Expression:
    """Return a number, null where it is infinite or no number: every database takes NaN for larger than all."""
    low, high = (sa.literal_column(repr(limit), sa.Float(53)) for limit in (-LARGEST, LARGEST))
    return sa.case((value.between(low, high), value))


def with_sizes(members: sa.Subquery, asked: frozenset[str]) -> sa.Subquery:
    """Return JSON members with the bin of their size: null where one is no number, or was not asked for."""
    wanted = sa.true() if EVERY in asked else members.c.property.in_(sorted(asked))
    size = sa.case((wanted, bounded(members.c.amount)))
    measured = sa.select(*members.c, size.label("v")).subquery("z")
    kept = [column for column in measured.c if column.name != "v"]
    return sa.select(*kept, binned(SIZES, whole=False).label("label")).select_from(measured).subquery("b")


def _seconds(rows: Rows, stat: Stat) -> Expression | None:
    """Return the whole seconds between two times of a row; None where the table lacks one of them."""
    fields = {**rows.layout.fields, "received_at": rows.layout.time}
    if any(name not in fields for name in TIMES[stat]):
        return None
    since, until = (rows.utc(fields[name]) for name in TIMES[stat])
    return until - since


def _by_bin(rows: Rows, cell: Cell, grain: Grain, value: Expression, number: Expression) -> Part:
    read = sa.select(*rows.keys(grain), value.label("v")).where(rows.window).subquery("r")
    keys = (read.c.source, read.c.event, read.c.bucket)
    placed = sa.select(*keys, number.label("label")).where(read.c.v.is_not(None)).subquery("b")
    select = grouped(placed, [sa.func.count()], label=placed.c.label)
    bins = SIZES if cell.measure.stat is Stat.SIZES else SECONDS
    return Part(grain, (cell,), select, labels=bins.labels())


def _dimension(rows: Rows, name: str) -> Expression | None:
    """Return the value of a dimension; None where the table has no such."""
    column = {**rows.layout.fields, **rows.layout.dimensions}.get(name)
    if column:
        return rows.text(column)
    return people.identity(rows) if name == people.DIMENSION else None


def _by_value(rows: Rows, cell: Cell, grain: Grain, value: Expression) -> Part:
    read = sa.select(*rows.keys(grain), value.label("label")).where(rows.window).subquery("r")
    return Part(grain, (cell,), grouped(read, [sa.func.count()], label=read.c.label), labels=())
