"""How is a planned property written as JSON Schema (draft 7)?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.plan import PlannedProperty
from monitor.document import plain_value
from monitor.plan.readers import spelt
from monitor.plan.schemas import length_words


def object_schema(properties: Mapping[str, PlannedProperty], *, closed: bool) -> dict[str, Any]:
    """Return the schema of an object with these members."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: property_schema(prop) for name, prop in properties.items()},
    }
    if required := [name for name, prop in properties.items() if prop.required]:
        schema["required"] = required
    if conditions := [_condition(name, prop, properties) for name, prop in properties.items() if prop.required_when]:
        schema["allOf"] = conditions
    return schema | ({"additionalProperties": False} if closed else {})


def property_schema(prop: PlannedProperty) -> dict[str, Any]:
    """Return the schema of one property."""
    kinds = list(prop.types or ([] if prop.type == "any" else [prop.type]))
    types = list(dict.fromkeys("string" if kind == "datetime" else kind for kind in kinds))
    schema: dict[str, Any] = {"description": prop.description} if prop.description else {}
    if types:
        schema["type"] = [*types, "null"] if prop.nullable else types[0] if len(types) == 1 else types
    elif prop.nullable:
        schema["anyOf"] = [{}, {"type": "null"}]
    if prop.enum:
        schema["enum"] = [_member(prop, member) for member in prop.enum] + ([None] if prop.nullable else [])
    low, high = length_words(types)
    said = {
        "pattern": prop.pattern,
        "format": "date-time" if prop.type == "datetime" else prop.format,
        "minimum": _number(prop.min),
        "maximum": _number(prop.max),
        low: prop.min_length,
        high: prop.max_length,
    }
    schema |= {word: value for word, value in said.items() if value is not None}
    if prop.properties or prop.closed:
        inner = object_schema(prop.properties, closed=prop.closed)
        schema |= {word: value for word, value in inner.items() if word != "type"}
    return schema | ({"items": property_schema(prop.items)} if prop.items is not None else {})


def _member(prop: PlannedProperty | None, member: str) -> Any:
    """Return an allowed value as JSON has it: a number where the type is a number."""
    typed = prop is not None and {prop.type, *prop.types} & {"integer", "number", "boolean"}
    value = plain_value(member) if typed else member
    return value if value is not None and spelt(value) == member else member


def _condition(name: str, prop: PlannedProperty, properties: Mapping[str, PlannedProperty]) -> dict[str, Any]:
    values = {
        other: {"enum": [_member(properties.get(other), value) for value in allowed]}
        for other, allowed in prop.required_when.items()
    }
    return {"if": {"properties": values, "required": list(values)}, "then": {"required": [name]}}


def _number(value: float | None) -> float | None:
    return int(value) if value is not None and value.is_integer() and abs(value) < 1e15 else value
