"""How is ClickHouse asked?

Its own habits are switched off where SQL says otherwise: a join that finds nothing gives nulls
(join_use_nulls), a name means the column (prefer_column_name_to_alias). Numbers that branches of
a UNION ALL give are floats, since it finds no common type for signed and unsigned ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from monitor.stores import constructs as db
from monitor.stores.dialects.base import Dialect, Estimate, Explained, Native, as_selects, from_catalog


def _digest(*values: str) -> str:
    told_apart = (f"isNull({value}), ifNull(toString({value}), '')" for value in values)
    return f"sipHash64({', '.join(told_apart)})"


def _object(*pairs: str) -> str:
    members = [
        f"toJSONString({name}), ':', ifNull(toJSONString({value}), 'null')"
        for name, value in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    inside = ", ',', ".join(members) or "''"
    return f"concat('{{', {inside}, '}}')"


_CONSTRUCTS: dict[db.Construct, db.Say] = {
    db.text: "toString({0})",
    db.no_text: "CAST(NULL AS Nullable(String))",
    db.float64: "CAST({0} AS Nullable(Float64))",
    db.figure: "CAST({0} AS Nullable(Float64))",
    db.at: "toDateTime64({0}, 6)",  # the driver spells times in the server's zone, and so they are read
    # NaN equals nothing here: it takes the place of infinity, and infinity that of the largest number
    db.ordered: "multiIf(isNaN(toFloat64({0})), inf,"
    " toFloat64({0}) > 1.797e308, 1.7976931348623157e308, toFloat64({0}))",
    db.now_seconds: "toInt64(toUnixTimestamp(now()))",
    db.seconds: "intDiv(toUnixTimestamp64Micro(toDateTime64({0}, 6, 'UTC')), 1000000)",
    db.moment: "parseDateTime64BestEffortOrNull({0}, 6, 'UTC')",
    db.whole: "intDiv({0}, {1})",
    db.key_hash: "substring(lower(hex(MD5(assumeNotNull({0})))), 1, 16)",
    db.digest: _digest,
    db.checksum: "toInt64(sumIf(bitAnd(sipHash64(toString({0})), 16777215), {0} IS NOT NULL))",
    db.fingerprint: "CASE WHEN min({0}) = max({0}) THEN toInt64(bitAnd(sipHash64(toString(min({0}))), {exact}))"
    " WHEN count({0}) > 0 THEN toInt64(-1) END",
    db.distinct: "uniq({0})",
    db.matches: "match({0}, {1})",
    db.number: "toFloat64OrNull(trimBoth(toString({0})))",
    db.digits: "toInt64OrNull({0})",
    db.characters: "lengthUTF8({0})",
    db.json_of: "toJSONString({0})",
    db.json_object: _object,
    db.json_entries: "arrayJoin(JSONExtractKeysAndValuesRaw(ifNull(toString({0}), '')))",
    db.entry_key: "tupleElement({0}, 1)",
    db.entry_value: "tupleElement({0}, 2)",
    db.json_value: "nullIf(toJSONString({0}), 'null')",
    db.json_kind: "CASE WHEN {0} IS NULL THEN NULL WHEN startsWith({0}, '\"') THEN 'string'"
    " WHEN startsWith({0}, '{{') THEN 'object' WHEN startsWith({0}, '[') THEN 'array' WHEN {0} = 'null' THEN 'null'"
    " WHEN {0} IN ('true', 'false') THEN 'boolean' ELSE 'number' END",
    db.json_text: "JSONExtractString({0})",
    db.json_written: "replaceAll({0}, '\\\\/', '/')",
    db.json_number: "CASE WHEN match({0}, '^[-0-9]') THEN toFloat64OrNull({0}) END",
}
_COLUMNS = """
    SELECT d.name, c.table, c.name, c.type
    FROM system.databases d
    LEFT JOIN system.columns c ON c.database = d.name
    WHERE d.name IN :schemas
    ORDER BY d.name, c.table, c.position"""
_WRAPPED = re.compile(r"^(?:Nullable|LowCardinality)\((.*)\)$")


def bare(native: str) -> str:
    """Return a type without what says how it is kept.

    >>> bare("LowCardinality(Nullable(String))"), bare("DateTime64(6, 'UTC')")
    ('String', "DateTime64(6, 'UTC')")
    """
    while found := _WRAPPED.match(native):
        native = found[1]
    return native


def _listed(connection: sa.Connection, schemas: tuple[str, ...]) -> Iterable[Native]:
    for schema, table, column, native in from_catalog(_COLUMNS)(connection, schemas):
        yield schema, table or None, column or None, bare(native) if native else None


def _arguments(_url: sa.URL, timeout: float) -> Mapping[str, Any]:
    return {
        "readonly": 2,  # reads, and says how to; 1 would not let us say how
        "max_execution_time": int(max(timeout, 1)),
        "cancel_http_readonly_queries_on_client_close": 1,
        "join_use_nulls": 1,
        "prefer_column_name_to_alias": 1,
        "max_query_size": 10_000_000,
        "connect_timeout": 10,
        "send_receive_timeout": int(timeout) + 30,
        "client_name": "trackwatch",
    }


def _estimate(connection: sa.Connection, statement: sa.Executable) -> Estimate | None:
    """Return the rows of the parts that the primary key does not rule out."""
    steps = connection.execute(Explained("EXPLAIN ESTIMATE", statement)).mappings().all()
    return Estimate(rows=float(sum(int(step["rows"]) for step in steps)))


_HISTORY = """
    SELECT any(query) FROM system.query_log
    WHERE type = 'QueryFinish' AND event_time >= :since AND query_kind IN ('Select', 'Insert', 'Create')
    GROUP BY normalized_query_hash"""
_VIEWS = "SELECT database, name, create_table_query FROM system.tables WHERE engine IN ('View', 'MaterializedView')"
_SIZES = """
    SELECT database, table, CAST(NULL AS Nullable(String)), toInt64(total_bytes) FROM
    (SELECT database, name AS table, total_bytes FROM system.tables WHERE database IN :schemas AND total_bytes > 0)
    UNION ALL
    SELECT database, table, name, toInt64(data_compressed_bytes) FROM system.columns WHERE database IN :schemas"""

DIALECT = Dialect(
    name="clickhousedb",
    schemes={"clickhouse": "clickhousedb+connect", "clickhousedb": "clickhousedb+connect"},
    constructs=_CONSTRUCTS,
    listed=_listed,
    arguments=_arguments,
    extra="clickhouse",
    default_schema=lambda url: url.database or "default",
    tabled=as_selects,
    types=((r"^(fixed)?string|^ip", "string"), (r"^tuple", "object")),
    aware="^date",  # an instant always; its zone is how it is shown
    limits_itself=True,
    most_columns=500,  # it takes more, but plans them slowly
    estimate=_estimate,
    spoken="clickhouse",
    history=_HISTORY,
    views=_VIEWS,
    sizes=_SIZES,
)
