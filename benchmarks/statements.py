"""How many statements and connections does a run cost a PostgreSQL server?

Makes a database of 10 event tables with 5 properties each in Segment's layout, and counts on
the wire, between trackwatch and the server, what a first run and a daily run send. Prints them
beside the target (one statement per table, at most three for the catalogue, one connection).

    python benchmarks/statements.py [--url postgresql://root@127.0.0.1/postgres] [--rows 20000]
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import wire

from monitor.config import load_config
from monitor.history.memory import Memory
from monitor.pipeline import Installation, run
from monitor.stores.opening import open_store

EVENTS = [f"event_{i}" for i in range(10)]
DAYS, FIRST = 28, dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
NOW = FIRST + dt.timedelta(days=DAYS)
TABLE = """
CREATE TABLE web.{event} AS
SELECT md5('{event}' || i) AS id, md5('{event}' || i % 997) AS anonymous_id, '{event}' AS event,
       at AS received_at, at AS timestamp, at + interval '10 min' AS uuid_ts,
       i % 100 AS quantity, (i % 1000) / 10.0 AS price, (array['eur', 'usd'])[i % 2 + 1] AS currency,
       i % 3 = 0 AS gift, md5((i / 7)::text) AS sku
FROM (SELECT i, timestamp '2026-01-05' + i * interval '{days} days' / {rows} AS at
      FROM generate_series(0, {rows} - 1) AS i) AS numbers
"""
PLAN = "version: 1\nevents:\n" + "".join(
    f"  {event}:\n    properties:\n      quantity: {{type: integer, required: true, min: 0}}\n"
    "      price: {type: number, min: 0}\n      currency: {type: string, enum: [eur, usd]}\n"
    "      gift: {type: boolean}\n      sku: {type: string, pattern: '^[0-9a-f]+$'}\n"
    for event in EVENTS
)
CONFIG = """
version: 1
plan: plan.yml
timezone: UTC
store: {{url: "{url}", layout: segment, sources: {{web: web}}}}
state: sqlite:///{folder}/state.db
channels: {{}}
"""


@contextlib.contextmanager
def database(url: str, rows: int) -> Iterator[str]:
    """Make a database of ten event tables, yield its name, and drop it."""
    name = f"trackwatch_statements_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            with psycopg.connect(url, dbname=name, autocommit=True) as own:
                own.execute("CREATE SCHEMA web")
                for event in EVENTS:
                    own.execute(TABLE.format(event=event, rows=rows, days=DAYS))
                own.execute("VACUUM ANALYZE")
            yield name
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def purpose(sql: str) -> str:
    """Say what a statement is for."""
    if re.match(r"(BEGIN|COMMIT|ROLLBACK)\b", sql):
        return "transaction"
    if any(f"web.{event}" in sql for event in EVENTS):
        return "measure a table"
    return "read the catalogue" if "pg_attribute" in sql else "the drivers' own, once a connection"


def main() -> None:
    """Measure, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="postgresql://root@127.0.0.1/postgres")
    parser.add_argument("--rows", type=int, default=20_000, help="a table")
    options = parser.parse_args()
    server = urlsplit(options.url)
    port = server.port or 5432
    with (
        database(options.url, options.rows) as name,
        tempfile.TemporaryDirectory() as folder,
        wire.Tap(server.hostname or "127.0.0.1", port) as tap,
    ):
        login = server.netloc.rpartition("@")[0]
        url = f"postgresql://{login + '@' if login else ''}127.0.0.1:{tap.port}/{name}?sslmode=disable"
        Path(folder, "plan.yml").write_text(PLAN, "utf-8")
        Path(folder, "trackwatch.yml").write_text(CONFIG.format(url=url, folder=folder), "utf-8")
        for label, now in (("first run", NOW - dt.timedelta(days=1)), ("a day later", NOW)):
            report(label, Path(folder), now, tap)


def report(label: str, folder: Path, now: dt.datetime, tap: wire.Tap) -> None:
    """Run once, and print what crossed the wire."""
    tap.clear()
    config = load_config(folder / "trackwatch.yml")
    store = open_store(config.store.settings, config.plan)
    try:
        result = run(Installation(config, store, Memory(config.state_url, config.workspace)), now)
    finally:
        store.close()
    counted = Counter(purpose(sql) for sql in tap.statements)
    print(f"{label}: {len(result.verdicts):,} findings, {tap.connections} connection(s)")
    for what, count in counted.most_common():
        print(f"  {count:4}  {what}")
    ours = counted["measure a table"] + counted["read the catalogue"]
    print(f"  {ours / len(EVENTS):.1f} statements per table (target {(len(EVENTS) + 3) / len(EVENTS):.1f})")


if __name__ == "__main__":
    main()
