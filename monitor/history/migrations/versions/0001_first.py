"""The first tables: series and points, progress, runs, incidents, outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Go forwards."""
    _measures()
    _progress()
    _incidents()


def _measures() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("workspace", sa.String(100), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("property", sa.Text, nullable=False),
        sa.Column("measure", sa.String(100), nullable=False),
        sa.Column("grain", sa.String(10), nullable=False),
        sa.UniqueConstraint("workspace", "source", "event", "property", "measure", "grain", name="uq_series_workspace"),
    )
    op.create_table(
        "point",
        sa.Column("series_id", sa.Integer, sa.ForeignKey("series.id", name="fk_point_series_id"), primary_key=True),
        sa.Column("bucket", sa.BigInteger, primary_key=True),
        sa.Column("value", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )


def _progress() -> None:
    op.create_table(
        "progress",
        sa.Column("workspace", sa.String(100), primary_key=True),
        sa.Column("measured_from", sa.BigInteger, nullable=False),
        sa.Column("measured_until", sa.BigInteger, nullable=False),
        sa.Column("judged_until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "watermark",
        sa.Column("workspace", sa.String(100), primary_key=True),
        sa.Column("source", sa.String(200), primary_key=True),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("loaded", sa.BigInteger),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("workspace", sa.String(100), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("judged_from", sa.BigInteger, nullable=False),
        sa.Column("judged_until", sa.BigInteger, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
    )


def _incidents() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("workspace", sa.String(100), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("resolved", sa.BigInteger),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index(
        "one_open_incident_per_subject",
        "incident",
        ["workspace", "subject"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("workspace", sa.String(100), nullable=False),
        sa.Column("incident", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_try", sa.BigInteger, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("ambiguous", sa.Boolean, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("zone", sa.String(100), nullable=False),
        sa.Column("chart", sa.LargeBinary),
        sa.Column("receipt", sa.Text),
    )
