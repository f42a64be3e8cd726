"""How do events lie in a warehouse that is filled with one schema per source and one table per event?

Segment and RudderStack do it alike: `tracks` holds all track calls without their properties, each
event has a table of its own beside it, other calls have theirs; `users` and `accounts` are upserted.
A column is made when its first value arrives, so any may be missing. What they do not share is how
they spell names, and which they keep for themselves: a `Pipe`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa

from checks.plan import Plan, PlannedEvent
from checks.slugs import LENGTH, POSTGRES_LENGTH
from monitor.stores.base import StoreSettings
from monitor.stores.introspect import Columns
from monitor.stores.layouts.environments import environment
from monitor.stores.table import Column, Constant, Derived, EventTable, Expression, Role, SideTable, TableName

FIELDS = {
    "id": ("id",),
    "occurred_at": ("timestamp", "_timestamp"),
    "sent_at": ("sent_at",),
    "received_at": ("received_at",),
    "loaded_at": ("uuid_ts", "loaded_at"),
    "user_id": ("user_id",),
    "anonymous_id": ("anonymous_id",),
    "app_version": ("context_app_version",),
}
DIMENSIONS = {
    "app_version": ("context_app_version",),
    "app_build": ("context_app_build",),
    "platform": ("context_device_type", "context_os_name"),
    "os": ("context_os_name",),
    "os_version": ("context_os_version",),
    "device": ("context_device_model",),
    "library": ("context_library_name",),
    "library_version": ("context_library_version",),
    "locale": ("context_locale",),
    "timezone": ("context_timezone",),
    "country": ("context_location_country",),
    "campaign": ("context_campaign_source",),
}
USER_AGENT, PAGE_URL = "context_user_agent", "context_page_url"
DERIVED = {"_tw_browser": "browser", "_tw_environment": "environment"}  # computed column -> dimension
CALLS = {"identifies": "identify", "pages": "page", "screens": "screen", "groups": "group", "aliases": "alias"}
SEEN_AS = {"page": "Page Viewed", "screen": "Screen Viewed"}  # what the plans of both pipes call such a call
STATE = frozenset({"users", "accounts"})  # upserted: a row is a user as of now, not something that happened
ALL_TRACKS = "tracks"
VIOLATIONS = "violation_generated"  # what Segment's Protocols forwards, into the schema of a source
VERDICTS = ("context_protocols_violations", "context_violation_errors")  # Segment's, RudderStack's
_BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "SamsungBrowser/": "Samsung", "Firefox/": "Firefox", "FxiOS/": "Firefox",
             "CriOS/": "Chrome", "Chrome/": "Chrome", "Safari/": "Safari"}  # fmt: skip  # the first that is named


@dataclass(frozen=True, slots=True)
class Pipe:
    """How a service spells names, and which it keeps for itself."""

    spellings: Callable[[str], tuple[str, ...]]  # of a name as sent: what table or column may come of it
    reserved: frozenset[str]  # columns that are never a property
    discards: str | None = None  # the table of values that did not fit their column


@dataclass(frozen=True, slots=True)
class _Found:
    """One table, its columns by their name in small letters: Snowflake writes all names in capitals."""

    table: TableName
    name: str
    columns: Mapping[str, Column]

    @classmethod
    def of(cls, table: TableName, columns: Mapping[str, Column]) -> _Found:
        return cls(table, table.name.lower(), {name.lower(): column for name, column in columns.items()})

    def first(self, names: Iterable[str]) -> str | None:
        """Return the first of several columns that is there, as the database writes it."""
        return next((self.columns[name.lower()].name for name in names if name.lower() in self.columns), None)


def schemas(settings: StoreSettings) -> tuple[str, ...]:
    """Return the schemas to introspect."""
    return tuple(settings.sources.values())


def tables(columns: Columns, settings: StoreSettings, plan: Plan, pipe: Pipe) -> Iterator[EventTable]:
    """Yield the tables of all sources in which a row is something that happened, named as the plan names them."""
    planned = _planned(plan, pipe)
    for source, found in _by_source(columns, settings):
        there = {each.name for each in found}
        for each in found:
            if not _happened(each, settings, pipe):
                continue
            event = _call(each.name, plan, there, pipe) or planned.get(each.name) or PlannedEvent(name=each.name)
            yield _event_table(each, settings, event, source, pipe)


def beside(columns: Columns, settings: StoreSettings, pipe: Pipe) -> Iterator[SideTable]:
    """Yield the tables that say something of events, but hold none of their own."""
    roles: dict[str, Role] = {ALL_TRACKS: "tracks", VIOLATIONS: "violations", **dict.fromkeys(STATE, "state")}
    roles |= {pipe.discards: "discards"} if pipe.discards else {}
    for source, found in _by_source(columns, settings):
        for each in found:
            if role := roles.get(each.name):
                time = each.first(_named(settings, "received_at"))
                event = each.first({"violations": ("event_name",), "discards": ("table_name",)}.get(role, ("event",)))
                yield SideTable(role, source, each.table, time, event, each.columns)


def _by_source(columns: Columns, settings: StoreSettings) -> Iterator[tuple[str, list[_Found]]]:
    for source, schema in settings.sources.items():
        mine = [_Found.of(t, found) for t, found in columns.items() if t.schema.lower() == schema.lower()]
        yield source, _deduplicated(mine) if _views(settings) else mine


def _views(settings: StoreSettings) -> bool:
    return settings.url.startswith("bigquery") if settings.views is None else settings.views


def _deduplicated(found: list[_Found]) -> list[_Found]:
    """Put `order_completed_view` in the place of `order_completed`: in BigQuery only the view is free of copies.

    A table whose own view is there as well is an event called "… View", and no view of another.
    """
    by_name = {each.name: each for each in found}
    pairs = {name: by_name[f"{name}_view"] for name in by_name if f"{name}_view" in by_name}
    views = {name: view for name, view in pairs.items() if view.name not in pairs and _shows(view, by_name[name])}
    hidden = {view.name for view in views.values()}
    kept = [each for each in found if each.name not in hidden]
    return [replace(views[each.name], name=each.name) if each.name in views else each for each in kept]


def _shows(view: _Found, table: _Found) -> bool:
    return view.columns.keys() >= table.columns.keys() - {"_partitiontime"}


def _happened(found: _Found, settings: StoreSettings, pipe: Pipe) -> bool:
    if found.name in STATE or found.name in (ALL_TRACKS, VIOLATIONS, pipe.discards):
        return False
    return found.first(_named(settings, "received_at")) is not None


def _named(settings: StoreSettings, field: str) -> tuple[str, ...]:
    return (settings.columns[field],) if field in settings.columns else FIELDS[field]


def _planned(plan: Plan, pipe: Pipe) -> Mapping[str, PlannedEvent]:
    """Return table -> event: by the event's own name, then by its likeliest spelling; the first of the plan wins."""
    spelt = [(_cut(pipe.spellings(e.name)), e) for e in reversed(list(plan.events.values())) if e.call == "track"]
    found: dict[str, PlannedEvent] = {}
    for place in reversed(range(max((len(names) for names, _ in spelt), default=0))):
        found |= {names[place]: event for names, event in spelt if place < len(names)}
    return found | {event.name.lower(): event for _, event in spelt}


def _call(name: str, plan: Plan, there: set[str], pipe: Pipe) -> PlannedEvent | None:
    """Return what the plan calls the call whose table this is.

    A page call is "Page Viewed" in many plans, unless there is a track call of that name too.
    """
    call = CALLS.get(name)
    if call is None:
        return None
    ours = [event for event in plan.events.values() if event.call == call]
    shown = plan.events.get(SEEN_AS.get(call, ""))
    if shown is not None and there.isdisjoint(_cut(pipe.spellings(shown.name))):
        ours.append(shown)
    return plan.events.get(call) or (ours[0] if len(ours) == 1 else PlannedEvent(name=call))


def _event_table(found: _Found, settings: StoreSettings, event: PlannedEvent, source: str, pipe: Pipe) -> EventTable:
    named = {field: found.first(_named(settings, field)) for field in FIELDS}
    fields = {field: column for field, column in named.items() if column}
    time = fields.pop("received_at")
    reserved = pipe.reserved | {column.lower() for column in fields.values()} | {time.lower()}
    free = [name for name in found.columns if name not in reserved and not name.startswith("context_")]
    properties = _properties(event, free, pipe)
    derived = _derived(found)
    columns = {column.name: column for column in found.columns.values()}
    return EventTable(
        table=found.table,
        columns=columns | {name: Column(name, "string") for name in derived},
        event=Constant(event.name),
        source=Constant(source),
        time=time,
        fields=fields,
        properties={name: found.columns[column].name for name, column in properties.items()},
        dimensions={DERIVED[name]: name for name in derived} | _dimensions(found, settings),
        derived=derived,
        verdict=found.first(VERDICTS),
        unreadable=frozenset(_unreadable(event, properties, free, pipe)),
    )


def _properties(event: PlannedEvent, columns: Iterable[str], pipe: Pipe) -> dict[str, str]:
    """Return property -> column: planned properties under their planned name, others under the column's."""
    free = dict.fromkeys(columns)
    found = {}
    for name in event.properties:
        if hit := next((spelt for spelt in _cut(pipe.spellings(name)) if spelt in free), None):
            found[name] = hit
            del free[hit]
    return found | {column: column for column in free}


def _unreadable(event: PlannedEvent, found: Mapping[str, str], free: Iterable[str], pipe: Pipe) -> Iterator[str]:
    """Yield planned properties that no column can show: objects that were flattened, names that the pipe drops."""
    for prop in event.properties.values():
        likely = next(iter(pipe.spellings(prop.name)), "") if prop.name not in found else ""
        flat = prop.type == "object" and any(column.startswith(f"{likely}_") for column in free)
        if likely and (flat or likely in pipe.reserved):
            yield prop.name


def _dimensions(found: _Found, settings: StoreSettings) -> dict[str, str]:
    wanted = DIMENSIONS | {name: (column,) for name, column in settings.dimensions.items()}
    there = {name: found.first(columns) for name, columns in wanted.items()}
    return {name: column for name, column in there.items() if column}


def _derived(found: _Found) -> dict[str, Derived]:
    agent, page = found.first((USER_AGENT,)), found.first((PAGE_URL,))
    computed = {
        "_tw_browser": agent and (lambda of: _browser(of(agent))),
        "_tw_environment": page and (lambda of: environment(of(page))),
    }
    return {name: derived for name, derived in computed.items() if callable(derived)}


def _browser(agent: Expression) -> Expression:
    cases = [(agent.like(f"%{sign}%"), sa.literal(name, sa.Text())) for sign, name in _BROWSERS.items()]
    return sa.case(*cases, else_=sa.null())


def _cut(names: Iterable[str]) -> tuple[str, ...]:
    """Return names, and what databases leave of long ones."""
    lengths = (None, LENGTH, POSTGRES_LENGTH)
    return tuple(dict.fromkeys(name[:length] for name in names if name for length in lengths))
