"""Which values does a property have, and is one of them new, gone, or suddenly frequent?

History keeps hashes, never values: a value is named only where it is a member of the plan's list, of which the hash is
known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from checks.base import Bucket, Finding, Floats, Key, Table
from checks.distributions import Difference, Value, categorical
from checks.moves import moved
from checks.plan import Plan, PlannedProperty
from checks.words import TELLING, share

OTHER = "(other)"  # label of values that are not among the most frequent
MOST_TOLD = 3  # values in a sentence
SURE = 1e-3  # p-value at which a value is said to be new, or gone


def watched(plan: Plan, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield event and property of what has few values: by the plan, or as `names` ("Event.property") say."""
    for event in plan.events.values():
        for prop in event.properties.values():
            if prop.enum or prop.type == "boolean" or f"{event.name}.{prop.name}" in names:
                yield event.name, prop.name


class Categories:
    """The values of each property by source and day."""

    def __init__(self, table: Table) -> None:
        """Take the counts by hash of a value."""
        self.table = table
        self._rows: dict[Key, list[int]] = {}
        for i, key in enumerate(table.keys):
            if key.source is not None and key.label:
                self._rows.setdefault(replace(key, label=None), []).append(i)

    def keys(self) -> tuple[Key, ...]:
        """Return the series, without their values."""
        return tuple(self._rows)

    def counts(self, key: Key) -> Floats:
        """Return [values, days] of a series; none of a series that is not there."""
        return np.nan_to_num(self.table.values[self._rows.get(key, [])])

    def judge(self, key: Key, column: int, bucket: Bucket, least: float, names: Mapping[str, str]) -> Finding:
        """Return the finding about a day of a series.

        Args:
            key: the series.
            column: the day.
            bucket: the same as a stretch of time.
            least: share of the values that would have to be others for it to matter.
            names: hash -> value, as far as they may be told.
        """
        rows, past = self._rows[key], slice(None, self.table.cut)
        usable = self.table.usable[rows][:, past].all(axis=0)
        days = np.where(usable, self.counts(key)[:, past], np.nan).T
        today = self.counts(key)[:, column]
        found = categorical(days, today)
        labels = [self.table.keys[i].label or "" for i in rows]
        finding = moved("categorical", key, bucket, found, least, float(today.sum()))
        return replace(finding, text=_said(key, found, labels, names) if found.p_value <= TELLING else "")


def names_of(prop: PlannedProperty | None) -> Mapping[str, str]:
    """Return hash -> value of what the plan lists, as columns of texts and as JSON write it.

    >>> names_of(PlannedProperty(name="currency", enum=("USD",)))["3518f8944d42212d"]
    'USD'
    """
    if prop is None:
        return {}
    members = ("true", "false") if prop.type == "boolean" else prop.enum
    spelt = {text: member for member in members for text in (member, json.dumps(member, ensure_ascii=False))}
    return {_hash(text): member for text, member in spelt.items()}


def _hash(text: str) -> str:
    """Return what a store makes of a value: the first half of its MD5, in hexadecimal."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:16]


def _said(key: Key, found: Difference, labels: list[str], names: Mapping[str, str]) -> str:
    changes = [*_listed("new", found.appeared, labels, names), *_listed("gone", found.vanished, labels, names)]
    what = f"; {'; '.join(changes)}" if changes else ""
    return f"{key}: {share(found.effect)} of the values of a day would have to be others to be as usual{what}."


def _listed(word: str, values: tuple[Value, ...], labels: list[str], names: Mapping[str, str]) -> Iterator[str]:
    sure = [value for value in values if value.p_value <= SURE and labels[value.index] != OTHER]
    for value in sure[:MOST_TOLD]:
        name = names.get(labels[value.index])
        yield f"{word} is {name or 'a value that the plan does not list'} ({share(value.share)})"
