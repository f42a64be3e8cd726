"""What in a plan will lose data, or will not be understood, before any row of it is written?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.document import shortened
from monitor.plan.lint import meaning, names, warehouse
from monitor.plan.lint.faults import Context, Fault, Found, Rule
from monitor.plan.load import WrittenPlan
from monitor.values import suggest


def _unknown(context: Context) -> Iterator[Found]:
    """Yield rules that are ignored and do not exist: a misspelt one would seem to be obeyed."""
    for name in context.agreed.ignore:
        if name not in RULES:
            yield Found(("lint", "ignore"), f"{shortened(name)} is not a rule of lint", suggest(name, RULES))


RULES: Mapping[str, Rule] = {
    **warehouse.RULES,
    **meaning.RULES,
    **names.RULES,
    "unknown_rule": Rule("warning", _unknown, "a rule under 'ignore' that does not exist"),
}


@dataclass(frozen=True, slots=True)
class Linted:
    """The faults of a plan, by file and line, and what else is worth saying of them."""

    faults: tuple[Fault, ...]
    advice: str = ""


def lint(written: WrittenPlan) -> Linted:
    """Hold a plan to all rules that it does not ignore."""
    context = Context.of(written.plan, written.lint)
    faults = [_fault(written, rule, found) for rule, found in _found(context)]
    ordered = sorted(faults, key=lambda fault: (fault.file, fault.line, fault.rule, fault.message))
    return Linted(tuple(ordered), names.habit(context))


def _found(context: Context) -> Iterator[tuple[str, Found]]:
    for name, rule in RULES.items():
        if name not in context.agreed.ignore:
            for found in rule.check(context):
                yield name, found


def _fault(written: WrittenPlan, rule: str, found: Found) -> Fault:
    file, line = written.place(*_with_traits(written, found.path))
    return Fault(file, line, rule, found.severity or RULES[rule].severity, found.message, found.hint, found.path)


def _with_traits(written: WrittenPlan, path: tuple[str, ...]) -> tuple[Any, ...]:
    """Return where a property is written: below `traits`, where the file has it there."""
    if len(path) > 2 and path[0] == "events" and path[2] == "properties":
        for document in written.documents:
            event = (document.data.get("events") or {}).get(path[1])
            if isinstance(event, dict) and path[3] in (event.get("traits") or {}):
                return (*path[:2], "traits", *path[3:])
    return path
