"""What can be taken away, in which order, and what is saved by it?

Pure, from what is remembered: the open notices of the check `unused`, the snapshot of what the store holds, and what
the survey of queries found. The order is that of the harm that a mistake could do: first what holds no data, last what
holds data that nobody was seen to read; among equals, what saves most comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from checks.base import Usage
from checks.plan import Plan
from monitor.incidents import Incident
from monitor.inventory import HeldEvent, HeldProperty, Inventory

# kind -> step; within a step the order is free
STEPS: Mapping[str, int] = {
    **dict.fromkeys(("never_sent", "event_never_seen", "never_seen"), 1),
    "always_null": 2,
    **dict.fromkeys(("copy", "constant"), 3),
    "no_longer_sent": 4,
    "never_queried": 5,
    "unique": 6,
}
LAST = 7  # what something reads, or the plan has a use for: change that first
ADVICE: Mapping[int, str] = {
    1: "take it out of the plan: there is no data to lose",
    2: "stop sending it, drop the column: it is empty",
    3: "stop sending it, then drop it: it says nothing that is not said without it",
    4: "drop it once nobody needs the old values",
    5: "ask its owner; stop sending it, wait a month, then drop it",
    6: "send a category instead, then drop it",
    7: "change what reads it first",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanUp:
    """One event or property that can go."""

    step: int  # 1 first: see ADVICE
    event: str
    property: str | None  # None: the event as a whole, and all its properties
    kinds: tuple[str, ...]  # of `unused`: why
    text: str  # the sentence of the first of them
    rows: int  # values that it holds; messages, of an event
    bytes: int | None  # that it takes; None: the store does not say
    read: bool | None  # whether any query reads it; None: no query was seen
    planned: bool
    needed: str = ""  # what the plan says that it is for

    def advice(self) -> str:
        """Return what to do."""
        return ADVICE[self.step]

    def is_blocked(self) -> bool:
        """Say whether something else has to change first."""
        return self.step == LAST


def cleanup_list(
    incidents: Iterable[Incident], plan: Plan, inventory: Inventory | None, usage: Usage | None
) -> tuple[CleanUp, ...]:
    """Return what can go, in a safe order.

    Args:
        incidents: all that are open; those of other checks are not looked at.
        plan: what is promised, and what for.
        inventory: what the store holds; None: not known yet.
        usage: what anybody reads; None: nobody said where queries lie.
    """
    found: dict[tuple[str, str | None], CleanUp] = {}
    for incident in incidents:
        for finding in incident.findings if incident.is_open else ():
            if finding.event is None or not finding.relevant or (finding.check, finding.kind) not in _WANTED:
                continue
            subject = finding.event, finding.property
            item = found.get(subject) or _item(subject, finding.kind, finding.text, plan, inventory, usage)
            kinds = tuple(sorted({*item.kinds, finding.kind}, key=lambda kind: (STEPS[kind], kind)))
            found[subject] = replace(item, kinds=kinds, step=item.step if item.step == LAST else STEPS[kinds[0]])
    whole = {event for event, prop in found if prop is None}
    alone = [item for item in found.values() if item.property is None or item.event not in whole]
    return tuple(sorted(alone, key=_order))


def _order(item: CleanUp) -> tuple[int, int, int, str, str]:
    return item.step, -(item.bytes or 0), -item.rows, item.event, item.property or ""


_WANTED = {("unused", kind) for kind in STEPS} | {("missing", "never_seen")}


def saved(items: Sequence[CleanUp]) -> tuple[int, int | None]:
    """Return the values and the bytes that go if all of it goes; no bytes where the store says none."""
    known = [item.bytes for item in items if item.bytes is not None]
    return sum(item.rows for item in items), sum(known) if known else None


def removable(items: Iterable[CleanUp]) -> tuple[tuple[str, ...], ...]:
    """Return where the plan writes down what can go without anything being changed first, as paths of the plan."""
    going = [item for item in items if item.planned and not item.is_blocked()]
    return tuple(
        ("events", item.event) if item.property is None else ("events", item.event, "properties", item.property)
        for item in going
    )


def _item(
    subject: tuple[str, str | None], kind: str, text: str, plan: Plan, inventory: Inventory | None, usage: Usage | None
) -> CleanUp:
    event, prop = subject
    held = inventory.events.get(event, HeldEvent()) if inventory else HeldEvent()
    column = held.properties.get(prop, HeldProperty()) if prop else None
    read = None if usage is None else ((event, prop) in usage.properties if prop else event in usage.events)
    needed = _needed(plan, event, prop)
    later = bool(read) or (bool(needed) and STEPS[kind] > 1)
    planned = plan.events.get(event)
    return CleanUp(
        step=LAST if later else STEPS[kind],
        event=event,
        property=prop,
        kinds=(kind,),
        text=text,
        rows=column.values if column else held.rows,
        bytes=column.bytes if column else held.bytes,
        read=read,
        planned=planned is not None and (prop is None or prop in planned.properties),
        needed=needed,
    )


def _needed(plan: Plan, event: str, prop: str | None) -> str:
    """Return what the plan says that something is for, beside being sent."""
    planned = plan.events.get(event)
    if planned is None:
        return ""
    if prop is not None:
        own = planned.properties.get(prop)
        return "it identifies one occurrence" if own and own.key else ""
    if planned.action:
        return planned.action
    return f"it helps to answer {', '.join(planned.answers)}" if planned.answers else ""
