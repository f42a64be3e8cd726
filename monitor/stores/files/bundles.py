"""How do files of one shape become a staged table whose columns are understood?"""

# ruff: noqa: S608 names and values go through `text.quoted` and `text.literal`

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from monitor.stores.files import staging
from monitor.stores.files.loading import Ledger, Loader, Unreadable
from monitor.stores.files.mapping import TIMES, Guess, Wishes, guess
from monitor.stores.files.partitions import constants
from monitor.stores.files.sample import Sample
from monitor.stores.files.sniff import Sniffed
from monitor.stores.files.staging import FILE, OWN, Made
from monitor.stores.files.text import listed, quoted

_HEADS = 20  # files of one shape whose heads are looked at
_ROWS = 2_000  # staged rows that are looked at


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files of one shape, and what their columns were taken for."""

    files: tuple[Path, ...]
    kind: str
    guess: Guess
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Staged:
    """A bundle in the database, and how to select events from it."""

    bundle: Bundle
    made: Made
    final: str | None = None  # the table that holds it in its final form already


def bundled(con: DuckDBPyConnection, sniffed: Sequence[Sniffed], ledger: Ledger) -> list[list[Sniffed]]:
    """Put files of one shape together; note those that hold nothing readable."""
    bundles: dict[object, list[Sniffed]] = {}
    for each in sniffed:
        if each.note:
            ledger.notes.append(f"{each.path} {each.note}")
        if each.kind is None:
            ledger.unreadable.append(Unreadable(each.path, each.reason))
        elif each.kind != "empty" and (shape := _shape(con, each, ledger)):
            bundles.setdefault(shape, []).append(each)
    return list(bundles.values())


def _shape(con: DuckDBPyConnection, sniffed: Sniffed, ledger: Ledger) -> object:
    if sniffed.kind == "parquet":
        try:
            return tuple(con.execute(f"DESCRIBE SELECT * FROM READ_PARQUET({listed([str(sniffed.path)])})").fetchall())
        except duckdb.Error as error:
            ledger.unreadable.append(Unreadable(sniffed.path, f"damaged Parquet: {str(error).splitlines()[0]}"))
            return None
    if sniffed.cut:
        return sniffed.cut.names
    return sniffed.kind, staging.is_message(Sample(sniffed.sample))


class Stager:
    """Stages bundles, one table each."""

    def __init__(self, con: DuckDBPyConnection, loader: Loader, wishes: Wishes) -> None:
        """Stage through a connection, with what the user said about columns."""
        self._con = con
        self._loader = loader
        self._wishes = wishes

    def stage(self, table: str, files: Sequence[Sniffed]) -> Staged | None:
        """Load a bundle, or return None when none of its files could be read."""
        head = Sample(tuple(row for each in files[:_HEADS] for row in each.sample))
        if files[0].kind == "ndjson" and staging.is_message(head):
            return self._messages(table, files, head)
        if files[0].kind in ("ndjson", "json"):
            return self._objects(table, files)
        return self._rows(table, files)

    def _messages(self, table: str, files: Sequence[Sniffed], sample: Sample) -> Staged | None:
        found = guess(sample.names(), sample, self._wishes)
        said = "source" in self._wishes.columns
        by_folder = not said and all("source" in constants(each.path.parts) for each in files)
        if by_folder:
            found = replace(found, columns={name: c for name, c in found.columns.items() if name != "source"})

        def select(source: staging.Source) -> str:
            return staging.messages(replace(source, sources={}) if said else source, found, sample)

        if not self._loader.load(table, files, select):
            return None
        described = self._con.execute(f"DESCRIBE {quoted(table)}").fetchall()
        fields = {name.removeprefix(OWN): quoted(name) for name, *_ in described}
        made = Made(fields, fields.pop("properties"), {}, quoted(table))
        bundle = _bundle(files, found, sample, self._wishes.zone)
        told = (*bundle.notes, *(["The folder of a file names its source"] if by_folder else []))
        return Staged(replace(bundle, notes=told), made, table)

    def _objects(self, table: str, files: Sequence[Sniffed]) -> Staged | None:
        lines = files[0].kind == "ndjson"
        if not self._loader.load(table, files, lambda source: staging.objects(source, lines=lines)):
            return None
        keys = self._con.execute(f"SELECT DISTINCT UNNEST(JSON_KEYS(json)) FROM {quoted(table)} ORDER BY ALL")
        names = [name for (name,) in keys.fetchall()]
        sample = Sample([json.loads(str(row[0])) for row in self._head(table, "json")])
        found = guess(tuple(dict.fromkeys((*names, *sample.names()))), sample, self._wishes)
        made = staging.made_from_objects(table, found, sample, names, self._loader.events(files))
        return Staged(_bundle(files, found, sample, self._wishes.zone), made)

    def _rows(self, table: str, files: Sequence[Sniffed]) -> Staged | None:
        def select(source: staging.Source) -> str:
            return staging.rows(source, source.cut) if source.cut else staging.parquet(source)

        if not self._loader.load(table, files, select):
            return None
        described = self._con.execute(f"DESCRIBE {quoted(table)}").fetchall()
        types = {name: type_ for name, type_, *_ in described if name != FILE}
        names = list(types)
        head = self._head(table, ", ".join(map(quoted, names)))
        sample = Sample([dict(zip(names, row, strict=True)) for row in head])
        found = guess(names, sample, self._wishes)
        made = staging.made_from_rows(self._con, table, (found, sample), types, self._loader.events(files))
        return Staged(_bundle(files, found, sample, self._wishes.zone), made)

    def _head(self, table: str, what: str) -> list[tuple[object, ...]]:
        return self._con.execute(f"SELECT {what} FROM {quoted(table)} LIMIT {_ROWS}").fetchall()


def _bundle(files: Sequence[Sniffed], found: Guess, sample: Sample, zone: str) -> Bundle:
    paths = tuple(each.path for each in files)
    return Bundle(paths, str(files[0].kind), found, tuple(_notes(found, sample, zone)))


def _notes(found: Guess, sample: Sample, zone: str) -> Iterator[str]:
    columns = {name: column for name, column in found.columns.items() if not column.startswith("=")}
    times = {name: column for name, column in columns.items() if name in TIMES}
    if "received_at" not in times and "occurred_at" in times:
        yield f"No time of receipt: {times['occurred_at']} is used, so late events cannot be told"
    naive = {column: share for column in times.values() if (share := sample.naive(column))}
    if naive:
        some = "" if min(naive.values()) == 1 else " (some of them)"
        yield f"Times without a zone are read as {zone}: {', '.join(naive)}{some}"
    for column in times.values():
        if sample.slashed(column):
            order = "day/month/year" if sample.day_first(column) else "month/day/year"
            yield f"{column} is read as {order}"
    if "event" not in found.columns:
        yield "No column names the event: the name of the file does"
