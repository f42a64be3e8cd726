"""What happens when the database does not do what it promised a moment ago, is slow, or is odd?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
import sqlalchemy as sa
from contract.worlds import NOON, ODD, ORDER, World, asked, name, order, value, writing

from checks.base import EVERY, Measure, Rule, Stat
from monitor.errors import StoppedError, StoreError
from monitor.stores.base import StoreSettings
from monitor.stores.layouts.segment import slug

ROWS = asked(Measure(Stat.ROWS))
SERVERS = [("postgresql", "segment", False), ("mariadb", "segment", False)]
ONE_OF_EACH = [
    ("duckdb", "wide", False),
    ("postgresql", "wide", True),
    ("mariadb", "wide", False),
    ("sqlite", "wide", True),
    ("clickhouse", "wide", True),
]
SLOW = {  # a view that takes for ever
    "duckdb": "SELECT make_timestamp(CAST(hash(a.range, b.range) % 1000000 AS BIGINT)) AS received_at, 'e' AS event"
    " FROM range(1000000) a, range(1000000) b",
    "postgresql": "SELECT now() AS received_at, text 'e' AS event FROM pg_sleep(60)",
    "mariadb": "SELECT now(6) AS received_at, 'e' AS event WHERE sleep(60) = 0",
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 1000000000000)"
    " SELECT received_at, event FROM clock, n",
    "clickhouse": "SELECT toDateTime64('2026-03-03', 6) AS received_at, 'e' AS event"
    " FROM numbers(1000000000000) WHERE sipHash64(number) = 1",
}
each_server = pytest.mark.parametrize("world", SERVERS, ids=[engine for engine, *_ in SERVERS], indirect=True)
each_engine = pytest.mark.parametrize("world", ONE_OF_EACH, ids=[engine for engine, *_ in ONE_OF_EACH], indirect=True)


def slow(world: World, **changes: float) -> StoreSettings:
    url = world.url()
    with writing(url) as connection:
        schema = world.schema(connection, name())
        if world.engine == "sqlite":
            connection.exec_driver_sql("CREATE TABLE clock (received_at DATETIME, event TEXT)")
            connection.exec_driver_sql("INSERT INTO clock VALUES ('2026-03-03 12:00:00', 'e')")
        table = f"{schema}.events" if schema else "events"
        connection.exec_driver_sql(f"CREATE VIEW {table} AS {SLOW[world.engine]}")
    return replace(StoreSettings(url=url, table=table), **changes)


def said(world: World, sql: str, **values: str) -> None:
    """Say something to the database behind the store's back."""
    with writing(world.url()) as connection:
        quote = connection.dialect.identifier_preparer.quote_identifier
        connection.exec_driver_sql(sql.format(**{key: quote(text) for key, text in values.items()}))


@each_engine
def test_a_statement_that_takes_too_long_is_stopped(world: World) -> None:
    began = time.monotonic()
    with pytest.raises(StoreError):
        world.open(slow(world, timeout=1.0)).catalog()
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("world", ONE_OF_EACH[:-1], ids=[engine for engine, *_ in ONE_OF_EACH[:-1]], indirect=True)
def test_a_statement_is_taken_back_when_trackwatch_is_stopped(world: World) -> None:
    store = world.open(slow(world))
    threading.Timer(1.0, store.stop).start()
    began = time.monotonic()
    with pytest.raises(StoppedError):
        store.catalog()
    assert time.monotonic() - began < 20


@each_engine
def test_leaving_takes_back_what_is_being_asked(world: World) -> None:
    store = world.open(slow(world))
    with pytest.raises(SystemExit), store._engine.connect() as connection, store._guard.over(connection):
        raise SystemExit
    assert store._guard.stopped


@each_server
def test_a_table_dropped_after_introspection_is_one_failure(world: World) -> None:
    store = world.store([order(), order(event=ODD)])
    store.catalog()
    said(world, "DROP TABLE {schema}.{table}", schema=store._settings.sources["web"], table=slug(ODD))
    measured = store.measure(ROWS)
    assert [failure.events for failure in measured.failures] == [(ODD,)]
    assert value(measured, "rows") == 1


@each_server
def test_a_view_that_fails_is_one_failure(world: World) -> None:
    settings = world.store([order(), order(event=ODD)])._settings
    schema, odd = settings.sources["web"], slug(ODD)
    said(world, "CREATE VIEW {schema}.broken AS SELECT * FROM {schema}.{odd}", schema=schema, odd=odd)
    if world.engine == "mariadb":
        said(world, "DROP TABLE {schema}.{odd}", schema=schema, odd=odd)
    else:
        broken = "CREATE OR REPLACE VIEW {schema}.failing AS SELECT received_at, id, 1 / 0 AS total FROM {schema}.{odd}"
        said(world, broken, schema=schema, odd=odd)
    measured = world.open(settings).measure(asked(Measure(Stat.ROWS), Measure(Stat.NULLS, property=EVERY)))
    assert value(measured, "rows") == 1
    assert len(measured.failures) == (0 if world.engine == "mariadb" else 1)


@each_server
def test_a_role_that_may_only_read_is_enough_and_one_forbidden_table_of_fifty_is_one_failure(world: World) -> None:
    written = world.store([order(), *(order(event=f"Event {i}") for i in range(49))])._settings
    schema, role = written.sources["web"], name()
    read = "GRANT SELECT ON {schema}.{table} TO {role}"
    if world.engine == "postgresql":
        said(world, "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {role}", role=role, schema=schema)
        url = world.url().replace("postgres:@", f"{role}@")
    else:
        said(world, "CREATE USER {role}@'127.0.0.1'", role=role)
        url, read = world.url().replace("root@", f"{role}@").removesuffix("mysql"), read + "@'127.0.0.1'"
        # as a role that could see columns only would: the table is in its catalogue
        said(world, "GRANT INSERT ON {schema}.{table} TO {role}@'127.0.0.1'", schema=schema, table="event_7", role=role)
    for table in ["order_completed", *(f"event_{i}" for i in range(49) if i != 7)]:
        said(world, read, schema=schema, table=table, role=role)
    measured = world.open(replace(written, url=url, sources={"web": schema})).measure(ROWS)
    assert measured.rows == 49
    assert [(failure.table, "denied" in failure.reason) for failure in measured.failures] == [
        (f"{schema}.event_7", True)
    ]
    if world.engine == "mariadb":
        said(world, "DROP USER {role}@'127.0.0.1'", role=role)


KILL = {
    "postgresql": "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'trackwatch'"
    " AND query LIKE '%%{schema}%%'",
    "mariadb": "SELECT id FROM information_schema.processlist WHERE info LIKE '%%{schema}%%' AND id <> connection_id()",
}


def killing(world: World, schema: str, times: int) -> Callable[[], None]:
    """Return what cuts the connections that ask about a schema, up to so many times."""

    def run() -> None:
        left, until = times, time.monotonic() + 30
        while left and time.monotonic() < until:
            with writing(world.url()) as connection:
                found = connection.exec_driver_sql(KILL[world.engine].format(schema=schema)).scalars().all()
                if world.engine == "mariadb":
                    for number in found:
                        with suppress(sa.exc.DBAPIError):
                            connection.exec_driver_sql(f"KILL CONNECTION {number}")
                left -= 1 if (found if world.engine == "mariadb" else found[0]) else 0
            time.sleep(0.2)

    return run


@each_server
@pytest.mark.parametrize(("times", "rows"), [(1, 1), (2, 0)], ids=["once: tried again", "twice: a failure"])
def test_a_connection_lost_while_it_is_asked_is_tried_once_more(world: World, times: int, rows: int) -> None:
    settings = world.store([order()])._settings
    schema = settings.sources["web"]
    wait = "pg_sleep(2) AS w" if world.engine == "postgresql" else "(SELECT sleep(2) AS s) AS w"
    said(world, "CREATE TABLE {schema}.held AS SELECT * FROM {schema}.order_completed", schema=schema)
    said(world, "DROP TABLE {schema}.order_completed", schema=schema)
    columns = "SELECT h.* FROM {schema}.held h, " + wait
    columns += " WHERE w.s = 0" if world.engine == "mariadb" else ""
    said(world, "CREATE VIEW {schema}.order_completed AS " + columns, schema=schema)
    store = world.open(replace(settings, sources={"web": schema}))
    store.catalog()
    killer = threading.Thread(target=killing(world, schema, times))
    killer.start()
    measured = store.measure(asked(Measure(Stat.ROWS, ORDER)))
    killer.join()
    assert value(measured, "rows") == rows
    assert (ORDER in {event for failure in measured.failures for event in failure.events}) == (rows == 0)


def test_a_connection_that_was_lost_meanwhile_is_tried_once_more(postgres: World) -> None:
    store = postgres.store([order()])
    store.catalog()
    with writing(postgres.url()) as connection:
        mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'trackwatch'"
        connection.execute(sa.text(mine))
    assert store.measure(ROWS).rows == 1


@each_server
def test_a_column_that_changes_its_type_overnight_breaks_its_rule_from_then_on(world: World) -> None:
    settings = world.store([order(properties={"total": 7})])._settings
    wish = asked(Measure(Stat.MISTYPED, ORDER, "total", Rule("type", ("integer",))), Measure(Stat.ROWS))
    before = world.open(settings)
    assert value(before.measure(wish), "mistyped.type", "total") == 0
    change = "ALTER COLUMN total TYPE text USING 'seven'" if world.engine == "postgresql" else "MODIFY total LONGTEXT"
    said(world, "ALTER TABLE {schema}.order_completed " + change, schema=settings.sources["web"])
    said(world, "UPDATE {schema}.order_completed SET total = 'seven'", schema=settings.sources["web"])
    assert value(before.measure(wish), "rows") == 1  # what was introspected before is asked, and answers or fails
    assert value(world.open(settings).measure(wish), "mistyped.type", "total") == 1


@each_server
def test_the_zone_of_the_servers_own_clock_does_not_matter(world: World) -> None:
    store = world.store([order()])
    expected = store.measure(asked(Measure(Stat.ROWS, grain="hour"))).frame
    zone = "SET TIME ZONE 'Asia/Kolkata'" if world.engine == "postgresql" else "SET time_zone = '+05:30'"
    sa.event.listen(store._engine, "checkout", lambda driver, *_: driver.cursor().execute(zone))
    assert store.measure(asked(Measure(Stat.ROWS, grain="hour"))).frame.equals(expected)
    assert expected.bucket.tolist() == [NOON.replace(tzinfo=None)]
