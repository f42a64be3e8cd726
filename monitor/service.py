"""What does a served installation do, and when? It evaluates while it leads, delivers, and looks after itself."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from monitor import metrics, watchdog
from monitor.alerts.deliver import deliver
from monitor.config import Config, load_config
from monitor.errors import OvertakenError, TrackwatchError, UsageError
from monitor.fingerprint import fingerprint
from monitor.heartbeat import Heartbeat
from monitor.history.memory import Memory
from monitor.judge import wanted
from monitor.leadership import BEAT, Leadership
from monitor.pipeline import Installation, Result, run
from monitor.report import sending
from monitor.schedule import Clockwork
from monitor.stores.base import Store
from monitor.timetable import Group
from monitor.watchdog import EVALUATED, Health

OFTEN = dt.timedelta(minutes=1)  # how often what waits is tried again, and trackwatch looks after itself
LOOK = dt.timedelta(seconds=10)  # how often it is seen whether the configuration was changed

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a service needs of the world outside."""

    now: Callable[[], dt.datetime]
    open_store: Callable[[Config], Store]
    show: Callable[[Config, Result, float], None]  # what an evaluation found, to people
    heartbeat: Callable[[str | None], Heartbeat] = Heartbeat


class Service:
    """One workspace that is being served: what it does at its times."""

    def __init__(self, config: Config, memory: Memory, leadership: Leadership, world: World) -> None:
        """Prepare; nothing happens before it is put into a clockwork."""
        self.config = config
        self.memory = memory
        self.refused = ""  # why a changed configuration was not taken over
        self.followers: list[Callable[[Config], None]] = []  # who is told of a configuration that was read again
        self.listeners: list[Callable[[], None]] = []  # told when an evaluation has ended
        self._leadership = leadership
        self._world = world
        self._files = fingerprint(config)
        self._busy = threading.Lock()  # one evaluation or delivery at a time
        self._ticked: dict[str, dt.datetime] = {}  # check group -> when it was evaluated last
        self._asked: Store | None = None
        self._clockwork: Clockwork | None = None

    @property
    def leading(self) -> bool:
        """Say whether this process evaluates."""
        return self._leadership.leading

    def now(self) -> dt.datetime:
        """Return the time, or the one that it always is in a demonstration."""
        return self.config.clock or self._world.now()

    def wind(self, clockwork: Clockwork) -> None:
        """Put everything that is to be done into a clockwork."""
        self._clockwork = clockwork
        clockwork.every(self._job("beat"), BEAT, self.beat)
        clockwork.every(self._job("reload"), LOOK, self.reload)
        clockwork.every(self._job("deliver"), OFTEN, self.deliver)
        clockwork.every(self._job("report"), OFTEN, self.report)
        clockwork.every(self._job("watch"), OFTEN, self.look_after)
        clockwork.at(self._job("evaluate"), self.config.schedule, self.evaluate)

    def beat(self) -> None:
        """Hold or take the lease; who takes it evaluates at once."""
        led = self._leadership.leading
        leads = self._leadership.beat(self._world.now())
        metrics.lead(self.config.workspace, leading=leads)
        if leads and not led:
            self._ticked = {name: at for name, at in self.health().groups.items() if name}
            if self._clockwork:
                self._clockwork.soon(self._job("evaluate"))

    def evaluate(self) -> None:
        """Evaluate everything that is due, if this process leads; tell the heartbeat."""
        if not self._leadership.leading:
            return
        due = self.config.schedule.due(self._ticked, self._world.now())
        if not due:
            return  # the tick of a group that was evaluated with another one
        heartbeat = self._world.heartbeat(self.config.heartbeat)
        heartbeat.ping("start")
        try:
            with self._busy:
                result = self._evaluated(due)
        except OvertakenError:
            raise  # the one who evaluates now tells the heartbeat
        except Exception as error:
            metrics.count_failure(self.config.workspace)
            heartbeat.ping("fail", type(error).__name__)
            raise
        heartbeat.ping("fail" if result.error else "success", "the event store does not answer" if result.error else "")

    def deliver(self) -> None:
        """Try again what waits, between evaluations."""
        if not self._leadership.leading or not self._busy.acquire(blocking=False):
            return
        try:
            deliver(self.memory.outbox, self.config.channels, self.now(), self.config.delivery)
        finally:
            self._busy.release()

    def report(self) -> None:
        """Send the report of the week that is over, at its time; and keep it, once all of the week is judged."""
        if not self._leadership.leading:
            return
        if sending.send_due(self.memory, self.config, self.now()):
            _log.info("%s: the weekly report is sent", self.config.workspace)
            self.deliver()
        sending.keep_finished(self.memory, self.config, self.now())

    def look_after(self) -> None:
        """See what is wrong with trackwatch itself, and tell it as incidents."""
        if not self._leadership.leading:
            return
        idle = self._busy.acquire(blocking=False)
        try:
            now = self.now()
            found = watchdog.findings(self.config, self.health(), now)
            watchdog.note(self.config, self.memory, found, now, ends=idle)
        finally:
            if idle:
                self._busy.release()

    def health(self) -> Health:
        """Return what is known of trackwatch itself."""
        return watchdog.health_of(self.memory, self.refused)

    def reload(self, *, forced: bool = False) -> None:
        """Take over the configuration, if it was changed and is right; else keep the old one, and say so."""
        found = fingerprint(self.config)
        if found == self._files and not forced:
            return
        self._files = found
        try:
            changed = load_config(self.config.file, workspace=self.config.workspace)
            _refuse_another_state(self.config, changed)
        except TrackwatchError as error:
            self.refused = str(error)
            _log.error("%s: the changed configuration is wrong, the old one stays: %s", self.config.workspace, error)
            return
        retimed = changed.schedule != self.config.schedule
        self.refused, self.config = "", changed
        self._files = fingerprint(changed)
        for follow in self.followers:
            follow(changed)
        _log.info("%s: the configuration was read again", changed.workspace)
        if retimed and self._clockwork:
            self._clockwork.at(self._job("evaluate"), changed.schedule, self.evaluate)

    def stop(self) -> None:
        """Take back what the store is being asked: it would be for nobody."""
        if self._asked:
            self._asked.stop()

    def leave(self) -> None:
        """Give the lease back, once nothing is under way any more."""
        with suppress(TrackwatchError):
            self._leadership.leave()

    def _evaluated(self, due: Sequence[Group]) -> Result:
        started, config = self._world.now(), self.config
        checks = config.schedule.checks(due, config.checks)
        store = self._asked = self._world.open_store(config)
        try:
            result = run(Installation(config, store, self.memory), config.clock or started, checks=checks)
        finally:
            self._asked = None
            store.close()
        seconds = (self._world.now() - started).total_seconds()
        metrics.count(config.workspace, result, seconds)
        if result.error is None:  # else they are due again with the next tick
            self._ticked |= {group.name: started for group in due}
        said = {"error": str(result.error) if result.error else None, "seconds": round(seconds, 3)}
        groups = {name: (config.clock or at).isoformat() for name, at in self._ticked.items()}
        measures = wanted((config.checks[name] for name in checks), config.plan)
        asked = watchdog.asked_since(self.memory, measures, config.clock or started)
        self.memory.put_snapshot(EVALUATED, config.clock or started, {**said, "groups": groups, "asked": asked})
        _log.info("evaluated", extra={"workspace": config.workspace, "tests": len(result.verdicts), **said})
        self._world.show(config, result, seconds)
        for prepare in self.listeners:
            prepare()
        return result

    def _job(self, name: str) -> str:
        return f"{self.config.file}:{self.config.workspace}:{name}"


def _refuse_another_state(old: Config, new: Config) -> None:
    if (old.state_url, old.workspace) != (new.state_url, new.workspace):
        raise UsageError("another 'state' or 'workspace' needs a restart of trackwatch serve")
