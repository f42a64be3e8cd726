"""What does the plan leave open, or say in two ways?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from checks.plan import PlannedEvent, PlannedProperty
from checks.slugs import slug
from monitor.document import shortened
from monitor.plan.lint.faults import Context, Found, Path, Rule

_SAYS = {
    "description": ("what it means", "description"),
    "owner": ("who answers for it", "owner"),
    "answers": ("which question it helps to answer", "answers"),
    "action": ("what is done because of it", "action"),
}


def undocumented(context: Context) -> Iterator[Found]:
    """Yield events that do not say why they are there."""
    for event in context.plan.events.values():
        missing = [name for name in context.agreed.require if not getattr(event, name)]
        if missing and event.deprecated is None:
            said = _listed([_SAYS[name][0] for name in missing])
            hint = f"write {_listed([f'{_SAYS[name][1]}:' for name in missing])}"
            yield Found(("events", event.name), f"the event {shortened(event.name)} does not say {said}", hint)


def two_types(context: Context) -> Iterator[Found]:
    """Yield properties that have one type in most events, and another in some."""
    uses: dict[str, list[tuple[Path, PlannedEvent, PlannedProperty]]] = {}
    for event in context.plan.events.values():
        for path, prop in context.members[event.name]:
            if _type(prop) != "any":
                uses.setdefault("_".join(map(slug, path[3::2])), []).append((path, event, prop))
    for found in uses.values():
        counts = Counter(_type(prop) for _, _, prop in found)
        if len(counts) > 1:
            usual, many = counts.most_common(1)[0]
            for path, event, prop in found:
                if _type(prop) != usual:
                    yield _odd(path, event, prop, (usual, many))


def _odd(path: Path, event: PlannedEvent, prop: PlannedProperty, usual: tuple[str, int]) -> Found:
    kind, many = usual
    elsewhere = f"{kind} in {many:,} other event{'s' if many > 1 else ''}"
    message = f"{shortened('.'.join(path[3::2]))} is {_type(prop)} in {shortened(event.name)}, but {elsewhere}"
    return Found(path, message, f"write type: {kind}, or give it another name")


def keywords(context: Context) -> Iterator[Found]:
    """Yield rules that can never be kept, or that say nothing."""
    for event in context.plan.events.values():
        for path, prop in context.members[event.name]:
            for said, hint in _odd_rules(event, prop):
                yield Found(path, f"{shortened(event.name)}: {shortened(prop.name)} {said}", hint)


def _odd_rules(event: PlannedEvent, prop: PlannedProperty) -> Iterator[tuple[str, str]]:
    strangers = [name for name in prop.required_when if name not in event.properties]
    if strangers and prop.name in event.properties:
        yield f"depends on {shortened(strangers[0])}, which the event does not have", "name a property of the event"
    if unknown := [
        each for each in (*prop.sources, *prop.required_from) if event.sources and each not in event.sources
    ]:
        known = ", ".join(event.sources)
        yield f"is sent by {shortened(unknown[0])}, which does not send the event", f"its sources are {known}"
    if prop.enum and prop.type in {"integer", "number"} and any(not _is_number(each) for each in prop.enum):
        yield f"is {prop.type}, but may be {shortened(next(e for e in prop.enum if not _is_number(e)))}", "type: string"
    if prop.type == "boolean" and set(prop.enum) - {"true", "false"}:
        yield f"is boolean, but may be {shortened(min(set(prop.enum) - {'true', 'false'}))}", "write type: string"


def replacements(context: Context) -> Iterator[Found]:
    """Yield what is said to take the place of something, and is not in the plan."""
    for event in context.plan.events.values():
        use = event.deprecated.use if event.deprecated else None
        if use and use not in context.plan.events:
            path = ("events", event.name, "deprecated")
            yield Found(
                path, f"{shortened(use)}, which is to be used for {shortened(event.name)}, is not in the plan", ""
            )


def unanswered(context: Context) -> Iterator[Found]:
    """Yield questions that no event helps to answer."""
    answered = {name for event in context.plan.events.values() for name in event.answers}
    for name in context.plan.questions:
        if name not in answered:
            hint = "write it under 'answers' of the events that do, or remove the question"
            yield Found(("questions", name), f"no event helps to answer the question {shortened(name)}", hint)


def _type(prop: PlannedProperty) -> str:
    """Return a property's type; whole numbers are numbers, which no query minds."""
    if not prop.types:
        return "number" if prop.type == "integer" else prop.type
    kinds = ["number" if kind == "integer" else kind for kind in prop.types]
    return " or ".join(dict.fromkeys(kinds))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _listed(parts: list[str]) -> str:
    """Return parts as one says them.

    >>> _listed(["a", "b", "c"])
    'a, b and c'
    """
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


RULES = {
    "undocumented": Rule("warning", undocumented, "an event without description, owner, question or action"),
    "two_types": Rule("warning", two_types, "one property with two types across events"),
    "impossible": Rule("warning", keywords, "a rule that contradicts another, or refers to what is not there"),
    "replacement": Rule("warning", replacements, "a deprecated event whose replacement is not planned"),
    "unanswered": Rule("warning", unanswered, "a question that no event helps to answer"),
}
