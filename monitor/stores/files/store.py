"""How does a run read events that lie in files?

Files that do not say of which time they are, are read once into a temporary database. Where folders
say it, only those of the window are opened: Parquet where it lies, other files into a database again.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from checks.base import Catalog
from checks.plan import Plan
from monitor.stores.base import Lore, Marks, Measured, Request, Size, Statement, StoreSettings, TableFailure, Window
from monitor.stores.files import lake, places
from monitor.stores.files.ingest import Ingested, ingest
from monitor.stores.files.mapping import CALLS, Wishes
from monitor.stores.sql import SqlStore

EVER = (dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC))


def open_files(settings: StoreSettings, plan: Plan) -> FilesStore:
    """Return a store of the files that a URL such as `files:///data/*.csv.gz` or `s3://bucket/prefix` means.

    Raises:
        StoreError: the URL names no path, or nothing can be read
        UsageError: a path or column that is not there
    """
    return FilesStore(settings, plan)


@dataclass(frozen=True, slots=True)
class _Opened:
    """The files of a window as a database."""

    window: Window
    store: SqlStore
    failures: tuple[TableFailure, ...]  # files that could not be read
    kept: ExitStack

    def close(self) -> None:
        """Forget what was read."""
        self.store.close()
        self.kept.close()


class FilesStore:
    """A `Store` over files: a temporary database of those that are needed does the rest."""

    def __init__(self, settings: StoreSettings, plan: Plan) -> None:
        """Read the files, unless their folders say of which time they are."""
        self._settings = settings
        self._plan = plan
        self._place = places.place_of(settings.url)
        self._parted = self._place is not None and places.partitioned(self._place)
        self._opened = None if self._parted else self._open(EVER)

    def catalog(self, window: Window | None = None) -> Catalog:
        """Return the events, sources and properties that the files of a window hold."""
        return replace(self._of(window or EVER).store.catalog(), sampled=True)

    def measure(self, request: Request) -> Measured:
        """Measure everything in one statement; a file that cannot be read is a failure."""
        opened = self._of((request.since, request.until))
        measured = opened.store.measure(request)
        return replace(measured, failures=(*opened.failures, *measured.failures))

    def statements(self, request: Request, *, estimated: bool = False) -> Sequence[Statement]:
        """Return the SQL that `measure` would issue."""
        return self._of((request.since, request.until)).store.statements(request, estimated=estimated)

    def lore(self, since: dt.datetime | None) -> Lore:
        """Return nothing: nobody asks files."""
        return Lore(dialect="duckdb")

    def sizes(self) -> Sequence[Size]:
        """Return nothing: what is read of files is not what they take."""
        return ()

    def marking(self, marks: Marks) -> Sequence[Statement]:
        """Return nothing: the database that stands for files is gone when people could ask it."""
        return ()

    def stop(self) -> None:
        """Take back what is being asked."""
        if self._opened:
            self._opened.store.stop()

    def close(self) -> None:
        """Forget what was read."""
        if self._opened:
            self._opened.close()

    def _of(self, window: Window) -> _Opened:
        """Return the database of a window's files, the one that is open where it holds them."""
        opened = self._opened
        if opened is None or window[0] < opened.window[0] or window[1] > opened.window[1]:
            self.close()
            self._opened = opened = self._open(window)
        return opened

    def _open(self, window: Window) -> _Opened:
        promised = frozenset(name for event in self._plan.events.values() for name in event.properties)
        called = {folder: source for source, folder in self._settings.sources.items()}
        wishes = Wishes(
            columns=self._settings.columns,
            zone=self._settings.naive_zone,
            kept=promised,
            sources=called,
            calls={call: _planned(self._plan, call, event) for call, event in CALLS.items()},
        )
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="trackwatch-")))
            read, failures = self._read(window, wishes, folder)
            own = self._settings
            limits = replace(
                read,
                url=f"{read.url}?temp_directory={quote(str(folder / 'spill'))}",
                timeout=own.timeout,
                repeat_window=own.repeat_window,
                dimensions=own.dimensions,
                against=own.against,
            )
            filesystem = self._place.filesystem if self._place else None
            prepare = None if filesystem is None else lambda connection: connection.register_filesystem(filesystem)
            return _Opened(window, SqlStore(limits, self._plan, prepare), failures, stack.pop_all())

    def _read(self, window: Window, wishes: Wishes, folder: Path) -> tuple[StoreSettings, tuple[TableFailure, ...]]:
        """Make the database of a window's files; return where it is, and what could not be read."""
        place = self._place
        if place is None:
            found = ingest([self._settings.url.removeprefix("files://")], wishes, folder)
            return found.settings, tuple(_unread(found, {}))
        files = list(places.files(place, window if self._parted else None))
        if self._parted and lake.is_lake(files):
            made = lake.opened(place, files, wishes, folder)
            return made.settings, made.failures
        copies = folder.joinpath("files", *place.above[1:])
        local = {place.local(file, copies): str(file) for file in files}
        found = ingest([str(path) for path in local], wishes, folder)
        return found.settings, tuple(_unread(found, local))


def _planned(plan: Plan, call: str, event: str) -> str:
    """Return what the plan calls a call: by its name, or as the one event of that call; else its usual name."""
    ours = [planned.name for planned in plan.events.values() if planned.call == call]
    return call if call in plan.events else ours[0] if len(ours) == 1 else event


def _unread(found: Ingested, names: Mapping[Path, str]) -> list[TableFailure]:
    """Return the files that could not be read, or not to their end, by their names below the root."""
    files = (*found.unreadable, *found.cut_off)
    return [TableFailure(names.get(each.path, str(each.path)), (), each.reason) for each in files]
