"""How does Alembic reach the state database? Through the connection that trackwatch hands it."""

from __future__ import annotations

from alembic import context

from monitor.history.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
