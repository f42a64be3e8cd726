"""Who is told of what, when not at night, and how often again?

Routes are tried in the order in which they are written, as in Alertmanager: the first that fits
takes a message, unless it says `continue`. What no route takes goes to every channel.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from monitor.alerts.message import Severity
from monitor.config_format import ConfigBlock, QuietBlock
from monitor.document import shortened
from monitor.values import suggest

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Local hours of each day, and days of the week (0 is Monday), in which only what is critical is told at once."""

    start: dt.time
    end: dt.time
    days: frozenset[int] = frozenset()

    def over(self, at: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
        """Return when the quiet time that `at` lies in is over, in UTC; None: it is not quiet."""
        local = at.astimezone(zone)
        for _ in range(16):  # nights and days in a row: a week of them at most
            later = self._later(local)
            if later is None:
                break
            local = later
        ended = local.astimezone(dt.UTC)
        return ended if ended > at else None

    def _later(self, local: dt.datetime) -> dt.datetime | None:
        clock, midnight = local.timetz().replace(tzinfo=None), local.replace(hour=0, minute=0, second=0, microsecond=0)
        if local.weekday() in self.days:
            return midnight + DAY
        if self.start <= self.end:
            return _at(midnight, self.end) if self.start <= clock < self.end else None
        if clock >= self.start:
            return _at(midnight + DAY, self.end)
        return _at(midnight, self.end) if clock < self.end else None


def _at(midnight: dt.datetime, clock: dt.time) -> dt.datetime:
    return midnight.replace(hour=clock.hour, minute=clock.minute)


@dataclass(frozen=True, slots=True)
class About:
    """What a message is about, as routes see it."""

    severity: Severity
    events: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    questions: frozenset[str] = frozenset()  # ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Channels for what fits; an empty condition fits everything. Events and owners may hold `*`."""

    to: tuple[str, ...]
    owner: tuple[str, ...] = ()
    severity: tuple[Severity, ...] = ()
    event: tuple[str, ...] = ()
    question: tuple[str, ...] = ()
    proceed: bool = False  # go on with the next route
    quiet: Quiet | None = None  # instead of that of the installation

    def fits(self, about: About) -> bool:
        """Say whether a message belongs here."""
        return (
            (not self.severity or about.severity in self.severity)
            and _any(self.owner, about.owners)
            and _any(self.event, about.events)
            and _any(self.question, about.questions)
        )


def _any(patterns: Sequence[str], names: frozenset[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """How long things take in the life of an incident."""

    confirm: dt.timedelta = dt.timedelta()  # for which a warning must last before it is told
    flap: dt.timedelta = DAY  # after its end, in which the same problem is the same incident again
    remind: dt.timedelta = DAY  # between two reminders of a critical incident that nobody has in hand
    reminders: int = 3  # at most
    escalate: dt.timedelta | None = None  # after which a critical incident that nobody has in hand is told again
    escalate_to: tuple[str, ...] = ()  # channels; empty: where it was told


@dataclass(frozen=True, slots=True)
class Telling:
    """Whom to tell, and when."""

    life: Life = Life()
    routes: tuple[Route, ...] = ()
    quiet: Quiet | None = None
    demoted: Mapping[str, str] = field(default_factory=dict)  # checks that people find to be mostly noise, and why

    def audience(self, about: About, channels: Sequence[str]) -> dict[str, Quiet | None]:
        """Return the channels for a message, each with its quiet hours."""
        found: dict[str, Quiet | None] = {}
        for route in self.routes:
            if route.fits(about):
                found |= {name: route.quiet or self.quiet for name in route.to if name not in found}
                if not route.proceed:
                    return found
        taken = any(route.fits(about) for route in self.routes)
        return found if taken else dict.fromkeys(channels, self.quiet)


def hold(about: About, quiet: Quiet | None, at: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    """Return until when a message waits for the end of quiet hours; None: it goes at once."""
    return None if quiet is None or about.severity is Severity.CRITICAL else quiet.over(at, zone)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A name in the block that stands for nothing: where, what, and what to write."""

    path: tuple[str | int, ...]
    message: str
    hint: str


@dataclass(slots=True)
class Names:
    """What a route may name."""

    channels: Sequence[str]
    questions: Sequence[str]
    unknown: list[Unknown] = field(default_factory=list)

    def look(self, path: tuple[str | int, ...], names: Sequence[str], noun: str, known: Sequence[str]) -> None:
        """Note the names that are not known."""
        for name in names:
            if name not in known:
                self.unknown.append(Unknown(path, f"{shortened(name)} is not {noun}", suggest(name, sorted(known))))


def read_telling(
    block: ConfigBlock, channels: Sequence[str], questions: Sequence[str]
) -> tuple[Telling, list[Unknown]]:
    """Return whom to tell and when, and the names in the block that stand for nothing."""
    names = Names(channels, questions)
    own = block.incidents
    names.look(("incidents", "escalate", "to"), own.escalate.to, "a channel", channels)
    life = Life(
        confirm=own.confirm,
        flap=own.flap,
        remind=own.remind,
        reminders=own.reminders,
        escalate=own.escalate.after,
        escalate_to=own.escalate.to,
    )
    return Telling(life, tuple(_routes(block, names)), _quiet(block.quiet)), names.unknown


def _routes(block: ConfigBlock, names: Names) -> Iterator[Route]:
    for i, route in enumerate(block.routes):
        names.look(("routes", i, "to"), route.to, "a channel", names.channels)
        names.look(("routes", i, "question"), route.question, "a question of the plan", names.questions)
        yield Route(
            to=route.to,
            owner=route.owner,
            severity=tuple(Severity(each) for each in route.severity),
            event=route.event,
            question=route.question,
            proceed=route.proceed,
            quiet=_quiet(route.quiet),
        )


def _quiet(block: QuietBlock | None) -> Quiet | None:
    return Quiet(block.start, block.end, frozenset(block.days)) if block else None
