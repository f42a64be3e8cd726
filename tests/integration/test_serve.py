"""Does the service keep evaluating, take orders, and stop when it is told to?"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.errors import OvertakenError, StoreError
from monitor.schedule import Clockwork
from monitor.timetable import Timetable

SERVE = (sys.executable, "-c", "from monitor.cli import main; main()", "serve")
CONFIG = """
store: {url: "sqlite:///events.db", layout: events, table: events}
state: sqlite:///state.db
web: {enabled: false}
log: json
"""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(StoreError("the store is down"), "store is down; it will be tried again", id="a known failure"),
        pytest.param(OvertakenError("another was faster"), "another was faster", id="another was faster"),
        pytest.param(RuntimeError("a bug"), "this failed", id="a bug"),
    ],
)
def test_an_evaluation_that_fails_is_followed_by_the_next(caplog, error, said):
    ticks = threading.Semaphore(0)

    def tick() -> None:
        ticks.release()
        raise error

    clockwork = Clockwork(1)
    clockwork.at("evaluate", Timetable(dt.timedelta(seconds=1)), tick)
    with caplog.at_level(logging.INFO, logger="monitor.schedule"):
        clockwork.start()
        assert all(ticks.acquire(timeout=10) for _ in range(2))
        clockwork.stop()
    assert said in caplog.text


def test_an_evaluation_is_not_begun_while_one_is_under_way():
    under_way, most, ticks = [0], [0], threading.Semaphore(0)
    release = threading.Event()

    def tick() -> None:
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        ticks.release()
        release.wait(10)
        under_way[0] -= 1

    clockwork = Clockwork(4)
    clockwork.every("evaluate", dt.timedelta(seconds=1), tick)
    clockwork.start()
    assert ticks.acquire(timeout=10)
    for _ in range(3):
        clockwork.soon("evaluate")
    release.set()
    assert ticks.acquire(timeout=10)
    clockwork.stop()
    assert most == [1]


def test_it_stops_though_a_call_under_way_winds_it():
    begun, stopping = threading.Event(), threading.Event()
    clockwork = Clockwork(2)

    def tick() -> None:
        begun.set()
        stopping.wait(10)
        clockwork.soon("evaluate")

    clockwork.every("evaluate", dt.timedelta(hours=1), tick)
    clockwork.start()
    assert begun.wait(10)
    threading.Timer(0.2, stopping.set).start()
    stopper = threading.Thread(target=clockwork.stop, daemon=True)
    stopper.start()
    stopper.join(10)
    assert not stopper.is_alive()


@contextmanager
def serving(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `trackwatch serve` in a folder with an empty store."""
    (folder / "trackwatch.yml").write_text(CONFIG)
    with sqlite3.connect(folder / "events.db") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS events (received_at DATETIME, event TEXT, id TEXT, source TEXT)")
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(SERVE, cwd=folder, env=environ, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(process: subprocess.Popen[str], said: str) -> str:
    """Read the log up to a line that says something."""
    for line in process.stderr or ():
        if said in line:
            return line
    raise AssertionError(f"never said: {said}")


def test_a_service_takes_orders_and_leaves_in_order(tmp_path):
    with serving(tmp_path) as process:
        until(process, '"message": "evaluated"')
        second = subprocess.run(
            SERVE, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert (second.returncode, "need a PostgreSQL" in second.stderr) == (2, True)
        process.send_signal(signal.SIGHUP)
        until(process, "the configuration was read again")
        (tmp_path / "trackwatch.yml").write_text(CONFIG + "budget: {}\nnonsense: 1\n")
        process.send_signal(signal.SIGHUP)
        assert "trackwatch.yml:7: 'nonsense'" in until(process, "is wrong, the old one stays")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


TWO = """
state: sqlite:///state.db
store: {url: "sqlite:///events.db", layout: events, table: events}
log: json
web: {port: 0}
workspaces:
  dev: {store: {url: "sqlite:///dev.db"}, web: {enabled: false}, schedule: {cron: "0 7 * * *"}}
"""


def serve(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [*SERVE, *options]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=60)


def test_one_process_serves_all_workspaces_of_a_file_each_at_its_times(tmp_path):
    (tmp_path / "trackwatch.yml").write_text(TWO)
    for name in ("events", "dev"):
        with sqlite3.connect(tmp_path / f"{name}.db") as connection:
            connection.execute("CREATE TABLE events (received_at DATETIME, event TEXT, id TEXT, source TEXT)")
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    options = {"cwd": tmp_path, "env": environ, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*SERVE, "--workspace", "all"], **options) as process:
        until(process, "production: evaluating every 1h")
        until(process, "dev: evaluating at 0 7 * * * (UTC)")
        evaluated = {json.loads(until(process, '"message": "evaluated"'))["workspace"] for _ in range(2)}
        process.send_signal(signal.SIGTERM)
        assert (process.wait(timeout=30), evaluated) == (0, {"production", "dev"})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["--workspace", "devel"], "'devel' is not a workspace", id="one that is not there"),
        pytest.param(["--workspace", "all"], "have the same address, 127.0.0.1:8420", id="pages in one place"),
    ],
)
def test_workspaces_that_cannot_be_served_are_refused(tmp_path, options, said):
    text = TWO.replace("web: {port: 0}", "").replace("web: {enabled: false}, ", "")
    (tmp_path / "trackwatch.yml").write_text(text)
    done = serve(tmp_path, *options)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
