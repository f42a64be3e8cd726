"""What did the team promise to track, why, and who answers for it?

The vocabulary of the tracking plan as checks see it. How a plan is written down
(YAML, JSON, a spreadsheet) is `monitor.plan`'s business.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

PropertyType = Literal["any", "string", "integer", "number", "boolean", "datetime", "object", "array"]


class Priority(StrEnum):
    """How much a decision hangs on an event: its share of the alert budget, and its severity."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedProperty:
    """One field that an event promises to carry."""

    name: str
    description: str = ""
    type: PropertyType = "any"
    required: bool = False
    key: bool = False
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    min: float | None = None
    max: float | None = None
    unit: str | None = None
    constant: bool = False  # said to have one value only: not reported as unused


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEvent:
    """One event that the plan promises, with the decision that hangs on it."""

    name: str
    description: str = ""
    owner: str | None = None
    priority: Priority = Priority.NORMAL
    sources: Mapping[str, str] = field(default_factory=dict)  # source -> role (authoritative, mirror, …)
    answers: tuple[str, ...] = ()
    action: str = ""
    properties: Mapping[str, PlannedProperty] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the names of the properties that identify one occurrence (an order id)."""
        return tuple(name for name, prop in self.properties.items() if prop.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A business question: the unit that matters."""

    name: str
    ask: str
    owner: str | None = None
    reviewed: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The reviewed text that says which events and properties there are, why, and who owns them."""

    version: int = 1
    questions: Mapping[str, Question] = field(default_factory=dict)
    events: Mapping[str, PlannedEvent] = field(default_factory=dict)

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

    def asks(self, event: str | None) -> tuple[Question, ...]:
        """Return the business questions that an event helps to answer."""
        planned = self.events.get(event or "")
        return tuple(self.questions[name] for name in planned.answers) if planned else ()
