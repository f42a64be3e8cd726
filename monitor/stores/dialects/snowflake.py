"""How is Snowflake asked? Names in capitals are read as everybody writes them, in small letters.

JSON is text here, as in Spark: a VARIANT is opened by FLATTEN, and its members are written as text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from monitor.stores import constructs as db
from monitor.stores.dialects.base import (
    Columns,
    Dialect,
    Estimate,
    Explained,
    Expression,
    Native,
    Opened,
    as_values,
    in_lateral,
)

_CONSTRUCTS: Mapping[db.Construct, db.Say] = {
    db.float64: "CAST({0} AS DOUBLE)",
    db.now_seconds: "DATE_PART(EPOCH_SECOND, CURRENT_TIMESTAMP())",
    db.seconds: "DATE_PART(EPOCH_SECOND, DATE_TRUNC('SECOND', {0}))",
    db.moment: "TRY_TO_TIMESTAMP_TZ({0})",
    # a quotient is a decimal of six digits, and may be rounded up to the next whole
    db.whole: "CAST((({0}) - MOD({0}, {1})) / {1} AS BIGINT)",
    db.digest: "HASH({all})",
    db.checksum: "SUM(IFF({0} IS NULL, NULL, BITAND(HASH(TO_VARCHAR({0})), 16777215)))",
    db.fingerprint: "CASE WHEN MIN(TO_VARCHAR({0})) = MAX(TO_VARCHAR({0}))"
    " THEN BITAND(HASH(MIN(TO_VARCHAR({0}))), {exact}) WHEN COUNT({0}) > 0 THEN -1 END",
    db.distinct: "APPROX_COUNT_DISTINCT({0})",
    db.matches: "(REGEXP_INSTR({0}, {1}) > 0)",
    db.number: "TRY_TO_DOUBLE({0})",
    db.digits: "TRY_CAST({0} AS BIGINT)",
    db.json_of: "TO_JSON(TO_VARIANT({0}))",
    db.json_object: "TO_JSON(OBJECT_CONSTRUCT_KEEP_NULL({all}))",
    db.json_entries: "LATERAL FLATTEN(INPUT => {0})",
    db.entry_key: "{0}",
    db.entry_value: "TO_JSON({0})",
    db.json_value: "NULLIF(TO_JSON({0}), 'null')",
    db.json_kind: "CASE ASCII({0}) WHEN 34 THEN 'string' WHEN 123 THEN 'object' WHEN 91 THEN 'array'"
    " WHEN 116 THEN 'boolean' WHEN 102 THEN 'boolean' WHEN 110 THEN 'null'"
    " ELSE CASE WHEN {0} IS NOT NULL THEN 'number' END END",
    db.json_written: "{0}",
    db.json_text: "CASE WHEN ASCII({0}) = 34 THEN JSON_EXTRACT_PATH_TEXT('{{\"v\":' || {0} || '}}', 'v') ELSE {0} END",
    db.json_number: "CASE WHEN ASCII({0}) BETWEEN 45 AND 57 THEN TRY_TO_DOUBLE({0}) END",
}
# the scale says which numbers are whole; whatever the session's own database, it is the one of the URL
_COLUMNS = """
    SELECT s.schema_name, c.table_name, c.column_name,
        CASE WHEN c.data_type = 'NUMBER' THEN 'NUMBER(38, ' || c.numeric_scale || ')' ELSE c.data_type END
    FROM information_schema.schemata s
    LEFT JOIN information_schema.columns c ON c.table_schema = s.schema_name
    WHERE s.schema_name IN :schemas
    ORDER BY s.schema_name, c.table_name, c.ordinal_position"""


def _listed(connection: sa.Connection, schemas: tuple[str, ...]) -> Iterable[Native]:
    """Return all columns; a name in capitals that may be written without quotes is one in small letters."""
    spell, unspell = connection.dialect.normalize_name, connection.dialect.denormalize_name
    known = {unspell(schema): schema for schema in schemas}
    statement = sa.text(_COLUMNS).bindparams(sa.bindparam("schemas", expanding=True))
    for schema, table, column, native in connection.execute(statement, {"schemas": list(known)}):
        if table is None:
            yield known[schema], None, None, None
        else:
            yield known[schema], spell(table), spell(column), native


def _opened(select: sa.Select[Any], bag: Expression) -> Opened:
    """Open a VARIANT by FLATTEN, which opens arrays too: their items have no key."""
    written = isinstance(bag.type, sa.Text) or isinstance(bag, db.json_of | db.json_object)
    return in_lateral(select, sa.func.TRY_PARSE_JSON(bag) if written else bag, ("key", "value"))


def _arguments(_url: sa.URL, timeout: float) -> Mapping[str, Any]:
    session = {
        "QUERY_TAG": "trackwatch",
        "STATEMENT_TIMEOUT_IN_SECONDS": max(1, int(timeout)),
        "TIMEZONE": "UTC",
    }
    return {"session_parameters": session, "login_timeout": 30, "application": "trackwatch"}


def _estimate(connection: sa.Connection, statement: sa.Executable) -> Estimate | None:
    """Return the bytes of the micro-partitions that are left after pruning."""
    told = connection.execute(Explained("EXPLAIN USING JSON", statement)).scalar()
    assigned = json.loads(told or "{}").get("GlobalStats", {}).get("bytesAssigned")
    return None if assigned is None else Estimate(bytes=float(assigned))


def _tabled(name: str, columns: Columns, rows: Sequence[tuple[Any, ...]], _most: int) -> sa.FromClause:
    """Bind all values: the driver writes them into the text itself, and escapes what Snowflake would."""
    return as_values(name, columns, rows, len(rows))


_HISTORY = """
    SELECT ANY_VALUE(query_text) FROM snowflake.account_usage.query_history
    WHERE start_time >= :since AND database_name = CURRENT_DATABASE() AND execution_status = 'SUCCESS'
      AND query_type IN ('SELECT', 'INSERT', 'MERGE', 'CREATE_VIEW', 'CREATE_TABLE_AS_SELECT')
    GROUP BY query_hash"""
_SIZES = """
    SELECT table_schema, table_name, NULL, bytes FROM information_schema.tables
    WHERE table_schema IN :schemas AND bytes IS NOT NULL"""

DIALECT = Dialect(
    name="snowflake",
    schemes={"snowflake": "snowflake"},
    constructs=_CONSTRUCTS,
    listed=_listed,
    arguments=_arguments,
    extra="snowflake",
    default_schema=lambda url: (url.database or "").partition("/")[2] or "public",
    opened=_opened,
    tabled=_tabled,
    types=((r"^object", "json"),),
    aware="timestamp_(tz|ltz)",
    limits_itself=True,
    estimate=_estimate,
    history=_HISTORY,
    sizes=_SIZES,
)
