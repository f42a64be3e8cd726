"""How is the demo shop's warehouse built?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from monitor.demo.events import EVENTS, IDENTIFIES, PAGES, Event
from monitor.demo.faults import AFFILIATION_NULL, FAULTS, NOW, START, Fault
from monitor.demo.messages import messages, of
from monitor.demo.people import Sessions, sessions
from monitor.demo.plant import plant
from monitor.demo.traffic import CLIENTS, SOURCES, stream
from monitor.demo.warehouse import Warehouse

_ROWS_A_SESSION = 6.2
_KEEP = {str(AFFILIATION_NULL.property)}


@dataclass(frozen=True, slots=True)
class Demo:
    """The shop that was built, and what is wrong in it."""

    path: Path
    since: dt.datetime
    now: dt.datetime
    faults: tuple[Fault, ...]
    messages: Mapping[tuple[str, str], int]  # (source, event) -> rows

    @property
    def rows(self) -> int:
        """Return the number of messages in all event tables."""
        return sum(self.messages.values())


def build(path: Path, seed: int = 7, rows: int = 1_000_000) -> Demo:
    """Write the demo shop's events as a DuckDB database in Segment's warehouse layout.

    The values are drawn with NumPy and laid out by DuckDB, one statement a table.

    Args:
        path: the database file; one that is there is replaced.
        seed: the same seed gives the same rows.
        rows: about how many messages; rare events stay as rare.
    """
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    visits = sessions(seed, rows / _ROWS_A_SESSION)
    with duckdb.connect(str(path)) as connection:
        warehouse = Warehouse(connection, seed)
        counts: dict[tuple[str, str], int] = {}
        for number, event in enumerate(EVENTS):
            counts |= _write_event(warehouse, event, visits, seed, number)
        for source in SOURCES:
            warehouse.write_tracks(source)
        for number, (table, call) in enumerate({"pages": PAGES, "identifies": IDENTIFIES}.items(), len(EVENTS)):
            _write_calls(warehouse, table, call, visits, seed, number)
    return Demo(path, START, NOW, FAULTS, counts)


def _write_event(
    warehouse: Warehouse, event: Event, visits: Sessions, seed: int, number: int
) -> dict[tuple[str, str], int]:
    frame = messages(event, visits, seed, number)
    counts = {}
    for source in event.sources:
        rng = stream(seed, f"faults of {event.name} on {source}")
        planted = plant(of(frame, source), event.name, source, rng)
        for name, part in planted.groupby("_event"):
            counts[source, str(name)] = warehouse.write_event(source, part, _KEEP)
    return counts


def _write_calls(warehouse: Warehouse, table: str, call: Event, visits: Sessions, seed: int, number: int) -> None:
    frame = messages(call, visits, seed, number)
    for source in CLIENTS:
        if source in call.sources:
            warehouse.write_calls(source, table, of(frame, source))
