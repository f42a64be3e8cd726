"""Is a Segment warehouse read as Segment writes it?"""

from __future__ import annotations

from typing import Any

import pytest

from checks.plan import Plan, PlannedEvent, PlannedProperty
from monitor.stores.base import StoreSettings
from monitor.stores.layouts.segment import slug, tables
from monitor.stores.table import Column, EventTable, TableName

TIMES = ("received_at", "timestamp", "uuid_ts")
SETTINGS = StoreSettings(url="duckdb:///x", layout="segment", sources={"web": "prod_web"})


def read(name: str, *columns: str, planned: dict[str, tuple[str, ...]] | None = None, **types: Any) -> list[EventTable]:
    found = {column: Column(column, "datetime" if column in TIMES else "string") for column in columns}
    events = {
        event: PlannedEvent(
            name=event, properties={p: PlannedProperty(name=p, type=types.get(p, "any")) for p in props}
        )
        for event, props in (planned or {}).items()
    }
    return list(tables({TableName("prod_web", name): found}, SETTINGS, Plan(events=events)))


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("Order Completed", "order_completed"),
        ("order-completed", "order_completed"),
        ("ORDER COMPLETED", "order_completed"),
        ("Order Completed!", "order_completed"),
        ("iPhone", "i_phone"),
        ("eCommerce", "e_commerce"),
        ("2FA", "_2fa"),
        ("user_id_2", "user_id_2"),
        ("名前", ""),
    ],
)
def test_names_are_spelt_as_segment_spells_them(name: str, column: str) -> None:
    assert slug(name) == column


def test_a_table_is_the_planned_event_of_that_spelling() -> None:
    (table,) = read("order_completed", "id", "received_at", planned={"Order Completed": ()})
    assert table.events() == ("Order Completed",)


def test_an_unplanned_table_is_named_by_its_slug() -> None:
    assert read("debug_click", "id", "received_at")[0].events() == ("debug_click",)


@pytest.mark.parametrize(("name", "event"), [("identifies", "identify"), ("pages", "page"), ("screens", "screen")])
def test_the_other_calls_are_events_too(name: str, event: str) -> None:
    assert read(name, "id", "received_at")[0].events() == (event,)


@pytest.mark.parametrize("name", ["tracks", "users", "accounts", "aliases"])
def test_tables_that_repeat_others_are_left_out(name: str) -> None:
    assert read(name, "id", "received_at") == []


def test_a_table_without_a_receive_time_is_no_event() -> None:
    assert read("dbt_model", "id", "created") == []


def test_context_and_reserved_columns_are_no_properties() -> None:
    (table,) = read("a", "id", "received_at", "uuid_ts", "event_text", "context_ip", "user_id", "total", "timestamp")
    assert dict(table.properties) == {"total": "total"}
    assert table.fields["loaded_at"] == "uuid_ts"


def test_columns_may_be_absent() -> None:
    (table,) = read("a", "received_at")
    assert dict(table.fields) == {}


def test_a_property_that_collides_with_a_reserved_column_has_an_underscore() -> None:
    (table,) = read("a", "id", "_id", "received_at", planned={"a": ("id", "user id")})
    assert dict(table.properties) == {"id": "_id"}


def test_planned_properties_are_found_by_their_spelling() -> None:
    (table,) = read("a", "received_at", "order_id", "_open", planned={"a": ("orderId", "open")})
    assert dict(table.properties) == {"orderId": "order_id", "open": "_open"}


def test_an_object_that_was_flattened_is_not_called_missing() -> None:
    (table,) = read("a", "received_at", "address_city", planned={"a": ("address",)}, address="object")
    assert table.unreadable == {"address"}
