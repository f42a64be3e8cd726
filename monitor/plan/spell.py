"""How is a plan spelt as the plain data of its YAML: short where it can be, in the order in which people read it?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from checks.plan import CALLS, Change, Deprecation, Plan, PlannedEvent, PlannedProperty, Priority, Question
from monitor.document import plain_value
from monitor.plan.readers import spelt
from monitor.plan.relations import after_data, ratio_data

_FLAGS = ("key", "constant", "personal", "closed")


def plan_data(plan: Plan) -> dict[str, Any]:
    """Return a plan as the data of a plan file."""
    return _said(
        {
            "name": plan.name,
            "description": plan.description,
            "version": plan.version,
            "questions": {name: question_data(question) for name, question in plan.questions.items()},
            "events": {name: event_data(event) for name, event in plan.events.items()},
            "changes": [change_data(change) for change in plan.changes],
        }
    )


def question_data(question: Question) -> dict[str, Any]:
    """Return a question as written."""
    return _said({"ask": question.ask, "owner": question.owner, "reviewed": _day(question.reviewed)}, keep="ask")


def change_data(change: Change) -> dict[str, Any]:
    """Return a line of the plan's memory as written."""
    said = {
        "version": change.version,
        "date": _day(change.date),
        "event": change.event,
        "property": change.property,
        "what": change.what,
        "why": change.why,
    }
    return _said(said, keep="what")


def event_data(event: PlannedEvent) -> dict[str, Any]:
    """Return an event as written."""
    usual = event.name if event.name in CALLS else "track"
    roles = event.sources if any(event.sources.values()) else list(event.sources)
    members = "traits" if event.call in {"identify", "group"} else "properties"
    return _said(
        {
            "call": event.call if event.call != usual else None,
            "version": event.version,
            "description": event.description,
            "owner": event.owner,
            "priority": str(event.priority) if event.priority is not Priority.NORMAL else None,
            "sources": dict(roles) if isinstance(roles, Mapping) else roles,
            "answers": list(event.answers),
            "action": event.action,
            "labels": dict(event.labels),
            "deprecated": _deprecated(event.deprecated),
            "expires": _day(event.expires),
            "closed": event.closed or None,
            "after": _one([after_data(each) for each in event.after]),
            "ratio": _one([ratio_data(each, event.name) for each in event.ratio]),
            members: {name: property_data(prop) for name, prop in event.properties.items()},
        }
    )


def property_data(prop: PlannedProperty) -> Any:
    """Return a property as written: only its type, where there is nothing else to say."""
    required = _required(prop)
    said = _said(
        {
            "type": _type(prop),
            "required": required,
            **{flag: getattr(prop, flag) or None for flag in _FLAGS},
            "sources": list(prop.sources),
            "enum": [_member(prop, member) for member in prop.enum],
            "pattern": prop.pattern,
            "format": prop.format,
            "min": _number(prop.min),
            "max": _number(prop.max),
            "min_length": prop.min_length,
            "max_length": prop.max_length,
            "unit": prop.unit,
            "deprecated": _deprecated(prop.deprecated),
            "description": prop.description,
            "properties": {name: property_data(each) for name, each in prop.properties.items()},
            "items": property_data(prop.items) if prop.items is not None else None,
        }
    )
    if prop.items == PlannedProperty(name=prop.name):
        said["items"] = "any"
    alone = list(said) == ["type"] and isinstance(said["type"], str)
    return said["type"] if alone else said or None


def _member(prop: PlannedProperty, member: str) -> Any:
    """Return an allowed value as its type spells it: 200, not '200', where the type is a number."""
    value = plain_value(member) if prop.type in {"integer", "number", "boolean"} else member
    return value if value is not None and spelt(value) == member else member


def _type(prop: PlannedProperty) -> Any:
    types = list(prop.types) or ([] if prop.type == "any" else [prop.type])
    if prop.nullable:
        return [*(types or ["any"]), None]
    return types[0] if len(types) == 1 else types or None


def _required(prop: PlannedProperty) -> Any:
    said = _said(
        {
            "always": prop.required or None,
            "sources": list(prop.required_from),
            "when": {
                name: values[0] if len(values) == 1 else list(values) for name, values in prop.required_when.items()
            },
        }
    )
    return True if said == {"always": True} else said or None


def _deprecated(value: Deprecation | None) -> Any:
    if value is None:
        return None
    said = _said({"since": _day(value.since), "use": value.use})
    return said["since"] if list(said) == ["since"] else said or True


def _number(value: float | None) -> float | None:
    return int(value) if value is not None and value.is_integer() and abs(value) < 1e15 else value


def _one(items: list[Any]) -> Any:
    """Return a list of one as its item."""
    return items[0] if len(items) == 1 else items


def _day(value: dt.date | None) -> str | None:
    return value.isoformat() if value else None


def _said(data: dict[str, Any], keep: str = "") -> dict[str, Any]:
    """Leave out what is not said."""
    return {name: value for name, value in data.items() if name == keep or value not in (None, "", [], {})}
