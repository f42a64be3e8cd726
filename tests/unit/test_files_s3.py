"""Are files in an S3-compatible object store read as those of a folder are?"""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Callable, Iterator
from urllib.parse import unquote

import boto3
import duckdb
import pytest
from moto.server import ThreadedMotoServer
from werkzeug.serving import WSGIRequestHandler

from checks.base import Measure, Stat
from checks.plan import Plan
from monitor.errors import StoreError, UsageError
from monitor.stores.base import Request, StoreSettings
from monitor.stores.files.store import FilesStore, open_files

FIRST = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


class Bucket:
    """A bucket of a server on this machine, and what was asked of it."""

    def __init__(self, client, asked: list[str]) -> None:
        self.client, self.asked = client, asked
        client.create_bucket(Bucket="acme")

    def put(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket="acme", Key=key, Body=body)

    def read(self) -> set[str]:
        """Return the objects of which something was read."""
        return {key.removeprefix("/acme/") for key in self.asked if key.startswith("/acme/") and "?" not in key}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    asked: list[str] = []

    def noted(handler, *_, **__) -> None:
        if handler.command == "GET":
            asked.append(unquote(handler.path))

    monkeypatch.setattr(WSGIRequestHandler, "log_request", noted)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "reader",
        "AWS_SECRET_ACCESS_KEY": "made up",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    yield Bucket(client, asked)
    client.close()
    server.stop()


@pytest.fixture
def opened() -> Iterator[Callable[[str], FilesStore]]:
    stores: list[FilesStore] = []

    def open_(url: str) -> FilesStore:
        stores.append(open_files(StoreSettings(url=url, layout="files"), Plan()))
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


def asked(since: dt.datetime, until: dt.datetime) -> Request:
    return Request((Measure(Stat.ROWS), Measure(Stat.IDS)), since, until, "UTC")


def parquet(at: dt.datetime, folder) -> bytes:
    path = folder / "one.parquet"
    with duckdb.connect() as con:
        con.execute(f"COPY (SELECT 'a' AS id, 5 AS total, TIMESTAMPTZ '{at.isoformat()}' AS received_at) TO '{path}'")
    return path.read_bytes()


def test_parquet_is_read_where_it_lies_and_only_of_the_window(bucket: Bucket, opened, tmp_path) -> None:
    for hour in range(72):
        at = FIRST + hour * HOUR
        bucket.put(f"lake/web/segment_type=signed_up/day={at:%Y-%m-%d}/hr={at:%H}/p.parquet", parquet(at, tmp_path))
    store = opened("s3://acme/lake")
    assert dict(store.catalog((FIRST + DAY, FIRST + DAY + 3 * HOUR)).events) == {"signed_up": {"web"}}
    assert store.measure(asked(FIRST + DAY, FIRST + DAY + 3 * HOUR)).rows == 3
    hours = [f"lake/web/segment_type=signed_up/day=2026-03-02/hr={hour:02}/p.parquet" for hour in range(5)]
    assert bucket.read() == set(hours)


def test_an_archive_is_fetched_by_the_day(bucket: Bucket, opened) -> None:
    for day in range(5):
        at = FIRST + day * DAY
        line = {"messageId": f"m{day}", "type": "track", "event": "Signed Up", "receivedAt": at.isoformat()}
        key = f"segment-logs/web/{int(at.timestamp()) * 1000}/1.gz"
        bucket.put(key, gzip.compress(json.dumps(line | {"properties": {"plan": "free"}}).encode()))
    store = opened("s3://acme/segment-logs")
    assert store.measure(asked(FIRST + DAY, FIRST + 2 * DAY)).rows == 1
    assert {key.split("/")[2] for key in bucket.read()} == {
        str(int((FIRST + n * DAY).timestamp()) * 1000) for n in (1, 2)
    }


def test_a_prefix_without_files_is_a_sentence(bucket: Bucket, opened) -> None:
    with pytest.raises(UsageError, match="no files under this prefix"):
        opened("s3://acme/nothing")


def test_a_bucket_that_is_not_there_is_a_sentence(bucket: Bucket, opened) -> None:
    with pytest.raises((StoreError, UsageError), match="s3://other"):
        opened("s3://other/lake")


def test_a_server_that_does_not_answer_is_a_sentence(bucket: Bucket, opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StoreError, match="s3://acme"):
        opened("s3://acme/lake")
