"""How are rows counted by a label: the bin of a delay or size, the value of a dimension?

Each is a part of its own that reads two or three columns; members of a JSON object carry the
bin of their size in the part that opens the object, so that nothing is parsed twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa

from checks.base import EVERY, PAIRED, Grain, Measure, Stat
from checks.bins import SECONDS, SIZES
from monitor.stores import constructs as db
from monitor.stores import crowds, people, rules
from monitor.stores.binned import binned
from monitor.stores.rows import Cell, Expression, Part, Rows, cells, grouped
from monitor.stores.table import Column

MOST_VALUES = 20  # of a property, by source, event and bucket
OTHER = "(other)"
HASHED = "="  # in front of the hash of a value, where labels are numbers of bins too
LARGEST = 1.797e308  # of float64, rounded down
TIMES: Mapping[Stat, tuple[str, str]] = {  # from, to
    Stat.DELAYS: ("occurred_at", "received_at"),
    Stat.LAGS: ("received_at", "loaded_at"),
    Stat.SKEWS: ("sent_at", "received_at"),
}
LABELLED = frozenset({*TIMES, *crowds.PAIRS, Stat.SIZES, Stat.VALUES})


def parts(rows: Rows, measures: Sequence[Measure], grain: Grain) -> Iterator[Part]:
    """Yield a part for each histogram and each dimension that was asked for and that the table has columns for."""
    for cell in cells(rows.layout, [measure for measure in measures if is_labelled(measure)]):
        if cell.measure.by:
            value = dimension(rows, cell.measure.by)
            if value is not None and cell.measure.stat is Stat.ROWS:
                yield _by_value(rows, cell, grain, value)
        elif cell.measure.property:
            yield from _of_property(rows, cell, grain)
        elif cell.measure.stat in crowds.PAIRS:
            yield from crowds.parts(rows, cell, grain)
        elif (seconds := _seconds(rows, cell.measure.stat)) is not None:
            yield _by_bin(rows, cell, grain, seconds, binned(SECONDS, whole=True))


def _of_property(rows: Rows, cell: Cell, grain: Grain) -> Iterator[Part]:
    name = rows.layout.properties.get(cell.measure.property or "")
    if name is None:
        return
    column, value = rows.layout.columns[name], rows.column(name)
    if cell.measure.stat is Stat.VALUES:
        yield _by_hash(rows, cell, grain, db.exact(rules.spelt(column, value)))
    elif (number := finite(column, value)) is not None:
        yield _by_bin(rows, cell, grain, number, binned(SIZES, whole=column.type == "integer"))


def is_labelled(measure: Measure) -> bool:
    """Say whether a measure is counted by label."""
    return measure.stat in LABELLED or measure.by is not None


def named(measures: Sequence[Measure], stat: Stat) -> frozenset[str]:
    """Return the properties of which a statistic is asked for; EVERY stands for all."""
    return frozenset(measure.property for measure in measures if measure.stat is stat and measure.property)


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


def with_values(members: sa.Subquery, asked: frozenset[str]) -> sa.Subquery:
    """Return JSON members with their JSON text, where it was asked for: grouped by it, only its hash is selected."""
    wanted = sa.true() if EVERY in asked else members.c.property.in_(sorted(asked))
    said = sa.case((wanted, db.json_written(members.c.raw)))
    return sa.select(*members.c, said.label("said")).subquery("y")


def of_members(members: sa.Subquery) -> tuple[Expression | None, Sequence[Expression]]:
    """Return the label of JSON members, and the columns that it is made of.

    It is the number of the bin of their size, or behind HASHED the hash of their value.
    """
    size, said = members.c.get("label"), members.c.get("said")
    if said is None:
        return size, ()
    hashed = sa.literal(HASHED, sa.Text()) + db.key_hash(said)
    label = sa.case((said.is_not(None), hashed), else_=db.no_text() if size is None else db.text(size))
    return label, [said] if size is None else [said, size]


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


def dimension(rows: Rows, name: str) -> Expression | None:
    """Return the value of a dimension; None where the table has no such."""
    if PAIRED in name:
        values = [dimension(rows, each) for each in name.split(PAIRED)]
        return None if any(value is None for value in values) else _paired(*(v for v in values if v is not None))
    column = {**rows.layout.fields, **rows.layout.dimensions}.get(name)
    if column:
        return rows.text(column)
    computed = people.COMPUTED.get(name)
    return computed(rows) if computed else None


def _paired(one: Expression, other: Expression) -> Expression:
    first, second = (sa.func.coalesce(db.text(value), sa.literal("", sa.Text())) for value in (one, other))
    return first.concat(sa.literal(PAIRED, sa.Text())).concat(second)


def _by_value(rows: Rows, cell: Cell, grain: Grain, value: Expression) -> Part:
    select = sa.select(*rows.keys(grain), value.label("label")).where(rows.window)
    read = (select if cell.events is None else select.where(rows.event.in_(sorted(cell.events)))).subquery("r")
    return Part(grain, (cell,), grouped(read, [sa.func.count()], label=read.c.label), labels=())


def _by_hash(rows: Rows, cell: Cell, grain: Grain, value: Expression) -> Part:
    """Return the part that counts the most frequent values of a property; only their hashes leave the store."""
    read = sa.select(*rows.keys(grain), value.label("v")).where(rows.window).subquery("r")
    place = (read.c.source, read.c.event, read.c.bucket)
    amount = sa.func.count().label("n")
    counted = sa.select(*place, read.c.v, amount).where(read.c.v.is_not(None)).group_by(*place, read.c.v).subquery("c")
    where = (counted.c.source, counted.c.event, counted.c.bucket)
    rank = sa.func.row_number().over(partition_by=where, order_by=(counted.c.n.desc(), counted.c.v))
    ranked = sa.select(*counted.c, rank.label("place")).subquery("w")
    label = sa.case((ranked.c.place <= MOST_VALUES, db.key_hash(ranked.c.v)), else_=sa.literal(OTHER, sa.Text()))
    kept = sa.select(*(c for c in ranked.c if c.name not in ("v", "place")), label.label("label")).subquery("k")
    total = sa.cast(sa.func.sum(kept.c.n), sa.BigInteger)
    return Part(grain, (cell,), grouped(kept, [total], label=kept.c.label), labels=())
