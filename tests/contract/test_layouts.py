"""Does every layout say what plain Python counts, however the same messages lie in it?

The databases are held against each other in `test_stores`; here DuckDB holds what Segment,
RudderStack, Snowplow, the products and the files write.
"""

from __future__ import annotations

import datetime as dt
import gzip
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from contract.samples import distinct, facts, mixed, odd, rows, typed
from contract.worlds import NAMES, everything, name, writing
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from checks.base import Measure, Stat
from checks.plan import Plan, PlannedEvent, PlannedProperty
from monitor.stores.base import Request, Store, StoreSettings
from monitor.stores.layouts import rudderstack, segment
from monitor.stores.opening import open_store
from monitor.testing.store import MemoryStore, Row

ORDER, CART = "Order Completed", "Cart Viewed v2"
PROPERTIES = {name: PlannedProperty(name=name, type=kind) for name, kind in NAMES.items()}  # type: ignore[arg-type]
PLAN = Plan(events={name: PlannedEvent(name=name, properties=PROPERTIES) for name in (ORDER, CART)})
SQL = {"total": "BIGINT", "rate": "DOUBLE", "paid": "BOOLEAN", "Note ✎": "VARCHAR"}
WINDOW = (dt.datetime(2026, 3, 27, 6, tzinfo=dt.UTC), dt.datetime(2026, 3, 30, 18, 30, tzinfo=dt.UTC))
SHUFFLED = "(SELECT * FROM rows ORDER BY hash(received_at))"  # a store promises no order
_numbers = itertools.count()

Write = Callable[[list[Row], Path], dict[str, Any]]


def at(time: dt.datetime | None) -> str | None:
    return time and time.astimezone(dt.UTC).replace(tzinfo=None).isoformat(sep=" ")


def plain(row: Row) -> dict[str, Any]:
    """Return a message in neutral words, its times without a zone."""
    times = {name: at(getattr(row, name)) for name in ("received_at", "occurred_at", "loaded_at")}
    texts = {name: getattr(row, name) for name in ("id", "event", "source", "user_id", "anonymous_id")}
    return texts | times | {"app_version": row.dimensions.get("app_version")}


def table(
    con: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str], given: Iterable[dict[str, Any]]
) -> None:
    listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    con.execute(f"CREATE TABLE {name} ({listed})")
    for row in given:
        casts = ", ".join(f"CAST(? AS {columns[column]})" for column in row)
        names = ", ".join(f'"{column}"' for column in row)
        con.execute(f"INSERT INTO {name} ({names}) SELECT {casts}", list(row.values()))


def database(folder: Path) -> tuple[str, duckdb.DuckDBPyConnection]:
    path = folder / f"{next(_numbers)}.duckdb"
    return f"duckdb:///{path}", duckdb.connect(str(path))


def by_event(spell: Callable[[str], tuple[str, ...]], place: int, case: Callable[[str], str], **layout: Any) -> Write:
    """Return what writes one table per event, each name in one of the spellings that the pipe has for it."""

    def write(given: list[Row], folder: Path) -> dict[str, Any]:
        url, con = database(folder)
        spelt = {name: case((*spell(name), spell(name)[0])[place]) for name in (*SQL, ORDER, CART)}
        fields = {"id": "id", "user_id": "user_id", "anonymous_id": "anonymous_id", "received_at": "received_at",
                  "occurred_at": "timestamp", "loaded_at": "uuid_ts", "app_version": "context_app_version"}  # fmt: skip
        times = ("received_at", "occurred_at", "loaded_at")
        for source in ("web", "ios"):
            con.execute(f"CREATE SCHEMA {source}")
            for event in (ORDER, CART):
                mine = [row for row in given if (row.source, row.event) == (source, event)]
                used = [name for name in SQL if any(row.properties.get(name) is not None for row in mine)]
                columns = {case(c): "TIMESTAMP" if f in times else "VARCHAR" for f, c in fields.items()}
                columns |= {spelt[name]: SQL[name] for name in used}
                if mine:
                    table(con, f'{source}."{spelt[event]}"', columns, (
                        {case(c): plain(row)[f] for f, c in fields.items()}
                        | {spelt[name]: row.properties.get(name) for name in used}
                        for row in mine
                    ))  # fmt: skip
            table(con, f"{source}.tracks", {"id": "VARCHAR", "received_at": "TIMESTAMP"}, [])
        con.close()
        return {"url": url, "sources": {"web": "web", "ios": "ios"}, **layout}

    return write


def one_table(properties: str, times: str = "TIMESTAMP", **layout: Any) -> Write:
    """Return what writes one table with an object of properties, and times of a type."""
    columns = dict.fromkeys(("id", "event", "source", "user_id", "anonymous_id", "app_version"), "VARCHAR")
    columns |= dict.fromkeys(("received_at", "occurred_at", "loaded_at"), "TIMESTAMP")

    def write(given: list[Row], folder: Path) -> dict[str, Any]:
        url, con = database(folder)
        table(con, "rows", columns | {"properties": "VARCHAR"}, (
            plain(row) | {"properties": json.dumps(dict(row.properties))} for row in given
        ))  # fmt: skip
        said = {"TIMESTAMP": "{0}", "seconds": "epoch({0})", "milliseconds": "epoch_ms({0})",
                "text": "strftime({0}, '%Y-%m-%dT%H:%M:%S.%fZ')"}[times]  # fmt: skip
        replaced = ", ".join(f"{said.format(time)} AS {time}" for time in ("received_at", "occurred_at", "loaded_at"))
        con.execute(f"CREATE TABLE events AS SELECT * REPLACE ({replaced}, {properties} AS properties) FROM {SHUFFLED}")
        con.execute("DROP TABLE rows")
        con.close()
        named = {} if times == "TIMESTAMP" else {"times": times}
        return {"url": url, "layout": "events", **named, **layout}

    return write


def product(preset: str, names: Mapping[str, str], **layout: Any) -> Write:
    """Return what writes the export table of a product."""

    def write(given: list[Row], folder: Path) -> dict[str, Any]:
        made = one_table("CAST(properties AS JSON)", layout.get("times", "TIMESTAMP"))(given, folder)
        with duckdb.connect(made["url"].removeprefix("duckdb:///")) as con:
            listed = ", ".join(f'{neutral} AS "{own}"' for neutral, own in names.items())
            con.execute(f"CREATE TABLE exported AS SELECT {listed} FROM events")
        return made | {"table": "exported", "preset": preset, **layout}

    return write


def snowplow(made: str) -> Write:
    """Return what writes `atomic.events`, the properties of each event in the column of its schema."""
    names = {"id": "event_id", "source": "app_id", "user_id": "user_id", "anonymous_id": "domain_userid",
             "received_at": "collector_tstamp", "occurred_at": "derived_tstamp",
             "loaded_at": "load_tstamp"}  # fmt: skip
    schemas = {ORDER: "order_completed", CART: "cart_viewed_v2"}

    def write(given: list[Row], folder: Path) -> dict[str, Any]:
        url, con = database(folder)
        con.execute("CREATE SCHEMA atomic")
        columns = {c: "TIMESTAMPTZ" if c.endswith("tstamp") else "VARCHAR" for c in names.values()}
        columns |= dict.fromkeys(("event", "event_name", "event_vendor"), "VARCHAR")
        columns |= {f"unstruct_event_com_acme_{name}_1": "VARCHAR" for name in schemas.values()}
        con.execute("SET TimeZone = 'UTC'")
        table(con, "rows", columns, (
            {own: plain(row)[neutral] for neutral, own in names.items()}
            | {"event": "unstruct", "event_name": schemas[row.event], "event_vendor": "com.acme"}
            | {f"unstruct_event_com_acme_{schemas[row.event]}_1": json.dumps(dict(row.properties))}
            for row in given
        ))  # fmt: skip
        own = ", ".join(made.format(f"unstruct_event_com_acme_{n}_1") for n in schemas.values())
        con.execute(f"CREATE TABLE atomic.events AS SELECT * REPLACE ({own}) FROM rows")
        con.execute("DROP TABLE rows")
        con.close()
        return {"url": url, "layout": "snowplow"}

    return write


def messages(given: list[Row], folder: Path) -> dict[str, Any]:
    """Write a Segment archive: messages by source and day, in lines of JSON."""
    root = folder / str(next(_numbers)) / "segment-logs"
    root.mkdir(parents=True)
    days: dict[Path, list[str]] = {root / "ios" / "1772323200000" / "first.gz": []}
    for row in given:
        start = row.received_at.replace(hour=0, minute=0, second=0, microsecond=0)
        message = {"messageId": row.id, "type": "track", "event": row.event, "userId": row.user_id,
                   "anonymousId": row.anonymous_id, "receivedAt": row.received_at.isoformat(),
                   "timestamp": row.occurred_at and row.occurred_at.isoformat(), "properties": dict(row.properties),
                   "context": {"app": {"version": row.dimensions.get("app_version")}}}  # fmt: skip
        file = root / row.source / f"{int(start.timestamp()) * 1000}" / "1.gz"
        days.setdefault(file, []).append(json.dumps(message))
    for file, lines in days.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress("\n".join(lines).encode()))
    return {"url": f"files://{root}", "layout": "files"}


def lake(given: list[Row], folder: Path) -> dict[str, Any]:
    """Write Parquet files in folders by source, event, day and hour."""
    root = folder / str(next(_numbers))
    columns = dict.fromkeys(("id", "user_id", "anonymous_id", "app_version"), "VARCHAR")
    columns |= dict.fromkeys(("received_at", "occurred_at", "loaded_at"), "TIMESTAMPTZ") | SQL
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        for number, row in enumerate(given):
            kept = {name: value for name, value in plain(row).items() if name in columns}
            table(con, f"t{number}", columns, [kept | {name: row.properties.get(name) for name in SQL}])
            place = root / row.source / f"segment_type={row.event}" / f"{row.received_at:day=%Y-%m-%d/hr=%H}"
            place.mkdir(parents=True, exist_ok=True)
            con.execute(f"COPY t{number} TO '{place}/part-{number:05}.parquet' (FORMAT parquet)")
    return {"url": f"files://{root}", "layout": "files"}


AMPLITUDE = {"id": "$INSERT_ID", "event": "EVENT_TYPE", "source": "PLATFORM", "user_id": "USER_ID",
             "anonymous_id": "DEVICE_ID", "received_at": "SERVER_RECEIVED_TIME", "occurred_at": "EVENT_TIME",
             "loaded_at": "PROCESSED_TIME", "app_version": "VERSION_NAME",
             "properties": "EVENT_PROPERTIES"}  # fmt: skip
MIXPANEL = {"id": "insert_id", "event": "event_name", "source": "source", "user_id": "user_id",
            "anonymous_id": "device_id", "received_at": "mp_processing_time_ms", "occurred_at": "time",
            "loaded_at": "loaded_at", "app_version": "app_version_string", "properties": "properties"}  # fmt: skip
STRUCT = "json_object(" + ", ".join(f"'{name}', '{kind}'" for name, kind in SQL.items()) + ")"
JSON, WIDE, TYPED = dict.fromkeys(typed, mixed), typed | odd, typed
LAYOUTS: dict[str, tuple[Write, Mapping[str, Any]]] = {
    "segment": (by_event(segment.spellings, 0, str, layout="segment"), WIDE),
    "segment in capitals": (by_event(segment.spellings, 0, str.upper, layout="segment"), WIDE),
    "segment with underscores": (by_event(segment.spellings, 1, str, layout="segment"), WIDE),
    "rudderstack": (by_event(rudderstack.spellings, 0, str, layout="rudderstack"), WIDE),
    "rudderstack with numbers apart": (by_event(rudderstack.spellings, 1, str, layout="rudderstack"), WIDE),
    "snowplow with JSON": (snowplow("CAST({0} AS JSON) AS {0}"), JSON),
    "snowplow with structs": (snowplow("from_json({0}, " + STRUCT + ") AS {0}"), TYPED),
    "events with JSON as text": (one_table("properties"), JSON),
    "events with structs": (one_table(f"from_json(properties, {STRUCT})"), TYPED),
    "events with maps": (one_table("CAST(CAST(properties AS JSON) AS MAP(VARCHAR, JSON))"), JSON),
    "events with seconds": (one_table("properties", "seconds"), JSON),
    "events with milliseconds": (one_table("properties", "milliseconds"), JSON),
    "events with times as text": (one_table("properties", "text"), JSON),
    "amplitude": (product("amplitude", AMPLITUDE), JSON),
    "mixpanel": (product("mixpanel", MIXPANEL, times="milliseconds"), JSON),
    "files of an archive": (messages, JSON),
    "files of a lake": (lake, WIDE),
}
ABSENT = {
    "snowplow with JSON": "app_version",
    "snowplow with structs": "app_version",
}  # a dimension it has no column for


@pytest.fixture
def opened() -> Iterator[Callable[[dict[str, Any]], Store]]:
    stores: list[Store] = []

    def open_(found: dict[str, Any]) -> Store:
        stores.append(open_store(StoreSettings(**found), PLAN))
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


def wished(layout: str) -> Request:
    """Return all measures that a layout has columns for."""
    measures = [m for m in everything(ORDER, CART) if m.by is None or m.by != ABSENT.get(layout)]
    return Request(tuple(measures), *WINDOW, "Europe/Berlin")


def as_it_can_lie(layout: str, given: list[Row]) -> list[Row]:
    """Return rows as a layout can hold them, and as they are written here: without the time of sending."""
    given = [replace(row, sent_at=None) for row in given]
    if layout.startswith("snowplow"):  # an event_id is of one event
        return [replace(row, id=row.id and f"{row.source} {row.event} {row.id}") for row in given]
    if layout == "files of an archive":  # nobody says when a file was written
        return [replace(row, loaded_at=None) for row in given]
    return given


@pytest.mark.parametrize("layout", LAYOUTS)
@given(data=st.data())
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_a_layout_counts_what_plain_python_counts(layout: str, tmp_path: Path, opened, data: st.DataObject) -> None:
    write, values = LAYOUTS[layout]
    drawn = [replace(row, event=ORDER if row.event == ORDER else CART) for row in data.draw(rows(values))]
    known = Row(event=ORDER, id="known", received_at=dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC))
    lying = as_it_can_lie(layout, [*drawn, replace(known, loaded_at=known.received_at, occurred_at=known.received_at)])
    store = opened(write(lying, tmp_path))
    measured = store.measure(wished(layout))
    store.close()
    expected = MemoryStore(lying).measure(wished(layout))
    assert measured.failures == ()
    assert facts(measured) == facts(expected)
    assert distinct(measured) == pytest.approx(distinct(expected), rel=0.34, abs=1)
    assert measured.rows == expected.rows


def test_snowplows_copies_are_told_by_their_id_alone(tmp_path: Path, opened) -> None:
    moment = dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)
    copies = [Row(event=ORDER, source=source, id="x", received_at=moment) for source in ("web", "ios")]
    store = opened(snowplow("CAST({0} AS JSON) AS {0}")(copies, tmp_path))
    frame = store.measure(Request((Measure(Stat.SURPLUS),), *WINDOW, "UTC")).frame
    assert frame.value.tolist() == [1.0]


def test_one_statement_whatever_the_number_of_schemas(tmp_path: Path, opened) -> None:
    moment = dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)
    given_rows = [Row(event=event, id=event, received_at=moment, properties={"total": 1}) for event in (ORDER, CART)]
    store = opened(snowplow("CAST({0} AS JSON) AS {0}")(given_rows, tmp_path))
    (statement,) = store.statements(wished("snowplow with JSON"))
    assert (
        statement.sql.count("from_json") <= 2
    )  # each row is parsed once an hour and once a day, never once a property
    assert {name for event in (ORDER, CART) for name in store.catalog().properties(event)} == {"total"}


@pytest.mark.parametrize("kind", ["jsonb", "text"])
def test_postgresql_reads_snowplows_objects(kind: str, postgres_url: str, opened) -> None:
    schema = name()
    with writing(postgres_url) as connection:
        connection.execute(sa.schema.CreateSchema(schema))
        connection.exec_driver_sql(
            f"CREATE TABLE {schema}.events (event_id text, event text, event_name text, event_vendor text, "
            f"collector_tstamp timestamp, page_url text, unstruct_event_com_acme_a_1 {kind}, "
            f"contexts_com_acme_b_1 {kind})"
        )
        connection.exec_driver_sql(
            f"INSERT INTO {schema}.events VALUES "
            "('1', 'unstruct', 'order_completed', 'v', '2026-03-28 12:00', NULL, '{\"total\": 1}', '[]'), "
            "('2', 'page_view', 'page_view', 'v', '2026-03-28 13:00', 'https://a', NULL, NULL)"
        )
    store = opened({"url": postgres_url, "layout": "snowplow", "table": f"{schema}.events"})
    catalog, measured = store.catalog(), store.measure(wished("snowplow with JSON"))
    assert {event: set(catalog.properties(event)) for event in catalog.events} == {
        ORDER: {"total", "contexts_com_acme_b_1"},
        "page_view": {"page_url"},
    }
    assert (measured.rows, measured.failures) == (2, ())


@pytest.mark.parametrize(
    ("value", "times"),
    [
        ("1774699200000::bigint", "milliseconds"),
        ("1774699200.5::float8", "seconds"),
        ("'2026-03-28T14:00:00+02:00'::text", "text"),
        ("'2026-03-28 12:00'::text", "text"),
    ],
)
def test_postgresql_reads_times_that_are_numbers_or_text(value: str, times: str, postgres_url: str, opened) -> None:
    schema = name()
    with writing(postgres_url) as connection:
        connection.execute(sa.schema.CreateSchema(schema))
        connection.exec_driver_sql(
            f"CREATE TABLE {schema}.events AS "
            f"SELECT '{ORDER}'::text AS event, {value} AS ts, '{{}}'::jsonb AS properties"
        )
    mapped = {"table": f"{schema}.events", "columns": {"received_at": "ts"}, "times": times}
    measured = opened({"url": postgres_url, "layout": "events", **mapped}).measure(wished("events"))
    newest = measured.frame[measured.frame.measure == "received"].value.max()
    assert newest == dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC).timestamp()
