"""What lies around where a page is followed: files, databases, a bucket that a reader of this page would have?"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import boto3
import duckdb
import psycopg
import pytest
from moto.server import ThreadedMotoServer

World = Callable[[Path, pytest.FixtureRequest], None]

MORNING = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
SENT = {  # of a release in development: event, source -> the properties of its messages
    ("Order Completed", "ios"): [{"total": "five"}, {"total": "6"}, {"total": 7}],
    ("Order Completed", "web"): [{"total": 5}] * 4,
    ("Order Complete", "web"): [{"total": 5}],
    ("Product Viewed", "ios"): [{"sku": "a", "colour": "red"}] * 11,
    ("Product Viewed", "web"): [{"sku": "a"}] * 23,
}
DEVELOPING = """\
plan: plan.yml
store: {url: 'duckdb:///live.duckdb'}
workspaces: {dev: {store: {url: 'duckdb:///dev.duckdb'}}}
"""
PROMISED = """\
events:
  Order Completed:
    sources: [web, ios]
    properties:
      total: {type: integer, required: true}
      build: {type: string, required: {sources: [ios]}}
  Product Viewed: {sources: [web, ios], properties: {sku: string}}
  Coupon Applied: {sources: [ios]}
"""
FAULTY = """\
events:
  Order Completed:
    description: A customer paid.
    owner: checkout@acme.example
    action: Starts the onboarding mail.
    properties:
      siteId: string
      site id: string
lint: {require: [description, owner, action]}
"""
OLD = """\
events:
  Push Notification Opened: {properties: {deep_link: string}}
  Product Shared: {properties: {name: string}}
"""
NEW = """\
events:
  Push Notification Opened:
    properties:
      deeplink: string
      opened_at: {type: datetime, required: true}
  Product Shared: {properties: {name: {type: string, description: As shown}}}
"""
TABLE = "CREATE TABLE events (id TEXT, source TEXT, event TEXT, received_at TIMESTAMPTZ, properties JSON)"
COLUMNS = "id text, received_at timestamptz, uuid_ts timestamptz, anonymous_id text, user_id text"
FILLED = """
INSERT INTO {table}
SELECT md5('{table}' || n), at, at + interval '5 minutes', 'a' || n % 97, NULL, 'k' || n, 10 + n % 50
FROM (SELECT n, date_trunc('hour', now()) - n * interval '17 minutes' AS at FROM generate_series(0, 2400) AS n) AS made
"""


def files(folder: Path, _: pytest.FixtureRequest) -> None:
    """Lay out event files as Segment archives them, and a table that somebody exported."""
    (folder / "events").mkdir()
    for day in (1, 2):
        (folder / "events" / f"2026-03-0{day}.json.gz").write_bytes(gzip.compress(archive(day)))
    rows = "".join(f"m{n},Order Completed,2026-03-01T{n:02}:00:00Z\n" for n in range(24))
    (folder / "export.csv").write_text(f"id,action,created\n{rows}", "utf-8")


def archive(day: int) -> bytes:
    """Return a day of two events, as lines of JSON."""
    return b"".join(
        json.dumps(
            {
                "type": "track",
                "event": event,
                "messageId": f"{event}-{day}-{hour}",
                "anonymousId": f"a{hour}",
                "timestamp": f"2026-03-{day:02}T{hour:02}:00:00Z",
                "receivedAt": f"2026-03-{day:02}T{hour:02}:00:02Z",
                "properties": {"total": 10 + hour, "currency": "EUR"},
            }
        ).encode()
        + b"\n"
        for hour in range(24)
        for event in ("Order Completed", "Product Viewed")
    )


def development(folder: Path, _: pytest.FixtureRequest) -> None:
    """Make a development store in which a release was clicked through, with its plan."""
    (folder / "trackwatch.yml").write_text(DEVELOPING, "utf-8")
    (folder / "plan.yml").write_text(PROMISED, "utf-8")
    with duckdb.connect(str(folder / "dev.duckdb")) as connection:
        connection.execute(TABLE)
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows_of(SENT))


def rows_of(sent: Mapping[tuple[str, str], list[dict[str, object]]]) -> list[tuple[object, ...]]:
    """Return the rows of some messages."""
    return [
        (f"{event}-{source}-{n}", source, event, MORNING, json.dumps(properties))
        for (event, source), messages in sent.items()
        for n, properties in enumerate(messages)
    ]


def plans(folder: Path, _: pytest.FixtureRequest) -> None:
    """Keep two versions of a plan in Git, and a plan with a fault."""
    (folder / "faulty.yml").write_text(FAULTY, "utf-8")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    steps = (OLD, ["init", "-q"], ["add", "tracking.yml"], ["commit", "-qm", "old"], NEW, ["commit", "-qam", "new"])
    for step in steps:
        if isinstance(step, str):
            (folder / "tracking.yml").write_text(step, "utf-8")
        else:
            subprocess.run([*git, *step], cwd=folder, check=True, capture_output=True)


def schemas(_: Path, request: pytest.FixtureRequest) -> None:
    """Make the schemas that an example names."""
    run_sql(request, "DROP ROLE IF EXISTS trackwatch", "CREATE SCHEMA prod_web", "CREATE SCHEMA prod_ios")


def warehouse(folder: Path, request: pytest.FixtureRequest) -> None:
    """Fill a PostgreSQL as Segment would, with four weeks of two events from two sources."""
    forget(folder)
    run_sql(request, "DROP ROLE IF EXISTS trackwatch")
    tables = {"order_completed": "order_id text, total numeric", "product_viewed": "sku text, price numeric"}
    for schema in ("web_production", "ios_production"):
        run_sql(request, f"CREATE SCHEMA {schema}")
        for table, properties in tables.items():
            run_sql(request, f"CREATE TABLE {schema}.{table} ({COLUMNS}, {properties})")
            run_sql(request, FILLED.format(table=f"{schema}.{table}"))
    request.getfixturevalue("monkeypatch").setenv("WAREHOUSE_URL", request.getfixturevalue("postgres_database"))


def forget(folder: Path) -> None:
    """Take away the demo's shop: another store is watched here."""
    for name in ("trackwatch.yml", "plan.yml", "trackwatch.db"):
        (folder / name).unlink()


def run_sql(request: pytest.FixtureRequest, *statements: str) -> None:
    """Run statements in the page's own PostgreSQL."""
    with psycopg.connect(request.getfixturevalue("postgres_database"), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def bucket(folder: Path, request: pytest.FixtureRequest) -> None:
    """Start an object store on this machine, with the files of two days in it."""
    forget(folder)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    request.addfinalizer(server.stop)
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    given = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "made up"}
    for name, value in (given | {"AWS_DEFAULT_REGION": "us-east-1"}).items():
        request.getfixturevalue("monkeypatch").setenv(name, value)
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket="acme-events")
    for key, body in objects():
        client.put_object(Bucket="acme-events", Key=key, Body=body)


def objects() -> Iterable[tuple[str, bytes]]:
    """Yield what Segment writes into a bucket: a folder for each source and day."""
    for day in (1, 2):
        start = int(dt.datetime(2026, 3, day, tzinfo=dt.UTC).timestamp() * 1000)
        yield f"segment-logs/web/{start}/1.gz", gzip.compress(archive(day))


WORLDS: Mapping[str, World] = {
    "README.md": files,
    "docs/verify.md": development,
    "docs/plan.md": plans,
    "docs/stores.md": schemas,
    "docs/howto/segment-postgresql.md": warehouse,
    "docs/howto/files-s3.md": bucket,
}
