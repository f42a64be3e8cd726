"""Which store does a configuration mean?"""

from __future__ import annotations

from checks.plan import Plan
from monitor.stores.base import Store, StoreSettings


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
