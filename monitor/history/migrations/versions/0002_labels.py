"""Series may have a label: the value of a dimension, or the bin of a histogram."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go forwards."""
    with op.batch_alter_table("series") as series:
        series.add_column(sa.Column("label", sa.Text, nullable=False, server_default=""))
        series.drop_constraint("uq_series_workspace", type_="unique")
        series.create_unique_constraint(
            "uq_series_workspace", ["workspace", "source", "event", "property", "label", "measure", "grain"]
        )
