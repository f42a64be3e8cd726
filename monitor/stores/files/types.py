"""Of what type are values that say it badly, or not at all?

A column that was read as text gets a type only when every value has it; one that nearly has is
mixed, which is worth a look. The values of a JSON property say their type, but not always the same.
"""

# ruff: noqa: S608 names and values go through `text.quoted` and `text.literal`

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from monitor.stores.files.text import quoted

_SAMPLE = 10_000
_MOSTLY = 0.6
_BAGS = 50_000  # property objects that are looked into
_KINDS = " ".join(
    f"WHEN '{type_}' THEN '{word}'"
    for type_, word in {"VARCHAR": "text", "BOOLEAN": "true or false", "ARRAY": "lists", "OBJECT": "objects"}.items()
)
_TESTS = {
    "BOOLEAN": "LOWER({0}) IN ('true', 'false')",
    "BIGINT": "REGEXP_FULL_MATCH({0}, '-?(0|[1-9][0-9]{{0,17}})')",
    "DOUBLE": "REGEXP_FULL_MATCH({0}, '-?((0|[1-9][0-9]{{0,14}})([.][0-9]+)?|[.][0-9]+)([eE][-+]?[0-9]+)?')",
    "TIMESTAMP": "TRY_CAST({0} AS TIMESTAMP) IS NOT NULL",
}
_WORDS = {"BOOLEAN": "true or false", "BIGINT": "whole numbers", "DOUBLE": "numbers", "TIMESTAMP": "times"}


@dataclass(frozen=True, slots=True)
class Mixed:
    """A column or property that is nearly, but not all, of one type."""

    column: str
    mostly: str  # in words: "whole numbers"
    others: int  # values of no such type
    values: int  # that were looked at
    event: str | None = None  # None: a column of a file that has no types
    also: str = ""  # what the others are, in words


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


def json_types(con: DuckDBPyConnection, table: str, event: str, bag: str) -> tuple[Mixed, ...]:
    """Find JSON properties whose values are of several types, in a sample of a table.

    Args:
        con: connection
        table: the table
        event: column that names the event
        bag: column that holds the property object
    """
    (rows,) = con.execute(f"SELECT COUNT(*) FROM {quoted(table)}").fetchone() or (0,)
    found = con.execute(
        f"""
        WITH bags AS (
            SELECT {quoted(event)} AS event, TRY(FROM_JSON({quoted(bag)}, '"MAP(VARCHAR, JSON)"')) AS bag
            FROM {quoted(table)} WHERE HASH(rowid) % {max(rows // _BAGS, 1)} = 0
        ), entries AS (
            SELECT event, UNNEST(MAP_KEYS(bag)) AS name, UNNEST(MAP_VALUES(bag)) AS value FROM bags
        ), kinds AS (
            SELECT event, name, CASE JSON_TYPE(value) {_KINDS} ELSE 'numbers' END AS kind
            FROM entries WHERE JSON_TYPE(value) <> 'NULL'
        )
        SELECT event, name, kind, COUNT(*) FROM kinds GROUP BY ALL ORDER BY event, name, COUNT(*) DESC, kind
        """
    ).fetchall()
    kinds: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for event_name, name, kind, number in found:
        kinds.setdefault((event_name, name), []).append((kind, number))
    return tuple(_mixed(*subject, parts) for subject, parts in kinds.items() if len(parts) > 1)


def _mixed(event: str, name: str, parts: Sequence[tuple[str, int]]) -> Mixed:
    values = sum(number for _, number in parts)
    (mostly, most), *others = parts
    return Mixed(name, mostly, values - most, values, event, " and ".join(kind for kind, _ in others))
