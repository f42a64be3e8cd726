"""What does the schema of a Segment source say, exported as CSV: what was sent, planned or not?

A row for each event and property (or each trait), with counts. Source: Segment's documentation of schema exports.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from checks.plan import PlannedEvent, PlannedProperty
from monitor.plan.draft import Draft
from monitor.plan.foreign import Foreign
from monitor.plan.tables import header_of, others, records

TITLE = "Segment source schema (CSV)"
KNOWN = {
    "event name": "event",
    "property name": "property",
    "trait name": "trait",
    "last seen at": "seen",
    "last seen at utc": "seen",
    "planned": "planned",
    "allowed": "allowed",
    "blocked": "blocked",
    "total": "total",
}
TRACK, TRAITS = frozenset({"event", "seen", "total"}), frozenset({"trait", "seen", "total"})


def claims(file: Foreign) -> bool:
    """Say whether a file is such an export."""
    return header_of(file, KNOWN, TRACK) is not None or header_of(file, KNOWN, TRAITS) is not None


def read(files: Sequence[Foreign], draft: Draft) -> None:
    """Read the names of events and properties, and count what was never planned and what was blocked."""
    for file in files:
        traits = header_of(file, KNOWN, TRACK) is None
        header = header_of(file, KNOWN, TRAITS if traits else TRACK)
        if header is None:
            continue
        call = "group" if "group" in file.path.name.lower() else "identify"
        found: dict[str, tuple[PlannedEvent, int]] = {}
        unplanned = 0
        for row in records(file, header):
            name = call if traits else row["event"]
            event, line = found.get(name, (PlannedEvent(name=name, call=call if traits else "track"), row.line))  # type: ignore[arg-type]
            prop = row["trait"] if traits else row["property"]
            unplanned += row["planned"].lower() == "unplanned"
            if prop:
                event = replace(event, properties={**event.properties, prop: PlannedProperty(name=prop)})
            found[name] = (event, line)
        for event, line in found.values():
            draft.add(event, file, line)
        _tell(file, others(file, header), unplanned, draft)


def _tell(file: Foreign, labels: list[str], unplanned: int, draft: Draft) -> None:
    if unplanned:
        draft.note(file, 1, f"{unplanned:,} rows were not planned so far, and are now", "review what they are")
    if labels:
        draft.note(file, 1, f"the columns {', '.join(labels)} are left out: a plan has no place for them")
