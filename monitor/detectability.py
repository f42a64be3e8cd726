"""How small a drop, and how small a spike, of each event would open an incident within an hour, a day, a week?

A number says: a change of that size that begins at a random hour of the week is found in four of
five cases (`SURE`) before so much time is over, at the budget as it is, if nothing else is wrong. It
is worked out from the past weeks of the event's own series (`checks.power`), with the p-value that a lone
problem must reach in its batch (`decide`). Kept once a week with a run, so that pages and reports need nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from checks.bar import Bar, Side
from checks.base import Bucket, Finding, Floats, Grain, Key, Stat
from checks.expectation import forecast_of
from checks.missing import MissingParams
from checks.power import HORIZONS, Takes, moments, seen_by_most, takes
from checks.volume import VolumeParams
from monitor.calendar import floor_day
from monitor.config import Config
from monitor.decide import DAY, HOUR, decide
from monitor.judge import judge, kind_of
from monitor.profile import Measurements, WindowProfile

NAME = "detectability"  # of the snapshot
SURE = 0.8  # share of the moments at which a change may begin that must be seen in time
AGAIN = dt.timedelta(days=6, hours=20)  # after which a run works it out anew
CALM = 0.01  # p-values below it are those of something else that is wrong: here an event is alone
STEPS: dict[Grain, dt.timedelta] = {"hour": HOUR, "day": DAY}
WATCHING = ("missing", "volume")
LOOK_BACK = 14  # days
YOUNG = 14 * DAY

Test = tuple[str, str, str | None]  # check and kind, event, source
Smallest = Mapping[str, float | None]


class Why(StrEnum):
    """Why nobody watches how much of an event comes."""

    NEVER_SEEN = "it has never come"
    GONE = "nothing of it came in the weeks that are learned from"
    LEARNING = "it is too new to say: less than two weeks of it are known"
    OFF = "the checks missing and volume are switched off"
    IGNORED = "the configuration leaves it out of the checks missing and volume"
    EXCLUDED = "exclusion windows or incidents cover most of the past weeks"
    RARE = "it comes too rarely: at this budget not even a full stop is told within a week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """The smallest change of an event that opens an incident within an hour, a day and a week: a share of the usual.

    `drop` 0.35 is a loss of 35 %, 1.0 a full stop; `spike` 0.5 is half as much again. None: not even a full stop, or
    ten times as many, opens one in that time. `source` None: the change is the same on every source.
    """

    event: str
    source: str | None = None
    drop: Smallest
    spike: Smallest


@dataclass(frozen=True, slots=True, kw_only=True)
class Detectability:
    """What the configuration sees of each event, and which planned events nobody watches."""

    until: dt.datetime  # end of the past that it was worked out from
    sure: float = SURE
    budget: float | None = None  # false alerts a week, at which it was worked out
    visible: tuple[Visible, ...] = ()
    unwatched: Mapping[str, Why] = field(default_factory=dict)  # of the planned events

    def of(self, event: str, source: str | None = None) -> Visible | None:
        """Return what is seen of an event, from all its sources or of one; None: nobody watches it."""
        return next((each for each in self.visible if (each.event, each.source) == (event, source)), None)

    def to_json(self) -> Any:
        """Return what a snapshot keeps."""
        return _adapter().dump_python(self, mode="json")

    @classmethod
    def from_json(cls, body: Any) -> Detectability:
        """Return what a snapshot kept."""
        return _adapter().validate_python(body)


@cache
def _adapter() -> TypeAdapter[Detectability]:
    return TypeAdapter(Detectability)


def of_measurements(config: Config, measurements: Measurements, until: dt.datetime) -> Detectability | None:
    """Return what is seen, judged as the newest whole local day before `until` was; None: no day can be judged."""
    end = floor_day(until, measurements.zone)
    for _ in range(LOOK_BACK):  # a holiday has no tests
        start = floor_day(end - HOUR, measurements.zone)
        profile = measurements.profile(Bucket(start, end))
        found = detectability(config, profile, judge(config.checks.values(), profile, config.plan))
        if found is not None:
            return found
        end = start
    return None


def due(before: tuple[dt.datetime, Any] | None, now: dt.datetime) -> bool:
    """Say whether a snapshot is old enough to be made anew."""
    return before is None or now - before[0] >= AGAIN


def detectability(config: Config, profile: WindowProfile, findings: Iterable[Finding]) -> Detectability | None:
    """Return what is seen of each event.

    Args:
        config: the checks, the plan and the budget.
        profile: what was known when the newest window was judged.
        findings: all tests of that window, of hours and of a day; None is returned where there are none of either.
    """
    prices = _prices(findings, config)
    tables = {grain: profile.table(Stat.ROWS, grain) for grain in STEPS}
    if not all(prices.get(step) for step in STEPS.values()) or not len(moments(tables["hour"])):
        return None
    sides = {grain: Side(t, forecast_of(t), _bar(config, t.keys, prices[STEPS[grain]])) for grain, t in tables.items()}
    least = takes(sides["hour"], sides["day"])
    priced = {key[1:] for step in prices.values() for key in step}
    rows = {event: [i for i, key in enumerate(tables["hour"].keys) if key.event == event] for event, _ in priced}
    watched = {event: own for event, own in sorted(rows.items()) if own}
    visible = tuple(each for event, own in watched.items() for each in _visible(tables["hour"].keys, own, least))
    until = profile.window.end
    silent = {event: _why(event, config, profile, sides["hour"], least) for event in config.plan.events}
    unwatched = {event: why for event, why in silent.items() if why}
    budget = config.budget.false_alerts_per_week
    return Detectability(until=until, budget=budget, visible=visible, unwatched=unwatched)


def _prices(findings: Iterable[Finding], config: Config) -> dict[dt.timedelta, dict[Test, float]]:
    """Return what each test of the newest hour and day would have to reach, if nothing else were wrong."""
    newest: dict[dt.timedelta, list[Finding]] = {}
    for finding in findings:
        if finding.p_value is not None and finding.bucket is not None:
            step = HOUR if finding.bucket.end - finding.bucket.start <= HOUR else DAY
            last = newest.setdefault(step, [])
            if last and last[0].bucket and last[0].bucket.end < finding.bucket.end:
                last.clear()
            if not last or last[0].bucket is None or last[0].bucket.end == finding.bucket.end:
                last.append(replace(finding, p_value=max(finding.p_value, CALM)))
    return {
        step: {
            (f"{v.finding.check}.{v.finding.kind}", v.finding.event or "", v.finding.source): v.cost or 0.0
            for v in decide(batch, config.plan, config.budget, kind_of)
            if v.finding.check in WATCHING
        }
        for step, batch in newest.items()
    }


def _bar(config: Config, keys: Sequence[Key], prices: Mapping[Test, float]) -> Bar:
    volume, missing = (config.checks[name].params if name in config.checks else None for name in ("volume", "missing"))
    size, silence = volume or VolumeParams(), missing or MissingParams()
    drop, rise, stop = (
        np.array([prices.get((kind, key.event, key.source), 0.0) for key in keys])
        for kind in ("volume.drop", "volume.spike", "missing.stopped")
    )
    few = config.budget.min_messages
    events, awaited = max(size.min_events, few), max(silence.min_due, few)
    return Bar(drop, rise, stop, size.min_drop, size.min_spike, events, awaited)


def _visible(keys: Sequence[Key], own: Sequence[int], least: Takes) -> Iterator[Visible]:
    """Yield what is seen of one event from all sources together, and, where it has several, of each."""
    event = keys[own[0]].event
    yield Visible(event=event, drop=_smallest(least.drop, own), spike=_smallest(least.spike, own))
    for i in own if len(own) > 1 else ():
        if keys[i].source:
            drop, spike = (_smallest(side, [i]) for side in (least.drop, least.spike))
            yield Visible(event=event, source=keys[i].source, drop=drop, spike=spike)


def _smallest(least: Mapping[str, Floats], own: Sequence[int]) -> dict[str, float | None]:
    """Return the smallest change that is seen in time: by the series that sees it first."""
    return {name: seen_by_most(np.fmin.reduce(least[name][list(own)]), SURE) for name in HORIZONS}


def _why(event: str, config: Config, profile: WindowProfile, side: Side, least: Takes) -> Why | None:
    """Return why nobody watches how much of an event comes; None: somebody does."""
    checks = [config.checks[name] for name in WATCHING if name in config.checks]
    if not checks:
        return Why.OFF
    if not any(each.covers(event) for each in checks):
        return Why.IGNORED
    if profile.first_seen(event) is None:
        return Why.NEVER_SEEN
    own, past = [i for i, key in enumerate(side.table.keys) if key.event == event], slice(None, side.table.cut)
    sizes = np.fmin.reduce(least.drop["week"][own])
    if not side.forecast.ready[own].any() or np.isnan(sizes).all():
        first = profile.first_seen(event)
        return Why.LEARNING if first and profile.window.end - first < YOUNG else Why.EXCLUDED
    if not np.nansum(side.table.values[own, past]):
        return Why.GONE
    return Why.RARE if seen_by_most(sizes, SURE) is None else None
