"""How does the answer of one statement become the tidy frame that history keeps?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from checks.base import EVERY, Grain, Measure, Stat
from monitor.stores.base import COLUMNS
from monitor.stores.query import KEYS, Cell, Part, Query
from monitor.stores.table import EventTable

SPINE = ["source", "event", "bucket"]
SERIES = ["source", "event", "property", "bucket"]


def empty() -> pd.DataFrame:
    """Return the tidy frame without rows."""
    return _typed(pd.DataFrame({name: [] for name in COLUMNS}))


def tidy(
    query: Query, answer: Sequence[Sequence[Any]], table: EventTable, measures: Sequence[Measure], known: Properties
) -> tuple[pd.DataFrame, int]:
    """Return the tidy frame of one table, and the number of messages that were read."""
    width = max(len(part.cells) for part in query.parts)
    raw = pd.DataFrame.from_records(list(answer), columns=[*KEYS, *(f"c{i}" for i in range(width))])
    raw[["source", "event", "property"]] = raw[["source", "event", "property"]].fillna("").astype(str)
    frames, rows = [], 0
    for grain in ("hour", "day"):
        answered = [(part, raw[raw["part"] == number]) for number, part in enumerate(query.parts) if part.grain == grain]
        if not answered:
            continue
        spine = _values(answered[0][1], 0).rename(columns={"value": "rows"}).drop(columns="property")
        rows = max(rows, int(spine["rows"].sum()))
        asked = [measure for measure in measures if measure.grain == grain]
        found = pd.concat(list(_grain(answered, spine, Asked(asked, table, known))), ignore_index=True)
        found["bucket"] = query.cut.starts(found["bucket"].to_numpy(dtype="int64"), grain)
        frames.append(found.assign(grain=grain))
    return _typed(pd.concat(frames, ignore_index=True)), rows


class Properties:
    """The properties that the catalogue has, by event."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Keep pairs of event and property, each once."""
        self.pairs = frozenset(pairs)


class Asked:
    """What was asked of one table at one grain."""

    def __init__(self, measures: Sequence[Measure], table: EventTable, known: Properties) -> None:
        """Sort the wishes by statistic."""
        self.measures = measures
        self.table = table
        self.known = known.pairs

    def stat(self, stat: Stat) -> bool:
        """Return whether a statistic was asked for at all."""
        return any(measure.stat is stat for measure in self.measures)

    def pairs(self, stat: Stat, events: Iterable[str], seen: Iterable[tuple[str, str]]) -> pd.DataFrame:
        """Return the (event, property) pairs that a statistic was asked for, among events that occur."""
        occurring = set(events)
        every = (self.known | frozenset(seen)) if self.table.bag else self._columns(occurring)
        found: set[tuple[str, str]] = set()
        for measure in self.measures:
            if measure.stat is stat and measure.property:
                found |= self._wanted(measure, occurring, every)
        kept = sorted(pair for pair in found if pair[0] in occurring and pair[1] not in self.table.unreadable)
        return pd.DataFrame(kept, columns=["event", "property"], dtype=str)

    def _wanted(self, measure: Measure, occurring: set[str], every: frozenset[tuple[str, str]]) -> set[tuple[str, str]]:
        if measure.property == EVERY:
            return {pair for pair in every if measure.event in (None, pair[0])}
        events = occurring if measure.event is None else {measure.event}
        return {(event, measure.property or "") for event in events}

    def _columns(self, occurring: set[str]) -> frozenset[tuple[str, str]]:
        return frozenset((event, name) for event in occurring for name in self.table.properties)


def _grain(answered: list[tuple[Part, pd.DataFrame]], spine: pd.DataFrame, asked: Asked) -> Iterator[pd.DataFrame]:
    """Yield the tidy rows of one grain, measure by measure."""
    present = []
    if asked.stat(Stat.ROWS):
        yield _named(spine.rename(columns={"rows": "value"}), "", Stat.ROWS)
    for part, raw in answered:
        for number, cell in enumerate(part.cells):
            if cell.measure.stat is Stat.ROWS:
                continue
            values = _of_events(_values(raw, number), cell)
            if cell.measure.property != EVERY:
                values["property"] = cell.measure.property or ""
            if cell.measure.stat is Stat.NULLS:
                present.append(values)
            else:
                yield _kept(values, cell, asked).assign(measure=cell.measure.name())
    if asked.stat(Stat.NULLS):
        yield _nulls(spine, present, asked)


def _kept(values: pd.DataFrame, cell: Cell, asked: Asked) -> pd.DataFrame:
    """Return the values without zeros, and of members only those properties that were asked for."""
    values = values[values["value"] != 0] if cell.measure.stat is not Stat.FINGERPRINT else values
    if cell.measure.stat is Stat.FINGERPRINT and cell.measure.property == EVERY:
        seen = zip(values["event"], values["property"], strict=True)
        return values.merge(asked.pairs(Stat.FINGERPRINT, values["event"], seen), on=["event", "property"])
    return values


def _nulls(spine: pd.DataFrame, present: Sequence[pd.DataFrame], asked: Asked) -> pd.DataFrame:
    """Return rows without a value: all rows of the bucket less those that have one.

    A property without a column, or without a member in the bucket, is null in every row.
    """
    counted = pd.concat([*present, _named(spine.iloc[:0].rename(columns={"rows": "value"}), "", Stat.NULLS)])
    counted = counted[[*SERIES, "value"]]
    seen = zip(counted["event"], counted["property"], strict=True)
    wanted = spine.merge(asked.pairs(Stat.NULLS, spine["event"], seen), on="event")
    joined = wanted.merge(counted.drop_duplicates(SERIES), on=SERIES, how="left")
    joined["value"] = (joined["rows"] - joined["value"].astype(float).fillna(0.0)).clip(lower=0)
    return joined.loc[joined["value"] > 0, [*SERIES, "value"]].assign(measure=str(Stat.NULLS))


def _values(raw: pd.DataFrame, number: int) -> pd.DataFrame:
    """Return one number of a part, where it is known."""
    column = f"c{number}"
    known = raw.loc[raw[column].notna(), [*SPINE, "property", column]]
    return known.rename(columns={column: "value"}).astype({"value": "float64"})


def _of_events(values: pd.DataFrame, cell: Cell) -> pd.DataFrame:
    return values if cell.events is None else values[values["event"].isin(list(cell.events))].copy()


def _named(values: pd.DataFrame, prop: str, stat: Stat) -> pd.DataFrame:
    return values.assign(property=prop, measure=str(stat))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of the contract in its types."""
    text: list[str] = ["source", "event", "property", "measure", "grain"]
    typed = frame[list(COLUMNS)].astype({**dict.fromkeys(text, "str"), "value": "float64"})
    return typed.assign(bucket=typed["bucket"].astype("datetime64[s]"))


