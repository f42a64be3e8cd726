"""How is Spark SQL asked? Through its Thrift server, over any catalogue that it has.

JSON is text here: what lies in a struct, a map or a VARIANT is written as text first, and a
text is parsed once a row. Spark 4 or newer for JSON; typed columns do with Spark 3.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.exc import DBAPIError

from monitor.stores import constructs as db
from monitor.stores.dialects.base import Dialect, Expression, Native, Opened, in_lateral, told

registry.register("spark.thrift", "monitor.stores.thrift", "SparkDialect")


def _digest(*columns: str) -> str:
    # xxhash64 passes over nulls: ('a', null) and (null, 'a') would be one
    return f"xxhash64({', '.join(f'CAST({column} AS STRING), {column} IS NULL' for column in columns)})"


CONSTRUCTS: Mapping[db.Construct, db.Say] = {
    db.now_seconds: "unix_timestamp()",
    db.seconds: "unix_seconds(CAST({0} AS TIMESTAMP))",
    db.moment: "TRY_CAST({0} AS TIMESTAMP)",
    db.whole: "(({0}) DIV {1})",
    db.digest: _digest,
    db.checksum: "SUM(CASE WHEN {0} IS NOT NULL THEN xxhash64(CAST({0} AS STRING)) & 16777215 END)",
    db.fingerprint: "CASE WHEN min(CAST({0} AS STRING)) = max(CAST({0} AS STRING))"
    " THEN xxhash64(min(CAST({0} AS STRING))) & {exact} WHEN count({0}) > 0 THEN -1 END",
    db.distinct: "approx_count_distinct({0})",
    db.matches: "({0} RLIKE {1})",
    # Java's numbers may end in d or f
    db.number: "CASE WHEN {0} RLIKE '^ *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)? *$'"
    " THEN TRY_CAST({0} AS DOUBLE) END",
    db.digits: "TRY_CAST({0} AS BIGINT)",
    db.json_of: "to_json({0})",
    db.json_object: "to_json(named_struct({all}))",
    db.json_entries: "LATERAL explode(TRY_CAST(try_parse_json({0}) AS MAP<STRING, VARIANT>))",
    db.entry_key: "{0}",
    db.entry_value: "to_json({0})",
    db.json_value: "NULLIF(to_json({0}), 'null')",
    db.json_kind: "CASE ascii({0}) WHEN 34 THEN 'string' WHEN 123 THEN 'object' WHEN 91 THEN 'array'"
    " WHEN 116 THEN 'boolean' WHEN 102 THEN 'boolean' WHEN 110 THEN 'null'"
    " ELSE CASE WHEN {0} IS NOT NULL THEN 'number' END END",
    db.json_written: "{0}",
    db.json_text: "CASE WHEN ascii({0}) = 34 THEN get_json_object(concat('[', {0}, ']'), '$[0]') ELSE {0} END",
    db.json_number: "CASE WHEN ascii({0}) BETWEEN 45 AND 57 THEN TRY_CAST({0} AS DOUBLE) END",
}
_COLUMN = re.compile(r"^ \|-- (.*): (\S+) \(nullable = (?:true|false)\)$")
_NOT_THERE = "SCHEMA_NOT_FOUND"


def opened(select: sa.Select[Any], bag: Expression) -> Opened:
    """Open JSON text; a struct, a map or a VARIANT is written as text before."""
    written = isinstance(bag.type, sa.Text) or isinstance(bag, db.json_of | db.json_object)
    return in_lateral(select, bag if written else db.json_of(bag))


def listed(connection: sa.Connection, schemas: tuple[str, ...]) -> Iterable[Native]:
    """Return all columns of each schema in one statement a schema: Spark has no information_schema."""
    quote = connection.dialect.identifier_preparer.quote
    for schema in schemas:
        try:
            tables = connection.execute(sa.text(f"SHOW TABLE EXTENDED IN {quote(schema)} LIKE '*'")).all()
        except DBAPIError as error:
            if _NOT_THERE not in str(error.orig):
                raise
            continue
        yield (schema, None, None, None)
        for _, table, _, about in tables:
            yield from ((schema, table, *column) for column in columns(about))


def columns(about: str) -> Iterator[tuple[str, str]]:
    r"""Yield the columns of a table, with their types, of what Spark says about it; members of structs are left out.

    >>> list(columns("Schema: root\n |-- a: struct (nullable = true)\n |    |-- b: long (nullable = true)\n"))
    [('a', 'struct')]
    """
    for line in about.splitlines():
        if found := _COLUMN.match(line):
            yield found[1], found[2]


def _arguments(_url: sa.URL, _timeout: float) -> Mapping[str, Any]:
    return {}


def _prepared(connection: Any, timeout: float) -> None:
    # a time without a zone, in text or in a predicate, is UTC
    limit = f"SET spark.sql.thriftServer.queryTimeout={max(1, int(timeout))}"
    told(connection, "SET spark.sql.session.timeZone=UTC", limit)


DIALECT = Dialect(
    name="spark",
    schemes={"spark": "spark+thrift"},
    constructs=CONSTRUCTS,
    listed=listed,
    arguments=_arguments,
    extra="spark",
    opened=opened,
    types=((r"^(long|short|byte)$", "integer"),),
    aware="^timestamp$",
    prepared=_prepared,
    limits_itself=True,
)
