"""Does `trackwatch drill` see changes of the size that `trackwatch detectability` names?

In each event of an installation that has run (such as the demo's) the predicted drop or spike is planted by the drill,
at a random quiet hour of the week that follows the prediction. What is promised is an incident in time; how many of
those people are told of at once (the others are less than a warning, and are in the report) stands beside it.

    python benchmarks/drilled.py trackwatch-demo/trackwatch.yml --from 2026-01-26 --to 2026-02-23 [--minutes 30]
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.detectability import spread
from monitor.backtest.past import remembered
from monitor.backtest.replay import Replayed, Teller, measurements_of, walked
from monitor.config import load_config
from monitor.detectability import SURE, WATCHING, Detectability, of_measurements
from monitor.drill.drilling import Splice
from monitor.drill.fault import Fault
from monitor.drill.faults.excess import Spike
from monitor.drill.faults.loss import Drop
from monitor.drill.ground import HOUR, TRIES, Ground, about_of
from monitor.drill.known import DAY, Known, Place
from monitor.drill.striking import When
from monitor.drill.untouched import untouched
from monitor.history.memory import Memory
from monitor.pipeline import composer_of

WITHIN = {"hour": dt.timedelta(hours=1), "day": DAY, "week": 7 * DAY}
TURNS = 4  # over all events and weeks
FAMILY = {"drop": "loss", "spike": "excess"}


@dataclass(frozen=True)
class Planted:
    """One change of the predicted size, and what became of it."""

    event: str
    at: dt.datetime  # of the prediction
    size: float
    opened: bool  # an incident, in time
    told: bool  # to people, in time


def fault(change: str, size: float, lasts: dt.timedelta) -> Fault:
    """Return the fault that is a change."""
    if change == "drop":
        return Drop(name="drop", title="loses as much as is predicted", share=size, lasts=lasts)
    return Spike(name="spike", title="rises as much as is predicted", more=size, lasts=lasts)


def outcome(ground: Ground, what: tuple[str, str, float], place: Place, onset: dt.datetime) -> tuple[bool, bool]:
    """Return whether an incident was opened in time, and whether it was told."""
    (change, horizon, size), config = what, ground.config
    until, rng = onset + WITHIN[horizon], np.random.default_rng([int(onset.timestamp()), len(place.event or "")])
    when = When.of(onset, until, ZoneInfo(config.zone))
    splice = Splice(ground, fault(change, size, WITHIN[horizon]), place, when, rng)
    begin = Replayed(since=onset, until=onset, incidents=ground.untouched.at(onset))
    teller = Teller(config, composer_of(config))
    for day, _ in walked(config, splice.overlaid, begin, until, teller, splice):
        ours = {
            each.id
            for each in day.incidents
            if each.found and onset < each.found <= until and each.subject.family == FAMILY[change]
            if place.event in each.events
        }
        if ours:
            return True, any(each.incident in ours for each in teller.told)
    return False, False


def planted(
    ground: Ground, weeks: list[tuple[dt.datetime, Detectability]], what: tuple[str, str], minutes: float
) -> Iterator[Planted]:
    """Yield what became of predicted changes, of each event and week in turn, while there is time."""
    (change, horizon), end = what, time.monotonic() + 60 * minutes
    rng = np.random.default_rng(len(change) + len(horizon))
    found = [(at, each, getattr(each, change)[horizon]) for at, seen in weeks for each in seen.visible]
    found = [(at, each.event, size) for at, each, size in found if each.source is None and size]
    for at, event, size in (found[i] for turn in range(TURNS) for i in rng.permutation(len(found))):
        place = Place(event=event, sources=tuple(sorted(ground.known.rows.get(event, {}))))
        hours = rng.permutation(7 * 24)[:TRIES].tolist()
        onset = next((on for on in (at + hour * HOUR for hour in hours) if quiet(ground, place, on, horizon)), None)
        if time.monotonic() < end and onset is not None:
            yield Planted(event, at, size, *outcome(ground, (change, horizon, size), place, onset))


def quiet(ground: Ground, place: Place, onset: dt.datetime, horizon: str) -> bool:
    """Say whether nothing is wrong with an event, nor left out, for as long as is waited."""
    about = about_of(ground.events(place), place)
    free = not any(list(each.within(onset, onset + DAY)) for each in ground.config.exclusions)
    return free and ground.untouched.is_quiet(about, onset, onset + WITHIN[horizon])


def main(asked: argparse.Namespace) -> None:
    """Print a line for each change and horizon."""
    config = load_config(asked.config)
    zone = ZoneInfo(config.zone)
    since, until = (dt.datetime.fromisoformat(day).replace(tzinfo=zone) for day in (asked.since, asked.until))
    only = {name: check for name, check in config.checks.items() if name in WATCHING}
    config = replace(config, checks=only)  # what the prediction counts
    span = since.astimezone(dt.UTC), until.astimezone(dt.UTC)
    past = remembered(config, Memory(config.state_url, config.workspace), *span)
    assert past, "that time is not remembered"
    weeks = []
    for number in range((until - since) // (7 * DAY) - 1):  # a change of the last one is followed for a week
        at = (since + number * 7 * DAY).astimezone(dt.UTC)
        seen = of_measurements(config, measurements_of(config, past, at), at)
        weeks += [(at, seen)] if seen else []
    kept = untouched(config, past, span, lambda _done, _of: None)
    ground = Ground.of(config, Known(past, config.plan, span[1]), kept)
    print(f"{len(weeks)} weeks; an incident in time, of changes as large as predicted ({SURE:.0%})", flush=True)
    asked_for = [(c, h) for c, h in itertools.product(FAMILY, WITHIN) if asked.horizon in (None, h)]
    for what in asked_for:
        found = list(planted(ground, weeks, what, asked.minutes / len(asked_for)))
        if found:
            print(line(what, found), flush=True)


def line(what: tuple[str, str], found: list[Planted]) -> str:
    """Return what became of the changes of one kind, with the 95 % interval by events, and by the prediction's week."""
    opened, told = (np.array([getattr(each, name) for each in found]) for name in ("opened", "told"))
    off, size = spread(opened, np.array([each.event for each in found])), np.median([each.size for each in found])
    weeks = sorted({each.at for each in found})
    shares = (f"{np.mean([each.opened for each in found if each.at == week]):.0%}" for week in weeks)
    low, high = max(opened.mean() - off, 0), min(opened.mean() + off, 1)
    seen = f"{opened.mean():4.0%} ({low:.0%} to {high:.0%}), told {told.mean():.0%}; by week {', '.join(shares)}"
    return f"{what[0]:6}{what[1]:>5}{len(found):>5} drills, median {size:4.0%}: {seen}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--from", dest="since", required=True)
    parser.add_argument("--to", dest="until", required=True)
    parser.add_argument("--horizon", choices=list(WITHIN))
    parser.add_argument("--minutes", type=float, default=30)
    main(parser.parse_args())
