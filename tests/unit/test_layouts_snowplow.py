"""Is `atomic.events` read as Snowplow's loaders write it?"""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from checks.plan import Plan, PlannedEvent
from monitor.errors import StoreError
from monitor.stores.base import StoreSettings
from monitor.stores.layouts.snowplow import EVENT, PROPERTIES, schemas, tables
from monitor.stores.sql import open_store
from monitor.stores.table import Column, Constant, EventTable, TableName

CANONICAL = ("app_id", "platform", "collector_tstamp", "derived_tstamp", "load_tstamp", "event", "event_id",
             "event_name", "event_vendor", "domain_userid", "user_id", "geo_country", "br_family", "page_url",
             "page_title", "page_urlhost", "se_category", "se_action")  # fmt: skip
ATOMIC = TableName("atomic", "events")
CLICK = "unstruct_event_com_acme_click_1"
CART = "contexts_com_acme_cart_1"


def given(*names: str, **kinds: str) -> dict[str, Column]:
    kinds = {name: "datetime" if name.endswith("tstamp") else "string" for name in names} | kinds
    return {name: Column(name, kind) for name, kind in kinds.items()}  # type: ignore[arg-type]


def read(columns: dict[str, Column], *planned: str, name: TableName = ATOMIC, **settings: Any) -> EventTable:
    plan = Plan(events={event: PlannedEvent(name=event) for event in planned})
    (table,) = tables({name: columns}, StoreSettings(url="duckdb:///x", layout="snowplow", **settings), plan)
    return table


def test_the_canonical_columns_are_the_fields_of_a_message() -> None:
    table = read(given(*CANONICAL))
    assert (table.source, table.time, table.event, table.ids_alone) == ("app_id", "collector_tstamp", EVENT, True)
    assert table.fields == {
        "id": "event_id", "occurred_at": "derived_tstamp", "loaded_at": "load_tstamp", "user_id": "user_id",
        "anonymous_id": "domain_userid",
    }  # fmt: skip
    assert table.dimensions == {
        "platform": "platform", "country": "geo_country", "browser": "br_family", "page_host": "page_urlhost"
    }  # fmt: skip


def test_columns_may_be_absent_and_names_in_capitals() -> None:
    columns = given("COLLECTOR_TSTAMP", "EVENT_ID", "EVENT_NAME")
    table = read(columns, name=TableName("ATOMIC", "EVENTS"))
    assert (table.time, table.fields, table.source) == (
        "COLLECTOR_TSTAMP",
        {"id": "EVENT_ID"},
        Constant("EVENTS"),
    )


@pytest.mark.parametrize(
    ("columns", "said"),
    [(given("event_id"), "no column collector_tstamp"), (given("collector_tstamp"), "no column event_id")],
)
def test_what_every_table_has_is_asked_for(columns: dict[str, Column], said: str) -> None:
    with pytest.raises(StoreError, match=said):
        read(columns)


def test_the_table_may_lie_elsewhere() -> None:
    settings = StoreSettings(url="x://", layout="snowplow", table="derived.web_events")
    assert (schemas(settings), schemas(StoreSettings(url="x://"))) == (("derived",), ("atomic",))
    with pytest.raises(StoreError, match=r"no table derived\.web_events"):
        read(given(*CANONICAL), table="derived.web_events")


def test_entities_are_properties_beside_those_of_the_event() -> None:
    table = read(given(*CANONICAL, CLICK, CART))
    assert (dict(table.properties), table.bag) == ({CART: CART}, PROPERTIES)


@pytest.fixture
def url(tmp_path) -> str:
    path = tmp_path / "events.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(
            f"""
            CREATE SCHEMA atomic;
            CREATE TABLE atomic.events AS SELECT * FROM (VALUES
                ('1', 'page_view', 'page_view', 'com.snowplow', 'https://a/', NULL, NULL, NULL),
                ('2', 'struct', 'event', 'com.google', 'https://a/', 'video', NULL, NULL),
                ('3', 'unstruct', 'click', 'com.acme', 'https://a/', NULL, {{'target': 'buy', 'n': 1}}, '[{{}}]'),
                ('4', 'unstruct', 'click', 'com.other', 'https://a/', NULL, NULL, NULL)
            ) t(event_id, event, event_name, event_vendor, page_url, se_category, {CLICK}, {CART}),
            (SELECT TIMESTAMPTZ '2026-03-01 12:00:00Z' AS collector_tstamp);
            """
        )
    return f"duckdb:///{path}"


@pytest.mark.parametrize(
    ("planned", "events"),
    [
        ((), {"page_view", "struct", "click"}),
        (("Page View", "Click"), {"Page View", "struct", "Click"}),
        (("com.acme/click",), {"page_view", "struct", "com.acme/click", "click"}),
    ],
    ids=["by their schema", "in the plan's own words", "with the vendor where two schemas have one name"],
)
def test_events_are_called_as_the_plan_calls_them(url: str, planned: tuple[str, ...], events: set[str]) -> None:
    plan = Plan(events={event: PlannedEvent(name=event) for event in planned})
    store = open_store(StoreSettings(url=url, layout="snowplow"), plan)
    assert set(store.catalog().events) == events
    store.close()


def test_each_kind_of_event_has_the_properties_that_it_has(url: str) -> None:
    store = open_store(StoreSettings(url=url, layout="snowplow"), Plan())
    catalog = store.catalog()
    assert {event: set(catalog.properties(event)) for event in catalog.events} == {
        "page_view": {"page_url"},
        "struct": {"se_category"},
        "click": {"target", "n", CART},
    }
    store.close()


@pytest.mark.parametrize("kind", ["object", "json", "string"])
def test_the_object_of_properties_is_text_for_whoever_has_to_parse_it(kind: str) -> None:
    table = read(given(*CANONICAL, **{CLICK: kind}))
    assert isinstance(table.derived[PROPERTIES](sa.column).type, sa.Text)
