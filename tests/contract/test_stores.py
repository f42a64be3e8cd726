"""Does every engine and layout say the same about the same messages?"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import JSONB

from checks.base import EVERY, Measure, Rule, Stat
from checks.plan import Plan, PlannedEvent, PlannedProperty
from monitor.stores.base import COLUMNS, Measured, Request, Store, StoreSettings
from monitor.stores.layouts.segment import slug
from monitor.stores.sql import open_store
from monitor.testing.store import MemoryStore, Row

ORDER, ODD = "Order Completed", 'Odd "Name"; DROP TABLE x -- 🎉'
TYPES: dict[str, Any] = {"total": sa.BigInteger(), "rate": sa.Double(), "paid": sa.Boolean(), "Note ✎": sa.Text()}
NAMES: Mapping[str, Any] = {"total": "integer", "rate": "number", "paid": "boolean", "Note ✎": "string"}
PROPERTIES = {name: PlannedProperty(name=name, type=kind) for name, kind in NAMES.items()}
PLAN = Plan(events={name: PlannedEvent(name=name, properties=PROPERTIES) for name in (ORDER, ODD)})
NOON = dt.datetime(2026, 3, 3, 12, tzinfo=dt.UTC)
WEEK = (NOON - dt.timedelta(days=4), NOON + dt.timedelta(days=3))
RULES = {
    "total": [Rule("type", ("integer",)), Rule("range", (0, 10))],
    "rate": [Rule("type", ("number",)), Rule("range", (None, 0.5))],
    "paid": [Rule("type", ("boolean",))],
    "Note ✎": [Rule("type", ("string",)), Rule("enum", ("a", 'q"; --', "é🎉")), Rule("pattern", ("^[a-z]",))],
}
OF_VALUES = (Stat.NULLS, Stat.FINGERPRINT, Stat.DISTINCT, Stat.LOWEST, Stat.HIGHEST, Stat.SIZES)
_numbers = itertools.count()


@dataclass(frozen=True)
class World:
    """An engine and a layout into which rows can be written."""

    engine: str
    layout: str  # segment | json | wide
    url: Callable[[], str]
    aware: bool
    opened: list[Store] = field(default_factory=list)

    @property
    def occurred(self) -> str:
        return "timestamp" if self.layout == "segment" else "occurred_at"

    @property
    def version(self) -> str:
        return "context_app_version" if self.layout == "segment" else "app_version"

    def store(self, rows: Iterable[Row], plan: Plan = PLAN, **changes: Any) -> Store:
        url = self.url()
        with writing(url) as connection:
            found = write(connection, self, list(rows), f"t{next(_numbers)}")
        return self.open(replace(StoreSettings(url=url, **found), **changes), plan)

    def open(self, settings: StoreSettings, plan: Plan = PLAN) -> Store:
        self.opened.append(open_store(settings, plan))
        return self.opened[-1]

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()


@contextmanager
def writing(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        yield connection


def write(connection: sa.Connection, world: World, rows: list[Row], prefix: str) -> dict[str, Any]:
    """Write rows as the layout wants them; return what settings find them by."""
    times = sa.DateTime(timezone=world.aware)
    columns = {"id": sa.Text(), "user_id": sa.Text(), "anonymous_id": sa.Text(), "received_at": times, "uuid_ts": times}
    columns |= {world.occurred: times, world.version: sa.Text()}
    if world.layout == "segment":
        for source in ("web", "ios"):
            connection.execute(sa.schema.CreateSchema(f"{prefix}_{source}"))
        for place in sorted({(row.source, row.event) for row in rows}):
            mine = [row for row in rows if (row.source, row.event) == place]
            used = {name: TYPES[name] for name in TYPES if any(row.properties.get(name) is not None for row in mine)}
            table(
                connection, f"{prefix}_{place[0]}", slug(place[1]), {**columns, **{slug(n): t for n, t in used.items()}}
            )
            insert(
                connection, f"{prefix}_{place[0]}", slug(place[1]), [flat(row, world, slug) for row in mine], columns
            )
        return {"layout": "segment", "sources": {source: f"{prefix}_{source}" for source in ("web", "ios")}}
    columns |= {"event": sa.Text(), "source": sa.Text()}
    columns |= TYPES if world.layout == "wide" else {"properties": sa.JSON().with_variant(JSONB(), "postgresql")}
    connection.execute(sa.schema.CreateSchema(prefix))
    table(connection, prefix, "events", columns)
    insert(connection, prefix, "events", [flat(row, world, str) for row in rows], columns)
    return {"layout": "events", "table": f"{prefix}.events", "columns": {"loaded_at": "uuid_ts"}}


def table(connection: sa.Connection, schema: str, name: str, columns: Mapping[str, Any]) -> None:
    made = sa.Table(name, sa.MetaData(), *(sa.Column(n, t) for n, t in columns.items()), schema=schema)
    connection.execute(sa.schema.CreateTable(made))


def insert(connection: sa.Connection, schema: str, name: str, rows: Sequence[dict[str, Any]], types: Any) -> None:
    for row in rows:
        columns = [sa.column(column, types.get(column, sa.types.NULLTYPE)) for column in row]
        connection.execute(sa.table(name, *columns, schema=schema).insert(), row)


def flat(row: Row, world: World, spell: Callable[[str], str]) -> dict[str, Any]:
    def at(time: dt.datetime | None) -> dt.datetime | None:
        return time if time is None or world.aware else time.astimezone(dt.UTC).replace(tzinfo=None)

    base = {"id": row.id, "user_id": row.user_id, "anonymous_id": row.anonymous_id}
    base |= {"received_at": at(row.received_at), "uuid_ts": at(row.loaded_at), world.occurred: at(row.occurred_at)}
    base[world.version] = row.dimensions.get("app_version")
    if world.layout == "segment":
        return base | {spell(name): value for name, value in row.properties.items() if value is not None}
    base |= {"event": row.event, "source": row.source}
    return base | (
        {name: row.properties.get(name) for name in TYPES}
        if world.layout == "wide"
        else {"properties": dict(row.properties)}
    )


WORLDS = [
    ("duckdb", "segment", False),
    ("duckdb", "json", True),
    ("duckdb", "wide", False),
    ("postgresql", "segment", False),
    ("postgresql", "json", True),
    ("postgresql", "wide", True),
]


TABLES_OF_EVENTS = [world for world in WORLDS if world[1] != "segment"]  # Segment makes slugs of names


@pytest.fixture(params=WORLDS, ids=[f"{engine} {layout}" for engine, layout, _ in WORLDS])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    engine, layout, aware = request.param
    folder = tmp_path_factory.mktemp("duckdb")
    server = request.getfixturevalue("postgres_url") if engine == "postgresql" else ""
    made = World(engine, layout, lambda: server or f"duckdb:///{folder}/{next(_numbers)}.duckdb", aware)
    yield made
    made.close()


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[World]:
    made = World("postgresql", "segment", lambda: postgres_url, aware=False)
    yield made
    made.close()


def everything(*events: str) -> tuple[Measure, ...]:
    plain = [Measure(stat, grain=g) for stat in (Stat.ROWS, Stat.RECEIVED, Stat.LOADED) for g in ("hour", "day")]
    plain += [Measure(stat) for stat in (Stat.IDS, Stat.SURPLUS, Stat.REPEATS, Stat.DELAYS, Stat.LAGS)]
    plain += [Measure(Stat.ROWS, grain=g, by="app_version") for g in ("hour", "day")]
    for event, name in itertools.product(events, NAMES):
        plain += [Measure(stat, event, name) for stat in OF_VALUES]
        plain += [Measure(Stat.MISTYPED if r.kind == "type" else Stat.OUTSIDE, event, name, r) for r in RULES[name]]
    return tuple(plain)


def asked(*measures: Measure, zone: str = "UTC", window: tuple[dt.datetime, dt.datetime] = WEEK) -> Request:
    return Request(measures or everything(ORDER, ODD), *window, zone)


def facts(measured: Measured) -> dict[tuple[Any, ...], Any]:
    """Return the frame as a dictionary; fingerprints by who shares them, since each engine has its own hash."""
    found: dict[tuple[Any, ...], Any] = {}
    for *key, value in sorted(
        measured.frame.itertuples(index=False, name=None), key=lambda row: [str(x) for x in row[:-1]]
    ):
        if key[4] == "fingerprint" and value != -1:
            first = next((k for k, v in found.items() if v == ("hash", value) and k[2] == key[2]), None)
            found[tuple(key)] = ("hash", value) if first is None else ("same as", first)
        else:
            found[tuple(key)] = value
    return {key: "hash" if isinstance(value, tuple) and value[0] == "hash" else value for key, value in found.items()}


def value(measured: Measured, measure: str, prop: str = "", event: str = ORDER) -> float:
    frame = measured.frame
    return float(frame[(frame.measure == measure) & (frame.property == prop) & (frame.event == event)].value.sum())


def order(minutes: float = 0, **fields: Any) -> Row:
    return Row(**{"event": ORDER, "received_at": NOON + dt.timedelta(minutes=minutes), "id": f"m{minutes}", **fields})


ids = st.one_of(st.none(), st.sampled_from(["a", "b", "é", "x'; --"]))
text = st.one_of(
    st.none(), st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs", "Cc"]), max_size=5)
)
typed = {
    "total": st.one_of(st.none(), st.integers(-20, 20), st.just(2**62)),
    "rate": st.one_of(st.none(), st.sampled_from([0.25, 0.5, 0.75, -1.5, 1e10])),
    "paid": st.one_of(st.none(), st.booleans()),
    "Note ✎": st.one_of(text, st.sampled_from(["a", 'q"; --', "é🎉", ""])),
}
mixed = st.one_of(
    st.none(), *typed.values(), st.sampled_from([3.0, "12", "2026-03-01", [1, "a"], {"k": 1}, "true", []])
)
START = dt.datetime(2026, 3, 27, tzinfo=dt.UTC)
moments = st.integers(0, 4 * 86_400_000_000).map(lambda micros: START + dt.timedelta(microseconds=micros))


def rows(values: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[list[Row]]:
    few = st.one_of(
        moments,
        st.sampled_from(
            [dt.datetime(2026, 3, 29, 0, 59, 59, tzinfo=dt.UTC) + dt.timedelta(seconds=s) for s in range(0, 90, 30)]
        ),
    )
    row = st.builds(
        Row,
        event=st.sampled_from([ORDER, ODD]),
        source=st.sampled_from(["web", "ios"]),
        received_at=few,
        occurred_at=st.one_of(st.none(), moments),
        loaded_at=st.one_of(st.none(), moments),
        dimensions=st.fixed_dictionaries({"app_version": ids}),
        id=ids,
        user_id=ids,
        anonymous_id=ids,
        properties=st.fixed_dictionaries({}, optional=values),
    )
    return st.lists(row, max_size=12)


@given(
    data=st.data(), zone=st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/New_York", "Pacific/Apia", "UTC"])
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_it_counts_what_plain_python_counts(world: World, data: st.DataObject, zone: str) -> None:
    given_rows = data.draw(rows(dict.fromkeys(typed, mixed) if world.layout == "json" else typed))
    given_rows.append(order(id="known", received_at=dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)))
    window = (dt.datetime(2026, 3, 27, 6, tzinfo=dt.UTC), dt.datetime(2026, 3, 30, 18, 30, tzinfo=dt.UTC))
    store = world.store(given_rows)
    measured = store.measure(asked(zone=zone, window=window))
    world.close()
    expected = MemoryStore(given_rows).measure(asked(zone=zone, window=window))
    assert measured.failures == ()
    assert facts(measured) == facts(expected)
    assert measured.rows == expected.rows


def test_null_ids_are_no_copies_of_each_other(world: World) -> None:
    measured = world.store([order(0, id=None), order(0, id=None), order(1)]).measure(asked(Measure(Stat.SURPLUS)))
    assert value(measured, "surplus") == 0


def test_copies_count_in_the_bucket_of_the_last_one(world: World) -> None:
    copies = [order(0, id="x"), order(0, id="x"), order(2 * 1440, id="x")]
    frame = world.store(copies).measure(asked(Measure(Stat.SURPLUS))).frame
    assert frame[["bucket", "value"]].values.tolist() == [[pd.Timestamp("2026-03-05"), 2.0]]


def test_the_same_content_under_another_id_is_a_repeat(world: World) -> None:
    double = [
        order(0, id="a", user_id="u", properties={"total": 1}),
        order(0.2, id="b", user_id="u", properties={"total": 1}),
    ]
    other = [order(0.3, id="c", user_id="u", properties={"total": 2}), order(0.4, id="d", properties={"total": 1})]
    assert value(world.store(double + other).measure(asked(Measure(Stat.REPEATS))), "repeats") == 1


def test_the_same_wish_of_several_checks_is_computed_once(world: World) -> None:
    store = world.store([order(properties={"total": 1})])
    wish = Measure(Stat.NULLS, ORDER, "total")
    assert store.statements(asked(wish, wish)) == store.statements(asked(wish))


def test_every_property_of_the_catalogue_is_meant_by_every(world: World) -> None:
    store = world.store([order(0, properties={"total": 1}), order(1, properties={"total": None, "rate": 0.5})])
    assert value(store.measure(asked(Measure(Stat.NULLS, property=EVERY))), "nulls", "total") == 1
    assert {"total", "rate"} <= store.catalog().properties(ORDER)


def test_a_planned_property_that_is_not_there_is_null_in_every_row(world: World) -> None:
    measured = world.store([order(0), order(1)]).measure(asked(Measure(Stat.NULLS, ORDER, "never")))
    assert value(measured, "nulls", "never") == 2


def test_one_statement_is_issued_per_table(world: World) -> None:
    store = world.store([order(0), order(1, source="ios"), order(2, event=ODD)])
    tables = 3 if world.layout == "segment" else 1
    assert store.measure(asked()).statements == len(store.statements(asked())) == tables


def test_the_database_sees_no_more_than_that(world: World) -> None:
    store, seen = world.store([order(0), order(1, event=ODD)]), []
    sa.event.listen(store._engine, "before_cursor_execute", lambda *call: seen.append(call[2]))
    store.catalog()
    catalogue = len(seen)
    measured = store.measure(asked())
    assert catalogue <= 3
    assert len(seen) - catalogue == measured.statements
    assert store._engine.pool.status().startswith("Pool size: 1")


def test_naive_times_may_mean_another_zone(world: World) -> None:
    frame = world.store([order()], naive_zone="Asia/Kolkata").measure(asked(Measure(Stat.ROWS, grain="hour"))).frame
    shift = dt.timedelta() if world.aware else dt.timedelta(hours=5, minutes=30)
    assert frame.bucket.tolist() == [pd.Timestamp(NOON.replace(tzinfo=None) - shift).floor("h")]


def test_statements_name_the_window_and_never_all_columns(world: World) -> None:
    for statement in world.store([order()]).statements(asked()):
        assert "2026-02-27 12:00:00" in statement.sql
        assert "*" not in statement.sql.replace("count(*)", "")


def test_an_empty_store_measures_nothing(world: World) -> None:
    store = world.store([])
    measured = store.measure(asked())
    assert (len(measured.frame), measured.rows, measured.failures) == (0, 0, ())
    assert tuple(measured.frame.columns) == COLUMNS
    assert store.catalog().events == {}


def test_a_store_with_one_row_has_one_event(world: World) -> None:
    store = world.store([order()])
    assert store.catalog().events == {ORDER: frozenset({"web"})}
    assert store.measure(asked(Measure(Stat.ROWS))).frame.value.tolist() == [1.0]


def test_times_in_the_future_stay_out_of_the_window(world: World) -> None:
    store = world.store([order(), order(received_at=dt.datetime(2199, 1, 1, tzinfo=dt.UTC), properties={"total": 1})])
    assert value(store.measure(asked(Measure(Stat.ROWS))), "rows") == 1
    assert ORDER in store.catalog().events


def test_the_store_is_opened_for_reading_only(world: World) -> None:
    store = world.store([order()])
    with pytest.raises(sa.exc.DBAPIError), store._engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE mine (a INTEGER)"))


@pytest.mark.parametrize("world", TABLES_OF_EVENTS, ids=str, indirect=True)
@pytest.mark.parametrize("name", ["x" * 300, "'; DROP TABLE events; --", 'a "quoted" name', "🎉", "100 % :off", "{0}"])
def test_event_names_may_be_anything_in_a_table_of_events(world: World, name: str) -> None:
    measured = world.store([order(event=name, properties={name: "v"})]).measure(asked(Measure(Stat.NULLS, name, name)))
    assert measured.failures == ()


def test_a_table_dropped_after_introspection_is_one_failure(postgres: World) -> None:
    store = postgres.store([order(), order(event=ODD)])
    store.catalog()
    with writing(postgres.url()) as connection:
        connection.execute(sa.text(f'DROP TABLE {store._settings.sources["web"]}."{slug(ODD)}"'))
    measured = store.measure(asked(Measure(Stat.ROWS)))
    assert [failure.events for failure in measured.failures] == [(ODD,)]
    assert value(measured, "rows") == 1


def test_a_role_that_may_only_read_some_tables_is_enough(postgres: World) -> None:
    written = postgres.store([order(), order(event=ODD)])._settings
    schema = written.sources["web"]
    with writing(postgres.url()) as connection:
        connection.execute(sa.text(f"CREATE ROLE {schema}_r LOGIN; GRANT USAGE ON SCHEMA {schema} TO {schema}_r"))
        connection.execute(sa.text(f"GRANT SELECT ON {schema}.order_completed TO {schema}_r"))
    url = postgres.url().replace("postgres:@", f"{schema}_r@")
    measured = postgres.open(replace(written, url=url, sources={"web": schema})).measure(asked(Measure(Stat.ROWS)))
    assert value(measured, "rows") == 1
    assert [(f.events, "permission denied" in f.reason) for f in measured.failures] == [((ODD,), True)]


def test_a_connection_that_was_lost_is_tried_once_more(postgres: World) -> None:
    store = postgres.store([order()])
    store.catalog()
    with writing(postgres.url()) as connection:
        mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'trackwatch'"
        connection.execute(sa.text(mine))
    assert store.measure(asked(Measure(Stat.ROWS))).rows == 1
