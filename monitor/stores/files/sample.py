"""What do the first rows of a file suggest about its columns?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}.*)?$")
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.]\d{4}( \d{1,2}:\d{2}(:\d{2})?)?$")
_ZONED = re.compile(r"\d:\d.*(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?)$")
EPOCH = r"(1[0-9]{9}|2[0-9]{9}|[5-9][0-9]{8})([0-9]{3}|[0-9]{6})?(\.[0-9]+)?"  # 1985 to 2065, in s, ms or µs
_EPOCH = re.compile(EPOCH + "$")
_LABELS = 40  # more names than this in the head, and it is no name of an event or source


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows, as the file has them."""

    rows: Sequence[Mapping[str, Any]]

    def names(self) -> tuple[str, ...]:
        """Return every column seen, and the members of objects with a dot, in order."""
        found: dict[str, None] = {}
        for row in self.rows:
            found.update(dict.fromkeys(_paths(row)))
        return tuple(found)

    def texts(self, column: str) -> list[str]:
        """Return the values of a column as text, without the missing ones."""
        values = (_at(row, column) for row in self.rows)
        return [str(value).strip() for value in values if value is not None and str(value).strip()]

    def is_time(self, column: str) -> bool:
        """Return whether most values of a column can be read as times."""
        texts = self.texts(column)
        fits = sum(1 for text in texts if _ISO.match(text) or _EPOCH.match(text) or _SLASHED.match(text))
        return bool(texts) and fits >= 0.6 * len(texts)

    def epoch(self, column: str) -> Literal["seconds", "milliseconds", "microseconds"]:
        """Return what a column of numbers since 1970 counts, as its first value says."""
        digits = len(next(iter(self.texts(column)), "").partition(".")[0])
        return "seconds" if digits < 12 else "milliseconds" if digits < 15 else "microseconds"

    def is_label(self, column: str) -> bool:
        """Return whether a column holds a few names again and again, as an event or a source does."""
        texts = self.texts(column)
        return bool(texts) and len(set(texts)) <= max(_LABELS, len(texts) // 5)

    def naive(self, column: str) -> float:
        """Return the share of a column's times that do not say their zone (seconds since 1970 do)."""
        texts = self.texts(column)
        return sum(not (_ZONED.search(text) or _EPOCH.match(text)) for text in texts) / max(len(texts), 1)

    def day_first(self, column: str) -> bool | None:
        """Return whether 1/2/2015 is in February; None where nothing tells, or where no such date is."""
        matches = [found for found in map(_SLASHED.match, self.texts(column)) if found]
        if any(int(found[1]) > 12 for found in matches):
            return True
        if any(int(found[2]) > 12 for found in matches):
            return False
        return None

    def slashed(self, column: str) -> bool:
        """Return whether dates are written like 1/2/2015."""
        return any(map(_SLASHED.match, self.texts(column)))


def _paths(row: Mapping[str, Any], prefix: str = "", depth: int = 2) -> Iterator[str]:
    for name, value in row.items():
        yield prefix + name
        if depth and isinstance(value, dict):
            yield from _paths(value, f"{prefix}{name}.", depth - 1)


def _at(row: Mapping[str, Any], column: str) -> Any:
    if column in row:
        return row[column]
    value: Any = row
    for name in column.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
