"""How is Redshift asked? It parted from PostgreSQL long ago; JSON lies in SUPER columns, or in text.

Texts are cast to their full length: a TEXT of Redshift's has 256 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from monitor.stores import constructs as db
from monitor.stores.dialects.base import Dialect, Expression, Opened, as_selects, from_catalog, told

_LONG = "VARCHAR(65535)"


def _digest(*columns: str) -> str:
    # each hash seeds the next, so that a null and a value may not change places
    seed, *others = (f"COALESCE(FNV_HASH({column}), 0)" for column in columns)
    for each in others:
        seed = f"FNV_HASH({each}, {seed})"
    return seed


_CONSTRUCTS: Mapping[db.Construct, db.Say] = {
    db.text: f"CAST({{0}} AS {_LONG})",
    db.no_text: f"CAST(NULL AS {_LONG})",
    db.float64: "CAST({0} AS DOUBLE PRECISION)",
    db.now_seconds: "CAST(FLOOR(EXTRACT(EPOCH FROM GETDATE())) AS BIGINT)",
    db.seconds: "CAST(FLOOR(EXTRACT(EPOCH FROM {0})) AS BIGINT)",
    db.moment: "TRY_CAST(NULLIF(TRIM({0}), '') AS TIMESTAMPTZ)",
    db.whole: "(({0}) / {1})",
    db.digest: _digest,
    db.checksum: "SUM(FNV_HASH({0}) & 16777215)",
    db.fingerprint: "CASE WHEN MIN(FNV_HASH({0})) = MAX(FNV_HASH({0})) THEN MIN(FNV_HASH({0})) & {exact}"
    " WHEN COUNT({0}) > 0 THEN -1 END",
    db.distinct: "APPROXIMATE COUNT(DISTINCT {0})",
    db.matches: "(REGEXP_COUNT({0}, {1}, 1, 'p') > 0)",
    db.number: "TRY_CAST(NULLIF(TRIM({0}), '') AS DOUBLE PRECISION)",
    db.digits: "TRY_CAST({0} AS BIGINT)",
    db.json_of: "JSON_SERIALIZE({0})",
    db.json_object: "JSON_SERIALIZE(OBJECT({all}))",
    db.json_entries: "CASE WHEN CAN_JSON_PARSE({0}) THEN JSON_PARSE({0}) END",
    db.entry_key: f"CAST({{0}} AS {_LONG})",
    db.entry_value: "JSON_SERIALIZE({0})",
    db.json_value: "NULLIF(JSON_SERIALIZE({0}), 'null')",
    db.json_kind: "CASE ASCII({0}) WHEN 34 THEN 'string' WHEN 123 THEN 'object' WHEN 91 THEN 'array'"
    " WHEN 116 THEN 'boolean' WHEN 102 THEN 'boolean' WHEN 110 THEN 'null'"
    " ELSE CASE WHEN {0} IS NOT NULL THEN 'number' END END",
    db.json_written: "{0}",
    db.json_text: f"CASE WHEN ASCII({{0}}) = 34 THEN CAST(JSON_PARSE({{0}}) AS {_LONG}) ELSE {{0}} END",
    db.json_number: "CASE WHEN ASCII({0}) BETWEEN 45 AND 57 THEN TRY_CAST({0} AS DOUBLE PRECISION) END",
}
# also what lies outside, in S3
_COLUMNS = """
    SELECT s.schema_name, c.table_name, c.column_name, c.data_type
    FROM svv_all_schemas s
    LEFT JOIN svv_all_columns c ON c.database_name = s.database_name AND c.schema_name = s.schema_name
    WHERE s.database_name = current_database() AND s.schema_name IN :schemas
    ORDER BY s.schema_name, c.table_name, c.ordinal_position"""


def _opened(select: sa.Select[Any], bag: Expression) -> Opened:
    """Open a SUPER by UNPIVOT, which wants it as the column of a table."""
    written = isinstance(bag.type, sa.Text) or isinstance(bag, db.json_of | db.json_object)
    inner = select.add_columns((db.json_entries(bag) if written else bag).label("bag")).subquery("b")
    beside = [column for column in inner.c if column.name != "bag"]
    key, value = db.entry_key(sa.literal_column("k")), db.entry_value(sa.literal_column("v"))
    members = sa.select(*beside, key.label("k"), value.label("v"))
    opened = members.select_from(inner, sa.text("UNPIVOT b.bag AS v AT k")).subquery("o")
    return Opened(opened, opened.c.k, opened.c.v)


def _typed_null(column: sa.ColumnClause[Any]) -> Expression:
    """Return a null of the column's type: of two nulls in a row, Redshift makes a text."""
    if isinstance(column.type, sa.Float):
        return db.float64(sa.null())
    return db.no_text() if isinstance(column.type, sa.Text) else sa.cast(sa.null(), column.type)


def _arguments(_url: sa.URL, _timeout: float) -> Mapping[str, Any]:
    return {"application_name": "trackwatch"}


def _prepared(connection: Any, timeout: float) -> None:
    told(connection, f"SET statement_timeout TO {int(timeout * 1000)}", "SET timezone TO 'UTC'")
    connection.commit()  # what a transaction set goes with it, if it does not end well


_HISTORY = """
    SELECT query_text FROM sys_query_history
    WHERE start_time >= :since AND status = 'success' AND query_type IN ('SELECT', 'INSERT', 'CTAS')"""
_VIEWS = (
    "SELECT schemaname, viewname, definition FROM pg_views WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
)
_SIZES = (
    'SELECT "schema", "table", CAST(NULL AS VARCHAR), size * 1048576 FROM svv_table_info WHERE "schema" IN :schemas'
)

DIALECT = Dialect(
    name="redshift",
    schemes={"redshift": "redshift+redshift_connector"},
    constructs=_CONSTRUCTS,
    listed=from_catalog(_COLUMNS),
    arguments=_arguments,
    extra="redshift",
    default_schema="public",
    tried=False,
    opened=_opened,
    tabled=partial(as_selects, nothing=_typed_null),
    prepared=_prepared,
    limits_itself=True,
    history=_HISTORY,
    views=_VIEWS,
    sizes=_SIZES,
)
