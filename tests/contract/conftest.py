"""Which worlds do the contract tests write rows into?"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from contract.worlds import WORLDS, World, name


@pytest.fixture(params=WORLDS, ids=[f"{engine} {layout}" for engine, layout, _ in WORLDS])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    engine, layout, aware = request.param
    made = World(engine, layout, lambda: "", aware)
    if engine in ("duckdb", "sqlite"):
        folder = tmp_path_factory.mktemp(engine)
        made = replace(made, url=lambda: f"{engine}:///{folder}/{name()}.db")
    else:
        server = request.getfixturevalue(f"{engine}_url".replace("postgresql", "postgres"))
        made = replace(made, url=lambda: server)
    yield made
    made.close()


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[World]:
    made = World("postgresql", "segment", lambda: postgres_url, aware=False)
    yield made
    made.close()


@pytest.fixture(scope="session")
def mariadb_url() -> str:
    """Return the URL of this machine's MariaDB."""
    pymysql = pytest.importorskip("pymysql", reason="pip install trackwatch[mysql] runs these")
    try:
        pymysql.connect(host="127.0.0.1", user="root").close()
    except pymysql.err.OperationalError as error:
        pytest.skip(f"no MariaDB answers here: {error}; apt-get install mariadb-server runs these")
    return "mariadb://root@127.0.0.1/mysql"


@pytest.fixture(scope="session")
def clickhouse_url() -> Iterator[str]:
    """Return the URL of ClickHouse as a library, behind an HTTP server of its own process."""
    for module in ("chdb", "clickhouse_connect"):
        pytest.importorskip(module, reason="pip install chdb trackwatch[clickhouse] runs these")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, Path(__file__).with_name("clickhouse_server.py"), str(port)])
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        time.sleep(0.1)
    yield f"clickhouse://default@127.0.0.1:{port}/default"
    server.kill()
    server.wait()
