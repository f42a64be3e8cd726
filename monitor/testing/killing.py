"""What is lost or told twice when trackwatch is killed, again and again, at any moment?

An installation on counts in memory, with a real state database and channels that speak to real servers, is run hour
after hour. Each run is a process of its own, forked from one that has imported everything, and is killed
(SIGKILL) at a random moment: of the whole run, or of the delivery. Then it is left in peace for a while.
So that there are as many reports as runs, each run sends that of a week of its own, long past.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import select
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from monitor.alerts.base import Channel, Receipt, Reconciles, Wakes
from monitor.alerts.deliver import UNSURE, State, deliver
from monitor.alerts.message import Message, Reason
from monitor.config import Config, load_config
from monitor.history.memory import Memory
from monitor.pipeline import Installation, run
from monitor.report import sending
from monitor.report.week import Week
from monitor.reporting import Reporting
from monitor.stores.base import TableFailure
from monitor.testing.counts import CountStore
from monitor.testing.outlets import Outlet
from monitor.timetable import Timetable

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
FIRST = START + dt.timedelta(days=35, minutes=20)
HOUR = dt.timedelta(hours=1)
CALM = 8  # hours after the last kill in which nothing disturbs
CHECKS = ("missing", "volume")
CONFIG = """
store: {url: "duckdb:///unused.duckdb", history: 28d, judge: 1d}
incidents: {flap: 0h}
"""
BROKEN = TableFailure("web.broken", ("Broken",), "permission denied")  # now and then, so that there is much to tell
REPORTED = dt.date(1990, 1, 1)  # the week whose report the first run sends
SENDING = 0.03  # seconds that a message is about under way


@dataclass(frozen=True, slots=True)
class Watched:
    """A channel that says through a pipe when something is about to be sent."""

    channel: Channel
    pipe: int

    def send(self, message: Message, root: Receipt | None) -> Receipt:
        """Send, and say so first."""
        os.write(self.pipe, b"!")
        return self.channel.send(message, root)


@dataclass(frozen=True, slots=True)
class Asked(Watched):
    """A channel that can be asked what arrived, too."""

    find: Callable[[Message, Receipt | None], Receipt | None]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of the messages to one kind of channel."""

    sent: int  # messages that the outbox calls sent
    lost: int  # of these, none that came; and what waits or failed in the end
    came_twice: int  # messages that came more often than the outbox says
    twice: int  # of these, with nothing by which the receiver knows that it is the same one
    admitted: int  # messages of which the outbox says that they may have come twice


@dataclass(slots=True)
class Tally:
    """What came of it."""

    runs: int = 0
    killed: int = 0
    killed_sending: int = 0  # of these, while a message was under way
    told: dict[str, Told] = field(default_factory=dict)  # by kind of channel
    reports: int = 0  # that were due on all channels together
    unreported: int = 0  # of these, neither sent nor waiting
    same: bool = False  # the incidents are those of an installation that nobody ever killed


def counts(hours: int) -> dict[tuple[str, str], list[float]]:
    """Return hourly counts of six events, each of which stops for some hours every day or two."""
    random_numbers = np.random.default_rng(7)
    found = {}
    for number in range(6):
        values = random_numbers.poisson(60, hours).astype(float)
        for at in range(35 * 24 + 3 * number, hours, 30 + 2 * number):
            values[at : at + 5] = 0
        found["web", f"Event {number}"] = values.tolist()
    return found


def kill_again_and_again(url: str, folder: Path, kills: int, outlets: Mapping[str, Outlet], seed: int = 1) -> Tally:
    """Kill so many runs on a state database, then let some hours pass in peace, and count."""
    hours = 2 * kills + CALM + 10
    store = CountStore(START, counts(35 * 24 + hours))
    config = configured(folder)
    dice, tally = random.Random(seed), Tally()  # noqa: S311 no secret
    channels = {name: each for outlet in outlets.values() for name, each in outlet.channels.items()}
    config = replace(config, reporting=_reporting(channels))
    calm = replace(config, channels=channels)
    run(Installation(calm, store, Memory(url, "production")), FIRST)
    hour, took = 1, _timed(partial(_run, url, calm, store, FIRST + HOUR))
    while tally.killed < kills and hour < hours - CALM:
        hour += 1
        now = FIRST + hour * HOUR
        took = _one(partial(_run, url, calm, store, now), dice, tally, took)
    for _ in range(CALM):
        hour += 1
        run_and_report(Installation(calm, store, Memory(url, "production")), FIRST + hour * HOUR)
    tally.reports = hour * len(calm.reporting.to) if calm.reporting else 0
    tally.unreported = tally.reports - _in_outbox(url, Reason.REPORT)
    tally.told = {kind: count(url, outlet) for kind, outlet in outlets.items()}
    tally.same = incidents_of(url) == incidents_of(undisturbed(config, store, folder, FIRST + hour * HOUR))
    return tally


def configured(folder: Path, more: str = "") -> Config:
    """Return the configuration of an installation on counts in memory."""
    (folder / "trackwatch.yml").write_text(CONFIG + more)
    config = load_config(folder / "trackwatch.yml")
    return replace(config, checks={name: each for name, each in config.checks.items() if name in CHECKS})


def _run(url: str, config: Config, store: CountStore, now: dt.datetime, pipe: int) -> None:
    store.failures = (BROKEN,) if now.hour % 2 == 0 else ()
    watched = {
        name: Asked(channel, pipe, channel.find) if isinstance(channel, Reconciles) else Watched(channel, pipe)
        for name, channel in config.channels.items()
    }
    run_and_report(Installation(replace(config, channels=watched), store, Memory(url, "production")), now)


def run_and_report(installation: Installation, now: dt.datetime) -> None:
    """Run, and send the reports of this hour's week, and of those before which kills came."""
    config, memory = installation.config, installation.memory
    run(installation, now)
    sent = {kept.week for kept in memory.reports() if kept.sent}
    for hour in range(1, (now - FIRST) // HOUR + 1):
        week = Week.of(REPORTED + dt.timedelta(weeks=hour))
        if str(week) not in sent:
            sending.send(memory, config, week, now)
    deliver(memory.outbox, config.channels, now, config.delivery)


def _reporting(channels: Mapping[str, Channel]) -> Reporting:
    read = tuple(name for name, channel in channels.items() if not isinstance(channel, Wakes))
    return Reporting(Timetable(cron="0 * * * *"), read)


def _in_outbox(url: str, reason: Reason) -> int:
    listed = Memory(url, "production").outbox.listed(most=1_000_000)
    return sum(Reason(each.reason) is reason for each in listed)


def _timed(work: Callable[[int], None]) -> float:
    """Return the seconds that a run takes which nobody disturbs."""
    began = time.monotonic()
    if (child := os.fork()) == 0:
        with Path(os.devnull).open("wb") as nobody:
            work(nobody.fileno())
        os._exit(0)
    os.waitpid(child, 0)
    return time.monotonic() - began


def _one(work: Callable[[int], None], dice: random.Random, tally: Tally, took: float) -> float:
    """Fork, kill at a random moment; return how long a run takes, as far as is known."""
    reading, writing = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            work(writing)
        finally:
            os._exit(0)  # nothing of the parent's is tidied up twice
    os.close(writing)
    if dice.random() < 0.5:  # at any moment of the run, and a little after it
        sending = False
        time.sleep(dice.uniform(0, took * 1.6))
    else:  # in the middle of a delivery, if there is one
        sending = bool(select.select([reading], [], [], took * 10)[0]) and bool(os.read(reading, 1))
        time.sleep(dice.uniform(0, SENDING) if sending else 0)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(reading)
    tally.runs += 1
    if os.WIFSIGNALED(status):
        tally.killed += 1
        tally.killed_sending += sending
        return took
    return 0.8 * took + 0.2 * (time.monotonic() - began)


def count(url: str, outlet: Outlet) -> Told:
    """Compare what came with what the outbox says."""
    ends = Memory(url, "production").outbox.listed(most=1_000_000)
    ours = [each for each in ends if each.channel in outlet.channels]
    told = [each for each in ours if each.state is State.SENT]
    due, came = Counter(outlet.name_of(each) for each in told), outlet.arrived()
    again = came - due
    return Told(
        sent=len(told),
        lost=(due - came).total() + sum(each.state not in {State.SENT, State.SUPPRESSED} for each in ours),
        came_twice=len(again),
        twice=sum(not outlet.known_again or name not in due for name in again),
        admitted=sum(UNSURE in each.why for each in told),
    )


def incidents_of(url: str) -> set[tuple[str, str, dt.datetime | None]]:
    """Return what was wrong with events; that a table could not be read is known to those who asked then."""
    found = Memory(url, "production").incidents(since=START)
    return {(i.id, str(i.subject), i.resolved) for i in found if i.subject.event != "Broken"}


def undisturbed(config: Config, store: CountStore, folder: Path, until: dt.datetime) -> str:
    """Run by the hour with nobody to tell and nobody who kills; return where the state is."""
    url = f"sqlite:///{folder}/calm.db"
    memory = Memory(url, "production")
    at = FIRST
    while at <= until:
        run(Installation(replace(config, channels={}), store, memory), at)
        at += HOUR
    return url
