"""What is an incident? One thing that is wrong, from its first bad bucket to recovery (its life is in `life`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from checks.base import Finding
from monitor.account import Learned, Price
from monitor.affected import Tally
from monitor.alerts.message import Severity
from monitor.decide import Unit

ADAPTS_AFTER = dt.timedelta(days=14)  # a changed level that lasts is learned as the new normal; silence never is
RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


class State(StrEnum):
    """Where an incident is in its life. All but the last are open: something is wrong."""

    SUSPECTED = "suspected"  # found, and not told before it has lasted
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"  # somebody has it in hand
    SNOOZED = "snoozed"  # nobody is to be told of it for a while
    RESOLVED = "resolved"


class Mark(StrEnum):
    """What people said of an incident."""

    NOISE = "noise"
    USEFUL = "useful"


@dataclass(frozen=True, slots=True)
class Hand:
    """Who has an incident in hand."""

    state: State
    by: str | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Nearby:
    """Something that changed when an incident began."""

    at: dt.datetime
    what: str


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch in which something was wrong."""

    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True)
class Subject:
    """What an incident was about when it opened. Event None: a whole source, or the store."""

    family: str
    event: str | None = None
    property: str | None = None
    source: str | None = None

    def __str__(self) -> str:
        """Return a stable text, the key in the state database."""
        return "\x1f".join((self.family, self.event or "", self.property or "", self.source or ""))


@dataclass(frozen=True, slots=True)
class Opening:
    """The finding that opened an incident, what it cost, and which history it was held against."""

    finding: Finding
    price: Price | None = None  # None: a broken rule, which costs nothing
    learned: Learned | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One thing that is wrong, from first bad bucket to recovery, with all findings that it explains."""

    id: str
    subject: Subject
    state: State = State.OPEN
    severity: Severity
    started: dt.datetime  # of one that came back: since it did
    last_seen: dt.datetime
    resolved: dt.datetime | None = None
    healthy: int = 0  # healthy buckets in a row since it was last seen
    slice: Mapping[str, str] = field(default_factory=dict)
    explains: float | None = None  # share of the loss or excess that lies in the slice
    findings: tuple[Finding, ...] = ()  # the newest of each kind and place, best first
    cost: float | None = None  # the p-value that would just have opened it
    opening: Opening | None = field(default=None, compare=False)  # a note; None: opened before this was kept
    told: Severity | None = (
        None  # as what people believe it to be open; None: they do not know of it, or that it is over
    )
    believed: Hand | None = None  # in whose hands people believe it to be, of one that they were told of
    messages: int = 0  # how many were told of it
    by: str | None = None  # who acknowledged, snoozed or resolved it; None: nobody did
    until: dt.datetime | None = None  # of a snooze
    audience: tuple[str, ...] = ()  # channels that were told of it
    told_at: dt.datetime | None = None  # when people were told of it last
    alarmed: dt.datetime | None = None  # when they were first told that it is critical
    reminders: int = 0
    escalated: bool = False
    found: dt.datetime | None = None  # end of the bucket that opened it; None: opened before this was kept
    units: tuple[Unit, ...] = ()  # all that it is about: what has the same cause; empty: see `held`
    sources: tuple[str, ...] = ()  # where it was seen
    whole: bool = False  # most of what its source sends is concerned
    located: Mapping[str, str] = field(default_factory=dict)  # the smallest slice that explains most, once it is known
    told_where: Mapping[str, str] = field(default_factory=dict)  # the slice that people were told
    nearby: tuple[Nearby, ...] = ()  # what changed when it began
    looked: dt.datetime | None = None  # up to when days were looked at for that
    tallies: tuple[Tally, ...] = ()  # how many messages it concerned so far, by test
    spells: tuple[Spell, ...] = ()  # the earlier times in which it was bad, of one that came back
    mark: Mark | None = None
    lowered: str = ""  # why its severity is a step below what it would be
    actions: int = 0  # how many actions of people are in it

    @property
    def hand(self) -> Hand:
        """Return who has it in hand."""
        return Hand(self.state, self.by, self.until)

    @property
    def is_open(self) -> bool:
        """Return whether something is still wrong, whoever has it in hand."""
        return self.state is not State.RESOLVED

    @property
    def events(self) -> tuple[str, ...]:
        """Return the events that it is about."""
        named = {finding.event for finding in self.findings} | {event for _, event, _ in self.units}
        named.add(self.subject.event)
        return tuple(sorted(event for event in named if event))

    @property
    def by_hand(self) -> bool:
        """Return whether it is over only because somebody said so."""
        return not self.is_open and self.by is not None and self.healthy == 0

    @property
    def held(self) -> frozenset[Unit]:
        """Return the units that it is about, also of one that was kept before they were."""
        own = self.subject
        return frozenset(self.units or ((own.family, event, own.property) for event in self.events or (None,)))

    @property
    def where(self) -> Mapping[str, str]:
        """Return the smallest slice that is known to explain most of it."""
        return self.located or self.slice

    @property
    def begun(self) -> dt.datetime:
        """Return when it was first wrong, before it came back."""
        return self.spells[0].start if self.spells else self.started

    @property
    def headline(self) -> Finding:
        """Return the finding that says it best."""
        return self.findings[0]
