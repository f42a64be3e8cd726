"""What people do about incidents, who evaluates, what was found out beside measures, when a delivery ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Go forwards."""
    op.create_table(
        "action",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("workspace", sa.String(100), nullable=False),
        sa.Column("incident", sa.String(40), nullable=False, index=True),
        sa.Column("verb", sa.String(20), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("via", sa.String(20), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_table(
        "lease",
        sa.Column("workspace", sa.String(100), primary_key=True),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "snapshot",
        sa.Column("workspace", sa.String(100), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "report",
        sa.Column("workspace", sa.String(100), primary_key=True),
        sa.Column("week", sa.String(10), primary_key=True),
        sa.Column("audience", sa.String(200), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("ended", sa.BigInteger))
        outbox.create_index("ix_outbox_incident", ["incident"])
    op.drop_index("one_open_incident_per_subject", "incident")
    unresolved = sa.text("resolved IS NULL")
    op.create_index(
        "one_open_incident_per_subject",
        "incident",
        ["workspace", "subject"],
        unique=True,
        sqlite_where=unresolved,
        postgresql_where=unresolved,
    )
