"""How is PostgreSQL asked?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from monitor.stores import constructs as db
from monitor.stores.dialects.base import Dialect, Estimate, Explained, from_catalog


def _digest(*values: str) -> str:
    text = values[0] if len(values) == 1 else f"ROW({', '.join(values)})"
    return f"hashtextextended(CAST({text} AS TEXT), 0)"


_CONSTRUCTS: dict[db.Construct, db.Say] = {
    db.seconds: "CAST(floor(date_part('epoch', {0})) AS BIGINT)",
    # a time without a zone gets UTC's behind it, whatever the session's is; the regex lets through what the cast takes
    db.moment: "CASE WHEN {0} ~ '^\\d{{4}}-(0\\d|1[0-2])-([0-2]\\d|3[01])"
    "([T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d+)?)?)?$' THEN CAST({0} || ' +00' AS TIMESTAMPTZ)"
    " WHEN {0} ~ '^\\d{{4}}-(0\\d|1[0-2])-([0-2]\\d|3[01])[T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d+)?)?"
    " ?(Z|UTC|[+-][01]\\d(:?[0-5]\\d)?)$' THEN CAST({0} AS TIMESTAMPTZ) END",
    db.json_of: "to_jsonb({0})",
    db.json_object: "jsonb_build_object({all})",
    db.whole: "(({0}) / {1})",
    db.digest: _digest,
    db.checksum: "CAST(sum(hashtextextended(CAST({0} AS TEXT), 0) & 16777215) AS BIGINT)",
    db.fingerprint: "CASE WHEN min(hashtextextended(CAST({0} AS TEXT), 0))"
    " = max(hashtextextended(CAST({0} AS TEXT), 0))"
    " THEN min(hashtextextended(CAST({0} AS TEXT), 0)) & {exact} WHEN count({0}) > 0 THEN -1 END",
    db.matches: "({0} ~ {1})",
    db.number: "CASE WHEN {0} ~ '^\\s*[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d{{1,3}})?\\s*$'"
    " THEN CAST({0} AS NUMERIC) END",
    db.json_entries: "jsonb_each(CASE WHEN jsonb_typeof(CAST({0} AS JSONB)) = 'object' THEN CAST({0} AS JSONB) END)",
    db.entry_key: "({0}).key",
    db.entry_value: "({0}).value",
    db.json_value: "NULLIF(CAST({0} AS JSONB), CAST('null' AS JSONB))",
    db.json_kind: "jsonb_typeof(CAST({0} AS JSONB))",
    db.json_text: "(CAST({0} AS JSONB) #>> '{{}}')",
    db.json_number: "CASE WHEN jsonb_typeof(CAST({0} AS JSONB)) = 'number'"
    " THEN CAST(CAST({0} AS JSONB) AS NUMERIC) END",
}
# information_schema hides what a role may not read, so a forbidden table would look like one
# that is not there: PostgreSQL is asked for its own catalogue
_COLUMNS = """
    SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
    FROM pg_namespace n
    LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname IN :schemas
    ORDER BY n.nspname, c.relname, a.attnum"""


def _arguments(_url: sa.URL, timeout: float) -> Mapping[str, Any]:
    # one wide statement: compiling it costs more than it gains, and its groups should not be sorted on disk
    options = "-c default_transaction_read_only=on -c jit=off -c work_mem=64MB"
    options += f" -c statement_timeout={int(timeout * 1000)}"
    return {"options": options, "connect_timeout": 10, "application_name": "trackwatch"}


def _cancel(connection: Any) -> None:
    connection.cancel_safe(timeout=5)


def _estimate(connection: sa.Connection, statement: sa.Executable) -> Estimate | None:
    """Return the cost of the plan, and the rows and bytes that its scans are expected to give."""
    plan = connection.execute(Explained("EXPLAIN (FORMAT JSON)", statement)).scalar_one()[0]["Plan"]
    scans = [step for step in _steps(plan) if "Plans" not in step]
    read = [(float(scan["Plan Rows"]), float(scan["Plan Width"])) for scan in scans]
    return Estimate(rows=sum(n for n, _ in read), bytes=sum(n * width for n, width in read), cost=plan["Total Cost"])


def _steps(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for step in plan.get("Plans", ()):
        yield from _steps(step)


# has no times: all since its last reset
_HISTORY = """
    SELECT query FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"""
_VIEWS = """
    SELECT schemaname, viewname, definition FROM pg_views WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
    UNION ALL SELECT schemaname, matviewname, definition FROM pg_matviews"""
_SIZES = """
    SELECT n.nspname, c.relname, CAST(NULL AS TEXT), pg_total_relation_size(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN :schemas AND c.relkind IN ('r', 'm')
    UNION ALL
    SELECT s.schemaname, s.tablename, s.attname, CAST(s.avg_width * (1 - s.null_frac) * c.reltuples AS BIGINT)
    FROM pg_stats s JOIN pg_namespace n ON n.nspname = s.schemaname
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename
    WHERE s.schemaname IN :schemas AND c.reltuples > 0"""

DIALECT = Dialect(
    name="postgresql",
    schemes={"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"},
    constructs=_CONSTRUCTS,
    listed=from_catalog(_COLUMNS),
    arguments=_arguments,
    default_schema="public",
    cancel=_cancel,
    limits_itself=True,
    estimate=_estimate,
    spoken="postgres",
    history=_HISTORY,
    views=_VIEWS,
    sizes=_SIZES,
)
