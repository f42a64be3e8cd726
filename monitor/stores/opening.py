"""Which store does a configuration mean?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from checks.base import Catalog
from checks.plan import Plan
from monitor.stores.base import Lore, Marks, Measured, Request, Size, Statement, Store, StoreSettings, Window


class DeferredStore:
    """A store that is opened when it is first asked: a run with nothing due needs none, nor its drivers."""

    def __init__(self, settings: StoreSettings, plan: Plan) -> None:
        """Remember which store is meant."""
        self._open = partial(open_store, settings, plan)
        self._store: Store | None = None

    def catalog(self, window: Window | None = None) -> Catalog:
        """Return what the store has."""
        return self._opened().catalog(window)

    def measure(self, request: Request) -> Measured:
        """Measure everything in one statement per table."""
        return self._opened().measure(request)

    def statements(self, request: Request, *, estimated: bool = False) -> Sequence[Statement]:
        """Return the SQL that `measure` would issue."""
        return self._opened().statements(request, estimated=estimated)

    def lore(self, since: dt.datetime | None) -> Lore:
        """Return the views, and what people have asked."""
        return self._opened().lore(since)

    def sizes(self) -> Sequence[Size]:
        """Return the bytes of tables and columns."""
        return self._opened().sizes()

    def marking(self, marks: Marks) -> Sequence[Statement]:
        """Return the SQL that picks out some rows."""
        return self._opened().marking(marks)

    def stop(self) -> None:
        """Take back what is being asked."""
        if self._store:
            self._store.stop()

    def close(self) -> None:
        """Close the store, if it was opened."""
        if self._store:
            self._store.close()

    def _opened(self) -> Store:
        self._store = self._store or self._open()
        return self._store


def open_store(settings: StoreSettings, plan: Plan) -> Store:
    """Return the store that the settings name.

    Raises:
        StoreError: it cannot be opened.
        UsageError: its files or columns are not there.
    """
    if settings.layout == "files":
        from monitor.stores.files.store import open_files  # noqa: PLC0415 only those who read files need their readers

        return open_files(settings, plan)
    from monitor.stores.sql import open_store as open_database  # noqa: PLC0415

    return open_database(settings, plan)
