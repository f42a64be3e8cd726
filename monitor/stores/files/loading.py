"""How does a file get into a table in one pass, and what happens to what is damaged?"""

# ruff: noqa: S608 names and values go through `text.quoted` and `text.literal`

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from monitor.stores.files.damage import BadLine, look, plain_copy
from monitor.stores.files.find import event_name
from monitor.stores.files.partitions import constants
from monitor.stores.files.sniff import Sniffed
from monitor.stores.files.staging import BAD, Source
from monitor.stores.files.text import quoted

NAMED = 5  # bad lines that are named

Select = Callable[[Source], str]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that cannot be read, or not to its end."""

    path: Path
    reason: str


@dataclass(slots=True)
class Ledger:
    """What was wrong with files, as it comes to light."""

    bad: Counter[Path] = field(default_factory=Counter)
    bad_lines: list[BadLine] = field(default_factory=list)  # the first few
    unreadable: list[Unreadable] = field(default_factory=list)
    cut_off: list[Unreadable] = field(default_factory=list)  # files that end too early: what was before is read
    notes: list[str] = field(default_factory=list)

    def name(self, lines: Sequence[BadLine]) -> None:
        """Keep bad lines while there is room."""
        self.bad_lines += lines[: NAMED - len(self.bad_lines)]


class Loader:
    """Fills tables from files. One that stops the engine is copied as plain text, and tried again."""

    def __init__(self, con: DuckDBPyConnection, ledger: Ledger, folder: Path, sources: Mapping[str, str]) -> None:
        """Load through a connection; copies go to a folder; `sources` says what folders of sources are called."""
        self._con = con
        self._sources = sources
        self._ledger = ledger
        self._folder = folder
        self._files: dict[str, Sniffed] = {}  # as the engine names it -> as it is

    def load(self, table: str, files: Sequence[Sniffed], select: Select) -> bool:
        """Create a table from files that are read alike; return whether any could be read."""
        known = set(self._tables())
        ready = [self._straight(each) for each in files]
        for _, alike in groupby(sorted(ready, key=_reading), key=_reading):
            self._insert(table, list(alike), select)
        if table not in set(self._tables()) - known:
            return False
        self._count_bad(table)
        self._count_rejects()
        return True

    def events(self, files: Sequence[Sniffed]) -> dict[str, str]:
        """Return, for each file as the engine names it, copies too, the event that it stands for if it names none."""
        wanted = {each.path for each in files}
        return {name: event_name(each.path) for name, each in self._files.items() if each.path in wanted}

    def _source(self, files: Sequence[Sniffed]) -> Source:
        self._files |= {str(each.path): each for each in files if str(each.path) not in self._files}
        origins = {str(each.path): self._files[str(each.path)].path for each in files}
        names = {name: event_name(path) for name, path in origins.items()}
        sources = {name: said for name, path in origins.items() if (said := constants(path.parts).get("source"))}
        called = {name: self._sources.get(said, said) for name, said in sources.items()}
        complete = called if len(called) == len(origins) else {}
        return Source(tuple(names), names, files[0].gzipped, files[0].cut, complete)

    def _tables(self) -> list[str]:
        return [name for (name,) in self._con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]

    def _straight(self, sniffed: Sniffed) -> Sniffed:
        return sniffed if sniffed.straight else self._copied(sniffed)

    def _copied(self, sniffed: Sniffed) -> Sniffed:
        copy = self._folder / f"copy-{len(self._files)}"
        if wrong := plain_copy(sniffed, copy):
            self._ledger.cut_off.append(Unreadable(sniffed.path, wrong))
        self._files[str(copy)] = sniffed
        return replace(sniffed, path=copy, gzipped=False, encoding="utf-8")

    def _insert(self, table: str, files: Sequence[Sniffed], select: Select) -> None:
        statement = select(self._source(files))
        into = f"INSERT INTO {quoted(table)}" if table in self._tables() else f"CREATE TABLE {quoted(table)} AS"
        try:
            self._con.execute(f"{into} {statement}")
        except duckdb.Error as error:
            self._again(table, files, select, error)

    def _again(self, table: str, files: Sequence[Sniffed], select: Select, error: duckdb.Error) -> None:
        """Find the file that stops the engine by halves, and read what is left of it."""
        if len(files) > 1:
            middle = len(files) // 2
            self._insert(table, files[:middle], select)
            self._insert(table, files[middle:], select)
        elif files[0].path.parent != self._folder and files[0].kind != "parquet":
            self._insert(table, [self._copied(files[0])], select)
        else:
            path = self._files[str(files[0].path)].path
            self._ledger.unreadable.append(Unreadable(path, str(error).splitlines()[0]))

    def _count_bad(self, table: str) -> None:
        found = self._con.execute(f"SELECT {BAD}, COUNT(*) FROM {quoted(table)} WHERE {BAD} IS NOT NULL GROUP BY ALL")
        for name, rows in sorted(found.fetchall()):
            sniffed = self._files[name]
            self._ledger.bad[sniffed.path] += rows
            damage = look(sniffed, NAMED)
            self._ledger.name(damage.lines)
            if damage.note:
                self._ledger.cut_off.append(Unreadable(sniffed.path, damage.note))
        self._con.execute(f"DELETE FROM {quoted(table)} WHERE {BAD} IS NOT NULL")
        self._con.execute(f"ALTER TABLE {quoted(table)} DROP COLUMN {BAD}")

    def _count_rejects(self) -> None:
        if "reject_errors" not in self._tables():
            return
        found = self._con.execute(
            "SELECT file_path, line, MIN(error_message) FROM reject_errors JOIN reject_scans USING (scan_id, file_id) "
            "GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        for name, line, why in found:
            path = self._files[name].path
            self._ledger.bad[path] += 1
            self._ledger.name([BadLine(path, line, _shortened(why))])
        self._con.execute("DELETE FROM reject_errors")


def _shortened(why: str) -> str:
    return (
        why.splitlines()[0]
        .rstrip(".")
        .replace("Expected Number of Columns: ", "columns expected ")
        .replace(" Found: ", ", found ")
    )


def _reading(sniffed: Sniffed) -> tuple[bool, str]:
    return sniffed.gzipped, repr(sniffed.cut)
