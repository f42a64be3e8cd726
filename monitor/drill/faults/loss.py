"""Messages that do not arrive: all of them, on one platform, a part of them, or ever more."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from checks.base import Floats
from monitor.drill.fault import FEWEST, WEEK, Fault, Planted, Scene, Strikes, one_source, whole
from monitor.drill.known import Known, Place
from monitor.drill.striking import strike


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A share of an event is lost, everywhere or on one of its platforms."""

    name: str
    title: str
    share: float  # of the messages that is lost
    everywhere: bool = True
    daily: bool = False  # the share is lost anew each day: ever more of them
    least: float = FEWEST  # messages that must be lost in a week
    lasts: dt.timedelta = WEEK
    strikes: Strikes = "event"

    def place(self, known: Known, subject: str, rng: np.random.Generator) -> Place | str:
        """Choose all sources of an event, or one of several."""
        if self.everywhere:
            return whole(known, subject, self.share, self.least)
        if len(known.rows[subject]) < 2:
            return "comes from one source only"
        return one_source(known, subject, rng, self.share, self.least)

    def plant(self, scene: Scene) -> Planted:
        """Return the points without what is lost."""
        return Planted(strike(scene.points, scene.when, self._lost, scene.rng).lost())

    def _lost(self, days: Floats) -> Floats:
        lost: Floats = 1 - (1 - self.share) ** days if self.daily else np.full(len(days), self.share)
        return lost


RARE = 4.0  # events due in a week, of which the silence can be told
FAULTS: tuple[Fault, ...] = (
    Drop(name="stop", title="stops", share=1.0, least=RARE),
    Drop(name="stop_platform", title="stops on one platform", share=1.0, everywhere=False, least=RARE),
    Drop(name="drop_80", title="loses 80 %", share=0.8),
    Drop(name="drop_50", title="loses 50 %", share=0.5),
    Drop(name="drop_20", title="loses 20 %", share=0.2),
    Drop(name="decay", title="loses 3 % more every day", share=0.03, daily=True, lasts=3 * WEEK),
)
