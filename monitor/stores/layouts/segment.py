"""How do events lie in a Segment warehouse?

One schema per source; one table per event, named by Segment's snake rule; `identifies`, `pages`,
`screens`, `groups` and `aliases` beside them. Properties that collide with a reserved column are
written with a leading underscore, and so are names that SQL keeps for itself.
Sources: segmentio/segment-docs (connections/storage/warehouses/schema), segmentio/go-snakecase.
"""

from __future__ import annotations

from collections.abc import Iterator

from checks.plan import Plan
from checks.slugs import RESERVED_COLUMNS, slug
from monitor.stores.base import StoreSettings
from monitor.stores.introspect import Columns
from monitor.stores.layouts import warehouse
from monitor.stores.layouts.base import Layout
from monitor.stores.table import EventTable, SideTable


def spellings(name: str) -> tuple[str, ...]:
    """Return the table or column that a name becomes, and what it is called where that name is taken.

    >>> spellings("Order Completed"), spellings("id")
    (('order_completed', '_order_completed'), ('_id',))
    """
    made = slug(name)
    if not made:
        return ()  # of a name in other letters nothing is left
    return (f"_{made}",) if made in RESERVED_COLUMNS else (made, f"_{made}")


PIPE = warehouse.Pipe(spellings, RESERVED_COLUMNS)


def tables(columns: Columns, settings: StoreSettings, plan: Plan) -> Iterator[EventTable]:
    """Yield the event tables of all sources, named as the plan names their events."""
    return warehouse.tables(columns, settings, plan, PIPE)


def beside(columns: Columns, settings: StoreSettings) -> Iterator[SideTable]:
    """Yield `tracks`, `users` and `accounts` of all sources."""
    return warehouse.beside(columns, settings, PIPE)


LAYOUT = Layout(warehouse.schemas, tables, beside)
