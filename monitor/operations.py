"""Is trackwatch itself able to watch?

A store that does not answer, a table that cannot be read, a check that crashes, data that
are not loaded: each is one operational incident, and never a verdict on an event.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from checks.base import Finding, Kind
from monitor.gate import TOGETHER, Gate, State
from monitor.incidents import Incident
from monitor.stores.base import TableFailure

NAME = "operations"  # the name of the check under which trackwatch reports on itself

KINDS: Mapping[tuple[str, str], Kind] = {
    (NAME, "store_unreachable"): Kind(
        "The event store does not answer",
        "See whether the store is up, and whether trackwatch's user may still connect. Nothing is judged meanwhile.",
    ),
    (NAME, "table_unreadable"): Kind(
        "{subject} cannot be read", "Look at the rights of trackwatch's database user, and at recent schema changes."
    ),
    (NAME, "check_crashed"): Kind(
        "The check {check} crashed", "This is a fault of trackwatch, or of your own check: see the log of the run."
    ),
    (NAME, "evaluation_late"): Kind(
        "trackwatch is late",
        "See the log of the service, and whether the event store takes longer to answer than it used to.",
        spoils=False,
    ),
    (NAME, "channel_broken"): Kind(
        "Channel {check} takes no messages",
        "Repair it, and try it with trackwatch alert test. What waits is sent when it works again.",
        spoils=False,
    ),
    (NAME, "cannot_fire"): Kind(
        "The check {check} can never find anything",
        "Correct its settings, or switch it off: what watches nothing should not look as if it did.",
        spoils=False,
    ),
    (NAME, "configuration_refused"): Kind(
        "The changed configuration is wrong, the old one is used",
        "Run trackwatch validate on it; it is taken over as soon as it is right.",
        spoils=False,
    ),
    ("lateness", "not_loaded"): Kind(
        "{subject} has no new events",
        "Look at the sync history of the pipe. What depends on it is judged as soon as it is loaded again.",
    ),
}


def unreachable(error: Exception) -> Finding:
    """Return the finding that the store does not answer."""
    text = f"The event store does not answer: {error}. No event is judged until it does."
    return Finding(check=NAME, kind="store_unreachable", text=text)


def reachable() -> Finding:
    """Return the healthy finding that the store answers."""
    return Finding(check=NAME, kind="store_unreachable", relevant=False)


def loaded(gates: Mapping[str, Gate], now: dt.datetime) -> list[Finding]:
    """Return whether the store is loaded when it usually is, and whether each of its sources is.

    Where nothing is loaded at all, the store says so once, and none of its sources.
    """
    late = {name: gate for name, gate in gates.items() if gate.state is State.LATE}
    newest = max((gate.newest for gate in gates.values()), default=None)
    came_last = max((gate.newest for gate in late.values()), default=None)
    whole = newest is None or (came_last is not None and newest - came_last < TOGETHER)
    findings = [_store_loaded(newest, now, late=whole)]
    return findings + [_source_loaded(name, gate, now, late=name in late and not whole) for name, gate in gates.items()]


def _store_loaded(newest: dt.datetime | None, now: dt.datetime, *, late: bool) -> Finding:
    if newest is None:
        text = "The store holds no events in the time that is watched."
    else:
        text = f"The newest event in the store is {_hours(now - newest)} old. No event is judged until it is loaded."
    return Finding(check="lateness", kind="not_loaded", since=newest, relevant=late, text=text if late else "")


def _source_loaded(source: str, gate: Gate, now: dt.datetime, *, late: bool) -> Finding:
    text = (
        f"{source} was last loaded {_hours(now - gate.newest)} ago, {_hours(gate.overdue)} later than it usually is, "
        "while others were. Its events, and totals that it is part of, are not judged until it is loaded."
    )
    return Finding(
        check="lateness",
        kind="not_loaded",
        property=source,  # as a table that cannot be read: each is an incident of its own
        since=gate.newest,
        relevant=late,
        text=text if late else "",
    )


def _hours(length: dt.timedelta) -> str:
    hours = max(round(length / dt.timedelta(hours=1)), 1)
    return f"{hours:,} hour{'s' * (hours != 1)}"


def unreadable(failures: Iterable[TableFailure]) -> list[Finding]:
    """Return a finding for each event whose table could not be read, and for a table that holds many."""
    return [
        Finding(
            check=NAME,
            kind="table_unreadable",
            event=event,
            property=None if event else failure.table,
            text=f"{failure.table} cannot be read: {failure.reason}. {event or 'What it holds'} was not judged.",
        )
        for failure in failures
        for event in failure.events or (None,)
    ]


def recovered(known: Sequence[Incident], findings: Sequence[Finding], kind: str) -> list[Finding]:
    """Return a healthy finding for each incident of one operational kind that nothing speaks of any more.

    Args:
        known: incidents.
        findings: all that was just found of that kind: who has not looked may not call anything recovered.
        kind: such as `check_crashed`.
    """
    spoken = {(f.kind, f.event, f.property) for f in findings if f.check == NAME}
    return [
        Finding(check=NAME, kind=f.kind, event=f.event, property=f.property, relevant=False)
        for incident in known
        for f in incident.findings
        if f.check == NAME and f.kind == kind and (f.kind, f.event, f.property) not in spoken
    ]
