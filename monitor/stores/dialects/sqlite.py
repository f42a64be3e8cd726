"""How is SQLite asked?

It has no type for times: they are text or numbers, read as ISO 8601 in UTC unless they say an
offset, or as seconds since 1970. It has no hash either: rows are grouped by their content as
it is written, and a fingerprint is a function of ours, called once for each group.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b, md5
from math import floor
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from monitor.stores import constructs as db
from monitor.stores.dialects.base import Dialect, Expression, Opened, as_cte, from_catalog

_OWN = "trackwatch_hash"
# the offset at the end of a text: empty, Z or +02:00; what is between it and the seconds is their fraction
_ZONE = (
    "CASE WHEN {0} LIKE '%Z' THEN 'Z'"
    " WHEN length({0}) > 16 AND substr({0}, -6, 1) IN ('+', '-') THEN substr({0}, -6) ELSE '' END"
)
_CLOCK = "rtrim(rtrim(substr({0}, 1, 19), 'Z'), ' ')"
_MOMENT = (
    "CASE WHEN typeof({0}) <> 'text' THEN strftime('%Y-%m-%d %H:%M:%f', {0}, 'auto') || '000'"
    f" WHEN {{0}} LIKE '____-__-__ __:__:__' THEN {{0}} || '.000000'"
    f" ELSE strftime('%Y-%m-%d %H:%M:%S', CASE WHEN length({{0}}) > 19 THEN substr({{0}}, 1, 19) || ({_ZONE})"
    " ELSE {0} END) || '.' || CASE WHEN substr({0}, 20, 1) = '.'"
    f" THEN substr(substr({{0}}, 21, length({{0}}) - 20 - length({_ZONE})) || '000000', 1, 6) ELSE '000000' END END"
)


def _balanced(values: tuple[str, ...]) -> str:
    """Join values as SQLite writes them: its expressions are at most 1,000 deep, so a tree rather than a chain."""
    if len(values) == 1:
        return f"quote({values[0]})"
    middle = len(values) // 2
    return f"({_balanced(values[:middle])} || ',' || {_balanced(values[middle:])})"


_CONSTRUCTS: dict[db.Construct, db.Say] = {
    db.exact: "({0} COLLATE BINARY)",
    db.now_seconds: "CAST(strftime('%s', 'now') AS INTEGER)",
    db.seconds: "CAST(strftime('%s', substr({0}, 1, 19)) AS INTEGER)",
    db.moment: _MOMENT,
    db.whole: "(({0}) / {1})",
    db.digest: lambda *values: _balanced(values),
    db.checksum: f"sum({_OWN}({{0}}) & 16777215)",
    db.fingerprint: "CASE WHEN min({0} COLLATE BINARY) = max({0} COLLATE BINARY)"
    f" THEN {_OWN}(min({{0}} COLLATE BINARY)) WHEN count({{0}}) > 0 THEN -1 END",
    db.key_hash: f"{_OWN}_of_key({{0}})",
    db.matches: "(CAST({0} AS TEXT) REGEXP {1})",
    db.number: "CASE WHEN {0} REGEXP '^\\s*[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d{{1,3}})?\\s*$'"
    " THEN CAST({0} AS REAL) END",
    db.first_code: "unicode({0})",
    db.json_of: "{0}",
    db.json_object: "json_object({all})",
    db.json_entries: "json_each(CASE WHEN json_valid({0}) THEN CASE json_type({0}) WHEN 'object' THEN {0} END END)",
    db.entry_key: "({0} COLLATE BINARY)",
    db.entry_value: "CASE {1} WHEN 'text' THEN json_quote({0}) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'"
    " WHEN 'null' THEN 'null' ELSE CAST({0} AS TEXT) END",
    db.json_value: "NULLIF(trim({0}), 'null')",
    db.json_kind: "CASE substr(ltrim({0}), 1, 1) WHEN '\"' THEN 'string' WHEN '{{' THEN 'object' WHEN '[' THEN 'array'"
    " WHEN 't' THEN 'boolean' WHEN 'f' THEN 'boolean' WHEN 'n' THEN 'null'"
    " ELSE CASE WHEN {0} IS NOT NULL THEN 'number' END END",
    db.json_text: "json_extract({0}, '$')",
    db.json_written: "CASE substr(ltrim({0}), 1, 1) WHEN '\"' THEN json_quote(json_extract({0}, '$')) ELSE {0} END",
    db.json_number: "CASE WHEN substr(ltrim({0}), 1, 1) IN ('-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9')"
    " THEN CAST({0} AS REAL) END",
}
_COLUMNS = """
    SELECT d.name, m.name, p.name, p.type
    FROM pragma_database_list d
    LEFT JOIN sqlite_schema m ON m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite^_%' ESCAPE '^'
    LEFT JOIN pragma_table_info(m.name) p ON 1
    WHERE d.name IN :schemas
    ORDER BY m.name, p.cid"""


def _opened(select: sa.Select[Any], bag: Expression) -> Opened:
    members = db.json_entries(bag).table_valued("key", "value", "type", name="j", joins_implicitly=True)
    columns = db.entry_key(members.c.key).label("k"), db.entry_value(members.c.value, members.c.type).label("v")
    rows = select.add_columns(*columns).select_from(members).subquery("o")
    return Opened(rows, rows.c.k, rows.c.v)


def _rewritten(url: sa.URL) -> sa.URL:
    """Return the URL that opens an existing file for reading only."""
    path = url.database or ""
    if path.startswith("file:") or path in ("", ":memory:"):
        return url
    return url.set(database=f"file:{quote(path)}").update_query_dict({"mode": "ro", "uri": "true"})


def _arguments(_url: sa.URL, _timeout: float) -> Mapping[str, Any]:
    return {"timeout": 10, "check_same_thread": False}  # a timer interrupts from its own thread


def _hash(value: Any) -> int:
    return int.from_bytes(blake2b(repr(value).encode(), digest_size=8).digest()) & db.EXACT


def _key_hash(value: Any) -> str:
    return md5(str(value).encode(), usedforsecurity=False).hexdigest()[:16]


def _floor(value: float | None) -> float | None:
    return None if value is None else floor(value)


def _prepared(connection: Any, _timeout: float) -> None:
    connection.execute("PRAGMA query_only = ON")
    connection.create_function(_OWN, 1, _hash, deterministic=True)
    connection.create_function(f"{_OWN}_of_key", 1, _key_hash, deterministic=True)
    # SQLAlchemy puts a floor of its own there, which fails on null
    connection.create_function("floor", 1, _floor, deterministic=True)


def _cancel(connection: Any) -> None:
    connection.interrupt()


DIALECT = Dialect(
    name="sqlite",
    schemes={"sqlite": "sqlite"},
    constructs=_CONSTRUCTS,
    listed=from_catalog(_COLUMNS),
    arguments=_arguments,
    default_schema="main",
    opened=_opened,
    tabled=as_cte,
    clock="text",
    types=((r"^int", "integer"), (r"^(date|time)", "datetime"), (r"clob|^n?(var|native )?char", "string")),
    rewritten=_rewritten,
    prepared=_prepared,
    cancel=_cancel,
    most_columns=2000,
    views="SELECT 'main', name, sql FROM sqlite_master WHERE type = 'view'",
)
