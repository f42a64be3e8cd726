"""What differs between databases, and how is it said in each of them?

Every difference is one construct with a compile rule per dialect; the statement builder
uses nothing else that a database may spell in its own way. DuckDB's SQLAlchemy dialect
derives from PostgreSQL's, so each construct names both.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

EXACT = 2**53 - 1  # the largest whole number that float64 keeps


class seconds(FunctionElement[int]):  # noqa: N801 a SQL function, spelt like one
    """Seconds since 1970 of a time column's own clock, whole, as BIGINT."""

    type = sa.BigInteger()
    inherit_cache = True


class whole(FunctionElement[int]):  # noqa: N801
    """Whole division of two numbers that are not negative."""

    type = sa.BigInteger()
    inherit_cache = True


class digest(FunctionElement[int]):  # noqa: N801
    """A 64-bit hash of one or more columns; null differs from every value."""

    type = sa.BigInteger()
    inherit_cache = True


class fingerprint(FunctionElement[int]):  # noqa: N801
    """Aggregate: the hash of a column's one value, -1 when there are several, null when there is none."""

    type = sa.BigInteger()
    inherit_cache = True


class matches(FunctionElement[bool]):  # noqa: N801
    """Whether a text contains a match of a regular expression."""

    type = sa.Boolean()
    inherit_cache = True


class number(FunctionElement[float]):  # noqa: N801
    """The number that a text spells, or null."""

    type = sa.Float()
    inherit_cache = True


class json_entries(FunctionElement[Any]):  # noqa: N801
    """One row for each member of a JSON object, parsed once; none for anything else."""

    inherit_cache = True


class entry_key(FunctionElement[str]):  # noqa: N801
    """The name of a member."""

    type = sa.String()
    inherit_cache = True


class entry_value(FunctionElement[Any]):  # noqa: N801
    """The value of a member as JSON; JSON's null is SQL null where the database says so, and else of kind null."""

    inherit_cache = True


class json_value(FunctionElement[Any]):  # noqa: N801
    """A JSON column, SQL null where it is JSON's null."""

    inherit_cache = True


class json_kind(FunctionElement[str]):  # noqa: N801
    """The JSON type of a value: string, number, boolean, object, array or null; SQL null of SQL null."""

    type = sa.String()
    inherit_cache = True


class json_text(FunctionElement[str]):  # noqa: N801
    """A JSON string without its quotes, anything else as JSON text."""

    type = sa.String()
    inherit_cache = True


class json_number(FunctionElement[float]):  # noqa: N801
    """A JSON number, or null."""

    type = sa.Float()
    inherit_cache = True


def _arguments(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> list[str]:
    return [compiler.process(clause, **kw) for clause in element.clauses]


def _template(construct: type[FunctionElement[Any]], dialect: str, sql: str) -> None:
    """Say a construct in a dialect: `{0}`, `{1}` are its arguments, `{all}` is their list."""

    @compiles(construct, dialect)
    def render(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
        arguments = _arguments(element, compiler, **kw)
        return sql.format(*arguments, all=", ".join(arguments), exact=EXACT)


_DUCKDB: dict[type[FunctionElement[Any]], str] = {
    seconds: "(epoch_us({0}) // 1000000)",
    whole: "(({0}) // {1})",
    digest: "hash({all})",
    fingerprint: "CASE WHEN min({0}) = max({0}) THEN CAST(hash(min({0})) & {exact} AS BIGINT)"
    " WHEN count({0}) > 0 THEN -1 END",
    matches: "regexp_matches({0}, {1})",
    number: "TRY_CAST({0} AS DOUBLE)",
    # a map is one parse per row; TRY, because a map refuses an object that repeats a key
    json_entries: "unnest(map_entries(TRY(from_json(TRY_CAST({0} AS JSON), '\"MAP(VARCHAR, JSON)\"'))))",
    entry_key: "({0}).key",
    entry_value: "({0}).value",
    json_value: "NULLIF({0}, CAST('null' AS JSON))",
    # by the first character: asking json_type would parse every value again
    json_kind: "CASE ascii(CAST({0} AS VARCHAR)) WHEN 34 THEN 'string' WHEN 123 THEN 'object' WHEN 91 THEN 'array'"
    " WHEN 116 THEN 'boolean' WHEN 102 THEN 'boolean' WHEN 110 THEN 'null'"
    " ELSE CASE WHEN {0} IS NOT NULL THEN 'number' END END",
    json_text: "({0} ->> '$')",
    json_number: "CASE WHEN ascii(CAST({0} AS VARCHAR)) BETWEEN 45 AND 57"
    " THEN TRY_CAST(CAST({0} AS VARCHAR) AS DOUBLE) END",
}
_POSTGRESQL: dict[type[FunctionElement[Any]], str] = {
    seconds: "CAST(floor(date_part('epoch', {0})) AS BIGINT)",
    whole: "(({0}) / {1})",
    digest: "hashtextextended(CAST(ROW({all}) AS TEXT), 0)",
    fingerprint: "CASE WHEN min(hashtextextended(CAST({0} AS TEXT), 0)) = max(hashtextextended(CAST({0} AS TEXT), 0))"
    " THEN min(hashtextextended(CAST({0} AS TEXT), 0)) & {exact} WHEN count({0}) > 0 THEN -1 END",
    matches: "({0} ~ {1})",
    number: "CASE WHEN {0} ~ '^\\s*[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d{{1,3}})?\\s*$'"
    " THEN CAST({0} AS NUMERIC) END",
    json_entries: "jsonb_each(CASE WHEN jsonb_typeof(CAST({0} AS JSONB)) = 'object' THEN CAST({0} AS JSONB) END)",
    entry_key: "({0}).key",
    entry_value: "({0}).value",
    json_value: "NULLIF(CAST({0} AS JSONB), CAST('null' AS JSONB))",
    json_kind: "jsonb_typeof(CAST({0} AS JSONB))",
    json_text: "(CAST({0} AS JSONB) #>> '{{}}')",
    json_number: "CASE WHEN jsonb_typeof(CAST({0} AS JSONB)) = 'number' THEN CAST(CAST({0} AS JSONB) AS NUMERIC) END",
}
for _dialect, _rules in (("duckdb", _DUCKDB), ("postgresql", _POSTGRESQL)):
    for _construct, _sql in _rules.items():
        _template(_construct, _dialect, _sql)
