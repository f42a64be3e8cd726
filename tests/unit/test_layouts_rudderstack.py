"""Is a RudderStack warehouse read as RudderStack writes it?"""

from __future__ import annotations

import pytest

from checks.plan import Plan, PlannedEvent, PlannedProperty
from monitor.stores.base import StoreSettings
from monitor.stores.layouts.rudderstack import beside, tables
from monitor.stores.table import Column, EventTable, TableName

SETTINGS = StoreSettings(url="postgresql://w/a", layout="rudderstack", sources={"web": "web"})
TIMES = ("received_at", "timestamp", "_timestamp", "uuid_ts", "loaded_at", "sent_at")


def given(*names: str) -> dict[str, Column]:
    return {name: Column(name, "datetime" if name.lower() in TIMES else "string") for name in names}


def read(name: str, *columns: str, event: str = "", properties: tuple[str, ...] = ()) -> list[EventTable]:
    promised = {each: PlannedProperty(name=each) for each in properties}
    plan = Plan(events={event: PlannedEvent(name=event, properties=promised)} if event else {})
    return list(tables({TableName("web", name): given("received_at", *columns)}, SETTINGS, plan))


@pytest.mark.parametrize(
    ("event", "table"),
    [
        pytest.param("Order Completed", "order_completed", id="words"),
        pytest.param("orderCompleted", "order_completed", id="camel case is divided"),
        pytest.param("orderCompleted", "ordercompleted", id="or kept, and written small"),
        pytest.param("omega v2", "omega_v2", id="a number stays with its word"),
        pytest.param("omega v2", "omega_v_2", id="or is divided from it"),
        pytest.param("&4yasdfa(84224_fs9##_____*3q", "_4_yasdfa_84224_fs_9_3_q", id="an underscore before a digit"),
        pytest.param("Open", "_open", id="a word of SQL has an underscore"),
        pytest.param("Tracks", "_tracks", id="so has the name of a table that is there anyway"),
        pytest.param("_internal thing", "_internal_thing", id="leading underscores stay"),
        pytest.param("ORDER", "ORDER", id="Snowflake writes capitals"),
        pytest.param("x" * 80, "x" * 63, id="PostgreSQL keeps 63 letters"),
        pytest.param("x" * 200, "x" * 127, id="others keep 127"),
    ],
)
def test_a_table_is_the_planned_event_in_any_spelling(event: str, table: str) -> None:
    assert read(table, "id", event=event)[0].events() == (event,)


@pytest.mark.parametrize("name", ["tracks", "users", "rudder_discards"])
def test_what_repeats_others_counts_no_events(name: str) -> None:
    assert read(name, "id") == []


def test_discards_can_be_named_for_comparing() -> None:
    found = {TableName("web", name): given("received_at", "table_name") for name in ("tracks", "rudder_discards")}
    assert {side.table.name: side.role for side in beside(found, SETTINGS)} == {
        "tracks": "tracks",
        "rudder_discards": "discards",
    }


def test_columns_of_the_pipe_are_no_properties() -> None:
    (table,) = read("a", "id", "channel", "context_ip", "uuid_ts", "event_text", "total", "_timestamp")
    assert dict(table.properties) == {"total": "total"}
    assert dict(table.fields) == {"id": "id", "occurred_at": "_timestamp", "loaded_at": "uuid_ts"}


def test_a_property_with_a_reserved_name_is_dropped_by_the_pipe_and_not_called_missing() -> None:
    (table,) = read("a", "id", "channel", "total", event="a", properties=("channel", "total"))
    assert table.unreadable == {"channel"}
    assert dict(table.properties) == {"total": "total"}


def test_of_names_in_other_letters_nothing_is_left() -> None:
    (table,) = read("a", "total", event="a", properties=("名前", "total"))
    assert (dict(table.properties), table.unreadable) == ({"total": "total"}, frozenset())


def test_properties_are_found_in_any_spelling() -> None:
    (table,) = read("a", "item_id_2", "sku_v2", "_order", event="a", properties=("itemId2", "SKU v2", "order"))
    assert dict(table.properties) == {"itemId2": "item_id_2", "SKU v2": "sku_v2", "order": "_order"}
