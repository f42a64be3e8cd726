"""How is the configuration written in YAML?

The blocks of checks, channels and the store hold the fields of dataclasses that live with
the code that uses them; here is only what all of them share, and everything else.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import BeforeValidator, Field, TypeAdapter

from monitor.blocks import Block
from monitor.custom_format import CustomBlock
from monitor.document import shortened
from monitor.serving import WebBlock
from monitor.values import (
    Date,
    Duration,
    Flag,
    Moment,
    Names,
    Number,
    Positive,
    SomeTime,
    Words,
    choice,
    chosen,
    suggest,
    wanted,
    wrong,
)

LOGS = ("text", "json")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SEVERITIES = ("critical", "warning", "info")
ROLES = ("ledger", "destination")  # of a table that events are compared with
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


def _days(value: Any) -> Any:
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
    days = _listed(value)
    return tuple(WEEKDAYS.index(chosen(day, "a day of the week", WEEKDAYS)) for day in days)


def _listed(value: Any) -> Any:
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


Clock = Annotated[dt.time, BeforeValidator(_clock)]
Zone = Annotated[str, BeforeValidator(_zone)]


class BudgetBlock(Block):
    """How many false alerts the whole installation may send."""

    noun: ClassVar[str] = "the budget"

    false_alerts_per_week: Positive = 1.0
    min_messages: Positive = 2.0


class ScheduleBlock(Block):
    """When a served installation runs."""

    noun: ClassVar[str] = "the schedule"

    every: SomeTime | None = None
    cron: Annotated[str | None, BeforeValidator(_cron)] = None
    jitter: Duration = dt.timedelta()


class HolidayBlock(Block):
    """A local day that is not like others."""

    noun: ClassVar[str] = "the holiday"

    date: Date
    name: Words = "holiday"


class ExclusionBlock(Block):
    """A stretch of time that is neither judged nor learned from."""

    noun: ClassVar[str] = "the exclusion"

    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    why: Words = ""


class StoreBlock(Block):
    """The part of the store's block that is durations, zones and short forms."""

    noun: ClassVar[str] = "the store"

    lateness: Duration | None = None
    history: SomeTime = dt.timedelta(days=56)
    judge: Annotated[Duration | None, BeforeValidator(_judge)] = dt.timedelta(days=7)
    patience: Duration | None = None
    timeout: SomeTime = dt.timedelta(seconds=300)
    repeat_window: Duration = dt.timedelta(seconds=60)
    naive_zone: Zone = "UTC"
    sources: Annotated[dict[str, Words], BeforeValidator(_schemas)] = Field(default_factory=dict)


class HistoryBlock(Block):
    """How long what was measured is kept."""

    noun: ClassVar[str] = "the history"

    keep: SomeTime = dt.timedelta(days=730)
    hours: SomeTime = dt.timedelta(weeks=13)
    deliveries: SomeTime = dt.timedelta(days=90)


class DeliveryBlock(Block):
    """How much is told at once, and for how long it is tried."""

    noun: ClassVar[str] = "the delivery"

    digest_above: Positive = 5
    give_up: SomeTime = dt.timedelta(days=2)


class UsageBlock(Block):
    """Where the SQL lies that says what anybody reads."""

    noun: ClassVar[str] = "the usage"

    dbt: Words | None = None
    queries: Words | None = None
    history: Flag = False
    days: SomeTime = dt.timedelta(days=90)


class CheckBlock(Block):
    """The part of a check's block that all checks share."""

    noun: ClassVar[str] = "the check"

    enabled: Flag = True
    only: Names = ()
    ignore: Names = ()


class EscalateBlock(Block):
    """What happens to a critical incident that nobody takes in hand."""

    noun: ClassVar[str] = "the escalation"

    after: SomeTime | None = None
    to: Names = ()


class IncidentsBlock(Block):
    """How long things take in the life of an incident."""

    noun: ClassVar[str] = "the life of incidents"

    confirm: Duration = dt.timedelta()
    flap: Duration = dt.timedelta(days=1)
    remind: Annotated[dt.timedelta, BeforeValidator(_daily)] = dt.timedelta(days=1)
    reminders: Annotated[int, BeforeValidator(_count)] = 3
    escalate: EscalateBlock = EscalateBlock()


class QuietBlock(Block):
    """Hours and days in which only what is critical is told."""

    noun: ClassVar[str] = "quiet hours"

    start: Clock = Field(dt.time(), alias="from")
    end: Clock = Field(dt.time(), alias="to")
    days: Annotated[tuple[int, ...], BeforeValidator(_weekdays)] = ()


class RouteBlock(Block):
    """Which channels are told of what."""

    noun: ClassVar[str] = "the route"

    to: Names
    owner: Names = ()
    severity: Annotated[tuple[Annotated[str, choice("a severity", SEVERITIES)], ...], BeforeValidator(_listed)] = ()
    event: Names = ()
    question: Names = ()
    proceed: Flag = Field(False, alias="continue")
    quiet: QuietBlock | None = None


class ParityBlock(Block):
    """A table elsewhere that should agree with the events."""

    noun: ClassVar[str] = "the comparison"

    table: Words
    time: Words
    role: Annotated[str, choice("a role of a table to compare with", ROLES)] = "ledger"
    url: Words | None = None
    event: Words | None = None
    events: Words | None = None
    key: Words | None = None
    property: Words | None = None
    sources: Names = ()
    where: Annotated[dict[str, Words], BeforeValidator(lambda value: value or {})] = Field(default_factory=dict)
    wait: Duration = dt.timedelta(hours=1)
    sample: Number = 1.0
    naive_zone: Zone | None = None


class ConfigBlock(Block):
    """The configuration file. `store`, `checks` and `channels` are read by what they name."""

    noun: ClassVar[str] = "the configuration"

    version: Annotated[int, BeforeValidator(_version)] = 1
    workspace: Words = "production"
    plan: Words | None = None
    timezone: Zone = "UTC"
    store: dict[str, Any] = Field(default_factory=dict)
    state: Annotated[str | None, BeforeValidator(_state)] = None
    history: HistoryBlock = HistoryBlock()
    budget: BudgetBlock = BudgetBlock()
    checks: Annotated[dict[str, Any], BeforeValidator(lambda value: value or {})] = Field(default_factory=dict)
    channels: Annotated[dict[str, Any], BeforeValidator(lambda value: value or {})] = Field(default_factory=dict)
    holidays: Annotated[tuple[HolidayBlock, ...], BeforeValidator(_days)] = ()
    exclude: Annotated[tuple[ExclusionBlock, ...], BeforeValidator(lambda value: value or ())] = ()
    base_url: Annotated[str | None, BeforeValidator(_link)] = None
    incidents: IncidentsBlock = IncidentsBlock()
    routes: Annotated[tuple[RouteBlock, ...], BeforeValidator(lambda value: value or ())] = ()
    quiet: QuietBlock | None = None
    schedule: ScheduleBlock = ScheduleBlock()
    usage: UsageBlock | None = None
    parity: Annotated[dict[str, ParityBlock], BeforeValidator(lambda value: value or {})] = Field(default_factory=dict)
    custom: CustomBlock | None = None
    delivery: DeliveryBlock = DeliveryBlock()
    web: WebBlock = WebBlock()
    clock: Moment | None = None
    heartbeat: Annotated[str | None, BeforeValidator(_link)] = None
    log: Annotated[str, choice("a form of log", LOGS)] = "text"
