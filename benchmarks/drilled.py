"""Does `trackwatch drill` see changes of the size that `trackwatch detectability` names?

In each event of an installation that has run (such as the demo's) the predicted drop or spike is planted at random
quiet hours of the past, by the drill; the share that is told in time stands beside the predicted one.

    python benchmarks/drilled.py trackwatch-demo/trackwatch.yml --from 2026-02-09 --to 2026-02-23 [--minutes 10]
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from monitor.backtest.past import remembered
from monitor.backtest.replay import measurements_of
from monitor.config import load_config
from monitor.detectability import SURE, Detectability, of_measurements
from monitor.drill.drilling import drilled
from monitor.drill.fault import Fault
from monitor.drill.faults.excess import Spike
from monitor.drill.faults.loss import Drop
from monitor.drill.ground import Ground
from monitor.drill.known import Known, Place
from monitor.drill.untouched import untouched
from monitor.history.memory import Memory

WITHIN = {"day": dt.timedelta(days=1), "week": dt.timedelta(weeks=1)}


def fault(change: str, size: float, lasts: dt.timedelta) -> Fault:
    """Return the fault that is a change."""
    if change == "drop":
        return Drop(name="drop", title="loses as much as is predicted", share=size, lasts=lasts)
    return Spike(name="spike", title="rises as much as is predicted", more=size, lasts=lasts)


def main(asked: argparse.Namespace) -> None:
    """Print a line for each change and horizon."""
    config = load_config(asked.config)
    zone = ZoneInfo(config.zone)
    since, until = (
        dt.datetime.fromisoformat(day).replace(tzinfo=zone).astimezone(dt.UTC) for day in (asked.since, asked.until)
    )
    only = {name: check for name, check in config.checks.items() if name in ("volume", "missing")}
    config = replace(config, checks=only)  # what the prediction counts
    past = remembered(config, Memory(config.state_url, config.workspace), since, until)
    assert past, "that time is not remembered"
    seen = of_measurements(config, measurements_of(config, past, since), since)
    assert seen
    kept = untouched(config, past, (since, until), lambda _done, _of: None)
    ground = Ground.of(config, Known(past, config.plan, until), kept)
    print(f"{len(seen.visible)} predictions; told in time, of changes as large as predicted ({SURE:.0%})", flush=True)
    for change in ("drop", "spike"):
        for horizon in WITHIN:
            told, sizes = planted(ground, seen, (change, horizon), asked)
            if told:
                line = (
                    f"{change:6}{horizon:>6}{len(told):>5} drills, median {np.median(sizes):4.0%}: {np.mean(told):4.0%}"
                )
                print(line, flush=True)


def planted(
    ground: Ground, seen: Detectability, what: tuple[str, str], asked: argparse.Namespace
) -> tuple[list[bool], list[float]]:
    """Return which of the predicted changes were told in time, and how large they were."""
    (change, horizon), end = what, time.monotonic() + 60 * asked.minutes / 4
    wait = ground.config.store.lateness or dt.timedelta(hours=1)
    told, sizes = list[bool](), list[float]()
    for turn in range(asked.turns):
        for each in seen.visible:
            size = (each.drop if change == "drop" else each.spike)[horizon]
            rows = ground.known.rows.get(each.event, {})
            if each.source is not None or not size or not rows or time.monotonic() > end:
                continue
            rng, place = np.random.default_rng([turn, len(told)]), Place(event=each.event, sources=tuple(sorted(rows)))
            onset = ground.onset(place, WITHIN[horizon], rng)
            if onset is not None:
                found = drilled(ground, fault(change, size, WITHIN[horizon] + wait), place, onset, rng)
                told.append(found.delay is not None and found.delay <= WITHIN[horizon] + wait)
                sizes.append(size)
    return told, sizes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--from", dest="since", required=True)
    parser.add_argument("--to", dest="until", required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--turns", type=int, default=3)
    main(parser.parse_args())
