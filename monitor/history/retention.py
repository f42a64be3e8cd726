"""What of the past is kept for how long? Hours for a season, days for years, the first of each series for ever."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from checks.base import NOT_ADDITIVE
from monitor.calendar import floor_day
from monitor.config import Keep
from monitor.history import outbox, reports
from monitor.history.points import SERIES, drop_before, oldest, read_points, write_points
from monitor.history.times import moment, seconds

if TYPE_CHECKING:
    import pandas as pd


def forget(connection: Connection, workspace: str, keep: Keep, now: dt.datetime, zone: ZoneInfo) -> None:
    """Roll hours that are old enough up into local days, and drop days that are older than they are kept.

    A day that was measured as a day stays as it was measured; only counts can be added up, so
    that other measures by the hour end with their hours. Doing it twice changes nothing.
    """
    first = oldest(connection, workspace, "hour")
    until = floor_day(now - keep.hours, zone)
    if first is not None and first < seconds(until):
        _roll_up(connection, workspace, (moment(first), until), zone)
    drop_before(connection, workspace, "day", now - keep.days)
    outbox.forget(connection, workspace, now - keep.deliveries)
    reports.forget(connection, workspace, now - keep.days)


def _roll_up(connection: Connection, workspace: str, span: tuple[dt.datetime, dt.datetime], zone: ZoneInfo) -> None:
    import pandas as pd  # noqa: PLC0415 heavy, and a run with nothing due needs none

    hours = read_points(connection, workspace, *span, ["hour"])
    if hours.empty:
        return
    since = floor_day(moment(int(hours["bucket"].min())), zone)
    days = read_points(connection, workspace, since, span[1], ["day"])
    added = _missing(_by_day(hours, zone), days)
    nothing = hours.iloc[:0]
    write_points(connection, workspace, nothing, {"hour": span})
    if not added.empty:
        both = pd.concat([days, added], ignore_index=True)
        write_points(connection, workspace, both, {"day": (since, span[1])})


def _by_day(hours: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """Return counts by hour as counts by local day."""
    additive = ~hours["measure"].str.split(".").str[0].isin(NOT_ADDITIVE)
    hours = hours[additive]
    day_of = {int(at): seconds(floor_day(moment(int(at)), zone)) for at in hours["bucket"].unique()}
    days = hours.assign(bucket=hours["bucket"].map(day_of), grain="day")
    return days.groupby([*SERIES, "bucket"])["value"].sum().reset_index()


def _missing(added: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return the points whose series has no point in that bucket yet."""
    keys = [*SERIES, "bucket"]
    marked = added.merge(known[keys], on=keys, how="left", indicator=True)
    return marked[marked["_merge"] == "left_only"].drop(columns="_merge")
