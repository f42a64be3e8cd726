"""How is a plan written as the rules of Segment's Public API?

`PUT /tracking-plans/{id}/rules` takes them, at most 200 at once. Owner, priority and action become labels,
which is where Segment keeps what its schema has no word for.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from checks.plan import Deprecation, Plan, PlannedEvent, PlannedProperty, Priority, PropertyType
from monitor.plan.holding import Holds
from monitor.plan.to_schema import object_schema

TITLE = "Segment Public API (JSON)"
SUFFIX = "json"
NEVER = "0001-01-01T00:00:00.000Z"
_OWN_LABELS = frozenset({"owner", "priority", "action"})


def _event(event: PlannedEvent) -> PlannedEvent:
    """Take away a version that says nothing or is no number, and labels that are fields of ours."""
    since = event.deprecated.since if event.deprecated else None
    version = event.version
    return replace(
        event,
        version=version if version.isdecimal() and version == str(int(version)) and int(version) > 1 else "",
        deprecated=Deprecation(since=since) if since else None,
        labels={name: value for name, value in event.labels.items() if name not in _OWN_LABELS},
    )


def _property(prop: PlannedProperty) -> PlannedProperty:
    """Take away times in a list of types: there is no list with a format in it."""
    kinds: list[PropertyType] = ["string" if kind == "datetime" else kind for kind in prop.types]
    types = tuple(dict.fromkeys(kinds))
    if len(types) == 1:
        return replace(prop, type=types[0], types=())
    return replace(prop, types=types)


HOLDS = Holds(
    plan=frozenset({"name", "description"}),
    events=frozenset(
        {"call", "version", "description", "owner", "priority", "action", "labels", "deprecated", "closed"}
    ),
    properties=frozenset(
        {"description", "type", "types", "nullable", "required", "required_when", "enum", "pattern", "format"}
        | {"min", "max", "min_length", "max_length", "closed"}
    ),
    event=_event,
    prop=_property,
    items=False,
)


def text(plan: Plan) -> str:
    """Return the plan as JSON."""
    data = {"name": plan.name, "description": plan.description, "rules": [_rule(e) for e in plan.events.values()]}
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _rule(event: PlannedEvent) -> dict[str, Any]:
    kept = _event(event)
    members = object_schema(event.properties, closed=event.closed)
    part = "traits" if event.call in {"identify", "group"} else "properties"
    labels = {
        **kept.labels,
        **({"owner": event.owner} if event.owner else {}),
        **({"priority": str(event.priority)} if event.priority is not Priority.NORMAL else {}),
        **({"action": event.action} if event.action else {}),
    }
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "description": event.description,
        "labels": labels,
        "properties": {"context": {}, "traits": {}, "properties": {}} | {part: members},
    }
    since = kept.deprecated.since if kept.deprecated else None
    return {
        "key": event.name,
        "type": event.call.upper(),
        "version": int(kept.version or 1),
        "jsonSchema": schema,
        "deprecatedAt": f"{since.isoformat()}T00:00:00.000Z" if since else NEVER,
    }
