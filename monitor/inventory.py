"""What does the store hold, and how much of it? Kept by each run for pages, reports and the clean-up list.

A run by the hour sees names and types; how much there is of them is counted once a day, over all
that is learned from, and stands until then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from checks.base import Catalog, Stat
from monitor.stores.base import Size

if TYPE_CHECKING:
    import pandas as pd

NAME = "catalog"  # of the snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldProperty:
    """A property as the store has it."""

    types: Mapping[str, str] = field(default_factory=dict)  # source -> type in our words
    values: int = 0  # messages that carry a value
    bytes: int | None = None  # that it takes in the store; None: the store does not say so cheaply


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldEvent:
    """An event as the store has it."""

    sources: Mapping[str, int] = field(default_factory=dict)  # source -> messages; 0: a place that nothing came to
    properties: Mapping[str, HeldProperty] = field(default_factory=dict)
    bytes: int | None = None

    @property
    def rows(self) -> int:
        """Return how many messages there are, of all sources."""
        return sum(self.sources.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All that the store holds. Messages and values are counted in [since, until); bytes are of all that is there."""

    since: dt.datetime
    until: dt.datetime
    events: Mapping[str, HeldEvent] = field(default_factory=dict)

    def to_json(self) -> Any:
        """Return what a snapshot keeps."""
        return _adapter().dump_python(self, mode="json")

    @classmethod
    def from_json(cls, body: Any) -> Inventory:
        """Return what a snapshot kept."""
        return _adapter().validate_python(body)


@cache
def _adapter() -> TypeAdapter[Inventory]:
    return TypeAdapter(Inventory)


def take(
    catalog: Catalog,
    points: pd.DataFrame | None,
    span: tuple[dt.datetime, dt.datetime],
    before: Inventory | None,
    sizes: Iterable[Size] = (),
) -> Inventory:
    """Take stock.

    Args:
        catalog: what the store has now, as far as it looked.
        points: what was measured by the day, with the columns of `history.points.read_points`; None: only hours were.
        span: from when until when that was measured.
        before: the last inventory. Its counts stand where no days were measured, and its events stay while
            there are messages of them: a store of files looks only at the newest.
        sizes: the bytes of events and properties, where days were measured.
    """
    events = _named(catalog, before.events if before else {})
    if points is not None:
        counts = _Counts.of(points)
        there = catalog.events.keys() | counts.rows.keys()
        taken = _bytes(sizes)
        events = {name: counts.of_event(name, events.get(name, HeldEvent()), taken) for name in sorted(there)}
    elif before:
        span = before.since, before.until
    return Inventory(since=span[0], until=span[1], events=events)


def _named(catalog: Catalog, known: Mapping[str, HeldEvent]) -> dict[str, HeldEvent]:
    """Return events and properties under the names and types that they have now, with the counts that they had."""
    types: dict[str, dict[str, dict[str, str]]] = {}
    for each in sorted(catalog.fields, key=lambda each: (each.event, each.property, each.source)):
        types.setdefault(each.event, {}).setdefault(each.property, {})[each.source] = each.type
    events = dict(known)
    for name, sources in sorted(catalog.events.items()):
        held = known.get(name, HeldEvent())
        events[name] = replace(
            held,
            sources=dict.fromkeys(sorted(sources), 0) | dict(held.sources),
            properties={
                prop: replace(held.properties.get(prop, HeldProperty()), types=own)
                for prop, own in types.get(name, {}).items()
            },
        )
    return events


@dataclass(frozen=True, slots=True)
class _Counts:
    """Messages by event and source, and those without a value by event, property and source."""

    rows: Mapping[str, Mapping[str, int]]
    nulls: Mapping[tuple[str, str], Mapping[str, int]]

    @classmethod
    def of(cls, points: pd.DataFrame) -> _Counts:
        daily = points[points["grain"] == "day"]
        rows: dict[str, dict[str, int]] = {}
        for (event, source), count in _sums(daily, Stat.ROWS, ["event", "source"]):
            rows.setdefault(event, {})[source] = count
        nulls: dict[tuple[str, str], dict[str, int]] = {}
        for (event, name, source), count in _sums(daily, Stat.NULLS, ["event", "property", "source"]):
            nulls.setdefault((event, name), {})[source] = count
        return cls(rows, nulls)

    def of_event(self, name: str, event: HeldEvent, taken: Mapping[tuple[str, str | None], int]) -> HeldEvent:
        """Return an event with what was counted, and with the bytes that it takes."""
        rows = self.rows.get(name, {})
        properties = {
            prop: replace(
                held, values=self._values(rows, self.nulls.get((name, prop), {}), held), bytes=taken.get((name, prop))
            )
            for prop, held in event.properties.items()
        }
        sources = dict.fromkeys(event.sources, 0) | dict(rows)
        return replace(event, sources=sources, properties=properties, bytes=taken.get((name, None)))

    @staticmethod
    def _values(rows: Mapping[str, int], nulls: Mapping[str, int], held: HeldProperty) -> int:
        """Return the messages that carry a value, of the sources that have a place for it."""
        return sum(max(rows.get(source, 0) - nulls.get(source, 0), 0) for source in held.types)


def _bytes(sizes: Iterable[Size]) -> dict[tuple[str, str | None], int]:
    """Return the bytes of each event and property, over all tables."""
    found: dict[tuple[str, str | None], int] = {}
    for size in sizes:
        found[size.event, size.property] = found.get((size.event, size.property), 0) + size.bytes
    return found


def _sums(daily: pd.DataFrame, stat: Stat, by: list[str]) -> Iterator[tuple[tuple[str, ...], int]]:
    sums = daily[daily["measure"] == stat].groupby(by, sort=False)["value"].sum()
    return zip(sums.index, sums.astype("int64").tolist(), strict=True)
