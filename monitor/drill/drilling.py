"""What becomes of one fault: is it seen, by which check, and after how long?

The planted copy is walked with the functions of a live run, hour by hour from the onset on. Only what the fault
touches is judged anew; all else is as it was found in the untouched copy. So `decide` sees every test of each
bucket, and its budget is spent as it would have been.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from checks.base import Finding
from checks.plan import Plan
from monitor.backtest.replay import Replayed, Teller, measurements_of, walked
from monitor.config import CheckConfig
from monitor.decide import Verdict
from monitor.drill import loading
from monitor.drill.fault import Fault, Scene
from monitor.drill.faults.late import LateLoad
from monitor.drill.ground import Ground, about_of
from monitor.drill.known import Place
from monitor.drill.striking import When
from monitor.drill.untouched import ALONE, PEERS, is_alone
from monitor.incidents import Incident
from monitor.judge import judge
from monitor.pipeline import composer_of
from monitor.profile import ByDay, Overlaid, WindowProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """When people were first told of something that concerns what was struck, and by what it was seen."""

    at: dt.datetime
    incident: Incident
    verdict: Verdict  # what says it best

    @property
    def by(self) -> str:
        """Return check and kind."""
        return f"{self.verdict.finding.check}.{self.verdict.finding.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """What became of one planted fault."""

    fault: str
    place: Place
    onset: dt.datetime
    end: dt.datetime  # until when it was looked for
    seen: Sight | None
    noted: str = ""  # by which check it is at least on the weekly clean-up list

    @property
    def delay(self) -> dt.timedelta | None:
        """Return how long after the onset people were told."""
        return self.seen.at - self.onset if self.seen else None


def drilled(
    ground: Ground,
    fault: Fault,
    place: Place,
    onset: dt.datetime,
    rng: np.random.Generator,
    within: dt.timedelta | None = None,
) -> Drilled:
    """Plant one fault, and look for it.

    Args:
        ground: what it is planted into.
        fault: what happens.
        place: where; from `fault.place`, or any other that has such measures.
        onset: the start of the hour from which on it is in the data.
        rng: what is drawn with: the same draws give the same outcome.
        within: how long it is looked for; by default, as long as the fault lasts.
    """
    config = ground.config
    until = min(onset + (within or fault.lasts), ground.span[1])
    if isinstance(fault, LateLoad):
        return _unloaded(ground, place, (onset, until))
    splice = Splice(ground, fault, place, When.of(onset, until, ZoneInfo(config.zone)), rng)
    watcher = _Watcher(config, composer_of(config), about=about_of(splice.events, place))
    begin = Replayed(since=onset, until=onset, incidents=ground.untouched.at(onset))
    last = begin
    for day, _ in walked(config, splice.overlaid, begin, until, watcher, splice):
        last = day
        if watcher.seen is not None:
            break
    seen = watcher.sight(last.problems)
    noted = "" if seen else _noted(begin.incidents, last.incidents, watcher.about)
    return Drilled(fault=fault.name, place=place, onset=onset, end=until, seen=seen, noted=noted)


def _unloaded(ground: Ground, place: Place, span: tuple[dt.datetime, dt.datetime]) -> Drilled:
    """Let no load of a source come, and see when that is told."""
    watcher = _Watcher(ground.config, composer_of(ground.config), about=loading.about, wait=dt.timedelta())
    problems: list[Verdict] = []
    for _, verdicts in loading.hours(ground, place, span, watcher):
        problems += [verdict for verdict in verdicts if verdict.problem]
        if watcher.seen is not None:
            break
    seen = watcher.sight(problems)
    return Drilled(fault=LateLoad().name, place=place, onset=span[0], end=span[1], seen=seen)


def _noted(before: Iterable[Incident], after: Iterable[Incident], about: Callable[[Finding], bool]) -> str:
    """Return by which check something new is known of what was struck, of which nobody was told."""
    known = {incident.id for incident in before}
    new = (f for each in after if each.is_open and each.id not in known for f in each.findings if about(f))
    return next((f"{f.check}.{f.kind}" for f in new), "")


@dataclass(slots=True, kw_only=True)
class _Watcher(Teller):
    """Tells as a replay does, until somebody is told of what was struck."""

    about: Callable[[Finding], bool]
    wait: dt.timedelta | None = None  # after the end of a bucket, until it is judged; None: as a replay waits
    seen: tuple[dt.datetime, Incident] | None = None  # when somebody was told, and of what

    def at(self, end: dt.datetime) -> dt.datetime:
        """Return when people are told."""
        return Teller.at(self, end) if self.wait is None else end + self.wait

    def __call__(self, incidents: tuple[Incident, ...], end: dt.datetime) -> tuple[Incident, ...]:
        """Return the incidents after the messages of that hour."""
        after = Teller.__call__(self, incidents, end)
        if self.seen is None:
            told = (i for i in after if i.is_open and i.told and any(map(self.about, i.findings)))
            self.seen = next(((self.at(end), incident) for incident in told), None)
        return after

    def sight(self, problems: Iterable[Verdict]) -> Sight | None:
        """Return what was seen, with the verdict that says it best."""
        if self.seen is None:
            return None
        at, incident = self.seen
        order = {id(finding): place for place, finding in enumerate(incident.findings)}
        ours = [problem for problem in problems if self.about(problem.finding)]
        best = min(ours, key=lambda verdict: order.get(id(verdict.finding), len(order)), default=None)
        return Sight(at=at, incident=incident, verdict=best) if best else None


class Splice:
    """Judges what a fault touches, and lays it into what was found in the untouched copy."""

    def __init__(self, ground: Ground, fault: Fault, place: Place, when: When, rng: np.random.Generator) -> None:
        """Plant the fault."""
        past, whole = ground.known.past, ground.untouched.measurements
        events = ground.events(place)
        own = pd.concat([ground.by_event[event] for event in sorted(events)], ignore_index=True)
        inside = own["bucket"].between(int(when.days[0]), int(when.end.timestamp()), inclusive="left")
        struck = inside & own["source"].isin(place.sources)
        planted = fault.plant(Scene(place, when, own[struck], ground.known, rng))
        points = pd.concat([own[~struck], planted.points], ignore_index=True)
        first = {key: at for key, at in past.first.items() if key[0] in events}
        self.past = replace(
            past, points=points, first=first | dict(planted.first), catalog=planted.catalog or past.catalog
        )
        self.events = events | {event for event, _ in planted.first}
        self.alone = measurements_of(ground.config, self.past, ground.span[1])
        self.overlaid = Overlaid(whole, self.alone, self.events)
        self.untouched = ground.untouched
        plan = ground.config.plan
        self.plan = replace(plan, events={name: event for name, event in plan.events.items() if name in self.events})

    def __call__(self, enabled: Sequence[CheckConfig], profile: WindowProfile, plan: Plan) -> list[Finding]:
        """Return all findings of a window of the planted copy."""
        alone, others = ([check for check in enabled if (check.name in ALONE) is own] for own in (True, False))
        window = profile.window
        mine = judge(alone, self.alone.profile(window, profile.stretches, profile.known), self.plan)
        kept = [f for f in self.untouched.within(window.start, window.end) if f.event not in self.events]
        beside = judge([check for check in alone if check.name in PEERS], ByDay(profile), plan)
        return [
            *kept,
            *(f for f in mine if f.event in self.events and is_alone(f)),
            *(f for f in beside if not is_alone(f)),
            *judge(others, profile, plan),
        ]
