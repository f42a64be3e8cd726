"""What does the pipe itself say of the messages that it lets through?

Segment and RudderStack write what a message breaks into a column of its own row, as JSON text of a
list; an empty list is none. Snowplow says in an entity that an event specification does not hold.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from monitor.stores import constructs as db
from monitor.stores import rules
from monitor.stores.rows import Expression, Rows

ENTITIES = "contexts_"  # columns of Snowplow: the entity says itself whether it is valid
NOTHING = ("", "[]", "{}", "null")  # what stands there where nothing is wrong
_BROKEN = '"isValid" *: *false'


def counted(rows: Rows, use: Callable[[Expression, str], Expression]) -> Expression | None:
    """Return the aggregate that counts the messages with something wrong; None where the table has no such column."""
    name = rows.layout.verdict
    if name is None:
        return None
    column = rows.layout.columns[name]
    raw = rows.column(name)
    if column.type in ("object", "array"):
        raw = db.json_of(raw)
    said = use(raw if column.type == "string" else db.text(raw), "verdict")
    if name.startswith(ENTITIES):
        return rules.count_if(db.matches(said, _BROKEN))
    return rules.count_if(sa.and_(said.is_not(None), said.not_in(NOTHING)))
