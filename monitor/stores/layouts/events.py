"""How do events lie in one table, with a JSON object of properties or a column for each?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checks.plan import Plan
from monitor.errors import StoreError
from monitor.stores.base import StoreSettings
from monitor.stores.introspect import Columns
from monitor.stores.layouts.base import Layout
from monitor.stores.table import NEUTRAL, Column, Constant, EventTable, TableName


def schemas(settings: StoreSettings) -> tuple[str, ...]:
    """Return the schema to introspect; none where the database's default is meant."""
    schema, _, _ = _table_name(settings).rpartition(".")
    return (schema,) if schema else ()


def tables(columns: Columns, settings: StoreSettings, plan: Plan) -> Iterator[EventTable]:
    """Yield the one table of events. A mapped column is a property too, where the plan promises it as one.

    Raises:
        StoreError: the table, or a column that the configuration names, is not there.
    """
    schema, _, name = _table_name(settings).rpartition(".")
    table = next((known for known in columns if known.name == name and schema in ("", known.schema)), None)
    if table is None:
        raise StoreError(f"the store has no table {_table_name(settings)}")
    found = columns[table]
    mapping = _mapping(found, settings)
    times = [mapping[field] for field in ("received_at", "occurred_at") if field in mapping]
    if not times:
        raise StoreError(f"table {table} has no column for received_at: map one under `columns`")
    if found[times[0]].type != "datetime":
        raise StoreError(f"column {times[0]} of {table} is not a time: it cannot be received_at")
    promised = {name for event in plan.events.values() for name in event.properties}
    used = set(mapping.values()) - promised
    bag = mapping.get("properties")
    yield EventTable(
        table=table,
        columns=found,
        event=_fixed(mapping, settings, "event", table),
        source=_fixed(mapping, settings, "source", table),
        time=times[0],
        fields={field: name for field, name in mapping.items() if field not in ("event", "source", "properties")},
        properties={} if bag else {column: column for column in found if column not in used},
        bag=bag,
    )


def _table_name(settings: StoreSettings) -> str:
    return settings.table or "events"


def _mapping(found: Mapping[str, Column], settings: StoreSettings) -> dict[str, str]:
    """Return neutral field -> column: as configured, else a column of the neutral name."""
    named = {field: name for field, name in settings.columns.items() if not name.startswith("=")}
    if missing := [name for name in named.values() if name not in found]:
        raise StoreError(f"table {_table_name(settings)} has no column {', '.join(missing)}")
    taken = set(named.values())
    same = {
        field: field for field in NEUTRAL if field in found and field not in settings.columns and field not in taken
    }
    return same | named


def _fixed(mapping: Mapping[str, str], settings: StoreSettings, field: str, table: TableName) -> str | Constant:
    """Return the column of a field, or its constant; a table that does not say is named after itself."""
    if field in mapping:
        return mapping[field]
    return Constant(settings.columns.get(field, table.name).removeprefix("="))


LAYOUT = Layout(schemas, tables)
