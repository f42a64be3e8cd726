"""How does a column tell the time: as a time, as a number since 1970, or as text?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from monitor.stores import constructs as db
from monitor.stores.table import Clock, Column

Expression = sa.ColumnElement[Any]

PER_SECOND: Mapping[Clock, int] = {"seconds": 1, "milliseconds": 1_000, "microseconds": 1_000_000}


def seconds(column: Column, raw: Expression) -> Expression:
    """Return the whole seconds since 1970 that a column shows, of its own clock; a number counts from 1970 in UTC."""
    if column.clock not in PER_SECOND:
        return db.seconds(_time(column, raw))
    per_second = PER_SECOND[column.clock]
    number = raw if column.counts else sa.cast(sa.func.floor(raw), sa.BigInteger)
    return number if per_second == 1 else db.whole(number, sa.literal_column(str(per_second), sa.BigInteger()))


def not_before(column: Column, raw: Expression, at: Expression) -> sa.ColumnElement[bool]:
    """Return whether a row is of this moment or later, by the raw column: an index or a sort key serves it."""
    return _time(column, raw) >= at


def before(column: Column, raw: Expression, at: Expression) -> sa.ColumnElement[bool]:
    """Return whether a row is older than a moment, by the raw column."""
    return _time(column, raw) < at


def bound(column: Column, name: str, at: dt.datetime) -> Expression:
    """Return a moment in the column's own terms: aware, or naive in the zone that naive times are in."""
    if column.clock in PER_SECOND:
        number = round(at.timestamp() * PER_SECOND[column.clock])
        return sa.bindparam(name, number, sa.BigInteger())
    return db.at(sa.bindparam(name, at, db.clock_type(aware=column.aware)))


def filed_since(column: Column, raw: Expression, moment: dt.datetime) -> sa.ColumnElement[bool]:
    """Return whether a row lies under the day of a moment or a later one; a day of slack, for days of any zone."""
    day = moment.astimezone(dt.UTC).date() - dt.timedelta(days=1)
    if column.type == "string":
        return raw >= sa.bindparam("day", day.isoformat(), sa.Text())
    if column.aware:
        midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
        return raw >= db.at(sa.bindparam("day", midnight, db.clock_type(aware=True)))
    return raw >= sa.bindparam("day", day, sa.Date())


def _time(column: Column, raw: Expression) -> Expression:
    return db.moment(raw) if column.clock == "text" else raw
