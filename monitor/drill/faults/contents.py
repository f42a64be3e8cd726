"""Values that are not what they were: empty, of another type, a hundred times as large."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from checks.base import Stat
from checks.bins import SIZES
from monitor.drill.fault import WEEK, Fault, Planted, Scene, Strikes, too_few
from monitor.drill.known import Known, Place
from monitor.drill.striking import Bools, Struck, plus, strike

if TYPE_CHECKING:
    import pandas as pd

SHARE = 0.5  # of one source's messages: those of a release that half of its users have
TYPED = frozenset({"integer", "number", "boolean", "datetime"})
DUE = (Stat.DUE, f"{Stat.OUTSIDE}.when", f"{Stat.DUE}.when")  # what is due is due, whatever comes


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents(ABC):
    """One property of an event is wrong in half of the messages of one source."""

    name: str
    title: str
    lasts: dt.timedelta = WEEK
    strikes: Strikes = "event"

    def place(self, known: Known, subject: str, rng: np.random.Generator) -> Place | str:
        """Choose a property that fits, of one source of an event."""
        rows = known.rows[subject]
        enough = [source for source, daily in sorted(rows.items()) if not too_few(daily * SHARE)]
        if not enough:
            return too_few(max(rows.values()) * SHARE)
        fitting = [(source, name) for source in enough for name in sorted(self.fitting(known, subject, source))]
        if not fitting:
            return self.lacking
        source, name = fitting[rng.integers(len(fitting))]
        return Place(event=subject, sources=(source,), property=name)

    def plant(self, scene: Scene) -> Planted:
        """Return the points of which the values of some messages are wrong."""
        struck = strike(scene.points, scene.when, lambda days: np.full(len(days), SHARE), scene.rng)
        return Planted(self.spoilt(scene, struck, scene.place.property or ""))

    @property
    @abstractmethod
    def lacking(self) -> str:
        """Say what an event lacks in which this cannot happen."""

    @abstractmethod
    def fitting(self, known: Known, event: str, source: str) -> list[str]:
        """Return the properties in which it can happen."""

    @abstractmethod
    def spoilt(self, scene: Scene, struck: Struck, name: str) -> pd.DataFrame:
        """Return the points with the wrong values."""


def values_of(struck: Struck, name: str) -> Bools:
    """Say which points count values of a property, not messages without it."""
    mine = (struck.points["property"] == name).to_numpy()
    found: Bools = mine & ~struck.has(Stat.NULLS, *map(str, DUE))
    return found


def emptied(struck: Struck, name: str) -> pd.DataFrame:
    """Return the points with no value of a property in the struck messages."""
    nulls = struck.carrying(name).assign(property=name, label="", measure=str(Stat.NULLS), grain="day")
    return plus(struck.without(values_of(struck, name)), nulls)


class Null(Contents):
    """A property is empty."""

    __slots__ = ()

    @property
    def lacking(self) -> str:
        """Say what is lacking."""
        return "has no property that mostly carries a value"

    def fitting(self, known: Known, event: str, source: str) -> list[str]:
        """Return the properties that mostly carry a value."""
        return [field.property for field in known.fields(event, source)]

    def spoilt(self, scene: Scene, struck: Struck, name: str) -> pd.DataFrame:
        """Return the points with empty values."""
        return emptied(struck, name)


class TypeFlip(Contents):
    """A number, a flag or a time comes as a text that is none.

    A column of its type cannot hold that: the warehouse leaves it empty. A text or JSON column keeps it.
    """

    __slots__ = ()

    @property
    def lacking(self) -> str:
        """Say what is lacking."""
        return "has no property of which the plan says that it is a number, a flag or a time"

    def fitting(self, known: Known, event: str, source: str) -> list[str]:
        """Return those of which the plan says a type that a text may not have."""
        planned = known.plan.events.get(event)
        typed = {name for name, prop in planned.properties.items() if prop.type in TYPED} if planned else set()
        return [field.property for field in known.fields(event, source) if field.property in typed]

    def spoilt(self, scene: Scene, struck: Struck, name: str) -> pd.DataFrame:
        """Return the points with values of another type, or without them."""
        place = (scene.place.event, scene.place.sources[0], name)
        kept = next(f.type for f in scene.known.past.catalog.fields if (f.event, f.source, f.property) == place)
        if kept in TYPED:
            return emptied(struck, name)
        wrong = struck.carrying(name).assign(property=name, label="", measure=f"{Stat.MISTYPED}.type", grain="day")
        return plus(struck.without(values_of(struck, name)), wrong)


class Hundredfold(Contents):
    """A number comes in cents instead of dollars."""

    __slots__ = ()

    @property
    def lacking(self) -> str:
        """Say what is lacking."""
        return "has no number of which the sizes are measured"

    def fitting(self, known: Known, event: str, source: str) -> list[str]:
        """Return the numbers that are measured, and mostly not zero."""
        names = known.properties(event, source, Stat.SIZES)
        return [name for name in names if _mostly(known.labels(Stat.SIZES, event, source, name))]

    def spoilt(self, scene: Scene, struck: Struck, name: str) -> pd.DataFrame:
        """Return the points with sizes two decades up, those beyond the plan's largest out of range."""
        sizes = struck.has(Stat.SIZES, property=name)
        moved = struck.relabelled(sizes, larger)
        event = scene.known.plan.events.get(scene.place.event or "")
        prop = event.properties.get(name) if event else None
        if prop is None or prop.max is None:
            return moved
        new = struck.alone(sizes)
        beyond = new[new["label"].map(larger).astype(float) >= float(prop.max)]
        return plus(moved, beyond.assign(label="", measure=f"{Stat.OUTSIDE}.range"))


def larger(label: str) -> str:
    """Return the bin of sizes a hundred times as large.

    >>> larger("1"), larger("0.03"), larger("0"), larger("-3")
    ('100', '3', '0', '-300')
    """
    at, zero = SIZES.labels().index(label), SIZES.labels().index("0")
    if at == zero:
        return label
    return SIZES.label(min(max(at + (4 if at > zero else -4), 0), len(SIZES.bounds)))


def _mostly(sizes: Mapping[str, float]) -> bool:
    """Say whether most numbers are not zero: a hundred times nothing is nothing."""
    return sum(value for label, value in sizes.items() if label != "0") > 0.5 * sum(sizes.values())


FAULTS: tuple[Fault, ...] = (
    Null(name="null", title="lacks a property, in half of a source"),
    TypeFlip(name="type_flip", title="has a property of another type, half"),
    Hundredfold(name="times_100", title="has a number ×100, half"),
)
