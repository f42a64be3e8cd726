"""Under which lease a try to send was begun: who takes the lease over need not wait for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Go forwards."""
    op.add_column("outbox", sa.Column("token", sa.BigInteger))
