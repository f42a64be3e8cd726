"""What was measured, laid out for checks to judge: full series on a calendar without holes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from checks.base import EVERY, NOT_ADDITIVE, Bucket, Calendar, Catalog, Grain, Key, Profile, Stat, Table
from monitor.calendar import Pause, floor_day, spine

if TYPE_CHECKING:
    import pandas as pd

MOST_SPOILT = 0.2  # share of a series' past that ended incidents may take from its baseline (Farrington et al. 1996)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a series was wrong: it is not learned from. None: of any event, source, property."""

    start: dt.datetime
    end: dt.datetime
    event: str | None = None
    source: str | None = None
    property: str | None = None
    volume: bool = True  # the number of messages was wrong; else what share of them
    over: bool = False  # it has ended: what comes later is not held against it either

    def covers(self, key: Key, measure: str) -> bool:
        """Say whether a series of a measure is spoilt by it."""
        return (
            self.volume is (measure == Stat.ROWS)
            and self.event in (None, key.event)
            and (self.source is None or key.source in (None, self.source))
            and (self.property is None or self.property == key.property)
        )


class Measurements:
    """All points of a stretch of time, as full series; the profile of any window in it is a view on them."""

    def __init__(  # noqa: PLR0913 all but two are named
        self,
        points: pd.DataFrame,
        catalog: Catalog,
        *,
        since: dt.datetime,
        until: dt.datetime,
        zone: ZoneInfo,
        exclusions: Sequence[Pause] = (),
        first: Mapping[tuple[str, str], dt.datetime] | None = None,
        learn: dt.timedelta | None = None,
    ) -> None:
        """Take points with the columns of `history.points.read_points`, buckets in seconds since 1970.

        `first` is the first hour in which an (event, source) was ever seen, where that lies before the points.
        `learn` is how much of the past, in whole days before its own, each window is judged by; None: all of it.
        """
        self.catalog = catalog
        self.zone = zone
        self._learn = learn
        self._span = (since, until)
        self._exclusions = exclusions
        self._groups = {str(name): group for name, group in points.groupby(points["measure"] + "/" + points["grain"])}
        self._none = points.iloc[:0]
        rows = self._groups.get(f"{Stat.ROWS}/hour", self._none)
        here = rows.groupby(["event", "source"], as_index=False)["bucket"].min()
        seen = {key: int(at.timestamp()) for key, at in (first or {}).items() if at < until}
        for event, source, bucket in zip(here["event"], here["source"], here["bucket"], strict=True):
            seen[event, source] = min(seen.get((event, source), int(bucket)), int(bucket))
        self.first: Mapping[tuple[str, str], int] = seen
        self._calendars: dict[Grain, Calendar] = {}
        self._series: dict[tuple[str, Grain, str | None], tuple[tuple[Key, ...], np.ndarray]] = {}

    def profile(
        self, window: Bucket, stretches: Sequence[Stretch] = (), known: Mapping[str, dt.datetime] | None = None
    ) -> WindowProfile:
        """Return what checks see when they judge a window: nothing after its end, nor of a source after it is known."""
        return WindowProfile(self, window, tuple(stretches), known or {})

    def learned_from(self, window: Bucket) -> dt.datetime:
        """Return the local midnight from which on the past is seen when a window is judged."""
        today = floor_day(window.start, self.zone)
        return self._span[0] if self._learn is None else floor_day(today - self._learn, self.zone)

    def sources(self, event: str) -> frozenset[str]:
        """Return the sources from which an event was ever seen."""
        return frozenset(source for e, source in self.first if e == event)

    def calendar(self, grain: Grain) -> Calendar:
        """Return the whole spine of a grain."""
        if grain not in self._calendars:
            self._calendars[grain] = spine(grain, *self._span, self.zone, self._exclusions)
        return self._calendars[grain]

    def series(self, measure: str, grain: Grain, wanted: str | None) -> tuple[tuple[Key, ...], np.ndarray]:
        """Return keys and values [keys, buckets] of a measure over the whole spine, totals over sources included."""
        asked = (measure, grain, wanted)
        if asked not in self._series:
            points = self._points(measure, grain, wanted)
            keys = self._keys(points, wanted)
            additive = measure not in NOT_ADDITIVE
            values = self._fill(points, keys, self.calendar(grain), zero=additive)
            self._series[asked] = _with_totals(keys, values) if additive else (keys, values)
        return self._series[asked]

    def _points(self, measure: str, grain: Grain, wanted: str | None) -> pd.DataFrame:
        points = self._groups.get(f"{measure}/{grain}", self._none)
        if wanted is None or wanted == EVERY:
            return points
        return points[points["property"] == wanted]

    def _keys(self, points: pd.DataFrame, wanted: str | None) -> tuple[Key, ...]:
        """Return one key per (event, source) that was ever seen, and per property that the store has for it."""
        if (points["label"] != "").any():
            labelled = points[["event", "source", "property", "label"]].drop_duplicates().to_numpy().tolist()
            known = [place for place in labelled if not place[0] or self._first_of(place[0], place[1]) is not None]
            return tuple(Key(e, s, p or None, label) for e, s, p, label in sorted(known))
        if wanted is None:
            return tuple(Key(event, source) for event, source in sorted(self.first))
        seen = set(zip(points["event"], points["source"], points["property"], strict=True))
        fields = {(f.event, f.source, f.property) for f in self.catalog.fields if wanted in (EVERY, f.property)}
        return tuple(Key(*key) for key in sorted(seen | fields) if key[:2] in self.first)

    def _first_of(self, event: str, source: str) -> int | None:
        """Return the first bucket of an event and source; without a source, of the event from any."""
        if source:
            return self.first.get((event, source))
        return min((first for (e, _), first in self.first.items() if e == event), default=None)

    def _fill(self, points: pd.DataFrame, keys: tuple[Key, ...], calendar: Calendar, *, zero: bool) -> np.ndarray:
        values = np.full((len(keys), len(calendar)), np.nan)
        starts = calendar.starts[:-1].astype(np.int64)
        if zero:
            for i, key in enumerate(keys):
                first = self._first_of(key.event, key.source or "") or 0
                values[i, max(int(np.searchsorted(starts, first, side="right")) - 1, 0) :] = 0.0
        if len(points) and len(keys) and len(starts):
            self._put(points, keys, starts, values)
        return values

    @staticmethod
    def _put(points: pd.DataFrame, keys: tuple[Key, ...], starts: np.ndarray, values: np.ndarray) -> None:
        import pandas as pd  # noqa: PLC0415 heavy, and a run with nothing due needs none

        names = [(key.event, key.source, key.property or "", key.label or "") for key in keys]
        index = pd.MultiIndex.from_tuples(names)
        rows = index.get_indexer(pd.MultiIndex.from_frame(points[["event", "source", "property", "label"]]))
        columns = np.searchsorted(starts, points["bucket"].to_numpy())
        inside = (rows >= 0) & (columns < len(starts))
        inside[inside] &= starts[columns[inside]] == points["bucket"].to_numpy()[inside]
        values[rows[inside], columns[inside]] = points["value"].to_numpy()[inside]


class Overlaid(Measurements):
    """Measurements of which those of some events are others: what lies below is not copied."""

    def __init__(self, below: Measurements, own: Measurements, events: frozenset[str]) -> None:
        """Take what is seen of `events`, and of the catalog, from `own`, and all else from `below`."""
        self.below, self.own, self.events = below, own, events
        self.catalog, self.zone = own.catalog, below.zone
        self._learn, self._span = below._learn, below._span
        self.first = {**{key: at for key, at in below.first.items() if key[0] not in events}, **own.first}

    def calendar(self, grain: Grain) -> Calendar:
        """Return the whole spine of a grain."""
        return self.below.calendar(grain)

    def series(self, measure: str, grain: Grain, wanted: str | None) -> tuple[tuple[Key, ...], np.ndarray]:
        """Return keys and values of a measure, totals over sources included."""
        keys, values = self.below.series(measure, grain, wanted)
        kept = [i for i, key in enumerate(keys) if key.event not in self.events]
        mine, series = self.own.series(measure, grain, wanted)
        return (*(keys[i] for i in kept), *mine), np.vstack([values[kept], series])


@dataclass(frozen=True, slots=True)
class WindowProfile:
    """A `checks.base.Profile`: what was known at the end of a window."""

    everything: Measurements
    window: Bucket
    stretches: tuple[Stretch, ...]
    known: Mapping[str, dt.datetime] = field(default_factory=dict)  # source -> until when it is complete, if it is not
    _tables: dict[tuple[str, Grain, str | None], Table] = field(default_factory=dict)

    @property
    def catalog(self) -> Catalog:
        """Return what the store has."""
        return self.everything.catalog

    def first_seen(self, event: str, source: str | None = None) -> dt.datetime | None:
        """Return the start of the first hour in which the event was ever seen, if that was before the window's end."""
        found = [first for (e, s), first in self.everything.first.items() if e == event and source in (None, s)]
        first = dt.datetime.fromtimestamp(min(found), tz=dt.UTC) if found else None
        return first if first and first < self.window.end else None

    def table(self, measure: str, grain: Grain, property: str | None = None) -> Table:  # noqa: A002 the field's word
        """Return the series of a measure, zeros filled in from the first bucket in which the event was seen."""
        asked = (measure, grain, property)
        if asked not in self._tables:
            self._tables[asked] = self._view(measure, grain, property)
        return self._tables[asked]

    def _view(self, measure: str, grain: Grain, wanted: str | None) -> Table:
        keys, values = self.everything.series(measure, grain, wanted)
        whole = self.everything.calendar(grain)
        start = np.datetime64(int(self.everything.learned_from(self.window).timestamp()), "s")
        a, n = int(np.searchsorted(whole.starts, start)), _until(whole, self.window.end)
        a = min(a, n)
        part = slice(a, n)
        day = whole.day[part] - (whole.day[a] if a < n else 0)
        calendar = Calendar(grain, whole.starts[a : n + 1], whole.slot[part], day, whole.holiday[part])
        values = values[:, part].copy()
        self._hide_incomplete(keys, calendar, values)
        usable = np.isfinite(values) & ~calendar.holiday
        usable &= ~self._spoilt(keys, calendar, measure, over=False)
        over = self._spoilt(keys, calendar, measure, over=True)
        # what is wrong that often is how it is: a baseline of the rest would find it wrong for ever
        over &= ((over & usable).sum(axis=1) <= MOST_SPOILT * usable.sum(axis=1))[:, None]
        usable &= ~over
        values[over] = np.nan
        # from local midnight on: a run by the hour then sees exactly what a run by the day sees
        cut = _until(calendar, floor_day(self.window.start, self.everything.zone))
        return Table(measure, calendar, keys, values, usable, min(cut, n - a))

    def _hide_incomplete(self, keys: Sequence[Key], calendar: Calendar, values: np.ndarray) -> None:
        """Make unknown what is not complete: of a source that is behind, and of totals that it is part of."""
        for i, key in enumerate(keys) if self.known else ():
            sources = {key.source} if key.source else self.everything.sources(key.event)
            limits = [self.known[source] for source in sources if source in self.known]
            if limits:
                values[i, _until(calendar, min(limits)) :] = np.nan

    def _spoilt(self, keys: Sequence[Key], calendar: Calendar, measure: str, *, over: bool) -> np.ndarray:
        """Mark [keys, buckets] that lie in a stretch in which the series was wrong."""
        marked = np.zeros((len(keys), len(calendar)), dtype=bool)
        for stretch in self.stretches:
            if stretch.over is over:
                covered = np.array([stretch.covers(key, measure) for key in keys], dtype=bool)
                marked |= covered[:, None] & _touches(calendar, stretch)
        return marked


@dataclass(frozen=True, slots=True)
class ByDay:
    """A `checks.base.Profile` without hours: where nobody wants to know the hour, or a check looks at days alone."""

    whole: Profile

    @property
    def catalog(self) -> Catalog:
        """Return what the store has."""
        return self.whole.catalog

    @property
    def window(self) -> Bucket:
        """Return what is under judgement."""
        return self.whole.window

    def first_seen(self, event: str, source: str | None = None) -> dt.datetime | None:
        """Return when an event was first seen."""
        return self.whole.first_seen(event, source)

    def table(self, measure: str, grain: Grain, property: str | None = None) -> Table:  # noqa: A002 the field's word
        """Return the series by the day; by the hour there is none."""
        table = self.whole.table(measure, grain, property)
        return table if grain == "day" else table.only(lambda _: False)


def _until(calendar: Calendar, end: dt.datetime) -> int:
    """Return the number of buckets that are over at `end`."""
    return max(int(np.searchsorted(calendar.starts, np.datetime64(int(end.timestamp()), "s"), side="right")) - 1, 0)


def _with_totals(keys: tuple[Key, ...], values: np.ndarray) -> tuple[tuple[Key, ...], np.ndarray]:
    """Add a series over all sources for what comes from several."""
    members: dict[Key, list[int]] = {}
    for i, key in enumerate(keys):
        members.setdefault(replace(key, source=None), []).append(i)
    totals, sums = [], []
    for total, rows in members.items():
        if len(rows) > 1:
            part = values[rows]
            totals.append(total)
            sums.append(np.where(np.isnan(part).all(axis=0), np.nan, np.nansum(part, axis=0)))
    if not totals:
        return keys, values
    return (*keys, *totals), np.vstack([values, *sums])


def _touches(calendar: Calendar, stretch: Stretch) -> np.ndarray:
    starts = calendar.starts.astype(np.int64)
    return (starts[:-1] < int(stretch.end.timestamp())) & (starts[1:] > int(stretch.start.timestamp()))
