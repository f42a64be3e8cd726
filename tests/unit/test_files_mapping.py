"""Are the columns of well-known pipes recognised, and those that people name?"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from monitor.errors import UsageError
from monitor.stores.files.mapping import Guess, Wishes, guess, parse_map
from monitor.stores.files.sample import Sample

AT = "2026-03-01T06:00:00Z"


def guessed(row: Mapping[str, object], wishes: Wishes | None = None) -> Guess:
    sample = Sample([row])
    return guess(sample.names(), sample, wishes or Wishes())


@pytest.mark.parametrize(
    ("row", "layout", "some"),
    [
        pytest.param(
            {"messageId": "1", "event": "A", "timestamp": AT, "userId": "u", "context": {"app": {"version": "5"}}},
            "segment-archive",
            {"id": "messageId", "occurred_at": "timestamp", "app_version": "context.app.version"},
            id="a message in Segment's archive",
        ),
        pytest.param(
            {"id": "1", "received_at": AT, "uuid_ts": AT, "event": "a_b", "event_text": "A B", "user_id": "u"},
            "segment",
            {"event": "event_text", "received_at": "received_at", "loaded_at": "uuid_ts"},
            id="a row of Segment's warehouse",
        ),
        pytest.param(
            {"event_id": "1", "collector_tstamp": AT, "event": "struct", "event_name": "add", "app_id": "web"},
            "snowplow",
            {"id": "event_id", "event": "event_name", "source": "app_id", "received_at": "collector_tstamp"},
            id="Snowplow's atomic events",
        ),
        pytest.param(
            {"event_type": "A", "event_time": AT, "$insert_id": "1", "uuid": "2", "server_upload_time": AT},
            "amplitude",
            {"id": "$insert_id", "event": "event_type", "received_at": "server_upload_time"},
            id="an Amplitude export",
        ),
        pytest.param(
            {"event": "A", "properties": {"time": 1772000000, "distinct_id": "u", "$insert_id": "1"}},
            "mixpanel",
            {"id": "properties.$insert_id", "occurred_at": "properties.time", "user_id": "properties.distinct_id"},
            id="a Mixpanel export",
        ),
        pytest.param(
            {"uuid": "1", "event": "A", "distinct_id": "u", "timestamp": AT, "properties": "{}"},
            "posthog",
            {"id": "uuid", "user_id": "distinct_id"},
            id="a PostHog export",
        ),
        pytest.param(
            {"InvoiceNo": "1", "InvoiceDate": "2010-12-01 08:26:00", "CustomerID": "1", "Quantity": "6"},
            "generic",
            {"occurred_at": "InvoiceDate", "user_id": "CustomerID"},
            id="a table that somebody made",
        ),
    ],
)
def test_a_pipe_is_known_by_its_columns(row: dict[str, object], layout: str, some: dict[str, str]):
    found = guessed(row)
    assert found.layout == layout
    assert some.items() <= found.columns.items()


@pytest.mark.parametrize(
    ("row", "field"),
    [
        pytest.param({"event": "a", "time": "3.2"}, "occurred_at", id="a time that is a duration"),
        pytest.param({"date": "soon"}, "occurred_at", id="a date that is none"),
    ],
)
def test_a_name_alone_makes_no_time(row: dict[str, object], field: str):
    assert field not in guessed(row).columns


def test_a_name_that_differs_in_every_row_is_no_event():
    sample = Sample([{"name": f"person {i}", "date": AT} for i in range(100)])
    assert "event" not in guess(sample.names(), sample, Wishes()).columns


def test_what_the_user_says_overrides_the_guess():
    row = {"event": "a", "kind": "b", "date": AT}
    found = guessed(row, Wishes(columns={"event": "kind", "source": "=web"}))
    assert (found.columns["event"], found.columns["source"]) == ("kind", "=web")


def test_a_column_that_is_not_there_is_a_mistake_with_a_hint():
    with pytest.raises(UsageError, match="no such column; did you mean CustomerID"):
        guessed({"CustomerID": "1"}, Wishes(columns={"user_id": "CustomerId"}))


def test_a_layout_that_is_not_known_is_a_mistake():
    with pytest.raises(UsageError, match="layouts of files are"):
        guessed({"a": "1"}, Wishes(layout="segmnt"))


@pytest.mark.parametrize(
    ("option", "said"),
    [
        pytest.param("user_id", "write FIELD=COLUMN", id="no column"),
        pytest.param("userid=a", "did you mean user_id", id="a field with a slip"),
    ],
)
def test_a_map_that_cannot_be_read_is_a_mistake(option: str, said: str):
    with pytest.raises(UsageError, match=said):
        parse_map([option])


def test_a_map_may_set_a_constant():
    assert parse_map(["event==Order Line Added"]) == {"event": "=Order Line Added"}
