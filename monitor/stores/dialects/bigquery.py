"""How is BigQuery asked? Nested columns become JSON, and JSON is text here once it is opened.

There is no VALUES and no read-only session: a role with bigquery.dataViewer and bigquery.jobUser is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from monitor.stores import constructs as db
from monitor.stores.dialects.base import Dialect, Estimate, Expression, Native, Opened, as_selects, in_lateral

_TEXT = "IF({0} IS NULL, NULL, TO_JSON_STRING({0}))"


def _json_object(*names_and_values: str) -> str:
    return f"TO_JSON_STRING(JSON_OBJECT({', '.join(names_and_values)}))"


_CONSTRUCTS: Mapping[db.Construct, db.Say] = {
    # no array or struct can be cast to text
    db.text: f"TRIM({_TEXT}, '\"')",
    db.no_text: "CAST(NULL AS STRING)",
    db.float64: "CAST({0} AS FLOAT64)",
    db.now_seconds: "UNIX_SECONDS(CURRENT_TIMESTAMP())",
    db.seconds: "UNIX_SECONDS(CAST({0} AS TIMESTAMP))",
    db.moment: "SAFE_CAST({0} AS TIMESTAMP)",
    db.whole: "DIV({0}, {1})",
    db.key_hash: "SUBSTR(TO_HEX(MD5({0})), 1, 16)",
    db.digest: "FARM_FINGERPRINT(TO_JSON_STRING(STRUCT({all})))",
    db.checksum: f"SUM(FARM_FINGERPRINT({_TEXT}) & 16777215)",
    db.fingerprint: f"CASE WHEN MIN({_TEXT}) = MAX({_TEXT}) THEN FARM_FINGERPRINT(MIN({_TEXT})) & {{exact}}"
    " WHEN COUNT({0}) > 0 THEN -1 END",
    db.distinct: "APPROX_COUNT_DISTINCT({0})",
    db.matches: "REGEXP_CONTAINS({0}, {1})",
    db.number: "SAFE_CAST({0} AS FLOAT64)",
    db.digits: "SAFE_CAST({0} AS INT64)",
    db.json_of: "TO_JSON_STRING({0})",
    db.json_object: _json_object,
    # names that are no identifiers come in quotes
    db.json_entries: "UNNEST(ARRAY(SELECT AS STRUCT key, {0}[key] AS value FROM (SELECT"
    " IF(STARTS_WITH(q, '\"'), JSON_VALUE(q, '$'), q) AS key FROM UNNEST(JSON_KEYS({0}, 1)) AS q)))",
    db.entry_key: "{0}",
    db.entry_value: "TO_JSON_STRING({0})",
    db.json_value: f"NULLIF({_TEXT}, 'null')",
    db.json_kind: "CASE ASCII({0}) WHEN 34 THEN 'string' WHEN 123 THEN 'object' WHEN 91 THEN 'array'"
    " WHEN 116 THEN 'boolean' WHEN 102 THEN 'boolean' WHEN 110 THEN 'null'"
    " ELSE CASE WHEN {0} IS NOT NULL THEN 'number' END END",
    db.json_written: "{0}",
    db.json_text: "CASE WHEN ASCII({0}) = 34 THEN JSON_VALUE({0}, '$') ELSE {0} END",
    db.json_number: "CASE WHEN ASCII({0}) BETWEEN 45 AND 57 THEN SAFE_CAST({0} AS FLOAT64) END",
}


def _listed(connection: sa.Connection, schemas: tuple[str, ...]) -> Iterable[Native]:
    """Return all columns of the datasets in one statement: each dataset has an INFORMATION_SCHEMA of its own."""
    quote = connection.dialect.identifier_preparer.quote
    names = "table_schema, table_name, column_name, data_type, ordinal_position"
    each = [f"SELECT {names} FROM {quote(schema)}.INFORMATION_SCHEMA.COLUMNS" for schema in schemas]  # noqa: S608 a quoted name
    listing = f"{' UNION ALL '.join(each)} ORDER BY table_schema, table_name, ordinal_position"
    yield from ((schema, None, None, None) for schema in schemas)
    yield from (tuple(row)[:4] for row in connection.execute(sa.text(listing)))


def _opened(select: sa.Select[Any], bag: Expression) -> Opened:
    written = isinstance(bag.type, sa.Text) or isinstance(bag, db.json_of | db.json_object)
    return in_lateral(select, sa.func.SAFE.PARSE_JSON(bag) if written else bag, ("key", "value"))


def _arguments(_url: sa.URL, _timeout: float) -> Mapping[str, Any]:
    return {"prefer_bqstorage_client": False}  # a second API and library, for answers larger than ours


def _prepared(connection: Any, timeout: float) -> None:
    from google.cloud.bigquery import QueryJobConfig  # noqa: PLC0415 it is there where the driver is

    config = connection._client.default_query_job_config or QueryJobConfig()
    config.job_timeout_ms = int(timeout * 1000)
    config.labels = {**config.labels, "application": "trackwatch"}
    connection._client.default_query_job_config = config


def _estimate(connection: sa.Connection, statement: Any) -> Estimate | None:
    """Return the bytes that a run would be billed for, by a dry run, which is free."""
    from google.cloud.bigquery import QueryJobConfig  # noqa: PLC0415 the same

    text = statement.compile(connection, compile_kwargs={"literal_binds": True}).string % ()
    client = connection.connection.driver_connection._client  # type: ignore[union-attr]
    dry = client.query(text, job_config=QueryJobConfig(dry_run=True, use_query_cache=False))
    return Estimate(bytes=float(dry.total_bytes_processed))


_HISTORY = """
    SELECT ANY_VALUE(query) FROM `region-{region}`.INFORMATION_SCHEMA.JOBS_BY_PROJECT
    WHERE creation_time >= :since AND state = 'DONE' AND error_result IS NULL
      AND statement_type IN ('SELECT', 'INSERT', 'MERGE', 'CREATE_VIEW', 'CREATE_TABLE_AS_SELECT')
    GROUP BY query_info.query_hashes.normalized_literals"""
_VIEWS = "SELECT table_schema, table_name, view_definition FROM `region-{region}`.INFORMATION_SCHEMA.VIEWS"
_SIZES = """
    SELECT table_schema, table_name, CAST(NULL AS STRING), total_logical_bytes
    FROM `region-{region}`.INFORMATION_SCHEMA.TABLE_STORAGE WHERE table_schema IN :schemas"""

DIALECT = Dialect(
    name="bigquery",
    schemes={"bigquery": "bigquery"},
    constructs=_CONSTRUCTS,
    listed=_listed,
    arguments=_arguments,
    extra="bigquery",
    tried=False,
    opened=_opened,
    tabled=as_selects,
    types=((r"^big(numeric|decimal)", "number"),),
    aware="^timestamp$",
    prepared=_prepared,
    limits_itself=True,
    estimate=_estimate,
    history=_HISTORY,
    views=_VIEWS,
    sizes=_SIZES,
)
