"""How do events lie in a Segment warehouse?

One schema per source; one table per event, named by Segment's snake rule; `identifies`, `pages`,
`screens` and `groups` beside them. A column is made when its first value arrives, so any may be
missing. Properties that collide with a reserved column are written with a leading underscore.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from checks.plan import Plan, PlannedEvent
from checks.slugs import RESERVED_COLUMNS as RESERVED
from checks.slugs import slug
from monitor.stores.base import StoreSettings
from monitor.stores.introspect import Columns
from monitor.stores.layouts.base import Layout
from monitor.stores.table import Column, Constant, EventTable, TableName

FIELDS = {
    "id": "id",
    "occurred_at": "timestamp",
    "sent_at": "sent_at",
    "received_at": "received_at",
    "user_id": "user_id",
    "anonymous_id": "anonymous_id",
    "app_version": "context_app_version",
}
LOADED = ("uuid_ts", "loaded_at")
CALLS = {"identifies": "identify", "pages": "page", "screens": "screen", "groups": "group"}
NOT_EVENTS = frozenset({"tracks", "users", "accounts", "aliases"})  # a union of the others, or upserted state


def schemas(settings: StoreSettings) -> tuple[str, ...]:
    """Return the schemas to introspect."""
    return tuple(settings.sources.values())


def tables(columns: Columns, settings: StoreSettings, plan: Plan) -> Iterator[EventTable]:
    """Yield the event tables of all sources, named as the plan names their events."""
    planned = {slug(name): event for name, event in reversed(tuple(plan.events.items()))}
    source_of = {schema: source for source, schema in settings.sources.items()}
    for table, found in columns.items():
        time = settings.columns.get("received_at", FIELDS["received_at"])
        if time in found and table.name.lower() not in NOT_EVENTS:
            name = CALLS.get(table.name, table.name)
            event = plan.events.get(name) or planned.get(name.lower()) or planned.get(name.lower().removeprefix("_"))
            yield _table(table, found, settings, event or PlannedEvent(name=name), source_of[table.schema])


def _table(
    table: TableName, columns: Mapping[str, Column], settings: StoreSettings, event: PlannedEvent, source: str
) -> EventTable:
    fields = {**FIELDS, **settings.columns}
    loaded = [settings.columns["loaded_at"]] if "loaded_at" in settings.columns else LOADED
    fields["loaded_at"] = next((name for name in loaded if name in columns), "")
    free = [name for name in columns if _is_property(name, fields.values())]
    properties = _properties(event, free)
    flat = [prop.name for prop in event.properties.values() if prop.type == "object" and prop.name not in properties]
    return EventTable(
        table=table,
        columns=columns,
        event=Constant(event.name),
        source=Constant(source),
        time=fields["received_at"],
        fields={field: name for field, name in fields.items() if name in columns and field != "received_at"},
        properties=properties,
        unreadable=frozenset(name for name in flat if any(column.startswith(f"{slug(name)}_") for column in free)),
    )


def _is_property(column: str, fields: Iterable[str]) -> bool:
    return column not in RESERVED and column not in fields and not column.startswith("context_")


def _properties(event: PlannedEvent, columns: Iterable[str]) -> dict[str, str]:
    """Return property -> column: planned properties under their planned name, others under the column's."""
    free = dict.fromkeys(columns)
    found = {}
    for name in event.properties:
        column = slug(name)
        candidates = (f"_{column}",) if column in RESERVED else (column, f"_{column}")
        if hit := next((candidate for candidate in candidates if candidate in free), None):
            found[name] = hit
            del free[hit]
    return found | {column: column for column in free}


LAYOUT = Layout(schemas, tables)
