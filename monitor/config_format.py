"""How is the configuration written in YAML?

The blocks of checks, channels and the store hold the fields of dataclasses that live with
the code that uses them; here is only what all of them share, and everything else.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from monitor.blocks import Block
from monitor.config_values import (
    Clock,
    Count,
    Cron,
    Daily,
    FormatVersion,
    Judged,
    Link,
    Schemas,
    StateUrl,
    Weekdays,
    Zone,
    dated,
    listed,
)
from monitor.custom_format import CustomBlock
from monitor.serving import WebBlock
from monitor.values import Date, Duration, Flag, Moment, Names, Number, Positive, SomeTime, Words, choice

LOGS = ("text", "json")
SEVERITIES = ("critical", "warning", "info")
WEEKLY = "0 8 * * mon"
ROLES = ("ledger", "destination")  # of a table that events are compared with


class BudgetBlock(Block):
    """How many false alerts the whole installation may send."""

    noun: ClassVar[str] = "the budget"

    false_alerts_per_week: Positive = Field(
        default=1.0,
        description="how many false alerts all of the installation may send in a week",
    )
    min_messages: Positive = Field(
        default=2.0, description="what concerns fewer messages is not told, however certain; a broken rule always is"
    )


class TimesBlock(Block):
    """At which times."""

    every: SomeTime | None = Field(
        default=None, description="how often `serve` evaluates; left out, with no `cron` either: every hour"
    )
    cron: Cron = Field(default=None, description="at which local times instead: minute hour day month weekday")
    jitter: Duration = Field(
        default=dt.timedelta(),
        description="puts each evaluation off by up to as much, lest many installations ask at once",
    )


class GroupBlock(TimesBlock):
    """Checks that are evaluated at times of their own."""

    noun: ClassVar[str] = "the check group"

    checks: Names = Field(description="the checks that belong to it")


class ScheduleBlock(TimesBlock):
    """When a served installation runs."""

    noun: ClassVar[str] = "the schedule"

    groups: Annotated[dict[str, GroupBlock], BeforeValidator(lambda value: value or {})] = Field(
        default_factory=dict, description="checks that are evaluated at times of their own, each group under a name"
    )


class HolidayBlock(Block):
    """A local day that is not like others."""

    noun: ClassVar[str] = "the holiday"

    date: Date = Field(description="a local day, neither judged nor learned from")
    name: Words = Field(default="holiday", description="what it is called in messages")


class ExclusionBlock(Block):
    """A stretch of time that is neither judged nor learned from."""

    noun: ClassVar[str] = "the exclusion"

    start: Moment = Field(alias="from", description="a day or a time, which is local without an offset")
    end: Moment = Field(alias="to", description="a day, which is included, or a time")
    why: Words = Field(default="", description="what messages say of it")


class WeeklyBlock(Block):
    """A stretch of some days of every week that is neither judged nor learned from."""

    noun: ClassVar[str] = "the weekly exclusion"

    days: Weekdays = Field(description="days of the week, on which it begins")
    start: Clock = Field(alias="from", description='a local time of day, in quotes: "02:00"')
    end: Clock = Field(alias="to", description="a time of day; not after `from`: that of the next day")
    why: Words = Field(default="", description="what messages say of it")


class StoreBlock(Block):
    """The part of the store's block that is durations, zones and short forms."""

    noun: ClassVar[str] = "the store"

    lateness: Duration | None = Field(
        default=None,
        description="an hour is judged once it has been over for this long; left out: as learned from the loads",
    )
    history: SomeTime = Field(default=dt.timedelta(days=56), description="how much of the past is learned from")
    judge: Judged = Field(
        default=dt.timedelta(days=7), description="how much of the past the very first run judges; or `all`"
    )
    patience: Duration | None = Field(
        default=None,
        description="how long nothing new may be loaded before that is told; left out: as learned from the loads",
    )
    timeout: SomeTime = Field(default=dt.timedelta(seconds=300), description="how long one statement may take")
    repeat_window: Duration = Field(
        default=dt.timedelta(seconds=60),
        description="the same user, event and content again within it, under another id, is a repeat",
    )
    naive_zone: Zone = Field(default="UTC", description="what times without a zone mean")
    sources: Schemas = Field(
        default_factory=dict,
        description="layouts `segment`, `rudderstack`: the source as people call it: its schema; or a list",
    )


class HistoryBlock(Block):
    """How long what was measured is kept."""

    noun: ClassVar[str] = "the history"

    keep: SomeTime = Field(default=dt.timedelta(days=730), description="how long measures are kept by the day")
    hours: SomeTime = Field(
        default=dt.timedelta(weeks=13),
        description="how long measures are kept by the hour; then they are rolled up to days",
    )
    deliveries: SomeTime = Field(
        default=dt.timedelta(days=90), description="how long messages are kept once they and their incidents are over"
    )


class DeliveryBlock(Block):
    """How much is told at once, and for how long it is tried."""

    noun: ClassVar[str] = "the delivery"

    digest_above: Positive = Field(
        default=5, description="more new problems than this for one channel in one run become one message"
    )
    give_up: SomeTime = Field(
        default=dt.timedelta(days=2), description="after how long a message that no channel takes is given up"
    )


class UsageBlock(Block):
    """Where the SQL lies that says what anybody reads."""

    noun: ClassVar[str] = "the usage"

    dbt: Words | None = Field(default=None, description="the folder of dbt_project.yml")
    queries: Words | None = Field(default=None, description="a folder of .sql files: what charts and notebooks ask")
    history: Flag = Field(default=False, description="ask the store what it remembers having been asked")
    days: SomeTime = Field(default=dt.timedelta(days=90), description="how much of the store's history")


class CheckBlock(Block):
    """The part of a check's block that all checks share."""

    noun: ClassVar[str] = "the check"

    enabled: Flag = Field(default=True, description="`false` switches the check off")
    only: Names = Field(default=(), description="the events that it is for; left out: all")
    ignore: Names = Field(default=(), description="events that it is not for")


class EscalateBlock(Block):
    """What happens to a critical incident that nobody takes in hand."""

    noun: ClassVar[str] = "the escalation"

    after: SomeTime | None = Field(default=None, description="how long a critical incident may be in nobody's hand")
    to: Names = Field(default=(), description="the channels that are told then")


class IncidentsBlock(Block):
    """How long things take in the life of an incident."""

    noun: ClassVar[str] = "the life of incidents"

    confirm: Duration = Field(default=dt.timedelta(), description="how long a warning must last before it is told")
    flap: Duration = Field(
        default=dt.timedelta(days=1), description="what comes back so soon after its end is the same incident again"
    )
    remind: Daily = Field(
        default=dt.timedelta(days=1),
        description="how often what is critical is told again while nobody has it in hand; a day at least",
    )
    reminders: Count = Field(default=3, description="at most how many times")
    escalate: EscalateBlock = Field(default=EscalateBlock(), description="what happens when nobody takes it in hand")


class QuietBlock(Block):
    """Hours and days in which only what is critical is told."""

    noun: ClassVar[str] = "quiet hours"

    start: Clock = Field(default=dt.time(), alias="from", description="a time of day, in quotes")
    end: Clock = Field(
        default=dt.time(), alias="to", description="a time of day; before `from` it is that of the next morning"
    )
    days: Weekdays = Field(default=(), description="on which days of the week; left out: every day")


class RouteBlock(Block):
    """Which channels are told of what."""

    noun: ClassVar[str] = "the route"

    to: Names = Field(description="channels")
    owner: Names = Field(default=(), description="whose incidents; `*` stands for any letters")
    severity: Annotated[tuple[Annotated[str, choice("a severity", SEVERITIES)], ...], BeforeValidator(listed)] = Field(
        default=(), description="how severe: critical, warning, info"
    )
    event: Names = Field(default=(), description="of which events; `*` stands for any letters")
    question: Names = Field(default=(), description="of events that help to answer these questions of the plan")
    proceed: Flag = Field(default=False, alias="continue", description="look for another route that fits too")
    quiet: QuietBlock | None = Field(
        default=None, description="hours and days in which this route tells only what is critical"
    )


class ParityBlock(Block):
    """A table elsewhere that should agree with the events."""

    noun: ClassVar[str] = "the comparison"

    table: Words = Field(description="the table")
    time: Words = Field(description="the column of when a row came to be")
    role: Annotated[str, choice("a role of a table to compare with", ROLES)] = Field(
        default="ledger", description="`ledger`: a table that is the truth; `destination`: what arrived elsewhere"
    )
    url: Words | None = Field(
        default=None, description="another database, if the table lies there; left out: the store"
    )
    event: Words | None = Field(default=None, description="which event all rows are")
    events: Words | None = Field(
        default=None, description="the column that says which event a row is, in the plan's words"
    )
    key: Words | None = Field(
        default=None, description="the column of the key; left out: rows are compared by event and day"
    )
    property: Words | None = Field(
        default=None,
        description="what holds the same key, or `id` for the message id; left out: the plan's `key: true`",
    )
    sources: Names = Field(default=(), description="whose messages are meant; left out: the authoritative ones, or all")
    where: Annotated[dict[str, Words], BeforeValidator(lambda value: value or {})] = Field(
        default_factory=dict, description="column: value; only such rows count"
    )
    wait: Duration = Field(
        default=dt.timedelta(hours=1),
        description="how much later the other side may have it, its load included; without a key, in whole days",
    )
    sample: Number = Field(
        default=1.0,
        description="share of the keys of another database that is compared, chosen by hash",
    )
    naive_zone: Zone | None = Field(
        default=None, description="what times without a zone mean there; left out: as in the store"
    )


class ReportBlock(Block):
    """Who gets the weekly report, and when."""

    noun: ClassVar[str] = "the report"

    cron: Cron = Field(default=WEEKLY, description="when `serve` sends the report of the last week, in local time")
    to: Names = Field(description="channels")
    owners: Flag = Field(
        default=False, description="each owner with an address also gets a mail about their events alone"
    )


class ConfigBlock(Block):
    """The configuration file. `store`, `checks` and `channels` are read by what they name."""

    noun: ClassVar[str] = "the configuration"

    version: FormatVersion = Field(default=1, description="of this format")
    workspace: Words = Field(default="production", description="the name of this environment in messages")
    plan: Words | None = Field(
        default=None, description="the tracking plan: a file, or a folder of them, beside this file"
    )
    timezone: Zone = Field(
        default="UTC", description="where your days begin and end, with 23 and 25 hours when clocks change"
    )
    store: dict[str, Any] = Field(default_factory=dict, description="where events are, and how they lie there")
    state: StateUrl = Field(
        default=None,
        description="where incidents and measures are remembered; left out: trackwatch.db beside this file",
    )
    history: HistoryBlock = Field(default=HistoryBlock(), description="how long what was measured is kept")
    budget: BudgetBlock = Field(default=BudgetBlock(), description="how much is told")
    checks: Annotated[dict[str, Any], BeforeValidator(lambda value: value or {})] = Field(
        default_factory=dict, description="by name, what is different from the defaults: every check is on"
    )
    channels: Annotated[dict[str, Any], BeforeValidator(lambda value: value or {})] = Field(
        default_factory=dict, description="whom to tell, each under a name of your own"
    )
    holidays: Annotated[tuple[HolidayBlock, ...], BeforeValidator(dated)] = Field(
        default=(), description="local days that are not like others: never judged, never learned from"
    )
    exclude: Annotated[tuple[ExclusionBlock, ...], BeforeValidator(lambda value: value or ())] = Field(
        default=(), description="stretches of time that are never judged, never learned from"
    )
    exclude_weekly: Annotated[tuple[WeeklyBlock, ...], BeforeValidator(lambda value: value or ())] = Field(
        default=(), description="the same on some days of every week: a maintenance window that comes back"
    )
    base_url: Link = Field(default=None, description="where people reach the pages: messages link to here")
    incidents: IncidentsBlock = Field(
        default=IncidentsBlock(), description="how long things take in the life of an incident"
    )
    routes: Annotated[tuple[RouteBlock, ...], BeforeValidator(lambda value: value or ())] = Field(
        default=(),
        description="who is told of what: the first that fits takes a message; what none takes goes to all",
    )
    quiet: QuietBlock | None = Field(
        default=None,
        description="hours and days in which only what is critical is told; the rest waits until they are over",
    )
    schedule: ScheduleBlock = Field(default=ScheduleBlock(), description="when `trackwatch serve` evaluates")
    usage: UsageBlock | None = Field(
        default=None, description="where the SQL lies that says what anybody reads, for `unused.never_queried`"
    )
    parity: Annotated[dict[str, ParityBlock], BeforeValidator(lambda value: value or {})] = Field(
        default_factory=dict,
        description="tables elsewhere that should agree with the events, each under a name of your own",
    )
    custom: CustomBlock | None = Field(default=None, description="checks of your own")
    delivery: DeliveryBlock = Field(
        default=DeliveryBlock(), description="how much is told at once, and for how long it is tried"
    )
    report: ReportBlock | None = Field(
        default=None, description="to whom the weekly report is sent, and when; left out: to nobody"
    )
    web: WebBlock = Field(default=WebBlock(), description="the pages")
    clock: Moment | None = Field(
        default=None, description="it is always this time: for a demonstration on events that have ended"
    )
    heartbeat: Link = Field(
        default=None,
        description="an address that is pinged at each evaluation, and tells you when no ping comes (healthchecks.io)",
    )
    log: Annotated[str, choice("a form of log", LOGS)] = Field(
        default="text", description="how logs are written: `json` is for machines"
    )
