"""How do events lie in Snowplow's `atomic.events`?

One table, in which every row is an event of any kind. What the trackers know of all events has a column
of its own; what a kind of event says of itself is in the column of its schema,
`unstruct_event_<vendor>_<name>_<version>`, and what is attached to it in `contexts_<vendor>_<name>_<version>`.
A row fills at most one of the former: together they are one JSON object, parsed once.
The collector drops no copies: an `event_id` says which event a row is, whatever its other columns hold.
Sources: snowplow/documentation (canonical event, warehouse tables), snowplow/dbt-snowplow-web.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import sqlalchemy as sa

from checks.plan import Plan
from checks.slugs import slug
from monitor.errors import StoreError
from monitor.stores import constructs as db
from monitor.stores.base import StoreSettings
from monitor.stores.introspect import Columns
from monitor.stores.layouts.base import Layout
from monitor.stores.presets import SNOWPLOW
from monitor.stores.table import Column, Constant, Derived, EventTable, Expression, SideTable, TableName

TABLE = "atomic.events"
DIMENSIONS = {
    "platform": ("platform",),
    "country": ("geo_country",),
    "region": ("geo_region",),
    "browser": ("br_family", "br_name"),
    "os": ("os_family", "os_name"),
    "device": ("dvce_type",),
    "library": ("name_tracker",),
    "library_version": ("v_tracker",),
    "locale": ("br_lang",),
    "timezone": ("os_timezone",),
    "page_host": ("page_urlhost",),
    "campaign": ("mkt_source",),
}
_PAGE = ("page_url", "page_title", "page_referrer")
ATOMIC = {  # the kinds of event whose properties have columns of their own
    "page_view": (*_PAGE, "mkt_medium", "mkt_source", "mkt_campaign", "refr_medium", "refr_source"),
    "page_ping": (*_PAGE, "pp_xoffset_min", "pp_xoffset_max", "pp_yoffset_min", "pp_yoffset_max"),
    "struct": ("se_category", "se_action", "se_label", "se_property", "se_value"),
    "transaction": ("tr_orderid", "tr_affiliation", "tr_total", "tr_tax", "tr_shipping", "tr_city", "tr_state",
                    "tr_country", "tr_currency"),
    "transaction_item": ("ti_orderid", "ti_sku", "ti_name", "ti_category", "ti_price", "ti_quantity", "ti_currency"),
}  # fmt: skip
SELF_DESCRIBING, ENTITY = "unstruct_event_", "contexts_"
SPECIFICATION = "snowplow_event_specification"  # of the entity that says whether a row keeps its specification
EVENT, PROPERTIES = "_tw_event", "_tw_properties"

Of = Callable[[str], Expression]


def schemas(settings: StoreSettings) -> tuple[str, ...]:
    """Return the schema to introspect; none where the database's default is meant."""
    named = (settings.table or TABLE, *([settings.failed] if settings.failed else []))
    return tuple(dict.fromkeys(schema for name in named if (schema := name.rpartition(".")[0])))


def tables(columns: Columns, settings: StoreSettings, plan: Plan) -> Iterator[EventTable]:
    """Yield the one table of events.

    Raises:
        StoreError: the table, or one of the columns that every such table has, is not there.
    """
    table, found = _table(columns, settings.table or TABLE)
    named = {field: _first(found, _asked(settings, field)) for field in SNOWPLOW}
    for field in ("id", "received_at"):
        if named[field] is None:
            raise StoreError(f"{table} has no column {SNOWPLOW[field][0]}, which every table of Snowplow has")
    fields = {field: column for field, column in named.items() if column}
    time, source = fields.pop("received_at"), fields.pop("source", None)
    derived = {EVENT: _event(found, plan), PROPERTIES: _properties(found)}
    computed = {EVENT: Column(EVENT, "string"), PROPERTIES: Column(PROPERTIES, "json")}
    yield EventTable(
        table=table,
        columns={column.name: column for column in found.values()} | computed,
        event=EVENT,
        source=source or Constant(table.name),
        time=time,
        fields=fields,
        properties={name: column.name for name, column in found.items() if name.startswith(ENTITY)},
        bag=PROPERTIES,
        dimensions=_dimensions(found, settings),
        derived=derived,
        verdict=next((c.name for name, c in found.items() if name.startswith(ENTITY) and SPECIFICATION in name), None),
        ids_alone=True,
    )


def beside(columns: Columns, settings: StoreSettings) -> Iterator[SideTable]:
    """Yield the table of events that the pipe refused, where the configuration names one.

    Raises:
        StoreError: it is not there.
    """
    if settings.failed is None:
        return
    table, found = _table(columns, settings.failed)
    time, event = _first(found, _asked(settings, "received_at")), _first(found, ("event_name", "event"))
    yield SideTable("failed", "", table, time, event, found)


def _table(columns: Columns, wanted: str) -> tuple[TableName, Mapping[str, Column]]:
    """Return a table, and its columns by their name in small letters."""
    schema, _, name = wanted.lower().rpartition(".")
    for table, found in columns.items():
        if table.name.lower() == name and schema in ("", table.schema.lower()):
            return table, {column.lower(): found[column] for column in found}
    raise StoreError(f"the store has no table {wanted}")


def _asked(settings: StoreSettings, field: str) -> tuple[str, ...]:
    return (settings.columns[field],) if field in settings.columns else SNOWPLOW[field]


def _first(found: Mapping[str, Column], names: tuple[str, ...]) -> str | None:
    return next((found[name.lower()].name for name in names if name.lower() in found), None)


def _dimensions(found: Mapping[str, Column], settings: StoreSettings) -> dict[str, str]:
    wanted = DIMENSIONS | {name: (column,) for name, column in settings.dimensions.items()}
    there = {name: _first(found, columns) for name, columns in wanted.items()}
    return {name: column for name, column in there.items() if column}


def _event(found: Mapping[str, Column], plan: Plan) -> Derived:
    """Return the name of an event: the plan's name for it, else that of its schema, else its kind.

    A plan may call an event as its schema, with its vendor before it (`com.acme/add_to_cart`), or in
    its own words (`Add To Cart`). A structured event has no schema of its own: it is `struct`.
    """
    vendor, name, kind = (_first(found, (column,)) for column in ("event_vendor", "event_name", "event"))
    spoken = {slug(event): event for event in reversed(list(plan.events)) if "/" not in event}
    full = [event.partition("/") for event in plan.events if "/" in event]

    def event(of: Of) -> Expression:
        plain: Expression = of(name) if name else of(kind) if kind else sa.literal("event", sa.Text())
        if name and kind:
            plain = sa.case((of(kind) == "struct", of(kind)), else_=sa.func.coalesce(of(name), of(kind)))
        cases: list[tuple[Expression, Expression]] = []
        if vendor and name:
            cases += [
                (sa.and_(of(vendor) == prefix, of(name) == last), sa.literal(f"{prefix}/{last}", sa.Text()))
                for prefix, _, last in full
            ]
        cases += [(plain == spelt, sa.literal(said, sa.Text())) for spelt, said in spoken.items() if spelt != said]
        return sa.case(*cases, else_=plain) if cases else plain

    return event


def _properties(found: Mapping[str, Column]) -> Derived:
    """Return the properties of a row as one JSON object: from the column of its schema, or from its own columns."""
    described = [column for name, column in found.items() if name.startswith(SELF_DESCRIBING)]
    kind = _first(found, ("event", "event_name"))
    written = any(column.type == "string" for column in described)  # JSON as text: so all of it is

    def properties(of: Of) -> Expression:
        cases: list[tuple[Expression, Expression]] = []
        for column in described:
            raw = of(column.name)
            cases.append((raw.is_not(None), raw if column.type == "string" else as_json(db.json_of(raw))))
        for value, names in ATOMIC.items() if kind else ():
            pairs = [part for name in names if name in found for part in _pair(name, of(found[name].name))]
            cases += [(of(kind) == value, as_json(db.json_object(*pairs)))] if kind and pairs else []
        # typed as text, which is what most databases make of objects
        return sa.type_coerce(sa.case(*cases, else_=sa.null()) if cases else as_json(db.json_object()), sa.Text())

    def as_json(made: Expression) -> Expression:
        return db.text(made) if written else made

    return properties


def _pair(name: str, value: Expression) -> tuple[Expression, Expression]:
    return sa.literal(name, sa.Text()), value


LAYOUT = Layout(schemas, tables, beside)
