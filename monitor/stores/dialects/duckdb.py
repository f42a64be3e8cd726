"""How is DuckDB asked? Its dialect derives from PostgreSQL's: what is not said here is said as there."""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from monitor.stores import constructs as db
from monitor.stores.dialects.base import Dialect, Estimate, Explained, from_catalog


def _quotients(value: str, *by: str) -> str:
    return f"list_sum([{value} // each FOR each IN [{', '.join(by)}]])"


def _among(value: str, *members: str) -> str:
    return f"list_contains([{', '.join(members)}], {value})"


_CONSTRUCTS: dict[db.Construct, db.Say] = {
    db.seconds: "(epoch_us({0}) // 1000000)",
    # as a time without a zone it would forget the offset that it spells
    db.moment: "CASE WHEN regexp_matches({0}, '[T ].*(Z|UTC|[+-]\\d{{2}}(:?\\d{{2}})?)$')"
    " THEN TRY_CAST({0} AS TIMESTAMPTZ) ELSE TRY_CAST({0} AS TIMESTAMP) AT TIME ZONE 'UTC' END",
    db.json_of: "CAST({0} AS JSON)",
    db.json_object: "json_object({all})",
    db.whole: "(({0}) // {1})",
    db.digest: "hash({all})",
    db.checksum: "CAST(sum(CAST(hash({0}) & 16777215 AS INTEGER)) AS BIGINT)",
    db.fingerprint: "CASE WHEN min({0}) = max({0}) THEN CAST(hash(min({0})) & {exact} AS BIGINT)"
    " WHEN count({0}) > 0 THEN -1 END",
    # a function is computed once for each entry of a column's dictionary, IN for each row
    db.among: _among,
    db.distinct: "approx_count_distinct({0})",
    db.matches: "regexp_matches({0}, {1})",
    db.number: "TRY_CAST({0} AS DOUBLE)",
    db.quotients: _quotients,
    db.digits: "TRY_CAST({0} AS BIGINT)",
    # a map is one parse per row; TRY, because a map refuses an object that repeats a key
    db.json_entries: "unnest(map_entries(TRY(from_json(TRY_CAST({0} AS JSON), '\"MAP(VARCHAR, JSON)\"'))))",
    db.entry_key: "({0}).key",
    db.entry_value: "({0}).value",
    db.json_value: "NULLIF({0}, CAST('null' AS JSON))",
    # by the first character: asking json_type would parse every value again
    db.json_kind: "CASE ascii(CAST({0} AS VARCHAR)) WHEN 34 THEN 'string' WHEN 123 THEN 'object' WHEN 91 THEN 'array'"
    " WHEN 116 THEN 'boolean' WHEN 102 THEN 'boolean' WHEN 110 THEN 'null'"
    " ELSE CASE WHEN {0} IS NOT NULL THEN 'number' END END",
    db.json_text: "({0} ->> '$')",
    db.json_number: "CASE WHEN ascii(CAST({0} AS VARCHAR)) BETWEEN 45 AND 57"
    " THEN TRY_CAST(CAST({0} AS VARCHAR) AS DOUBLE) END",
}
# a table of 2,000 columns does not fit into half of it; what needs more goes to disk; https://duckdb.org/docs/stable/guides/performance/how_to_tune_workloads
MEMORY = "1GiB"
_COLUMNS = """
    SELECT s.schema_name, c.table_name, c.column_name, c.data_type
    FROM duckdb_schemas() s
    LEFT JOIN duckdb_columns() c ON c.schema_oid = s.oid AND c.database_oid = s.database_oid AND NOT c.internal
    WHERE s.database_name = current_database() AND s.schema_name IN :schemas
    ORDER BY s.schema_name, c.table_name, c.column_index"""


def _arguments(url: sa.URL, _timeout: float) -> Mapping[str, Any]:
    """Return how a file is opened; what the URL says of memory and folder wins over this."""
    config = {"memory_limit": MEMORY, "preserve_insertion_order": False}
    if "temp_directory" not in url.query:
        config["temp_directory"] = _spill(url.database or "")
    return {"read_only": True, "config": config}


def _spill(database: str) -> str:
    """Return where DuckDB puts what does not fit: it makes the folder when it needs it, and removes it on closing.

    Always the same for a file, because all connections of a process to it must be opened alike; another for
    each file, because two databases must not write into one folder.
    """
    return str(_own_folder() / hashlib.sha256(str(Path(database).absolute()).encode()).hexdigest()[:16])


@cache
def _own_folder() -> Path:
    """Make a folder that nobody else can enter, until this process ends: the store's own may not be written to."""
    folder = tempfile.mkdtemp(prefix="trackwatch-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _cancel(connection: Any) -> None:
    connection.interrupt()


def _estimate(connection: sa.Connection, statement: sa.Executable) -> Estimate | None:
    """Return the rows that the scans of the plan are expected to give."""
    plan = json.loads(connection.execute(Explained("EXPLAIN (FORMAT JSON)", statement)).all()[0][1])
    return Estimate(rows=sum(_scanned(plan)))


def _scanned(steps: Iterable[Mapping[str, Any]]) -> Iterator[float]:
    for step in steps:
        if step["children"]:
            yield from _scanned(step["children"])
        else:
            yield float(step["extra_info"].get("Estimated Cardinality", 0))


DIALECT = Dialect(
    name="duckdb",
    schemes={"duckdb": "duckdb"},
    constructs=_CONSTRUCTS,
    listed=from_catalog(_COLUMNS),
    arguments=_arguments,
    default_schema="main",
    cancel=_cancel,
    estimate=_estimate,
    most_columns=10_000,
    views="SELECT schema_name, view_name, sql FROM duckdb_views() WHERE NOT internal",
)
