"""What does the sheet say that most teams start from: event, description, properties?

Two shapes, with headers in any case, order and wording. A row for each event, with its properties listed in one cell
(`order_id (string, required), total: number`). Or a row for each property, below a row for its event or with its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from checks.plan import PlannedEvent
from monitor.document import shortened
from monitor.plan.columns import known
from monitor.plan.draft import Draft
from monitor.plan.foreign import Foreign
from monitor.plan.records import Teller, event_from, listed_properties, nested, property_from
from monitor.plan.tables import Record, header_of, others, records

TITLE = "a sheet (CSV) with the columns event, description and properties"
NEED = frozenset({"event"})
_ALSO = frozenset({"description", "event_description", "properties", "property"})


def claims(file: Foreign) -> bool:
    """Say whether a file is such a sheet."""
    header = header_of(file, known(), NEED)
    return header is not None and bool(_ALSO & set(header[1].values()))


def read(files: Sequence[Foreign], draft: Draft) -> None:
    """Read the events of all files."""
    for file in files:
        header = header_of(file, known(), NEED)
        if header is None:
            draft.note(file, 1, "no row names the columns: expected 'event' and 'description' or 'properties'")
            continue
        if ignored := others(file, header):
            draft.note(file, file.data[header[0]].line, f"columns left out: {', '.join(map(shortened, ignored))}")
        _Sheet(file, draft).read(list(records(file, header)), by_property="property" in header[1].values())


class _Sheet:
    """The events of one sheet, as its rows tell them."""

    def __init__(self, file: Foreign, draft: Draft) -> None:
        self.file = file
        self.draft = draft
        self.events: dict[str, tuple[PlannedEvent, int]] = {}
        self.current = ""

    def read(self, rows: Sequence[Record], *, by_property: bool) -> None:
        """Read all rows, and hand their events on."""
        for row in rows:
            self._row(row, by_property=by_property)
        for event, line in self.events.values():
            self.draft.add(replace(event, properties=nested(event.properties)), self.file, line)

    def _row(self, row: Record, *, by_property: bool) -> None:
        tell = Teller(self.draft, self.file, row.line)
        name, prop = row["event"] or self.current, row["property"]
        if not name:
            tell("a row without an event is left out", "name the event in its row, or in one above")
            return
        self.current = name
        said = event_from(name, row, tell, alone=not (by_property and prop))
        event, line = self.events.get(name, (said, row.line))
        if event is not said:
            event = _filled(event, said)
        found = dict(event.properties)
        if prop:
            if prop in found:
                tell(f"{shortened(prop)} is there twice in {shortened(name)}: the last one is kept", "keep one of them")
            found[prop] = property_from(prop, row, tell)
        found |= {each.name: each for each in listed_properties(row.raw("properties"), tell)}
        self.events[name] = (replace(event, properties=found), line)


def _filled(event: PlannedEvent, said: PlannedEvent) -> PlannedEvent:
    """Return an event with what a later row of it says for the first time."""
    empty = PlannedEvent(name=event.name)
    fields = ("description", "owner", "priority", "sources", "action", "labels", "call", "version")
    new = {
        field: getattr(said, field)
        for field in fields
        if getattr(event, field) == getattr(empty, field) != getattr(said, field)
    }
    return replace(event, **new)
