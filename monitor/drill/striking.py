"""Which messages does a fault strike, and how many of them count in each measure?

Measures of one day are views of the same messages: 40 rows, 12 of them from Safari, 3 without a price. So what a
fault strikes is drawn once for each hour, and from each view as without replacement (hypergeometric): whatever is lost
or doubled or changed then, totals, hours, dimensions, histograms and properties go on to agree with each other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np

from checks.base import NOT_ADDITIVE, Floats, Stat
from monitor.calendar import floor_day, midnights
from monitor.history.points import SERIES

if TYPE_CHECKING:
    import pandas as pd

Share = Callable[[Floats], Floats]  # of the messages that are struck, by days since the onset
Bools: TypeAlias = np.ndarray
UNCOUNTED = NOT_ADDITIVE | {str(Stat.CHECKSUM)}  # measures that are no numbers of messages


@dataclass(frozen=True, slots=True)
class When:
    """From when until when a fault is in the data, and the local days in it."""

    onset: dt.datetime
    end: dt.datetime
    days: np.ndarray  # starts of local days, seconds; the first holds the onset

    @classmethod
    def of(cls, onset: dt.datetime, end: dt.datetime, zone: ZoneInfo) -> When:
        """Cut the time of a fault into local days."""
        starts = [floor_day(onset, zone), *midnights(onset, end, zone)]
        return cls(onset, end, np.array([int(at.timestamp()) for at in starts]))


@dataclass(frozen=True, slots=True, eq=False)
class Struck:
    """Points that a fault may change, and for each of them how many of the struck messages count in it."""

    points: pd.DataFrame  # columns of `history.points.read_points`
    hits: Floats  # [points] struck messages that count in it; 0 for what is no number of messages
    amount: Floats  # [points] struck messages of its event, source and day, or hour
    rows: Floats  # [points] all messages of its event, source and day, or hour

    def has(self, *measures: str, property: str | None = None) -> Bools:  # noqa: A002 the field's word
        """Say which points are of one of some measures, and of a property."""
        found = self.points["measure"].isin(measures).to_numpy()
        return found if property is None else found & (self.points["property"] == property).to_numpy()

    @property
    def counted(self) -> Bools:
        """Say which points are numbers of messages."""
        return ~self.points["measure"].isin(UNCOUNTED).to_numpy()

    def lost(self) -> pd.DataFrame:
        """Return the points without the struck messages."""
        return self._scaled(-1.0)

    def again(self, times: float = 1.0) -> pd.DataFrame:
        """Return the points with the struck messages once more (`times`: so often)."""
        return self._scaled(times)

    def _scaled(self, times: float) -> pd.DataFrame:
        values = self.points["value"].to_numpy()
        part = 1 + times * self.amount / np.maximum(self.rows, 1.0)  # of the messages, what is there then
        counts = np.round(values + times * self.hits)
        values = np.where(self.counted, counts, np.where(self.has(Stat.CHECKSUM), values * part, values))
        found: pd.DataFrame = self.points.assign(value=values)[np.where(self.counted, values > 0, part > 0)]
        return found

    def without(self, mask: Bools) -> pd.DataFrame:
        """Return the points of which those of a mask do not count the struck messages any more."""
        return self.points.assign(value=self.points["value"] - np.where(mask & self.counted, self.hits, 0.0))

    def alone(self, mask: Bools | None = None) -> pd.DataFrame:
        """Return the points (of a mask) as they would be of the struck messages alone."""
        counted = self.counted
        found: pd.DataFrame = self.points.assign(value=np.where(counted, self.hits, self.points["value"]))
        kept = np.where(counted, self.hits > 0, self.amount > 0)
        return found[kept if mask is None else kept & mask]

    def relabelled(self, mask: Bools, label: Callable[[str], str]) -> pd.DataFrame:
        """Return the points of which the struck messages of a mask count under another label."""
        moved = self.alone(mask & self.counted)
        return plus(self.without(mask), moved.assign(label=moved["label"].map(label)))

    def days(self) -> pd.DataFrame:
        """Return the struck messages of each event, source and day: columns source, event, bucket, value."""
        mine = (self.points["grain"] == "day").to_numpy() & self.has(Stat.ROWS) & (self.amount > 0)
        found: pd.DataFrame = self.points.assign(value=self.amount)[mine][["source", "event", "bucket", "value"]]
        return found

    def carrying(self, name: str) -> pd.DataFrame:
        """Return the struck messages of each day that carry a property, as `days`."""
        days, nulls = self.days(), self.points.assign(value=-self.hits)[self.has(Stat.NULLS, property=name)]
        return _summed([days, nulls[list(days.columns)]], list(days.columns))


def plus(points: pd.DataFrame, *extra: pd.DataFrame) -> pd.DataFrame:
    """Return points with more messages: columns SERIES, bucket, value; values of one place are added."""
    return _summed([points, *extra], [*SERIES, "bucket", "value"])


def _summed(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 heavy

    every = pd.concat([part[columns] for part in parts], ignore_index=True)
    sums = every.groupby(columns[:-1], as_index=False, sort=True)["value"].sum()
    found: pd.DataFrame = sums[sums["value"] != 0]
    return found


def strike(points: pd.DataFrame, when: When, share: Share, rng: np.random.Generator) -> Struck:
    """Draw the messages that a fault strikes.

    Args:
        points: of some events and sources, from the day of the onset on.
        when: the time of the fault.
        share: how many of the messages are struck, of those of an hour that begins so many days after the onset.
        rng: what is drawn with.
    """
    points = points.sort_values([*SERIES, "bucket"], kind="stable", ignore_index=True)
    bucket, value = points["bucket"].to_numpy(), points["value"].to_numpy()
    hourly = (points["grain"] == "hour").to_numpy()
    rows = (points["measure"] == Stat.ROWS).to_numpy()
    onset = int(when.onset.timestamp())
    hours = hourly & rows & (bucket >= onset)
    hits = np.zeros(len(points))
    chance = np.clip(share((bucket[hours] - onset) / 86400), 0.0, 1.0)
    hits[hours] = rng.binomial(value[hours].astype(np.int64), chance)
    day = np.searchsorted(when.days, bucket, side="right") - 1
    cell = points.groupby(["event", "source"]).ngroup().to_numpy() * len(when.days) + day
    size = int(cell.max(initial=-1)) + 1
    amount = np.bincount(cell[hours], weights=hits[hours], minlength=size)[cell]
    total = np.bincount(cell[~hourly & rows], weights=value[~hourly & rows], minlength=size)[cell]
    amount = np.minimum(np.where(hourly, hits, amount), np.where(hourly, value, total))
    found = Struck(points, np.where(hourly | rows, amount, 0.0), amount, np.where(hourly, value, total))
    return _with_days(found, cell, ~hourly & ~rows & found.counted & (amount > 0), rng)


def _with_days(found: Struck, cell: np.ndarray, open_: Bools, rng: np.random.Generator) -> Struck:
    """Draw from each day's views; of a property, only among the messages that carry it."""
    points, value = found.points, found.points["value"].to_numpy()
    hits = found.hits.copy()
    nulls = open_ & (points["measure"] == Stat.NULLS).to_numpy()
    hits[nulls] = _drawn(value[nulls], found.rows[nulls], found.amount[nulls], rng)
    names = points["property"].astype("category").cat.codes.to_numpy()
    place = cell * (int(names.max(initial=0)) + 1) + names
    size = int(place.max(initial=-1)) + 1
    carried = found.rows - np.bincount(place[nulls], weights=value[nulls], minlength=size)[place]
    struck = found.amount - np.bincount(place[nulls], weights=hits[nulls], minlength=size)[place]
    rest = np.flatnonzero(open_ & ~nulls)
    family = points["measure"].astype("category").cat.codes.to_numpy()[rest] + place[rest] * 100
    order = rest[np.argsort(family, kind="stable")]
    cuts = np.flatnonzero(np.diff(np.sort(family, kind="stable"))) + 1
    for group in np.split(order, cuts) if len(order) else ():
        pool, size = carried[group[0]], struck[group[0]]
        if value[group].sum() > pool:  # not a view of these messages alone
            hits[group] = rng.binomial(value[group].astype(np.int64), found.amount[group] / found.rows[group])
        elif len(group) == 1:
            hits[group] = _drawn(value[group], pool, size, rng)
        else:
            colours = [*value[group].astype(np.int64), int(pool - value[group].sum())]
            hits[group] = rng.multivariate_hypergeometric(colours, int(size))[:-1]
    return replace(found, hits=hits)


def _drawn(good: Floats, pool: Floats, size: Floats, rng: np.random.Generator) -> Floats:
    """Draw `size` of `pool` messages: so many of them are of the good ones."""
    numbers = [np.asarray(each).astype(np.int64) for each in (np.minimum(good, pool), pool, size)]
    return rng.hypergeometric(numbers[0], numbers[1] - numbers[0], numbers[2]).astype(float)
