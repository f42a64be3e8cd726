"""Which keys does each of two sides have, and which does the other lack?

Sides that lie in one database are put side by side in one statement: rows of both, grouped by
their key. Of sides in two databases each is asked for hashes of its keys, which are compared here
and forgotten. Either way only numbers are kept.

A key belongs to the day in which the wait for its twin is over: what is counted of a day does not
change when the day is measured again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from monitor.errors import StoreError
from monitor.stores import constructs as db
from monitor.stores import rules
from monitor.stores.buckets import Cut
from monitor.stores.dialects.base import Dialect
from monitor.stores.rows import Rows, number
from monitor.stores.table import Constant, EventTable

MOST = 2_000_000  # keys of one side that are compared at a time: 24 MB
AT_A_TIME = 50_000  # rows that are fetched
HEX = 16  # digits of a hash
NOWHERE = -1  # the day of a key that a side lacks

Days = NDArray[np.int64]
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The rows of one event in some tables of one database, and what tells them apart."""

    tables: tuple[EventTable, ...]
    event: str
    key: str  # a property, or a neutral field such as id
    sources: tuple[str, ...] = ()  # none: all
    where: Mapping[str, str] = field(default_factory=dict)
    cut: Cut
    wait: dt.timedelta

    def keys(self, dialect: Dialect) -> sa.Subquery:
        """Return the statement for key `k` and day `b` of each row."""
        return sa.union_all(*(self._of(table, dialect) for table in self.tables)).subquery()

    def _of(self, table: EventTable, dialect: Dialect) -> sa.Select[Any]:
        rows = Rows(table, self.cut, 0, dialect)
        day = rows.bucket(rows.seconds + number(round(self.wait.total_seconds())), "day").label("b")
        read = sa.select(day).where(rows.window, *self._meant(rows))
        name = table.properties.get(self.key) or table.fields.get(self.key)
        if name or table.bag is None:
            key = rows.text(name or self.key)
            return read.add_columns(key.label("k")).where(key.is_not(None)).select_from(rows.table)
        opened = dialect.opened(read.select_from(rows.table), rows.column(table.bag))
        value = rules.JsonValue.of(opened.value)
        members = sa.select(
            opened.rows.c.b.label("b"), opened.key.label("name"), value.raw.label("raw"), value.kind.label("kind")
        ).subquery()
        mine = sa.and_(members.c.name == sa.literal(self.key, db.Name()), members.c.kind != "null")
        return sa.select(members.c.b, db.exact(db.text(db.json_text(members.c.raw))).label("k")).where(mine)

    def _meant(self, rows: Rows) -> Iterable[sa.ColumnElement[bool]]:
        if not isinstance(rows.layout.event, Constant):
            yield rows.event == sa.literal(self.event, db.Name())
        if self.sources and not isinstance(rows.layout.source, Constant):
            yield rows.source.in_([sa.literal(source, db.Name()) for source in self.sources])
        yield from rows.equal(self.where)


def side_by_side(here: Side, there: Side, dialect: Dialect) -> sa.Select[Any]:
    """Return the statement for the days of a key here and there, and how many keys have them; null where it is not."""
    sides = [side.keys(dialect) for side in (here, there)]
    both = sa.union_all(
        *(sa.select(number(i).label("side"), each.c.k, each.c.b) for i, each in enumerate(sides))
    ).subquery("u")
    days = [sa.func.min(sa.case((both.c.side == number(i), both.c.b))).label(name) for i, name in enumerate("ht")]
    keys = sa.select(*days).group_by(both.c.k).subquery("g")
    return sa.select(keys.c.h, keys.c.t, sa.func.count().label("n")).group_by(keys.c.h, keys.c.t)


def hashed(side: Side, dialect: Dialect, sample: float = 1.0) -> sa.Select[Any]:
    """Return the statement for the hash of each key and its first day; of a sample, those of the smallest hashes."""
    read = side.keys(dialect)
    keys = sa.select(db.key_hash(read.c.k).label("k"), read.c.b).subquery("h")
    asked = sa.select(keys.c.k, sa.func.min(keys.c.b).label("b")).group_by(keys.c.k).limit(MOST + 1)
    if sample < 1:
        asked = asked.where(keys.c.k < sa.literal(f"{int(sample * 2**64):016x}", sa.Text()))
    return asked


def fetch_hashes(connection: sa.Connection, statement: sa.Select[Any]) -> tuple[Hashes, Days]:
    """Return the hashes of a side in order, and their days.

    Raises:
        StoreError: there are more than can be compared at a time.
    """
    hashes, days, fetched = [np.empty(0, np.uint64)], [np.empty(0, np.int64)], 0
    answer = connection.execute(statement, execution_options={"yield_per": AT_A_TIME})
    for part in answer.partitions():
        fetched += len(part)
        if fetched > MOST:
            raise StoreError(f"more than {MOST:,} keys at a time; compare a sample of them, such as sample: 10%")
        texts = "".join(_text(row[0]) for row in part)
        hashes.append(np.frombuffer(bytes.fromhex(texts), ">u8").astype(np.uint64))
        days.append(np.array([row[1] for row in part], np.int64))
    found, at = np.concatenate(hashes), np.concatenate(days)
    order = np.argsort(found)
    return found[order], at[order]


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


Pair = tuple[int | None, int | None, float]  # days of keys here and there, and how many keys


def pairs_of(here: tuple[Hashes, Days], there: tuple[Hashes, Days]) -> list[Pair]:
    """Return the days of keys here and there, and how many keys have them, as `side_by_side` does.

    >>> mine, theirs = np.array([1, 2, 3], np.uint64), np.array([2, 9], np.uint64)
    >>> pairs_of((mine, np.array([7, 7, 8])), (theirs, np.array([7, 8])))
    [(None, 8, 1), (7, None, 1), (7, 7, 1), (8, None, 1)]
    """
    keys = np.union1d(here[0], there[0])
    if not len(keys):
        return []
    days = [_placed(keys, side) for side in (here, there)]
    found, counts = np.unique(np.stack(days), axis=1, return_counts=True)
    return [
        (None if h == NOWHERE else h, None if t == NOWHERE else t, n)
        for (h, t), n in zip(found.T.tolist(), counts.tolist(), strict=True)
    ]


def _placed(keys: Hashes, side: tuple[Hashes, Days]) -> Days:
    days = np.full(len(keys), NOWHERE, np.int64)
    days[np.searchsorted(keys, side[0])] = side[1]
    return days


@dataclass(frozen=True, slots=True)
class Matched:
    """The keys of each day on both sides, and those that the other side lacks; days are numbers of buckets."""

    keys: Mapping[int, float]
    unmatched: Mapping[int, float]
    there: Mapping[int, float]
    unknown: Mapping[int, float]

    @classmethod
    def of(cls, pairs: Iterable[Sequence[Any]]) -> Matched:
        """Count what `side_by_side` or `pairs_of` found."""
        found = cls({}, {}, {}, {})
        for here, there, n in pairs:
            _add(found.keys, here, n)
            _add(found.there, there, n)
            if there is None:
                _add(found.unmatched, here, n)
            if here is None:
                _add(found.unknown, there, n)
        return found


def _add(counts: Any, day: float | None, n: float) -> None:
    if day is not None:
        counts[int(day)] = counts.get(int(day), 0.0) + float(n)
