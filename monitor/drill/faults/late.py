"""A store that is not loaded: its messages are late, and nothing is known of them until they come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from monitor.drill.fault import Fault, Planted, Scene, Strikes
from monitor.drill.known import DAY, Known, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class LateLoad:
    """No load of any source comes for a day: what is measured stands still, and none of it is judged.

    It is the gate that sees it, not a check (`monitor.drill.loading`). One source that is not loaded, while those that
    always come with it are, looks like one that stopped, and is judged as such.
    """

    name: str = "late_load"
    title: str = "is not loaded for a day"
    lasts: dt.timedelta = DAY
    strikes: Strikes = "store"

    def place(self, known: Known, subject: str, rng: np.random.Generator) -> Place | str:
        """Choose all sources."""
        return Place(event=None, sources=tuple(sorted(known.sources)))

    def plant(self, scene: Scene) -> Planted:
        """Return the points as they are: they come, only later."""
        return Planted(scene.points)


FAULTS: tuple[Fault, ...] = (LateLoad(),)
