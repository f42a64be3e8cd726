"""What of a plan can a format hold, and what is lost?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from checks.plan import Plan, PlannedEvent, PlannedProperty
from monitor.document import shortened

T = TypeVar("T", Plan, PlannedEvent, PlannedProperty)
ALWAYS = frozenset({"name", "properties", "items"})
_ITEMS = ("required", "required_from", "required_when", "sources", "key")  # say nothing of one item of many


def _same_event(event: PlannedEvent) -> PlannedEvent:
    return event


def _same_property(prop: PlannedProperty) -> PlannedProperty:
    return prop


@dataclass(frozen=True, slots=True)
class Holds:
    """The fields that a format has a place for; `event` and `prop` take away what it cannot hold of a field."""

    plan: frozenset[str]
    events: frozenset[str]
    properties: frozenset[str]
    event: Callable[[PlannedEvent], PlannedEvent] = _same_event
    prop: Callable[[PlannedProperty], PlannedProperty] = _same_property
    items: bool = True  # whether items of an array may be required, keys, …


@dataclass(frozen=True, slots=True)
class Loss:
    """Something of a plan that a format has no place for."""

    subject: str  # of the plan; an event; an event and the path of a property
    field: str
    value: str

    def __str__(self) -> str:
        """Return it as a line."""
        return f"{self.subject}: {self.field} {self.value}".rstrip()


def held(plan: Plan, holds: Holds) -> Plan:
    """Return what a format keeps of a plan."""
    events = {name: _held_event(event, holds) for name, event in plan.events.items()}
    return replace(_without(plan, holds.plan | {"events"}), events=events)


def losses(plan: Plan, holds: Holds) -> Iterator[Loss]:
    """Yield what a format loses of a plan."""
    yield from _differences("the plan", plan, held(plan, holds))
    for name, event in plan.events.items():
        kept = _held_event(event, holds)
        yield from _differences(name, event, kept)
        inner = dict(kept.everything())
        for path, prop in event.everything():
            yield from _differences(f"{name}.{path}", prop, inner[path])


def _held_event(event: PlannedEvent, holds: Holds) -> PlannedEvent:
    properties = {name: _held_property(prop, holds) for name, prop in event.properties.items()}
    return replace(holds.event(_without(event, holds.events | ALWAYS)), properties=properties)


def _held_property(prop: PlannedProperty, holds: Holds) -> PlannedProperty:
    items = _held_property(prop.items, holds) if prop.items is not None else None
    if items is not None and not holds.items:
        items = _without(items, frozenset(field.name for field in fields(items)) - frozenset(_ITEMS))
    members = {name: _held_property(each, holds) for name, each in prop.properties.items()}
    return replace(holds.prop(_without(prop, holds.properties | ALWAYS)), items=items, properties=members)


def _without(thing: T, kept: frozenset[str]) -> T:
    """Return a plan, event or property with only some of its fields."""
    return type(thing)(**{field.name: getattr(thing, field.name) for field in fields(thing) if field.name in kept})


def _differences(subject: str, given: Any, kept: Any) -> Iterator[Loss]:
    for field in fields(given):
        value = getattr(given, field.name)
        if field.name not in {"events", "properties", "items"} and value != getattr(kept, field.name):
            yield Loss(subject, field.name, _said(value))


def _said(value: Any) -> str:
    if isinstance(value, dict | tuple):
        names = ", ".join(shortened(str(getattr(each, "what", each)), 30) for each in value)
        return names if len(names) <= 80 else f"{names[:80]}…"
    return "" if value is True else shortened(str(getattr(value, "since", value) or "yes"))
