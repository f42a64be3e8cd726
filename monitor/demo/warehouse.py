"""How do messages lie in a warehouse that Segment fills?

One schema a source; in it `tracks`, with the common columns of all events, one table an
event, `identifies` and `pages`. A column exists once a value has arrived in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import duckdb
import pandas as pd

from monitor.demo.faults import NOW
from monitor.demo.people import DEVELOPERS
from monitor.demo.traffic import HOUR, RELEASES, SECOND, SOURCES, micros

_AFTER = 5 * 60 * SECOND  # the sync at ten past the hour reads what was received until five past
_SYNCED = (micros(NOW) - 2 * _AFTER) // HOUR * HOUR + _AFTER
_SETTINGS = (
    "threads = 1",  # many small tables: a second thread costs more than it saves
    "disabled_compression_methods = 'fsst,dict_fsst,zstd'",  # to pack text tightly, too
)
_MESSAGE = {
    "id": "uuid_of('m' || _number)",
    "anonymous_id": "uuid_of('d' || _device)",
    "user_id": "CASE WHEN _developer THEN _developers[_user + 1] WHEN _user >= 0 THEN printf('usr_%07d', _user) END",
    "received_at": "make_timestamp(_received)",
    "sent_at": "make_timestamp(_sent)",
    "original_timestamp": "make_timestamp(_original)",
    "timestamp": "make_timestamp(_received - (_sent - _original))",
    "uuid_ts": f"make_timestamp(((_received - {_AFTER}) // {HOUR} + 1) * {HOUR} + {2 * _AFTER} + _number % 40000000)",
}
_CONTEXT = {
    "web": ("analytics.js", "npm:next-1.81.0", None, None),
    "ios": ("analytics-swift", "1.9.1", "ios", "iOS"),
    "android": ("analytics-kotlin", "1.22.0", "android", "Android"),
    "server": ("analytics-node", "2.3.0", None, None),
}
_CONTEXT_COLUMNS = ("library_name", "library_version", "device_type", "os_name")
_PATHS = {  # which page an event with such a property is sent from
    "product_id": "'/products/' || lower(product_id)",
    "cart_id": "'/cart'",
    "checkout_id": "'/checkout'",
    "query": "'/search'",
    "list_id": "'/collections/' || list_id",
    "path": "path",
}


def schema(source: str) -> str:
    """Return the schema of a source."""
    return f"{source}_production"


def snake(name: str) -> str:
    """Return the table or column that Segment makes of a name.

    >>> snake("Order Completed")
    'order_completed'
    """
    return "_".join(part.lower() for part in re.findall(r"[A-Z0-9]*[a-z0-9]*", name, re.ASCII) if part)


class Warehouse:
    """A DuckDB database to write messages into."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, seed: int) -> None:
        """Create the schemas, and the function that makes message ids from message numbers."""
        self._connection = connection
        self._written: dict[str, list[str]] = {source: [] for source in SOURCES}
        text = f"CAST(CAST(md5('{seed}' || text) AS UUID) AS VARCHAR)"
        connection.execute(f"CREATE TEMP MACRO uuid_of(text) AS {text}")
        for setting in _SETTINGS:
            connection.execute(f"SET {setting}")
        for source in SOURCES:
            connection.execute(f"CREATE SCHEMA {schema(source)}")

    def write_event(self, source: str, frame: pd.DataFrame, keep: Collection[str] = ()) -> int:
        """Write the messages of one source and event as the event's table.

        Args:
            source: where they come from.
            frame: the messages, all under one name in `_event`.
            keep: properties that have a column even without a value.

        Returns:
            How many messages had been synced by NOW; without any there is no table.
        """
        name = str(frame["_event"].iloc[0])
        named = {"event": f"'{snake(name)}'", "event_text": f"'{name}'"}
        rows = self._write(source, snake(name), frame, named, keep)
        if rows:
            self._written[source].append(snake(name))
        return rows

    def write_calls(self, source: str, table: str, frame: pd.DataFrame) -> int:
        """Write the identify or page calls of one source, and return how many."""
        return self._write(source, table, frame, {}, ())

    def write_tracks(self, source: str) -> None:
        """Write the common columns of all the source's events, in order of arrival, as `tracks`."""
        named = ", ".join(f"'{column}'" for column in [*_MESSAGE, "event", "event_text"])
        common = f"COLUMNS(c -> c IN ({named}) OR c LIKE 'context_%')"
        tables = [f'SELECT {common} FROM {schema(source)}."{table}"' for table in self._written[source]]  # noqa: S608 own names
        union = " UNION ALL BY NAME ".join(tables)
        self._connection.execute(f"CREATE TABLE {schema(source)}.tracks AS FROM ({union}) ORDER BY received_at")

    def _write(
        self, source: str, table: str, frame: pd.DataFrame, named: Mapping[str, str], keep: Collection[str]
    ) -> int:
        frame = frame[frame["_received"] < _SYNCED].sort_values("_received", kind="stable")
        if len(frame):
            columns = {**_common(source, frame), **named} | _properties(frame, keep)
            wanted = ", ".join(f'{sql} AS "{column}"' for column, sql in columns.items())
            self._connection.register("messages", frame)
            place = f'{schema(source)}."{table}"'
            self._connection.execute(f"CREATE TABLE {place} AS SELECT {wanted} FROM messages")  # noqa: S608 own names
            self._connection.unregister("messages")
        return len(frame)


def _common(source: str, frame: pd.DataFrame) -> dict[str, str]:
    """Return column -> SQL of what every message carries, without the columns that have no value."""
    columns = dict(_MESSAGE)
    columns["user_id"] = columns["user_id"].replace("_developers", str(list(DEVELOPERS)))
    if not (frame["_user"] >= 0).any():
        del columns["user_id"]
    for name, value in zip(_CONTEXT_COLUMNS, _CONTEXT[source], strict=True):
        if value:
            columns[f"context_{name}"] = f"'{value}'"
    if source == "web":
        host = "CASE WHEN _developer THEN 'http://localhost:3000' ELSE 'https://www.lumenandoak.example' END"
        path = next((sql for name, sql in _PATHS.items() if name in frame.columns), "'/'")
        columns["context_page_url"] = f"{host} || {path}"
    if (client := SOURCES.index(source)) in RELEASES:
        versions = [release.version for release in RELEASES[client]]
        columns["context_app_version"] = f"{versions}[_version + 1]"
    return columns


def _properties(frame: pd.DataFrame, keep: Collection[str]) -> dict[str, str]:
    """Return column -> SQL of the properties: those with a value, and those to keep."""
    names = [name for name in frame.columns if not name.startswith("_") and (name in keep or frame[name].notna().any())]
    text = {name for name in names if frame[name].dtype in ("category", "object", "str")}
    return {name: f'CAST("{name}" AS VARCHAR)' if name in text else f'"{name}"' for name in names}
