"""Which names of the plan lose data in the warehouse: two in one column, one that is reserved, one that is cut?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checks.plan import PlannedEvent
from checks.slugs import LENGTH, POSTGRES_LENGTH, RESERVED_COLUMNS, RESERVED_TABLES, slug
from monitor.document import shortened
from monitor.plan.lint.faults import Context, Found, Path, Rule

_TABLES = {"identify": "identifies", "group": "groups", "page": "pages", "screen": "screens"}


_ONE_COLUMN = "the warehouse keeps one column for both, and values are lost"


def collisions(context: Context) -> Iterator[Found]:
    """Yield events of one table, and properties of one column."""
    tracks = [event for event in context.plan.events.values() if event.call == "track"]
    named: dict[Path, str] = {("events", event.name): slug(event.name) for event in tracks}
    yield from _clashing(named, "table", "the warehouse keeps one table for both")
    for event in context.plan.events.values():
        found = _clashing(
            context.columns[event.name], "column", "the warehouse keeps one column for both, and values are lost"
        )
        for each in found:
            yield Found(each.path, f"{shortened(event.name)}: {each.message}", each.hint)


def reserved(context: Context) -> Iterator[Found]:
    """Yield names that the warehouse keeps for itself."""
    for event in context.plan.events.values():
        table = slug(event.name)
        if event.call == "track" and table in RESERVED_TABLES:
            message = f"the event {shortened(event.name)} falls into the table {table!r}, which has a use of its own"
            yield Found(("events", event.name), message, "name what happened, as in 'Page Opened'")
        for path, column in context.columns[event.name].items():
            if column in RESERVED_COLUMNS or column.startswith("context_"):
                what = f"{shortened(event.name)}: {_name(path)} falls into the column {column!r} that every table has"
                yield Found(path, f"{what}: it is dropped, or written to '_{column}'", _another(event, column))


def too_long(context: Context) -> Iterator[Found]:
    """Yield names that are cut."""
    for event in context.plan.events.values():
        for path, name in _named(context, event).items():
            if len(name) > POSTGRES_LENGTH:
                where = "everywhere" if len(name) > LENGTH else "by PostgreSQL"
                limit = LENGTH if len(name) > LENGTH else POSTGRES_LENGTH
                message = f"{_name(path)} makes a name of {len(name)} characters, which is cut at {limit} {where}"
                severity = "critical" if len(name) > LENGTH else None
                yield Found(path, message, f"use a name of at most {POSTGRES_LENGTH} characters", severity)  # type: ignore[arg-type]


def nameless(context: Context) -> Iterator[Found]:
    """Yield names of which the warehouse's rule leaves nothing."""
    for event in context.plan.events.values():
        for path, name in _named(context, event).items():
            if not name or name.endswith("__"):
                message = f"{_name(path)} has no letter or digit that a warehouse keeps, so it gets no name there"
                yield Found(path, message, "use at least one of A-Z, a-z and 0-9")


def _named(context: Context, event: PlannedEvent) -> dict[Path, str]:
    """Return the names of table and columns, by path."""
    table: dict[Path, str] = {("events", event.name): slug(event.name)} if event.call == "track" else {}
    return {**table, **context.columns[event.name]}


def _clashing(named: Mapping[Path, str], kind: str, why: str) -> Iterator[Found]:
    """Yield each name but the first of those that become one, also when they are cut."""
    first: dict[str, Path] = {}
    for path, name in named.items():
        cut = name[:POSTGRES_LENGTH]
        if not cut:
            continue
        other = first.setdefault(cut, path)
        if other != path:
            after = f" once PostgreSQL cuts them at {POSTGRES_LENGTH} characters" if named[other] != name else ""
            message = f"{_name(path)} and {_name(other)} both become the {kind} {shortened(cut)}{after}"
            yield Found(path, f"{message}: {why}", f"keep one of them, or give one another name than {_name(other)}")


def _another(event: PlannedEvent, column: str) -> str:
    if column in {"user_id", "anonymous_id", "received_at", "sent_at", "timestamp", "original_timestamp"}:
        return "leave it out: every message says it already"
    noun = slug(event.name.split(" ")[0]) or "event"
    return f"name whose it is, as in '{noun}_{column.removeprefix('context_')}'"


def _name(path: Path) -> str:
    return shortened(".".join(path[3::2]) if len(path) > 2 else path[1])


RULES = {
    "collision": Rule("critical", collisions, "two events become one table, or two properties one column"),
    "reserved": Rule("critical", reserved, "a table or column that the warehouse keeps for itself"),
    "too_long": Rule("warning", too_long, "a name that is cut, at 63 characters by PostgreSQL, at 127 elsewhere"),
    "nameless": Rule("critical", nameless, "a name of which the warehouse keeps nothing"),
}
