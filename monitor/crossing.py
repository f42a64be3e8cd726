"""Do two dimensions together explain more of an incident than each by itself: Safari in Germany, 5.2 on Android 14?

Pairs are not measured by every run: there are ten of them, and each would be counted for every event, for ever, for
the few that go wrong. They are asked once for an incident, when its first day is over: of one of its
events, some days before it began and all since, in one read-only statement for each table of that event.
What is expected of a pair is its share in the days before, or, of a version, its share among other events
now, as if users of all kinds updated alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from checks.base import PAIRED, Key, Measure, Profile, Stat
from checks.slices import FOLDED, SlicesParams
from monitor.calendar import floor_day
from monitor.config import Config
from monitor.errors import StoreError
from monitor.incidents import Incident
from monitor.locate import FADING, FAMILIES, Slice, candidates, crossed, mix, named, numbers, since
from monitor.stores.base import Request, Store

if TYPE_CHECKING:
    import pandas as pd

BEFORE = dt.timedelta(days=14)  # of which the usual shares are learned
MOST = 3  # incidents of one run that are asked for, the largest first
NONE = "(none)"

Pair = tuple[str, str]  # of dimensions


@dataclass(frozen=True, slots=True)
class Crossed:
    """Incidents with what was found of them, and the statements that it took."""

    incidents: tuple[Incident, ...]
    statements: int = 0


def cross(
    config: Config, store: Store, known: Sequence[Incident], found: tuple[Sequence[Incident], Profile | None]
) -> Crossed:
    """Ask the store for pairs of dimensions of those incidents whose first day is over now.

    Args:
        config: whose check `slices` says which dimensions there are.
        store: where the events lie; what it does not answer is not known.
        known: the incidents as they were before.
        found: as they are now, and all that is known of the days.
    """
    incidents, profile = found
    before = {incident.id: incident.looked for incident in known}
    new = [i for i in incidents if i.is_open and i.looked and not before.get(i.id) and is_of_volumes(i)]
    after, statements = {each.id: each for each in incidents}, 0
    for incident in sorted(new, key=lambda i: -len(i.held))[:MOST] if profile else ():
        assert profile is not None  # noqa: S101 for the type checker: the loop is empty without it
        pairs = _worth_asking(config, profile, incident)
        if not pairs:
            continue
        try:
            measured = store.measure(request(config, incident, pairs, profile.window.end))
        except StoreError:
            continue
        statements += measured.statements
        after[incident.id] = _located(config, profile, incident, pairs, measured.frame)
    return Crossed(tuple(after[each.id] for each in incidents), statements)


def would_ask(config: Config, known: Sequence[Incident], now: dt.datetime) -> Iterator[tuple[Incident, Request]]:
    """Yield the open incidents that have not been asked for, each with the most that will be asked."""
    for incident in known:
        if incident.is_open and incident.looked is None and is_of_volumes(incident) and (pairs := pairs_of(config)):
            yield incident, request(config, incident, pairs, now + dt.timedelta(days=1))


def is_of_volumes(incident: Incident) -> bool:
    """Say whether messages are missing or too many, so that a part of them may be."""
    return bool(incident.events) and incident.subject.family in FAMILIES and incident.subject.property is None


def pairs_of(config: Config) -> tuple[Pair, ...]:
    """Return the pairs of dimensions that can be asked for: two that fade say the same of one release."""
    check = config.checks.get("slices")
    params = check.params if check else SlicesParams(dimensions=(), causes=())
    names = dict.fromkeys((*params.dimensions, *params.causes))
    return tuple(pair for pair in combinations(names, 2) if not FADING.issuperset(pair))


def event_of(incident: Incident) -> str:
    """Return the event that is asked for: that of the clearest finding."""
    return incident.headline.event if incident.headline.event in incident.events else incident.events[0]


def request(config: Config, incident: Incident, pairs: Sequence[Pair], until: dt.datetime) -> Request:
    """Return what is asked of the store for one incident."""
    zone, event = ZoneInfo(config.zone), event_of(incident)
    measures = tuple(Measure(Stat.ROWS, event, by=PAIRED.join(pair)) for pair in pairs)
    start = floor_day(floor_day(incident.started, zone) - BEFORE, zone)
    return Request(measures, start, floor_day(until, zone), config.zone)


def _worth_asking(config: Config, profile: Profile, incident: Incident) -> list[Pair]:
    """Return the pairs of dimensions that both tell messages of the event apart; none where nothing came at all."""
    event = event_of(incident)
    slices = candidates(profile, {event}, incident.started, ())
    if not slices or not slices[0].came:
        return []

    def tells(name: str) -> bool:
        table = profile.table(Measure(Stat.ROWS, by=name).name(), "day")
        return len({key.label for key in table.keys if key.event == event} - FOLDED) > 1

    return [pair for pair in pairs_of(config) if tells(pair[0]) and tells(pair[1])]


def _located(
    config: Config, profile: Profile, incident: Incident, pairs: Sequence[Pair], frame: pd.DataFrame
) -> Incident:
    event, single = event_of(incident), tuple(dict.fromkeys(name for pair in pairs for name in pair))
    slices = candidates(profile, {event}, incident.started, single)
    start = np.datetime64(int(floor_day(incident.started, ZoneInfo(config.zone)).timestamp()), "s")
    for pair in pairs:
        mine = frame[frame["measure"] == Measure(Stat.ROWS, by=PAIRED.join(pair)).name()]
        slices += _of_pair(profile, incident, pair, (mine[mine["bucket"] < start], mine[mine["bucket"] >= start]))
    best = named(slices, loss=incident.subject.family == "loss")
    if best is None or len(best.where.keys() - {"source"}) < 2:
        return incident
    return replace(incident, located=best.where, explains=best.explains)


def _of_pair(
    profile: Profile, incident: Incident, pair: Pair, counted: tuple[pd.DataFrame, pd.DataFrame]
) -> Iterator[Slice]:
    """Yield the slices of two dimensions; `counted` are their rows before the incident, and since."""
    event, (before, now) = event_of(incident), counted
    rows = since(profile.table(Stat.ROWS, "day"), incident.started)
    if rows is None:
        return
    ours = rows.only(lambda key: key.event == event and key.source is not None)
    due_of = dict(zip(ours.keys, numbers(ours)[1].tolist(), strict=True)) if ours.keys else {}
    came = now.groupby(["source", "label"])["value"].sum().to_dict()
    keys, due = list[Key](), list[float]()
    for whole, expected in due_of.items():
        usual = before[before["source"] == whole.source].groupby("label")["value"].sum()
        for label, part in _shares(profile, incident, pair, whole.source or "", usual).items():
            if not FOLDED.intersection(label.split(PAIRED)):
                keys.append(replace(whole, label=label))
                due.append(expected * part)
    brought = [float(came.get((key.source, key.label), 0.0)) for key in keys]
    yield from crossed(pair, keys, np.array(brought), np.array(due))


def _shares(profile: Profile, incident: Incident, pair: Pair, source: str, usual: pd.Series) -> dict[str, float]:
    """Return which part of a source's messages each pair of values is expected to be."""
    total = float(usual.sum())
    shares = {_told(str(label)): float(value) / total for label, value in usual.items()} if total else {}
    fading = next((i for i, name in enumerate(pair) if name in FADING), None)
    if fading is None:
        return shares
    table = since(profile.table(Measure(Stat.ROWS, by=pair[fading]).name(), "day"), incident.started)
    versions = mix(table, {event_of(incident)}).get(source, {}) if table is not None else {}
    others: dict[str, float] = {}
    for label, part in shares.items():
        other = label.split(PAIRED)[1 - fading]
        others[other] = others.get(other, 0.0) + part
    return {
        PAIRED.join((version, other) if fading == 0 else (other, version)): of * part
        for version, of in versions.items()
        for other, part in others.items()
    }


def _told(label: str) -> str:
    """Return a pair of values; one that is not given is said to be."""
    return PAIRED.join(value or NONE for value in label.split(PAIRED, 1)) if PAIRED in label else label
