"""Which columns do queries read, wherever they lie and however they are written?"""

from __future__ import annotations

import datetime as dt
import json

import duckdb
import pytest
import sqlalchemy as sa

from checks.plan import Plan, PlannedEvent
from monitor.config import UsageConfig
from monitor.errors import StoreError
from monitor.stores.base import StoreSettings
from monitor.stores.opening import open_store
from monitor.usage.jinja import rendered
from monitor.usage.projects import in_dbt, in_folder
from monitor.usage.reading import read
from monitor.usage.statements import Audience, Text, parse
from monitor.usage.survey import Survey, survey

ORDERS, USERS = ("web", "orders"), ("web", "users")
TABLES = {
    ORDERS: frozenset({"order_id", "total", "coupon", "user_id", "at", "properties"}),
    USERS: frozenset({"user_id", "email"}),
}
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def read_of(*texts: Text | str, dialect: str = "duckdb", table=ORDERS) -> set[str]:
    """Return the columns that queries read of a table; a member of a JSON column as column.member."""
    named = [text if isinstance(text, Text) else Text("query", text) for text in texts]
    parsed = parse(named, dialect)
    assert parsed.unread == ()
    found, unread = read(parsed.queries, TABLES)
    assert unread == []
    wishes = [wish for each in found if each.table == table for wish in each.wishes]
    return {column if member is None else f"{column}.{member}" for column, member in wishes}


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        pytest.param(
            "select order_id, sum(total) from web.orders group by 1", {"order_id", "total"}, id="columns by name"
        ),
        pytest.param("select count(*) from web.orders where coupon > ''", {"coupon"}, id="a filter"),
        pytest.param("select count(*) from web.orders", set(), id="rows alone"),
        pytest.param(
            "SELECT Total FROM Warehouse.WEB.Orders", {"total"}, id="capital letters, and the database's name"
        ),
        pytest.param("select total from orders", {"total"}, id="a table without its schema"),
        pytest.param(
            "with o as (select * from web.orders) select total from o", {"total"}, id="a star that is narrowed later"
        ),
        pytest.param("select * from web.orders", {"*"}, id="a star that somebody looks at"),
        pytest.param(
            "select * exclude (total, properties) from web.orders",
            {"order_id", "coupon", "user_id", "at"},
            id="a star with exceptions",
        ),
        pytest.param("with a as (select total from web.orders) select 1", set(), id="a CTE that nothing uses"),
        pytest.param(
            "select email from web.users u where exists (select 1 from orders where user_id = u.user_id and total > 3)",
            {"user_id", "total"},
            id="a subquery that looks outside",
        ),
        pytest.param(
            "select email, coupon from web.users join web.orders using (user_id)",
            {"user_id", "coupon"},
            id="a join by name",
        ),
        pytest.param(
            "select a from (select order_id as a, total as b from web.orders union all select email, email from users)",
            {"order_id"},
            id="one column of a union",
        ),
        pytest.param(
            "select distinct order_id, total from (select * from web.orders)", {"order_id", "total"}, id="distinct rows"
        ),
        pytest.param(
            "select n from (select row_number() over (partition by user_id order by at) n, coupon from web.orders)",
            {"user_id", "at"},
            id="a window",
        ),
        pytest.param(
            "select p->>'coupon' from (select properties p, total from web.orders)",
            {"properties.coupon"},
            id="a member of JSON",
        ),
        pytest.param("insert into mart select total from web.orders", {"total"}, id="what is copied elsewhere"),
        pytest.param("delete from web.orders where total = 0", set(), id="a delete reads for nobody"),
        pytest.param(
            "with recursive r as (select order_id, total from orders union all select order_id, total from r)"
            " select order_id from r",
            {"order_id", "total"},
            id="a query that reads itself",
        ),
    ],
)
def test_a_column_is_read_if_it_decides_or_is_returned(sql, columns):
    assert read_of(sql) == columns


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        pytest.param("snowflake", "select properties:coupon::string from web.orders", id="Snowflake"),
        pytest.param("bigquery", "select o.properties.coupon from web.orders o", id="a struct"),
        pytest.param("bigquery", "select json_value(properties, '$.coupon') from web.orders", id="BigQuery"),
        pytest.param("postgres", "select properties::jsonb ->> 'coupon' from web.orders", id="PostgreSQL"),
        pytest.param("mysql", "select properties ->> '$.coupon' from web.orders", id="MySQL"),
        pytest.param("snowflake", "select properties['coupon'] from web.orders", id="by brackets"),
    ],
)
def test_a_member_of_a_json_column_is_known_as_each_database_writes_it(dialect, sql):
    assert read_of(sql, dialect=dialect) == {"properties.coupon"}


STAGING = Text("stg", "select order_id as id, total, coupon from web.orders", ("stg_orders",))


@pytest.mark.parametrize(
    ("texts", "columns"),
    [
        pytest.param(
            [STAGING], {"order_id", "total", "coupon"}, id="a model that no other reads may be read by anybody"
        ),
        pytest.param([STAGING, "select id from stg_orders"], {"order_id"}, id="a query reads a part of a model"),
        pytest.param(
            [STAGING, Text("mart", "select total from stg_orders", ("mart",))],
            {"total"},
            id="a model reads a part of a model",
        ),
        pytest.param(
            [Text("stg", STAGING.sql, ("stg_orders",), Audience.ANYBODY), "select id from stg_orders"],
            {"order_id", "total", "coupon"},
            id="charts may read all of a table that is made",
        ),
        pytest.param(
            [Text("v", STAGING.sql, ("v",), Audience.NOBODY)], set(), id="nobody asks a view, and all queries are known"
        ),
        pytest.param(
            ["create view web.v as select total from web.orders", "select 1 from web.v"], set(), id="rows of a view"
        ),
        pytest.param(
            ["create view a as select * from b", "create view b as select * from a", "select total from a"],
            set(),
            id="views in a circle",
        ),
    ],
)
def test_what_a_view_passes_on_is_read_if_its_readers_read_it(texts, columns):
    assert read_of(*texts) == columns


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        pytest.param("select " + "(" * 5000 + "1" + ")" * 5000, "nested too deeply", id="thousands of brackets"),
        pytest.param("select * from (" * 400 + "t" + ")" * 400, "nested too deeply", id="hundreds of subqueries"),
        pytest.param("select " + "not " * 5000 + "a from t", "nested too deeply", id="thousands of negations"),
        pytest.param("selec total from where", "line 1", id="a misspelt word"),
        pytest.param("select 'no end", "not SQL", id="a text without an end"),
        pytest.param("select '" + "x" * 600_000 + "'", "longer than", id="data written into a statement"),
    ],
)
def test_sql_that_cannot_be_read_is_listed_and_stops_nothing(sql, why):
    parsed = parse([Text("bad.sql", sql), Text("good.sql", "select total from web.orders")], "postgres")
    ((where, reason),) = [(each.where, each.reason) for each in parsed.unread]
    assert where == "bad.sql"
    assert why in reason
    assert len(parsed.queries) == 1


def test_a_union_of_thousands_is_read():
    assert read_of("select total from web.orders" + " union all select total from web.orders" * 3000) == {"total"}


def test_models_are_filled_in_without_dbt():
    sql = rendered(
        "{{ config(materialized='view') }} with x as (select {{ dbt_utils.star(from=ref('a')) }}"
        " from {{ source('web', 'orders') }}"
        "{% if is_incremental() %} where at > (select max(at) from {{ this }}){% endif %})"
        "select {% for c in ['a', 'b'] %}sum({{ c }}) as {{ c }}{% if not loop.last %}, {% endif %}{% endfor %},"
        " {{ cents_to_dollars('total') }} from x join {{ ref('pkg', 'b') }} using (k) where d > {{ var('since') }}"
    )
    assert read_of(Text("model", sql), table=ORDERS) >= {"total", "at"}


def test_a_template_that_cannot_be_filled_in_is_listed(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "broken.sql").write_text("select {% if %}")
    texts, unread = in_dbt(tmp_path)
    assert (texts, [each.reason for each in unread]) == ([], ["it is no template that can be filled in without dbt"])


def test_a_manifest_says_what_dbt_has_compiled_and_who_sees_it(tmp_path):
    def node(kind: str, sql: str, **more):
        return {"resource_type": kind, "compiled_code": sql, "schema": "dbt", "name": more.pop("name", "x"), **more}

    nodes = {
        "model.shop.stg": node("model", "select 1", name="stg", config={"materialized": "view"}),
        "model.shop.mart": node("model", "select 2", name="mart", config={"materialized": "table"}),
        "model.shop.shown": node("model", "select 3", name="shown", alias="charts", config={"materialized": "view"}),
        "test.shop.t": node("test", "select 4"),
    }
    exposures = {"exposure.board": {"depends_on": {"nodes": ["model.shop.shown"]}}}
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "manifest.json").write_text(json.dumps({"nodes": nodes, "exposures": exposures}))
    texts, unread = in_dbt(tmp_path)
    assert unread == []
    assert [(text.makes, text.audience) for text in texts] == [
        (("dbt", "stg"), Audience.LAST), (("dbt", "mart"), Audience.ANYBODY), (("dbt", "charts"), Audience.ANYBODY),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["not json", "[]", '{"nodes": {"model.a": {"resource_type": "model", "compiled_code": 1}}}']
)
def test_a_manifest_that_is_none_is_no_reason_to_stop(tmp_path, text):
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "manifest.json").write_text(text)
    assert in_dbt(tmp_path)[0] == []


def test_a_file_that_is_not_text_is_listed(tmp_path):
    (tmp_path / "a.sql").write_bytes(b"select '\xff'")
    (tmp_path / "b.sql").write_text("select 1")
    texts, unread = in_folder(tmp_path)
    assert ([text.sql for text in texts], [each.reason for each in unread]) == (["select 1"], ["it is not UTF-8"])


@pytest.fixture
def shop(tmp_path):
    """A store of two events with a table each, and a view."""
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute("create schema web")
        for table, columns in {
            "order_completed": "total integer, coupon varchar",
            "signed_out": "reason varchar",
        }.items():
            connection.execute(
                f"create table web.{table} (id varchar, received_at timestamp, event_text varchar, {columns})"
            )
            connection.execute(
                f"insert into web.{table} (id, received_at, event_text) values ('1', now()::timestamp, ?)",
                [table.replace("_", " ").title()],
            )
        connection.execute("create view web.sales as select total, coupon from web.order_completed")
    settings = StoreSettings(url=f"duckdb:///{tmp_path}/shop.duckdb", layout="segment", sources={"web": "web"})
    store = open_store(
        settings, Plan(events={name: PlannedEvent(name=name) for name in ("Order Completed", "Signed Out")})
    )
    yield store
    store.close()


def look(store, tmp_path, **queries: str) -> Survey:
    folder = tmp_path / "queries"
    folder.mkdir()
    for name, sql in queries.items():
        (folder / f"{name}.sql").write_text(sql)
    return survey(UsageConfig(queries=folder), store, store.catalog(), NOW)


def test_what_is_read_is_said_in_events_and_properties(shop, tmp_path):
    found = look(shop, tmp_path, sales="select sum(total) from web.sales", broken="select from (")
    assert (found.events, found.properties) == (("Order Completed",), (("Order Completed", "total"),))
    assert (found.texts, found.failed) == (3, 1)
    assert found.unread[0][0].endswith("broken.sql")
    assert Survey.from_json(found.to_json()) == found


def test_what_a_text_that_is_not_understood_names_counts_as_read(shop, tmp_path):
    found = look(shop, tmp_path, sales="select 1 from web.sales", odd="frobnicate signed_out by reason (")
    assert ("Signed Out", "reason") in found.properties


def test_a_store_without_a_history_says_so_and_the_rest_is_read(shop):
    found = survey(UsageConfig(history=True), shop, shop.catalog(), NOW)
    assert "keeps no history of queries" in found.missing
    assert found.properties == (("Order Completed", "coupon"), ("Order Completed", "total"))


def test_the_history_of_postgresql_is_read_and_our_own_statements_are_not(postgres_database):
    engine = sa.create_engine(postgres_database.replace("postgresql://", "postgresql+psycopg://"))
    settings = StoreSettings(url=postgres_database, layout="events", table="public.events")
    with engine.begin() as connection:
        connection.execute(
            sa.text("create table events (id text, event text, source text, received_at timestamptz, a int, b int)")
        )
        connection.execute(sa.text("insert into events values ('1', 'Ordered', 'web', now(), 1, 2)"))
        connection.execute(sa.text("create table pg_stat_statements (query text, dbid oid)"))
        for query in (
            "select sum(a) from events where received_at > $1",
            "select 1 AS part, source AS source, b AS bucket, x AS property, y AS label from events",
        ):
            connection.execute(
                sa.text(
                    "insert into pg_stat_statements select :q, oid from pg_database where datname = current_database()"
                ),
                {"q": query},
            )
    engine.dispose()
    store = open_store(settings, Plan())
    try:
        found = survey(UsageConfig(history=True), store, store.catalog(), NOW)
        sizes = {size.event for size in store.sizes()}
    finally:
        store.close()
    assert found.properties == (("Ordered", "a"),)
    assert sizes == set()  # several events share the table


def test_a_store_that_is_down_is_an_error(tmp_path):
    store = open_store(StoreSettings(url="postgresql://me@127.0.0.1:1/none"), Plan())
    with pytest.raises(StoreError):
        store.lore(None)
