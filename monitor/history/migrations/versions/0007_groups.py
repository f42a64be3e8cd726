"""Check groups: how far checks are that are evaluated at times of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Go forwards."""
    op.create_table(
        "apart",
        sa.Column("workspace", sa.String(100), primary_key=True),
        sa.Column("check", sa.String(100), primary_key=True),
        sa.Column("source", sa.String(200), primary_key=True),
        sa.Column("judged_until", sa.BigInteger, nullable=False),
    )
