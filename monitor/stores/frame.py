"""How does the answer of one statement become the tidy frame that history keeps?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from checks.base import EVERY, Grain, Measure, Stat
from monitor.stores import labels, texts
from monitor.stores.base import COLUMNS
from monitor.stores.query import Query
from monitor.stores.rows import KEYS, Cell, Part

Numbers = NDArray[np.float64]
Texts = NDArray[np.object_]
Chunk = tuple[Texts, Texts, Texts, Texts, NDArray[np.datetime64], Numbers]  # source, event, property, label, bucket


MOST_VALUES = 50  # of a dimension, by source, event and bucket: the rest is OTHER
NONE, OTHER, HASHED = "(none)", labels.OTHER, labels.HASHED
BY_PLACE = ["source", "event", "property", "bucket"]
ZERO_SAYS_SOMETHING = {Stat.FINGERPRINT, Stat.LOWEST, Stat.HIGHEST}
OF_ASKED = {  # counted of members where asked
    *(Stat.FINGERPRINT, Stat.CHECKSUM, Stat.DISTINCT, Stat.LOWEST, Stat.HIGHEST, Stat.SIZES, Stat.VALUES),
    *texts.STATS,
}


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The rows of one part as arrays: who, when, and the numbers that were asked."""

    grain: Grain
    source: Texts
    event: Texts
    property: Texts
    label: Texts
    bucket: NDArray[np.datetime64]
    numbers: tuple[Numbers, ...]

    @classmethod
    def read(cls, query: Query, part: Part, rows: Sequence[Sequence[Any]]) -> Answer:
        """Turn rows into columns; a missing text is empty."""
        columns = list(zip(*rows, strict=True)) or [()] * (len(KEYS) + len(part.cells))
        source, event, prop, label = (_texts(columns[i]) for i in (1, 2, 4, 5))
        bucket = query.cut.starts(np.array(columns[3], dtype=np.int64), part.grain)
        asked = columns[len(KEYS) : len(KEYS) + len(part.cells)]  # behind them are the nulls of the common width
        numbers = tuple(np.array(column, dtype=np.float64) for column in asked)
        return cls(part.grain, source, event, prop, label, bucket, numbers)

    def merged(self, cells: Sequence[Cell]) -> Answer:
        """Return the answer without labels: what differs by label only becomes one row."""
        groups = self._table(self.numbers[: len(cells)]).groupby(BY_PLACE, sort=False)
        columns = {f"c{i}": _over_labels(groups[f"c{i}"], cell.measure.stat) for i, cell in enumerate(cells)}
        return self._of(pd.DataFrame(columns).reset_index().assign(label=""), len(cells))

    def of_bins(self, bins: Sequence[str]) -> Answer:
        """Return the rows that lie in a bin, by its label instead of its number."""
        inside = np.array([label != "" and label[0] != HASHED for label in self.label], dtype=bool)
        label = _texts([bins[int(number)] for number in self.label[inside]])
        return self._part(inside, label)

    def of_hashes(self) -> Answer:
        """Return the rows that lie at the hash of a value, the most frequent ones of a place; the rest is OTHER."""
        inside = np.array([label.startswith(HASHED) for label in self.label], dtype=bool)
        answer = self._part(inside, _texts([label[len(HASHED) :] for label in self.label[inside]]))
        counts = answer._table(answer.numbers[:1]).assign(label=answer.label)
        rank = counts.sort_values(["c0", "label"], ascending=[False, True]).groupby(BY_PLACE).cumcount()
        label = np.where(rank.reindex(counts.index).to_numpy() < labels.MOST_VALUES, answer.label, OTHER)
        table = answer._table(answer.numbers).assign(label=label)
        return self._of(table.groupby([*BY_PLACE, "label"], as_index=False).sum(), len(answer.numbers))

    def _part(self, inside: NDArray[np.bool_], label: Texts) -> Answer:
        places = (self.source[inside], self.event[inside], self.property[inside], label, self.bucket[inside])
        return Answer(self.grain, *places, tuple(number[inside] for number in self.numbers))

    def of_values(self) -> Answer:
        """Return the most frequent values of a dimension; the rest is OTHER, no value is NONE."""
        labels = set(self.label.tolist())
        if len(labels) <= MOST_VALUES and NONE not in labels:
            return replace(self, label=np.where(self.label == "", NONE, self.label))
        table = self._table(self.numbers[:1]).assign(label=np.where(self.label == "", NONE, self.label))
        table = table.groupby([*BY_PLACE, "label"], as_index=False).sum()
        table = table.sort_values(["c0", "label"], ascending=[False, True])
        rank = table.groupby(BY_PLACE).cumcount()
        table["label"] = table["label"].where(rank < MOST_VALUES, OTHER)
        return self._of(table.groupby([*BY_PLACE, "label"], as_index=False).sum(), 1)

    def _table(self, numbers: Sequence[Numbers]) -> pd.DataFrame:
        places = dict(zip(BY_PLACE, (self.source, self.event, self.property, self.bucket), strict=True))
        return pd.DataFrame(places | {f"c{i}": number for i, number in enumerate(numbers)})

    def _of(self, table: pd.DataFrame, width: int) -> Answer:
        source, event, prop, label = (
            table[name].to_numpy(dtype=object) for name in ("source", "event", "property", "label")
        )
        numbers = tuple(table[f"c{i}"].to_numpy(dtype=np.float64) for i in range(width))
        bucket = table["bucket"].to_numpy().astype("datetime64[s]")
        return Answer(self.grain, source, event, prop, label, bucket, numbers)


def _over_labels(values: Any, stat: Stat) -> Any:
    """Return one number for all labels of a place. Bins share no value, so that even distinct values add up."""
    if stat is Stat.FINGERPRINT:
        low, high = values.min(), values.max()
        return low.where(low == high, -1.0)
    return values.min() if stat is Stat.LOWEST else values.max() if stat is Stat.HIGHEST else values.sum()


class Frame:
    """The tidy frame in the making."""

    def __init__(self) -> None:
        """Begin without rows."""
        self._chunks: list[Chunk] = []
        self._labels: list[tuple[str, Grain, int]] = []

    def add(self, query: Query, rows: Iterable[Sequence[Any]], measures: Sequence[Measure], known: Known) -> int:
        """Add the answer to one table's statement; return how many rows it counted."""
        by_part: list[list[Sequence[Any]]] = [[] for _ in query.parts]
        for row in rows:
            by_part[row[0]].append(row)
        spines: dict[Grain, Answer] = {}
        for part, mine in zip(query.parts, by_part, strict=True):
            answer = Answer.read(query, part, mine)
            asked = [measure for measure in measures if measure.grain == part.grain]
            if part.members:
                self._add_members(part, answer, spines[part.grain], Wanted(asked, known))
            elif part.labels is not None:
                labelled = answer.of_bins(part.labels) if part.labels else answer.of_values()
                self._put(labelled, part.cells[0], labelled.numbers[0])
            else:
                spines.setdefault(part.grain, answer)
                self._add_columns(
                    part, answer, any(measure.stat is Stat.ROWS and measure.by is None for measure in asked)
                )
        return max((int(spine.numbers[0].sum()) for spine in spines.values()), default=0)

    def frame(self) -> pd.DataFrame:
        """Return the frame in the columns and types of the contract."""
        columns = [np.concatenate(arrays) for arrays in zip(*self._chunks, strict=True)] or [np.array([])] * 6
        sizes = [size for *_, size in self._labels]
        measure = np.repeat(np.array([name for name, _, _ in self._labels], dtype=object), sizes)
        grain = np.repeat(np.array([grain for _, grain, _ in self._labels], dtype=object), sizes)
        source, event, prop, label, bucket, value = columns
        data = dict(zip(COLUMNS, (source, event, prop, label, measure, grain, bucket, value), strict=True))
        types = dict.fromkeys(COLUMNS[:6], "str") | {"bucket": "datetime64[s]", "value": "float64"}
        return pd.DataFrame(data).astype(types)

    def _add_columns(self, part: Part, answer: Answer, rows_asked: bool) -> None:
        rows = answer.numbers[0]
        for cell, number in zip(part.cells, answer.numbers, strict=False):
            if cell.measure.stat is not Stat.ROWS:
                self._put(answer, cell, rows - number if cell.measure.stat is Stat.NULLS else number)
            elif rows_asked:
                self._put(answer, cell, number)
        for cell in part.absent:
            self._put(answer, cell, rows)

    def _add_members(self, part: Part, answer: Answer, spine: Answer, wanted: Wanted) -> None:
        whole = answer.merged(part.cells) if part.labels else answer
        for i, cell in enumerate(part.cells):
            stat = cell.measure.stat
            here = answer.of_bins(part.labels or ()) if stat is Stat.SIZES else whole
            here = answer.of_hashes() if stat is Stat.VALUES else here
            if stat is Stat.NULLS:
                self._put_absences(here, here.numbers[i], spine, wanted)
            elif stat in OF_ASKED:
                self._put(here, cell, np.where(wanted.mask(stat, here), here.numbers[i], np.nan))
            else:
                self._put(here, cell, here.numbers[i])

    def _put_absences(self, answer: Answer, present: Numbers, spine: Answer, wanted: Wanted) -> None:
        """Add rows of a bucket without the member: all rows less those that have it."""
        places = list(zip(spine.source, spine.event, spine.bucket.astype(np.int64).tolist(), strict=True))
        keys = zip(answer.source, answer.event, answer.bucket.astype(np.int64).tolist(), answer.property, strict=True)
        have = dict(zip(keys, present.tolist(), strict=True))
        names = wanted.by_event(Stat.NULLS, set(spine.event), zip(answer.event, answer.property, strict=True))
        pairs = [(i, name) for i, place in enumerate(places) for name in names.get(place[1], ())]
        index = np.array([i for i, _ in pairs], dtype=np.int64)
        counted = np.array([have.get((*places[i], name), 0.0) for i, name in pairs], dtype=np.float64)
        missing = np.clip(spine.numbers[0][index] - counted, 0.0, None)
        keep = missing > 0
        texts = np.array([name for _, name in pairs], dtype=object)[keep]
        at = index[keep]
        chunk = (spine.source[at], spine.event[at], texts, _constant("", len(at)), spine.bucket[at], missing[keep])
        self._append(str(Stat.NULLS), spine, chunk)

    def _put(self, answer: Answer, cell: Cell, number: Numbers) -> None:
        """Add one number of each row, where it is known, not zero, and was asked for."""
        keep = ~np.isnan(number)
        if cell.measure.stat not in ZERO_SAYS_SOMETHING:
            keep &= number != 0
        if cell.events is not None:
            keep &= np.array([event in cell.events for event in answer.event], dtype=bool)
        name = cell.measure.property or ""
        kept = int(keep.sum())
        prop = answer.property[keep] if name == EVERY else _constant(name, kept)
        places = (answer.source[keep], answer.event[keep], prop, answer.label[keep], answer.bucket[keep])
        chunk = (*places, number[keep])
        self._append(cell.measure.name(), answer, chunk)

    def _append(self, name: str, answer: Answer, chunk: Chunk) -> None:
        self._chunks.append(chunk)
        self._labels.append((name, answer.grain, len(chunk[0])))


Known = Mapping[str, frozenset[str]]  # event -> properties that the catalogue has


class Wanted:
    """Which members of a JSON object were asked for."""

    def __init__(self, measures: Sequence[Measure], known: Known) -> None:
        """Keep the wishes of one grain."""
        self._measures = measures
        self._known = known

    def mask(self, stat: Stat, answer: Answer) -> NDArray[np.bool_]:
        """Return which rows of an answer are of a property that a statistic was asked for."""
        seen = list(zip(answer.event, answer.property, strict=True))
        names = self.by_event(stat, set(answer.event), set(seen))
        return np.array([name in names[event] for event, name in seen], dtype=bool)

    def by_event(self, stat: Stat, events: set[str], seen: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
        """Return the properties of each event that a statistic was asked for, seen, known or planned."""
        every: dict[str, set[str]] = {event: set(self._known.get(event, ())) for event in events}
        for event, name in seen:
            every[event].add(name)
        found: dict[str, set[str]] = {event: set() for event in events}
        for measure in self._measures:
            if measure.stat is stat and measure.property:
                for event in events if measure.event is None else events & {measure.event}:
                    found[event] |= every[event] if measure.property == EVERY else {measure.property}
        return found


def _constant(text: str, size: int) -> Texts:
    return np.full(size, text, dtype=object)


def _texts(column: Sequence[Any]) -> Texts:
    texts = np.empty(len(column), dtype=object)
    texts[:] = ["" if text is None else str(text) for text in column]
    return texts
