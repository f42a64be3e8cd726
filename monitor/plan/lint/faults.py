"""What is a fault of a plan, and what does a rule see?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from checks.plan import Plan, PlannedEvent, PlannedProperty
from checks.slugs import slug
from monitor.plan.format import LintBlock

Severity = Literal["critical", "warning"]
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """The plan, what the team agreed on, and what all rules look at: made once."""

    plan: Plan
    agreed: LintBlock
    members: Mapping[str, Sequence[tuple[Path, PlannedProperty]]]  # by event: properties that become columns
    columns: Mapping[str, Mapping[Path, str]]  # by event: the column of each, members of an object joined to its name

    @classmethod
    def of(cls, plan: Plan, agreed: LintBlock) -> Context:
        """Return what the rules see of a plan."""
        inner = {name: tuple(members(event)) for name, event in plan.events.items()}
        columns = {
            name: {path: "_".join(map(slug, path[3::2])) for path, prop in each if not prop.properties}
            for name, each in inner.items()
        }
        return cls(plan, agreed, inner, columns)


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found, and the path of what it is about."""

    path: Path
    message: str
    hint: str = ""
    severity: Severity | None = None  # the rule's own, where none is said


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: how bad its faults are, and what finds them."""

    severity: Severity
    check: Callable[[Context], Iterator[Found]]
    about: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a plan, at a line."""

    file: str
    line: int
    rule: str
    severity: Severity
    message: str
    hint: str
    path: Path

    def __str__(self) -> str:
        """Return `file:line: message; hint [rule]`, and whether data is lost."""
        hint = f"; {self.hint}" if self.hint else ""
        rule = f"{self.rule}: loses data" if self.severity == "critical" else self.rule
        return f"{self.file}:{self.line}: {self.message}{hint} [{rule}]"

    def data(self) -> dict[str, Any]:
        """Return it for JSON."""
        event = self.path[1] if self.path[:1] == ("events",) and len(self.path) > 1 else None
        prop = ".".join(step for step in self.path[3::2]) if event and len(self.path) > 3 else None
        return {
            "file": self.file,
            "line": self.line,
            "rule": self.rule,
            "severity": self.severity,
            "event": event,
            "property": prop,
            "message": self.message,
            "hint": self.hint,
        }


def members(event: PlannedEvent) -> Iterator[tuple[Path, PlannedProperty]]:
    """Yield the properties of an event that become columns, those within objects too, each with its path in the plan.

    Arrays become one column of text, so what is within them has none.
    """
    yield from _members(("events", event.name), event.properties.values())


def _members(path: Path, properties: Any) -> Iterator[tuple[Path, PlannedProperty]]:
    for prop in properties:
        own = (*path, "properties", prop.name)
        yield own, prop
        yield from _members(own, prop.properties.values())
