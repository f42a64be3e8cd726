"""Is trackwatch itself able to watch?

A store that does not answer, a table that cannot be read, a check that crashes, data that
are not loaded: each is one operational incident, and never a verdict on an event.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from checks.base import Finding, Kind
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
    ("lateness", "not_loaded"): Kind(
        "No new events in the store",
        "Look at the sync history of the pipe. Events are not judged until the store is loaded again.",
    ),
}


def unreachable(error: Exception) -> Finding:
    """Return the finding that the store does not answer."""
    text = f"The event store does not answer: {error}. No event is judged until it does."
    return Finding(check=NAME, kind="store_unreachable", text=text)


def reachable() -> Finding:
    """Return the healthy finding that the store answers."""
    return Finding(check=NAME, kind="store_unreachable", relevant=False)


def loaded(newest: dt.datetime | None, now: dt.datetime, patience: dt.timedelta) -> Finding:
    """Return whether the store was loaded lately; `newest` is the newest time in it, None where it is empty."""
    if newest is None:
        text = "The store holds no events in the time that is watched."
    else:
        hours = (now - newest) / dt.timedelta(hours=1)
        text = (
            f"The newest event in the store is {hours:,.0f} hours old. No event is judged until newer ones are loaded."
        )
    late = newest is None or now - newest > patience
    return Finding(check="lateness", kind="not_loaded", since=newest, relevant=late, text=text)


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
