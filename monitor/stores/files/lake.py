"""How are Parquet files in folders by day or hour read where they lie?

A view over the files of a window: nothing is copied, and a run reads the columns that it asks for, of
the row groups whose times are in the window.
"""

# ruff: noqa: S608 names and values go through `text.quoted` and `text.literal`

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from monitor.errors import StoreError
from monitor.stores.base import StoreSettings, TableFailure
from monitor.stores.files.find import event_name
from monitor.stores.files.mapping import TIMES, Wishes, guess
from monitor.stores.files.partitions import constants
from monitor.stores.files.places import File, Place
from monitor.stores.files.sample import Sample
from monitor.stores.files.text import listed, literal, quoted

TABLE = "events"
_HEADS = 20  # groups of files whose first rows are looked at
_ROWS = 200
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL")
_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class _Group:
    """Files of which the folders say the same."""

    event: str  # that they are taken for if they name none
    said: Mapping[str, str]  # column -> the value that is the same in every row
    paths: Sequence[str]
    types: Mapping[str, str]  # of the columns of the first file


@dataclass(frozen=True, slots=True)
class Lake:
    """A database with a view of the files, and what could not be read."""

    settings: StoreSettings
    failures: tuple[TableFailure, ...]


def is_lake(files: Sequence[File]) -> bool:
    """Return whether all files are Parquet by their names."""
    return bool(files) and all(file.name.lower().endswith((".parquet", ".pq")) for file in files)


def opened(place: Place, files: Sequence[File], wishes: Wishes, folder: Path) -> Lake:
    """Make a database in a folder, with a view of files.

    Raises:
        StoreError: no file can be read, or their columns do not go together
        UsageError: a column that is not there
    """
    failures = tuple(_damaged(place, files))
    whole = [file for file in files if str(file) not in {failure.table for failure in failures}]
    if not whole:
        raise StoreError("\n".join(f"{failure.table}: {failure.reason}" for failure in failures))
    database = folder / "lake.duckdb"
    try:
        with duckdb.connect(str(database)) as con:
            if place.filesystem is not None:
                con.register_filesystem(place.filesystem)
            return Lake(_viewed(con, place, whole, wishes, f"duckdb:///{database}"), failures)
    except duckdb.Error as error:
        raise StoreError(f"{place.root}: {str(error).splitlines()[0]}") from None


def _damaged(place: Place, files: Sequence[File]) -> Iterator[TableFailure]:
    """Yield the files of this machine that do not begin and end as Parquet does."""
    for file in files if place.filesystem is None else ():
        try:
            with Path(file.path).open("rb") as content:
                begins = content.read(len(_MAGIC)) == _MAGIC
                content.seek(-len(_MAGIC), 2)
                if not (begins and content.read() == _MAGIC):
                    yield TableFailure(str(file), (), "is no whole Parquet file")
        except OSError as error:
            yield TableFailure(str(file), (), f"cannot be read: {error.strerror}")


def _viewed(con: DuckDBPyConnection, place: Place, files: Sequence[File], wishes: Wishes, url: str) -> StoreSettings:
    groups = _grouped(con, place, files, wishes.sources)
    types = {name: "VARCHAR" for group in groups for name in group.said} | {
        n: t for g in groups for n, t in g.types.items()
    }
    sample = _sample(con, groups)
    named = guess(list(types), sample, wishes).columns
    columns = {field: column for field, column in named.items() if column.startswith("=") or column in types}
    event = columns.setdefault("event", "event")
    con.execute(f"CREATE VIEW {TABLE} AS {' UNION ALL BY NAME '.join(_select(group, event) for group in groups)}")
    kept = {field: column for field, column in columns.items() if field not in TIMES or _is_time(types, column, sample)}
    return StoreSettings(
        url=url,
        layout="events",
        table=TABLE,
        columns=kept | {"source": columns.get("source", "=")},
        naive_zone=wishes.zone,
        times=_clock(types, kept, sample),
    )


def _grouped(con: DuckDBPyConnection, place: Place, files: Sequence[File], called: Mapping[str, str]) -> list[_Group]:
    """Put files together of which the folders, or else the name, say the same."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for file in files:
        said = constants((*place.above, *file.folders))
        if "source" in said:
            said["source"] = called.get(said["source"], said["source"])
        event = said.pop("event", "") or event_name(Path("/", *place.above, *file.folders, file.name))
        found.setdefault((event, tuple(said.items())), []).append(file.path)
    return [_Group(event, dict(said), paths, _types(con, paths[0])) for (event, said), paths in found.items()]


def _types(con: DuckDBPyConnection, path: str) -> dict[str, str]:
    described = con.execute(f"DESCRIBE SELECT * FROM READ_PARQUET({listed([path])}, hive_partitioning=false)")
    return {name: kind for name, kind, *_ in described.fetchall()}


def _sample(con: DuckDBPyConnection, groups: Sequence[_Group]) -> Sample:
    rows: list[dict[str, Any]] = []
    for group in groups[:_HEADS]:
        read = f"READ_PARQUET({listed(group.paths[:1])}, hive_partitioning=false)"
        found = con.execute(f"SELECT * FROM {read} LIMIT {_ROWS}").fetchall()
        rows += [dict(group.said) | dict(zip(group.types, row, strict=True)) for row in found]
    return Sample(rows)


def _select(group: _Group, event: str) -> str:
    """Return the rows of a group, with what its folders say of them where its files do not."""
    said = {**group.said} if event.startswith("=") else {**group.said, event: group.event}
    extra = [f"{literal(value)} AS {quoted(name)}" for name, value in said.items() if name not in group.types]
    read = f"READ_PARQUET({listed(group.paths)}, union_by_name=true, hive_partitioning=false)"
    return f"SELECT {', '.join(['*', *extra])} FROM {read}"


def _is_time(types: Mapping[str, str], column: str, sample: Sample) -> bool:
    return types.get(column, "").startswith(("TIMESTAMP", "DATE")) or sample.is_time(column)


def _clock(types: Mapping[str, str], columns: Mapping[str, str], sample: Sample) -> Any:
    """Return how the time that counts is kept, None for a time."""
    column = columns.get("received_at") or columns.get("occurred_at") or ""
    kind = types.get(column, "")
    if kind == "VARCHAR":
        return "text"
    return sample.epoch(column) if kind.startswith(_NUMBERS) else None
