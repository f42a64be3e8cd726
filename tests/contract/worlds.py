"""Into which engines and layouts can a test write rows, and open a store over them?"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects.postgresql import JSONB

from checks.base import Measure, Rule, Stat
from checks.plan import Plan, PlannedEvent, PlannedProperty
from monitor.stores.base import Measured, Request, Store, StoreSettings
from monitor.stores.dialects import SCHEMES
from monitor.stores.layouts.segment import slug
from monitor.stores.sql import open_store
from monitor.testing.store import Row

TYPES: dict[str, Any] = {"total": sa.BigInteger(), "rate": sa.Double(), "paid": sa.Boolean(), "Note ✎": sa.Text()}
JSON = sa.JSON().with_variant(JSONB(), "postgresql").with_variant(sa.Text(), "clickhousedb")
WORLDS = [  # engine, layout, whether its times carry a zone
    ("duckdb", "segment", False),
    ("duckdb", "json", True),
    ("duckdb", "wide", False),
    ("postgresql", "segment", False),
    ("postgresql", "json", True),
    ("postgresql", "wide", True),
    ("mariadb", "segment", False),
    ("mariadb", "json", True),
    ("mariadb", "wide", False),
    ("sqlite", "json", True),
    ("sqlite", "wide", True),
    ("clickhouse", "segment", True),
    ("clickhouse", "json", True),
    ("clickhouse", "wide", True),
]
ORDER, ODD = "Order Completed", 'Odd "Name"; DROP TABLE x -- 🎉'
NAMES: Mapping[str, Any] = {"total": "integer", "rate": "number", "paid": "boolean", "Note ✎": "string"}
PROPERTIES = {name: PlannedProperty(name=name, type=kind) for name, kind in NAMES.items()}
PLAN = Plan(events={name: PlannedEvent(name=name, properties=PROPERTIES) for name in (ORDER, ODD)})
NOON = dt.datetime(2026, 3, 3, 12, tzinfo=dt.UTC)
WEEK = (NOON - dt.timedelta(days=4), NOON + dt.timedelta(days=3))
RULES = {
    "total": [Rule("type", ("integer",)), Rule("range", (0, 10))],
    "rate": [Rule("type", ("number",)), Rule("range", (None, 0.5))],
    "paid": [Rule("type", ("boolean",))],
    "Note ✎": [
        *(Rule("type", ("string",)), Rule("enum", ("a", 'q"; --', "é🎉")), Rule("pattern", ("^[a-z]",))),
        *(Rule("format", ("^[0-9a-f]+$",)), Rule("length", (1, 2))),
    ],
}
OF_VALUES = (Stat.NULLS, Stat.FINGERPRINT, Stat.DISTINCT, Stat.LOWEST, Stat.HIGHEST, Stat.SIZES)
_numbers = itertools.count()


def name() -> str:
    """Return a name that nobody else on the server has."""
    return f"t{os.getpid()}_{next(_numbers)}"


@dataclass(frozen=True)
class World:
    """An engine and a layout into which rows can be written."""

    engine: str
    layout: str  # segment | json | wide
    url: Callable[[], str]
    aware: bool
    opened: list[Store] = field(default_factory=list)
    schemas: list[str] = field(default_factory=list)

    @property
    def odd(self) -> bool:
        """Whether its numbers may be NaN or infinite."""
        return self.engine not in ("mariadb", "sqlite")

    @property
    def occurred(self) -> str:
        return "timestamp" if self.layout == "segment" else "occurred_at"

    @property
    def version(self) -> str:
        return "context_app_version" if self.layout == "segment" else "app_version"

    def store(self, rows: Iterable[Row], plan: Plan = PLAN, **changes: Any) -> Store:
        url = self.url()
        with writing(url) as connection:
            found = write(connection, self, list(rows), name())
        return self.open(replace(StoreSettings(url=url, **found), **changes), plan)

    def open(self, settings: StoreSettings, plan: Plan = PLAN) -> Store:
        self.opened.append(open_store(settings, plan))
        return self.opened[-1]

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()
        if self.engine == "mariadb" and self.schemas:  # a server of everybody's is left as it was
            with writing(self.url()) as connection:
                while self.schemas:
                    connection.execute(sa.schema.DropSchema(self.schemas.pop()))

    def schema(self, connection: sa.Connection, wanted: str) -> str | None:
        if self.engine == "sqlite":
            return None  # one file is one schema
        connection.execute(sa.schema.CreateSchema(wanted))
        self.schemas.append(wanted)
        return wanted


@contextmanager
def writing(url: str) -> Iterator[sa.Connection]:
    found = sa.make_url(url)
    engine = sa.create_engine(found.set(drivername=SCHEMES[found.drivername]), poolclass=sa.NullPool)
    with engine.begin() as connection:
        yield connection


def write(connection: sa.Connection, world: World, rows: list[Row], prefix: str) -> dict[str, Any]:
    """Write rows as the layout wants them; return what settings find them by."""
    times = sa.DateTime(timezone=world.aware)
    exact = mysql.TIMESTAMP(fsp=6) if world.aware else mysql.DATETIME(fsp=6)
    times = times.with_variant(exact, "mariadb")
    columns = {
        "id": sa.Text(),
        "user_id": sa.Text(),
        "anonymous_id": sa.Text(),
        "received_at": times,
        "uuid_ts": times,
        "sent_at": times,
    }
    columns |= {world.occurred: times, world.version: sa.Text()}
    if world.layout == "segment":
        schemas = {source: world.schema(connection, f"{prefix}_{source}") for source in ("web", "ios")}
        for source, event in sorted({(row.source, row.event) for row in rows}):
            mine = [row for row in rows if (row.source, row.event) == (source, event)]
            used = {name: TYPES[name] for name in TYPES if any(row.properties.get(name) is not None for row in mine)}
            table(connection, schemas[source], slug(event), {**columns, **{slug(n): t for n, t in used.items()}})
            insert(connection, schemas[source], slug(event), [flat(row, world, slug) for row in mine], columns)
        return {"layout": "segment", "sources": schemas}
    columns |= {"event": sa.Text(), "source": sa.Text()}
    columns |= TYPES if world.layout == "wide" else {"properties": JSON}
    schema = world.schema(connection, prefix)
    table(connection, schema, "events", columns)
    insert(connection, schema, "events", [flat(row, world, str) for row in rows], columns)
    return {
        "layout": "events",
        "table": f"{schema}.events" if schema else "events",
        "columns": {"loaded_at": "uuid_ts"},
    }


def table(connection: sa.Connection, schema: str | None, name: str, columns: Mapping[str, Any]) -> None:
    if connection.dialect.name == "clickhousedb":
        clickhouse_table(connection, f"{schema}.{name}", columns)
        return
    made = sa.Table(name, sa.MetaData(), *(sa.Column(n, t, nullable=True) for n, t in columns.items()), schema=schema)
    connection.execute(sa.schema.CreateTable(made))


def clickhouse_table(connection: sa.Connection, name: str, columns: Mapping[str, Any]) -> None:
    native = {sa.Text: "String", sa.BigInteger: "Int64", sa.Double: "Float64", sa.Boolean: "Bool", sa.JSON: "String"}
    native[sa.DateTime] = "DateTime64(6)"
    listed = ", ".join(f"`{column}` Nullable({native[type(kind)]})" for column, kind in columns.items())
    connection.exec_driver_sql(f"CREATE TABLE {name} ({listed}) ENGINE = MergeTree ORDER BY tuple()")


def insert(
    connection: sa.Connection, schema: str | None, name: str, rows: Sequence[dict[str, Any]], types: Any
) -> None:
    for row in rows:
        columns = [sa.column(column, types.get(column, sa.types.NULLTYPE)) for column in row]
        connection.execute(sa.table(name, *columns, schema=schema).insert(), row)


def flat(row: Row, world: World, spell: Callable[[str], str]) -> dict[str, Any]:
    def at(time: dt.datetime | None) -> dt.datetime | None:
        if time is None:
            return None
        return time if world.aware else time.astimezone(dt.UTC).replace(tzinfo=None)

    base = {"id": row.id, "user_id": row.user_id, "anonymous_id": row.anonymous_id}
    base |= {"received_at": at(row.received_at), "uuid_ts": at(row.loaded_at), world.occurred: at(row.occurred_at)}
    base["sent_at"] = at(row.sent_at)
    base[world.version] = row.dimensions.get("app_version")
    if world.layout == "segment":
        return base | {spell(name): value for name, value in row.properties.items() if value is not None}
    base |= {"event": row.event, "source": row.source}
    if world.layout == "wide":
        return base | {name: row.properties.get(name) for name in TYPES}
    properties = dict(row.properties)
    return base | {"properties": json.dumps(properties) if world.engine == "clickhouse" else properties}


def order(minutes: float = 0, **fields: Any) -> Row:
    return Row(**{"event": ORDER, "received_at": NOON + dt.timedelta(minutes=minutes), "id": f"m{minutes}", **fields})


def everything(*events: str) -> tuple[Measure, ...]:
    plain = [Measure(stat, grain=g) for stat in (Stat.ROWS, Stat.RECEIVED, Stat.LOADED) for g in ("hour", "day")]
    plain += [Measure(stat) for stat in (Stat.IDS, Stat.SURPLUS, Stat.REPEATS, Stat.DELAYS, Stat.LAGS, Stat.SKEWS)]
    plain += [Measure(Stat.ROWS, grain=g, by=d) for g in ("hour", "day") for d in ("app_version", "identity", "links")]
    for event, name in itertools.product(events, NAMES):
        plain += [Measure(stat, event, name) for stat in OF_VALUES]
        plain += [Measure(Stat.MISTYPED if r.kind == "type" else Stat.OUTSIDE, event, name, r) for r in RULES[name]]
    return tuple(plain)


def asked(*measures: Measure, zone: str = "UTC", window: tuple[dt.datetime, dt.datetime] = WEEK) -> Request:
    return Request(measures or everything(ORDER, ODD), *window, zone)


def value(measured: Measured, measure: str, prop: str = "", event: str = ORDER) -> float:
    frame = measured.frame
    return float(frame[(frame.measure == measure) & (frame.property == prop) & (frame.event == event)].value.sum())
