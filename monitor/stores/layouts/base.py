"""How does a layout find its tables?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from checks.plan import Plan
from monitor.stores.base import StoreSettings
from monitor.stores.introspect import Columns
from monitor.stores.table import EventTable, SideTable


def nothing(_columns: Columns, _settings: StoreSettings) -> Iterator[SideTable]:
    """Yield no table beside those of events."""
    return iter(())


@dataclass(frozen=True, slots=True)
class Layout:
    """The schemas to introspect (none: the database's default), and what their tables mean."""

    schemas: Callable[[StoreSettings], tuple[str, ...]]
    tables: Callable[[Columns, StoreSettings, Plan], Iterator[EventTable]]
    beside: Callable[[Columns, StoreSettings], Iterator[SideTable]] = nothing
