"""How are times written in the state database? As whole seconds since 1970, in UTC."""

from __future__ import annotations

import datetime as dt


def seconds(at: dt.datetime) -> int:
    """Return an aware datetime as whole seconds since 1970."""
    return int(at.timestamp())


def moment(value: int) -> dt.datetime:
    """Return seconds since 1970 as an aware datetime in UTC."""
    return dt.datetime.fromtimestamp(value, tz=dt.UTC)
