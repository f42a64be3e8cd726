"""What has been imported so far, and what of it a plan has no place for?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from checks.plan import Plan, PlannedEvent
from monitor.document import shortened
from monitor.errors import Problem
from monitor.plan.foreign import Foreign, Step


@dataclass(frozen=True, slots=True)
class Imported:
    """A plan that was read from another format, and what did not find a place in it."""

    plan: Plan
    notes: tuple[Problem, ...]
    broken: tuple[Problem, ...] = ()  # files of a folder that could not be read


@dataclass(slots=True)
class Draft:
    """Collects the events of one import."""

    name: str = ""
    description: str = ""
    events: dict[str, PlannedEvent] = field(default_factory=dict)
    notes: list[Problem] = field(default_factory=list)
    broken: list[Problem] = field(default_factory=list)

    def note(self, file: Foreign, at: tuple[Step, ...] | int, message: str, hint: str = "") -> None:
        """Note what is left out, or read otherwise than it is written."""
        self.notes.append(file.problem(at, message, hint))

    def add(self, event: PlannedEvent, file: Foreign, at: tuple[Step, ...] | int, other: str = "") -> None:
        """Take an event; one whose name is taken by another call gets its call behind it, or its other name."""
        name = event.name
        if not name.strip():
            self.note(file, at, f"a {event.call} rule without a name is left out", "name it")
            return
        if name in self.events:
            same = self.events[name].call == event.call
            name = other or ("" if same else f"{event.name} ({event.call})")
            if not name or name in self.events:
                self.note(file, at, f"{shortened(event.name)} is there twice: the first is kept")
                return
            self.note(file, at, f"{shortened(event.name)} is there twice: this one is called {shortened(name)}")
        self.events[name] = replace(event, name=name)

    def finished(self) -> Imported:
        """Return what was imported; notes by file and line, each once."""
        notes = sorted(dict.fromkeys(self.notes), key=lambda note: (note.file, note.line, note.message))
        plan = Plan(name=self.name, description=self.description, events=self.events)
        return Imported(plan, tuple(notes), tuple(self.broken))


def texts(value: object) -> Mapping[str, str]:
    """Return the plain values of a block as text: labels.

    >>> texts({"team": "growth", "tier": 1, "odd": [1]})
    {'team': 'growth', 'tier': '1'}
    """
    if not isinstance(value, dict):
        return {}
    return {str(name): str(each) for name, each in value.items() if isinstance(each, str | int | float | bool)}
