"""Does a store with very many columns, very many tables, or none at all still answer, and soon?"""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from contract.worlds import NOON, World, asked, name, value, writing

from checks.base import EVERY, Measure, Stat
from monitor.stores.base import StoreSettings

COLUMNS = {
    "duckdb": 2000,
    "postgresql": 1500,
    "mariadb": 900,
    "sqlite": 1990,
    "clickhouse": 1000,
}  # about what they hold; ClickHouse plans more for a minute
WIDE = [(engine, "wide", engine not in ("duckdb", "mariadb")) for engine in COLUMNS]
wide = pytest.mark.parametrize("world", WIDE, ids=list(COLUMNS), indirect=True)
FULL = [Measure(Stat.ROWS), Measure(Stat.SURPLUS)]
FULL += [Measure(stat, property=EVERY) for stat in (Stat.NULLS, Stat.FINGERPRINT, Stat.DISTINCT)]


def spelt(world: World, columns: int) -> str:
    """Return the definition of a table of many columns."""
    time_type = {"duckdb": "TIMESTAMP", "postgresql": "TIMESTAMPTZ", "mariadb": "DATETIME", "sqlite": "DATETIME"}
    number = {"clickhouse": "Nullable(Int64)"}.get(world.engine, "BIGINT")
    many = "".join(f", p{i} {number}" for i in range(columns))
    at = time_type.get(world.engine, "DateTime64(6)")
    text = "String" if world.engine == "clickhouse" else "VARCHAR(99)"
    return f"(received_at {at}, event {text}{many})" + (" ENGINE = Memory" if world.engine == "clickhouse" else "")


@wide
def test_two_thousand_columns_are_measured_whole(world: World) -> None:
    columns, url = COLUMNS[world.engine], world.url()
    with writing(url) as connection:
        schema = world.schema(connection, name())
        table = f"{schema}.events" if schema else "events"
        connection.exec_driver_sql(f"CREATE TABLE {table} {spelt(world, columns)}")
        at = NOON.strftime("%Y-%m-%d %H:%M:%S") + ("+00:00" if world.engine == "postgresql" else "")
        insert = f"INSERT INTO {table} (received_at, event, p0, p{columns - 1}) VALUES ('{at}', 'e', 1, 2)"
        connection.exec_driver_sql(insert)
        connection.exec_driver_sql(insert)
    measured = world.open(StoreSettings(url=url, table=table)).measure(asked(*FULL))
    assert measured.failures == ()
    assert (measured.rows, value(measured, "surplus", event="e")) == (2, 1)
    nulls = measured.frame[measured.frame.measure == "nulls"]
    assert (len(nulls), nulls.value.min()) == (columns - 2, 2)


def test_a_thousand_tables_are_one_look_at_the_catalogue_and_one_statement_each(tmp_path_factory) -> None:
    url = f"duckdb:///{tmp_path_factory.mktemp('many')}/many.duckdb"
    world = World("duckdb", "segment", lambda: url, aware=False)
    with writing(url) as connection:
        connection.exec_driver_sql("CREATE SCHEMA web")
        for number in range(1000):
            connection.exec_driver_sql(
                f"CREATE TABLE web.event_{number} (received_at TIMESTAMP, id VARCHAR, total BIGINT)"
            )
        connection.exec_driver_sql("INSERT INTO web.event_7 VALUES ('2026-03-03 12:00:00', 'a', 1)")
    store = world.open(StoreSettings(url=url, layout="segment", sources={"web": "web"}))
    seen: list[str] = []
    sa.event.listen(store._engine, "before_cursor_execute", lambda *call: seen.append(call[2]))
    assert len(store.catalog().events) == 1000
    assert len(seen) == 1
    measured = store.measure(asked(Measure(Stat.ROWS)))
    world.close()
    assert (measured.statements, measured.rows, measured.failures) == (1000, 1, ())


@pytest.mark.parametrize(
    "world",
    [("duckdb", "segment", False), ("postgresql", "segment", False), ("mariadb", "segment", False)],
    indirect=True,
)
def test_an_empty_schema_holds_no_events(world: World) -> None:
    store = world.store([])
    assert store.catalog().events == {}
    assert store.measure(asked(*FULL)).failures == ()
