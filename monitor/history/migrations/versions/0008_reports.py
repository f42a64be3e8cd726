"""What the archive of reports shows of each without reading all of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Go forwards."""
    op.drop_table("report")  # nothing was ever kept in it
    op.create_table(
        "report",
        sa.Column("workspace", sa.String(100), primary_key=True),
        sa.Column("week", sa.String(10), primary_key=True),
        sa.Column("audience", sa.String(200), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("sent", sa.Boolean, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
