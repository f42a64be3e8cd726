"""Does a run cost the same after two years as after two weeks, and a daily run a twentieth of reading it all?

    python benchmarks/increments.py [--folder DIR] [--rows 10000000] [--skip-store]

First, runs over a made-up store (50 events, 3 sources, 10 properties) with a state database that
holds two weeks, and one that holds two years; CPU seconds and SQL statements to the state
database. Then a daily run on DuckDB beside the first reading of all 28 days, with all checks.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import generated as g
import numpy as np
import pandas as pd
from sqlalchemy import event

from checks.base import Catalog, Field
from monitor.config import Config, load_config
from monitor.history.measures import Progress, Watermark
from monitor.history.memory import Memory, Step
from monitor.pipeline import Installation, run
from monitor.stores.base import COLUMNS, Measured, Request

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NOW = dt.datetime(2026, 3, 2, 12, 5, tzinfo=dt.UTC)
EVENTS = [f"Event {i}" for i in range(50)]
SOURCES = ["web", "ios", "server"]
NAMES = [f"property_{i}" for i in range(10)]
PLACES = [(source, name) for source in SOURCES for name in EVENTS]


class MadeUp:
    """A store that answers with seeded counts, in no time to speak of."""

    def catalog(self, _window=None) -> Catalog:
        """Return all that there is."""
        fields = tuple(Field(name, source, prop, "string") for source, name in PLACES for prop in NAMES)
        return Catalog({name: frozenset(SOURCES) for name in EVENTS}, fields)

    def measure(self, request: Request) -> Measured:
        """Return counts of hours, and of days where they are asked."""
        days = any(measure.grain == "day" for measure in request.measures)
        frame = points(request.since, request.until, days=days, marks=True)
        return Measured(frame.assign(bucket=frame["bucket"].astype("datetime64[s]")), len(EVENTS), len(frame))

    def close(self) -> None:
        """Nothing is open."""


def points(
    since: dt.datetime, until: dt.datetime, *, days: bool, marks: bool = False, hours: bool = True
) -> pd.DataFrame:
    """Return rows by the hour, and by the day rows, and missing and only values of each property."""
    hour = np.arange(since.timestamp() // 3600 * 3600, until.timestamp(), 3600)
    day = np.arange(since.timestamp() // 86400 * 86400, until.timestamp(), 86400)
    wave = 30 * (1 + 0.5 * np.sin(hour / 86400 * 2 * np.pi))
    counts = np.random.default_rng(int(since.timestamp())).poisson(wave, (len(PLACES), len(hour)))
    parts = []
    for (source, name), count in zip(PLACES, counts, strict=True):
        if hours:
            parts.append((source, name, "", "rows", "hour", hour, count))
        if marks:
            newest = np.minimum(hour + 3599, until.timestamp())
            parts += [(source, name, "", mark, "hour", hour, newest) for mark in ("received", "loaded")]
        if days:
            parts.append((source, name, "", "rows", "day", day, 720.0))
            parts += [
                (source, name, prop, stat, "day", day, 7.0) for prop in NAMES for stat in ("nulls", "fingerprint")
            ]
    frames = [_frame(*part) for part in parts]
    columns = {name: np.concatenate([frame[i] for frame in frames]) for i, name in enumerate(COLUMNS)}
    return pd.DataFrame(columns)


def _frame(*part):
    source, name, prop, measure, grain, bucket, value = part
    texts = [np.full(len(bucket), text, dtype=object) for text in (source, name, prop, "", measure, grain)]
    return [*texts, bucket.astype(np.int64), np.broadcast_to(np.asarray(value, dtype=float), len(bucket))]


def aged(config: Config, folder: Path, days: int) -> Memory:
    """Return a memory of so many days: hours of the last 13 weeks, and all days."""
    memory = Memory(f"sqlite:///{folder}/{days}.db", "benchmark")
    end = (NOW - HOUR).replace(minute=0)
    start = (NOW - days * DAY).replace(hour=0, minute=0)
    marks = {source: Watermark(end, end) for source in SOURCES}
    since = start
    while since < end:
        until = min(since + 28 * DAY, end)
        recent = since > NOW - dt.timedelta(weeks=13)
        frame = points(since, until, days=True, hours=recent)
        memory.keep(
            Step(
                at=until, points=frame, spans=dict.fromkeys(("hour", "day"), (since, until)), watermarks=marks,
                rhythms={}, before=memory.progress(), progress=Progress(start, until, until), incidents=(),
                deliveries=(), summary={},
            )
        )  # fmt: skip
        since = until
    return memory


def by_age(config: Config, folder: Path, runs: int) -> None:
    """Print what a run costs beside a young and an old history."""
    heads = ("points kept", "MiB", "hourly CPU s", "statements", "daily CPU s", "statements")
    print(f"{'':24} {heads[0]:>12} {heads[1]:>7} {heads[2]:>13} {heads[3]:>11} {heads[4]:>12} {heads[5]:>11}")
    seen = {}
    for days in (14, 730):
        memory = aged(config, folder, days)
        counted = [0]
        event.listen(memory._engine, "before_cursor_execute", lambda *_, c=counted: c.__setitem__(0, c[0] + 1))
        installation = Installation(config, MadeUp(), memory)
        costs = {"hourly": [], "daily": []}
        now = NOW + HOUR
        for _ in range(24 * runs):
            counted[0], started = 0, time.process_time()
            result = run(installation, now)
            grain = "daily" if now.hour == 1 else "hourly"
            costs[grain].append((time.process_time() - started, counted[0]))
            assert result.reading is not None
            now += HOUR
        kept = len(memory.points(NOW - 1000 * DAY, now))
        size = (folder / f"{days}.db").stat().st_size / 2**20
        (hourly, a), (daily, b) = ((statistics.median(column) for column in zip(*costs[k], strict=True)) for k in costs)
        seen[days] = hourly, daily
        print(
            f"{days:>5} days of history       {kept:12,} {size:7.1f} {hourly:13.3f} {a:11.0f} {daily:12.3f} {b:11.0f}"
        )
    ratios = [old / young for old, young in zip(seen[730], seen[14], strict=True)]
    print(f"two years beside two weeks: hourly {ratios[0]:.2f} x, daily {ratios[1]:.2f} x (target: about 1)")


class Timed:
    """A store whose reading is timed."""

    def __init__(self, store) -> None:
        """Stand before a store."""
        self.store, self.cpu = store, 0.0

    def catalog(self, window=None):
        """Ask for the catalogue."""
        return self.store.catalog(window)

    def measure(self, request: Request) -> Measured:
        """Ask, and count the CPU time."""
        started = time.process_time()
        measured = self.store.measure(request)
        self.cpu += time.process_time() - started
        return measured


def daily(config: Config, folder: Path, place: Path) -> None:
    """Print what a daily run costs beside the first reading of everything."""
    store = Timed(g.open_typed(place))
    config = replace(config, plan=g.plan(place), store=replace(config.store, history=28 * DAY))
    installation = Installation(config, store, Memory(f"sqlite:///{folder}/daily.db", "benchmark"))
    rows = []
    first = g.START + 26 * DAY + 2 * HOUR
    for now in (first, first + DAY):
        store.cpu, started = 0.0, time.process_time()
        result = run(installation, now)
        rows.append((result.reading.rows, store.cpu, time.process_time() - started))
    for name, (count, reading, whole) in zip(("first run, 26 days", "daily run"), rows, strict=True):
        print(f"{name:24} {count:12,} rows read, reading {reading:7.2f} CPU s, whole run {whole:7.2f} CPU s")
    share = rows[1][1] / rows[0][1] * 26 / 28
    print(f"reading, daily beside 28 days: 1/{1 / share:.0f} (target: at most 1/20)")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("benchmark-data"))
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3, help="days that each history is run for")
    parser.add_argument("--skip-store", action="store_true", help="only the first part")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "trackwatch.yml").write_text(
            "version: 1\nstore: {url: 'duckdb:///x', history: 14d, judge: 1d, lateness: 1h}\n"
        )
        config = replace(load_config(folder / "trackwatch.yml"), channels={})
        by_age(config, folder, options.runs)
        if not options.skip_store:
            daily(config, folder, g.data(options.folder, options.rows, layouts="typed"))


if __name__ == "__main__":
    main()
