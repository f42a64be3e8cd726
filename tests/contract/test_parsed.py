"""Is the SQL for databases that no test can run at least SQL of theirs? A parser reads it; no server has seen it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
import sqlglot
from contract.worlds import ODD, ORDER, asked, everything
from sqlglot import expressions as exp

from checks.base import EVERY, Measure, Stat
from monitor.stores.base import StoreSettings
from monitor.stores.dialects import DIALECTS
from monitor.stores.query import build
from monitor.stores.table import Column, Constant, EventTable, TableName
from monitor.stores.texts import STATS

FORMS = [Measure(stat, property=EVERY) for stat in (*sorted(STATS), Stat.VALUES)]
FORMS += [Measure(Stat.CROWDS), Measure(Stat.SPREADS, ORDER), Measure(Stat.SKEWS)]
URLS = {
    "bigquery": "bigquery://project/dataset",
    "databricks": "databricks://token:t@host?http_path=/sql&catalog=c&schema=s",
    "redshift": "redshift+redshift_connector://u:p@host:5439/db",
    "snowflake": "snowflake://u:p@account/db/schema",
    "spark": "spark+thrift://host:10000/default",
    "trino": "trino://u@host:8080/catalog/schema",
}
MESSAGE = {
    name: Column(name, kind, aware)  # type: ignore[arg-type]
    for name, kind, aware in [
        ("id", "string", False),
        ("event", "string", False),
        ("source", "integer", False),
        ("user_id", "string", False),
        ("received_at", "datetime", True),
        ("loaded_at", "datetime", False),
    ]
}
WIDE = {
    "total": Column("total", "integer"),
    "rate": Column("rate", "number"),
    "paid": Column("paid", "boolean"),
    "Note ✎": Column("Note ✎", "string"),
    "items": Column("items", "array"),
    "more": Column("more", "json"),
}
FIELDS = {name: name for name in ("id", "user_id", "loaded_at")}


def table(properties: dict[str, Column], bag: Column | None = None) -> EventTable:
    columns = MESSAGE | properties | ({bag.name: bag} if bag else {})
    return EventTable(
        table=TableName("analytics", "events"),
        columns=columns,
        event="event",
        source="source",
        time="received_at",
        fields=FIELDS,
        properties={name: name for name in properties},
        bag=bag.name if bag else None,
    )


TABLES = {
    "a column for each property": table(WIDE),
    "properties in a JSON column": table({}, Column("properties", "json")),
    "properties in JSON text": table({}, Column("properties", "string")),
    "a table for one event": EventTable(
        table=TableName("web", "order_completed"),
        columns=MESSAGE | WIDE,
        event=Constant(ORDER),
        source=Constant("web"),
        time="received_at",
        fields=FIELDS,
        properties={name: name for name in WIDE},
    ),
}


def compiled(dialect: str, shape: str) -> str:
    engine = sa.make_url(URLS[dialect]).get_dialect()
    request = asked(*everything(ORDER, ODD), *FORMS, zone="Europe/Berlin")
    query = build(TABLES[shape], request, StoreSettings(url=""), request.measures, DIALECTS[dialect])
    assert query
    spoken = engine(paramstyle="pyformat") if dialect == "snowflake" else engine()
    return str(query.statement.compile(dialect=spoken, compile_kwargs={"literal_binds": True})).replace("%%", "%")


@pytest.mark.parametrize("shape", TABLES)
@pytest.mark.parametrize("dialect", URLS)
def test_the_statement_is_one_select_of_the_database(dialect: str, shape: str) -> None:
    statements = sqlglot.parse(compiled(dialect, shape), dialect=dialect)
    assert [type(statement) for statement in statements] == [exp.Union]
    read = {found.name for found in statements[0].find_all(exp.Table) if found.db}
    assert read == {TABLES[shape].table.name}


@pytest.mark.parametrize(
    ("dialect", "trap"),
    [
        pytest.param("redshift", "AS TEXT", id="Redshift's TEXT has 256 bytes"),
        pytest.param("redshift", "(VALUES", id="Redshift has no VALUES in FROM"),
        pytest.param("bigquery", "(VALUES", id="nor has BigQuery"),
        pytest.param("bigquery", "DATETIME '2026-02-27 12:00:00+00:00'", id="BigQuery compares no TIMESTAMP with it"),
        pytest.param("spark", "AS FLOAT", id="Spark's FLOAT has 32 bits"),
        pytest.param("databricks", "AS FLOAT", id="so has Databricks's"),
        pytest.param("trino", "AS FLOAT", id="Trino has no FLOAT"),
    ],
)
def test_what_looks_right_and_is_not_is_not_said(dialect: str, trap: str) -> None:
    assert [shape for shape in TABLES if trap in compiled(dialect, shape)] == []


def test_every_database_that_no_test_runs_is_parsed() -> None:
    untried = {dialect.name for dialect in DIALECTS.values() if not dialect.tried}
    assert untried == {"bigquery", "databricks", "redshift", "trino", "mysql"}
    assert untried - {"mysql"} <= URLS.keys()  # MariaDB runs what MySQL is told
