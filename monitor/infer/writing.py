"""How is an inferred plan shown to whoever reviews it: as a plan file, or as additions to the one there is?"""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from checks.plan import Plan, PlannedProperty
from monitor.document import Document
from monitor.infer.draft import Inferred
from monitor.infer.weigh import told
from monitor.plan.load import WrittenPlan
from monitor.plan.merge import with_plan
from monitor.plan.rewrite import with_comments, with_members, with_value
from monitor.plan.spell import property_data
from monitor.plan.write import plan_text

WIDTH = 116
RULES = ("required", "required_from", "enum", "format", "min", "max")  # that an existing property may be given


@dataclass(frozen=True, slots=True)
class Additions:
    """What an existing plan would get."""

    texts: Mapping[Path, str]  # changed files, whole


def as_plan(inferred: Inferred, title: str) -> str:
    """Return the plan as a file of its own, each property below its evidence."""
    text = plan_text(inferred.plan, [title, "", "Each rule holds for every message of the last weeks; ? marks what"])
    text = text.replace("what\n", "what somebody has to decide.\n", 1)
    return with_comments(text, _comments(inferred, inferred.plan))


def additions(written: WrittenPlan, inferred: Inferred) -> Additions:
    """Return an existing plan with the events, properties and rules that it does not have; what it says stays."""
    new = _new(written.plan, inferred.plan)
    texts, known = dict(with_plan(written, new)), written.plan.events
    comments = {at: said for at, said in _comments(inferred, new).items() if len(at) > 2 or at[1] not in known}
    for place, rules in _more_rules(written.plan, inferred.plan):
        document = next(each for each in written.documents if place[0] in (each.data.get("events") or {}))
        path = Path(document.file)
        text = texts.get(path) or path.read_bytes().decode("utf-8-sig")
        at = _path(document, place)
        texts[path] = _with_rules(text, at, document, property_data(replace(PlannedProperty(name=place[1]), **rules)))
        comments[at] = list(_wrapped(told(inferred.weighed[place], rules)))
    for path, text in texts.items():
        home = next(each for each in written.documents if Path(each.file) == path)
        texts[path] = with_comments(text, {_here(home, at): said for at, said in comments.items()})
    return Additions(texts)


def _with_rules(text: str, at: tuple[str, ...], document: Document, rules: Any) -> str:
    """Return a plan's text with rules added to a property; one that is written in short gets a block."""
    more = rules if isinstance(rules, dict) else {"type": rules}
    written = document.data
    for step in at:
        written = written[step]
    return with_value(text, at, {"type": written} | more) if isinstance(written, str) else with_members(text, at, more)


def as_diff(found: Additions) -> str:
    """Return the additions as a unified diff."""
    lines: list[str] = []
    for path, text in found.texts.items():
        before = path.read_bytes().decode("utf-8-sig").splitlines(keepends=True)
        lines += difflib.unified_diff(before, text.splitlines(keepends=True), str(path), f"{path} (inferred)")
    return "".join(lines)


def proposed(inferred: Inferred, plan: Plan) -> Iterator[str]:
    """Yield proposals that no rule of the plan says already, as comments."""
    for event, line in inferred.proposals:
        known = plan.events.get(event)
        if known is None or not (known.ratio if line.startswith("ratio") else known.after):
            yield f"# {event}: {line}"


def _new(old: Plan, new: Plan) -> Plan:
    """Return the events and properties of a plan that another one does not have."""
    events = {}
    for name, event in new.events.items():
        known = old.events.get(name)
        if known is None:
            events[name] = event
            continue
        more = {key: prop for key, prop in event.properties.items() if key not in known.properties}
        if more:
            events[name] = replace(known, properties=more)
    return Plan(events=events)


def _more_rules(old: Plan, new: Plan) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """Yield rules for properties that are planned without them; a type that is planned is never doubted here."""
    for name, event in old.events.items():
        found = new.events.get(name)
        for key, prop in event.properties.items():
            seen = found.properties.get(key) if found else None
            if seen is not None and (rules := _missing(prop, seen)):
                yield (name, key), rules


def _missing(old: PlannedProperty, new: PlannedProperty) -> dict[str, Any]:
    if old.nullable or (old.type not in ("any", new.type)) or old.types:
        return {}
    rules = {name: getattr(new, name) for name in RULES}
    if old.required or old.required_from or old.required_when:
        rules |= {"required": False, "required_from": ()}
    if old.enum or old.pattern or old.format:
        rules |= {"enum": (), "format": None}
    rules |= {name: None for name in ("min", "max") if old.min is not None or old.max is not None}
    rules |= {"type": new.type} if old.type == "any" else {}
    plain = PlannedProperty(name=old.name)
    return {name: value for name, value in rules.items() if value != getattr(plain, name)}


def _comments(inferred: Inferred, plan: Plan) -> dict[tuple[str, ...], list[str]]:
    """Return the remarks on what is new, by its path in the file."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name, event in plan.events.items():
        found["events", name] = list(_wrapped(inferred.remarks.get((name, None), ())))
        under = "traits" if event.call in {"identify", "group"} else "properties"
        for key in event.properties:
            found["events", name, under, key] = list(_wrapped(inferred.remarks.get((name, key), ())))
    return found


def _wrapped(remarks: Iterable[str]) -> Iterator[str]:
    for remark in remarks:
        yield from textwrap.wrap(remark, WIDTH - 8, subsequent_indent="  ")


def _path(document: Document, place: tuple[str, str]) -> tuple[str, ...]:
    event = document.data["events"][place[0]]
    under = "traits" if isinstance(event, dict) and place[1] in (event.get("traits") or {}) else "properties"
    return "events", place[0], under, place[1]


def _here(document: Document, at: tuple[str, ...]) -> tuple[str, ...]:
    """Return a path as the file has it: traits that stand under properties, and events that it knows already."""
    body = (document.data.get("events") or {}).get(at[1])
    if isinstance(body, dict) and len(at) > 2:
        return (*at[:2], "traits" if "traits" in body else "properties", *at[3:])
    return at
