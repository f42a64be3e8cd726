"""What is a fault? Something that happens to the messages of some place, from an onset on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from checks.base import Catalog
from monitor.drill.known import Known, Place
from monitor.drill.striking import When

if TYPE_CHECKING:
    import pandas as pd

Strikes = Literal["event", "source", "store"]
WEEK = dt.timedelta(weeks=1)
FEWEST = 20.0  # messages that it must strike within a week to be asked of anybody


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The measures of a place while a fault is in it, and what they are drawn with."""

    place: Place
    when: When
    points: pd.DataFrame  # from the day of the onset on, columns of `history.points.read_points`
    known: Known
    rng: np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """What would have been measured of the place instead."""

    points: pd.DataFrame
    catalog: Catalog | None = None  # None: as it was
    first: Mapping[tuple[str, str], dt.datetime] = field(default_factory=dict)  # of events that are new


class Fault(Protocol):
    """One class of faults."""

    @property
    def name(self) -> str:
        """Return its name in JSON and on the command line."""
        ...

    @property
    def title(self) -> str:
        """Return it as people say it."""
        ...

    @property
    def lasts(self) -> dt.timedelta:
        """Return how long it is in the data, at most: what is not seen until then has survived."""
        ...

    @property
    def strikes(self) -> Strikes:
        """Return whether it happens to one event, to all that a source sends, or to all there is."""
        ...

    def place(self, known: Known, subject: str, rng: np.random.Generator) -> Place | str:
        """Choose where it happens to an event (or source); a text says why it cannot happen there."""
        ...

    def plant(self, scene: Scene) -> Planted:
        """Return what would have been measured."""
        ...


def whole(known: Known, event: str, share: float, least: float = FEWEST) -> Place | str:
    """Return an event from all its sources, if enough of it comes."""
    rows = known.rows[event]
    few = too_few(sum(rows.values()) * share, least)
    return few or Place(event=event, sources=tuple(sorted(rows)))


def one_source(known: Known, event: str, rng: np.random.Generator, share: float, least: float = FEWEST) -> Place | str:
    """Return an event from one of those sources from which enough of it comes."""
    rows = known.rows[event]
    enough = sorted(source for source, daily in rows.items() if not too_few(daily * share, least))
    if not enough:
        return too_few(max(rows.values()) * share, least)
    return Place(event=event, sources=(enough[rng.integers(len(enough))],))


def too_few(daily: float, least: float = FEWEST) -> str:
    """Say that too little would be struck in a week for anybody to see it; empty: enough would be."""
    weekly = daily * 7
    return "" if weekly >= least else f"comes too rarely: {weekly:.0f} messages a week would be struck"
