"""Where is the header of a sheet that people keep, and what do its cells mean?

Headers are found by what they say, whatever their case, spaces and order; titles above them are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from checks.plan import PropertyType
from monitor.plan.foreign import Foreign, Row

WITHIN = 20  # rows in which a header is looked for
_YES = frozenset({"yes", "y", "true", "1", "x", "✓", "✔", "required", "mandatory", "always"})
_NO = frozenset({"", "no", "n", "false", "0", "-", "optional", "sometimes", "never"})
TYPE_NAMES: dict[str, PropertyType] = {
    **dict.fromkeys(("string", "str", "text", "varchar", "char", "enum", "uuid", "url", "email", "id"), "string"),
    **dict.fromkeys(("integer", "int", "long", "bigint", "whole number"), "integer"),
    **dict.fromkeys(("number", "float", "double", "decimal", "numeric", "money", "currency amount"), "number"),
    **dict.fromkeys(("boolean", "bool", "flag", "true/false"), "boolean"),
    **dict.fromkeys(("datetime", "date-time", "timestamp", "date", "time", "iso8601"), "datetime"),
    **dict.fromkeys(("object", "json", "dict", "map", "struct"), "object"),
    **dict.fromkeys(("array", "list", "array of strings", "list of strings"), "array"),
    **dict.fromkeys(("any", "", "variant", "-"), "any"),
}


@dataclass(frozen=True, slots=True)
class Record:
    """A row under its header: cells by what their column means."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """Return a cell without the space around it, empty where the sheet has no such column."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """Return a cell as it is."""
        return self.cells.get(name, "")


def folded(header: str) -> str:
    """Return a header as it is compared: `Event_Name (required)` is `event name`.

    >>> folded("Event_Name (required)"), folded("Data Type*")
    ('event name', 'data type')
    """
    bare = re.sub(r"\(.*?\)|[*:?]", " ", header)
    return re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare)).strip().lower()


def header_of(file: Foreign, known: Mapping[str, str], need: frozenset[str]) -> tuple[int, dict[int, str]] | None:
    """Return the index of the header row, and what each of its columns means.

    Args:
        file: a table.
        known: folded header -> meaning.
        need: the meanings without which a row is no header.
    """
    rows: Sequence[Row] = file.data if file.form == "table" else ()
    for index, row in enumerate(rows[:WITHIN]):
        found: dict[int, str] = {}
        for column, cell in enumerate(row.cells):
            meaning = known.get(folded(cell))
            if meaning and meaning not in found.values():
                found[column] = meaning
        if need <= set(found.values()):
            return index, found
    return None


def records(file: Foreign, header: tuple[int, dict[int, str]]) -> Iterator[Record]:
    """Yield the rows below a header."""
    index, columns = header
    for row in file.data[index + 1 :]:
        yield Record(row.line, {meaning: row.cells[i] for i, meaning in columns.items() if i < len(row.cells)})


def others(file: Foreign, header: tuple[int, dict[int, str]]) -> list[str]:
    """Return the titles of columns whose meaning is not known."""
    index, columns = header
    return [cell for i, cell in enumerate(file.data[index].cells) if cell and i not in columns]


def is_yes(cell: str) -> bool | None:
    """Return what a cell answers; None when it is neither yes nor no.

    >>> is_yes("Y"), is_yes("optional"), is_yes("when paid by card")
    (True, False, None)
    """
    word = cell.strip().lower()
    return True if word in _YES else False if word in _NO else None
