"""Is each window evaluated once, where the process that evaluates is killed every twenty minutes?

Several processes serve one workspace on one state database: all that `trackwatch serve` does, forked from a
process that has imported everything, and killed with SIGKILL, mostly in the middle of what they do. Some are only
stopped there, and go on when another has taken over. The clock is simulated: it stands while they work. For a minute
after a kill it goes second by second; then, until the next, in strides of some minutes, the leader called first.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import select
import signal
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from monitor.config import Config
from monitor.heartbeat import Heartbeat
from monitor.history.memory import Memory
from monitor.leadership import Leadership
from monitor.pipeline import Installation, run
from monitor.schedule import Clockwork, Job
from monitor.service import Service, World
from monitor.testing import killing, outlets
from monitor.testing.counts import CountStore

SECOND, MINUTE, HOUR = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)
BETWEEN = 20 * MINUTE  # from one kill to the next
STRIDE = 6 * MINUTE  # where nothing happens
ABSENT = 60  # seconds for which who was killed is away, or who was stopped sleeps
STOPPED = 1 / 6  # of those who are to be killed: they are stopped first, and die when they have finished
ANOTHER = 1 / 4  # who does not lead
SCHEDULE = "schedule: {cron: '*/20 * * * *'}\n"
WHEN = struct.Struct("d")


class Steps(Clockwork):
    """A clockwork whose clock is moved by hand: what is due is called once, in the order in which it was wound."""

    def __init__(self, now: dt.datetime) -> None:
        """Start at a time."""
        self.now = now
        self._jobs: dict[str, tuple[Any, Job, dt.datetime]] = {}

    def ticking(self) -> float:
        """Return the seconds of this clock."""
        return self.now.timestamp()

    def soon(self, name: str) -> None:
        """Call a function in this step, or the next."""
        trigger, job, _ = self._jobs[name]
        self._jobs[name] = trigger, job, self.now

    def go(self, now: dt.datetime) -> None:
        """Move the clock forwards."""
        self.now = now
        for name in self._jobs:
            trigger, job, due = self._jobs[name]
            while due <= now:
                due = trigger.get_next_fire_time(due, due)
            if self._jobs[name][2] <= now:
                self._jobs[name] = trigger, job, due
                job()

    def _add(self, name: str, trigger: Any, job: Job) -> None:
        self._jobs[name] = trigger, job, self.now


@dataclass(slots=True)
class Process:
    """One who serves."""

    pid: int
    orders: int  # the time, for it to live up to
    answers: int  # whether it leads then
    leads: bool = False

    def go(self, now: dt.datetime) -> None:
        """Let it live up to a time."""
        os.write(self.orders, WHEN.pack(now.timestamp()))

    def done(self, within: float | None = None) -> bool:
        """Wait for it to have done so."""
        if not select.select([self.answers], [], [], within)[0]:
            return False
        self.leads = os.read(self.answers, 1) == b"L"
        return True

    def end(self) -> None:
        """Kill it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.orders)
        os.close(self.answers)


@dataclass(slots=True)
class Tally:
    """What came of it. A window is an hour of all events."""

    due: int = 0
    evaluated: int = 0
    twice: int = 0
    kills: int = 0
    killed_busy: int = 0  # of these, in the middle of what they did
    stopped: int = 0  # of these, stopped in the middle, and killed only once they had gone on
    waits: list[float] = field(default_factory=list)  # seconds from the loss of a leader to the next one
    most_leaders: int = 0  # at a time
    told: killing.Told | None = None
    same: bool = False  # the incidents are those of an installation that nobody ever killed

    @property
    def missed(self) -> int:
        """Return how many windows were not evaluated."""
        return self.due - self.evaluated


class Fleet:
    """So many processes on one state database, and the clock that they live by."""

    def __init__(self, start: Callable[[dt.datetime], Process], number: int, now: dt.datetime, seed: int) -> None:
        """Start them a few seconds apart, so that no two of them beat at the same time."""
        self.now = now
        self.tally = Tally()
        self._start = start
        self._dice = random.Random(seed)  # noqa: S311 no secret
        self._processes: list[Process] = []
        self._sleeping: list[Process] = []
        self._took = 0.1  # seconds of a step in which something is evaluated
        for _ in range(number):
            self._processes.append(start(self.now))
            self._second()

    def pass_hours(self, hours: int) -> None:
        """Let hours pass, with a kill every twenty minutes."""
        over = self.now.replace(second=0) + hours * HOUR
        blow = self.now.replace(second=0) + BETWEEN
        while blow <= over:
            while self.now + STRIDE < blow:
                self._step(self.now + STRIDE)
            self._blow(blow)
            blow += BETWEEN

    def end(self) -> None:
        """Kill all that are left."""
        for process in (*self._processes, *self._sleeping):
            process.end()

    def _blow(self, now: dt.datetime) -> None:
        """Take one out in the middle of a step; see how long the others take to notice; bring one back."""
        self.now = now
        victim = self._victim()
        led = victim.leads
        self._processes.remove(victim)
        self._hit(victim)
        lost, waited = self.now, 0.0 if not led else None
        while self.now - lost < ABSENT * SECOND:
            self._second()
            if waited is None and any(each.leads for each in self._processes):
                waited = (self.now - lost).total_seconds()
                self.tally.waits.append(waited)
        for sleeper in self._sleeping:
            os.kill(sleeper.pid, signal.SIGCONT)
            sleeper.done()
            sleeper.end()
        self._sleeping.clear()
        self._processes.append(self._start(self.now))

    def _victim(self) -> Process:
        others = [each for each in self._processes if not each.leads]
        leaders = [each for each in self._processes if each.leads]
        return self._dice.choice(others if self._dice.random() < ANOTHER or not leaders else leaders)

    def _hit(self, victim: Process) -> None:
        victim.go(self.now)
        time.sleep(self._dice.uniform(0, self._took))
        self.tally.kills += 1
        if self._dice.random() < STOPPED and not victim.done(within=0):
            os.kill(victim.pid, signal.SIGSTOP)
            self._sleeping.append(victim)
            self.tally.stopped += 1
        else:
            self.tally.killed_busy += not victim.done(within=0)
            victim.end()

    def _second(self) -> None:
        self._step(self.now + SECOND)

    def _step(self, now: dt.datetime) -> None:
        self.now = now
        for process in sorted(self._processes, key=lambda each: not each.leads):
            began, led = time.monotonic(), process.leads
            process.go(now)
            process.done()
            if process.leads and not led:  # it evaluated at once
                self._took = 0.8 * self._took + 0.2 * (time.monotonic() - began)
        self.tally.most_leaders = max(self.tally.most_leaders, sum(each.leads for each in self._processes))


def serve_for(hours: int, url: str, folder: Path, number: int = 3, seed: int = 1) -> Tally:
    """Serve for so many simulated hours with some processes on an empty state database, and count."""
    store = CountStore(killing.START, killing.counts(35 * 24 + hours + 10))
    config = killing.configured(folder, SCHEDULE)
    with outlets.slack() as slack:
        served = replace(config, channels=slack.channels)
        run(Installation(served, store, Memory(url, "production")), killing.FIRST)
        begun = Memory(url, "production").progress()
        fleet = Fleet(lambda now: _forked(served, store, url, now), number, killing.FIRST, seed)
        try:
            fleet.pass_hours(hours)
        finally:
            fleet.end()
        run(Installation(served, store, Memory(url, "production")), fleet.now + HOUR)
        tally = fleet.tally
        tally.told = killing.count(url, slack)
    calm = killing.undisturbed(config, store, folder, fleet.now + HOUR)
    tally.same = killing.incidents_of(url) == killing.incidents_of(calm)
    assert begun is not None  # noqa: S101 for the type checker: a run has ended
    _count(url, calm, begun.judged_until, tally)
    return tally


def _forked(config: Config, store: CountStore, url: str, now: dt.datetime) -> Process:
    taking, orders = os.pipe()
    answers, giving = os.pipe()
    if pid := os.fork():
        os.close(taking)
        os.close(giving)
        return Process(pid, orders, answers)
    try:
        os.close(orders)
        os.close(answers)
        _serve(config, store, url, now, (taking, giving))
    finally:
        os._exit(0)  # nothing of the parent's is tidied up twice


def _serve(config: Config, store: CountStore, url: str, now: dt.datetime, pipes: tuple[int, int]) -> None:
    """Do what `trackwatch serve` does, whenever the clock is moved."""
    steps, memory = Steps(now), Memory(url, "production")

    def open_store(_: Config) -> CountStore:
        store.failures = (killing.BROKEN,) if steps.now.hour % 2 == 0 else ()
        return store

    world = World(
        now=lambda: steps.now,
        open_store=open_store,
        show=lambda *_: None,
        heartbeat=lambda _: Heartbeat(None),
    )
    service = Service(config, memory, Leadership(memory, str(os.getpid()), steps.ticking), world)
    service.wind(steps)
    while order := os.read(pipes[0], WHEN.size):
        steps.go(dt.datetime.fromtimestamp(WHEN.unpack(order)[0], tz=dt.UTC))
        os.write(pipes[1], b"L" if service.leading else b"-")


def _count(url: str, calm: str, since: dt.datetime, tally: Tally) -> None:
    """Compare what each run that was kept says to have judged with what was to be judged."""
    runs = Memory(url, "production").shelf.runs(1_000_000)
    judged = sorted((each.judged_from, each.judged_until) for each in runs if each.judged_from >= since)
    hours = [start + n * HOUR for start, end in judged for n in range(round((end - start) / HOUR))]
    until = max(each.judged_until for each in Memory(calm, "production").shelf.runs(1))
    tally.due = round((until - since) / HOUR)
    tally.evaluated = len(set(hours))
    tally.twice = len(hours) - len(set(hours))
    assert all(a[1] <= b[0] for a, b in pairwise(judged)) or tally.twice  # noqa: S101 the two say the same
