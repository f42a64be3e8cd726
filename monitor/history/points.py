"""How are the points of series kept, so that two years of them cost as little as two weeks?

A row holds a stretch of one series: a week of hours, or 64 days. Rows are ordered by grain and
stretch, so that reading a window touches only that window, however long the past. In a row
each point takes twelve bytes: how many seconds after the row's start (u4), and the value (f8).
Zeros are left out; the calendar spine fills them in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, update

from checks.base import Grain
from monitor.history import schema
from monitor.history.times import seconds

if TYPE_CHECKING:
    import pandas as pd

SERIES = ["source", "event", "property", "label", "measure", "grain"]
WIDTH: Mapping[Grain, int] = {"hour": 7 * 86400, "day": 64 * 86400}  # seconds that a row spans
MOST_NAMED = 5_000  # series that one statement names
POINT = np.dtype([("after", "<u4"), ("value", "<f8")])
PLACED = np.dtype([("series", "<i8"), ("bucket", "<i8"), ("value", "<f8")])

Span = tuple[dt.datetime, dt.datetime]  # [since, until)
Placed = NDArray[np.void]  # of dtype PLACED


def write_points(connection: Connection, workspace: str, frame: pd.DataFrame, spans: Mapping[Grain, Span]) -> None:
    """Replace the points of some stretches by those of `frame` (columns SERIES, bucket in seconds, value).

    Writing the same stretch again leaves the same points, and stretches may be written in any
    order: what is kept in the end is what one writing of the whole would keep.

    Args:
        connection: in a transaction.
        workspace: whose points.
        frame: the new points; those outside the spans are not looked at.
        spans: for each grain that was read, from when until when its buckets are replaced.
    """
    frame = frame[frame["value"] != 0]
    known = _series_ids(connection, workspace, frame)
    for grain, (since, until) in spans.items():
        mine = known[
            (known["grain"] == grain) & (known["bucket"] >= seconds(since)) & (known["bucket"] < seconds(until))
        ]
        placed = np.empty(len(mine), PLACED)
        for name, column in (("series", "id"), ("bucket", "bucket"), ("value", "value")):
            placed[name] = mine[column].to_numpy()
        _replace(connection, workspace, grain, placed, (seconds(since), seconds(until)))


def read_points(
    connection: Connection, workspace: str, since: dt.datetime, until: dt.datetime, grains: Sequence[Grain]
) -> pd.DataFrame:
    """Return the points with a bucket in [since, until): columns SERIES, bucket (seconds since 1970), value."""
    import pandas as pd  # noqa: PLC0415 heavy, and a run with nothing due needs none

    found = [_read(connection, workspace, grain, (seconds(since), seconds(until))) for grain in grains]
    placed = np.concatenate([np.empty(0, PLACED), *found])
    points = pd.DataFrame({"id": placed["series"], "bucket": placed["bucket"], "value": placed["value"]})
    known = known_series(connection, workspace).drop(columns="first_seen")
    return points.merge(known, on="id", how="left").drop(columns="id")


def read_some(
    connection: Connection, workspace: str, wanted: ColumnElement[bool], span: Span, grains: Sequence[Grain]
) -> pd.DataFrame:
    """Return points as `read_points` does, of those series alone that a condition on their table names."""
    import pandas as pd  # noqa: PLC0415 heavy, and a run with nothing due needs none

    table = schema.series
    names = ["id", *SERIES]
    query = select(*(table.c[name] for name in names)).where(
        table.c.workspace == workspace, table.c.grain.in_(grains), wanted
    )
    known = pd.DataFrame([tuple(row) for row in connection.execute(query)], columns=names).astype({"id": "int64"})
    since, until = seconds(span[0]), seconds(span[1])
    ids = [int(each) for each in known["id"]]
    found = [_read(connection, workspace, grain, (since, until), ids) for grain in grains]
    placed = np.concatenate([np.empty(0, PLACED), *found])
    points = pd.DataFrame({"id": placed["series"], "bucket": placed["bucket"], "value": placed["value"]})
    return points.merge(known, on="id").drop(columns="id")


def known_series(connection: Connection, workspace: str) -> pd.DataFrame:
    """Return every series that was ever kept: columns id, SERIES, first_seen (seconds since 1970)."""
    import pandas as pd  # noqa: PLC0415 heavy, and a run with nothing due needs none

    table = schema.series
    names = ["id", *SERIES, "first_seen"]
    query = select(*(table.c[name] for name in names)).where(table.c.workspace == workspace)
    known = pd.DataFrame([tuple(row) for row in connection.execute(query)], columns=names)
    return known.astype({"id": "int64", "first_seen": "float64"})


def oldest(connection: Connection, workspace: str, grain: Grain) -> int | None:
    """Return the start of the oldest row of a grain, in seconds since 1970."""
    table = schema.chunk
    query = (
        select(table.c.start)
        .where(table.c.workspace == workspace, table.c.grain == grain)
        .order_by(table.c.start)
        .limit(1)
    )
    return connection.execute(query).scalar()


def drop_before(connection: Connection, workspace: str, grain: Grain, at: dt.datetime) -> None:
    """Drop the rows that end before an instant; a row that reaches beyond it stays whole."""
    table = schema.chunk
    old = (
        table.c.workspace == workspace,
        table.c.grain == grain,
        table.c.start <= seconds(at) - WIDTH[grain],
    )
    connection.execute(delete(table).where(*old))


def _replace(connection: Connection, workspace: str, grain: Grain, new: Placed, span: tuple[int, int]) -> None:
    since, until = span
    if since >= until:
        return
    first = since - since % WIDTH[grain]
    whole = _read(connection, workspace, grain, (first, until + WIDTH[grain]))
    whole = whole[whole["bucket"] < _end(until, grain)]
    kept = whole[(whole["bucket"] < since) | (whole["bucket"] >= until)]
    table = schema.chunk
    touched = (table.c.start >= first, table.c.start < until)
    connection.execute(delete(table).where(table.c.workspace == workspace, table.c.grain == grain, *touched))
    rows = [
        {"workspace": workspace, "grain": grain, "start": start, "series_id": series, "points": points}
        for start, series, points in _packed(np.concatenate([kept, new]), WIDTH[grain])
    ]
    if rows:
        connection.execute(insert(table), rows)


def _end(until: int, grain: Grain) -> int:
    """Return the end of the row that holds the last second before `until`."""
    return (until - 1) // WIDTH[grain] * WIDTH[grain] + WIDTH[grain]


def _read(
    connection: Connection, workspace: str, grain: Grain, span: tuple[int, int], only: Sequence[int] | None = None
) -> Placed:
    since, until = span
    table = schema.chunk
    query = select(table.c.series_id, table.c.start, table.c.points).where(
        table.c.workspace == workspace, table.c.grain == grain
    )
    if only is None:
        inside = (table.c.start > since - WIDTH[grain], table.c.start < until)
        rows = connection.execute(query.where(*inside)).all()
    else:  # each row by its whole key: a range of starts would go through the rows of all other series too
        begun = query.where(table.c.start.in_(range(since - since % WIDTH[grain], until, WIDTH[grain])))
        parts = (only[i : i + MOST_NAMED] for i in range(0, len(only), MOST_NAMED))
        rows = [row for part in parts for row in connection.execute(begun.where(table.c.series_id.in_(part)))]
    sizes = [len(row[2]) // POINT.itemsize for row in rows]
    points = np.frombuffer(b"".join(row[2] for row in rows), POINT)
    placed = np.empty(len(points), PLACED)
    placed["series"] = np.repeat(np.array([row[0] for row in rows], dtype=np.int64), sizes)
    placed["bucket"] = np.repeat(np.array([row[1] for row in rows], dtype=np.int64), sizes) + points["after"]
    placed["value"] = points["value"]
    return placed[(placed["bucket"] >= since) & (placed["bucket"] < until)]


def _packed(placed: Placed, width: int) -> list[tuple[int, int, bytes]]:
    """Return rows of (start, series, points) in the order in which they are kept."""
    if not len(placed):
        return []
    starts = placed["bucket"] - placed["bucket"] % width
    order = np.lexsort((placed["bucket"], placed["series"], starts))
    placed, starts = placed[order], starts[order]
    points = np.empty(len(placed), POINT)
    points["after"] = placed["bucket"] - starts
    points["value"] = placed["value"]
    raw = points.tobytes()
    fresh = np.flatnonzero(np.diff(starts, prepend=-1) | np.diff(placed["series"], prepend=-1))
    ends = [*fresh[1:].tolist(), len(placed)]
    size = POINT.itemsize
    return [
        (int(starts[a]), int(placed["series"][a]), raw[a * size : b * size])
        for a, b in zip(fresh.tolist(), ends, strict=True)
    ]


def _series_ids(connection: Connection, workspace: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with the id of each point's series; makes the series that are new, notes the first of each."""
    frame = frame[[*SERIES, "bucket", "value"]]
    if frame.empty:
        return frame.assign(id=[])
    firsts = frame.groupby(SERIES, as_index=False)["bucket"].min()
    known = firsts.merge(known_series(connection, workspace), on=SERIES, how="left")
    new = known["id"].isna()
    if new.any():
        made = known.loc[new, [*SERIES, "bucket"]].rename(columns={"bucket": "first_seen"})
        connection.execute(insert(schema.series), _records(made.assign(workspace=workspace)))
    earlier = known[~new & (known["first_seen"].isna() | (known["bucket"] < known["first_seen"]))]
    if not earlier.empty:
        table = schema.series
        change = update(table).where(table.c.id == bindparam("which")).values(first_seen=bindparam("first"))
        rows = zip(earlier["id"].astype("int64").tolist(), earlier["bucket"].tolist(), strict=True)
        connection.execute(change, [{"which": which, "first": first} for which, first in rows])
    ids = known_series(connection, workspace) if new.any() else known
    return frame.merge(ids[["id", *SERIES]], on=SERIES, how="left").astype({"id": "int64"})


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in frame.itertuples(index=False, name=None)]
