"""How do files become one table of events that can be measured?

Each file is read once into a temporary database. What is damaged is counted and named, never fatal.
"""

# ruff: noqa: S608 names and values go through `text.quoted` and `text.literal`

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from monitor.errors import StoreError
from monitor.stores.base import StoreSettings
from monitor.stores.files.bundles import Bundle, Staged, Stager, bundled
from monitor.stores.files.damage import BadLine
from monitor.stores.files.find import find
from monitor.stores.files.loading import Ledger, Loader, Unreadable
from monitor.stores.files.mapping import TIMES, Wishes
from monitor.stores.files.sniff import sniff
from monitor.stores.files.staging import OWN
from monitor.stores.files.text import literal, quoted
from monitor.stores.files.types import Mixed, json_types

TABLE = "events"
ONE_SOURCE = ""  # files that name no source are not made to name one
_NEVER = "TIMESTAMP '1971-01-02'"  # stands for the time of rows that have none
_NOTHING = f"SELECT NULL::VARCHAR AS {OWN}event, NULL::TIMESTAMP AS {OWN}received_at WHERE false"


@dataclass(frozen=True, slots=True)
class Identity:
    """How many rows of an event say who did it."""

    event: str
    rows: int
    no_user: int  # rows without a user id
    nobody: int  # rows without any id of a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """A temporary table of events, and what was seen on the way."""

    settings: StoreSettings
    bundles: tuple[Bundle, ...]
    rows: int
    bad: Mapping[Path, int]
    bad_lines: tuple[BadLine, ...]  # the first few
    unreadable: tuple[Unreadable, ...]
    cut_off: tuple[Unreadable, ...]  # read as far as they go
    empty: tuple[Path, ...]
    passed_over: tuple[Path, ...]
    mixed: tuple[Mixed, ...]
    first: dt.datetime | None  # of received_at, UTC; None: no row has a time
    last: dt.datetime | None
    untimed: int  # rows whose time is absent or cannot be read
    identity: tuple[Identity, ...]  # by event; empty where no column holds ids of people
    shared_ids: int  # rows that carry the message id of another event or source
    notes: tuple[str, ...]


def ingest(paths: Iterable[str], wishes: Wishes, folder: Path) -> Ingested:
    """Read files into a database in a folder.

    Args:
        paths: files, folders and globs
        wishes: the layout and the columns that the user said
        folder: a temporary folder, which must outlive the use of the result

    Raises:
        UsageError: a path, layout or column that is not there
        StoreError: no file can be read
    """
    found = find(paths)
    database = folder / "events.duckdb"
    sniffed, ledger = [sniff(path) for path in found.files], Ledger()
    with duckdb.connect(str(database)) as con:
        _prepare(con, wishes.zone)
        stager = Stager(con, Loader(con, ledger, folder, wishes.sources), wishes)
        tried = [stager.stage(f"stage_{i}", files) for i, files in enumerate(bundled(con, sniffed, ledger))]
        staged = [each for each in tried if each]
        if not staged and ledger.unreadable:
            raise StoreError("\n".join(f"{each.path}: {each.reason}" for each in ledger.unreadable))
        columns = _combine(con, staged)
        rows, untimed, first, last = _summary(con, columns["received_at"])
        _tidy(con)
        identity, shared_ids = _identity(con, columns), _shared_ids(con, columns)
        mixed = json_types(con, TABLE, columns["event"], columns["properties"]) if "properties" in columns else ()
    return Ingested(
        settings=StoreSettings(url=f"duckdb:///{database}", layout="events", table=TABLE, columns=columns),
        bundles=tuple(each.bundle for each in staged),
        rows=rows,
        bad=dict(ledger.bad),
        bad_lines=tuple(ledger.bad_lines),
        unreadable=tuple(ledger.unreadable),
        cut_off=tuple(dict.fromkeys(ledger.cut_off)),
        empty=tuple(each.path for each in sniffed if each.kind == "empty"),
        passed_over=found.passed_over,
        mixed=(*mixed, *(odd for each in staged for odd in each.made.mixed)),
        first=first,
        last=last,
        untimed=untimed,
        identity=identity,
        shared_ids=shared_ids,
        notes=tuple(dict.fromkeys((*ledger.notes, *(note for each in staged for note in each.bundle.notes)))),
    )


def _prepare(con: DuckDBPyConnection, zone: str) -> None:
    con.execute(f"SET TimeZone = {literal(zone)}")
    con.execute("SET preserve_insertion_order = false")
    con.execute("SET force_compression = 'uncompressed'")  # the table lives for seconds
    con.execute("SET autoinstall_known_extensions = false")  # reading files never asks the network


def _tidy(con: DuckDBPyConnection) -> None:
    """Drop what is not the table of events: whoever introspects the database sees one table."""
    for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall():
        if name != TABLE:
            con.execute(f"DROP TABLE {quoted(name)}")


def _combine(con: DuckDBPyConnection, staged: Sequence[Staged]) -> dict[str, str]:
    """Make the one table of events, and return which of its columns is which field."""
    as_json = any(each.made.bag is not None for each in staged)
    if len(staged) == 1 and staged[0].final:
        con.execute(f"ALTER TABLE {quoted(staged[0].final)} RENAME TO {TABLE}")
    else:
        selects = [each.made.select(as_json=as_json) for each in staged]
        con.execute(f"CREATE TABLE {TABLE} AS {' UNION ALL BY NAME '.join(selects) or _NOTHING}")
    fields = {name: OWN + name for each in staged for name in each.made.fields}
    if not staged:
        fields = {"event": OWN + "event", "received_at": OWN + "received_at"}
    if "received_at" not in fields:
        con.execute(f"ALTER TABLE {TABLE} ADD COLUMN {OWN}received_at TIMESTAMP")
        fields["received_at"] = OWN + "received_at"
    fields.setdefault("source", f"={ONE_SOURCE}")
    for name in TIMES:
        fields.setdefault(name, "=")  # a column of that name that holds no times is not taken for them
    return fields | ({"properties": OWN + "properties"} if as_json else {})


def _summary(con: DuckDBPyConnection, time: str) -> tuple[int, int, dt.datetime | None, dt.datetime | None]:
    """Return rows, rows without a time, and the first and last time in UTC."""
    found = con.execute(f"SELECT COUNT(*), COUNT({time}), MIN({time}), MAX({time}) FROM {TABLE}").fetchone()
    rows, timed, first, last = found or (0, 0, None, None)
    if rows and not timed:  # counts and shares can be had all the same
        con.execute(f"UPDATE {TABLE} SET {time} = {_NEVER}")
    return rows, rows - timed, first and first.replace(tzinfo=dt.UTC), last and last.replace(tzinfo=dt.UTC)


def _identity(con: DuckDBPyConnection, columns: Mapping[str, str]) -> tuple[Identity, ...]:
    people = [columns[name] for name in ("user_id", "anonymous_id") if name in columns]
    if not people:
        return ()
    no_user = f"{columns['user_id']} IS NULL" if "user_id" in columns else "true"
    nobody = " AND ".join(f"{column} IS NULL" for column in people)
    found = con.execute(
        f"SELECT {columns['event']}, COUNT(*), COUNT(*) FILTER (WHERE {no_user}), COUNT(*) FILTER (WHERE {nobody}) "
        f"FROM {TABLE} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return tuple(Identity(*row) for row in found)


def _shared_ids(con: DuckDBPyConnection, columns: Mapping[str, str]) -> int:
    """Count what no event and source can see alone: an id that came before under another name, or from elsewhere."""
    if "id" not in columns:
        return 0
    source = columns["source"]
    place = f"HASH({columns['event']}{'' if source.startswith('=') else ', ' + source})"
    found = con.execute(
        f"""
        SELECT SUM(n - 1) FROM (
            SELECT COUNT(*) AS n, MIN({place}) AS one, MAX({place}) AS another
            FROM {TABLE} WHERE {columns["id"]} IS NOT NULL GROUP BY HASH({columns["id"]})
        ) WHERE one <> another
        """
    ).fetchone()
    return int((found and found[0]) or 0)
