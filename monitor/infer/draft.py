"""Which plan do the events in a store keep, and why is each of its rules believed?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checks.base import Stat
from checks.plan import CALLS, Plan, PlannedEvent, PlannedProperty
from checks.words import number
from monitor.infer.asking import Answered, Window, ask, held_back
from monitor.infer.evidence import SeenEvent
from monitor.infer.relations import Pair, proposals
from monitor.infer.weigh import Weighed, told, weigh
from monitor.stores.base import Store, TableFailure

if TYPE_CHECKING:
    import pandas as pd

Place = tuple[str, str | None]  # event, and property
BREAKING = {  # measure of the weeks that were kept back -> the rules that a value of it breaks
    f"{Stat.MISTYPED}.type": ("type",),
    f"{Stat.OUTSIDE}.enum": ("enum",),
    f"{Stat.OUTSIDE}.range": ("min", "max"),
    f"{Stat.OUTSIDE}.format": ("format",),
}
FEW_MESSAGES = 5  # from a source: it may be a trial


@dataclass(frozen=True, slots=True)
class Inferred:
    """A plan that the events keep, the last weeks included, and what is to be said of it."""

    plan: Plan
    remarks: Mapping[Place, tuple[str, ...]]  # evidence, and doubts that begin with `? `
    weighed: Mapping[tuple[str, str], Weighed]
    proposals: tuple[tuple[str, str], ...]  # event, and a line that could stand in its plan
    failures: tuple[TableFailure, ...]
    statements: int
    rows: int


def infer(store: Store, window: Window, only: Sequence[str] = ()) -> Inferred:
    """Learn a plan from the first weeks of a window, and keep what the last ones do not break.

    Args:
        store: where the events lie.
        window: which weeks.
        only: these events; none named: all.

    Raises:
        StoreError: the store does not answer.
        UsageError: nothing came in that time.
    """
    answered = ask(store, window, only)
    weighed = {
        (event.name, prop.name): weigh(prop, window.weeks)
        for event in answered.events.values()
        for prop in event.properties.values()
        if prop.values > 0
    }
    kept = held_back(store, window, _plan(answered, weighed), answered.pairs)
    frame = kept.frame
    for (event, name), found in weighed.items():
        _hold(found, frame[(frame["event"] == event) & (frame["property"] == name)])
    remarks: dict[Place, tuple[str, ...]] = {}
    for each in answered.events.values():
        remarks[each.name, None] = tuple(_of_event(each, window))
    remarks |= {place: tuple(told(found)) for place, found in weighed.items()}
    return Inferred(
        plan=_plan(answered, weighed),
        remarks=remarks,
        weighed=weighed,
        proposals=tuple(proposals({pair: _preceded(pair, frame) for pair in answered.pairs})),
        failures=answered.failures,
        statements=answered.statements + kept.statements,
        rows=answered.rows + kept.rows,
    )


def _plan(answered: Answered, weighed: Mapping[tuple[str, str], Weighed]) -> Plan:
    several = len({source for event in answered.events.values() for source in event.rows}) > 1
    events = {
        event.name: PlannedEvent(
            name=event.name,
            call=event.name if event.name in CALLS else "track",  # type: ignore[arg-type]
            sources=dict.fromkeys(sorted(_sources(event)), "") if several else {},
            properties={
                name: PlannedProperty(name=name, **weighed[event.name, name].rules)
                for name in event.properties
                if (event.name, name) in weighed
            },
        )
        for event in answered.events.values()
    }
    return Plan(events=events)


def _sources(event: SeenEvent) -> list[str]:
    return [source for source, rows in event.rows.items() if rows >= FEW_MESSAGES]


def _of_event(event: SeenEvent, window: Window) -> Iterator[str]:
    sent = ", ".join(f"{source} {number(rows)}" for source, rows in sorted(event.rows.items()))
    yield f"{number(event.messages)} messages on {event.days} days of {window.weeks:.0f} weeks: {sent}"
    few = [source for source in event.rows if source not in _sources(event)]
    if few:
        yield f"? fewer than {FEW_MESSAGES} messages from {', '.join(few)}: a trial?"


def _hold(found: Weighed, frame: pd.DataFrame) -> None:
    """Take back the rules that the weeks which were kept back break."""
    counts = frame.groupby("measure")["value"].sum()
    for measure, rules in BREAKING.items():
        if counts.get(measure, 0):
            _take_back(found, rules, counts[measure], "values")
    nulls = frame[frame["measure"] == Stat.NULLS]
    if "required" in found.rules and len(nulls):
        _take_back(found, ("required",), nulls["value"].sum(), "rows")
    mine = nulls[nulls["source"].isin(found.rules.get("required_from", ()))]
    if len(mine):
        _take_back(found, ("required_from",), mine["value"].sum(), "rows")


def _take_back(found: Weighed, rules: Sequence[str], count: float, what: str) -> None:
    for rule in rules:
        if rule in found.rules:
            why = found.evidence.pop(rule, "")
            said = f"{rule}: {found.rules.pop(rule)}".replace("_", " ")
            because = f" ({why})" if why else ""
            found.doubts.append(f"{said}{because}, but {number(count)} {what} of the last weeks break it")


def _preceded(pair: Pair, frame: pd.DataFrame) -> float | None:
    """Return the share of messages that have the other event before them; None where nobody can be told."""
    own = frame[frame["event"] == pair.of]
    rows = own[(own["measure"] == Stat.ROWS) & (own["grain"] == "day")]["value"].sum()
    alone = own[(own["measure"] == f"{Stat.UNPRECEDED}.after") & (own["label"] == pair.to)]["value"].sum()
    return float(1 - alone / rows) if rows else None
