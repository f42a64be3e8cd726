"""The whole product on one screen: read, judge, decide, remember, tell."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from checks.model import READY_DAYS
from monitor import crossing, detectability, gate, loading, operations, shares, stocktaking, tell
from monitor.alerts.deliver import Delivery, Outcome, deliver
from monitor.alerts.message import Chart, Message
from monitor.compose import Composer
from monitor.config import Config
from monitor.decide import Verdict, weekly
from monitor.errors import StoreError
from monitor.evaluate import Evaluation, advance, evaluate, operational
from monitor.feedback import MARKS, MEMORY, Precision, demoted, precisions
from monitor.gate import Due
from monitor.history.memory import Memory, Step
from monitor.incidents import Incident
from monitor.judge import evidence, kind_of
from monitor.loading import Loaded, OnChunk, load
from monitor.marks import sql_for
from monitor.profile import Measurements, WindowProfile
from monitor.reading import Reading
from monitor.stocktaking import Stock
from monitor.stores.base import Request, Store

ChartOf = Callable[[Incident], Chart | None]
MOST_CHARTS = 20  # in one run: a tenth of a second each, and a digest shows none
UNLOADED = frozenset({gate.State.WAITING, gate.State.PARTIAL, gate.State.LATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run found, and what it told."""

    now: dt.datetime
    reading: Reading | None = None  # None: nothing was due, or the store did not answer
    verdicts: tuple[Verdict, ...] = ()
    incidents: tuple[Incident, ...] = ()  # the open ones, and those that this run saw end
    messages: tuple[Message, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    learning: Mapping[str, int] = field(default_factory=dict)  # event -> days of history, where too few
    waiting: Mapping[str, dt.datetime] = field(default_factory=dict)  # source -> until when it is loaded, of late ones
    error: StoreError | None = None  # the store did not answer


@dataclass(frozen=True, slots=True)
class Installation:
    """A configuration, with the store and the memory that it names."""

    config: Config
    store: Store
    memory: Memory


def run(
    installation: Installation,
    now: dt.datetime,
    *,
    dry_run: bool = False,
    on_chunk: OnChunk = lambda _done, _of: None,
    checks: frozenset[str] | None = None,
) -> Result:
    """Evaluate everything that is due: each complete bucket once, whatever was missed too, oldest first.

    Args:
        installation: what to watch.
        now: the time.
        dry_run: remember and send nothing.
        on_chunk: told how many chunks of the past a first run has read, of how many.
        checks: the names of those that are due; None: all.
    """
    memory, config = installation.memory, installation.config
    known = memory.incidents(since=now - config.store.history)
    config = heeding(config, memory, now)
    try:
        loaded = load(config, installation.store, memory, now, None if dry_run else on_chunk, checks)
    except StoreError as error:
        if memory.progress() is None:
            raise
        return _store_is_down(installation, known, error, now, dry_run=dry_run)
    if loaded is None:
        return _nothing_due(installation, known, now, dry_run=dry_run)

    stock = stocktaking.take(config, installation.store, memory, loaded, now)
    tests = (memory.snapshot(shares.NAME) or (now, {}))[1]
    found = _judge(config, _sharing(config, loaded, tests), stock, known, now)
    crossed = crossing.cross(config, installation.store, known, (found.incidents, found.profile))
    found = replace(found, incidents=crossed.incidents)
    told = _tell(installation, found.incidents, _charts(config, found, loaded.checks), now)
    result = Result(
        now=now,
        reading=replace(loaded.reading, statements=loaded.reading.statements + crossed.statements),
        verdicts=found.verdicts,
        incidents=_news(known, told.incidents),
        messages=told.messages,
        learning=_learning(found.profile),
        waiting={name: each.complete for name, each in loaded.gates.items() if each.state in UNLOADED},
    )
    if not dry_run:
        tested = {shares.NAME: {**tests, **shares.subjects_of(found.verdicts, loaded.checks)}}
        kept = {**stock.snapshots, **tested, **_power(installation, found, loaded.checks, now)}
        _remember(installation, result, loaded, kept, told.deliveries)
    return _send(installation, result, dry_run=dry_run)


def _sharing(config: Config, loaded: Loaded, tests: Mapping[str, Sequence[int]]) -> Loaded:
    """Give what is judged by some of the checks their part of the budget."""

    def sharing(due: Due) -> Due:
        return due if due.checks is None else replace(due, parts=shares.parts_of(tests, due.checks, config.checks))

    return replace(loaded, due=tuple(map(sharing, loaded.due)))


def heeding(config: Config, memory: Memory, now: dt.datetime) -> Config:
    """Return the configuration, with the checks lowered that people find to be mostly noise."""
    found = demoted(marked(memory, now))
    return replace(config, telling=replace(config.telling, demoted=found)) if found else config


def marked(memory: Memory, now: dt.datetime) -> tuple[Precision, ...]:
    """Return what people made of the alerts of each check lately."""
    actions = [action for action in memory.actions(since=now - MEMORY) if action.verb in MARKS]
    incidents = [memory.incident(name) for name in sorted({action.incident for action in actions})]
    return precisions(actions, [each for each in incidents if each])


def _tell(installation: Installation, incidents: Sequence[Incident], chart_of: ChartOf, now: dt.datetime) -> tell.Told:
    config = installation.config
    composer = replace(composer_of(config), sql_of=partial(sql_for, installation.store))
    return tell.tell(incidents, composer, chart_of, now, tuple(config.channels), config.telling)


def _nothing_due(installation: Installation, known: Sequence[Incident], now: dt.datetime, *, dry_run: bool) -> Result:
    """Tell what only time makes due: reminders, the end of a snooze."""
    told = _tell(installation, known, lambda _: None, now)
    changed = tuple(after for before, after in zip(known, told.incidents, strict=True) if before != after)
    if changed and not dry_run:
        installation.memory.note(changed, told.deliveries)
    result = Result(now=now, incidents=_news(known, told.incidents), messages=told.messages)
    return _send(installation, result, dry_run=dry_run)


def _news(known: Sequence[Incident], incidents: Sequence[Incident]) -> tuple[Incident, ...]:
    """Return the open incidents, and those that are not as they were."""
    before = {incident.id: incident for incident in known}
    return tuple(i for i in incidents if i.is_open or before.get(i.id) != i)


def _learning(profile: WindowProfile | None) -> dict[str, int]:
    """Return the days since the first message of each event that is too new to be judged."""
    if profile is None:
        return {}
    first = {event: profile.first_seen(event) for event in profile.catalog.events}
    days = {event: (profile.window.end - at).days for event, at in first.items() if at is not None}
    return {event: known for event, known in sorted(days.items()) if known < READY_DAYS}


def would_ask(installation: Installation, now: dt.datetime, checks: frozenset[str] | None = None) -> Request:
    """Return what a run at `now` would ask of the store, for some checks or all."""
    return loading.would_ask(installation.config, installation.memory, now, checks)


def would_cross(installation: Installation, now: dt.datetime) -> Iterator[tuple[Incident, Request]]:
    """Yield open incidents with what will be asked of the store for each, once, when its first day is over."""
    return crossing.would_ask(installation.config, installation.memory.incidents(), now)


def _judge(config: Config, loaded: Loaded, stock: Stock, known: Sequence[Incident], now: dt.datetime) -> Evaluation:
    """Judge the windows, and then trackwatch's own view of the store."""
    unreadable = operations.unreadable(loaded.reading.failures)
    own = [operations.reachable(), *unreadable, *operations.recovered(known, unreadable, "table_unreadable")]
    if loaded.gates or not unreadable:  # what cannot be read may well be loaded
        own += operations.loaded(loaded.gates, now)
    found = Evaluation((), tuple(known), None)
    if loaded.due:
        measurements = _measurements(config, loaded, stock)
        found = evaluate(config, measurements, loaded.due, known, frozenset(f.event for f in unreadable if f.event))
    verdicts = operational(config, own)
    incidents = advance(found.incidents, verdicts, now, config.telling.life)
    return Evaluation((*found.verdicts, *verdicts), incidents, found.profile)


def _measurements(config: Config, loaded: Loaded, stock: Stock) -> Measurements:
    return Measurements(
        loaded.points,
        replace(loaded.reading.catalog, usage=stock.usage, altered=stock.changes.altered),
        since=loaded.since,
        until=loaded.progress.judged_until,
        zone=ZoneInfo(config.zone),
        exclusions=config.exclusions,
        first=loaded.first,
        learn=config.store.history,
    )


def composer_of(config: Config) -> Composer:
    """Return what writes titles and messages for an installation."""
    return Composer(config.plan, kind_of, ZoneInfo(config.zone), config.budget, config.base_url)


def _charts(config: Config, found: Evaluation, checks: Collection[str]) -> ChartOf:
    from monitor.alerts.chart import draw  # noqa: PLC0415 a second of import, needed only when there is something to show

    composer, drawn = composer_of(config), itertools.count()

    def chart_of(incident: Incident) -> Chart | None:
        if found.profile is None or incident.headline.check not in checks or next(drawn) >= MOST_CHARTS:
            return None  # of checks that are not due, the newest measures are not known
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
    incidents = advance(known, verdicts, now, config.telling.life)
    told = _tell(installation, incidents, lambda _: None, now)
    incidents = _news(known, told.incidents)
    if not dry_run:
        memory.note(incidents, told.deliveries)
    result = Result(now=now, verdicts=tuple(verdicts), incidents=incidents, messages=told.messages, error=error)
    return _send(installation, result, dry_run=dry_run)


def _power(
    installation: Installation, found: Evaluation, checks: Collection[str], now: dt.datetime
) -> Mapping[str, Any]:
    """Return what can be seen of each event, to be kept with the run: once a week, when days were judged."""
    name, watching = detectability.NAME, installation.config.checks.keys() & set(detectability.WATCHING)
    if (
        found.profile is None
        or not watching <= frozenset(checks)
        or not detectability.due(installation.memory.snapshot(name), now)
    ):
        return {}
    seen = detectability.detectability(installation.config, found.profile, [v.finding for v in found.verdicts])
    return {name: seen.to_json()} if seen else {}


def _remember(
    installation: Installation,
    result: Result,
    loaded: Loaded,
    snapshots: Mapping[str, Any],
    deliveries: Sequence[Delivery],
) -> None:
    """Keep everything in one transaction, before anything is sent."""
    config, memory, reading = installation.config, installation.memory, loaded.reading
    open_now = sum(incident.is_open for incident in result.incidents)
    memory.keep(
        Step(
            at=result.now,
            points=loaded.fresh,
            spans=loaded.spans,
            watermarks=reading.watermarks,
            rhythms=loaded.rhythms,
            before=loaded.before,
            progress=loaded.progress,
            incidents=result.incidents,
            deliveries=deliveries,
            summary={
                "rows": reading.rows,
                "findings": len(result.verdicts),
                "open": open_now,
                "weeks": weekly(result.verdicts, ZoneInfo(config.zone), kind_of),
            },
            snapshots=snapshots,
        )
    )
    if loaded.plan.days:
        hours = max(config.keep.hours, config.store.history + dt.timedelta(days=7))
        memory.tidy(replace(config.keep, hours=hours), result.now, ZoneInfo(config.zone))


def _send(installation: Installation, result: Result, *, dry_run: bool) -> Result:
    if dry_run:
        return result
    config = installation.config
    return replace(result, outcomes=deliver(installation.memory.outbox, config.channels, result.now, config.delivery))
