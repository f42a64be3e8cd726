"""What do people's words on alerts, noise and useful, say about minimum effects, ignored events and priorities?"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from checks.base import Finding
from checks.plan import Priority
from monitor.config import Config
from monitor.incidents import Incident, Mark
from monitor.plan.load import WrittenPlan
from monitor.tune.suggestion import About, Edit, Suggestion

ENOUGH = 3  # alerts called noise, before anything is changed for them
TWICE = 2  # called useful, of an event on which a business question depends
LEAST = {  # the parameter that says from which effect on a kind is told; kinds of one parameter belong together
    ("volume", "drop"): "min_drop",
    ("volume", "spike"): "min_spike",
    ("volume", "shift"): "min_shift",
    ("slices", "lost"): "min_drop",
    ("duplicates", "exact"): "tolerance",
    ("duplicates", "semantic"): "min_repeats",
    ("drift", "numeric"): "min_change",
    ("drift", "categorical"): "min_change",
    ("drift", "null_rate"): "min_nulls",
    ("lateness", "delay"): "min_share",
    ("lateness", "future"): "min_future",
    ("environment", "leak"): "tolerance",
    ("pii", "value"): "tolerance",
    ("schema", "required_missing"): "tolerance",
    ("schema", "wrong_type"): "tolerance",
    ("schema", "not_allowed"): "tolerance",
    ("schema", "pattern"): "tolerance",
    ("schema", "range"): "tolerance",
    ("schema", "format"): "tolerance",
    ("schema", "length"): "tolerance",
}
UP = (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.CRITICAL)


@dataclass(slots=True)
class _Said:
    """What people said of some incidents."""

    noise: list[Incident] = field(default_factory=list)
    useful: list[Incident] = field(default_factory=list)

    def add(self, incident: Incident) -> None:
        (self.noise if incident.mark is Mark.NOISE else self.useful).append(incident)

    @property
    def only_noise(self) -> bool:
        """Say whether enough were noise, and none useful."""
        return len(self.noise) >= ENOUGH and not self.useful


def from_marks(config: Config, written: WrittenPlan | None, incidents: Sequence[Incident]) -> tuple[Suggestion, ...]:
    """Return what the marks speak for: larger minimum effects, then events to ignore, then priorities.

    Args:
        config: as it is now.
        written: the plan's files; None: there is no plan.
        incidents: all that is remembered; those that nobody marked say nothing.
    """
    marked = [incident for incident in incidents if incident.mark]
    minimums = tuple(_minimums(config, marked))
    settled = {name for each in minimums for name in each.incidents}
    rest = [incident for incident in marked if incident.id not in settled]
    ignored = tuple(_ignored(config, rest)) if config.plan.events else ()
    settled |= {name for each in ignored for name in each.incidents}
    rest = [incident for incident in marked if incident.id not in settled]
    return (*minimums, *ignored, *(_priorities(config, written, rest) if written else ()))


def _opening(incident: Incident) -> Finding:
    return incident.opening.finding if incident.opening else incident.headline


def _minimums(config: Config, marked: Iterable[Incident]) -> Iterator[Suggestion]:
    groups: dict[tuple[str, str], _Said] = defaultdict(_Said)
    for incident in marked:
        found = _opening(incident)
        name = LEAST.get((found.check, found.kind))
        if name and found.check in config.checks and found.effect is not None:
            groups[found.check, name].add(incident)
    for (check, name), said in sorted(groups.items()):
        now = float(getattr(config.checks[check].params, name))
        noise, useful = (sorted(map(_size, each)) for each in (said.noise, said.useful))
        if len(noise) >= ENOUGH and (new := _above(noise[-1], min(useful, default=math.inf))) and new > now:
            path = ("checks", check, name)
            yield Suggestion(
                about=About.MINIMUM,
                what=f"{check}.{name}: {_percent(new)} instead of {_percent(now)}",
                evidence=tuple(_of_sizes(noise, useful)),
                edits=(Edit(config.file, path, _percent(new).replace(" ", "")),),
                incidents=tuple(each.id for each in said.noise),
            )


def _size(incident: Incident) -> float:
    """Return the largest effect that an incident came to, of the kind that opened it."""
    kind = (_opening(incident).check, _opening(incident).kind)
    effects = (f.effect for f in (*incident.findings, _opening(incident)) if (f.check, f.kind) == kind)
    return max(abs(effect) for effect in effects if effect is not None)


def _above(noise: float, useful: float) -> float | None:
    """Return a round number above all noise and at most the least that was useful; None: they overlap.

    >>> _above(0.31, 0.6), _above(0.31, 0.33), _above(0.004, 1.0), _above(0.5, 0.4)
    (0.35, 0.32, 0.005, None)
    """
    for step in (20, 100, 1000) if noise >= 0.05 else (1000,):
        new = (math.floor(noise * step + 1e-9) + 1) / step
        if new <= useful:
            return new
    return None


def _of_sizes(noise: Sequence[float], useful: Sequence[float]) -> Iterator[str]:
    yield f"{len(noise)} alerts were called noise, of {_percent(noise[0])} to {_percent(noise[-1])}"
    if useful:
        yield f"{len(useful)} were called useful, of {_percent(useful[0])} and more"
    else:
        yield "none of this kind was called useful"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _ignored(config: Config, marked: Iterable[Incident]) -> Iterator[Suggestion]:
    groups: dict[tuple[str, str], _Said] = defaultdict(_Said)
    for incident in marked:
        found = _opening(incident)
        if found.event in config.plan.events and found.check in config.checks:
            groups[found.check, found.event or ""].add(incident)
    for (check, event), said in sorted(groups.items()):
        if said.only_noise and not config.checks[check].only:
            yield Suggestion(
                about=About.IGNORE,
                what=f"{check} ignores {event}",
                evidence=(f"{len(said.noise)} alerts of {check} on {event} were called noise, none useful",),
                edits=(Edit(config.file, ("checks", check, "ignore"), event, item=True),),
                incidents=tuple(each.id for each in said.noise),
            )


def _priorities(config: Config, written: WrittenPlan, marked: Iterable[Incident]) -> Iterator[Suggestion]:
    said: dict[str, _Said] = defaultdict(_Said)
    for incident in marked:
        for event in incident.events:
            said[event].add(incident)
    answered = Counter(question for planned in config.plan.events.values() for question in planned.answers)
    for event, planned in config.plan.events.items():
        alone = tuple(question for question in planned.answers if answered[question] == 1)
        new, why = _priority(planned.priority, said[event], len(planned.answers), alone)
        place = _place(written, event)
        if new is not None and place is not None:
            hangs = f"it helps to answer {', '.join(planned.answers)}"
            yield Suggestion(
                about=About.PRIORITY,
                what=f"{event}: priority {new} instead of {planned.priority}",
                evidence=(why, *([hangs] if planned.answers else [])),
                edits=(Edit(place, ("events", event, "priority"), str(new)),),
                incidents=tuple(each.id for each in (*said[event].noise, *said[event].useful)),
            )


def _priority(now: Priority, said: _Said, asks: int, alone: tuple[str, ...]) -> tuple[Priority | None, str]:
    """Return another priority, and why; None: it may stay. `alone`: questions that no other event answers."""
    level, useful = UP.index(now), len(said.useful)
    if said.only_noise and level >= UP.index(Priority.HIGH):
        return UP[level - 1], f"{len(said.noise)} of its alerts were called noise, none useful"
    if useful >= (TWICE if asks else ENOUGH) and not said.noise and level < UP.index(Priority.HIGH):
        return UP[level + 1], f"all {useful} of its alerts that were marked were called useful"
    if alone and level < UP.index(Priority.HIGH) and not said.noise:
        return Priority.HIGH, f"{', '.join(alone)}: no other event answers it"
    return None, ""


def _place(written: WrittenPlan, event: str) -> Path | None:
    """Return the file in which an event is written; None: one whose block cannot grow."""
    for document in written.documents:
        events: Mapping[str, object] = document.data.get("events") or {}
        if isinstance(events, dict) and event in events and isinstance(events[event], dict | None):
            return Path(document.file)
    return None
