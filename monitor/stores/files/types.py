"""Of what type is a column that was read as text?

A column gets a type only when every value has it; one that nearly has is mixed, which is worth a look.
"""

# ruff: noqa: S608 names and values go through `text.quoted` and `text.literal`

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from monitor.stores.files.text import quoted

_SAMPLE = 10_000
_MOSTLY = 0.6
_TESTS = {
    "BOOLEAN": "LOWER({0}) IN ('true', 'false')",
    "BIGINT": "REGEXP_FULL_MATCH({0}, '-?(0|[1-9][0-9]{{0,17}})')",
    "DOUBLE": "REGEXP_FULL_MATCH({0}, '-?[0-9]*[.]?[0-9]+([eE][-+]?[0-9]+)?')",
    "TIMESTAMP": "TRY_CAST({0} AS TIMESTAMP) IS NOT NULL",
}
_WORDS = {"BOOLEAN": "true or false", "BIGINT": "whole numbers", "DOUBLE": "numbers", "TIMESTAMP": "times"}


@dataclass(frozen=True, slots=True)
class Mixed:
    """A column that is nearly, but not all, of one type."""

    column: str
    mostly: str  # in words: "whole numbers"
    others: int  # values of no such type
    values: int


@dataclass(frozen=True, slots=True)
class Typed:
    """The type of each column, and the columns that are mixed."""

    types: Mapping[str, str]
    mixed: tuple[Mixed, ...]


def types(con: DuckDBPyConnection, table: str, columns: Sequence[str]) -> Typed:
    """Find the type of text columns: from a sample first, then certain."""
    if not columns:
        return Typed({}, ())
    sample = f"(SELECT * FROM {quoted(table)} LIMIT {_SAMPLE})"
    tests = [(column, type_) for column in columns for type_ in _TESTS]
    likely: dict[str, str] = {}
    for (column, type_), (fits, values) in zip(tests, _counts(con, sample, tests), strict=True):
        if values and fits >= _MOSTLY * values and (column not in likely):
            likely[column] = type_
    certain = list(likely.items())
    counted = dict(zip(likely, _counts(con, quoted(table), certain), strict=True))
    mixed = tuple(
        Mixed(column, _WORDS[likely[column]], values - fits, values)
        for column, (fits, values) in counted.items()
        if fits < values
    )
    odd = {found.column for found in mixed}
    return Typed({c: "VARCHAR" if c in odd else likely.get(c, "VARCHAR") for c in columns}, mixed)


def _counts(con: DuckDBPyConnection, table: str, tests: Sequence[tuple[str, str]]) -> list[tuple[int, int]]:
    """Return, for each column and type, how many values have it, and how many there are."""
    if not tests:
        return []
    wishes = [
        f"COUNT(*) FILTER (WHERE {_TESTS[type_].format(quoted(column))}), COUNT({quoted(column)})"
        for column, type_ in tests
    ]
    row = con.execute(f"SELECT {', '.join(wishes)} FROM {table}").fetchone() or ()
    return list(zip(row[::2], row[1::2], strict=True))
