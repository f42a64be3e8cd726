"""How many incidents does one fault become, and is the slice that they name the right one?

A shop of sixteen events on three sources, in five countries, three browsers and three versions of each app, is
watched; then one fault takes many events at once, and two days later all hours since are judged.
Counted are all incidents that are told, false ones too; the slice is that of the largest.

    python benchmarks/incidents.py [--seeds 5] [--fault NAME]
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from checks.base import PAIRED, Catalog, Field, Measure
from monitor.alerts.message import Severity
from monitor.config import load_config
from monitor.history.memory import Memory
from monitor.incidents import RANK, Incident
from monitor.pipeline import Installation, run
from monitor.stores.base import COLUMNS, Measured, Request, Window
from monitor.testing.counts import CountStore

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
DAYS, FAULT = 44, 41  # in all; the day on which it begins
EVENTS = [f"Event {letter}" for letter in "ABCDEFGHIJKLMNOP"]
BROWSERS = {"Chrome": 0.6, "Safari": 0.3, "Firefox": 0.1}
AXES = ("country", "browser", "app_version")
SOURCES = {"web": 1.0, "ios": 0.6, "android": 0.4}
COUNTRIES = {"US": 0.45, "DE": 0.25, "FR": 0.15, "JP": 0.1, "BR": 0.05}
CONFIG = """
version: 1
store: {url: "duckdb:///unused.duckdb", history: 35d, judge: 1d}
checks:
  slices: {dimensions: [country, browser], causes: [app_version]}
  unused: {enabled: false}
  schema: {enabled: false}
"""

ALL = slice(None)
Cells = np.ndarray  # [event, source, country, browser, version, hour] messages


@dataclass(slots=True)
class World(CountStore):
    """Counts by hour, and what else was measured of each day."""

    daily: Mapping[tuple[str, str], list[tuple[str, str, str, int, float]]] = field(default_factory=dict)
    cubes: Mapping[tuple[str, str], np.ndarray] = field(default_factory=dict)  # [country, browser, version, day]
    crossed: int = 0  # statements that asked for pairs of dimensions

    def catalog(self, window: Window | None = None) -> Catalog:
        """Return the events, each with a property."""
        fields = tuple(Field(event, source, "currency", "string") for source, event in self.counts)
        return replace(CountStore.catalog(self, window), fields=fields)

    def measure(self, request: Request) -> Measured:
        """Return the counts; of pairs of dimensions, where those are asked for."""
        pairs = [measure for measure in request.measures if measure.by and PAIRED in measure.by]
        if not pairs:
            return CountStore.measure(self, request)
        rows = [row for m in pairs for key in self.counts if key[1] == m.event for row in self._paired(key, m, request)]
        frame = pd.DataFrame(rows, columns=list(COLUMNS))
        frame["bucket"] = pd.to_datetime(frame["bucket"], utc=True).dt.tz_localize(None).astype("datetime64[s]")
        self.crossed += 1
        return Measured(frame, len({key for key in self.counts if key[1] == pairs[0].event}), 0)

    def _paired(self, key: tuple[str, str], measure: Measure, request: Request) -> Iterator[tuple[object, ...]]:
        one, other = (measure.by or "").split(PAIRED)
        labels = {
            "country": list(COUNTRIES),
            "browser": list(BROWSERS),
            "app_version": [f"{key[0]} {v}" for v in (1, 2, 3)],
        }
        kept = [AXES.index(one), AXES.index(other)]
        cube = self.cubes[key].sum(axis=({0, 1, 2} - set(kept)).pop())
        cube = cube if kept == sorted(kept) else cube.swapaxes(0, 1)
        for i, a in enumerate(labels[one]):
            for j, b in enumerate(labels[other]):
                for day, value in enumerate(cube[i, j].tolist()):
                    at = START + day * DAY
                    if value and request.since <= at < request.until:
                        yield (*key, "", f"{a}{PAIRED}{b}", measure.name(), "day", at, value)

    def _rows(self, key: tuple[str, str], request: Request) -> list[tuple[object, ...]]:
        rows = CountStore._rows(self, key, request)
        for name, label, measure, day, value in self.daily[key]:
            at = START + day * DAY
            if value and request.since <= at and at + DAY <= request.until:
                rows.append((*key, name, label, measure, "day", at, value))
        return rows


def traffic(rng: np.random.Generator) -> Cells:
    """Return what comes when nothing is wrong: a wave a day, weekends, and users who update."""
    hours = np.arange(DAYS * 24)
    wave = (1 + 0.6 * np.sin(2 * np.pi * (hours % 24 - 8) / 24)) * np.where(hours // 24 % 7 >= 5, 0.7, 1.1)
    size = np.exp(rng.uniform(np.log(15), np.log(400), len(EVENTS)))
    update = 1 / (1 + np.exp(-(hours - (FAULT - 4) * 24) / 36))  # most have the newest version on the day of the fault
    versions = np.stack([0.3 * (1 - update), 0.7 * (1 - update), update])
    users = [*SOURCES.values()], [*COUNTRIES.values()], [*BROWSERS.values()]
    each = np.einsum("e,s,c,b,vh->escbvh", size, *users, versions * wave)
    noise = rng.gamma(200.0, 1 / 200.0, (len(EVENTS), 1, 1, 1, 1, len(hours)))  # a little more than chance
    return rng.poisson(each * noise).astype(float)


@dataclass(slots=True)
class Shop:
    """The messages of one trial, which a fault changes."""

    rng: np.random.Generator
    cells: Cells
    begin: int  # hour
    copies: Cells = field(init=False)  # of messages, under the same id
    empty: dict[tuple[int, int], float] = field(default_factory=dict)  # (event, source) -> share without the property

    def __post_init__(self) -> None:
        """Begin without faults."""
        self.copies = np.zeros_like(self.cells)

    def lose(self, share: float, events: Iterable[int], **where: int) -> None:
        """Lose a share of the messages of some events from the begin on, in one place of what is named."""
        named = [where.get(name) for name in ("source", "country", "browser", "version")]
        place = [ALL if at is None else slice(at, at + 1) for at in named]
        for event in events:
            part = self.cells[(event, *place, slice(self.begin, None))]
            part -= self.rng.binomial(part.astype(int), share)


def some(shop: Shop, number: int) -> list[int]:
    """Return some events by chance."""
    return sorted(shop.rng.choice(len(EVENTS), number, replace=False).tolist())


def large(shop: Shop, number: int) -> list[int]:
    """Return some of the larger half of the events by chance: a twentieth of a small one is nothing that matters."""
    order = np.argsort(-shop.cells.sum(axis=(1, 2, 3, 4, 5)))[: len(EVENTS) // 2]
    return sorted(shop.rng.choice(order, number, replace=False).tolist())


def double(shop: Shop) -> None:
    """Send everything of a source twice."""
    part = shop.cells[:, 2, ..., shop.begin :]
    shop.copies[:, 2, ..., shop.begin :] = part
    part *= 2


def nulled(shop: Shop) -> None:
    """Leave a property empty in most messages of some events of the web."""
    shop.empty |= {(event, 0): 0.6 for event in some(shop, 6)}


def silent(shop: Shop) -> None:
    """Bring nothing any more."""
    shop.cells[..., shop.begin :] = 0


WEB, IOS, US, DE, CHROME, NEWEST = 0, 1, 0, 1, 0, 2
EACH = range(len(EVENTS))
VERSION = [{"app_version": "ios 3"}, {"source": "ios", "app_version": "ios 3"}]
FAULTS: dict[str, tuple[Callable[[Shop], None], list[dict[str, str]]]] = {
    "a source is down": (lambda s: s.lose(1.0, EACH, source=IOS), [{"source": "ios"}]),
    "a source loses 60 %": (lambda s: s.lose(0.6, EACH, source=IOS), [{"source": "ios"}]),
    "a version is broken": (lambda s: s.lose(0.95, some(s, 5), source=IOS, version=NEWEST), VERSION),
    "a page is broken": (lambda s: s.lose(1.0, some(s, 4), source=WEB), [{"source": "web"}]),
    "a country is cut off": (lambda s: s.lose(1.0, EACH, country=DE), [{"country": "DE"}]),
    "an event stops": (lambda s: s.lose(1.0, some(s, 1)), [{}]),
    "a library sends twice": (double, [{"source": "android"}]),
    "a property is empty": (nulled, [{"source": "web"}]),
    "the pipe is down": (silent, [{}]),
    "a browser in a country": (
        lambda s: s.lose(1.0, EACH, country=US, browser=CHROME),
        [{"country": "US", "browser": "Chrome"}],
    ),
    "a page, browser, country": (
        lambda s: s.lose(1.0, large(s, 4), source=WEB, country=US, browser=CHROME),
        [{"source": "web", "country": "US", "browser": "Chrome"}],
    ),
    "a version in a country": (
        lambda s: s.lose(1.0, EACH, source=IOS, country=DE, version=NEWEST),
        [{"source": "ios", "country": "DE", "app_version": "ios 3"}, {"country": "DE", "app_version": "ios 3"}],
    ),
}


def store_of(shop: Shop) -> World:
    """Return a store that answers with what came."""
    counts, daily, cubes = {}, {}, {}
    by_day = shop.cells.reshape(*shop.cells.shape[:5], DAYS, 24).sum(axis=-1)
    copied = shop.copies.reshape(*shop.cells.shape[:5], DAYS, 24).sum(axis=(2, 3, 4, 6))
    for e, event in enumerate(EVENTS):
        for s, source in enumerate(SOURCES):
            counts[source, event] = shop.cells[e, s].sum(axis=(0, 1, 2))
            cells = cubes[source, event] = by_day[e, s]
            whole = cells.sum(axis=(0, 1, 2))
            after = np.clip((np.arange(DAYS) + 1) - shop.begin / 24, 0.0, 1.0)  # the part of each day
            share = after * shop.empty.get((e, s), 0.0)
            empty = shop.rng.binomial(whole.astype(int), 0.02 + share)
            rows = [("currency", "", "nulls", d, float(v)) for d, v in enumerate(empty)]
            rows += [("", "", "ids", d, float(v)) for d, v in enumerate(whole)]
            rows += [("", "", "surplus", d, float(v)) for d, v in enumerate(copied[e, s])]
            for c, country in enumerate(COUNTRIES):
                rows += [("", country, "rows.country", d, float(v)) for d, v in enumerate(cells[c].sum(axis=(0, 1)))]
            for b, browser in enumerate(BROWSERS):
                rows += [("", browser, "rows.browser", d, float(v)) for d, v in enumerate(cells[:, b].sum(axis=(0, 1)))]
            for v in range(cells.shape[2]):
                used = enumerate(cells[:, :, v].sum(axis=(0, 1)))
                rows += [("", f"{source} {v + 1}", "rows.app_version", d, float(n)) for d, n in used]
            daily[source, event] = rows
    return World(START, counts, daily=daily, cubes=cubes)


def trial(fault: str, seed: int) -> tuple[tuple[Incident, ...], bool]:
    """Return the told incidents of one planted fault, and whether the largest names its slice."""
    plant, truth = FAULTS[fault]
    rng = np.random.default_rng(seed)
    shop = Shop(rng, traffic(rng), FAULT * 24 + int(rng.integers(24)))
    plant(shop)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "trackwatch.yml").write_text(CONFIG)
        config = load_config(Path(folder) / "trackwatch.yml")
        installation = Installation(config, store_of(shop), Memory(f"sqlite:///{folder}/state.db", "production"))
        begin = START + shop.begin * HOUR
        run(installation, begin)
        found = run(installation, begin + 46 * HOUR).incidents
    told = tuple(i for i in found if RANK[i.severity] >= RANK[Severity.WARNING])
    largest = max(told, key=lambda i: len(i.held), default=None)
    return told, largest is not None and dict(largest.where) in truth


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--fault", choices=FAULTS)
    options = parser.parse_args()
    print(f"{'fault':24}{'trials':>8}{'incidents each':>16}{'right slice':>13}")
    began, numbers, rights = time.process_time(), list[int](), list[bool]()
    for fault in [options.fault] if options.fault else FAULTS:
        outcomes = [trial(fault, seed) for seed in range(options.seeds)]
        number, right = [len(told) for told, _ in outcomes], [named for _, named in outcomes]
        print(f"{fault:24}{len(number):8}{np.mean(number):16.2f}{np.mean(right):13.0%}")
        for told, named in outcomes if options.fault else ():
            listed = [f"{each.id} {each.events} {dict(each.where)}" for each in told]
            print(*listed, "right" if named else "wrong", sep="\n  ")
        numbers, rights = numbers + number, rights + right
    print(f"{'all':24}{len(numbers):8}{np.mean(numbers):16.2f}{np.mean(rights):13.0%}")
    print(f"{time.process_time() - began:.0f} s of CPU")


if __name__ == "__main__":
    main()
