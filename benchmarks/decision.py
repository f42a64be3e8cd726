"""How many false alerts does the whole installation send, beside the number that it was given, and what does it find?

A fleet of hourly counts is judged day by day by the product's own checks (`volume`, `missing`),
decision and incidents. Series depend on each other: the sources of an event share their good and
bad days, the total is their sum, windows of 1 to 48 hours overlap, and days repeat the hours.
Faults of twelve hours (stops and halvings) are planted, and in one fleet some events have been
silent from the start, as in any real one. Other policies get the same p-values.

    python benchmarks/decision.py [--events 200] [--days 28] [--seeds 1] [--world 0] [--policy product]
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from checks import load
from checks.base import CHECKS, Bucket, Calendar, Catalog, Finding, Grain, Key, Table, as_datetime
from checks.plan import Plan, PlannedEvent
from checks.stats import benjamini_hochberg
from monitor.alerts.message import Severity
from monitor.config import Budget
from monitor.decide import Verdict, decide
from monitor.incidents import Incident, State
from monitor.judge import kind_of
from monitor.life import open_units, step

MONDAY = np.datetime64("2026-01-05T00:00:00", "s")
HOURS: dict[Grain, int] = {"hour": 1, "day": 24}
PAST = 56  # days
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
FAULT = 12  # hours


@dataclass(frozen=True)
class World:
    """How a fleet behaves."""

    name: str
    sources: int = 1
    shared: float = 0.0  # standard deviation of an event's good and bad days, shared by its sources
    silent: int = 0  # events that stopped before judging began
    faults: int = 60


@dataclass(frozen=True)
class Fault:
    """What was planted."""

    event: str
    start: dt.datetime
    stop: bool


@dataclass
class Profile:
    """A profile of arrays, as the checks see one day of it."""

    keys: tuple[Key, ...]
    values: np.ndarray  # [series, hours]
    usable: np.ndarray
    day: int

    catalog = Catalog({})

    @property
    def window(self) -> Bucket:
        """Return the day under judgement."""
        return Bucket(*(as_datetime(MONDAY + np.timedelta64(d, "D")) for d in (self.day, self.day + 1)))

    def first_seen(self, event: str, source: str | None = None) -> dt.datetime | None:
        """Return the start of everything: all events were always there."""
        return as_datetime(MONDAY)

    def table(self, measure: str, grain: Grain, property: str | None = None) -> Table:  # noqa: A002
        """Return all series up to the end of the day."""
        hours, n = HOURS[grain], (self.day + 1) * 24 // HOURS[grain]
        values, usable = (a[:, : n * hours].reshape(len(a), n, hours) for a in (self.values, self.usable))
        index = np.arange(n)
        starts = MONDAY + np.arange(n + 1) * np.timedelta64(hours * 3600, "s")
        spine = Calendar(grain, starts, index % (168 // hours), index * hours // 24, np.zeros(n, bool))
        return Table(measure, spine, self.keys, values.sum(2), usable.all(2), self.day * 24 // hours)


def made(world: World, events: int, days: int, rng: np.random.Generator) -> tuple[Profile, list[Fault]]:
    """Return the counts of a fleet, and what was planted."""
    hours = (PAST + days) * 24
    at = np.arange(hours)
    shape = np.maximum(1 + 0.8 * np.sin((at % 24 - 8) * np.pi / 12), 0.05) * np.where(at // 24 % 7 >= 5, 0.6, 1.16)
    rate = rng.lognormal(np.log(4.5), 1.5, (events, world.sources)) / world.sources
    moods = np.repeat(rng.normal(-(world.shared**2) / 2, world.shared, (events, PAST + days)), 24, axis=1)
    mean = rate[:, :, None] * shape * np.exp(moods)[:, None]
    faults = []
    where = rng.permutation(events)
    for event in where[: world.silent]:
        mean[event, :, (PAST - 2) * 24 :] = 0.0
    for number, event in enumerate(where[world.silent : world.silent + world.faults]):
        start = PAST * 24 + int(rng.integers((days - 1) * 24))
        due = mean[event].sum(0)
        while due[start : start + FAULT].sum() < 8 and start > PAST * 24:
            start -= 1
        if due[start : start + FAULT].sum() >= 8:
            mean[event, :, start : start + FAULT] *= 0.0 if number % 2 == 0 else 0.5
            faults.append(Fault(f"e{event}", as_datetime(MONDAY + np.timedelta64(start, "h")), number % 2 == 0))
    counts = rng.poisson(mean).astype(float)
    keys = [Key(f"e{e}", f"s{s}") for e in range(events) for s in range(world.sources)]
    values = counts.reshape(-1, hours)
    if world.sources > 1:
        keys += [Key(f"e{e}") for e in range(events)]
        values = np.concatenate([values, counts.sum(1)])
    return Profile(tuple(keys), values, np.ones(values.shape, dtype=bool), PAST), faults


Policy = Callable[[list[Finding], Plan, Sequence[Incident]], list[Verdict]]
BUDGET = Budget(1.0)


def product(findings: list[Finding], plan: Plan, known: Sequence[Incident]) -> list[Verdict]:
    """Decide as the product does."""
    return decide(findings, plan, BUDGET, kind_of, open_units(known))


def one_batch(findings: list[Finding], plan: Plan, known: Sequence[Incident]) -> list[Verdict]:
    """Decide by Benjamini-Hochberg over all tests of a bucket, with the bucket's part of the budget as q."""
    verdicts: list[Verdict] = []
    for grain in (HOUR, DAY):
        for end in sorted({f.bucket.end for f in findings if f.bucket and f.bucket.end - f.bucket.start == grain}):
            batch = [f for f in findings if f.bucket and f.bucket.end == end and f.bucket.end - f.bucket.start == grain]
            chosen = benjamini_hochberg([f.p_value for f in batch], 0.5 * (grain / (7 * DAY)))
            verdicts += [
                Verdict(f, bool(c and f.relevant), Severity.WARNING) for f, c in zip(batch, chosen, strict=True)
            ]
    return verdicts


def each_on_its_own(findings: list[Finding], plan: Plan, known: Sequence[Incident]) -> list[Verdict]:
    """Decide each test by itself: one false alert a series and 90 days, as tools with a fixed sensitivity do."""
    chances = [(f.bucket.end - f.bucket.start) / (90 * DAY) if f.bucket else 0.0 for f in findings]
    told = [bool(f.relevant and (f.p_value or 0.0) <= c) for f, c in zip(findings, chances, strict=True)]
    return [Verdict(f, t, Severity.WARNING) for f, t in zip(findings, told, strict=True)]


POLICIES: dict[str, Policy] = {"product": product, "BH, all tests": one_batch, "each 1 in 90 d": each_on_its_own}


def judged(profile: Profile, plan: Plan) -> list[Finding]:
    """Return the findings of a day."""
    found = []
    for name in ("missing", "volume"):
        known = CHECKS[name]
        found += [replace(f, check=name) for f in known.check.judge(profile, plan, known.params())]
    return [f for f in found if f.p_value is not None]


def spoil(profile: Profile, incidents: Sequence[Incident]) -> None:
    """Take what is wrong out of what is learned from."""
    start = as_datetime(MONDAY)
    for incident in incidents:
        rows = [i for i, key in enumerate(profile.keys) if key.event in incident.events]
        first, last = (int((at - start) / HOUR) for at in (incident.started, incident.last_seen))
        profile.usable[rows, max(first, 0) : last] = False


def run(
    world: World, policy: Policy, fleet: tuple[Profile, list[Fault]], days: int
) -> tuple[float, float, float, float]:
    """Return false incidents a week, stops and halvings found, and CPU seconds."""
    began = time.process_time()
    given, faults = fleet
    profile = replace(given, usable=given.usable.copy())
    plan = Plan(events={key.event: PlannedEvent(name=key.event) for key in profile.keys})
    incidents: tuple[Incident, ...] = ()
    ended: list[Incident] = []
    for day in range(PAST - 1, PAST + days):  # the day before tells what was silent already
        profile.day = day
        verdicts = policy(judged(profile, plan), plan, incidents)
        after = step(incidents, verdicts, kind_of, profile.window.end)
        ended += [i for i in after if i.state is State.RESOLVED]
        incidents = tuple(i for i in after if i.state is State.OPEN)
        spoil(profile, after)
    judged_from = as_datetime(MONDAY + np.timedelta64(PAST, "D"))
    seen = [i for i in (*ended, *incidents) if i.last_seen > judged_from + HOUR and i.started > judged_from - DAY]
    hit = {(f.event, f.start): False for f in faults}
    false = 0
    for incident in seen:
        over = [f for f in faults if f.event in incident.events and incident.started < f.start + 3 * DAY]
        over = [f for f in over if incident.last_seen > f.start]
        for fault in over:
            hit[fault.event, fault.start] = True
        false += not over
    stops, halves = ([hit[f.event, f.start] for f in faults if f.stop is stop] for stop in (True, False))
    return false / (days / 7), float(np.mean(stops or [0])), float(np.mean(halves or [0])), time.process_time() - began


WORLDS = [
    World("independent series"),
    World("sources share 15 % days", sources=3, shared=0.15),
    World("sources share 30 % days", sources=3, shared=0.3),
    World("and a tenth is silent", sources=3, shared=0.15, silent=-1),
]


def main(asked: argparse.Namespace) -> None:
    """Print a table of worlds by policy."""
    load()
    events, days, policies = asked.events, asked.days, asked.policy or list(POLICIES)
    print(
        f"{events} events, {days} days, {asked.seeds} fleet(s) each, budget 1 false alert a week; a fault for 33 events"
    )
    print(f"{'':26s}" + "".join(f"{name:>36s}" for name in policies))
    print(f"{'':26s}" + f"{'false a week, stops, halvings, CPU':>36s}" * len(policies))
    for kind in WORLDS if asked.world is None else [WORLDS[asked.world]]:
        world = replace(kind, silent=events // 10 if kind.silent else 0, faults=max(events * 3 // 100, 2))
        line = f"{world.name:26s}"
        for name in policies:
            fleets = (made(world, events, days, np.random.default_rng([7, seed])) for seed in range(asked.seeds))
            results = np.mean([run(world, POLICIES[name], fleet, days) for fleet in fleets], axis=0)
            false, stops, halves, seconds = results
            line += f"{f'{false:.2f}  {stops:4.0%}  {halves:4.0%}  {seconds:4.0f} s':>36s}"
        print(line, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--world", type=int, choices=range(len(WORLDS)))
    parser.add_argument("--policy", action="append", choices=list(POLICIES))
    main(parser.parse_args())
