"""Which part of the messages explains most of a loss or an excess?

Slices are compared by the likelihood ratio of the expectation-based Poisson scan (Neill, Moore,
Sabhnani & Daniel 2005, KDD, "Detection of emerging space-time clusters"): of a slice with o messages
where e were expected, o ln(o/e) - (o - e). It is largest for the whole of what is wrong and nothing
else: a slice that is too small leaves loss out, one that is too large has healthy messages in it, which
make its ratio milder. Slices are everything, each source, each value of a dimension, and each value in
each source. A narrower one must explain clearly more: a version that all of a source has is that source.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from checks import counts
from checks.base import PAIRED, Floats, Key, Measure, Profile, Stat, Table
from checks.slices import FOLDED, SlicesParams
from monitor.calendar import floor_day
from monitor.config import Config
from monitor.incidents import Incident
from monitor.nearby import nearby

FADING = frozenset({"app_version", "app_build", "library_version", "os_version"})  # as people update, nothing is wrong
FAMILIES = ("loss", "excess")
LEAST = 10.0  # log-likelihood below which nothing is named: a slice by chance among a thousand stays below
PART = 0.5  # of the loss or excess that a slice must hold
BETTER = 1.05  # by which a narrower slice must be better
NOISE = 2.0  # standard deviations of what is expected elsewhere that are no loss there
ENOUGH = 100.0  # messages of other events, for the mix of versions to be known


@dataclass(frozen=True, slots=True)
class Located:
    """A slice, and which share of the loss or excess it holds."""

    where: Mapping[str, str]
    explains: float


@dataclass(frozen=True, slots=True)
class Slice:
    """One candidate: its conditions, and what came of what was expected."""

    where: tuple[tuple[str, str], ...]
    came: float
    due: float
    depth: int  # 0 everything, 1 a source, 2 a value, 3 a value in one of its sources; one more for a second value

    def score(self, sign: int) -> float:
        """Return how much likelier what came is, when the slice is wrong, than when nothing is; 0: not that way."""
        if self.due <= 0 or (self.due - self.came) * sign <= 0:
            return 0.0
        return float((self.came * np.log(self.came / self.due) if self.came else 0.0) - (self.came - self.due))


def locate(profile: Profile, incident: Incident, dimensions: Sequence[str], *, loss: bool) -> Located | None:
    """Return the slice that best explains an incident about volumes; None: nothing is clear, or not known yet.

    Args:
        profile: all that is known, by the day.
        incident: whose events, and whose days from its start on, are looked at.
        dimensions: those that are measured.
        loss: messages are missing; else there are too many.
    """
    return named(candidates(profile, frozenset(incident.events), incident.started, dimensions), loss=loss)


def candidates(
    profile: Profile, events: Collection[str], started: dt.datetime, dimensions: Sequence[str]
) -> list[Slice]:
    """Return the slices of some events since a time, everything first; empty where no day since is over."""
    rows = since(profile.table(Stat.ROWS, "day"), started)
    slices = list(_by_source(rows, events)) if rows else []
    for name in dimensions if slices else ():
        table = since(profile.table(Measure(Stat.ROWS, by=name).name(), "day"), started)
        if table is not None and rows is not None:
            slices += _by_mix(name, table, rows, events) if name in FADING else _by_value(name, table, events)
    return slices


def named(slices: Sequence[Slice], *, loss: bool) -> Located | None:
    """Return the best of some slices, of which the first is everything; None: none is clear."""
    sign = 1 if loss else -1
    best = _best(slices, sign)
    if best is None or best.score(sign) < LEAST:
        return None
    part = _share(best, slices[0], sign)
    return Located(dict(best.where), part) if part >= PART else None


def _share(part: Slice, whole: Slice, sign: int) -> float:
    """Return which share of a loss or excess lies in a slice; what lies elsewhere counts as far as it is no noise."""
    own = (part.due - part.came) * sign
    elsewhere = (whole.due - whole.came) * sign - own - NOISE * float(np.sqrt(max(whole.due - part.due, 0.0)))
    return own / (own + max(elsewhere, 0.0))


def _best(slices: Sequence[Slice], sign: int) -> Slice | None:
    """Return the likeliest slice, no narrower than is worth it; of two alike, the one named first."""
    best: Slice | None = None
    for each in sorted(slices, key=lambda s: s.depth):
        more = best is not None and each.depth > best.depth
        if best is None or each.score(sign) > best.score(sign) * (BETTER if more else 1.0):
            best = each
    return best


def since(table: Table, start: dt.datetime) -> Table | None:
    """Return a table that is judged from the day of `start` on, if that day is over."""
    column = int(np.searchsorted(table.calendar.starts, np.datetime64(int(start.timestamp()), "s"), side="right")) - 1
    if not table.keys or not 0 < column < len(table.calendar):
        return None
    return replace(table, cut=column)


def numbers(table: Table) -> tuple[Floats, Floats]:
    """Return [keys] what came since the cut, and what was expected; of days that are known, and series that are."""
    forecast = counts.forecast(table)
    came, due = table.values[:, table.cut :], forecast.expected[:, table.cut :]
    known = np.isfinite(came) & np.isfinite(due) & forecast.ready[:, None]
    return np.where(known, came, 0.0).sum(axis=1), np.where(known, due, 0.0).sum(axis=1)


def _by_source(rows: Table, events: Collection[str]) -> Iterator[Slice]:
    ours = rows.only(lambda key: key.event in events and key.source is not None)
    if not ours.keys:
        return
    came, due = numbers(ours)
    yield Slice((), float(came.sum()), float(due.sum()), 0)
    for source in sorted({key.source or "" for key in ours.keys}):
        mask = np.array([key.source == source for key in ours.keys])
        yield Slice((("source", source),), float(came[mask].sum()), float(due[mask].sum()), 1)


def _by_value(name: str, table: Table, events: Collection[str]) -> Iterator[Slice]:
    ours = table.only(lambda key: key.event in events and key.source is not None and key.label not in FOLDED)
    if ours.keys:
        yield from crossed((name,), ours.keys, *numbers(ours))


def _by_mix(name: str, table: Table, rows: Table, events: Collection[str]) -> Iterator[Slice]:
    """Yield slices of a dimension that fades: what is expected of a version is its share among the other events."""
    values = dict(zip(table.keys, np.nan_to_num(table.values[:, table.cut :]).sum(axis=1).tolist(), strict=True))
    ours = rows.only(lambda key: key.event in events and key.source is not None)
    due_of = dict(zip(ours.keys, numbers(ours)[1].tolist(), strict=True)) if ours.keys else {}
    mixes = mix(table, events)
    cells = [(replace(whole, label=label), due * part) for whole, due in due_of.items()
             for label, part in mixes.get(whole.source or "", {}).items() if label not in FOLDED]  # fmt: skip
    came = [values.get(key, 0.0) for key, _ in cells]
    yield from crossed((name,), [key for key, _ in cells], np.array(came), np.array([due for _, due in cells]))


def mix(table: Table, events: Collection[str]) -> dict[str, dict[str, float]]:
    """Return for each source the share of each value of a dimension since the cut, among all events but some."""
    sums: dict[str, Counter[str]] = {}
    for key, value in zip(table.keys, np.nan_to_num(table.values[:, table.cut :]).sum(axis=1).tolist(), strict=True):
        if key.source is not None and key.event not in events:
            sums.setdefault(key.source, Counter())[key.label or ""] += value
    totals = {source: sum(counted.values()) for source, counted in sums.items()}
    return {
        source: {label: value / totals[source] for label, value in counted.items()}
        for source, counted in sums.items()
        if totals[source] >= ENOUGH
    }


def crossed(names: Sequence[str], keys: Sequence[Key], came: Floats, due: Floats) -> Iterator[Slice]:
    """Yield each value over all sources, and in each of several sources; of one source, it is named with it.

    Of two dimensions `names`, the labels of keys are pairs of values.
    """
    sums: dict[tuple[tuple[str, str], ...], list[float]] = {}
    for key, o, e in zip(keys, came.tolist(), due.tolist(), strict=True):
        value = tuple(zip(names, (key.label or "").split(PAIRED, len(names) - 1), strict=True))
        for where in (value, (("source", key.source or ""), *value)):
            entry = sums.setdefault(where, [0.0, 0.0])
            entry[0], entry[1] = entry[0] + o, entry[1] + e
    sources = Counter(where[1:] for where in sums if where[0][0] == "source")
    for where, (o, e) in sorted(sums.items()):
        inside = where[0][0] == "source"
        several = sources[where[1:] if inside else where] > 1
        if several or inside:
            yield Slice(where, o, e, 1 + len(names) + (several and inside))


def looked_at(incidents: Iterable[Incident], profile: Profile, config: Config) -> tuple[Incident, ...]:
    """Return incidents with the slice that explains them, and what changed when they began, once a new day is known."""
    slices = config.checks.get("slices")
    params = slices.params if slices else SlicesParams(dimensions=(), causes=())
    newest = floor_day(profile.window.end, ZoneInfo(config.zone))

    def look(incident: Incident) -> Incident:
        known = (incident.looked or incident.started) >= newest
        if not incident.is_open or not incident.events or (known and (incident.looked or incident.nearby)):
            return incident
        changed = replace(incident, nearby=nearby(profile, incident, config.plan, ZoneInfo(config.zone)))
        if known:
            return changed  # its first day is not over
        changed = replace(changed, looked=newest)
        if len(incident.located.keys() - {"source"}) > 1:
            return changed  # the store was asked for it (`crossing`)
        if incident.subject.family not in FAMILIES or incident.subject.property is not None:
            return changed
        loss = incident.subject.family == "loss"
        found = locate(profile, incident, tuple(dict.fromkeys((*params.dimensions, *params.causes))), loss=loss)
        if found is None or not found.where or found.where == incident.slice:
            return replace(changed, located={})  # what its findings say is as exact
        return replace(changed, located=found.where, explains=found.explains)

    return tuple(look(incident) for incident in incidents)
