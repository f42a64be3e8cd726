"""How many users share a device, and how many devices a user?

Of each bucket: rows are first put together by user and device, then the pairs by the one of them, so that
what is counted is pairs, not rows. Users and devices are hashes of 64 bits by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from checks.base import Grain, Stat
from checks.bins import SIZES
from monitor.stores import constructs as db
from monitor.stores.binned import binned
from monitor.stores.rows import Cell, Expression, Part, Rows, grouped

PAIRS: Mapping[Stat, tuple[str, str]] = {  # of whom, and what is counted
    Stat.CROWDS: ("anonymous_id", "user_id"),
    Stat.SPREADS: ("user_id", "anonymous_id"),
}


def parts(rows: Rows, cell: Cell, grain: Grain) -> Iterator[Part]:
    """Yield the part that counts rows by how many users their device has, or devices their user; none without both."""
    whose, counted = (rows.field(name) for name in PAIRS[cell.measure.stat])
    if whose is None or counted is None:
        return
    keys = rows.keys(grain)
    where = [rows.window, whose.is_not(None), counted.is_not(None)]
    if cell.events:
        where.append(rows.event.in_(sorted(cell.events)))
    read = sa.select(*keys, db.digest(whose).label("a"), db.digest(counted).label("b")).where(*where).subquery("r")
    place: list[Expression] = [read.c.source, read.c.event, read.c.bucket, read.c.a]
    pairs = sa.select(*place, read.c.b, sa.func.count().label("n")).group_by(*place, read.c.b).subquery("p")
    one: list[Expression] = [pairs.c.source, pairs.c.event, pairs.c.bucket, pairs.c.a]
    amounts = (sa.func.count().label("v"), sa.func.sum(pairs.c.n).label("n"))
    crowd = sa.select(*one, *amounts).group_by(*one).subquery("q")
    found = sa.select(*crowd.c, binned(SIZES, whole=True).label("label")).subquery("b")
    total = sa.cast(sa.func.sum(found.c.n), sa.BigInteger)
    yield Part(grain, (cell,), grouped(found, [total], label=found.c.label), labels=SIZES.labels())
