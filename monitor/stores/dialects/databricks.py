"""How is Databricks SQL asked? It speaks Spark, and lists its columns in the catalogue's information_schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from monitor.stores.dialects.base import Dialect, from_catalog
from monitor.stores.dialects.spark import CONSTRUCTS, opened

_COLUMNS = """
    SELECT s.schema_name, c.table_name, c.column_name, c.full_data_type
    FROM information_schema.schemata s
    LEFT JOIN information_schema.columns c ON c.table_schema = s.schema_name
    WHERE s.schema_name IN :schemas
    ORDER BY s.schema_name, c.table_name, c.ordinal_position"""


def _arguments(_url: sa.URL, timeout: float) -> Mapping[str, Any]:
    session = {"timezone": "UTC", "statement_timeout": str(max(1, int(timeout)))}
    return {"session_configuration": session, "user_agent_entry": "trackwatch"}


_HISTORY = """
    SELECT DISTINCT statement_text FROM system.query.history
    WHERE start_time >= :since AND execution_status = 'FINISHED' AND statement_type IN ('SELECT', 'INSERT', 'MERGE')"""

DIALECT = Dialect(
    name="databricks",
    schemes={"databricks": "databricks"},
    constructs=CONSTRUCTS,
    listed=from_catalog(_COLUMNS),
    arguments=_arguments,
    extra="databricks",
    default_schema=lambda url: str(url.query.get("schema", "default")),
    tried=False,
    opened=opened,
    aware="^timestamp$",
    limits_itself=True,
    history=_HISTORY,
)
