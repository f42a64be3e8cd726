"""How is Trino asked? JSON is text here, parsed once a row; other nested columns are written as text first."""

from __future__ import annotations

import json
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
    from_catalog,
    in_lateral,
)

_TEXT = "json_format(CAST({0} AS JSON))"
_HASH = "from_big_endian_64(xxhash64(to_utf8({0})))"


def _json_object(*names_and_values: str) -> str:
    names, values = names_and_values[::2], names_and_values[1::2]
    members = ", ".join(f"CAST({value} AS JSON)" for value in values)
    return f"json_format(CAST(MAP(ARRAY[{', '.join(names)}], ARRAY[{members}]) AS JSON))"


_CONSTRUCTS: Mapping[db.Construct, db.Say] = {
    db.text: f"trim(BOTH '\"' FROM {_TEXT})",
    db.float64: "CAST({0} AS DOUBLE)",
    db.now_seconds: "CAST(floor(to_unixtime(current_timestamp)) AS BIGINT)",
    db.seconds: "CAST(floor(to_unixtime({0})) AS BIGINT)",
    db.moment: "TRY(from_iso8601_timestamp(replace({0}, ' ', 'T')))",
    db.whole: "(({0}) / {1})",
    db.key_hash: "substr(lower(to_hex(md5(to_utf8({0})))), 1, 16)",
    db.digest: _HASH.format("json_format(CAST(ROW({all}) AS JSON))"),
    db.checksum: f"sum(bitwise_and({_HASH.format(_TEXT)}, 16777215))",
    db.fingerprint: f"CASE WHEN min({_TEXT}) = max({_TEXT})"
    f" THEN bitwise_and({_HASH.format(f'min({_TEXT})')}, {{exact}})"
    " WHEN count({0}) > 0 THEN -1 END",
    db.distinct: "approx_distinct({0})",
    db.matches: "regexp_like({0}, {1})",
    # Java's numbers may end in d or f
    db.number: "CASE WHEN regexp_like({0}, '^ *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)? *$')"
    " THEN TRY_CAST({0} AS DOUBLE) END",
    db.first_code: "COALESCE(TRY(codepoint(CAST(substr({0}, 1, 1) AS VARCHAR(1)))), 0)",
    db.digits: "TRY_CAST({0} AS BIGINT)",
    db.json_of: _TEXT,
    db.json_object: _json_object,
    db.json_entries: "UNNEST(TRY_CAST(TRY(json_parse({0})) AS MAP(VARCHAR, JSON)))",
    db.entry_key: "{0}",
    db.entry_value: "json_format({0})",
    db.json_value: f"NULLIF({_TEXT}, 'null')",
    db.json_kind: "CASE substr({0}, 1, 1) WHEN '\"' THEN 'string' WHEN '{{' THEN 'object' WHEN '[' THEN 'array'"
    " WHEN 't' THEN 'boolean' WHEN 'f' THEN 'boolean' WHEN 'n' THEN 'null'"
    " ELSE CASE WHEN {0} IS NOT NULL THEN 'number' END END",
    db.json_written: "{0}",
    db.json_text: "CASE WHEN substr({0}, 1, 1) = '\"' THEN json_extract_scalar({0}, '$') ELSE {0} END",
    db.json_number: "CASE WHEN regexp_like({0}, '^[-0-9]') THEN TRY_CAST({0} AS DOUBLE) END",
}
_COLUMNS = """
    SELECT s.schema_name, c.table_name, c.column_name, c.data_type
    FROM information_schema.schemata s
    LEFT JOIN information_schema.columns c ON c.table_schema = s.schema_name
    WHERE s.schema_name IN :schemas
    ORDER BY s.schema_name, c.table_name, c.ordinal_position"""


def _opened(select: sa.Select[Any], bag: Expression) -> Opened:
    written = isinstance(bag.type, sa.Text) or isinstance(bag, db.json_of | db.json_object)
    return in_lateral(select, bag if written else db.json_of(bag))


def _arguments(_url: sa.URL, timeout: float) -> Mapping[str, Any]:
    limit = {"query_max_run_time": f"{max(1, int(timeout))}s"}
    return {"source": "trackwatch", "timezone": "UTC", "session_properties": limit}


def _estimate(connection: sa.Connection, statement: sa.Executable) -> Estimate | None:
    """Return what the planner reckons that the tables of the statement give, as far as they have statistics."""
    told = connection.execute(Explained("EXPLAIN (TYPE IO, FORMAT JSON)", statement)).scalar()
    tables = json.loads(told or "{}").get("inputTableColumnInfos", [])
    found = [table.get("estimate", {}) for table in tables]
    return Estimate(rows=_sum(found, "outputRowCount"), bytes=_sum(found, "outputSizeInBytes"))


def _sum(found: list[dict[str, Any]], name: str) -> float | None:
    known = [float(each[name]) for each in found if isinstance(each.get(name), int | float)]
    return sum(known) if known else None


DIALECT = Dialect(
    name="trino",
    schemes={"trino": "trino"},
    constructs=_CONSTRUCTS,
    listed=from_catalog(_COLUMNS),
    arguments=_arguments,
    extra="trino",
    default_schema=lambda url: (url.database or "").partition("/")[2],
    tried=False,
    opened=_opened,
    limits_itself=True,
    estimate=_estimate,
)
