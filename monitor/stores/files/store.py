"""How does a run read events that lie in files?"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from checks.base import Catalog
from checks.plan import Plan
from monitor.errors import StoreError
from monitor.stores.base import Measured, Request, Statement, StoreSettings
from monitor.stores.files.ingest import ingest
from monitor.stores.files.mapping import Wishes
from monitor.stores.sql import SqlStore

_URL = re.compile(r"files://(?P<path>.+)")


def open_files(settings: StoreSettings, plan: Plan) -> FilesStore:
    """Return a store of the files that a URL such as `files:///data/*.csv.gz` means; they are read once, here.

    Raises:
        StoreError: the URL names no path, or nothing can be read
        UsageError: a path or column that is not there
    """
    return FilesStore(settings, plan)


class FilesStore:
    """A `Store` over files: they are read into a temporary database, which does the rest."""

    def __init__(self, settings: StoreSettings, plan: Plan) -> None:
        """Read the files."""
        found = _URL.fullmatch(settings.url)
        if not found:
            raise StoreError("the URL of files begins with files:///, such as files:///data/*.csv.gz")
        promised = frozenset(name for event in plan.events.values() for name in event.properties)
        wishes = Wishes(columns=settings.columns, zone=settings.naive_zone, kept=promised)
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="trackwatch-"))
            read = ingest([found["path"]], wishes, Path(folder)).settings
            limits = replace(read, timeout=settings.timeout, repeat_window=settings.repeat_window)
            self._store = SqlStore(limits, plan)
            self._kept = stack.pop_all()

    def catalog(self) -> Catalog:
        """Return the events, sources and properties that the files hold."""
        return self._store.catalog()

    def measure(self, request: Request) -> Measured:
        """Measure everything in one statement."""
        return self._store.measure(request)

    def statements(self, request: Request) -> Sequence[Statement]:
        """Return the SQL that `measure` would issue on what was read."""
        return self._store.statements(request)

    def close(self) -> None:
        """Forget what was read."""
        self._store.close()
        self._kept.close()
