"""Which rows of the store does an incident concern, as SQL that marks them?"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.errors import StoreError
from monitor.incidents import Incident
from monitor.stores.base import Marks, Statement, Store

EMPTY = frozenset({("drift", "null_rate"), ("schema", "required_missing")})  # what is wrong with a row is a null


def marks_of(incident: Incident) -> Marks | None:
    """Return the rows of an incident: of its time, its events and its slice; None where it is about no event."""
    if not incident.events:
        return None
    where = dict(incident.where)
    source = where.pop("source", incident.sources[0] if len(incident.sources) == 1 else None)
    headline = incident.headline
    empty = headline.property if (headline.check, headline.kind) in EMPTY else None
    return Marks(
        since=incident.begun,
        until=max(incident.last_seen, incident.begun),
        events=incident.events,
        source=source,
        where=where,
        empty=empty,
    )


def sql_for(store: Store, incident: Incident) -> Sequence[Statement]:
    """Return a query for each table that holds such rows; none where the store cannot say, or they are no rows."""
    marks = marks_of(incident)
    if marks is None or marks.since >= marks.until:
        return ()
    try:
        return store.marking(marks)
    except StoreError:
        return ()  # a message is not held back for it
