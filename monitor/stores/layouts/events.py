"""How do events lie in one table, with an object of properties (JSON, struct or map) or a column for each?

Which column is which field is said under `columns`, known from a `preset` (the export tables of
Amplitude, Mixpanel and PostHog), or told by its name. Times may be kept as times, as text in ISO 8601,
or as numbers since 1970: `times` says which, and what they count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

from checks.plan import Plan
from monitor.errors import StoreError
from monitor.stores import constructs as db
from monitor.stores.base import StoreSettings
from monitor.stores.introspect import Columns
from monitor.stores.layouts.base import Layout
from monitor.stores.presets import PRESETS, Preset
from monitor.stores.table import NEUTRAL, Column, Constant, Derived, EventTable, Expression, TableName

TIMES = ("received_at", "occurred_at", "sent_at", "loaded_at")
NUMBERS = ("integer", "number")
HINTS = {
    "string": "; if it spells times in ISO 8601, write `times: text`",
    **dict.fromkeys(NUMBERS, "; if it counts from 1970, write `times: seconds` (or milliseconds, microseconds)"),
}
PROPERTIES = "_tw_properties"  # a struct or map as JSON
DIMENSIONS = (
    *("app_version", "app_build", "platform", "os", "os_version", "device", "browser"),
    *("country", "region", "locale", "timezone", "library", "library_version", "page_host", "campaign"),
)
NOTHING = Preset("", (), {})

Unit = Literal["seconds", "milliseconds", "microseconds"]


def schemas(settings: StoreSettings) -> tuple[str, ...]:
    """Return the schema to introspect; none where the database's default is meant."""
    schema, _, _ = _table_name(settings).rpartition(".")
    return (schema,) if schema else ()


def tables(columns: Columns, settings: StoreSettings, plan: Plan) -> Iterator[EventTable]:
    """Yield the one table of events. A mapped column is a property too, where the plan promises it as one.

    Raises:
        StoreError: the table, or a column that the configuration names, is not there; or no time can be read.
    """
    table, found = _table(columns, settings)
    mapping = _mapping(found, settings)
    columns_of_times = {mapping[field] for field in TIMES if field in mapping}
    found = {name: _timed(column, settings) if name in columns_of_times else column for name, column in found.items()}
    time = mapping[_needed(mapping, found, table, settings)]
    known = {field: name for field, name in mapping.items() if field not in TIMES or found[name].type == "datetime"}
    promised = {name for event in plan.events.values() for name in event.properties}
    used = set(mapping.values()) - promised
    bag, derived = _bag(mapping, found)
    yield EventTable(
        table=table,
        columns=found | {name: Column(name, "json") for name in derived},
        event=_fixed(known, settings, "event", table),
        source=_fixed(known, settings, "source", table),
        time=time,
        fields={field: name for field, name in known.items() if field not in ("event", "source", "properties")},
        properties={} if bag else {column: column for column in found if column not in used},
        bag=bag,
        dimensions={name: known[name] for name in known.keys() & {"app_version"}} | _dimensions(found, settings),
        derived=derived,
    )


def _table_name(settings: StoreSettings) -> str:
    return settings.table or "events"


def _table(columns: Columns, settings: StoreSettings) -> tuple[TableName, Mapping[str, Column]]:
    schema, _, name = _table_name(settings).rpartition(".")
    exact = [t for t in columns if t.name == name and schema in ("", t.schema)]
    alike = [t for t in columns if t.name.lower() == name.lower() and schema.lower() in ("", t.schema.lower())]
    for table in (*exact, *alike):  # names in capitals are how Snowflake writes those that were not quoted
        return table, columns[table]
    raise StoreError(f"the store has no table {_table_name(settings)}")


def _mapping(found: Mapping[str, Column], settings: StoreSettings) -> dict[str, str]:
    """Return neutral field -> column: as configured, else as the preset knows it, else a column of the neutral name."""
    lower = {name.lower(): name for name in reversed(list(found))}
    named = {field: name for field, name in settings.columns.items() if not name.startswith("=")}
    there = {field: name if name in found else lower.get(name.lower()) for field, name in named.items()}
    if missing := [named[field] for field, name in there.items() if name is None]:
        raise StoreError(f"table {_table_name(settings)} has no column {', '.join(missing)}")
    mapping = {field: name for field, name in there.items() if name}
    known = _preset(settings).fields
    for field in NEUTRAL:
        if field not in settings.columns:
            likely = [lower[name.lower()] for name in known.get(field, ()) if name.lower() in lower]
            usable = [n for n in likely if field not in TIMES or _timed(found[n], settings).type == "datetime"]
            free = [name for name in (*usable, lower.get(field)) if name and name not in mapping.values()]
            if free:
                mapping[field] = free[0]
    return mapping


def _preset(settings: StoreSettings) -> Preset:
    return next((preset for preset in PRESETS if preset.name == settings.preset), NOTHING)


def _timed(column: Column, settings: StoreSettings) -> Column:
    """Return a column of times as what it is: a time, a text that spells one, or a number since 1970."""
    if column.type == "string" and settings.times == "text":
        return replace(column, type="datetime", clock="text", aware=True)
    unit = _unit(column, settings)
    if column.type in NUMBERS and unit:
        return replace(column, type="datetime", clock=unit, aware=True, counts=column.type == "integer")
    return column


def _unit(column: Column, settings: StoreSettings) -> Unit | None:
    """Return what a column of numbers counts: a name that says it (`mp_processing_time_ms`) goes before `times`."""
    if column.name.lower().endswith("_ms"):
        return "milliseconds"
    return settings.times if settings.times != "text" else None


def _needed(mapping: Mapping[str, str], found: Mapping[str, Column], table: TableName, settings: StoreSettings) -> str:
    """Return the field by which rows are counted. Raise when there is none, or what the configuration names is none."""
    fields = [field for field in ("received_at", "occurred_at") if field in mapping]
    if not fields:
        raise StoreError(f"table {table} has no column for received_at: map one under `columns`")
    for field in dict.fromkeys([fields[0], *(field for field in TIMES if field in settings.columns.keys() & mapping)]):
        column = found[mapping[field]]
        if column.type != "datetime":
            hint = HINTS.get(column.type, "")
            raise StoreError(f"column {column.name} of {table} is not a time: it cannot be {field}{hint}")
    return fields[0]


def _bag(mapping: Mapping[str, str], found: Mapping[str, Column]) -> tuple[str | None, dict[str, Derived]]:
    """Return the column of a JSON object with the properties, computed from a struct or map where it is one."""
    column = mapping.get("properties")
    if column is None or found[column].type != "object":
        return column, {}

    def as_json(of: Callable[[str], Expression]) -> Expression:
        return db.json_of(of(column))

    return PROPERTIES, {PROPERTIES: as_json}


def _dimensions(found: Mapping[str, Column], settings: StoreSettings) -> dict[str, str]:
    """Return dimension -> column: as configured, as the preset knows them, or columns of a dimension's own name."""
    if missing := [column for column in settings.dimensions.values() if column not in found]:
        raise StoreError(f"table {_table_name(settings)} has no column {', '.join(missing)}")
    lower = {name.lower(): name for name in reversed(list(found))}
    wanted = {name: (name,) for name in DIMENSIONS} | dict(_preset(settings).dimensions)
    there = {name: next((lower[c] for c in columns if c in lower), None) for name, columns in wanted.items()}
    return {name: column for name, column in there.items() if column} | dict(settings.dimensions)


def _fixed(mapping: Mapping[str, str], settings: StoreSettings, field: str, table: TableName) -> str | Constant:
    """Return the column of a field, or its constant; a table that does not say is named after itself."""
    if field in mapping:
        return mapping[field]
    return Constant(settings.columns.get(field, table.name).removeprefix("="))


LAYOUT = Layout(schemas, tables)
