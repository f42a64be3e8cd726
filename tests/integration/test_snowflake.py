"""Does Snowflake say what plain Python says of the same messages? It is fakesnow here: DuckDB behind its protocol."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa
from contract.samples import distinct, facts, mixed, rows, typed
from contract.worlds import ORDER, PLAN, TYPES, asked, name, order, value
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from servers.snowflake import snowflake

from checks.base import Measure, Stat
from monitor.errors import StoreError
from monitor.stores.base import StoreSettings
from monitor.stores.layouts.segment import slug
from monitor.stores.sql import SqlStore, open_store
from monitor.testing.store import MemoryStore, Row

MESSAGE = ("id", "user_id", "anonymous_id", "received_at", "uuid_ts", "occurred_at", "app_version")
TIMES = ("received_at", "uuid_ts", "occurred_at")
SEGMENT = {"occurred_at": "timestamp", "app_version": "context_app_version"}


def without_dollars(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return the values without the sign that fakesnow, but not Snowflake, takes for a variable inside a text too."""
    return values.map(lambda value: value.replace("$", "¢") if isinstance(value, str) else value)


DRAWN = {name: without_dollars(values) for name, values in typed.items()}
MIXED = dict.fromkeys(typed, without_dollars(mixed))


@dataclass(frozen=True)
class Server:
    """A Snowflake of one database."""

    url: str

    def execute(self, statement: str, values: Mapping[str, Any] | None = None) -> None:
        engine = plainly(sa.create_engine(self.url, poolclass=sa.NullPool))
        with engine.begin() as connection:
            connection.execute(sa.text(statement), values or {})

    def store(self, **changes: Any) -> SqlStore:
        store = open_store(StoreSettings(url=self.url, **changes), PLAN)
        plainly(store._engine)
        return store

    def table(self, place: str, columns: Mapping[str, str], rows: list[Mapping[str, Any]]) -> None:
        """Make a table; names are written as people write them, so that Snowflake keeps them in capitals."""
        self.execute(f"CREATE TABLE {place} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})")
        values = {f"v{n}_{i}": row[column] for n, row in enumerate(rows) for i, column in enumerate(columns)}
        said = [
            [f"PARSE_JSON(:v{n}_{i})" if kind == "VARIANT" else f":v{n}_{i}" for i, kind in enumerate(columns.values())]
            for n in range(len(rows))
        ]
        selects = (f"SELECT {', '.join(each)}" for each in said)
        if rows:
            self.execute(f"INSERT INTO {place} {' UNION ALL '.join(selects)}", values)


def plainly(engine: sa.Engine) -> sa.Engine:
    """Let an engine speak HTTP without TLS: no URL can ask for that."""
    sa.event.listen(engine, "do_connect", lambda _dialect, _record, _given, named: named.update(protocol="http"))
    return engine


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with snowflake(tmp_path_factory.mktemp("snowflake")) as port:
        made = Server(f"snowflake://u:p@127.0.0.1:{port}/events/public?account=trackwatch")
        made.execute("CREATE DATABASE IF NOT EXISTS events")
        yield made


def flat(row: Row) -> dict[str, Any]:
    base = {field: getattr(row, field, None) for field in MESSAGE}
    base |= {"uuid_ts": row.loaded_at, "app_version": row.dimensions.get("app_version")}
    return base | {
        field: base[field] and base[field].astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ") for field in TIMES
    }


def kinds(names: Mapping[str, str]) -> dict[str, str]:
    return {names.get(field, field): "TIMESTAMP_NTZ" if field in TIMES else "VARCHAR" for field in MESSAGE}


def native(name: str) -> str:
    return {"total": "NUMBER(38, 0)", "rate": "FLOAT", "paid": "BOOLEAN"}.get(name, "VARCHAR")


def quoted(name: str) -> str:
    return name if name.isascii() else f'"{name}"'


def one_table(server: Server, given_rows: list[Row], *, wide: bool) -> SqlStore:
    place = name()
    server.execute(f"CREATE SCHEMA {place}")
    columns = {**kinds({}), "event": "VARCHAR", "source": "VARCHAR"}
    columns |= {quoted(prop): native(prop) for prop in TYPES} if wide else {"properties": "VARIANT"}

    def said(row: Row) -> dict[str, Any]:
        own = {quoted(prop): row.properties.get(prop) for prop in TYPES} if wide else {}
        return flat(row) | {"event": row.event, "source": row.source, "properties": json.dumps(row.properties)} | own

    server.table(f"{place}.events", columns, [said(row) for row in given_rows])
    return server.store(layout="events", table=f"{place}.events", columns={"loaded_at": "uuid_ts"})


def segment(server: Server, given_rows: list[Row]) -> SqlStore:
    schemas = {source: f"{name()}_{source}" for source in ("web", "ios")}
    for source, schema in schemas.items():
        server.execute(f"CREATE SCHEMA {schema}")
        for event in sorted({row.event for row in given_rows if row.source == source}):
            mine = [row for row in given_rows if (row.source, row.event) == (source, event)]
            used = [prop for prop in TYPES if any(row.properties.get(prop) is not None for row in mine)]
            columns = kinds(SEGMENT) | {slug(prop): native(prop) for prop in used}
            said = [
                {SEGMENT.get(field, field): each for field, each in flat(row).items()}
                | {slug(prop): row.properties.get(prop) for prop in used}
                for row in mine
            ]
            server.table(f"{schema}.{slug(event)}", columns, said)
    return server.store(layout="segment", sources=schemas)


LAYOUTS = {
    "segment": segment,
    "json": lambda server, rows: one_table(server, rows, wide=False),
    "wide": lambda server, rows: one_table(server, rows, wide=True),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@given(data=st.data())
@settings(max_examples=2, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_it_counts_what_plain_python_counts(server: Server, layout: str, data: st.DataObject) -> None:
    drawn = data.draw(rows(MIXED if layout == "json" else DRAWN, least=25))
    given_rows = [replace(row, sent_at=None) for row in drawn]  # no table here has a column for it
    given_rows.append(order(id="known", received_at=dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)))
    window = (dt.datetime(2026, 3, 27, 6, tzinfo=dt.UTC), dt.datetime(2026, 3, 30, 18, 30, tzinfo=dt.UTC))
    store = LAYOUTS[layout](server, given_rows)
    request = asked(zone="Europe/Berlin", window=window)
    measured, expected = store.measure(request), MemoryStore(given_rows).measure(request)
    store.close()
    assert measured.failures == ()
    assert facts(measured) == facts(expected)
    assert distinct(measured) == pytest.approx(distinct(expected), rel=0.34, abs=1)


def test_names_in_capitals_are_read_as_people_write_them(server: Server) -> None:
    store = segment(server, [order(properties={"total": 1})])
    assert store.catalog().events == {ORDER: frozenset({"web"})}
    assert store.catalog().properties(ORDER) == {"total"}
    store.close()


def test_one_statement_is_sent_for_each_table(server: Server) -> None:
    store, seen = segment(server, [order(), order(source="ios")]), []
    sa.event.listen(store._engine, "before_cursor_execute", lambda *call: seen.append(call[2]))
    store.catalog()
    measured = store.measure(asked(Measure(Stat.ROWS)))
    store.close()
    assert (len(seen), measured.statements, value(measured, "rows")) == (3, 2, 2)


def test_a_schema_that_is_not_there_is_a_sentence(server: Server) -> None:
    store = server.store(table="nowhere.events")
    with pytest.raises(StoreError, match="the store has no schema nowhere"):
        store.catalog()
    store.close()
