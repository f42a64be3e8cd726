"""How is MySQL asked?

Texts are compared as bytes: by their collation 'a', 'A' and 'a ' would be one event. An object
is opened by its names (JSON_KEYS) and each value is looked up by its name: neither MySQL nor
MariaDB gives both at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from monitor.stores import constructs as db
from monitor.stores.dialects.base import (
    Dialect,
    Estimate,
    Explained,
    Expression,
    Opened,
    as_selects,
    from_catalog,
    told,
)
from monitor.stores.table import ColumnType

_BYTES = "CAST(CONVERT({0} USING utf8mb4) AS BINARY)"
_DAY = "[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"
_BASE = f"REGEXP_SUBSTR({{0}}, '^{_DAY}([T ][0-9]{{{{2}}}}:[0-9]{{{{2}}}}(:[0-9]{{{{2}}}}([.][0-9]+)?)?)?')"
_ZONE = "REGEXP_SUBSTR({0}, '[+-][0-9]{{2}}:?([0-9]{{2}})?$')"
_AWAY = (  # seconds east of UTC; a date ends like an offset, so only what has an hour has one
    f"CASE WHEN {{0}} REGEXP '^.{{{{10}}}}[T ].*[+-][0-9]{{{{2}}}}(:?[0-9]{{{{2}}}})?$' THEN"
    f" CASE LEFT({_ZONE}, 1) WHEN '-' THEN -1 ELSE 1 END * (3600 * SUBSTR({_ZONE}, 2, 2)"
    f" + 60 * COALESCE(NULLIF(SUBSTR(REPLACE({_ZONE}, ':', ''), 4), ''), 0)) ELSE 0 END"
)


def _digest(*values: str) -> str:
    return f"MD5(CONCAT_WS(',', {', '.join(f'QUOTE({value})' for value in values)}))"


CONSTRUCTS: dict[db.Construct, db.Say] = {
    db.exact: _BYTES,
    db.no_text: "CAST(NULL AS CHAR)",
    db.float64: "({0} + 0e0)",
    db.now_seconds: "UNIX_TIMESTAMP()",
    db.seconds: "TIMESTAMPDIFF(SECOND, '1970-01-01 00:00:00', {0})",
    db.moment: f"TIMESTAMPADD(SECOND, -({_AWAY}), CAST(REPLACE({_BASE}, 'T', ' ') AS DATETIME(6)))",
    db.whole: "(({0}) DIV {1})",
    db.digest: _digest,
    db.checksum: f"CAST(SUM(CONV(LEFT(MD5({_BYTES}), 6), 16, 10)) AS SIGNED)",
    db.fingerprint: f"CASE WHEN MIN({_BYTES}) = MAX({_BYTES})"
    f" THEN CAST(CONV(LEFT(MD5(MIN({_BYTES})), 13), 16, 10) AS SIGNED) WHEN COUNT({{0}}) > 0 THEN -1 END",
    db.matches: "(CONVERT({0} USING utf8mb4) COLLATE utf8mb4_bin REGEXP {1})",
    db.number: "CASE WHEN {0} REGEXP"
    " '^[[:space:]]*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{{1,3}})?[[:space:]]*$' THEN {0} + 0e0 END",
    db.characters: "CHAR_LENGTH(CONVERT({0} USING utf8mb4))",
    db.json_of: "{0}",
    db.json_object: "JSON_OBJECT({all})",
    db.json_entries: "JSON_TABLE(JSON_KEYS(CASE WHEN JSON_VALID({0}) THEN {0} END),"
    " '$[*]' COLUMNS (k LONGTEXT CHARACTER SET utf8mb4 PATH '$', r JSON PATH '$'))",
    db.entry_key: _BYTES,
    db.entry_value: "{0}",
    db.json_value: "CASE WHEN JSON_TYPE({0}) <> 'NULL' THEN {0} END",
    db.json_kind: "CASE JSON_TYPE({0}) WHEN 'STRING' THEN 'string'"
    " WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array'"
    " WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' ELSE CASE WHEN {0} IS NOT NULL THEN 'number' END END",
    db.json_text: "JSON_UNQUOTE({0})",
    db.json_written: "CAST(CASE JSON_TYPE({0}) WHEN 'STRING'"
    " THEN JSON_QUOTE(JSON_UNQUOTE({0})) ELSE {0} END AS BINARY)",
    db.json_number: "CASE WHEN JSON_TYPE({0})"
    " NOT IN ('STRING', 'OBJECT', 'ARRAY', 'BOOLEAN', 'NULL') THEN {0} + 0e0 END",
}
_COLUMNS = """
    SELECT s.schema_name, c.table_name, c.column_name,
      CASE c.data_type WHEN 'timestamp' THEN 'timestamp with time zone' ELSE c.column_type END
    FROM information_schema.schemata s
    LEFT JOIN information_schema.columns c ON c.table_schema = s.schema_name
    WHERE s.schema_name IN :schemas
    ORDER BY s.schema_name, c.table_name, c.ordinal_position"""
TYPES: tuple[tuple[str, ColumnType], ...] = (
    (r"^tinyint\(1\)", "boolean"),
    (r"^bit\(1\)", "boolean"),
    (r"^(tiny|medium|long)text", "string"),
)


def opened(select: sa.Select[Any], bag: Expression) -> Opened:
    """Open objects by their names, and look each value up."""
    names = db.json_entries(bag).table_valued("k", "r", name="j", joins_implicitly=True)
    # by the name as it is written: MariaDB does not find é by \u00e9
    value = sa.func.json_extract(bag, sa.func.concat("$.", names.c.r))
    columns = db.entry_key(names.c.k).label("k"), db.entry_value(value).label("v")
    rows = select.add_columns(*columns).select_from(names).subquery("o")
    return Opened(rows, rows.c.k, rows.c.v)


def _arguments(_url: sa.URL, timeout: float) -> Mapping[str, Any]:
    return {
        "connect_timeout": 10,
        "read_timeout": int(timeout) + 30,
        "charset": "utf8mb4",
        "program_name": "trackwatch",
    }


def _prepared(connection: Any, timeout: float) -> None:
    is_mariadb = "MariaDB" in connection.get_server_info()
    limit = f"max_statement_time = {timeout}" if is_mariadb else f"max_execution_time = {int(timeout * 1000)}"
    told(connection, "SET SESSION TRANSACTION READ ONLY", f"SET SESSION time_zone = '+00:00', sql_mode = '', {limit}")


def _cancel(connection: Any) -> None:
    """Stop the statement by a second connection: a client that is gone does not stop it."""
    where = {name: getattr(connection, name) for name in ("host", "port", "user", "password", "unix_socket")}
    tls = connection.ctx if getattr(connection, "_secure", False) else None
    other = type(connection)(**where, ssl=tls, connect_timeout=10)
    with other.cursor() as cursor:
        cursor.execute(f"KILL QUERY {connection.thread_id()}")
    other.close()


def _estimate(connection: sa.Connection, statement: sa.Executable) -> Estimate | None:
    """Return the rows that the steps of the plan read from tables, rather than from each other."""
    steps = connection.execute(Explained("EXPLAIN", statement)).mappings().all()
    read = [step for step in steps if step["rows"] is not None and not str(step["table"]).startswith("<")]
    return Estimate(rows=sum(float(step["rows"]) for step in read))


_HISTORY = """
    SELECT digest_text FROM performance_schema.events_statements_summary_by_digest
    WHERE digest_text IS NOT NULL AND last_seen >= :since"""
_SIZES = """
    SELECT table_schema, table_name, NULL, data_length + index_length FROM information_schema.tables
    WHERE table_schema IN :schemas AND data_length IS NOT NULL"""

DIALECT = Dialect(
    name="mysql",
    schemes={"mysql": "mysql+pymysql"},
    constructs=CONSTRUCTS,
    listed=from_catalog(_COLUMNS),
    arguments=_arguments,
    extra="mysql",
    tried=False,
    opened=opened,
    tabled=as_selects,
    types=TYPES,
    prepared=_prepared,
    cancel=_cancel,
    estimate=_estimate,
    limits_itself=True,
    most_columns=4096,
    spoken="mysql",
    history=_HISTORY,
    sizes=_SIZES,
)
