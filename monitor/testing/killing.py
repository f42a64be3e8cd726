"""What is lost or told twice when trackwatch is killed, again and again, at any moment?

An installation on counts in memory, with a real state database and a Slack that speaks HTTP, is run hour
after hour. Each run is a process of its own, forked from one that has imported everything, and is killed
(SIGKILL) at a random moment: of the whole run, or of the delivery. Then it is left in peace for a while.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import select
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from monitor.alerts.base import Receipt
from monitor.alerts.channels.slack import Slack
from monitor.alerts.deliver import State
from monitor.alerts.message import Message
from monitor.config import Config, load_config
from monitor.history.memory import Memory
from monitor.pipeline import Installation, run
from monitor.stores.base import TableFailure
from monitor.testing.counts import CountStore
from monitor.testing.slack import FakeSlack

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
FIRST = START + dt.timedelta(days=35, minutes=20)
HOUR = dt.timedelta(hours=1)
CALM = 12  # hours after the last kill in which nothing disturbs
CONFIG = """
store: {url: "duckdb:///unused.duckdb", history: 28d, judge: 1d}
checks: {unused: {enabled: false}, schema: {enabled: false}, duplicates: {enabled: false}}
incidents: {flap: 0h}
"""
SENDING = 0.03  # seconds that a message is about under way
CHANNELS = {"C0ALERTS1": "one", "C0ALERTS2": "two", "C0ALERTS3": "three", "C0ALERTS4": "four"}


@dataclass(frozen=True, slots=True)
class Watched:
    """A Slack channel that says through a pipe when something is about to be sent."""

    slack: Slack
    pipe: int

    def send(self, message: Message, root: Receipt | None) -> Receipt:
        """Send, and say so first."""
        os.write(self.pipe, b"!")
        return self.slack.send(message, root)

    def find(self, message: Message, root: Receipt | None) -> Receipt | None:
        """Look for a message."""
        return self.slack.find(message, root)


@dataclass(slots=True)
class Tally:
    """What came of it."""

    runs: int = 0
    killed: int = 0
    killed_sending: int = 0  # of these, while a message was under way
    sent: int = 0  # messages that the outbox calls sent
    lost: int = 0  # of these, not in Slack; and what waits or failed in the end
    twice: int = 0  # messages that are in Slack more than once
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


def kill_again_and_again(url: str, folder: Path, kills: int, seed: int = 1) -> Tally:
    """Kill so many runs on a state database, then let twelve hours pass in peace, and count."""
    hours = 2 * kills + CALM + 10
    store = CountStore(START, counts(35 * 24 + hours))
    config = _config(folder)
    dice, tally = random.Random(seed), Tally()  # noqa: S311 no secret
    with FakeSlack(channels=CHANNELS) as slack:
        channels = {n: Slack(token=slack.token, channel=c, base_url=slack.url) for c, n in CHANNELS.items()}
        calm = replace(config, channels=channels)
        run(Installation(calm, store, Memory(url, "production")), FIRST)
        hour, took = 1, _timed(partial(_run, url, calm, store, FIRST + HOUR))
        while tally.killed < kills and hour < hours - CALM:
            hour += 1
            now = FIRST + hour * HOUR
            took = _one(partial(_run, url, calm, store, now), dice, tally, took)
        for _ in range(CALM):
            hour += 1
            run(Installation(calm, store, Memory(url, "production")), FIRST + hour * HOUR)
        _count(url, slack, tally)
    tally.same = _incidents(url) == _undisturbed(config, store, folder, FIRST + hour * HOUR)
    return tally


def _config(folder: Path) -> Config:
    (folder / "trackwatch.yml").write_text(CONFIG)
    return load_config(folder / "trackwatch.yml")


def _run(url: str, config: Config, store: CountStore, now: dt.datetime, pipe: int) -> None:
    broken = TableFailure("web.broken", ("Broken",), "permission denied")
    store.failures = (broken,) if now.hour % 2 == 0 else ()  # so that there is something to tell every hour
    watched = {name: Watched(channel, pipe) for name, channel in config.channels.items() if isinstance(channel, Slack)}
    run(Installation(replace(config, channels=watched), store, Memory(url, "production")), now)


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


def _count(url: str, slack: FakeSlack, tally: Tally) -> None:
    posted = Counter(
        f"{m.metadata['event_payload']['outbox_id']}-{slack.channels[m.channel]}" for m in slack.messages if m.metadata
    )
    ends = Memory(url, "production").outbox.listed(most=1_000_000)
    told = [each.id for each in ends if each.state is State.SENT]
    tally.sent = len(told)
    tally.lost = sum(posted[name] == 0 for name in told)
    tally.lost += sum(each.state not in {State.SENT, State.SUPPRESSED} for each in ends)
    tally.twice = sum(number > 1 for number in posted.values())


def _incidents(url: str) -> set[tuple[str, str, dt.datetime | None]]:
    """Return what was wrong with events; that a table could not be read is known to those who asked then."""
    found = Memory(url, "production").incidents(since=START)
    return {(i.id, str(i.subject), i.resolved) for i in found if i.subject.event != "Broken"}


def _undisturbed(
    config: Config, store: CountStore, folder: Path, until: dt.datetime
) -> set[tuple[str, str, dt.datetime | None]]:
    url = f"sqlite:///{folder}/calm.db"
    memory = Memory(url, "production")
    at = FIRST
    while at <= until:
        run(Installation(replace(config, channels={}), store, memory), at)
        at += HOUR
    return _incidents(url)
