"""Does every engine and layout find the same keys lacking, within one database and across two?"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace

import pytest
import sqlalchemy as sa
from contract.worlds import NOON, ORDER, World, asked, insert, name, order, table, writing

from checks.base import EVERY, Measure, Stat
from checks.plan import Plan, PlannedEvent, PlannedProperty
from monitor.stores import constructs as db
from monitor.stores.against import Against
from monitor.stores.base import Measured
from monitor.stores.place import Place
from monitor.testing.store import Row

COMPARED = (Stat.KEYS, Stat.UNMATCHED, Stat.THERE, Stat.UNKNOWN)
WISHES = [Measure(stat, property=EVERY) for stat in COMPARED]
DAY = 1440  # minutes
MD5 = hashlib.md5("ord-é🎉".encode(), usedforsecurity=False).hexdigest()[:16]
PLAN = Plan(
    events={
        ORDER: PlannedEvent(
            name=ORDER,
            sources={"ios": "authoritative", "web": "mirror"},
            properties={"total": PlannedProperty(name="total", key=True)},
        )
    }
)
LEDGER = Against(name="orders", table="", time="made", event=ORDER, key="number", wait=dt.timedelta(hours=1))


def sold(number: int, minutes: float = 0, **fields: object) -> Row:
    return order(minutes, **{"source": "ios", "properties": {"total": number}, "id": f"{number} {minutes}", **fields})


def found(measured: Measured, label: str = "") -> dict[tuple[str, str], dict[str, float]]:
    """Return the numbers of what was compared by label and measure, then by day."""
    frame = measured.frame[measured.frame.measure.isin([str(stat) for stat in COMPARED])]
    days: dict[tuple[str, str], dict[str, float]] = {}
    for row in frame[frame.label.str.contains(label)].itertuples():
        days.setdefault((row.label, row.measure), {})[f"{row.bucket:%m-%d}"] = row.value
    return days


def sale(number: int, minutes: float, paid: tuple[int, ...]) -> dict[str, object]:
    at = (NOON + dt.timedelta(minutes=minutes)).replace(tzinfo=None)
    return {"number": number, "made": at, "state": "paid" if not paid or number in paid else "open"}


def ledger(url: str, numbers: dict[int, float], paid: tuple[int, ...] = ()) -> str:
    """Write a table of orders, each so many minutes after noon; return its name."""
    engine = sa.make_url(url).drivername
    with writing(url) as connection:
        schema = None if engine.startswith("sqlite") else name()
        if schema:
            connection.execute(sa.schema.CreateSchema(schema))
        made = name()
        types = {"number": sa.BigInteger(), "made": sa.DateTime(), "state": sa.Text()}
        table(connection, schema, made, types)
        insert(connection, schema, made, [sale(*each, paid) for each in numbers.items()], types)
    return f"{schema}.{made}" if schema else made


def test_what_each_of_two_sources_lacks_is_counted_by_key(world: World) -> None:
    rows = [sold(1), sold(2), sold(2, 5), sold(3), sold(4, DAY), sold(1, 7, source="web"), sold(9, 8, source="web")]
    store = world.store([*rows, sold(4, DAY + 1, source="web"), sold(5, properties={})], PLAN)
    assert found(store.measure(asked(*WISHES))) == {
        ("client_server:ios", "keys"): {"03-03": 3.0, "03-04": 1.0},
        ("client_server:ios", "unmatched"): {"03-03": 2.0},
        ("client_server:ios", "there"): {"03-03": 2.0, "03-04": 1.0},
        ("client_server:ios", "unknown"): {"03-03": 1.0},
    }


def test_a_twin_that_comes_after_midnight_is_one_and_the_day_waits_for_it(world: World) -> None:
    rows = [sold(1, 719), sold(1, 725, source="web"), sold(2, 650), sold(2, 700, source="web")]
    counted = found(world.store(rows, PLAN).measure(asked(*WISHES)))
    assert counted["client_server:ios", "keys"] == {"03-03": 1.0, "03-04": 1.0}
    assert not any(measure in ("unmatched", "unknown") for _, measure in counted)


def test_sources_are_compared_in_one_statement_that_says_why(world: World) -> None:
    store = world.store([sold(1), sold(1, source="web")], PLAN)
    (apart,) = [statement for statement in store.statements(asked(*WISHES)) if statement.apart]
    assert "side by side" in apart.apart
    plain = len(store.statements(asked(Measure(Stat.ROWS))))
    assert store.measure(asked(Measure(Stat.ROWS), *WISHES)).statements == plain + 1


def test_a_ledger_in_the_same_database_is_compared_by_key(world: World) -> None:
    rows = [sold(1), sold(2), sold(3, DAY), sold(4, DAY)]
    store = world.store(rows, PLAN)
    where = ledger(store._settings.url, {1: 0, 2: 30, 7: 1, 3: DAY, 8: DAY}, paid=(1, 2, 7, 3))
    against = replace(LEDGER, table=where, where={"state": "paid"})
    compared = world.open(replace(store._settings, against=(against,)), PLAN)
    measured = compared.measure(asked(*WISHES))
    assert measured.failures == ()
    assert found(measured, "orders") == {
        ("table_mismatch:orders", "keys"): {"03-03": 2.0, "03-04": 2.0},
        ("table_mismatch:orders", "unmatched"): {"03-04": 1.0},
        ("table_mismatch:orders", "there"): {"03-03": 3.0, "03-04": 1.0},
        ("table_mismatch:orders", "unknown"): {"03-03": 1.0},
    }


def test_a_ledger_elsewhere_says_the_same_by_hashes(world: World, tmp_path: object) -> None:
    rows = [sold(1), sold(2), sold(3, DAY), sold(4, DAY)]
    store = world.store(rows, PLAN)
    elsewhere = f"duckdb:///{tmp_path}/ledger.duckdb"
    where = ledger(elsewhere, {1: 0, 2: 30, 7: 1, 3: DAY})
    against = replace(LEDGER, table=where, url=elsewhere)
    measured = world.open(replace(store._settings, against=(against,)), PLAN).measure(asked(*WISHES))
    assert measured.failures == ()
    assert found(measured, "orders") == {
        ("table_mismatch:orders", "keys"): {"03-03": 2.0, "03-04": 2.0},
        ("table_mismatch:orders", "unmatched"): {"03-04": 1.0},
        ("table_mismatch:orders", "there"): {"03-03": 3.0, "03-04": 1.0},
        ("table_mismatch:orders", "unknown"): {"03-03": 1.0},
    }


def test_of_a_sample_both_sides_have_the_same_keys(world: World, tmp_path: object) -> None:
    store = world.store([sold(number) for number in range(60)], PLAN)
    elsewhere = f"duckdb:///{tmp_path}/ledger.duckdb"
    where = ledger(elsewhere, dict.fromkeys(range(60), 0))
    against = replace(LEDGER, table=where, url=elsewhere, sample=0.3)
    counted = found(world.open(replace(store._settings, against=(against,)), PLAN).measure(asked(*WISHES)), "orders")
    assert counted.keys() == {("table_mismatch:orders", "keys"), ("table_mismatch:orders", "there")}
    assert 5 < counted["table_mismatch:orders", "keys"]["03-03"] < 35


def test_an_export_without_keys_is_counted_by_event_and_day_and_put_off(world: World, tmp_path: object) -> None:
    store = world.store([sold(1)], PLAN)
    elsewhere = f"duckdb:///{tmp_path}/export.duckdb"
    where = ledger(elsewhere, {1: 0, 2: 1, 3: DAY})
    against = replace(LEDGER, table=where, url=elsewhere, key=None, role="destination", wait=dt.timedelta(hours=20))
    measured = world.open(replace(store._settings, against=(against,)), PLAN).measure(asked(*WISHES))
    assert found(measured, "orders") == {("destination:orders+1", "there"): {"03-04": 2.0, "03-05": 1.0}}


@pytest.fixture
def duckdb_world(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("duckdb")
    made = World("duckdb", "segment", lambda: f"duckdb:///{folder}/{name()}.db", aware=False)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"table": "main.nothing"}, "there is no table main.nothing", id="no such table"),
        pytest.param({"time": "at"}, "has no column at", id="no such column"),
        pytest.param({"time": "state"}, "column state of", id="a column that is no time"),
        pytest.param({"url": "duckdb:////nowhere/x.duckdb"}, "/nowhere/x.duckdb", id="no such database"),
    ],
)
def test_a_counterpart_that_cannot_be_read_is_a_failure_and_nothing_else_stops(duckdb_world, changes, said) -> None:
    store = duckdb_world.store([sold(1), sold(1, source="web")], PLAN)
    where = ledger(store._settings.url, {1: 0})
    against = replace(LEDGER, **{"table": where, **changes})
    measured = duckdb_world.open(replace(store._settings, against=(against,)), PLAN).measure(asked(*WISHES))
    (failure,) = measured.failures
    assert (failure.table, failure.events) == ("parity.orders", ())
    assert said in failure.reason
    assert found(measured, "client_server")


def test_days_that_a_ledger_has_not_loaded_are_not_compared(duckdb_world: World) -> None:
    store = duckdb_world.store([sold(1), sold(2, DAY), sold(3, 2 * DAY)], PLAN)
    where = ledger(store._settings.url, {1: 0})
    compared = duckdb_world.open(replace(store._settings, against=(replace(LEDGER, table=where),)), PLAN)
    until = NOON + dt.timedelta(days=3)
    measured = compared.measure(asked(*WISHES, window=(NOON - dt.timedelta(days=1), until)))
    assert found(measured, "orders")["table_mismatch:orders", "keys"] == {"03-03": 1.0}
    assert "not compared" in measured.failures[0].reason


def test_more_keys_than_fit_are_refused_with_a_hint(duckdb_world: World, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("monitor.stores.keys.MOST", 2)
    store = duckdb_world.store([sold(number) for number in range(5)], PLAN)
    elsewhere = f"duckdb:///{tmp_path}/ledger.duckdb"
    against = replace(LEDGER, table=ledger(elsewhere, {1: 0}), url=elsewhere)
    measured = duckdb_world.open(replace(store._settings, against=(against,)), PLAN).measure(asked(*WISHES))
    assert "sample: 10%" in measured.failures[0].reason


def test_the_hash_of_a_key_is_the_same_everywhere(world: World) -> None:
    store = world.store([order()])
    place = Place(store._settings)
    text = sa.literal("ord-é🎉", sa.Text())
    found_here = place.asked(lambda connection: connection.execute(sa.select(db.key_hash(db.exact(text)))).scalar())
    place.close()
    assert (found_here.decode() if isinstance(found_here, bytes) else found_here) == MD5
