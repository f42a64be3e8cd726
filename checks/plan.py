"""What did the team promise to track, why, and who answers for it?

The vocabulary of the tracking plan as checks see it. How a plan is written down
(YAML, JSON, a spreadsheet) is `monitor.plan`'s business.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, get_args

PropertyType = Literal["any", "string", "integer", "number", "boolean", "datetime", "object", "array"]
Call = Literal["track", "identify", "group", "page", "screen"]
CALLS: tuple[str, ...] = get_args(Call)


class Priority(StrEnum):
    """How much a decision hangs on an event: its share of the alert budget, and its severity."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    __hash__ = str.__hash__  # an Enum's own is four times as slow, and a priority is looked up for every test


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecation:
    """That something is on its way out: since when, and what takes its place."""

    since: dt.date | None = None
    use: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedProperty:
    """One field that an event promises to carry; the members of an object, the items of an array below it."""

    name: str
    description: str = ""
    type: PropertyType = "any"
    types: tuple[PropertyType, ...] = ()  # where several are allowed; `type` is `any` then
    nullable: bool = False  # may be null where it is sent
    required: bool = False  # whatever the source and the other properties; see `promised`
    required_from: tuple[str, ...] = ()  # required in messages of these sources
    required_when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # …if these properties are one of these
    sources: tuple[str, ...] = ()  # which send it; none named: all that send the event
    key: bool = False
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    format: str | None = None
    min: float | None = None
    max: float | None = None
    min_length: int | None = None  # characters of a text, items of an array
    max_length: int | None = None
    unit: str | None = None
    constant: bool = False  # said to have one value only: not reported as unused
    personal: bool = False  # may hold what says who somebody is
    deprecated: Deprecation | None = None
    closed: bool = False  # an object with no other members
    properties: Mapping[str, PlannedProperty] = field(default_factory=dict)
    items: PlannedProperty | None = None

    def promised(self, source: str | None) -> bool:
        """Say whether every message of a source must carry a value, whatever its other properties are.

        >>> PlannedProperty(name="build", required_from=("ios",)).promised("ios")
        True
        >>> PlannedProperty(name="url", required=True, sources=("web",)).promised("ios")
        False
        """
        if self.nullable or (self.sources and source not in self.sources):
            return False
        return self.required or source in self.required_from

    def below(self) -> Iterator[tuple[str, PlannedProperty]]:
        """Yield the property and all within it, each with its path: `products`, `products[].sku`."""
        yield self.name, self
        if self.items is not None:
            for path, inner in self.items.below():
                yield f"{self.name}[]{path.removeprefix(self.items.name)}", inner
        for member in self.properties.values():
            yield from ((f"{self.name}.{path}", inner) for path, inner in member.below())


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """That an event comes after another one of the same person."""

    event: str
    within: dt.timedelta = dt.timedelta(days=7)  # how long before, at most
    at_least: float | None = None  # share of messages that have one before them; None: as it usually is


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How often an event comes for each time that another one does. Without bounds: as it usually is."""

    of: str
    to: str
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEvent:
    """One event that the plan promises, with the decision that hangs on it."""

    name: str
    call: Call = "track"
    version: str = ""
    description: str = ""
    owner: str | None = None
    priority: Priority = Priority.NORMAL
    sources: Mapping[str, str] = field(default_factory=dict)  # source -> role (authoritative, mirror, …)
    answers: tuple[str, ...] = ()
    action: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    deprecated: Deprecation | None = None
    expires: dt.date | None = None  # when it is to be removed
    closed: bool = False  # sends nothing that is not planned
    after: tuple[After, ...] = ()
    ratio: tuple[Ratio, ...] = ()
    properties: Mapping[str, PlannedProperty] = field(default_factory=dict)  # traits, of identify and group

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the names of the properties that identify one occurrence (an order id)."""
        return tuple(name for name, prop in self.properties.items() if prop.key)

    def everything(self) -> Iterator[tuple[str, PlannedProperty]]:
        """Yield all properties with their paths, those within objects and arrays too."""
        for prop in self.properties.values():
            yield from prop.below()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A business question: the unit that matters."""

    name: str
    ask: str
    owner: str | None = None
    reviewed: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the plan's memory."""

    what: str
    version: int | None = None
    date: dt.date | None = None
    event: str | None = None
    property: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The reviewed text that says which events and properties there are, why, and who owns them."""

    name: str = ""
    description: str = ""
    version: int = 1
    questions: Mapping[str, Question] = field(default_factory=dict)
    events: Mapping[str, PlannedEvent] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()

    def owner(self, event: str | None) -> str | None:
        """Return who answers for an event, or None for an unplanned one."""
        planned = self.events.get(event or "")
        return planned.owner if planned else None

    def priority(self, event: str | None) -> Priority:
        """Return an event's priority; an unplanned event is `low`, the store itself `high`."""
        if event is None:
            return Priority.HIGH
        planned = self.events.get(event)
        return planned.priority if planned else Priority.LOW

    def asked(self, event: str | None) -> int:
        """Return how many business questions an event helps to answer."""
        planned = self.events.get(event or "")
        return len(planned.answers) if planned else 0

    def asks(self, event: str | None) -> tuple[Question, ...]:
        """Return the business questions that an event helps to answer."""
        planned = self.events.get(event or "")
        return tuple(self.questions[name] for name in planned.answers) if planned else ()
