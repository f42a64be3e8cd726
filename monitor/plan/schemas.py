"""What does a JSON Schema (draft 4 to 2020-12) say of a property, and what of it can a plan not hold?"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from checks.plan import PlannedProperty, PropertyType
from monitor.document import shortened
from monitor.plan.draft import Draft
from monitor.plan.foreign import Foreign, Step
from monitor.plan.readers import FORMATS, TYPES, spelt, unportable

MOST_DEEP = 20  # levels of objects in objects
_SILENT = frozenset(
    {"$schema", "$id", "id", "$comment", "self", "$defs", "definitions", "description", "title", "type", "required"}
    | {"properties", "items", "additionalProperties", "unevaluatedProperties", "$ref", "labels", "eventMetadata"}
)
_RULES = frozenset(
    {"enum", "const", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
    | {"minLength", "maxLength", "minItems", "maxItems", "anyOf", "oneOf", "allOf", "if", "then"}
)


@dataclass(frozen=True, slots=True)
class At:
    """Where in which file a schema stands."""

    draft: Draft
    file: Foreign
    path: tuple[Step, ...]
    root: Any = None  # of the schema: where #/… begins
    refs: tuple[str, ...] = field(default=())
    depth: int = 0

    def down(self, *steps: Step) -> At:
        """Return the place of a part."""
        return replace(self, path=(*self.path, *steps))

    def note(self, message: str, hint: str = "") -> None:
        """Note something about what stands here."""
        self.draft.note(self.file, self.path, message, hint)


def properties_of(schema: Mapping[str, Any], at: At) -> dict[str, PlannedProperty]:
    """Return the members that an object's schema names, with what it requires of them."""
    members = schema.get("properties")
    if members is not None and not isinstance(members, dict):
        at.note("properties: expected a block, so they are left out")
        members = {}
    named = {name: each for name, each in (members or {}).items() if name.strip()}
    if len(named) < len(members or {}):
        at.note("a property without a name is left out")
    found = {name: property_of(name, each, at.down("properties", name)) for name, each in named.items()}
    listed = schema.get("required")
    for name in listed if isinstance(listed, list) else []:
        if isinstance(name, str) and name.strip():
            found[name] = replace(found.get(name, PlannedProperty(name=name)), required=True)
    return _conditional(schema, found, at)


def is_closed(schema: Mapping[str, Any]) -> bool:
    """Say whether an object's schema refuses other members."""
    return schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False


def unheld(schema: Mapping[str, Any], at: At, also: frozenset[str] = frozenset()) -> None:
    """Note the words of a schema that a plan has no place for."""
    for word in schema:
        if word not in _SILENT and word not in _RULES and word not in also:
            at.down(word).note(f"{word!r} is left out: a plan has no place for it")


def property_of(name: str, schema: Any, at: At) -> PlannedProperty:
    """Return what a schema says of one property; note what it says beyond that."""
    if schema is True or schema is None:
        return PlannedProperty(name=name)
    if not isinstance(schema, dict) or at.depth >= MOST_DEEP:
        at.note("nested too deeply: cut here" if isinstance(schema, dict) else "not a JSON Schema: read as any value")
        return PlannedProperty(name=name)
    if "$ref" in schema:
        return _referred(name, schema, at)
    unheld(schema, at)
    merged, nullable = _alternatives(schema, at)
    types, null = _types(merged.get("type"), at)
    kind: PropertyType = types[0] if len(types) == 1 else "any"
    members, null_member = _enum(merged, at)
    prop = PlannedProperty(
        name=name,
        description=_text(merged.get("description")) or _text(merged.get("title")),
        type=kind,
        types=types if len(types) > 1 else (),
        nullable=nullable or null or null_member,
        enum=members,
        pattern=_pattern(merged, types, at),
    )
    return replace(_formatted(prop, merged, at), **_limits(merged, types, at), **_inside(name, merged, types, at))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _referred(name: str, schema: Mapping[str, Any], at: At) -> PlannedProperty:
    ref = schema["$ref"]
    target = _target(at.root, ref) if isinstance(ref, str) else None
    if target is None:
        at.down("$ref").note(f"{shortened(str(ref))} is not in the file: read as any value")
        return PlannedProperty(name=name, description=_text(schema.get("description")))
    if ref in at.refs:
        at.down("$ref").note(f"{shortened(ref)} refers to itself: cut here, read as any value")
        return PlannedProperty(name=name)
    found = property_of(name, target, replace(at, refs=(*at.refs, ref), depth=at.depth + 1))
    said = _text(schema.get("description"))
    return replace(found, description=said) if said else found


def _target(root: Any, ref: str) -> Any:
    if not ref.startswith("#"):
        return None
    here = root
    for escaped in ref.removeprefix("#").split("/")[1:]:
        step = escaped.replace("~1", "/").replace("~0", "~")
        if not isinstance(here, dict) or step not in here:
            return None
        here = here[step]
    return here


def _alternatives(schema: Mapping[str, Any], at: At) -> tuple[Mapping[str, Any], bool]:
    """Read `anyOf` and `oneOf` where they are a list of types; say so where they are more."""
    for word in ("anyOf", "oneOf"):
        options = schema.get(word)
        if not isinstance(options, list):
            continue
        given = [each for each in options if isinstance(each, dict) and each != {"type": "null"}]
        rest = {key: value for key, value in schema.items() if key != word}
        if len(given) == 1:
            return {**given[0], **rest}, len(given) < len(options)
        types = [kind for each in given for kind in _listed(each.get("type"))]
        if any(set(each) - {"type", "description"} for each in given):
            at.down(word).note(f"{word!r} is left out: a plan has no place for alternatives, but for their types")
        return {**rest, "type": [*types, "null"] if len(given) < len(options) else types}, False
    return schema, False


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _types(value: Any, at: At) -> tuple[tuple[PropertyType, ...], bool]:
    """Return the types, and whether null is one of them."""
    found: list[PropertyType] = []
    listed = _listed(value)
    for each in listed:
        if each == "any" or each not in [*TYPES, "null"]:  # a list, because what is there may be anything
            said = "read as any value" if each == "any" else "left out"
            at.down("type").note(f"{shortened(str(each))} is not a type of JSON Schema: {said}", "leave the type out")
        elif each != "null":
            found.append(each)
    return (("any",) if "any" in listed or not found else tuple(dict.fromkeys(found))), "null" in listed


def _enum(schema: Mapping[str, Any], at: At) -> tuple[tuple[str, ...], bool]:
    given = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(given, list):
        return (), False
    plain = [spelt(each) for each in given if isinstance(each, str | int | float | bool)]
    if len(plain) + (None in given) < len(given):
        at.down("enum").note("allowed values that are lists or blocks are left out: all are")
        return (), False
    return tuple(dict.fromkeys(plain)), None in given


def _pattern(schema: Mapping[str, Any], types: tuple[PropertyType, ...], at: At) -> str | None:
    pattern = schema.get("pattern")
    if not isinstance(pattern, str) or not pattern or not set(types) & {"string", "any"}:
        return None
    if said := unportable(pattern):
        at.down("pattern").note(f"pattern {shortened(pattern)} is left out: {said}")
        return None
    return pattern


def _formatted(prop: PlannedProperty, schema: Mapping[str, Any], at: At) -> PlannedProperty:
    said = schema.get("format")
    if said == "date-time" and prop.type == "string":
        return replace(prop, type="datetime")
    if said in FORMATS and {"string", "any"} & {prop.type, *prop.types}:
        return replace(prop, format=said)
    if said is not None:
        at.down("format").note(f"format {shortened(str(said))} is left out", f"known: date-time, {', '.join(FORMATS)}")
    return prop


def _limits(schema: Mapping[str, Any], types: tuple[PropertyType, ...], at: At) -> dict[str, Any]:
    """Return limits of numbers and lengths, as far as they suit the type."""
    found: dict[str, Any] = {}
    if set(types) & {"integer", "number", "any"}:
        found |= {"min": _bound(schema, "minimum", 1, at), "max": _bound(schema, "maximum", -1, at)}
    if set(types) & {"string", "any", "array"}:
        low, high = length_words(types)
        found |= {"min_length": _whole(schema.get(low)), "max_length": _whole(schema.get(high))}
    return found


def length_words(types: Sequence[str]) -> tuple[str, str]:
    """Return what JSON Schema calls the limits of a length: of items where there are no texts, else of characters."""
    return ("minItems", "maxItems") if "array" in types and "string" not in types else ("minLength", "maxLength")


def _bound(schema: Mapping[str, Any], word: str, inwards: int, at: At) -> float | None:
    exclusive = f"exclusive{word.capitalize()}"
    given, open_at = _finite(schema.get(word)), schema.get(exclusive)
    if open_at is True or (_finite(open_at) is not None and not isinstance(open_at, bool)):
        limit = given if open_at is True else _finite(open_at)
        if limit is not None and schema.get("type") == "integer":
            return math.floor(limit) + 1.0 if inwards > 0 else math.ceil(limit) - 1.0
        at.down(exclusive).note(f"{exclusive} is read as {word}: a plan's limits are part of the range")
        return limit
    return given


def _finite(value: Any) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and abs(value) <= sys.float_info.max else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _inside(name: str, schema: Mapping[str, Any], types: tuple[PropertyType, ...], at: At) -> dict[str, Any]:
    """Return the members of an object and the items of an array."""
    found: dict[str, Any] = {}
    deeper = replace(at, depth=at.depth + 1)
    if set(types) & {"object", "any"}:
        found |= {"properties": properties_of(schema, deeper), "closed": is_closed(schema)}
    items = schema.get("items")
    if set(types) & {"array", "any"} and isinstance(items, dict):
        found["items"] = property_of(name, items, deeper.down("items"))
    elif isinstance(items, list):
        at.down("items").note("items by their place are left out: a plan knows items of one kind")
    return found


def _conditional(schema: Mapping[str, Any], found: dict[str, PlannedProperty], at: At) -> dict[str, PlannedProperty]:
    """Read `if` some properties have certain values `then` others are required; note any other condition.

    Properties that only some values allow are optional ones.
    """
    for path, clause in _clauses(schema):
        here = at.down(*path)
        then = clause.get("then")
        allowed = then.get("properties") if isinstance(then, dict) else None
        for name, each in allowed.items() if isinstance(allowed, dict) else ():
            if name.strip() and name not in found:
                found[name] = property_of(name, each, here.down("then", "properties", name))
        read = _condition(clause)
        if read is None:
            here.note("a condition is left out: a plan knows 'if these are one of …, those are required'")
            continue
        when, names = read
        for name in names:
            prop = found.get(name, PlannedProperty(name=name))
            if prop.required_when and prop.required_when != when:
                here.note(f"{shortened(name)} has several conditions: the first is kept")
                continue
            found[name] = replace(prop, required_when=when)
    return found


def _clauses(
    schema: Mapping[str, Any], path: tuple[Step, ...] = ()
) -> Iterator[tuple[tuple[Step, ...], dict[str, Any]]]:
    """Yield the conditions of a schema, those within `allOf` too; and what else stands there."""
    if "if" in schema:
        yield path, {"if": schema["if"], "then": schema.get("then")}
    clauses = schema.get("allOf")
    for index, each in enumerate(clauses if isinstance(clauses, list) else []):
        inner = (*path, "allOf", index)
        if isinstance(each, dict) and "allOf" in each and set(each) <= {"allOf", "type"} and len(inner) < 2 * MOST_DEEP:
            yield from _clauses(each, inner)
        else:
            yield inner, each if isinstance(each, dict) else {}


def _condition(clause: Mapping[str, Any]) -> tuple[dict[str, tuple[str, ...]], list[str]] | None:
    """Return which values of which properties require which others; None where it is no such condition."""
    said, then = clause.get("if"), clause.get("then")
    if set(clause) != {"if", "then"} or not isinstance(said, dict) or not isinstance(then, dict):
        return None
    if set(then) - {"required", "properties"}:
        return None
    names = [name for name in _listed(then.get("required")) if isinstance(name, str) and name.strip()]
    values = dict(_values(said.get("properties")))
    if names and (not values or None in values.values() or set(said) - {"properties", "required", "type"}):
        return None
    return {name: each for name, each in values.items() if each is not None}, names


def _values(properties: Any) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    for name, each in properties.items() if isinstance(properties, dict) else ():
        given = each.get("enum", [each["const"]] if "const" in each else None) if isinstance(each, dict) else None
        plain = isinstance(given, list) and all(isinstance(value, str | int | float | bool) for value in given)
        yield name, tuple(map(spelt, given)) if plain and given else None
