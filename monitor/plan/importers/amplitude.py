"""What does an Amplitude taxonomy say, exported as CSV?

An event row is followed by the rows of its properties. Source: Amplitude's documentation of CSV import and export.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from checks.plan import PlannedEvent, PlannedProperty, PropertyType
from monitor.document import shortened
from monitor.plan.cells import split_cell
from monitor.plan.draft import Draft
from monitor.plan.foreign import Foreign
from monitor.plan.readers import unportable
from monitor.plan.tables import Record, folded, header_of, is_yes, records

TITLE = "Amplitude taxonomy (CSV)"
_COLUMNS = (
    *("Action", "Object type", "Object name", "Object owner", "Object description", "Event category", "Event activity"),
    *("Event source", "Tags", "Property type", "Event property name", "Property description", "Property value type"),
    *("Property required", "Property visibility", "Property is array", "Property regex", "Enum values", "Const value"),
    *("Array min items", "Array max items", "Array unique items", "Number property value min"),
    *("Number property value max", "Number is integer", "String property value min length"),
    "String property value max length",
)
KNOWN = {folded(column): column for column in _COLUMNS} | {
    "string property min length": "String property value min length",
    "string property max length": "String property value max length",
    "number property min": "Number property value min",
    "number property max": "Number property value max",
    "property name": "Event property name",
}
NEED = frozenset({"Object type", "Object name"})
_UNHELD = ("Event activity", "Property visibility", "Array unique items")
_TYPES: dict[str, PropertyType] = {"string": "string", "boolean": "boolean", "enum": "string", "const": "string"}


def claims(file: Foreign) -> bool:
    """Say whether a file is such a taxonomy."""
    return header_of(file, KNOWN, NEED) is not None


def read(files: Sequence[Foreign], draft: Draft) -> None:
    """Read the events of all files, and their properties below them."""
    for file in files:
        header = header_of(file, KNOWN, NEED)
        event: tuple[PlannedEvent, int] | None = None
        for row in records(file, header) if header else ():
            kind = row["Object type"].lower()
            if kind in {"event", "custom event"}:
                event = _next(file, event, row, draft)
            elif kind:
                draft.note(file, row.line, f"the {kind} {shortened(row['Object name'])} is left out")
                _kept(file, event, draft)
                event = None
            if row["Event property name"] and event is not None:
                prop = _property(file, row, draft)
                event = (replace(event[0], properties={**event[0].properties, prop.name: prop}), event[1])
        _kept(file, event, draft)


def _next(file: Foreign, event: tuple[PlannedEvent, int] | None, row: Record, draft: Draft) -> tuple[PlannedEvent, int]:
    """Return the event of a row; the same as before where the row repeats its name for another property."""
    if event is not None and row["Object name"] == event[0].name and row["Event property name"]:
        return event
    _kept(file, event, draft)
    labels = {"category": row["Event category"], "tags": row["Tags"]}
    made = PlannedEvent(
        name=row["Object name"],
        description=row["Object description"],
        owner=row["Object owner"] or None,
        sources=dict.fromkeys(split_cell(row["Event source"]), ""),
        labels={name: said for name, said in labels.items() if said},
    )
    return made, row.line


def _kept(file: Foreign, event: tuple[PlannedEvent, int] | None, draft: Draft) -> None:
    if event is not None:
        draft.add(event[0], file, event[1])


def _property(file: Foreign, row: Record, draft: Draft) -> PlannedProperty:
    for column in _UNHELD:
        if row[column].lower() not in {"", "false", "visible", "active"}:
            draft.note(file, row.line, f"{column} {shortened(row[column])} is left out: a plan has no place for it")
    name = row["Event property name"]
    value = _value(file, row, draft)
    required = is_yes(row["Property required"]) is True
    if is_yes(row["Property is array"]):
        items = (
            replace(value, description="")
            if value != PlannedProperty(name=name, description=value.description)
            else None
        )
        return PlannedProperty(
            name=name,
            description=row["Property description"],
            type="array",
            required=required,
            min_length=_whole(row["Array min items"]),
            max_length=_whole(row["Array max items"]),
            items=items,
        )
    return replace(value, required=required)


def _value(file: Foreign, row: Record, draft: Draft) -> PlannedProperty:
    said = row["Property value type"].lower()
    number: PropertyType = "integer" if is_yes(row["Number is integer"]) else "number"
    kind = number if said == "number" else _TYPES.get(said, "any")
    pattern = row["Property regex"] or None
    if pattern and (why := unportable(pattern)):
        draft.note(file, row.line, f"the regex {shortened(pattern)} is left out: {why}")
        pattern = None
    constant = row["Const value"]
    return PlannedProperty(
        name=row["Event property name"],
        description=row["Property description"],
        type=kind,
        enum=(constant,) if constant else tuple(split_cell(row["Enum values"])),
        constant=bool(constant),
        pattern=pattern,
        min=_number(row["Number property value min"]),
        max=_number(row["Number property value max"]),
        min_length=_whole(row["String property value min length"]),
        max_length=_whole(row["String property value max length"]),
    )


def _number(cell: str) -> float | None:
    try:
        return float(cell) if cell and abs(float(cell)) < 1e300 else None
    except ValueError:
        return None


def _whole(cell: str) -> int | None:
    return int(cell) if cell.isdecimal() else None
