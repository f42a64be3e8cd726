"""Which part of a call's schema holds its properties or traits, and what else does the schema say?

Segment and RudderStack describe the whole call: `properties.properties` of a track call, `properties.traits`
of an identify call. Some tools flatten this and put the properties directly below.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from checks.plan import CALLS, Deprecation, PlannedEvent, Priority
from monitor.plan.draft import texts
from monitor.plan.schemas import At, is_closed, properties_of, unheld

WITH_TRAITS = frozenset({"identify", "group"})
_PARTS = ("context", "traits", "properties")


def event_of(name: str, call: str, schema: Mapping[str, Any], at: At) -> PlannedEvent:
    """Return the event that a call's schema describes.

    Args:
        name: of the event; an identify, group, page or screen call without one is named by its call.
        call: one of the five, in lower case.
        schema: JSON Schema of the whole call, or of its properties.
        at: where it stands.
    """
    at = replace(at, root=schema)
    inner, inside = _inner(call, schema, at)
    unheld(schema, at, frozenset({"allOf"}))
    labels = dict(texts(schema.get("labels")))
    priority = labels.get("priority", "")
    known = priority in list(Priority)
    named = name or (call if call in CALLS and call != "track" else "")
    description = schema.get("description")
    return PlannedEvent(
        name=named,
        call=call if call in CALLS else "track",  # type: ignore[arg-type]
        description=description if isinstance(description, str) else "",
        owner=labels.pop("owner", "") or None,
        priority=Priority(labels.pop("priority")) if known else Priority.NORMAL,
        action=labels.pop("action", ""),
        labels=labels,
        closed=is_closed(inner),
        properties=properties_of(inner, inside),
    )


def deprecation(value: Any) -> Deprecation | None:
    """Return since when something is deprecated; the year 1 and nothing mean never.

    >>> deprecation("0001-01-01T00:00:00.000Z"), deprecation("2026-02-01T09:00:00.000Z").since
    (None, datetime.date(2026, 2, 1))
    """
    try:
        since = dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
    return Deprecation(since=since) if since.year >= 1900 else None


def _inner(call: str, schema: Mapping[str, Any], at: At) -> tuple[Mapping[str, Any], At]:
    """Return the schema of the properties or traits, and where it stands."""
    parts = schema.get("properties")
    if not isinstance(parts, dict) or not _is_envelope(parts):
        return schema, at
    wanted = "traits" if call in WITH_TRAITS else "properties"
    for part in _PARTS:
        each = parts.get(part)
        if part != wanted and isinstance(each, dict) and (each.get("properties") or each.get("required")):
            at.down("properties", part).note(f"what the rule says of {part} is left out: a plan is about {wanted}")
    found = parts.get(wanted)
    inside = at.down("properties", wanted)
    if wanted == "traits" and not found and isinstance(nested := _nested_traits(parts), dict):
        return nested, at.down("properties", "context", "properties", "traits")
    return (found, inside) if isinstance(found, dict) else ({}, inside)


def _nested_traits(parts: Mapping[str, Any]) -> Any:
    context = parts.get("context")
    members = context.get("properties") if isinstance(context, dict) else None
    return members.get("traits") if isinstance(members, dict) else None


def _is_envelope(parts: Mapping[str, Any]) -> bool:
    """Say whether these are the parts of a call, and not properties of its own that are called like them."""
    empty = all(not each for each in parts.values())
    blocks = [each for each in parts.values() if isinstance(each, dict)]
    whole = all(each.get("type", "object") == "object" and "enum" not in each for each in blocks)
    return bool(parts) and set(parts) <= {*_PARTS} and len(blocks) == len(parts) and (whole or empty)
