"""When did the loads of each source end, where the store keeps a history of them?

Pipes that write one (Fivetran's audit table, an orchestrator's log) say what no event can: that a
load ran and brought nothing. Settings: `syncs: {table: schema.name, source: column, finished: column}`,
and `status: column`, `succeeded: value` where failed loads are listed too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import pandas as pd
import sqlalchemy as sa

from checks.base import Stat
from monitor.errors import StoreError
from monitor.stores import clock
from monitor.stores.base import COLUMNS, StoreSettings
from monitor.stores.introspect import columns
from monitor.stores.table import TableName

LOOKED_AT = dt.timedelta(days=7)  # before the end of the window: a load a day is seen, whatever the window
HOUR = 3600


def table_of(settings: StoreSettings, default_schema: str) -> TableName:
    """Return the table of the history."""
    schema, _, name = settings.syncs["table"].rpartition(".")
    return TableName(schema or default_schema, name)


def ended(
    connection: sa.Connection, settings: StoreSettings, table: TableName, until: dt.datetime
) -> list[tuple[str, int]]:
    """Return source and second since 1970 of each load that ended lately, in one statement.

    Raises:
        StoreError: the table or a column is not there.
    """
    known = columns(connection, (table.schema,)).get(table, {})
    wanted = {name: settings.syncs[name] for name in ("source", "finished", "status") if name in settings.syncs}
    if missing := [column for column in wanted.values() if column not in known]:
        raise StoreError(f"syncs: the store has no {table} with {', '.join(missing)}")
    finished = known[wanted["finished"]]
    if finished.type != "datetime":
        raise StoreError(f"syncs: column {finished.name} of {table} is not a time")
    rows = sa.table(table.name, *(sa.column(name) for name in wanted.values()), schema=table.schema)
    raw = rows.c[finished.name]
    bounds = [until - LOOKED_AT, until]
    if not finished.aware:
        bounds = [bound.astimezone(dt.UTC).replace(tzinfo=None) for bound in bounds]
    since, end = (clock.bound(finished, name, at) for name, at in zip(("since", "until"), bounds, strict=True))
    asked = sa.select(rows.c[wanted["source"]], clock.seconds(finished, raw)).where(
        clock.not_before(finished, raw, since), clock.before(finished, raw, end)
    )
    if "status" in wanted:
        asked = asked.where(rows.c[wanted["status"]] == settings.syncs["succeeded"])
    names = _names(settings.sources)
    return [(names.get(str(source), str(source)), int(at)) for source, at in connection.execute(asked) if at]


def _names(sources: Mapping[str, str]) -> dict[str, str]:
    """Return our name of a source by what a history may call it: its schema."""
    return {schema: source for source, schema in sources.items()}


def marks(ends: Iterable[tuple[str, int]]) -> pd.DataFrame:
    """Return the ends of loads as rows of a store's answer."""
    rows = [
        (source, "", "", "", str(Stat.SYNCED), "hour", pd.Timestamp(at // HOUR * HOUR, unit="s"), float(at))
        for source, at in ends
    ]
    types = dict.fromkeys(COLUMNS[:6], "str") | {"bucket": "datetime64[s]", "value": "float64"}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(types)
