"""Which columns does a sheet of a plan have, and what does each say of an event or a property?

`plan export --to csv` writes all of them; `plan import` finds them under many names, and is content with one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.plan import Deprecation, PlannedEvent, PlannedProperty
from monitor.plan.cells import join_cell, join_pairs
from monitor.plan.tables import folded

Say = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, what else people call it, and what it says of an event or a property."""

    title: str
    also: tuple[str, ...]
    say: Say


def _flag(value: bool) -> str:
    return "yes" if value else ""


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _since(value: Deprecation | None) -> str:
    return "" if value is None else value.since.isoformat() if value.since else "yes"


def _day(value: dt.date | None) -> str:
    return value.isoformat() if value else ""


EVENT: Mapping[str, Column] = {
    "event": Column("Event Name", ("event", "name", "track event", "event title", "action name"), lambda e: e.name),
    "call": Column("Call", ("event type", "call type", "method"), lambda e: e.call),
    "event_description": Column(
        "Event Description",
        ("event definition", "when", "trigger", "when it fires", "when to send", "description of event"),
        lambda e: e.description,
    ),
    "owner": Column("Owner", ("event owner", "team", "responsible", "owned by"), lambda e: e.owner or ""),
    "priority": Column("Priority", ("event priority", "importance"), lambda e: str(e.priority)),
    "sources": Column(
        "Sources",
        ("source", "platform", "platforms", "event source"),
        lambda e: (
            join_pairs({name: (role,) for name, role in e.sources.items()})
            if any(e.sources.values())
            else join_cell(e.sources)
        ),
    ),
    "action": Column("Action", ("why", "use", "purpose", "used for"), lambda e: e.action),
    "version": Column("Event Version", ("version",), lambda e: e.version),
    "labels": Column("Labels", ("tags", "label"), lambda e: join_pairs({k: (v,) for k, v in e.labels.items()})),
    "event_deprecated": Column("Event Deprecated", (), lambda e: _since(e.deprecated)),
    "event_use": Column("Event Replaced By", (), lambda e: (e.deprecated and e.deprecated.use) or ""),
    "expires": Column("Expires", ("expiry", "remove on"), lambda e: _day(e.expires)),
    "event_closed": Column("Only Planned Properties", (), lambda e: _flag(e.closed)),
}
PROPERTY: Mapping[str, Column] = {
    "property": Column(
        "Property Name",
        (
            *("property", "event property", "event property name", "parameter", "param", "attribute", "field"),
            *("trait", "trait name", "key"),
        ),
        lambda p: p.name,
    ),
    "description": Column(
        "Property Description",
        ("description", "property definition", "definition", "details", "comment", "comments", "notes"),
        lambda p: p.description,
    ),
    "type": Column(
        "Data Type",
        ("type", "property type", "value type", "format type", "datatype", "property value type"),
        lambda p: join_cell(p.types) if p.types else p.type,
    ),
    "required": Column(
        "Required", ("status", "is required", "mandatory", "required optional"), lambda p: _flag(p.required)
    ),
    "nullable": Column("Nullable", ("may be null", "null allowed"), lambda p: _flag(p.nullable)),
    "key": Column("Identifies", ("is key", "primary key"), lambda p: _flag(p.key)),
    "enum": Column(
        "Enum Values",
        ("enum", "allowed values", "allowed property values", "values", "possible values", "options"),
        lambda p: join_cell(p.enum),
    ),
    "permitted": Column("", ("permitted values", "validation", "example or rule"), lambda p: ""),
    "pattern": Column("Pattern", ("regex", "regular expression"), lambda p: p.pattern or ""),
    "format": Column("Format", (), lambda p: p.format or ""),
    "min": Column("Min", ("minimum", "min value"), lambda p: _number(p.min)),
    "max": Column("Max", ("maximum", "max value"), lambda p: _number(p.max)),
    "min_length": Column("Min Length", ("minimum length",), lambda p: _number(p.min_length)),
    "max_length": Column("Max Length", ("maximum length",), lambda p: _number(p.max_length)),
    "unit": Column("Unit", ("units",), lambda p: p.unit or ""),
    "constant": Column("Constant", (), lambda p: _flag(p.constant)),
    "personal": Column("Personal", ("pii", "personal data", "sensitive"), lambda p: _flag(p.personal)),
    "property_sources": Column("Property Sources", (), lambda p: join_cell(p.sources)),
    "required_from": Column("Required From", (), lambda p: join_cell(p.required_from)),
    "required_when": Column("Required When", (), lambda p: join_pairs(p.required_when)),
    "deprecated": Column("Property Deprecated", ("deprecated",), lambda p: _since(p.deprecated)),
    "use": Column("Property Replaced By", ("replaced by",), lambda p: (p.deprecated and p.deprecated.use) or ""),
    "closed": Column("No Other Members", (), lambda p: _flag(p.closed)),
}
LISTED = {"properties", "event properties", "property list", "parameters", "params", "attributes", "fields", "traits"}


def known() -> Mapping[str, str]:
    """Return what each header means, folded as headers are compared."""
    names = {folded(title): name for name, c in {**PROPERTY, **EVENT}.items() for title in c.also}
    names |= {folded(c.title): name for name, c in {**PROPERTY, **EVENT}.items() if c.title}
    return names | dict.fromkeys(LISTED, "properties")


def event_cells(event: PlannedEvent) -> dict[str, str]:
    """Return what a sheet says of an event, by title."""
    return {column.title: column.say(event) for column in EVENT.values()}


def property_cells(path: str, prop: PlannedProperty) -> dict[str, str]:
    """Return what a sheet says of a property, by title; its name is its path."""
    said = {column.title: column.say(prop) for column in PROPERTY.values() if column.title}
    return said | {PROPERTY["property"].title: path}
