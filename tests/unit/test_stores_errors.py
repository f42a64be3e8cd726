"""Does a store that does not answer say why, in one sentence and without the password?"""

from __future__ import annotations

import datetime as dt
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from checks.base import Measure, Stat
from checks.plan import Plan
from monitor.errors import StoreError
from monitor.stores.base import Request, StoreSettings
from monitor.stores.sql import open_store

REQUEST = Request(
    (Measure(Stat.ROWS),), dt.datetime(2026, 3, 1, tzinfo=dt.UTC), dt.datetime(2026, 3, 2, tzinfo=dt.UTC), "UTC"
)


def refused(**settings: Any) -> str:
    with pytest.raises(StoreError) as caught:
        open_store(StoreSettings(**settings), Plan()).catalog()
    return str(caught.value)


@pytest.fixture
def unwilling() -> Iterator[int]:
    """Return the port of a server that speaks PostgreSQL, refuses every password, and repeats it in its answer."""

    def refuse(server: socket.socket) -> None:
        client, _ = server.accept()
        with client:
            client.recv(4096)
            client.sendall(b"R" + struct.pack("!ii", 8, 3))
            password = client.recv(4096)[5:-1]
            said = b'SFATAL\0C28P01\0Mpassword authentication failed for user "ann" with ' + password + b"\0\0"
            client.sendall(b"E" + struct.pack("!i", len(said) + 4) + said)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=refuse, args=(server,), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


@pytest.fixture
def database(tmp_path: Path) -> str:
    with duckdb.connect(str(tmp_path / "e.duckdb")) as connection:
        connection.execute(
            "CREATE TABLE events (event VARCHAR, occurred_at TIMESTAMP, note VARCHAR, received_at VARCHAR)"
        )
    return f"duckdb:///{tmp_path}/e.duckdb"


def test_a_wrong_password_is_said_without_the_password(unwilling: int) -> None:
    said = refused(url=f"postgresql://ann:s3cr%40t@127.0.0.1:{unwilling}/shop?sslmode=disable")
    assert "password authentication failed" in said
    assert "s3cr" not in said


def test_a_server_that_is_down_is_named() -> None:
    said = refused(url="postgresql://ann:s3cret@127.0.0.1:1/shop")
    assert "127.0.0.1" in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    ("url", "word"),
    [
        pytest.param("no url : s3cret", "cannot be read", id="what is no URL"),
        pytest.param("postgresql://u:s3cret@host:port/x", "cannot be read", id="a port that is no number"),
        pytest.param("oracle9://u:s3cret@h/x", "oracle9", id="a driver that nobody has"),
        pytest.param("mssql+pyodbc://u:s3cret@h/x", "mssql", id="a database that is not supported"),
        pytest.param("duckdb:////nowhere/s3cret_free.duckdb", "nowhere", id="a file that is not there"),
    ],
)
def test_a_url_that_leads_nowhere_is_explained(url: str, word: str) -> None:
    said = refused(url=url)
    assert word in said
    assert ":s3cret" not in said


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        pytest.param({"layout": "segment", "sources": {"web": "prod_web"}}, "prod_web", id="schema"),
        pytest.param({"table": "evnts"}, "evnts", id="table"),
        pytest.param({"columns": {"id": "message_id"}}, "message_id", id="column"),
        pytest.param({}, "not a time", id="time column of text"),
        pytest.param({"columns": {"received_at": "note"}}, "note", id="mapped time column of text"),
    ],
)
def test_what_is_not_in_the_store_is_named(database: str, settings: dict[str, Any], word: str) -> None:
    assert word in refused(url=database, **settings)


def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").write_text("hello, I am not a database; " * 1000)
    assert "x.duckdb" in refused(url=f"duckdb:///{tmp_path}/x.duckdb")


def test_a_statement_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "slow.duckdb")) as connection:
        slow = "SELECT make_timestamp(CAST(hash(a.range, b.range) % 1000000 AS BIGINT)) AS received_at, 'e' AS event"
        connection.execute(f"CREATE VIEW events AS {slow} FROM range(100000) a, range(100000) b")
    store = open_store(StoreSettings(url=f"duckdb:///{tmp_path}/slow.duckdb", timeout=0.3), Plan())
    with pytest.raises(StoreError, match=r"(?i)interrupt"):
        store.catalog()
