"""How does the answer of one statement become the tidy frame that history keeps?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from checks.base import EVERY, Grain, Measure, Stat
from monitor.stores.base import COLUMNS
from monitor.stores.query import Query
from monitor.stores.rows import KEYS, Cell, Part

Numbers = NDArray[np.float64]
Texts = NDArray[np.object_]
Chunk = tuple[Texts, Texts, Texts, Texts, NDArray[np.datetime64], Numbers]  # source, event, property, label, bucket


class Answer:
    """The rows of one part as arrays: who, when, and the numbers that were asked."""

    def __init__(self, query: Query, part: Part, rows: Sequence[Sequence[Any]]) -> None:
        """Turn rows into columns; a missing text is empty."""
        columns = list(zip(*rows, strict=True)) or [()] * (len(KEYS) + len(part.cells))
        self.source, self.event = _texts(columns[1]), _texts(columns[2])
        self.property = _texts(columns[4])
        self.bucket = query.cut.starts(np.array(columns[3], dtype=np.int64), part.grain)
        self.grain = part.grain
        self.numbers: list[Numbers] = [np.array(column, dtype=np.float64) for column in columns[len(KEYS) :]]


class Frame:
    """The tidy frame in the making."""

    def __init__(self) -> None:
        """Begin without rows."""
        self._chunks: list[Chunk] = []
        self._labels: list[tuple[str, Grain, int]] = []
        self.rows = 0

    def add(self, query: Query, rows: Iterable[Sequence[Any]], measures: Sequence[Measure], known: Known) -> None:
        """Add the answer to one table's statement."""
        by_part: list[list[Sequence[Any]]] = [[] for _ in query.parts]
        for row in rows:
            by_part[row[0]].append(row)
        spines: dict[Grain, Answer] = {}
        for part, mine in zip(query.parts, by_part, strict=True):
            answer = Answer(query, part, mine)
            asked = [measure for measure in measures if measure.grain == part.grain]
            if part.members:
                self._add_members(part, answer, spines[part.grain], Wanted(asked, known))
            else:
                spines.setdefault(part.grain, answer)
                self._add_columns(part, answer, any(measure.stat is Stat.ROWS for measure in asked))
        self.rows += max((int(spine.numbers[0].sum()) for spine in spines.values()), default=0)

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
        seen = list(zip(answer.event, answer.property, strict=True))
        for cell, number in zip(part.cells, answer.numbers, strict=False):
            if cell.measure.stat is Stat.NULLS:
                self._put_absences(answer, number, spine, wanted)
                continue
            if cell.measure.stat is Stat.FINGERPRINT:
                mine = wanted.pairs(Stat.FINGERPRINT, seen)
                self._put(answer, cell, np.where(np.array([pair in mine for pair in seen], dtype=bool), number, np.nan))
            else:
                self._put(answer, cell, number)

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
        if cell.measure.stat is not Stat.FINGERPRINT:
            keep &= number != 0
        if cell.events is not None:
            keep &= np.array([event in cell.events for event in answer.event], dtype=bool)
        name = cell.measure.property or ""
        kept = int(keep.sum())
        prop = answer.property[keep] if name == EVERY else _constant(name, kept)
        chunk = (answer.source[keep], answer.event[keep], prop, _constant("", kept), answer.bucket[keep], number[keep])
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

    def pairs(self, stat: Stat, seen: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return the (event, property) pairs among those seen that a statistic was asked for."""
        seen = set(seen)
        names = self.by_event(stat, {event for event, _ in seen}, seen)
        return {(event, name) for event, name in seen if name in names.get(event, ())}

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
