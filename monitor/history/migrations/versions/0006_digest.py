"""Which digest tells of a message that was not sent by itself, and what is waiting found without reading all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Go forwards."""
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("digest", sa.String(40)))
        outbox.create_index("ix_outbox_digest", ["digest"])
        outbox.create_index("ix_outbox_state", ["workspace", "state"])
