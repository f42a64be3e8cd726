"""How is everything that a run wants to know of one table asked in one statement?

A UNION ALL of parts, each of which reads only the columns that it needs: columns by hour,
columns by day, members of a JSON object by day, surplus copies, repeats. All parts have the
same shape: part, source, event, bucket, property, c0, c1, … as whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from checks.base import EVERY, Grain, Measure, Rule, Stat
from checks.bins import SIZES
from monitor.stores import constructs as db
from monitor.stores import labels, rules, sequence, shown, texts, verdicts
from monitor.stores.base import Request, StoreSettings
from monitor.stores.buckets import Cut
from monitor.stores.dialects.base import Dialect
from monitor.stores.rows import KEYS, Cell, Expression, Part, Rows, cells, grouped, number
from monitor.stores.ruletable import RuleTable
from monitor.stores.table import Column, Constant, EventTable

VALUES = (
    *(Stat.NULLS, Stat.FINGERPRINT, Stat.CHECKSUM, Stat.MISTYPED, Stat.OUTSIDE),
    *(Stat.DISTINCT, Stat.LOWEST, Stat.HIGHEST, Stat.DUE),
    *sorted(texts.STATS),
)
COPIED = frozenset({"string", "integer", "number", "datetime"})  # types of columns that may be copies of another
APART = shown.ASKED | {Stat.UNPRECEDED}  # each has parts of its own
LIMITS: Mapping[Stat, Callable[[Expression], Expression]] = {Stat.LOWEST: sa.func.min, Stat.HIGHEST: sa.func.max}


@dataclass(frozen=True, slots=True)
class Query:
    """The one statement for a table, and how to read its answer."""

    statement: sa.CompoundSelect[Any]
    parts: tuple[Part, ...]
    cut: Cut


def build(
    table: EventTable,
    request: Request,
    settings: StoreSettings,
    measures: Sequence[Measure],
    dialect: Dialect,
    others: Sequence[EventTable] = (),
) -> Query | None:
    """Return the statement that answers the measures of one table, or None when there is nothing to ask.

    `others` are all tables of the store: the order of two events may ask two of them.
    """
    cut = Cut(request.since, request.until, ZoneInfo(request.zone), ZoneInfo(settings.naive_zone))
    rows = Rows(table, cut, settings.repeat_window, dialect)
    parts = [part for grain in ("hour", "day") for part in _parts(rows, _of_grain(measures, grain), grain)]
    parts += sequence.parts(rows, others, _of_grain(measures, "day"), "day")
    parts += shown.parts(rows, _of_grain(measures, "day"), "day")
    if not parts:
        return None
    width = max(len(part.cells) for part in parts)
    widest_first = sorted(enumerate(parts), key=lambda numbered: -len(numbered[1].cells))
    selects = [_padded(part.select, number, width) for number, part in widest_first]
    return Query(sa.union_all(*selects), tuple(parts), cut)


def _parts(rows: Rows, measures: Sequence[Measure], grain: Grain) -> Iterable[Part]:
    measures = [measure for measure in measures if measure.stat not in APART]
    if not measures:
        return
    asked = {measure.stat for measure in measures}
    yield _columns(rows, [measure for measure in measures if not labels.is_labelled(measure)], grain)
    yield from labels.parts(rows, measures, grain)
    if rows.layout.bag and asked & {*VALUES, Stat.SIZES, Stat.VALUES}:
        yield _members(rows, measures, grain, rows.layout.bag)
    if Stat.SURPLUS in asked:
        yield _copies(grain, Stat.SURPLUS, _surplus(rows, grain))
    if Stat.REPEATS in asked and (repeats := _repeats(rows, grain)) is not None:
        yield _copies(grain, Stat.REPEATS, repeats)


def _columns(rows: Rows, measures: Sequence[Measure], grain: Grain) -> Part:
    """Return the part that groups the table by source, event and bucket."""
    inner: dict[str, Expression] = {}

    def use(expression: Expression, name: str) -> Expression:
        inner[name] = expression
        return sa.column(name, expression.type)

    aggregates: dict[Cell, Expression] = {Cell(Measure(Stat.ROWS, grain=grain)): sa.func.count()}
    absent = []
    for cell in cells(rows.layout, measures):
        if (aggregate := _aggregate(rows, cell.measure, use)) is not None:
            aggregates.setdefault(cell, aggregate)
        elif cell.measure.stat is Stat.NULLS and _is_absent(rows.layout, cell.measure.property):
            absent.append(cell)
    base = sa.select(*rows.keys(grain), *(expression.label(name) for name, expression in inner.items())).where(
        rows.window
    )
    select = grouped(base.subquery("r"), list(aggregates.values()))
    return Part(grain, tuple(aggregates), select, absent=tuple(absent))


def _is_absent(table: EventTable, prop: str | None) -> bool:
    return table.bag is None and prop not in table.properties and prop not in table.unreadable


def _aggregate(rows: Rows, measure: Measure, use: Callable[[Expression, str], Expression]) -> Expression | None:
    """Return the aggregate of one measure over the columns that it uses; None where there is nothing to read."""
    if measure.stat in VALUES:
        due = measure.rule is not None and measure.rule.kind == "when"
        return (_due if due else _value_aggregate)(rows, measure, use)
    identity, loaded = rows.field("id"), rows.layout.fields.get("loaded_at")
    if measure.stat is Stat.IDS and identity is not None:
        return sa.func.count(use(identity, "id"))
    if measure.stat is Stat.VERDICTS:
        return verdicts.counted(rows, use)
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
    raw = _read(column, rows.column(name))
    place = list(rows.layout.columns).index(name)
    if measure.stat in texts.STATS:
        return _form_aggregate(column, raw, measure.stat, lambda form: use(form, f"f{place}"))
    value = use(raw, f"p{place}")
    if measure.stat in (Stat.NULLS, Stat.FINGERPRINT):
        return sa.func.count(value) if measure.stat is Stat.NULLS else db.fingerprint(value)
    if measure.stat in (Stat.CHECKSUM, Stat.DISTINCT):
        return _of_different(column, value, measure)
    if measure.stat in LIMITS:
        numbers = labels.finite(column, value)
        return None if numbers is None else db.float64(LIMITS[measure.stat](numbers))
    condition = rules.broken(column, value, measure)
    return None if condition is None else rules.count_if(condition)


def _of_different(column: Column, value: Expression, measure: Measure) -> Expression | None:
    """Return what tells values apart: their checksum, where they may be copies; how many there are, by day."""
    if measure.stat is Stat.CHECKSUM:
        return db.checksum(value) if column.type in COPIED else None
    return None if measure.grain == "hour" else _distinct(column, value)


def _due(rows: Rows, measure: Measure, use: Callable[[Expression, str], Expression]) -> Expression | None:
    """Return how many rows must have a property because of others, or lack it then; None where it cannot be told."""
    layout, rule = rows.layout, measure.rule
    names = [layout.properties.get(other) for other, _ in rule.value] if rule else [None]
    if rule is None or layout.bag is not None or measure.property in layout.unreadable or None in names:
        return None

    def read(name: str) -> tuple[Column, Expression]:
        column = layout.columns[name]
        return column, use(_read(column, rows.column(name)), f"p{list(layout.columns).index(name)}")

    due = rules.met([read(name) for name in names if name], rule)
    own = layout.properties.get(measure.property or "")
    lacks = due if own is None else sa.and_(due, read(own)[1].is_(None))
    return rules.count_if(due if measure.stat is Stat.DUE else lacks)


def _form_aggregate(
    column: Column, raw: Expression, stat: Stat, use: Callable[[Expression], Expression]
) -> Expression | None:
    """Return how many values have a form; None of a column whose type says all that there is to say."""
    if column.type == "string":
        return texts.count(use(texts.form(raw)), stat)
    if column.type == "json":
        return texts.count(use(texts.form_of_json(rules.JsonValue.of(raw))), stat, texts.TYPES_OF_JSON)
    return None


def _read(column: Column, raw: Expression) -> Expression:
    """Return a column as its values are compared."""
    if column.type == "json":
        return db.json_value(raw)
    return db.ordered(raw) if column.type == "number" else raw


def _members(rows: Rows, measures: Sequence[Measure], grain: Grain, bag: str) -> Part:
    """Return the part that groups the members of a JSON object: one parse a row, however many names there are."""
    read = sa.select(*rows.keys(grain)).where(rows.window).select_from(rows.table)
    opened = rows.dialect.opened(read, rows.column(bag))
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
    sized, told = labels.named(measures, Stat.SIZES), labels.named(measures, Stat.VALUES)
    if sized:
        members = labels.with_sizes(members, sized)
    if told:
        members = labels.with_values(members, told)
    if any(measure.stat in texts.STATS for measure in measures):
        members = texts.with_forms(members)
    cells = _of_members(members, measures, grain)
    source: sa.FromClause = members
    if (held := RuleTable(measures, rows.dialect)).rules:
        member = rules.JsonValue(members.c.raw, members.c.kind, members.c.amount)
        source, broken = held.joined(members, member)
        cells |= {
            Cell(Measure(stat, None, EVERY, Rule(kind, ()), grain)): count for (stat, kind), count in broken.items()
        }
    label, made_of = labels.of_members(members)
    select = grouped(members, list(cells.values()), members.c.property, label, made_of).select_from(source)
    return Part(grain, tuple(cells), select, members=True, labels=SIZES.labels() if sized or told else None)


def _of_members(members: sa.Subquery, measures: Sequence[Measure], grain: Grain) -> dict[Cell, Expression]:
    """Return what is counted of each member whatever the plan says; first how many values there are."""
    raw, amount = members.c.raw, labels.bounded(members.c.amount)
    forms = {
        stat: texts.count(members.c.form, stat, texts.TYPES_OF_JSON) for stat in texts.STATS if "form" in members.c
    }
    known: dict[Stat, Expression] = {
        Stat.NULLS: sa.func.count(raw),
        Stat.FINGERPRINT: db.fingerprint(raw),
        Stat.CHECKSUM: db.checksum(raw),
        Stat.DISTINCT: db.distinct(raw),
        Stat.SIZES: sa.func.count(),
        Stat.VALUES: sa.func.count(),
        **{stat: db.float64(limit(amount)) for stat, limit in LIMITS.items()},
        **forms,
    }
    asked = {measure.stat for measure in measures} - ({Stat.DISTINCT} if grain == "hour" else set()) | {Stat.NULLS}
    return {Cell(Measure(stat, None, EVERY, None, grain)): known[stat] for stat in known if stat in asked}


def _surplus(rows: Rows, grain: Grain) -> sa.Subquery:
    """Return groups of copies: rows of the same id, or of the same content where there is no id.

    Groups are keyed by a 64-bit hash, which costs half of grouping by the texts themselves; two
    ids among 10 million share one by chance with probability 3 in a million. An id is one
    message of one source and event, unless the layout says that it stands alone: the same id
    from two sources may be one message that both of them tell of, which is no copy.
    """
    identity = rows.field("id")
    if identity is None:
        key = db.digest(*(rows.column(name) for name in rows.layout.columns))
        return _groups(rows, grain, [*rows.identity(), key], rows.window)
    place = [] if rows.layout.ids_alone else rows.identity()
    return _groups(rows, grain, [*place, db.digest(identity)], sa.and_(rows.window, identity.is_not(None)))


def _repeats(rows: Rows, grain: Grain) -> sa.Subquery | None:
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
    keys = [*rows.identity(), db.digest(user, window, *content)]
    return _groups(rows, grain, keys, where, sa.func.min(mark) != sa.func.max(mark))


def _groups(
    rows: Rows, grain: Grain, keys: Sequence[Expression], where: Expression, *having: Expression
) -> sa.Subquery:
    """Return source, event, newest bucket and number of rows, of each group of more than one row."""
    count = sa.func.count()
    newest = sa.func.max(sa.cast(rows.bucket(rows.seconds, grain), sa.Integer))  # half the memory of a second
    pairs = (("source", rows.layout.source, rows.source), ("event", rows.layout.event, rows.event))
    alone = {id(key) for key in keys}
    names = [
        (said if isinstance(where, Constant) or id(said) in alone else sa.func.min(said)).label(name)
        for name, where, said in pairs
    ]
    select = sa.select(*names, newest.label("bucket"), count.label("n")).where(where)
    return select.group_by(*keys).having(sa.and_(count > 1, *having)).subquery("g")


def _copies(grain: Grain, stat: Stat, groups: sa.Subquery) -> Part:
    """Return the part that counts rows beyond the first, in the bucket of the last copy."""
    surplus = sa.cast(sa.func.sum(groups.c.n - 1), sa.BigInteger)
    return Part(grain, (Cell(Measure(stat, grain=grain)),), grouped(groups, [surplus]))


def _distinct(column: Column, value: Expression) -> Expression:
    """Return how many different values a column has; of yes and no, which of them, at a quarter of the cost."""
    if column.type == "boolean":
        return sum((sa.case((rules.count_if(one) > 0, 1), else_=0) for one in (value, sa.not_(value))), start=number(0))
    # not all databases compare objects
    return db.distinct(db.text(value) if column.type in ("object", "array", "any") else value)


def _padded(select: sa.Select[Any], number: int, width: int) -> sa.Select[Any]:
    """Return a part with its number, and with nulls up to the common width; their type comes from the widest part."""
    have = len(select.selected_columns) - len(KEYS) + 1
    empty = [sa.null().label(f"c{i}") for i in range(have, width)]
    columns = [*select.selected_columns, *empty]
    return select.with_only_columns(sa.literal_column(str(number)).label("part"), *columns, maintain_column_froms=True)


def _of_grain(measures: Sequence[Measure], grain: Grain) -> list[Measure]:
    return [measure for measure in measures if measure.grain == grain]
