"""An event that comes under another name."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from monitor.drill.fault import WEEK, Fault, Planted, Scene, Strikes, one_source
from monitor.drill.known import Known, Place
from monitor.drill.striking import plus, strike


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """What one source sends comes under a new name from the next release on."""

    name: str = "rename"
    title: str = "is renamed on one source"
    lasts: dt.timedelta = WEEK
    strikes: Strikes = "event"

    def place(self, known: Known, subject: str, rng: np.random.Generator) -> Place | str:
        """Choose one source of an event."""
        if renamed(subject) in known.past.catalog.events:
            return "has a namesake already"
        return one_source(known, subject, rng, 1.0)

    def plant(self, scene: Scene) -> Planted:
        """Return the points, those of the struck messages under the new name."""
        event, source = scene.place.event or "", scene.place.sources[0]
        struck = strike(scene.points, scene.when, lambda days: np.ones(len(days)), scene.rng)
        catalog, new = scene.known.past.catalog, renamed(event)
        fields = tuple(replace(f, event=new) for f in catalog.fields if (f.event, f.source) == (event, source))
        return Planted(
            plus(struck.lost(), struck.alone().assign(event=new)),
            replace(catalog, events={**catalog.events, new: frozenset({source})}, fields=(*catalog.fields, *fields)),
            {(new, source): scene.when.onset},
        )


def renamed(event: str) -> str:
    """Return an event's name as somebody might write it who has not read the plan.

    >>> renamed("Order Completed"), renamed("order_completed")
    ('order_completed', 'order_completed_new')
    """
    snake = event.lower().replace(" ", "_").replace("-", "_")
    return snake if snake != event else f"{event}_new"


FAULTS: tuple[Fault, ...] = (Rename(),)
