"""Which tables and columns does a database have, in one statement for the whole store?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from monitor.errors import StoreError
from monitor.stores.table import Column, ColumnType, TableName

Columns = Mapping[TableName, Mapping[str, Column]]

_TYPES: tuple[tuple[str, ColumnType], ...] = (
    (r"\[\d*\]$|^array|^list", "array"),
    (r"^struct|^map|^row|^record|^object|^hstore", "object"),
    (r"^json|^variant|^super", "json"),
    (r"^timestamp|^date|^datetime", "datetime"),
    (r"^bool", "boolean"),
    (r"^(decimal|numeric|number)\(\d+,\s*0\)$", "integer"),
    (r"^u?(tiny|small|big|huge|medium)?int|^int\d*$|^u?int\d+$", "integer"),
    (r"^double|^float|^real|^decimal|^numeric|^number", "number"),
    (r"^varchar|^text|^char|^string|^uuid|^enum|^bpchar|^citext|^name$", "string"),
)

# information_schema hides what a role may not read, so a forbidden table would look like one
# that is not there: PostgreSQL is asked for its own catalogue
_CATALOG = {
    "postgresql": """
        SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
        FROM pg_namespace n
        LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE n.nspname IN :schemas
        ORDER BY n.nspname, c.relname, a.attnum""",
    "duckdb": """
        SELECT s.schema_name, c.table_name, c.column_name, c.data_type
        FROM duckdb_schemas() s
        LEFT JOIN duckdb_columns() c ON c.schema_oid = s.oid AND c.database_oid = s.database_oid AND NOT c.internal
        WHERE s.database_name = current_database() AND s.schema_name IN :schemas
        ORDER BY s.schema_name, c.table_name, c.column_index""",
}


def translate(native: str) -> ColumnType:
    """Return a database's column type in our words.

    >>> translate("timestamp without time zone"), translate("DECIMAL(18,3)"), translate("int8")
    ('datetime', 'number', 'integer')
    """
    lowered = native.lower()
    return next((ours for pattern, ours in _TYPES if re.search(pattern, lowered)), "any")


def columns(connection: sa.Connection, schemas: Iterable[str]) -> Columns:
    """Return the columns of every table in the given schemas, in their order, in one statement.

    Raises:
        StoreError: a schema does not exist.
    """
    wanted = sorted(set(schemas))
    statement = sa.text(_CATALOG[connection.dialect.name]).bindparams(sa.bindparam("schemas", expanding=True))
    found: dict[TableName, dict[str, Column]] = {}
    seen = set()
    for schema, table, name, native in connection.execute(statement, {"schemas": wanted}):
        seen.add(schema)
        if name is not None:
            aware = bool(re.search("with time zone|timestamptz", native.lower()))
            found.setdefault(TableName(schema, table), {})[name] = Column(name, translate(native), aware)
    if missing := [schema for schema in wanted if schema not in seen]:
        raise StoreError(f"the store has no schema {', '.join(missing)}")
    return found


def default_schema(dialect: str) -> str:
    """Return the schema in which a table without one lies."""
    return {"duckdb": "main"}.get(dialect, "public")
