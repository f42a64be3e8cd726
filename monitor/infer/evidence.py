"""What has been seen of an event and of its properties, put together over days and sources?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from checks.base import Catalog, Floats, Rule, Stat

if TYPE_CHECKING:
    import pandas as pd

INTEGER = Rule("type", ("integer",))


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenProperty:
    """What a property had for values. Maps by source leave out what was never there."""

    event: str
    name: str
    types: frozenset[str]  # the store's own, translated; several where sources differ
    rows: Mapping[str, float]  # messages of the event, by source
    nulls: Mapping[str, float]
    days: int  # with messages
    lows: Floats = field(default_factory=lambda: np.zeros(0))  # smallest number of each day and source
    highs: Floats = field(default_factory=lambda: np.zeros(0))
    fractions: float = 0.0  # numbers that are not whole
    distinct: float = 0.0  # most values of a day and source, about
    unique: float = 0.0  # of a usual day: values for each message that has one
    members: Mapping[str, tuple[float, int]] = field(default_factory=dict)  # value -> messages, first day
    forms: Mapping[str, float] = field(default_factory=dict)  # of texts

    @property
    def messages(self) -> float:
        """Return the messages of the event."""
        return sum(self.rows.values())

    @property
    def values(self) -> float:
        """Return the messages in which it has a value."""
        return self.messages - sum(self.nulls.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvent:
    """What came of an event."""

    name: str
    rows: Mapping[str, float]  # by source
    days: int
    daily: Floats  # [days of the window] from all sources
    properties: Mapping[str, SeenProperty]

    @property
    def messages(self) -> float:
        """Return how many came."""
        return sum(self.rows.values())


def seen(catalog: Catalog, frame: pd.DataFrame, closer: pd.DataFrame | None = None) -> dict[str, SeenEvent]:
    """Return what has been seen of each event that came at all, largest first.

    Args:
        catalog: what the store has, for types.
        frame: rows, nulls, distinct, lowest and highest by day.
        closer: values, forms and fractions of the properties for which they were asked.
    """
    rows = frame[(frame["measure"] == Stat.ROWS) & (frame["grain"] == "day")]
    days = {start: number for number, start in enumerate(sorted(rows["bucket"].unique()))}
    events: dict[str, SeenEvent] = {}
    for event, own in sorted(rows.groupby("event"), key=lambda item: -item[1]["value"].sum()):
        daily = np.zeros(len(days))
        np.add.at(daily, [days[start] for start in own["bucket"]], own["value"].to_numpy())
        by_source = _by(own, "source")
        whole = SeenEvent(name=str(event), rows=by_source, days=int((daily > 0).sum()), daily=daily, properties={})
        mine = frame[frame["event"] == event]
        near = None if closer is None else closer[closer["event"] == event]
        found = {each.name: each for each in _properties(catalog, whole, mine, near, days)}
        events[str(event)] = SeenEvent(name=whole.name, rows=by_source, days=whole.days, daily=daily, properties=found)
    return events


def _properties(
    catalog: Catalog, event: SeenEvent, frame: pd.DataFrame, closer: pd.DataFrame | None, days: Mapping[object, int]
) -> Iterator[SeenProperty]:
    types: dict[str, dict[str, str]] = {}
    for each in catalog.fields:
        if each.event == event.name and each.source in event.rows:
            types.setdefault(each.property, {})[each.source] = each.type
    parts = {str(name): part for name, part in frame[frame["property"] != ""].groupby("property")}
    near = {} if closer is None else {str(name): part for name, part in closer.groupby("property")}
    for name in sorted(types.keys() | parts.keys()):
        own = parts.get(name, frame.iloc[:0])
        nulls = {source: event.rows[source] for source in event.rows if source not in types.get(name, {source: ""})}
        nulls |= _sums(own, Stat.NULLS)
        of_day = own[own["measure"] == Stat.DISTINCT]
        yield SeenProperty(
            event=event.name,
            name=name,
            types=frozenset(types.get(name, {}).values()),
            rows=event.rows,
            nulls=nulls,
            days=event.days,
            lows=own[own["measure"] == Stat.LOWEST]["value"].to_numpy(),
            highs=own[own["measure"] == Stat.HIGHEST]["value"].to_numpy(),
            distinct=float(of_day["value"].max()) if len(of_day) else 0.0,
            unique=float(of_day["value"].sum()) / max(event_values(event, nulls), 1.0),
            **_closer(near.get(name), days),
        )


def event_values(event: SeenEvent, nulls: Mapping[str, float]) -> float:
    """Return the messages of an event that have a value of a property."""
    return event.messages - sum(nulls.values())


def _sums(frame: pd.DataFrame, stat: Stat) -> dict[str, float]:
    return _by(frame[frame["measure"] == stat], "source")


def _by(frame: pd.DataFrame, column: str) -> dict[str, float]:
    return {str(name): float(total) for name, total in frame.groupby(column)["value"].sum().items()}


def _closer(frame: pd.DataFrame | None, days: Mapping[object, int]) -> dict[str, Any]:
    """Return members with their counts and first days, forms, and how many numbers have a fraction."""
    if frame is None:
        return {}
    values = frame[frame["measure"] == Stat.MEMBERS]
    members = {
        str(label): (float(part["value"].sum()), min(days.get(start, 0) for start in part["bucket"]))
        for label, part in values.groupby("label")
    }
    forms = _by(frame[frame["measure"] == Stat.FORMS], "label")
    mistyped = frame[frame["measure"] == f"{Stat.MISTYPED}.type"]["value"].sum()
    return {"members": members, "forms": forms, "fractions": float(mistyped)}
