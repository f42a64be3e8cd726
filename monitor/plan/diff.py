"""What has changed between two plans, and which of it breaks messages or queries that were right before?

A change is breaking when a message that kept the old plan may break the new one, or when a name that queries read
is gone.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from checks.plan import Plan, PlannedEvent, PlannedProperty
from checks.slugs import slug
from monitor.document import shortened
from monitor.plan.relations import relations_text

Kind = Literal["added", "removed", "renamed", "changed"]
T = TypeVar("T", PlannedEvent, PlannedProperty)
ALIKE = 0.75  # of 1: names or contents that are more alike than this are one thing that was renamed
_PLAIN = ("description", "owner", "priority", "answers", "action", "labels", "version", "expires", "deprecated")
_PLAIN_OF_PROPERTY = ("description", "key", "constant", "personal", "deprecated", "sources")
_RULES = ("unit", "pattern", "format")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between two plans."""

    kind: Kind
    event: str | None  # None: a question, or the plan itself
    property: str | None  # its path, in the new plan where it is there
    what: str  # a sentence without its subject
    breaking: bool = False
    before: str | None = None
    after: str | None = None

    def data(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {name: getattr(self, name) for name in type(self).__dataclass_fields__}


def differences(old: Plan, new: Plan) -> tuple[Difference, ...]:
    """Return what has changed from one plan to another, event by event in the order of the new plan."""
    found = list(_questions(old, new))
    renamed = _renamed(old.events, new.events, _alike_events)
    for name, event in new.events.items():
        before = old.events.get(name) or old.events.get(renamed.get(name, ""))
        if before is None:
            found.append(Difference("added", name, None, _size(event)))
            continue
        if name in renamed:
            said = f"renamed from {shortened(before.name)}"
            found.append(Difference("renamed", name, None, said, True, before.name, name))
        found += _event(before, event)
    gone = [name for name in old.events if name not in new.events and name not in renamed.values()]
    return (*found, *(Difference("removed", name, None, "is no longer planned", True, name) for name in gone))


def _questions(old: Plan, new: Plan) -> Iterator[Difference]:
    for name, question in new.questions.items():
        known = old.questions.get(name)
        if known is None:
            yield Difference("added", None, None, f"the question {shortened(name)}: {question.ask}")
        elif known.ask != question.ask:
            what = f"the question {shortened(name)} is now: {question.ask}"
            yield Difference("changed", None, None, what, before=known.ask, after=question.ask)
        elif known.owner != question.owner:
            what = f"the question {shortened(name)} is asked by {question.owner or 'nobody'}"
            yield Difference("changed", None, None, what, before=known.owner, after=question.owner)
    for name in old.questions:
        if name not in new.questions:
            yield Difference("removed", None, None, f"the question {shortened(name)}")


def _size(event: PlannedEvent) -> str:
    many = len(event.properties)
    return f"new, with {many:,} propert{'y' if many == 1 else 'ies'}" if many else "new"


def _event(old: PlannedEvent, new: PlannedEvent) -> Iterator[Difference]:
    for field in _PLAIN:
        yield from _plain(new.name, None, field, getattr(old, field), getattr(new, field))
    if old.call != new.call:
        yield Difference("changed", new.name, None, f"is a {new.call} call, was {old.call}", True, old.call, new.call)
    yield from _sources(old, new)
    yield from _closed(new.name, None, old.closed, new.closed)
    for rule in ("after", "ratio"):
        before, after = (relations_text(each)[rule] for each in (old, new))
        yield from _plain(new.name, None, rule, before, after, breaking=bool(set(after) - set(before)))
    yield from _properties(new.name, "", old.properties, new.properties)


def _sources(old: PlannedEvent, new: PlannedEvent) -> Iterator[Difference]:
    for name in new.sources.keys() - old.sources.keys() if old.sources else new.sources:
        yield Difference("changed", new.name, None, f"is sent by {name} too" if old.sources else f"is sent by {name}")
    for name in old.sources:
        if name not in new.sources:
            yield Difference("changed", new.name, None, f"is no longer sent by {name}", bool(new.sources), name)
        elif old.sources[name] != new.sources[name]:
            yield from _plain(new.name, None, f"role of {name}", old.sources[name], new.sources[name])


def _closed(event: str, prop: str | None, old: bool, new: bool) -> Iterator[Difference]:
    if old != new:
        what = "takes no unplanned properties now" if new else "takes unplanned properties now"
        yield Difference("changed", event, prop, what, new)


def _properties(
    event: str, above: str, old: Mapping[str, PlannedProperty], new: Mapping[str, PlannedProperty]
) -> Iterator[Difference]:
    renamed = _renamed(old, new, _alike_properties)
    for name, prop in new.items():
        before = old.get(name) or old.get(renamed.get(name, ""))
        path = f"{above}{name}"
        if before is None:
            yield Difference("added", event, path, _introduced(prop), prop.required)
            continue
        if name in renamed:
            yield Difference("renamed", event, path, f"renamed from {shortened(before.name)}", True, before.name, name)
        yield from _property(event, path, before, prop)
    for name in old:
        if name not in new and name not in renamed.values():
            yield Difference("removed", event, f"{above}{name}", "is no longer planned", True, name)


def _introduced(prop: PlannedProperty) -> str:
    kind = "" if prop.type == "any" and not prop.types else f", {_kind(prop)}"
    return f"new{kind}{', required' if prop.required else ''}"


def _kind(prop: PlannedProperty) -> str:
    return f"{' or '.join(prop.types) if prop.types else prop.type}{' or null' if prop.nullable else ''}"


def _property(event: str, path: str, old: PlannedProperty, new: PlannedProperty) -> Iterator[Difference]:
    if _kind(old) != _kind(new):
        what = f"is {_kind(new)}, was {_kind(old)}"
        yield Difference("changed", event, path, what, _narrowed(old, new), _kind(old), _kind(new))
    yield from _requirement(event, path, old, new)
    yield from _enum(event, path, old.enum, new.enum)
    for low, high, noun in (("min", "max", ""), ("min_length", "max_length", "length ")):
        yield from _range(event, path, noun, *(getattr(each, name) for each in (old, new) for name in (low, high)))
    for field in _RULES:
        before, after = getattr(old, field), getattr(new, field)
        yield from _plain(event, path, field, before, after, breaking=after is not None or field == "unit")
    for field in _PLAIN_OF_PROPERTY:
        yield from _plain(event, path, field, getattr(old, field), getattr(new, field))
    yield from _closed(event, path, old.closed, new.closed)
    yield from _properties(event, f"{path}.", old.properties, new.properties)
    if old.items is not None and new.items is not None:
        yield from _property(event, f"{path}[]", old.items, new.items)
    elif old.items != new.items:
        yield from _plain(event, path, "items", old.items and _kind(old.items), new.items and _kind(new.items))


def _narrowed(old: PlannedProperty, new: PlannedProperty) -> bool:
    """Say whether a value that was right may be wrong now."""
    kinds = set(new.types or (new.type,))
    before = set(old.types or (old.type,))
    widened = "any" in kinds or all(kind in kinds or (kind == "integer" and "number" in kinds) for kind in before)
    return not widened or (old.nullable and not new.nullable)


def _requirement(event: str, path: str, old: PlannedProperty, new: PlannedProperty) -> Iterator[Difference]:
    before, after = _required(old), _required(new)
    if before != after:
        stricter = bool(after) and before != "required"
        what = f"is {after or 'optional'}, was {before or 'optional'}"
        yield Difference("changed", event, path, what, stricter, before or "optional", after or "optional")


def _required(prop: PlannedProperty) -> str:
    if prop.required:
        return "required"
    said = [f"from {', '.join(prop.required_from)}"] if prop.required_from else []
    said += [f"if {name} is {' or '.join(values)}" for name, values in prop.required_when.items()]
    return f"required {' and '.join(said)}" if said else ""


def _enum(event: str, path: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Difference]:
    if set(old) == set(new):
        return
    gone, more = [each for each in old if each not in new], [each for each in new if each not in old]
    if not old or not new:
        what = f"may only be {_listed(new)}" if new else "may be any value, not only the planned ones"
    else:
        parts = [f"may no longer be {_listed(gone)}"] if gone else []
        what = ", ".join([*parts, *([f"may be {_listed(more)}"] if more else [])])
    breaking = bool(new) and (not old or bool(gone))
    yield Difference("changed", event, path, what, breaking, _listed(old) or None, _listed(new) or None)


def _listed(values: Iterable[str]) -> str:
    return shortened(", ".join(values), 80)[1:-1]


def _range(event: str, path: str, noun: str, *limits: float | None) -> Iterator[Difference]:
    low, high, new_low, new_high = limits
    if (low, high) == (new_low, new_high):
        return
    tighter = (new_low is not None and (low is None or new_low > low)) or (
        new_high is not None and (high is None or new_high < high)
    )
    before, after = _between(low, high), _between(new_low, new_high)
    yield Difference("changed", event, path, f"{noun}may be {after}, was {before}", tighter, before, after)


def _between(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return "anything"
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}"


def _plain(
    event: str, path: str | None, field: str, old: Any, new: Any, *, breaking: bool = False
) -> Iterator[Difference]:
    if old != new:
        before, after = _spelt(old), _spelt(new)
        what = f"{field}: {after or 'nothing'}, was {before or 'nothing'}"
        yield Difference("changed", event, path, what, breaking, before or None, after or None)


def _spelt(value: Any) -> str:
    if value is None or value is False:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {said}".strip() for name, said in value.items())
    if isinstance(value, tuple):
        return ", ".join(value)
    if hasattr(value, "since"):
        return " ".join(filter(None, ("yes", value.since and f"since {value.since}", value.use and f"use {value.use}")))
    return "yes" if value is True else shortened(str(value)) if isinstance(value, str) and " " in value else str(value)


def _renamed(old: Mapping[str, T], new: Mapping[str, T], alike: Any) -> dict[str, str]:
    """Return new name -> old name of what is gone and has come back under another one; the most alike first."""
    gone = [each for name, each in old.items() if name not in new]
    born = [each for name, each in new.items() if name not in old]
    if len(gone) * len(born) > 10_000:  # two plans that have little to do with each other
        return {}
    scored = ((alike(before, after), before.name, after.name) for before in gone for after in born)
    pairs: dict[str, str] = {}
    for score, before, after in sorted(scored, key=lambda each: -each[0]):
        if score >= ALIKE and after not in pairs and before not in pairs.values():
            pairs[after] = before
    return pairs


def _alike_events(old: PlannedEvent, new: PlannedEvent) -> float:
    if old.deprecated is not None and old.deprecated.use == new.name:
        return 1.0
    names = _alike_names(old.name, new.name)
    shared, of = len(old.properties.keys() & new.properties.keys()), len(old.properties.keys() | new.properties.keys())
    contents = shared / of if of >= 2 else 0.0
    same = 1.0 if old.description and old.description == new.description else 0.0
    return max(names, (names + contents + same) / 2 if names >= 0.4 or same else 0.0) if old.call == new.call else 0.0


def _alike_properties(old: PlannedProperty, new: PlannedProperty) -> float:
    names = _alike_names(old.name, new.name)
    same = bool(old.description) and old.description == new.description
    return max(names, 0.9 if same else 0.0) if _kind(old) == _kind(new) or names == 1.0 else 0.0


def _alike_names(old: str, new: str) -> float:
    """Return how alike two names are: 1 where only the spelling differs.

    >>> _alike_names("order_id", "orderId"), round(_alike_names("Order Completed", "Order Paid"), 2)
    (1.0, 0.61)
    """
    one, other = slug(old).replace("_", ""), slug(new).replace("_", "")
    return 1.0 if one == other else difflib.SequenceMatcher(None, one, other).ratio()
