"""What do the benchmarks of the statement run on? Generated events, asked as a run asks them.

The generator is `gen.py` of the directory `../shared/bench/performance`: typed tables, one for each event, or one
table with a JSON column; 10 properties an event, 28 days, 4 sources, 0.5 % exact and 0.3 % semantic copies.
"""

from __future__ import annotations

import datetime as dt
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from checks.base import EVERY, Measure, Stat
from checks.plan import Plan, PlannedEvent, PlannedProperty
from checks.schema import Schema, SchemaParams
from monitor.stores.base import Request, StoreSettings
from monitor.stores.connect import engine
from monitor.stores.layouts import LAYOUTS
from monitor.stores.layouts.base import Layout
from monitor.stores.sql import SqlStore
from monitor.stores.table import Constant, EventTable

GENERATOR = Path(__file__).parents[2] / "shared/bench/performance/gen.py"
START, DAYS = dt.datetime(2026, 1, 5, tzinfo=dt.UTC), 28
END = START + dt.timedelta(days=DAYS + 1)  # the last times swing a little beyond 28 days
TYPES = {"enum": "string", "int": "integer", "float": "number", "bool": "boolean", "ts": "datetime"}
FIELDS = {
    "id": "message_id", "occurred_at": "timestamp", "sent_at": "sent_at", "received_at": "received_at",
    "user_id": "user_id", "anonymous_id": "anonymous_id",
}  # fmt: skip
META = ("message_id", "source", "user_id", "anonymous_id", "received_at", "timestamp", "sent_at")
COUNTS = [Measure(stat, grain="hour") for stat in (Stat.ROWS, Stat.RECEIVED)]
COPIES, REPEATS, LATENESS = [Measure(Stat.SURPLUS)], [Measure(Stat.REPEATS)], [Measure(Stat.DELAYS)]
VALUES = [Measure(stat, property=EVERY) for stat in (Stat.NULLS, Stat.FINGERPRINT, Stat.LOWEST, Stat.HIGHEST)]
SKETCHES = [Measure(Stat.DISTINCT, property=EVERY)]


def data(folder: Path, rows: int, events: int = 50, layouts: str = "typed,json", generator: Path = GENERATOR) -> Path:
    """Return the folder of some generated events; they are made when it has none."""
    place = folder / f"{rows}-{events}"
    if not (place / "plan.json").exists() or any(not (place / f"{one}.duckdb").exists() for one in layouts.split(",")):
        shape = ["--rows", str(rows), "--events", str(events), "--layouts", layouts, "--out", str(place)]
        subprocess.run([sys.executable, str(generator), *shape], check=True, stdout=subprocess.DEVNULL)
    return place


def events(place: Path) -> list[Mapping[str, object]]:
    """Return what the generator says of its events: event, table, properties."""
    return json.loads((place / "plan.json").read_text())["events"]


def plan(place: Path) -> Plan:
    """Return the plan that the events follow, but for the planted faults."""
    return Plan(
        events={
            event["event"]: PlannedEvent(
                name=event["event"], properties={prop["name"]: _property(prop) for prop in event["properties"]}
            )
            for event in events(place)
        }
    )


def _property(prop: Mapping[str, object]) -> PlannedProperty:
    return PlannedProperty(
        name=prop["name"],
        type=TYPES.get(prop["kind"], "string"),
        enum=tuple(prop.get("enum", ())),
        min=prop.get("min"),
        max=prop.get("max"),
    )


def open_typed(place: Path) -> SqlStore:
    """Open the typed tables: as Segment's layout, but that a column says the source."""
    known = {event["table"]: event for event in events(place)}

    def tables(columns, _settings, _plan):
        for table, found in columns.items():
            if event := known.get(table.name):
                props = {prop["name"]: prop["name"] for prop in event["properties"]}
                yield EventTable(
                    table=table,
                    columns=found,
                    event=Constant(event["event"]),
                    source="source",
                    time="received_at",
                    fields=FIELDS,
                    properties=props,
                )

    LAYOUTS["generated"] = Layout(lambda _: ("seg",), tables)
    return SqlStore(StoreSettings(url=f"duckdb:///{place}/typed.duckdb", layout="generated"), plan(place))


def open_json(place: Path) -> SqlStore:
    """Open the one table with a JSON column."""
    return SqlStore(StoreSettings(url=f"duckdb:///{place}/json.duckdb", columns=FIELDS), plan(place))


def rules(planned: Plan) -> list[Measure]:
    """Return what the check `schema` asks for: types, enums and ranges."""
    return [measure for measure in Schema().measures(planned, SchemaParams()) if measure.rule]


def everything(planned: Plan) -> list[Measure]:
    """Return the full profile of the target."""
    plain = [Measure(Stat.ROWS), Measure(Stat.IDS)]
    return [*COUNTS, *plain, *VALUES, *rules(planned), *SKETCHES, *COPIES, *LATENESS]


def asking(store: SqlStore, measures: Sequence[Measure], since: dt.datetime = START) -> Callable[[], object]:
    """Return the work of asking a store once; the catalogue is read before."""
    store.catalog()
    request = Request(tuple(dict.fromkeys(measures)), since, END, "UTC")
    return lambda: answered(store, request)


def answered(store: SqlStore, request: Request) -> int:
    """Ask, and refuse an answer that is not whole. Returns the number of rows read."""
    measured = store.measure(request)
    if measured.failures or not len(measured.frame):
        raise RuntimeError(f"the store did not answer: {measured.failures}")
    return measured.rows


def branches(store: SqlStore, stat: Stat) -> list[str]:
    """Return the branch of each table's statement that answers a statistic alone, as SQL."""
    store.catalog()
    request = Request((Measure(stat),), START, END, "UTC")
    parts = [part for piece in store._pieces(request) for part in piece.query.parts]
    wanted = [part.select for part in parts if part.cells[0].measure.stat is stat]
    return [str(select.compile(store._engine, compile_kwargs={"literal_binds": True})) for select in wanted]


def running(database: Path, queries: Sequence[str]) -> Callable[[], object]:
    """Return the work of sending queries to a DuckDB file over one connection, one after the other."""
    opened = engine(StoreSettings(url=f"duckdb:///{database}")).raw_connection()  # as a store is opened
    connection = opened.driver_connection
    return lambda: [connection.execute(query).fetchall() for query in queries]


def medians(works: Mapping[str, Callable[[], object]], runs: int) -> dict[str, tuple[float, float]]:
    """Run each piece of work in turn, several times; return the median CPU and wall seconds of each."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for number in range(runs + 1):
        for name, work in works.items():
            cpu, wall = time.process_time(), time.perf_counter()
            work()
            if number:  # the first round warms the caches
                seen[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    return {
        name: tuple(statistics.median(column) for column in zip(*pairs, strict=True)) for name, pairs in seen.items()
    }


def show(measured: Mapping[str, tuple[float, float]], unit: str, targets: Mapping[str, float]) -> None:
    """Print each measurement beside the unit that it is compared with, by CPU time."""
    print(f"{'':44} {'CPU s':>8} {'wall s':>8} {'ratio':>7} {'target':>7}")
    for name, (cpu, wall) in measured.items():
        target = f"{targets[name]:7.1f}" if name in targets else " " * 7
        print(f"{name:44} {cpu:8.2f} {wall:8.2f} {cpu / measured[unit][0]:7.2f} {target}")
