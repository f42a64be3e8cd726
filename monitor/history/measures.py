"""Which measures were read, up to when, and what were they?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select

from monitor.history import schema

if TYPE_CHECKING:
    import pandas as pd

SERIES = ["source", "event", "property", "label", "measure", "grain"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a workspace has been measured and judged; half-open, UTC."""

    measured_from: dt.datetime
    measured_until: dt.datetime
    judged_until: dt.datetime


@dataclass(frozen=True, slots=True)
class Watermark:
    """Up to when a source is known to be there: newest received_at, and newest loaded_at where the store has it."""

    received: dt.datetime
    loaded: dt.datetime | None


def seconds(at: dt.datetime) -> int:
    """Return an aware datetime as whole seconds since 1970."""
    return int(at.timestamp())


def moment(value: int) -> dt.datetime:
    """Return seconds since 1970 as an aware datetime in UTC."""
    return dt.datetime.fromtimestamp(value, tz=dt.UTC)


def read_progress(connection: Connection, workspace: str) -> Progress | None:
    """Return how far the workspace is, or None before its first run."""
    table = schema.progress
    row = connection.execute(select(table).where(table.c.workspace == workspace)).first()
    if row is None:
        return None
    return Progress(moment(row.measured_from), moment(row.measured_until), moment(row.judged_until))


def write_progress(connection: Connection, workspace: str, progress: Progress) -> None:
    """Remember how far the workspace is."""
    table = schema.progress
    connection.execute(delete(table).where(table.c.workspace == workspace))
    values = {name: seconds(getattr(progress, name)) for name in ("measured_from", "measured_until", "judged_until")}
    connection.execute(insert(table).values(workspace=workspace, **values))


def read_watermarks(connection: Connection, workspace: str) -> dict[str, Watermark]:
    """Return the watermark of each source."""
    table = schema.watermark
    rows = connection.execute(select(table).where(table.c.workspace == workspace))
    return {
        row.source: Watermark(moment(row.received), None if row.loaded is None else moment(row.loaded)) for row in rows
    }


def write_watermarks(connection: Connection, workspace: str, watermarks: Mapping[str, Watermark]) -> None:
    """Replace the watermarks of the named sources."""
    table = schema.watermark
    for source, mark in watermarks.items():
        connection.execute(delete(table).where(table.c.workspace == workspace, table.c.source == source))
        loaded = None if mark.loaded is None else seconds(mark.loaded)
        connection.execute(
            insert(table).values(workspace=workspace, source=source, received=seconds(mark.received), loaded=loaded)
        )


def write_points(
    connection: Connection, workspace: str, frame: pd.DataFrame, since: dt.datetime, until: dt.datetime
) -> None:
    """Replace every point with a bucket in [since, until) by those of `frame` (columns of `stores.base.COLUMNS`).

    Reading the same stretch again leaves the same points: idempotent.
    """
    import pandas as pd  # noqa: PLC0415 heavy, and a run with nothing due needs none

    _forget(connection, workspace, since, until)
    frame = frame[frame["value"] != 0]
    if frame.empty:
        return
    ids = _series_ids(connection, workspace, frame[SERIES].drop_duplicates())
    known = frame.merge(ids, on=SERIES, how="left")
    rows = pd.DataFrame(
        {
            "series_id": known["id"].astype("int64"),
            "bucket": known["bucket"].astype("datetime64[s]").astype("int64"),
            "value": known["value"].astype("float64"),
        }
    )
    connection.execute(insert(schema.point), _records(rows))


def read_points(connection: Connection, workspace: str, since: dt.datetime, until: dt.datetime) -> pd.DataFrame:
    """Return the points with a bucket in [since, until): columns SERIES, bucket (seconds since 1970), value."""
    import pandas as pd  # noqa: PLC0415 heavy, and a run with nothing due needs none

    series, point = schema.series, schema.point
    query = (
        select(point.c.series_id, point.c.bucket, point.c.value)
        .join(series, series.c.id == point.c.series_id)
        .where(series.c.workspace == workspace, point.c.bucket >= seconds(since), point.c.bucket < seconds(until))
    )
    rows = [tuple(row) for row in connection.execute(query)]
    points = pd.DataFrame(rows, columns=["id", "bucket", "value"])
    return points.merge(_known_series(connection, workspace), on="id", how="left").drop(columns="id")


def _forget(connection: Connection, workspace: str, since: dt.datetime, until: dt.datetime) -> None:
    ours = select(schema.series.c.id).where(schema.series.c.workspace == workspace)
    table = schema.point
    connection.execute(
        delete(table).where(
            table.c.series_id.in_(ours), table.c.bucket >= seconds(since), table.c.bucket < seconds(until)
        )
    )


def _known_series(connection: Connection, workspace: str) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 heavy, and a run with nothing due needs none

    table = schema.series
    columns = [table.c.id, *(table.c[name] for name in SERIES)]
    rows = [tuple(row) for row in connection.execute(select(*columns).where(table.c.workspace == workspace))]
    return pd.DataFrame(rows, columns=["id", *SERIES])


def _series_ids(connection: Connection, workspace: str, wanted: pd.DataFrame) -> pd.DataFrame:
    """Return `wanted` with an id each, making the series that are new."""
    known = wanted.merge(_known_series(connection, workspace), on=SERIES, how="left")
    new = known[known["id"].isna()]
    if not new.empty:
        connection.execute(insert(schema.series), _records(new[SERIES].assign(workspace=workspace)))
        known = wanted.merge(_known_series(connection, workspace), on=SERIES, how="left")
    return known


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in frame.itertuples(index=False, name=None)]
