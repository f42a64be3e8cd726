"""How is a file's column written in the engine's SQL?

Only for reading files into a table; all measuring is `monitor.stores.sql`'s.
"""

from __future__ import annotations

from collections.abc import Iterable

from monitor.stores.files.sample import EPOCH, Sample

_US, _EU = ("%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S"), ("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S")
_DOTTED = ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S")
_YEARS = "BETWEEN TIMESTAMP '1971-01-01' AND TIMESTAMP '2200-01-01'"


def quoted(name: str) -> str:
    """Return a name as an identifier.

    >>> print(quoted("order id"))
    "order id"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as a literal.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def listed(texts: Iterable[str]) -> str:
    """Return texts as a list literal."""
    return "[" + ", ".join(map(literal, texts)) + "]"


def json_path(column: str, names: Iterable[str]) -> str:
    """Return the path to a column of a JSON row; a dot goes into an object unless a name holds it."""
    parts = [column] if column in names else column.split(".")
    return "$." + ".".join('"' + part.replace('"', '\\"') + '"' for part in parts)


def time(expression: str, sample: Sample, column: str) -> str:
    """Return a text as UTC time without zone: ISO 8601, seconds to microseconds since 1970, 1/2/2015.

    What cannot be read, or lies outside 1971 to 2200, is null.
    """
    tries = [_instant(f"TRY_CAST({expression} AS TIMESTAMPTZ)"), epoch(expression)]
    if sample.slashed(column):
        formats = (*(_EU if sample.day_first(column) else _US), *_DOTTED)
        tries.append(utc(f"TRY_STRPTIME({expression}, {listed(formats)})"))
    return between(f"COALESCE({', '.join(tries)})")


def utc(expression: str) -> str:
    """Return a time without zone, in the zone of the session, as UTC."""
    return _instant(f"CAST({expression} AS TIMESTAMPTZ)")


def _instant(expression: str) -> str:
    """Return a time with zone as UTC without; a fifth of the cost of AT TIME ZONE."""
    return f"MAKE_TIMESTAMP(EPOCH_US({expression}))"


def epoch(expression: str) -> str:
    """Return seconds, milliseconds or microseconds since 1970 as UTC time."""
    number = f"TRY_CAST({expression} AS DOUBLE)"
    scale = f"CASE WHEN {number} < 1e11 THEN 1e6 WHEN {number} < 1e14 THEN 1e3 ELSE 1 END"
    return (
        f"CASE WHEN REGEXP_FULL_MATCH({expression}, {literal(EPOCH)}) "
        f"THEN MAKE_TIMESTAMP(CAST(ROUND({number} * ({scale})) AS BIGINT)) END"
    )


def between(expression: str) -> str:
    """Return a time, or null where it lies outside 1971 to 2200."""
    return f"CASE WHEN ({expression}) {_YEARS} THEN ({expression}) END"
