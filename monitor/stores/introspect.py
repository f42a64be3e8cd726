"""Which tables and columns does a database have, in one statement for the whole store?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from monitor.errors import StoreError
from monitor.stores.dialects import DIALECTS
from monitor.stores.dialects.base import Dialect
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


def translate(native: str, own: Iterable[tuple[str, ColumnType]] = ()) -> ColumnType:
    """Return a database's column type in our words; `own` are its own types, asked first.

    >>> translate("timestamp without time zone"), translate("DECIMAL(18,3)"), translate("int8")
    ('datetime', 'number', 'integer')
    """
    lowered = native.lower()
    return next((ours for pattern, ours in (*own, *_TYPES) if re.search(pattern, lowered)), "any")


def columns(connection: sa.Connection, schemas: Iterable[str]) -> Columns:
    """Return the columns of every table in the given schemas, in their order, in one statement.

    Raises:
        StoreError: a schema does not exist.
    """
    wanted = tuple(sorted(set(schemas)))
    found: dict[TableName, dict[str, Column]] = {}
    seen = set()
    dialect = DIALECTS[connection.dialect.name]
    for schema, table, name, native in dialect.listed(connection, wanted):
        seen.add(schema)
        if table is not None and name is not None and native is not None:
            found.setdefault(TableName(schema, table), {})[name] = _column(name, native, dialect)
    if missing := [schema for schema in wanted if schema not in seen]:
        raise StoreError(f"the store has no schema {', '.join(missing)}")
    return found


def _column(name: str, native: str, dialect: Dialect) -> Column:
    kind = translate(native, dialect.types)
    if kind == "datetime" and dialect.clock != "time":
        return Column(name, kind, aware=True, clock=dialect.clock)
    return Column(name, kind, bool(re.search(dialect.aware, native.lower())))
