"""Does Spark, on a master with two workers, find in a data lake what DuckDB finds there?"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from contract.samples import distinct, facts, mixed, odd, rows, typed
from contract.worlds import PLAN, World, asked, name, order
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from servers.spark import WORKERS, cluster

from monitor.config import load_config
from monitor.decide import Verdict
from monitor.demo.faults import NOW
from monitor.demo.shop import build
from monitor.errors import StoreError
from monitor.history.memory import Memory
from monitor.pipeline import Installation, Result, run
from monitor.stores.base import StoreSettings
from monitor.stores.sql import SqlStore, open_store
from monitor.testing.store import MemoryStore

CONFIG = Path(__file__).parents[2] / "config" / "trackwatch.yml"
FOUR_WEEKS = dt.timedelta(weeks=4)  # eight would be read in twice as many statements
TABLES = {"server": ["order_completed", "gift_card_redeemed"], "android": ["product_added"]}
# to_json writes 3.0 as 3: in Spark they are one value
VALUES = mixed.filter(lambda value: not isinstance(value, float) or value != 3)


@dataclass(frozen=True)
class Spark:
    """A Thrift server, and what it said."""

    url: str
    log: Path

    def execute(self, *statements: str) -> None:
        engine = sa.create_engine(self.url.replace("spark:", "spark+thrift:"), poolclass=sa.NullPool)
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    folder = tmp_path_factory.mktemp("spark")
    with cluster(folder) as url:
        yield Spark(url, folder / "thrift.log")


@pytest.fixture(scope="module")
def lake(spark: Spark, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Lay the demo shop's tables out as Parquet by day, name them in Spark's catalogue, and return DuckDB's over it."""
    folder = tmp_path_factory.mktemp("lake")
    shop = build(folder / "shop.duckdb", rows=60_000).path
    with duckdb.connect(str(folder / "views.duckdb")) as connection:
        connection.execute(f"ATTACH '{shop}' AS shop (READ_ONLY)")
        for source, tables in TABLES.items():
            connection.execute(f"CREATE SCHEMA {source}")
            spark.execute(f"CREATE SCHEMA {source}")
            for table in tables:
                place = folder / source / table
                place.mkdir(parents=True)
                days = f"SELECT *, CAST(received_at AS DATE) AS day FROM shop.{source}_production.{table}"
                connection.execute(f"COPY ({days}) TO '{place}' (FORMAT parquet, PARTITION_BY day)")
                files = f"read_parquet('{place}/*/*.parquet', hive_partitioning = true)"
                connection.execute(f"CREATE VIEW {source}.{table} AS FROM {files}")
                spark.execute(
                    f"CREATE TABLE {source}.{table} USING parquet LOCATION 'file:{place}'",
                    f"ALTER TABLE {source}.{table} RECOVER PARTITIONS",
                )
    return f"duckdb:///{folder}/views.duckdb"


def ran(url: str, state: Path) -> Result:
    config = load_config(CONFIG, environ={})
    settings = replace(config.store.settings, url=url, partition="day", sources={source: source for source in TABLES})
    config = replace(config, store=replace(config.store, settings=settings, history=FOUR_WEEKS), channels={})
    store = open_store(settings, config.plan)
    try:
        return run(Installation(config, store, Memory(f"sqlite:///{state}", "production")), NOW)
    finally:
        store.close()


def judged(verdict: Verdict) -> tuple[object, ...]:
    found = verdict.finding
    place = (found.check, found.kind, found.event, found.property, found.source, found.bucket)
    return (*place, found.observed, found.expected, found.p_value, verdict.problem)


def test_a_run_over_a_data_lake_finds_what_duckdb_finds(spark: Spark, lake: str, tmp_path: Path) -> None:
    here, there = ran(lake, tmp_path / "duckdb.db"), ran(spark.url, tmp_path / "spark.db")
    assert here.reading
    assert there.reading
    assert (there.reading.failures, there.reading.statements) == ((), here.reading.statements)
    assert sorted(map(judged, there.verdicts), key=str) == sorted(map(judged, here.verdicts), key=str)
    assert {("missing", "stopped", "Gift Card Redeemed"), ("duplicates", "semantic", "Product Added")} <= {
        (verdict.finding.check, verdict.finding.kind, verdict.finding.event)
        for verdict in there.verdicts
        if verdict.problem
    }


def test_every_worker_has_an_executor(spark: Spark, lake: str) -> None:
    assert len(set(re.findall(r"Granted executor ID (\S+)", spark.log.read_text()))) == WORKERS


def moved(spark: Spark, world: World, folder: Path) -> StoreSettings:
    """Write what a world of DuckDB has just written as Parquet, and return how Spark finds it."""
    written = world.opened[-1]
    assert isinstance(written, SqlStore)
    found, schema = written._settings, name()
    world.close()
    file = folder / f"{schema}.parquet"
    with duckdb.connect(found.url.removeprefix("duckdb:///"), read_only=True) as connection:
        connection.execute(f"COPY (FROM {found.table}) TO '{file}' (FORMAT parquet)")
    spark.execute(f"CREATE SCHEMA {schema}", f"CREATE TABLE {schema}.events USING parquet LOCATION 'file:{file}'")
    return replace(found, url=spark.url, table=f"{schema}.events")


@pytest.mark.parametrize(("layout", "aware"), [("json", True), ("wide", False)])
@given(data=st.data())
@settings(max_examples=1, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_it_counts_what_plain_python_counts(
    spark: Spark, layout: str, aware: bool, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    given_rows = data.draw(rows(dict.fromkeys(typed, VALUES) if layout == "json" else typed | odd, least=80))
    given_rows.append(order(id="known", received_at=dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)))
    window = (dt.datetime(2026, 3, 27, 6, tzinfo=dt.UTC), dt.datetime(2026, 3, 30, 18, 30, tzinfo=dt.UTC))
    world = World("duckdb", layout, lambda: f"duckdb:///{folder}/rows.db", aware)
    world.store(given_rows)
    request = asked(zone="Europe/Berlin", window=window)
    store = open_store(moved(spark, world, folder), PLAN)
    measured, expected = store.measure(request), MemoryStore(given_rows).measure(request)
    store.close()
    assert measured.failures == ()
    assert facts(measured) == facts(expected)
    assert distinct(measured) == pytest.approx(distinct(expected), rel=0.34, abs=1)


@contextmanager
def opened(url: str, **changes: Any) -> Iterator[SqlStore]:
    store = open_store(StoreSettings(url=url, **changes), PLAN)
    yield store
    store.close()


def test_a_schema_that_is_not_there_is_a_sentence(spark: Spark) -> None:
    with opened(spark.url, table="nowhere.events") as store, pytest.raises(StoreError, match="has no schema nowhere"):
        store.catalog()


def test_what_is_wrong_is_said_in_spark_s_words(spark: Spark) -> None:
    with opened(spark.url) as store, store._engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as raised:
        connection.exec_driver_sql("SELECT nonsense")
    assert str(raised.value.orig).startswith("[UNRESOLVED_COLUMN")


def test_a_statement_is_stopped_at_the_timeout(spark: Spark) -> None:
    endless = "SELECT count(*) FROM range(1000000000000) WHERE rand() < 0.5"
    stopped = pytest.raises(sa.exc.DBAPIError, match="the statement timed out")
    with opened(spark.url, timeout=1.0) as store, store._engine.connect() as connection, stopped:
        connection.exec_driver_sql(endless)


def test_a_server_that_is_not_there_is_a_sentence() -> None:
    with opened("spark://127.0.0.1:1/default") as store, pytest.raises(StoreError, match="Could not connect"):
        store.catalog()
