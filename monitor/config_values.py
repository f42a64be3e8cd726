"""How are the values written that only the configuration has: time zones, cron, addresses, times of day?"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import BeforeValidator, TypeAdapter

from monitor.document import shortened
from monitor.values import Duration, SomeTime, Words, chosen, suggest, wanted, wrong

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STATES = ("sqlite", "postgresql")


def _zone(value: Any) -> str:
    if not isinstance(value, str):
        raise wanted("the name of a time zone", "such as Europe/Berlin")
    try:
        return ZoneInfo(value).key
    except (KeyError, ValueError, OSError):
        raise wrong(f"{shortened(value)} is not a time zone", suggest(value, sorted(available_timezones()))) from None


def _state(value: Any) -> str:
    kind = re.match(r"([a-z]+)(\+[a-z0-9]+)?://", value) if isinstance(value, str) else None
    if not kind:
        raise wanted("the URL of a database", "such as sqlite:///trackwatch.db or postgresql://user@host/name")
    if kind[1] not in STATES:
        raise wrong(f"{kind[1]!r} is not a database that can keep the state", suggest(kind[1], STATES))
    return str(value)


def _link(value: Any) -> str:
    if isinstance(value, str) and re.match(r"https?://[^/\s]", value):
        return str(value)
    raise wanted("a web address", "such as https://trackwatch.acme.example")


def _cron(value: Any) -> Any:
    try:
        if value is not None:
            next(CronSim(value, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
    except (CronSimError, StopIteration, AttributeError, TypeError):
        raise wanted(
            "a cron expression", "minute hour day month weekday, such as 5 * * * * or 0 7 * * MON-FRI"
        ) from None
    return value


def _judge(value: Any) -> Any:
    return None if value == "all" else value


def _version(value: Any) -> int:
    if value != 1 or isinstance(value, bool):
        raise wrong("this version of the configuration is not known", "write version: 1")
    return 1


def dated(value: Any) -> Any:
    """Read a list of dates as a list of days that have no name."""
    days = value if isinstance(value, list) else []
    return [{"date": day} if isinstance(day, str) else day for day in days] if days else value or ()


def _schemas(value: Any) -> Any:
    """Read `[web, ios]` as sources whose schema has their name."""
    if isinstance(value, list):
        return {source: source for source in map(str, value)}
    return {source: schema or source for source, schema in value.items()} if isinstance(value, dict) else value


def _clock(value: Any) -> dt.time:
    if isinstance(value, int) and 0 <= value < 1440:  # YAML 1.1 reads 22:00 as a number of minutes
        return dt.time(value // 60, value % 60)
    try:
        return dt.time.fromisoformat(value)
    except (TypeError, ValueError):
        raise wanted("a time of day", 'write it as "22:00"') from None


def _weekdays(value: Any) -> tuple[int, ...]:
    days = listed(value)
    return tuple(WEEKDAYS.index(chosen(day, "a day of the week", WEEKDAYS)) for day in days)


def listed(value: Any) -> Any:
    """Read one value as a list of one."""
    if isinstance(value, list):
        return value
    return [value] if value else ()


def _daily(value: Any) -> dt.timedelta:
    every = TypeAdapter(SomeTime).validate_python(value)
    if every < dt.timedelta(days=1):
        raise wanted("a day or more", "reminders come once a day at most: write 1d")
    return every


def _count(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise wanted("a whole number from 0 on")


Zone = Annotated[str, BeforeValidator(_zone)]
Clock = Annotated[dt.time, BeforeValidator(_clock)]
Weekdays = Annotated[tuple[int, ...], BeforeValidator(_weekdays)]
Daily = Annotated[dt.timedelta, BeforeValidator(_daily)]
Count = Annotated[int, BeforeValidator(_count)]
Cron = Annotated[str | None, BeforeValidator(_cron)]
Link = Annotated[str | None, BeforeValidator(_link)]
StateUrl = Annotated[str | None, BeforeValidator(_state)]
FormatVersion = Annotated[int, BeforeValidator(_version)]
Judged = Annotated[Duration | None, BeforeValidator(_judge)]
Schemas = Annotated[dict[str, Words], BeforeValidator(_schemas)]
