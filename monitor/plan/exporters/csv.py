"""How is a plan written as a sheet: a row for each event, and below it one for each of its properties?"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import fields, replace

from checks.plan import Plan, PlannedEvent, PlannedProperty
from monitor.plan.columns import EVENT, PROPERTY, event_cells, property_cells
from monitor.plan.holding import Holds

TITLE = "a sheet (CSV)"
SUFFIX = "csv"


def _event(event: PlannedEvent) -> PlannedEvent:
    """Take away the space around texts."""
    return replace(event, description=event.description.strip(), action=event.action.strip())


def _property(prop: PlannedProperty) -> PlannedProperty:
    return replace(prop, description=prop.description.strip(), unit=(prop.unit or "").strip() or None)


HOLDS = Holds(
    plan=frozenset(),
    events=frozenset(field.name for field in fields(PlannedEvent)) - {"answers", "after", "ratio"},
    properties=frozenset(field.name for field in fields(PlannedProperty)),
    event=_event,
    prop=_property,
)


def text(plan: Plan) -> str:
    """Return the plan as CSV with a header."""
    out = io.StringIO()
    titles = [column.title for column in [*EVENT.values(), *PROPERTY.values()] if column.title]
    writer = csv.DictWriter(out, titles, restval="", lineterminator="\n")
    writer.writeheader()
    for event in plan.events.values():
        writer.writerow(event_cells(event))
        own = {EVENT[name].title: EVENT[name].say(event) for name in ("event", "call")}
        for prop in event.properties.values():
            for path, each in _rows(_escaped(prop.name), prop):
                writer.writerow(own | property_cells(path, each))
    return out.getvalue()


def _rows(path: str, prop: PlannedProperty) -> Iterator[tuple[str, PlannedProperty]]:
    """Yield a property and all within it: `products`, `products[]`, `products[].sku`."""
    yield path, prop
    for name, member in prop.properties.items():
        yield from _rows(f"{path}.{_escaped(name)}", member)
    if prop.items is not None:
        yield from _rows(f"{path}[]", prop.items)


def _escaped(name: str) -> str:
    """Return a name that holds no path: dots in it get a backslash."""
    return re.sub(r"[.\[\\]", lambda match: f"\\{match[0]}", name)
