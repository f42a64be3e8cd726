"""What becomes of a command when the disk takes no more?"""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.history.memory import Memory

TRACKWATCH = (sys.executable, "-c", "from monitor.cli import main; main()")
CONFIG = """
store: {url: "sqlite:///events.db", layout: events, table: events, history: 28d, judge: 7d}
state: sqlite:///state.db
"""
NOW = ("--now", "2026-02-10T12:00:00Z")
Ran = subprocess.CompletedProcess[str]


@pytest.fixture
def trackwatch(tmp_path):
    """Run a command beside a small store; `stdout` is where its output goes, `most` what a file may hold."""
    (tmp_path / "trackwatch.yml").write_text(CONFIG)
    with sqlite3.connect(tmp_path / "events.db") as connection:
        connection.execute("CREATE TABLE events (received_at DATETIME, event TEXT, id TEXT, source TEXT)")
        days = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
        rows = "SELECT datetime('2026-01-10', '+' || i * 15 || ' minutes'), 'Order', 'm' || i, 'web' FROM n"
        connection.execute(f"INSERT INTO events {days} {rows}")

    def run(*arguments: str, stdout: str | None = None, most: int | None = None) -> Ran:
        limit = None if most is None else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        with Path(stdout or os.devnull).open("w") as output:
            return subprocess.run(
                (*TRACKWATCH, *arguments),
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                preexec_fn=limit,
            )

    return run


@pytest.mark.parametrize("command", [["validate"], ["run", "--json", *NOW]], ids=lambda c: c[0])
def test_output_that_cannot_be_written_is_one_sentence(trackwatch: Callable[..., Ran], command: list[str]):
    done = trackwatch(*command, stdout="/dev/full")
    assert (done.returncode, done.stderr.splitlines()[-1:]) == (
        3,
        ["trackwatch: cannot write: No space left on device; what was found is kept"],
    )
    assert "Traceback" not in done.stderr


def test_a_run_whose_state_cannot_be_written_keeps_nothing_and_the_next_one_does_it_all(
    trackwatch: Callable[..., Ran], tmp_path: Path
):
    Memory(f"sqlite:///{tmp_path}/state.db", "production")
    full = trackwatch("run", *NOW, most=24_000)
    assert full.returncode == 3
    assert "Traceback" not in full.stderr
    [said] = [line for line in full.stderr.splitlines() if line.startswith("trackwatch: ")]
    assert said.endswith(("disk I/O error", "database or disk is full"))
    memory = Memory(f"sqlite:///{tmp_path}/state.db", "production")
    assert (memory.progress(), memory.incidents()) == (None, ())
    assert trackwatch("run", *NOW).returncode in {0, 1}
    assert memory.progress() is not None
