"""Which worlds do the contract tests write rows into?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

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
