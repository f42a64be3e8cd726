"""What CPU do eight weeks of hourly judgements of 200 events take, from stored measures?

The counts are made: 200 events from one to 4,000 a day with a daily and weekly rhythm, 16 weeks of them, of which
the last eight are judged, by all checks that counts are enough for. `one page` is the page with its charts.

    python benchmarks/backtest.py [WEEKS]
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from monitor.backtest.page import as_html
from monitor.backtest.past import Past, read
from monitor.backtest.replay import Replayed, replay
from monitor.config import Config, load_config
from monitor.pipeline import composer_of
from monitor.testing.counts import CountStore

EVENTS, LEARNED = 200, 8  # weeks that are learned from before the first that is judged
START = dt.datetime(2025, 11, 3, tzinfo=dt.UTC)
WEEK = dt.timedelta(weeks=1)
TARGET = 60.0  # seconds of CPU for eight weeks


def store(weeks: int) -> CountStore:
    """Return counts of 200 events; three of them stop, halve and double for a day each."""
    draw, hours = np.random.default_rng(8), np.arange((LEARNED + weeks) * 168)
    rhythm = (1 + 0.6 * np.sin(2 * np.pi * (hours % 24 - 8) / 24)) * (1 - 0.3 * (hours // 24 % 7 > 4))
    means = np.geomspace(1 / 24, 4_000 / 24, EVENTS)
    counts = {("web", f"Event {i:03}"): draw.poisson(mean * rhythm).astype(float) for i, mean in enumerate(means)}
    day = slice((LEARNED + 1) * 168 + 10, (LEARNED + 1) * 168 + 34)
    for name, factor in (("Event 150", 0.0), ("Event 170", 0.5), ("Event 190", 2.0)):
        counts["web", name][day] *= factor
    return CountStore(START, counts)


def configured(folder: Path) -> Config:
    """Return a configuration of 200 planned events."""
    events = "\n".join(f"  Event {i:03}: {{}}" for i in range(EVENTS))
    (folder / "plan.yml").write_text(f"version: 1\nevents:\n{events}\n")
    settings = "store: {url: 'duckdb:///none.duckdb', history: 56d, lateness: 1h}\nplan: plan.yml\n"
    (folder / "trackwatch.yml").write_text(f"version: 1\n{settings}")
    return load_config(folder / "trackwatch.yml")


def timed(config: Config, past: Past, weeks: int) -> tuple[Replayed, float]:
    """Return what came of the weeks, and the seconds of CPU that it took."""
    since, began = START + LEARNED * WEEK, time.process_time()
    *_, replayed = replay(config, past, since, since + weeks * WEEK)
    return replayed, time.process_time() - began


def main() -> None:
    """Replay, and say what it took."""
    weeks = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    with tempfile.TemporaryDirectory() as folder:
        config = configured(Path(folder))
        span = (START + LEARNED * WEEK, START + (LEARNED + weeks) * WEEK)
        began = time.process_time()
        past = read(config, store(weeks), f"sqlite:///{folder}/cache.db", span, lambda _done, _of: None)
        reading = time.process_time() - began
        replayed, seconds = timed(config, past, weeks)
        began = time.process_time()
        page = as_html(config, past, replayed, composer_of(config), None)
        print(f"{EVENTS} events, {weeks} weeks: {replayed.tests:,} tests, {len(replayed.alerts)} alerts")
        print(f"reading the measures   {reading:6.1f} s of CPU (made-up store)")
        print(f"judging and telling    {seconds:6.1f} s of CPU; target {TARGET * weeks / 8:.0f} s")
        print(f"one page               {time.process_time() - began:6.1f} s of CPU, {len(page) / 1024:,.0f} KiB")


if __name__ == "__main__":
    main()
