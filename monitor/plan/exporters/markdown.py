"""How is a plan written for people to read: one document with a table of properties for each event?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from checks.plan import Deprecation, Plan, PlannedEvent, PlannedProperty, Priority, Question
from monitor.plan.holding import Holds
from monitor.plan.relations import relations_text

TITLE = "documentation (Markdown)"
SUFFIX = "md"
HOLDS = Holds(
    plan=frozenset(field.name for field in fields(Plan)),
    events=frozenset(field.name for field in fields(PlannedEvent)),
    properties=frozenset(field.name for field in fields(PlannedProperty)),
)
_RULES = {"key": "identifies one occurrence", "constant": "always the same", "personal": "personal data"}


def text(plan: Plan) -> str:
    """Return the plan as a document."""
    lines = [f"# {plan.name or 'Tracking plan'}", ""]
    lines += [*([plan.description, ""] if plan.description else [])]
    counts = f"{len(plan.events):,} events, {len(plan.questions):,} questions"
    lines += [f"Version {plan.version}: {counts}.", "", *_questions(plan)]
    lines += ["## Events", ""]
    for event in plan.events.values():
        lines += [*_event(event), ""]
    return "\n".join([*lines, *_changes(plan)]).rstrip() + "\n"


def _questions(plan: Plan) -> Iterator[str]:
    if plan.questions:
        yield from ("## Questions", "", *_row(("question", "asked by", "reviewed", "answered by")), _rule(4))
        for name, each in plan.questions.items():
            answering = ", ".join(event.name for event in plan.events.values() if name in event.answers)
            yield from _row((_asked(name, each), each.owner or "", str(each.reviewed or ""), answering))
        yield ""


def _asked(name: str, question: Question) -> str:
    return f"**{name}**: {question.ask}"


def _event(event: PlannedEvent) -> Iterator[str]:
    yield from (f"### {_escaped(event.name)}", "")
    if event.deprecated:
        yield from (f"> Deprecated{_since(event.deprecated)}.", "")
    if event.description:
        yield from (event.description, "")
    yield from (f"- {name}: {said}" for name, said in _facts(event) if said)
    if event.properties:
        yield from ("", *_row(("property", "type", "required", "rules", "description")), _rule(5))
        for path, prop in event.everything():
            yield from _row((f"`{path}`", _type(prop), _required(prop), "; ".join(_rules(prop)), prop.description))


def _facts(event: PlannedEvent) -> Iterator[tuple[str, str]]:
    yield "Call", event.call if event.call != "track" else ""
    yield "Version", event.version
    yield "Owner", event.owner or ""
    yield "Priority", str(event.priority) if event.priority is not Priority.NORMAL else ""
    yield "Sources", ", ".join(f"{name} ({role})" if role else name for name, role in event.sources.items())
    yield "Answers", ", ".join(event.answers)
    yield "Action", event.action
    yield "Expires", str(event.expires or "")
    yield "Other properties", "none" if event.closed else ""
    yield from ((rule.capitalize(), "; ".join(said)) for rule, said in relations_text(event).items())
    yield from event.labels.items()


def _type(prop: PlannedProperty) -> str:
    types = " or ".join(prop.types) if prop.types else prop.type
    return f"{types} or null" if prop.nullable else types


def _required(prop: PlannedProperty) -> str:
    if prop.required:
        return "yes"
    said = [f"from {', '.join(prop.required_from)}"] if prop.required_from else []
    said += [f"if {name} is {' or '.join(values)}" for name, values in prop.required_when.items()]
    return ", ".join(said)


def _rules(prop: PlannedProperty) -> Iterator[str]:
    if prop.enum:
        yield f"one of {', '.join(f'`{member}`' for member in prop.enum)}"
    if prop.pattern:
        yield f"matches `{prop.pattern}`"
    if prop.format:
        yield f"a valid {prop.format}"
    yield from _range("", prop.min, prop.max)
    yield from _range("length ", prop.min_length, prop.max_length)
    yield from (said for name, said in _RULES.items() if getattr(prop, name))
    if prop.unit:
        yield f"in {prop.unit}"
    if prop.sources:
        yield f"sent by {', '.join(prop.sources)}"
    if prop.closed:
        yield "no other members"
    if prop.deprecated:
        yield f"deprecated{_since(prop.deprecated)}"


def _range(of: str, low: float | None, high: float | None) -> Iterator[str]:
    if low is not None and high is not None:
        yield f"{of}{low:g} to {high:g}"
    elif low is not None:
        yield f"{of}at least {low:g}"
    elif high is not None:
        yield f"{of}at most {high:g}"


def _since(value: Deprecation) -> str:
    since = f" since {value.since}" if value.since else ""
    return f"{since}, use {value.use}" if value.use else since


def _changes(plan: Plan) -> Iterator[str]:
    if plan.changes:
        yield from ("## Changes", "", *_row(("version", "date", "event", "what", "why")), _rule(5))
        for each in plan.changes:
            subject = ".".join(filter(None, (each.event, each.property)))
            yield from _row((str(each.version or ""), str(each.date or ""), subject, each.what, each.why))


def _row(cells: Iterable[str]) -> Iterator[str]:
    yield f"| {' | '.join(' '.join(_escaped(cell).split()) for cell in cells)} |"


def _rule(columns: int) -> str:
    return "|" + "---|" * columns


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")
