"""Is one table of events read as it was written, whoever wrote it?"""

from __future__ import annotations

from typing import Any

import pytest

from checks.plan import Plan
from monitor.errors import StoreError
from monitor.stores.base import StoreSettings
from monitor.stores.layouts.events import tables
from monitor.stores.table import Column, Constant, EventTable, TableName

AMPLITUDE = {
    "UUID": "string", "$INSERT_ID": "string", "EVENT_TYPE": "string", "EVENT_TIME": "datetime", "USER_ID": "string",
    "SERVER_RECEIVED_TIME": "datetime", "PROCESSED_TIME": "datetime", "DEVICE_ID": "string", "PLATFORM": "string",
    "VERSION_NAME": "string", "COUNTRY": "string", "EVENT_PROPERTIES": "json", "USER_PROPERTIES": "json",
}  # fmt: skip
MIXPANEL = {
    "event_name": "string", "time": "integer", "distinct_id": "string", "device_id": "string", "insert_id": "string",
    "properties": "json", "mp_country_code": "string",
}  # fmt: skip
POSTHOG = {
    "uuid": "string", "event": "string", "properties": "string", "distinct_id": "string", "team_id": "integer",
    "timestamp": "datetime", "bq_ingested_timestamp": "datetime",
}  # fmt: skip


def read(given: dict[str, Any], **settings: Any) -> EventTable:
    columns = {name: Column(name, kind) for name, kind in given.items()}
    wanted = StoreSettings(url="duckdb:///x", layout="events", **settings)
    (table,) = tables({TableName("main", "events"): columns}, wanted, Plan())
    return table


def test_amplitudes_table_is_read() -> None:
    table = read(AMPLITUDE, preset="amplitude")
    assert (table.event, table.source, table.time) == ("EVENT_TYPE", "PLATFORM", "SERVER_RECEIVED_TIME")
    assert table.bag == "EVENT_PROPERTIES"
    assert table.fields == {
        "id": "$INSERT_ID", "occurred_at": "EVENT_TIME", "received_at": "SERVER_RECEIVED_TIME",
        "loaded_at": "PROCESSED_TIME", "user_id": "USER_ID", "anonymous_id": "DEVICE_ID", "app_version": "VERSION_NAME",
    }  # fmt: skip
    assert set(table.dimensions) == {"platform", "country", "app_version"}


def test_mixpanels_table_is_read_with_its_seconds() -> None:
    table = read(MIXPANEL, preset="mixpanel", times="seconds")
    assert (table.event, table.source, table.bag) == ("event_name", Constant("events"), "properties")
    assert table.columns[table.time] == Column("time", "datetime", aware=True, clock="seconds")
    assert (table.fields["id"], table.fields["user_id"]) == ("insert_id", "distinct_id")
    assert table.dimensions["country"] == "mp_country_code"


def test_a_name_that_says_milliseconds_needs_no_setting() -> None:
    table = read(MIXPANEL | {"mp_processing_time_ms": "integer", "time": "datetime"}, preset="mixpanel")
    assert (table.time, table.columns[table.time].clock) == ("mp_processing_time_ms", "milliseconds")
    assert table.fields["occurred_at"] == "time"


def test_a_time_of_a_preset_that_cannot_be_read_gives_way_to_one_that_can() -> None:
    table = read(
        {"event_type": "string", "server_received_time": "string", "event_time": "datetime"}, preset="amplitude"
    )
    assert (table.time, dict(table.fields)) == ("event_time", {"occurred_at": "event_time"})


def test_posthogs_table_is_read() -> None:
    table = read(POSTHOG, preset="posthog", columns={"source": "=web"})
    assert (table.event, table.source, table.time) == ("event", Constant("web"), "timestamp")
    assert (table.fields["loaded_at"], table.bag) == ("bq_ingested_timestamp", "properties")


def test_what_the_user_maps_comes_before_the_preset() -> None:
    assert read(AMPLITUDE, preset="amplitude", columns={"id": "UUID"}).fields["id"] == "UUID"


@pytest.mark.parametrize(
    ("kind", "times", "clock"),
    [
        pytest.param("datetime", None, "time", id="times"),
        pytest.param("string", "text", "text", id="text in ISO 8601"),
        pytest.param("integer", "milliseconds", "milliseconds", id="milliseconds"),
        pytest.param("number", "seconds", "seconds", id="seconds with a fraction"),
    ],
)
def test_a_time_may_be_kept_in_several_ways(kind: str, times: str | None, clock: str) -> None:
    table = read({"event": "string", "ts": kind}, columns={"received_at": "ts"}, times=times)
    assert table.columns[table.time].clock == clock


@pytest.mark.parametrize("kind", ["object", "json", "string"])
def test_properties_may_be_json_text_a_struct_or_a_map(kind: str) -> None:
    table = read({"event": "string", "received_at": "datetime", "properties": kind})
    assert table.bag is not None
    assert (table.bag in table.derived) is (kind == "object")


@pytest.mark.parametrize(
    ("given", "settings", "said"),
    [
        ({"event": "string"}, {}, "no column for received_at"),
        ({"received_at": "integer"}, {}, "write `times: seconds`"),
        ({"received_at": "string"}, {}, "write `times: text`"),
        ({"received_at": "boolean"}, {}, "is not a time"),
        ({"received_at": "datetime"}, {"columns": {"user_id": "gone"}}, "has no column gone"),
        ({"received_at": "datetime"}, {"dimensions": {"shop": "gone"}}, "has no column gone"),
        ({"received_at": "datetime"}, {"table": "other"}, "the store has no table other"),
    ],
    ids=["no time", "a number", "text", "no time at all", "a mapped column", "a dimension", "the table"],
)
def test_what_is_not_there_is_a_sentence(given: dict[str, Any], settings: dict[str, Any], said: str) -> None:
    with pytest.raises(StoreError, match=said):
        read(given, **settings)


def test_a_time_that_nobody_asked_for_may_be_anything() -> None:
    table = read({"received_at": "datetime", "sent_at": "integer", "event": "string"})
    assert "sent_at" not in table.fields
    assert "app_version" not in table.dimensions


def test_columns_with_the_name_of_a_dimension_are_dimensions() -> None:
    table = read({"received_at": "datetime", "browser": "string", "shop": "string"}, dimensions={"store": "shop"})
    assert table.dimensions == {"browser": "browser", "store": "shop"}
