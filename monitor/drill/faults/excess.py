"""More messages than were meant: twice as many, fired twice, or sent again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from checks.base import Stat
from monitor.drill.fault import WEEK, Fault, Planted, Scene, Strikes, one_source, whole
from monitor.drill.known import Known, Place
from monitor.drill.striking import Struck, plus, strike

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """An event comes more often than it should, each message under an id and with a content of its own."""

    name: str
    title: str
    more: float  # share of the messages that comes on top: 1.0 is twice as many
    lasts: dt.timedelta = WEEK
    strikes: Strikes = "event"

    def place(self, known: Known, subject: str, rng: np.random.Generator) -> Place | str:
        """Choose all sources of an event."""
        return whole(known, subject, self.more)

    def plant(self, scene: Scene) -> Planted:
        """Return the points with what comes on top."""
        times = float(np.ceil(self.more))
        struck = strike(scene.points, scene.when, lambda days: np.full(len(days), self.more / times), scene.rng)
        return Planted(struck.again(times))


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Messages of one source come a second time: fired again under a new id, or sent again under the same."""

    name: str
    title: str
    share: float
    measure: Stat  # in which the copies are counted
    lasts: dt.timedelta = WEEK
    strikes: Strikes = "event"

    def place(self, known: Known, subject: str, rng: np.random.Generator) -> Place | str:
        """Choose one source of an event."""
        return one_source(known, subject, rng, self.share)

    def plant(self, scene: Scene) -> Planted:
        """Return the points with the copies, each counted as one."""
        struck = strike(scene.points, scene.when, lambda days: np.full(len(days), self.share), scene.rng)
        twice = struck.again()
        copies = struck.has(Stat.SURPLUS, Stat.REPEATS)
        kept = twice.assign(value=twice["value"].where(~copies[twice.index], struck.points["value"]))
        return Planted(plus(kept, *self._copies(scene, struck)))

    def _copies(self, scene: Scene, struck: Struck) -> list[pd.DataFrame]:
        known, source = scene.known, scene.place.sources[0]
        again = self.measure is Stat.REPEATS and known.past.catalog.has_ids
        if again and not known.repeats(scene.place.event or "", source):
            return []  # nobody could tell that it is the same user
        measure = self.measure if again else Stat.SURPLUS
        return [struck.days().assign(property="", label="", measure=str(measure), grain="day")]


FAULTS: tuple[Fault, ...] = (
    Spike(name="spike_100", title="comes twice as often", more=1.0),
    Copies(name="double_fire", title="fires twice", share=1.0, measure=Stat.REPEATS),
    Copies(name="resend", title="is sent again, 15 % of it", share=0.15, measure=Stat.SURPLUS),
)
