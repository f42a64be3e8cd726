"""Is a Segment warehouse read as Segment writes it?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checks.plan import Plan, PlannedEvent, PlannedProperty
from monitor.stores.base import StoreSettings
from monitor.stores.layouts.segment import beside, slug, tables
from monitor.stores.table import Column, Constant, EventTable, TableName

TIMES = ("received_at", "timestamp", "uuid_ts")
SETTINGS = StoreSettings(url="duckdb:///x", layout="segment", sources={"web": "prod_web"})


def columns(*names: str) -> dict[str, Column]:
    return {name: Column(name, "datetime" if name.lower() in TIMES else "string") for name in names}


def layout(plan: Plan, settings: StoreSettings = SETTINGS, **given: tuple[str, ...]) -> list[EventTable]:
    return list(tables({TableName("prod_web", name): columns(*has) for name, has in given.items()}, settings, plan))


def read(name: str, *names: str, planned: dict[str, tuple[str, ...]] | None = None, **types: Any) -> list[EventTable]:
    found = columns(*names)
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


@pytest.mark.parametrize(
    ("name", "event"),
    [("identifies", "identify"), ("pages", "page"), ("screens", "screen"), ("groups", "group"), ("aliases", "alias")],
)
def test_the_other_calls_are_events_too(name: str, event: str) -> None:
    assert read(name, "id", "received_at")[0].events() == (event,)


@pytest.mark.parametrize(
    ("planned", "event"),
    [
        ([PlannedEvent(name="Page Viewed")], "Page Viewed"),
        ([PlannedEvent(name="Loaded a Page", call="page")], "Loaded a Page"),
        ([PlannedEvent(name="page"), PlannedEvent(name="Page Viewed")], "page"),
        ([PlannedEvent(name="Home", call="page"), PlannedEvent(name="Pricing", call="page")], "page"),
    ],
    ids=["as plans call it", "by its call", "by its own name", "several page calls cannot be told apart"],
)
def test_a_page_call_is_what_the_plan_calls_it(planned: list[PlannedEvent], event: str) -> None:
    plan = Plan(events={each.name: each for each in planned})
    assert [table.events() for table in layout(plan, pages=("received_at",))] == [(event,)]


def test_a_track_call_of_that_name_is_not_the_page_call() -> None:
    plan = Plan(events={"Page Viewed": PlannedEvent(name="Page Viewed")})
    found = layout(plan, pages=("received_at",), page_viewed=("received_at",))
    assert {table.table.name: table.events() for table in found} == {
        "pages": ("page",),
        "page_viewed": ("Page Viewed",),
    }


@pytest.mark.parametrize("name", ["tracks", "users", "accounts"])
def test_tables_that_repeat_others_or_are_upserted_count_no_events(name: str) -> None:
    assert read(name, "id", "received_at") == []


def test_what_repeats_others_can_be_named_for_comparing() -> None:
    found = {TableName("prod_web", name): columns("received_at", "event", "plan") for name in ("tracks", "users", "a")}
    sides = {side.table.name: side for side in beside(found, SETTINGS)}
    assert {name: (side.role, side.source, side.time) for name, side in sides.items()} == {
        "tracks": ("tracks", "web", "received_at"),
        "users": ("state", "web", "received_at"),
    }
    assert sides["tracks"].event == "event"
    assert "plan" in sides["users"].columns


@pytest.mark.parametrize(
    ("given", "read_from"),
    [
        (("a", "a_view"), {"a": "a_view"}),
        (("a", "b_view"), {"a": "a", "b_view": "b_view"}),
        (("product", "product_view", "product_view_view"), {"product": "product", "product_view": "product_view_view"}),
    ],
    ids=["the view is free of copies", "an event may be called View", "an event called View has a view too"],
)
def test_in_bigquery_views_are_read_instead_of_tables(given: tuple[str, ...], read_from: dict[str, str]) -> None:
    settings = replace(SETTINGS, url="bigquery://project")
    found = layout(Plan(), settings=settings, **dict.fromkeys(given, ("id", "received_at")))
    assert {table.events()[0]: table.table.name for table in found} == read_from


def test_elsewhere_a_table_called_view_is_an_event() -> None:
    assert len(layout(Plan(), a=("received_at",), a_view=("received_at",))) == 2


def test_names_in_capitals_are_read_as_in_small_letters() -> None:
    plan = Plan(events={"Order Completed": PlannedEvent(name="Order Completed")})
    found = {TableName("PROD_WEB", "ORDER_COMPLETED"): columns("RECEIVED_AT", "UUID_TS", "TOTAL", "CONTEXT_IP")}
    (table,) = tables(found, SETTINGS, plan)
    assert (table.events(), table.time, table.fields) == (
        ("Order Completed",),
        "RECEIVED_AT",
        {"loaded_at": "UUID_TS"},
    )
    assert dict(table.properties) == {"total": "TOTAL"}


def test_each_source_has_a_schema() -> None:
    settings = replace(SETTINGS, sources={"web": "prod_web", "ios": "prod_ios"})
    found = {TableName(schema, "a"): columns("received_at") for schema in ("prod_web", "prod_ios", "other")}
    assert [(t.table.schema, t.source) for t in tables(found, settings, Plan())] == [
        ("prod_web", Constant("web")),
        ("prod_ios", Constant("ios")),
    ]


def test_dimensions_are_the_columns_that_are_there() -> None:
    settings = replace(SETTINGS, dimensions={"shop": "context_shop", "gone": "context_gone"})
    given = ("received_at", "context_os_name", "context_app_version", "context_shop", "context_user_agent")
    (table,) = layout(Plan(), settings=settings, a=given)
    assert set(table.dimensions) == {"os", "platform", "app_version", "shop", "browser"}
    assert table.dimensions["shop"] == "context_shop"


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


@pytest.mark.parametrize("kind", ["string", "object"])
def test_of_names_in_other_letters_nothing_is_left(kind: str) -> None:
    (table,) = read("_", "received_at", "_", planned={"名前": ("名前",)}, 名前=kind)
    assert (table.events(), dict(table.properties), table.unreadable) == (("_",), {"_": "_"}, frozenset())


def test_an_object_that_was_flattened_is_not_called_missing() -> None:
    (table,) = read("a", "received_at", "address_city", planned={"a": ("address",)}, address="object")
    assert table.unreadable == {"address"}
