"""How is everything that a run wants to know of one table asked in one statement?

A UNION ALL of parts, each of which reads only the columns that it needs: columns by hour,
columns by day, members of a JSON object by day, surplus copies, repeats. All parts have the
same shape: part, source, event, bucket, property, c0, c1, … as whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from checks.base import EVERY, Grain, Measure, Rule, Stat
from monitor.stores import constructs as db
from monitor.stores import rules
from monitor.stores.base import Request, StoreSettings
from monitor.stores.buckets import Cut
from monitor.stores.dialects.base import Dialect
from monitor.stores.rows import KEYS, Cell, Expression, Part, Rows, number
from monitor.stores.ruletable import RuleTable
from monitor.stores.table import Constant, EventTable

VALUES = (Stat.NULLS, Stat.FINGERPRINT, Stat.MISTYPED, Stat.OUTSIDE)


@dataclass(frozen=True, slots=True)
class Query:
    """The one statement for a table, and how to read its answer."""

    statement: sa.CompoundSelect[Any]
    parts: tuple[Part, ...]
    cut: Cut


def build(
    table: EventTable, request: Request, settings: StoreSettings, measures: Sequence[Measure], dialect: Dialect
) -> Query | None:
    """Return the statement that answers the measures of one table, or None when there is nothing to ask."""
    cut = Cut(request.since, request.until, ZoneInfo(request.zone), ZoneInfo(settings.naive_zone))
    rows = Rows(table, cut, settings.repeat_window, dialect)
    parts = [part for grain in ("hour", "day") for part in _parts(rows, _of_grain(measures, grain), grain)]
    if not parts:
        return None
    width = max(len(part.cells) for part in parts)
    widest_first = sorted(enumerate(parts), key=lambda numbered: -len(numbered[1].cells))
    selects = [_padded(part.select, number, width) for number, part in widest_first]
    return Query(sa.union_all(*selects), tuple(parts), cut)


def _parts(rows: Rows, measures: Sequence[Measure], grain: Grain) -> Iterable[Part]:
    if not measures:
        return
    asked = {measure.stat for measure in measures}
    yield _columns(rows, measures, grain)
    if rows.layout.bag and asked & set(VALUES):
        yield _members(rows, measures, grain, rows.layout.bag)
    if Stat.SURPLUS in asked:
        yield _copies(rows, grain, Stat.SURPLUS, _surplus(rows))
    if Stat.REPEATS in asked and (repeats := _repeats(rows)) is not None:
        yield _copies(rows, grain, Stat.REPEATS, repeats)


def _columns(rows: Rows, measures: Sequence[Measure], grain: Grain) -> Part:
    """Return the part that groups the table by source, event and bucket."""
    inner: dict[str, Expression] = {}

    def use(expression: Expression, name: str) -> Expression:
        inner[name] = expression
        return sa.column(name, expression.type)

    cells: dict[Cell, Expression] = {Cell(Measure(Stat.ROWS, grain=grain)): sa.func.count()}
    absent = []
    for cell in _cells(rows.layout, measures):
        if (aggregate := _aggregate(rows, cell.measure, use)) is not None:
            cells.setdefault(cell, aggregate)
        elif cell.measure.stat is Stat.NULLS and _is_absent(rows.layout, cell.measure.property):
            absent.append(cell)
    keys = [rows.source.label("source"), rows.event.label("event"), rows.bucket(rows.seconds, grain).label("bucket")]
    base = sa.select(*keys, *(expression.label(name) for name, expression in inner.items())).where(rows.window)
    select = _grouped(base.subquery("r"), list(cells.values()))
    return Part(grain, tuple(cells), select, absent=tuple(absent))


def _is_absent(table: EventTable, prop: str | None) -> bool:
    return table.bag is None and prop not in table.properties and prop not in table.unreadable


def _cells(table: EventTable, measures: Sequence[Measure]) -> Iterable[Cell]:
    """Yield what is asked of single columns, the same wish of several events or checks once."""
    wishes: dict[Measure, set[str | None]] = {}
    for measure in measures:
        names = table.properties if measure.property == EVERY else (measure.property,)
        for name in names:
            wish = Measure(measure.stat, None, name, measure.rule, measure.grain)
            wishes.setdefault(wish, set()).add(measure.event)
    for wish, events in wishes.items():
        yield Cell(wish, None if None in events else frozenset(event for event in events if event))


def _aggregate(rows: Rows, measure: Measure, use: Callable[[Expression, str], Expression]) -> Expression | None:
    """Return the aggregate of one measure over the columns that it uses; None where there is nothing to read."""
    if measure.stat in VALUES:
        return _value_aggregate(rows, measure, use)
    identity, loaded = rows.field("id"), rows.layout.fields.get("loaded_at")
    if measure.stat is Stat.IDS and identity is not None:
        return sa.func.count(use(identity, "id"))
    if measure.stat is Stat.RECEIVED:
        return sa.func.max(use(rows.utc(rows.layout.time), "received"))
    if measure.stat is Stat.LOADED and loaded:
        return sa.func.max(use(rows.utc(loaded), "loaded"))
    return None


def _value_aggregate(rows: Rows, measure: Measure, use: Callable[[Expression, str], Expression]) -> Expression | None:
    name = rows.layout.properties.get(measure.property or "")
    if name is None:
        return None
    column = rows.layout.columns[name]
    raw = db.json_value(rows.column(name)) if column.type == "json" else rows.column(name)
    value = use(raw, f"p{list(rows.layout.columns).index(name)}")
    if measure.stat is Stat.NULLS:
        return sa.func.count(value)
    if measure.stat is Stat.FINGERPRINT:
        return db.fingerprint(value)
    condition = rules.broken(column, value, measure)
    return None if condition is None else rules.count_if(condition)


def _members(rows: Rows, measures: Sequence[Measure], grain: Grain, bag: str) -> Part:
    """Return the part that groups the members of a JSON object: one parse a row, however many names there are."""
    keys = [rows.source.label("source"), rows.event.label("event"), rows.bucket(rows.seconds, grain).label("bucket")]
    opened = rows.dialect.opened(sa.select(*keys).where(rows.window), rows.column(bag))
    value = rules.JsonValue.of(opened.value)
    present = sa.select(
        opened.rows.c.source,
        opened.rows.c.event,
        opened.rows.c.bucket,
        opened.key.label("property"),
        value.raw.label("raw"),
        value.kind.label("kind"),
        value.amount.label("amount"),
    )
    members = present.where(value.kind != "null").subquery("m")
    cells: dict[Cell, Expression] = {Cell(Measure(Stat.NULLS, None, EVERY, None, grain)): sa.func.count(members.c.raw)}
    if any(measure.stat is Stat.FINGERPRINT for measure in measures):
        cells[Cell(Measure(Stat.FINGERPRINT, None, EVERY, None, grain))] = db.fingerprint(members.c.raw)
    source: sa.FromClause = members
    if (held := RuleTable(measures, rows.dialect)).rules:
        member = rules.JsonValue(members.c.raw, members.c.kind, members.c.amount)
        source, broken = held.joined(members, member)
        cells |= {
            Cell(Measure(stat, None, EVERY, Rule(kind, ()), grain)): count for (stat, kind), count in broken.items()
        }
    select = _grouped(members, list(cells.values()), members.c.property).select_from(source)
    return Part(grain, tuple(cells), select, members=True)


def _surplus(rows: Rows) -> sa.Subquery:
    """Return groups of copies: rows of the same id, or of the same content where there is no id.

    Groups are keyed by a 64-bit hash, which costs half of grouping by the texts themselves; two
    ids among 10 million share one by chance with probability 3 in a million.
    """
    identity = rows.field("id")
    if identity is None:
        key = db.digest(*(rows.column(name) for name in rows.layout.columns))
        return _groups(rows, key, rows.window)
    return _groups(rows, db.digest(*rows.identity(), identity), sa.and_(rows.window, identity.is_not(None)))


def _repeats(rows: Rows) -> sa.Subquery | None:
    """Return groups of the same user, event and content under several ids in one aligned window.

    Bias: two copies that fall on both sides of a window's edge are missed (for copies d seconds
    apart, a share of d / window), and an exact copy of a repeat counts once more. Where there
    are no ids, different times take their place.
    """
    users = [field for field in (rows.field("user_id"), rows.field("anonymous_id")) if field is not None]
    if not users:
        return None
    user = sa.func.coalesce(*(db.text(field) for field in users))
    identity = rows.field("id")
    marker = rows.column(rows.layout.time) if identity is None else identity
    content = [rows.column(name) for name in rows.layout.content()]
    window = db.whole(rows.seconds, number(int(rows.repeat_window)))
    where = sa.and_(rows.window, user.is_not(None), marker.is_not(None))
    mark = db.digest(marker)
    return _groups(
        rows, db.digest(*rows.identity(), user, window, *content), where, sa.func.min(mark) != sa.func.max(mark)
    )


def _groups(rows: Rows, key: Expression, where: Expression, *having: Expression) -> sa.Subquery:
    """Return source, event, newest second and number of rows, of each group of more than one row."""
    count = sa.func.count()
    newest = sa.func.max(rows.seconds)
    pairs = (("source", rows.layout.source, rows.source), ("event", rows.layout.event, rows.event))
    names = [(said if isinstance(where, Constant) else sa.func.min(said)).label(name) for name, where, said in pairs]
    select = sa.select(*names, newest.label("newest"), count.label("n")).where(where)
    return select.group_by(key).having(sa.and_(count > 1, *having)).subquery("g")


def _copies(rows: Rows, grain: Grain, stat: Stat, groups: sa.Subquery) -> Part:
    """Return the part that counts rows beyond the first, in the bucket of the last copy."""
    bucket = rows.bucket(groups.c.newest, grain).label("bucket")
    placed = sa.select(groups.c.source, groups.c.event, bucket, groups.c.n).subquery("c")
    surplus = sa.cast(sa.func.sum(placed.c.n - 1), sa.BigInteger)
    return Part(grain, (Cell(Measure(stat, grain=grain)),), _grouped(placed, [surplus]))


def _grouped(base: sa.Subquery, aggregates: Sequence[Expression], prop: Expression | None = None) -> sa.Select[Any]:
    keys: list[Expression] = [base.c.source, base.c.event, base.c.bucket]
    name = db.no_text() if prop is None else prop
    select = sa.select(
        *keys, name.label("property"), *(db.figure(value).label(f"c{i}") for i, value in enumerate(aggregates))
    )
    return select.group_by(*keys, *([] if prop is None else [prop])).select_from(base)


def _padded(select: sa.Select[Any], number: int, width: int) -> sa.Select[Any]:
    """Return a part with its number, and with nulls up to the common width; their type comes from the widest part."""
    have = len(select.selected_columns) - len(KEYS) + 1
    empty = [sa.null().label(f"c{i}") for i in range(have, width)]
    columns = [*select.selected_columns, *empty]
    return select.with_only_columns(sa.literal_column(str(number)).label("part"), *columns, maintain_column_froms=True)


def _of_grain(measures: Sequence[Measure], grain: Grain) -> list[Measure]:
    return [measure for measure in measures if measure.grain == grain]
