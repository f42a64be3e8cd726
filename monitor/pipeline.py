"""The whole product on one screen: read, judge, decide, remember, tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from checks.base import Bucket
from monitor import operations, tell, windows
from monitor.alerts.deliver import Outcome, deliver
from monitor.alerts.message import Chart, Message
from monitor.compose import Composer
from monitor.config import Config
from monitor.decide import Verdict
from monitor.errors import StoreError
from monitor.evaluate import Evaluation, advance, evaluate, operational
from monitor.history.measures import Progress
from monitor.history.memory import Memory, Step
from monitor.incidents import Incident, State
from monitor.judge import evidence, kind_of, wanted
from monitor.profile import Measurements
from monitor.reading import Reading, read, request
from monitor.stores.base import Request, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run found, and what it told."""

    now: dt.datetime
    reading: Reading | None = None  # None: nothing was due, or the store did not answer
    verdicts: tuple[Verdict, ...] = ()
    incidents: tuple[Incident, ...] = ()  # the open ones, and those that this run saw end
    messages: tuple[Message, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    error: StoreError | None = None  # the store did not answer


@dataclass(frozen=True, slots=True)
class Installation:
    """A configuration, with the store and the memory that it names."""

    config: Config
    store: Store
    memory: Memory

    @property
    def pace(self) -> windows.Pace:
        """Return how the store is read and judged over time."""
        store = self.config.store
        return windows.Pace(ZoneInfo(self.config.zone), store.lateness, store.history, store.judge, store.patience)


def run(installation: Installation, now: dt.datetime, *, dry_run: bool = False) -> Result:
    """Evaluate everything that is due: each complete bucket once, whatever was missed too, oldest first."""
    memory, config, pace = installation.memory, installation.config, installation.pace
    progress, known = memory.progress(), memory.incidents(since=now - pace.history)
    if windows.nothing_due(progress, pace, now):
        return _send(installation, Result(now=now, incidents=_news(known, known)), dry_run=dry_run)

    since = windows.read_since(progress, pace, now)
    try:
        reading = read(installation.store, _asked(config, since, now), memory.watermarks())
    except StoreError as error:
        if progress is None:
            raise
        return _store_is_down(installation, known, error, now, dry_run=dry_run)

    complete = windows.complete_until(reading.watermarks.values(), pace, now)
    due = windows.to_judge(progress, pace, reading.first or since, complete) if complete else ()
    found = _judge(installation, reading, due, since, known, now)
    incidents, messages = tell.messages(found.incidents, composer_of(config), _charts(config, found), now)
    news = _news(known, incidents)
    result = Result(now=now, reading=reading, verdicts=found.verdicts, incidents=news, messages=messages)
    if not dry_run:
        judged = due[-1].end if due else progress.judged_until if progress else since
        after = Progress(progress.measured_from if progress else since, now, judged)
        _remember(installation, result, since, progress, after)
    return _send(installation, result, dry_run=dry_run)


def _news(known: Sequence[Incident], incidents: Sequence[Incident]) -> tuple[Incident, ...]:
    """Return the open incidents, and those that are not as they were."""
    before = {incident.id: incident for incident in known}
    return tuple(i for i in incidents if i.state is State.OPEN or before.get(i.id) != i)


def would_ask(installation: Installation, now: dt.datetime) -> Request:
    """Return what a run at `now` would ask of the store."""
    since = windows.read_since(installation.memory.progress(), installation.pace, now)
    return _asked(installation.config, since, now)


def _asked(config: Config, since: dt.datetime, until: dt.datetime) -> Request:
    return request(wanted(config.checks.values(), config.plan), since, until, config.zone)


def _judge(
    installation: Installation,
    reading: Reading,
    due: Sequence[Bucket],
    since: dt.datetime,
    known: Sequence[Incident],
    now: dt.datetime,
) -> Evaluation:
    """Judge the windows, and then trackwatch's own view of the store."""
    config, pace = installation.config, installation.pace
    unreadable = operations.unreadable(reading.failures)
    newest = max((mark.received for mark in reading.watermarks.values()), default=None)
    own = [operations.reachable(), *unreadable, *operations.recovered(known, unreadable, "table_unreadable")]
    if newest or not unreadable:  # what cannot be read may well be loaded
        own.append(operations.loaded(newest, now, pace.patience))
    found = Evaluation((), tuple(known), None)
    if due:
        measurements = _measurements(installation, reading, since, due[-1].end)
        found = evaluate(config, measurements, due, known, frozenset(f.event for f in unreadable if f.event))
    verdicts = operational(config, own)
    incidents = advance(found.incidents, verdicts, now)
    return Evaluation((*found.verdicts, *verdicts), incidents, found.profile)


def _measurements(installation: Installation, reading: Reading, since: dt.datetime, until: dt.datetime) -> Measurements:
    """Put what was just read behind what is remembered."""
    import pandas as pd  # noqa: PLC0415 heavy, and a run with nothing due needs none

    config = installation.config
    past = installation.memory.points(until - config.store.history, since)
    points = pd.concat([past, reading.points], ignore_index=True) if len(past) else reading.points
    start = min(since, until - config.store.history) if len(past) else since
    zone = ZoneInfo(config.zone)
    return Measurements(points, reading.catalog, since=start, until=until, zone=zone, exclusions=config.exclusions)


def composer_of(config: Config) -> Composer:
    """Return what writes titles and messages for an installation."""
    return Composer(config.plan, kind_of, ZoneInfo(config.zone), config.budget, config.base_url)


def _charts(config: Config, found: Evaluation) -> Callable[[Incident], Chart | None]:
    from monitor.alerts.chart import draw  # noqa: PLC0415 a second of import, needed only when there is something to show

    composer = composer_of(config)

    def chart_of(incident: Incident) -> Chart | None:
        if found.profile is None:
            return None
        shown = evidence(tuple(config.checks.values()), found.profile, config.plan, incident.headline)
        if shown is None:
            return None
        started = np.datetime64(int(incident.started.timestamp()), "s")
        bad_from = int(np.searchsorted(shown.starts, started, side="right")) - 1
        return draw(replace(shown, bad_from=max(bad_from, 0)), composer.title(incident), config.zone)

    return chart_of


def _store_is_down(
    installation: Installation, known: Sequence[Incident], error: StoreError, now: dt.datetime, *, dry_run: bool
) -> Result:
    """Tell that the store does not answer: one incident, and no verdict on any event."""
    config, memory = installation.config, installation.memory
    verdicts = operational(config, [operations.unreachable(error)])
    incidents = advance(known, verdicts, now)
    incidents, messages = tell.messages(incidents, composer_of(config), lambda _: None, now)
    incidents = _news(known, incidents)
    if not dry_run:
        memory.note(incidents, tell.address(messages, tuple(config.channels)))
    result = Result(now=now, verdicts=tuple(verdicts), incidents=incidents, messages=messages, error=error)
    return _send(installation, result, dry_run=dry_run)


def _remember(
    installation: Installation, result: Result, since: dt.datetime, before: Progress | None, progress: Progress
) -> None:
    """Keep everything in one transaction, before anything is sent."""
    assert result.reading is not None  # noqa: S101 for the type checker: called only after a reading
    open_now = sum(incident.state is State.OPEN for incident in result.incidents)
    installation.memory.keep(
        Step(
            at=result.now,
            measured_since=since,
            points=result.reading.points,
            watermarks=result.reading.watermarks,
            before=before,
            progress=progress,
            incidents=result.incidents,
            deliveries=tell.address(result.messages, tuple(installation.config.channels)),
            summary={"rows": result.reading.rows, "findings": len(result.verdicts), "open": open_now},
        )
    )


def _send(installation: Installation, result: Result, *, dry_run: bool) -> Result:
    if dry_run:
        return result
    return replace(result, outcomes=deliver(installation.memory.outbox, installation.config.channels, result.now))
