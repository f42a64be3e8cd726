"""Points are packed, series know their first bucket, sources are judged each at their own pace."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from struct import pack
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

WIDTH = {"hour": 7 * 86400, "day": 64 * 86400}
AT_ONCE = 1000  # rows written at a time


def upgrade() -> None:
    """Go forwards."""
    op.create_table(
        "chunk",
        sa.Column("workspace", sa.String(100), primary_key=True),
        sa.Column("grain", sa.String(10), primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True),
        sa.Column("series_id", sa.Integer, sa.ForeignKey("series.id", name="fk_chunk_series_id"), primary_key=True),
        sa.Column("points", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "behind",
        sa.Column("workspace", sa.String(100), primary_key=True),
        sa.Column("source", sa.String(200), primary_key=True),
        sa.Column("judged_until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "rhythm",
        sa.Column("workspace", sa.String(100), primary_key=True),
        sa.Column("source", sa.String(200), primary_key=True),
        sa.Column("loads", sa.LargeBinary, nullable=False),
        sa.Column("arrivals", sa.LargeBinary, nullable=False),
        sa.Column("seen", sa.BigInteger),
        sa.Column("lag", sa.BigInteger),
    )
    op.add_column("series", sa.Column("first_seen", sa.BigInteger))
    op.execute("UPDATE series SET first_seen = (SELECT min(point.bucket) FROM point WHERE point.series_id = series.id)")
    _pack(op.get_bind())
    op.drop_table("point")


def _pack(connection: sa.Connection) -> None:
    series = _table("series", "id", "workspace", "grain")
    point = _table("point", "series_id", "bucket", "value")
    chunk = _table("chunk", "workspace", "grain", "start", "series_id", "points")
    query = (
        sa.select(series.c.workspace, series.c.grain, point.c.series_id, point.c.bucket, point.c.value)
        .join(series, series.c.id == point.c.series_id)
        .order_by(point.c.series_id, point.c.bucket)
    )
    waiting: list[dict[str, Any]] = []
    for row in _rows(connection.execute(query)):
        waiting.append(row)
        if len(waiting) == AT_ONCE:
            connection.execute(sa.insert(chunk), waiting)
            waiting = []
    if waiting:
        connection.execute(sa.insert(chunk), waiting)


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns))


def _rows(points: Any) -> Iterator[dict[str, Any]]:
    def place(row: Any) -> tuple[str, str, int, int]:
        return row.workspace, row.grain, row.series_id, row.bucket - row.bucket % WIDTH[row.grain]

    for (workspace, grain, series_id, start), members in groupby(points, place):
        packed = b"".join(pack("<Id", row.bucket - start, row.value) for row in members)
        yield {"workspace": workspace, "grain": grain, "start": start, "series_id": series_id, "points": packed}
