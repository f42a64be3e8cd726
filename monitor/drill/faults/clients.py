"""What is wrong with who sends: a clock, an environment, an id."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from checks.base import Measure, Stat
from checks.bins import SECONDS
from checks.environment import DIMENSION as ENVIRONMENT
from checks.identity import DIMENSION as IDENTITY
from checks.identity import EMAIL, PLACEHOLDER, UNKNOWN
from monitor.drill.fault import WEEK, Fault, Planted, Scene, Strikes, one_source, too_few
from monitor.drill.known import Known, Place
from monitor.drill.striking import Struck, plus, strike

HALF = 0.5
AHEAD = 3600.0  # seconds
LEAK = 0.02  # of what a source sends that developers add
BY_ENVIRONMENT = Measure(Stat.ROWS, by=ENVIRONMENT).name()
BY_IDENTITY = Measure(Stat.ROWS, by=IDENTITY).name()


def _half(scene: Scene) -> Struck:
    return strike(scene.points, scene.when, lambda days: np.full(len(days), HALF), scene.rng)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSkew:
    """Half of the messages of one source are sent by clocks that are an hour ahead."""

    name: str = "clock_skew"
    title: str = "is sent by clocks an hour ahead, half"
    lasts: dt.timedelta = WEEK
    strikes: Strikes = "event"

    def place(self, known: Known, subject: str, rng: np.random.Generator) -> Place | str:
        """Choose a source of an event of which the clocks are known."""
        place = one_source(known, subject, rng, HALF)
        if isinstance(place, Place) and not _clock(known, place):
            return "carries no time of its own"
        return place

    def plant(self, scene: Scene) -> Planted:
        """Return the points with shorter ways, which may end before they begin."""
        struck = _half(scene)
        return Planted(struck.relabelled(struck.has(_clock(scene.known, scene.place)), _earlier))


def _clock(known: Known, place: Place) -> str:
    """Return by which measure the clock shows: most pipes put occurred_at right where sent_at is known. Empty: none."""
    where = place.event or "", place.sources[0]
    return next((str(stat) for stat in (Stat.SKEWS, Stat.DELAYS) if known.labels(stat, *where)), "")


def _earlier(label: str) -> str:
    return SECONDS.label(SECONDS.number(float(label) - AHEAD) or 0) if label != "-inf" else label


@dataclass(frozen=True, slots=True, kw_only=True)
class DevLeak:
    """Developers send to production: 2 % more messages of a source come from localhost."""

    name: str = "dev_leak"
    title: str = "2 % more come from localhost"
    lasts: dt.timedelta = WEEK
    strikes: Strikes = "source"

    def place(self, known: Known, subject: str, rng: np.random.Generator) -> Place | str:
        """Choose a source of which the environment is known."""
        if not _of_source(known, subject, BY_ENVIRONMENT):
            return "does not say from which environment its messages come"
        return too_few(_rows(known, subject) * LEAK) or Place(event=None, sources=(subject,))

    def plant(self, scene: Scene) -> Planted:
        """Return the points with what developers do, in all events of the source."""
        struck = strike(scene.points, scene.when, lambda days: np.full(len(days), LEAK), scene.rng)
        places = struck.has(BY_ENVIRONMENT)
        more = struck.again()
        kept = more.assign(value=more["value"].where(~places[more.index], struck.points["value"]))
        theirs = struck.alone(places)
        return Planted(plus(kept, theirs.assign(label="development")))


@dataclass(frozen=True, slots=True, kw_only=True)
class IdSwap:
    """Half of the messages of a source carry user ids of another format."""

    name: str = "id_swap"
    title: str = "half of the user ids are other ids"
    lasts: dt.timedelta = WEEK
    strikes: Strikes = "source"

    def place(self, known: Known, subject: str, rng: np.random.Generator) -> Place | str:
        """Choose a source that knows its users."""
        ids = sum(value for label, value in _of_source(known, subject, BY_IDENTITY).items() if label not in UNKNOWN)
        if not ids:
            return "does not know its users"
        return too_few(_rows(known, subject) * HALF) or Place(event=None, sources=(subject,))

    def plant(self, scene: Scene) -> Planted:
        """Return the points with the user ids of the struck messages in another format."""
        struck = _half(scene)
        classes = _of_source(scene.known, scene.place.sources[0], BY_IDENTITY)
        formats = {label: value for label, value in classes.items() if label not in UNKNOWN | {EMAIL, PLACEHOLDER}}
        usual = max(formats, key=lambda label: formats[label], default="")
        other = "number" if usual == "uuid" else "uuid"
        ids = struck.has(BY_IDENTITY) & ~struck.points["label"].isin(UNKNOWN).to_numpy()
        return Planted(struck.relabelled(ids, lambda _: other))


def _rows(known: Known, source: str) -> float:
    return sum(known.rows[event][source] for event in known.sources[source])


def _of_source(known: Known, source: str, measure: str) -> Mapping[str, float]:
    """Return what was measured of all events of a source, by label."""
    found: dict[str, float] = {}
    for event in known.sources[source]:
        for label, value in known.labels(measure, event, source).items():
            found[label] = found.get(label, 0.0) + value
    return found


FAULTS: tuple[Fault, ...] = (ClockSkew(), DevLeak(), IdSwap())
