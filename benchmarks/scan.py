"""What does `trackwatch scan` cost beside DuckDB's own reading of the same file?

Measures, on one gzipped NDJSON file of Segment messages, each in a process of its own, interleaved:

- count: DuckDB's `SELECT event, hour, count(*)`
- properties: one pass of DuckDB over all properties, counting each of them by event
- scan: `trackwatch scan`, the whole of it

and prints medians and the ratio scan / (count + properties); the target is 2.0 at most.

    python benchmarks/scan.py [--rows 2000000] [--file EVENTS.json.gz] [--runs 3]
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson

COUNT = """
import duckdb, sys
select = "SELECT event, date_trunc('hour', receivedAt) AS hour, count(*)"
duckdb.sql(f"{select} FROM '{sys.argv[1]}' GROUP BY ALL").fetchall()
"""
PROPERTIES = """
import duckdb, sys
columns = "{event: 'VARCHAR', properties: 'JSON'}"
rows = f"SELECT * FROM read_json('{sys.argv[1]}', columns={columns}, format='newline_delimited')"
names = f"SELECT event, unnest(json_keys(properties)) AS name FROM ({rows})"
duckdb.sql(f"SELECT event, name, count(*) FROM ({names}) GROUP BY ALL").fetchall()
"""
SCAN = "import sys; from monitor.cli import main; main(['scan', sys.argv[1], '--json', '--fail-on', 'never'])"
START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
DAYS, EVENTS, PROPERTIES_EACH = 28, 50, 10


def generate(path: Path, rows: int, seed: int = 7) -> None:
    """Write messages of 50 events with 10 properties each over 28 days, as Segment archives them."""
    draw = random.Random(seed)
    with gzip.open(path, "wb", compresslevel=1) as file:
        for i in range(rows):
            file.write(orjson.dumps(_message(i / rows, draw)) + b"\n")


def _message(part: float, draw: random.Random) -> dict:
    event = min(int(draw.expovariate(0.1)), EVENTS - 1)
    at = (START + part * dt.timedelta(days=DAYS)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    app = {"version": f"5.{draw.randrange(4)}.0"}
    return {
        "messageId": f"{draw.getrandbits(128):032x}",
        "type": "track",
        "event": f"Event {event}",
        "userId": f"u{draw.randrange(100_000)}",
        "anonymousId": f"{draw.getrandbits(128):032x}",
        "timestamp": at,
        "sentAt": at,
        "receivedAt": at,
        "context": {"app": app, "library": {"name": "analytics.js", "version": "2.1.0"}, "page": {"path": "/x"}},
        "properties": {f"property_{(event * 7 + j) % 40}": _value(j, draw) for j in range(PROPERTIES_EACH)},
    }


def _value(j: int, draw: random.Random) -> object:
    if j < 4:
        return draw.randrange(1000)
    if j < 6:
        return draw.random()
    return draw.choice(["free", "basic", "pro"]) if j < 9 else f"https://shop.example/p/{draw.randrange(10_000)}"


def timed(program: str, path: Path) -> tuple[float, float]:
    """Return wall and CPU seconds of one child process."""
    before, started = os.times(), time.perf_counter()
    subprocess.run([sys.executable, "-c", program, str(path)], check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, os.times()
    user, system = after.children_user - before.children_user, after.children_system - before.children_system
    return wall, user + system


def main() -> None:
    """Measure, and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or Path(folder) / "events.json.gz"
        if not options.file:
            generate(path, options.rows)
        print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB; median of {options.runs} interleaved runs")
        measure(path, options.runs)


def measure(path: Path, runs: int) -> None:
    """Print the table and the ratio."""
    programs = {"count": COUNT, "properties": PROPERTIES, "scan": SCAN}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, program in programs.items():
            times[name].append(timed(program, path))
    wall = {name: statistics.median(w for w, _ in found) for name, found in times.items()}
    cpu = {name: statistics.median(c for _, c in found) for name, found in times.items()}
    for name in programs:
        print(f"{name:12} wall {wall[name]:7.2f} s   CPU {cpu[name]:7.2f} s")
    for kind, seconds in (("CPU", cpu), ("wall", wall)):
        ratio = seconds["scan"] / (seconds["count"] + seconds["properties"])
        print(f"scan / (count + properties), {kind}: {ratio:.2f}  (target 2.0)")


if __name__ == "__main__":
    main()
