"""Are `tracks`, and what a pipe refused, discarded or found wrong, counted for the event that they are about?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from contract.worlds import name, writing

from checks.base import EVERY, Measure, Stat
from checks.plan import Plan, PlannedEvent
from monitor.stores.base import Request, StoreSettings
from monitor.stores.sql import open_store

ORDER = "Order Completed"
PLAN = Plan(events={ORDER: PlannedEvent(name=ORDER)})
WINDOW = (dt.datetime(2026, 3, 1, tzinfo=dt.UTC), dt.datetime(2026, 3, 6, tzinfo=dt.UTC))
WISHES = (Measure(Stat.ROWS), Measure(Stat.VERDICTS), Measure(Stat.THERE, property=EVERY))
AT = "TIMESTAMP '2026-03-03 12:00:00'"

Made = Callable[..., dict[tuple[str, str, str, str], float]]


@pytest.fixture(params=["duckdb", "postgresql"])
def counted(request: pytest.FixtureRequest, tmp_path) -> Made:
    """Return what makes tables of SQL in a schema, and says by source, event, measure and label what is counted."""
    url = f"duckdb:///{tmp_path}/x.duckdb"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    schema = name()

    def count(layout: str, tables: dict[str, str], **settings: object) -> dict[tuple[str, str, str, str], float]:
        with writing(url) as connection:
            connection.execute(sa.schema.CreateSchema(schema))
            for table, rows in tables.items():
                connection.exec_driver_sql(f"CREATE TABLE {schema}.{table} AS {rows}")
        given = {key: value.format(schema) if isinstance(value, str) else value for key, value in settings.items()}
        if layout != "snowplow":
            given["sources"] = {"web": schema}
        store = open_store(StoreSettings(url=url, layout=layout, **given), PLAN)
        measured = store.measure(Request(WISHES, *WINDOW, "UTC"))
        statements = store.statements(Request(WISHES, *WINDOW, "UTC"))
        store.close()
        assert measured.failures == ()
        assert len(statements) == measured.statements == len(tables), "one for each table"
        rows = measured.frame[measured.frame.measure != "rows"].itertuples()
        return {(row.source, row.event, row.measure, row.label): row.value for row in rows}

    return count


def events(*columns: str) -> str:
    """Return three orders; the columns are SQL."""
    return f"SELECT i AS id, {', '.join((f'{AT} AS received_at', *columns))} FROM (VALUES ('a'), ('b'), ('c')) AS v(i)"


def test_tracks_are_counted_for_the_event_whose_table_they_name(counted: Made) -> None:
    tracks = (
        f"SELECT {AT} AS received_at, e AS event FROM (VALUES ('order_completed'), ('order_completed'), ('x')) AS v(e)"
    )
    found = counted("segment", {"order_completed": events("1 AS total"), "tracks": tracks})
    assert found == {("web", ORDER, "there", "table_mismatch:tracks"): 2.0}


@pytest.mark.parametrize("column", ["context_protocols_violations", "context_violation_errors"])
def test_messages_that_say_what_is_wrong_with_them_are_counted(counted: Made, column: str) -> None:
    said = f"CASE i WHEN 'a' THEN '[{{\"type\": \"Required\"}}]' WHEN 'b' THEN '[]' END AS {column}"
    assert counted("segment", {"order_completed": events(said)}) == {("web", ORDER, "verdicts", ""): 1.0}


def test_forwarded_violations_are_counted_once_for_each_message(counted: Made) -> None:
    forwarded = (
        f"SELECT {AT} AS received_at, m AS event_message_id, 'Order Completed' AS event_name, 'web' AS source_slug"
        " FROM (VALUES ('a'), ('a'), ('b')) AS v(m)"
    )
    found = counted("segment", {"order_completed": events("1 AS total"), "violation_generated": forwarded})
    assert found == {("web", ORDER, "verdicts", "violation_generated"): 2.0}


def test_discarded_values_are_counted_once_for_each_message(counted: Made) -> None:
    discards = (
        f"SELECT {AT} AS received_at, 'order_completed' AS table_name, r AS row_id, 'total' AS column_name"
        " FROM (VALUES ('a'), ('a'), ('c')) AS v(r)"
    )
    found = counted("rudderstack", {"order_completed": events("1 AS total"), "rudder_discards": discards})
    assert found == {("web", ORDER, "verdicts", "rudder_discards"): 2.0}


def snowplow(*ids: str, more: str = "") -> str:
    rows = ", ".join(f"('{each}')" for each in ids)
    return (
        f"SELECT i AS event_id, {AT} AS collector_tstamp, 'unstruct' AS event, 'order_completed' AS event_name,"
        f" 'shop' AS app_id{more} FROM (VALUES {rows}) AS v(i)"
    )


def test_events_that_snowplow_refused_are_counted_for_the_planned_event(counted: Made) -> None:
    tables = {"events": snowplow("a", "b"), "failed": snowplow("c", "d", "d")}
    found = counted("snowplow", tables, table="{}.events", failed="{}.failed")
    assert found == {("shop", ORDER, "verdicts", "failed"): 2.0}


def test_events_that_break_their_specification_are_counted(counted: Made) -> None:
    valid = "CASE i WHEN 'a' THEN '[{\"isValid\": false}]' ELSE '[{\"isValid\": true}]' END"
    entity = f", {valid} AS contexts_com_snowplowanalytics_snowplow_event_specification_validation_1"
    found = counted("snowplow", {"events": snowplow("a", "b", more=entity)}, table="{}.events")
    assert found == {("shop", ORDER, "verdicts", ""): 1.0}
