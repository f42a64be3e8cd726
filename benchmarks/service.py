"""Is each window evaluated once, and by whom, where the process that evaluates is killed every twenty minutes?

python benchmarks/service.py --url postgresql://me@127.0.0.1/postgres
python benchmarks/service.py --url postgresql://me@127.0.0.1/postgres --live 6

The first serves for 72 simulated hours with three processes: see `monitor/testing/instances.py`. The second starts
three real `trackwatch serve` on real clocks, kills the one that leads so many times, and waits for the next.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from faults import database

from monitor.testing.instances import Tally, serve_for

SERVE = (sys.executable, "-c", "from monitor.cli import main; main()", "serve")
CONFIG = """
store: {{url: "duckdb:///events.duckdb", layout: events, table: events}}
state: {url}
web: {{enabled: false}}
log: json
"""
WORST = 30.0  # seconds that the issue allows
EVENTS = "CREATE TABLE events (received_at TIMESTAMP, event VARCHAR, id VARCHAR, source VARCHAR)"


def simulated(url: str, hours: int, processes: int) -> None:
    """Serve for so many hours, and print what came of it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, database(url) as state:
        found = serve_for(hours, state, Path(folder), processes)
    print(f"{hours} simulated hours, {processes} processes, a kill every 20 minutes, PostgreSQL")
    for name, value in _rows(found):
        print(f"  {name:<58}{value:>10}")
    print(f"  {'minutes of real time':<58}{(time.monotonic() - began) / 60:>10.1f}")


def _rows(found: Tally) -> list[tuple[str, object]]:
    told = found.told
    assert told is not None
    return [
        ("windows due", found.due),
        ("evaluated", found.evaluated),
        ("evaluated twice", found.twice),
        ("not evaluated", found.missed),
        ("kills", found.kills),
        ("  in the middle of something", found.killed_busy),
        ("  stopped there, gone on after another took over, killed then", found.stopped),
        ("leaders that were lost", len(found.waits)),
        ("  seconds until the next, median", sorted(found.waits)[len(found.waits) // 2]),
        ("  seconds until the next, longest (at most 30)", max(found.waits)),
        ("leaders at a time, at most", found.most_leaders),
        ("messages sent", told.sent),
        ("  lost", told.lost),
        ("  told twice", told.twice),
        ("incidents as if nobody had been killed", "yes" if found.same else "no"),
    ]


def live(url: str, kills: int, processes: int) -> None:
    """Kill whoever leads of some real services, and print how long it takes until another does."""
    dice, running = random.Random(1), {}
    with tempfile.TemporaryDirectory() as folder, database(url) as state:
        _prepare(Path(folder), state)
        try:
            for _ in range(processes):
                _start(Path(folder), running)
            token = _next_leader(state, 0)[0]
            print(f"{processes} real services on real clocks, at most {WORST:.0f} s allowed")
            for number in range(kills):
                time.sleep(dice.uniform(1, 6))
                leader = _next_leader(state, token - 1)[1]
                os.kill(leader, signal.SIGKILL)
                running.pop(leader).wait()
                began = time.monotonic()
                _start(Path(folder), running)
                token, _ = _next_leader(state, token)
                print(f"  kill {number + 1}: another leads after {time.monotonic() - began:4.1f} s", flush=True)
        finally:
            for process in running.values():
                process.kill()
                process.wait()


def _prepare(folder: Path, state: str) -> None:
    import duckdb  # noqa: PLC0415 the simulation needs none

    (folder / "trackwatch.yml").write_text(CONFIG.format(url=state))
    with duckdb.connect(str(folder / "events.duckdb")) as events:
        events.execute(EVENTS)


def _start(folder: Path, running: dict[int, subprocess.Popen[bytes]]) -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(SERVE, cwd=folder, env=environ, stderr=subprocess.DEVNULL)
    running[process.pid] = process


def _next_leader(state: str, token: int) -> tuple[int, int]:
    """Wait for a lease that is newer than one; return its token and the process that holds it."""
    while True:
        time.sleep(0.05)
        with psycopg.connect(state) as connection:
            if not connection.execute("SELECT to_regclass('lease')").fetchone()[0]:
                continue
            row = connection.execute("SELECT token, holder FROM lease WHERE token > %s", [token]).fetchone()
        if row:
            return row[0], int(row[1].split(":")[1])


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="of a PostgreSQL server, by a role that may create databases")
    parser.add_argument("--hours", type=int, default=72)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--live", type=int, metavar="KILLS", help="real services on real clocks instead")
    given = parser.parse_args()
    if given.live:
        live(given.url, given.live, given.processes)
    else:
        simulated(given.url, given.hours, given.processes)


if __name__ == "__main__":
    main()
