"""How many messages of an event have no message of another event before them, of the same person?

A part of the event's own statement: its rows beside those of the other event, wherever they lie, in the order
of their arrival; a window function says for each row when the other event came last. The same person is the same
user id or the same anonymous id. Sources do not arrive in step: what comes up to `SLACK` later came before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

import sqlalchemy as sa

from checks.base import Grain, Measure, Stat
from monitor.stores import constructs as db
from monitor.stores.rows import Cell, Expression, Part, Rows, grouped, number
from monitor.stores.table import Constant, EventTable

SLACK = 3600  # seconds
PEOPLE = ("user_id", "anonymous_id")


def parts(rows: Rows, others: Sequence[EventTable], measures: Sequence[Measure], grain: Grain) -> Iterator[Part]:
    """Yield a part for each pair of events whose order was asked for.

    Args:
        rows: the table of the events that come after.
        others: all tables of the store, where those that come before may lie.
        measures: what is asked.
        grain: of the buckets.
    """
    if not any(name in rows.layout.fields for name in PEOPLE):
        return
    for measure in measures:
        if measure.stat is Stat.UNPRECEDED and measure.rule and _may_hold(rows.layout, measure.event or ""):
            before, within = measure.rule.value
            tables = [table for table in others if _may_hold(table, before)]
            if tables:
                yield _part(rows, tables, measure, (before, within), grain)


def _may_hold(table: EventTable, event: str) -> bool:
    return not table.events() or event in table.events()


def _part(rows: Rows, tables: Sequence[EventTable], measure: Measure, after: tuple[str, float], grain: Grain) -> Part:
    before, within = after
    wide = replace(rows.cut, since=rows.cut.since - dt.timedelta(seconds=within))
    own = _messages(rows, rows, measure.event or "", 0, grain)
    earlier = [Rows(table, wide, rows.repeat_window, rows.dialect) for table in tables]
    both = sa.union_all(own, *(_messages(each, rows, before, 1, grain) for each in earlier)).subquery("e")
    last = [_last(both, name, within).label(f"{name}_missed") for name in PEOPLE]
    seen = sa.select(both.c.source, both.c.event, both.c.bucket, both.c.earlier, *last).subquery("s")
    # 1: nothing before; 0: something before; null: no such id. Nobody at all is no case.
    missed = [seen.c[f"{name}_missed"] for name in PEOPLE]
    nobody = sa.and_(*(each.is_(None) for each in missed))
    alone = sa.and_(seen.c.earlier == 0, sa.not_(nobody), *(sa.func.coalesce(each, 1) == 1 for each in missed))
    found = sa.select(
        seen.c.source, seen.c.event, seen.c.bucket, sa.literal(before, db.Name()).label("label"), seen.c.earlier
    ).where(alone)
    counted = found.subquery("f")
    cell = Cell(measure, frozenset({measure.event or ""}))
    return Part(grain, (cell,), grouped(counted, [sa.func.count()], label=counted.c.label), labels=())


def _messages(rows: Rows, first: Rows, event: str, earlier: int, grain: Grain) -> sa.Select[tuple[object, ...]]:
    """Return who and when of the messages of one event; place and bucket only of those that come after."""
    nothing = db.no_text()
    place = (
        (rows.source, rows.event, rows.bucket(rows.seconds, grain)) if not earlier else (nothing, nothing, number(0))
    )
    names = ("source", "event", "bucket")
    at = rows.utc(rows.layout.time)
    columns = [
        *(value.label(name) for name, value in zip(names, place, strict=True)),
        *(_person(rows, name).label(name) for name in PEOPLE),
        (at - number(SLACK) if earlier else at).label("at"),
        number(earlier).label("earlier"),
    ]
    select = sa.select(*columns).select_from(rows.table).where(rows.window)
    return select if isinstance(rows.layout.event, Constant) else select.where(rows.event == event)


def _person(rows: Rows, field: str) -> Expression:
    column = rows.layout.fields.get(field)
    return sa.func.nullif(rows.text(column), "") if column else db.no_text()


def _last(both: sa.Subquery, person: str, within: float) -> Expression:
    """Return whether the other event did not come in time before a row, by one kind of id; null without one."""
    came = sa.func.max(sa.case((both.c.earlier == 1, both.c.at))).over(
        partition_by=both.c[person], order_by=[both.c.at, both.c.earlier.desc()], rows=(None, 0)
    )
    in_time = came >= both.c.at - number(int(within) + SLACK)
    return sa.case((both.c[person].is_(None), sa.null()), (in_time, 0), else_=1)
