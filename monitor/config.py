"""What does this installation watch, how, and whom does it tell?

One YAML file says it. All that is wrong with the file and with the plan that it names is
told at once, each with its line and what to write instead.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from checks.base import CHECKS, Registered
from checks.custom import CustomParams
from checks.plan import Plan
from monitor.alerts.base import Channel
from monitor.alerts.channels import KINDS, channel_class
from monitor.alerts.deliver import Policy
from monitor.blocks import read_dataclass, read_model
from monitor.calendar import Pause
from monitor.config_format import CheckBlock, ConfigBlock, ReportBlock, StoreBlock, UsageBlock
from monitor.counterparts import read_counterparts
from monitor.custom import read_own
from monitor.document import Document, load_document, parse_document, read_bytes, shortened
from monitor.errors import ConfigError, Problem, UsageError
from monitor.exclusions import is_always, read_exclusions, reversed_ones, start_of
from monitor.known_checks import OwnCheck, load_checks
from monitor.plan.load import NO_DRAFTS, load_plan
from monitor.reporting import Reporting, read_reporting
from monitor.routing import Telling, read_telling
from monitor.scheduling import read_schedule
from monitor.serving import Serving
from monitor.stores.base import StoreSettings
from monitor.stores.fitting import unfitting
from monitor.timetable import Schedule
from monitor.values import suggest
from monitor.workspaces import names, of_workspace

DEFAULTS = (Path("trackwatch.yml"), Path("config/trackwatch.yml"))


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Where events lie, and how long to wait for them."""

    settings: StoreSettings
    lateness: dt.timedelta | None  # how long after its end a bucket is complete; None: as learned
    history: dt.timedelta  # how much of the past is learned from
    judge: dt.timedelta | None  # how much of the past the first run judges; None: all of it
    patience: dt.timedelta | None  # how long nothing new may be loaded before that is told; None: as learned


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """One enabled check, with its own parameters and the events that it is for."""

    name: str
    params: Any
    only: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    own: OwnCheck | None = None  # written beside the configuration
    written: bool = field(default=False, compare=False)  # the configuration says something of it; else it is just on

    @property
    def known(self) -> Registered:
        """Return what judges, and what it finds."""
        return self.own.registered if self.own else CHECKS[self.name]

    def covers(self, event: str | None) -> bool:
        """Return whether the check is for an event; None is the store as a whole."""
        return event is None or (event not in self.ignore and (not self.only or event in self.only))


@dataclass(frozen=True, slots=True)
class Budget:
    """How many false alerts the whole installation may send."""

    false_alerts_per_week: float
    min_messages: float = 0.0  # what concerns fewer messages is not told; a broken rule is
    parts: tuple[float, float] = (1.0, 1.0)  # of what an hour, and a day, may cost: the rest is for other checks


@dataclass(frozen=True, slots=True)
class UsageConfig:
    """Where the SQL lies that says what anybody reads."""

    dbt: Path | None = None  # the folder of dbt_project.yml
    queries: Path | None = None  # a folder of .sql files
    history: bool = False  # the store's own
    days: dt.timedelta = dt.timedelta(days=90)  # of the history


@dataclass(frozen=True, slots=True)
class Keep:
    """How long what was measured is kept: by the day, and by the hour, which is rolled up to days after."""

    days: dt.timedelta = dt.timedelta(days=730)
    hours: dt.timedelta = dt.timedelta(weeks=13)
    deliveries: dt.timedelta = dt.timedelta(days=90)  # once they have ended, and their incident has


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that a run needs to know, validated."""

    file: Path
    workspace: str
    zone: str  # IANA name: in which days and hours are cut
    plan: Plan
    plan_path: Path | None
    store: StoreConfig
    state_url: str
    budget: Budget
    checks: Mapping[str, CheckConfig]  # the enabled ones
    exclusions: tuple[Pause, ...]  # those of a date first, oldest first
    channels: Mapping[str, Channel]
    base_url: str | None
    schedule: Schedule
    heartbeat: str | None = field(default=None, repr=False)  # told of each evaluation; its address is a secret
    log: str = "text"
    keep: Keep = Keep()
    telling: Telling = field(default_factory=Telling)
    usage: UsageConfig | None = None
    delivery: Policy = field(default_factory=Policy)
    web: Serving = field(default_factory=Serving)
    reporting: Reporting | None = None  # who gets the weekly report
    beside: tuple[Path, ...] = ()  # folders and files with checks and channels of one's own
    clock: dt.datetime | None = None  # the time that it always is: for demonstrations


def find_config(path: Path | None) -> Path:
    """Return the configuration file to use.

    Raises:
        UsageError: there is none where it should be.
    """
    if path is not None:
        if not path.is_file():
            raise UsageError(f"there is no configuration file {path}; 'trackwatch init' writes one")
        return path
    found = next((default for default in DEFAULTS if default.is_file()), None)
    if found is None:
        places = " nor ".join(f"./{default}" for default in DEFAULTS)
        raise UsageError(f"there is neither {places}; 'trackwatch init' writes one, --config names another")
    return found


def load_config(
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
    workspace: str | None = None,
    drafts: Mapping[Path, str] = NO_DRAFTS,
    parts: Collection[str] | None = None,
) -> Config:
    """Read a configuration, its plan, and the parameters of checks, store and channels.

    Args:
        path: the file; by default `./trackwatch.yml`, then `./config/trackwatch.yml`.
        environ: where `${NAME}` is looked up; by default the environment of the process.
        workspace: as it is in another of the file's `workspaces`; by default in the file's own.
        drafts: contents of files, its own or the plan's, that are to be read instead of what they hold now.
        parts: the names on its top level that are read, as if it had no others; by default all.

    Raises:
        UsageError: there is no such file.
        ConfigError: with every problem of the file and of its plan.
    """
    file = find_config(path)
    values = os.environ if environ is None else environ
    document = parse_document(str(file), drafts[file].encode() if file in drafts else read_bytes(file), values)
    document = of_workspace(document, workspace)
    return _Reader(document if parts is None else document.only(parts), file, drafts).read()


def workspaces(path: Path | None = None) -> tuple[str, ...]:
    """Return the workspaces that a configuration describes beside its own."""
    return names(load_document(find_config(path), os.environ))


class _Reader:
    """Reads one document section by section, and collects what is wrong."""

    def __init__(self, document: Document, file: Path, drafts: Mapping[Path, str]) -> None:
        self.document = document
        self.file = file
        self.drafts = drafts
        self.problems: list[Problem] = []
        self.files: list[Path] = []  # of channels of one's own

    def read(self) -> Config:
        load_checks()
        block = self._block()
        plan_path = self.file.parent / block.plan if block.plan else None
        plan = self._plan(plan_path, block.workspace) if plan_path else Plan()
        channels = self._channels(block.channels)
        own = read_own(self.document, block.custom, self.file.parent)
        self.problems += own.problems
        store, enabled = self._store(block.store), self._checks(block.checks, plan if plan_path else None, own.checks)
        if "custom" in enabled:
            store = replace(store, settings=replace(store.settings, queries=own.asked))
            enabled["custom"] = replace(enabled["custom"], params=CustomParams(own.judged))
        config = Config(
            file=self.file,
            workspace=block.workspace,
            zone=block.timezone,
            plan=plan or Plan(),
            plan_path=plan_path,
            store=self._compared(store, block, plan or Plan()),
            state_url=block.state or f"sqlite:///{self.file.parent / 'trackwatch.db'}",
            keep=Keep(block.history.keep, block.history.hours, block.history.deliveries),
            delivery=Policy(int(block.delivery.digest_above), block.delivery.give_up, block.base_url),
            budget=Budget(block.budget.false_alerts_per_week, block.budget.min_messages),
            checks=enabled,
            exclusions=self._exclusions(block),
            channels=channels,
            telling=self._telling(block, plan or Plan()),
            base_url=block.base_url,
            schedule=self._schedule(block, own.checks),
            heartbeat=block.heartbeat,
            log=block.log,
            usage=self._usage(block.usage) if block.usage else None,
            web=block.web.read(self.file.parent),
            reporting=self._reporting(block.report, block, channels) if block.report else None,
            beside=(*own.folders, *self.files),
            clock=None if block.clock is None else start_of(block.clock, ZoneInfo(block.timezone)),
        )
        self.document.refuse(self.problems)
        return config

    def _wrong(self, path: tuple[str | int, ...], message: str, hint: str) -> None:
        self.problems.append(self.document.problem(path, message, hint))

    def _block(self) -> ConfigBlock:
        """Read the file with its broken parts left out, so that the rest is still looked at."""
        data = self.document.data
        block, self.problems = read_model(self.document, ConfigBlock, data)
        if block is not None:
            return block
        sound = {
            name: value for name, value in data.items() if not read_model(self.document, ConfigBlock, {name: value})[1]
        }
        return ConfigBlock.model_validate(sound)

    def _plan(self, path: Path, workspace: str) -> Plan | None:
        if not path.exists():
            message = f"plan: there is no file or folder {path}"
            hint = "the path is relative to this file; trackwatch plan infer --new proposes a plan"
            self._wrong(("plan",), message, hint)
            return None
        try:
            return load_plan(path, workspace, self.drafts)
        except ConfigError as error:
            self.problems += error.problems
            return None

    def _store(self, data: dict[str, Any]) -> StoreConfig:
        written = self.document.data
        if not isinstance(written.get("store"), dict):
            if "store" not in written:
                self._wrong((), "'store' is missing", "write store: {url: …}")
            return StoreConfig(StoreSettings(url=""), *(dt.timedelta(),) * 4)
        own, rest = _split(data, StoreBlock)
        block, wrong = read_model(self.document, StoreBlock, own, ("store",))
        noun = "a setting of the store"
        settings, also = read_dataclass(self.document, StoreSettings, rest, ("store",), noun, StoreBlock.model_fields)
        self.problems += [*wrong, *also, *self._unreachable(rest)]
        block = block or StoreBlock()
        settings = replace(
            settings or StoreSettings(url=""),
            sources=block.sources,
            naive_zone=block.naive_zone,
            timeout=block.timeout.total_seconds(),
            repeat_window=round(block.repeat_window.total_seconds()),
        )
        for setting, message, hint in unfitting(settings, data) if not (wrong or also) else ():
            self._wrong(("store", setting), message, hint)
        return StoreConfig(settings, block.lateness, block.history, block.judge, block.patience)

    def _compared(self, store: StoreConfig, block: ConfigBlock, plan: Plan) -> StoreConfig:
        settings = store.settings
        against, unknown = read_counterparts(block.parity, plan, settings.sources, settings.naive_zone)
        for each in unknown:
            self._wrong(each.path, each.message, each.hint)
        return replace(store, settings=replace(settings, against=against))

    def _unreachable(self, data: dict[str, Any]) -> Iterator[Problem]:
        url = data.get("url")
        if isinstance(url, str) and not re.match(r"[a-z][a-z0-9+]*://", url):
            hint = "such as duckdb:///events.duckdb or postgresql://user@host/name"
            yield self.document.problem(("store", "url"), "url: expected the URL of a database", hint)

    def _checks(self, data: dict[str, Any], plan: Plan | None, own: Mapping[str, OwnCheck]) -> dict[str, CheckConfig]:
        names = sorted(CHECKS.keys() | own.keys())
        for name in data.keys() - set(names):
            message = f"{shortened(name)} is not a check"
            self._wrong(("checks", name), message, suggest(name, names))
        read = (self._check(name, data.get(name) or {}, plan, own.get(name)) for name in names)
        return {check.name: check for check in read if check}

    def _check(self, name: str, data: Any, plan: Plan | None, written: OwnCheck | None) -> CheckConfig | None:
        path = ("checks", name)
        if not isinstance(data, dict):
            self._wrong(path, f"{name}: expected a block", "write enabled: false to switch it off")
            return None
        own, rest = _split(data, CheckBlock)
        block, wrong = read_model(self.document, CheckBlock, own, path)
        noun = f"a parameter of {name}"
        known = written.registered if written else CHECKS[name]
        params, also_wrong = read_dataclass(self.document, known.params, rest, path, noun, CheckBlock.model_fields)
        self.problems += [*wrong, *also_wrong]
        if block is None:
            return None
        self.problems += self._unplanned(path, own, plan)
        covered = frozenset(block.only), frozenset(block.ignore)
        return CheckConfig(name, params, *covered, written, bool(data)) if block.enabled else None

    def _unplanned(self, path: tuple[str, str], own: dict[str, Any], plan: Plan | None) -> Iterator[Problem]:
        """Yield the events of `only` and `ignore` that the plan does not know."""
        known = plan.events if plan else {}
        for setting in ("only", "ignore") if known else ():
            names = own.get(setting) or []
            for index, event in enumerate(names if isinstance(names, list) else [names]):
                if event not in known:
                    message = f"{shortened(event)} is not an event of the plan"
                    yield self.document.problem((*path, setting, index), message, suggest(event, known))

    def _usage(self, block: UsageBlock) -> UsageConfig:
        folders = {name: self.file.parent / said for name in ("dbt", "queries") if (said := getattr(block, name))}
        for name, folder in folders.items():
            if not folder.is_dir():
                self._wrong(
                    ("usage", name), f"{name}: there is no folder {folder}", "the path is relative to this file"
                )
        return UsageConfig(folders.get("dbt"), folders.get("queries"), block.history, block.days)

    def _exclusions(self, block: ConfigBlock) -> tuple[Pause, ...]:
        for index, each in reversed_ones(block):
            message = f"the exclusion ends ({each.end}) before it starts ({each.start})"
            self._wrong(("exclude", index), message, "swap 'from' and 'to'")
        if is_always(block):
            self._wrong(
                ("exclude_weekly",), "every hour of the week is left out, so nothing is ever judged", "leave some"
            )
        return read_exclusions(block)

    def _telling(self, block: ConfigBlock, plan: Plan) -> Telling:
        telling, unknown = read_telling(block, tuple(block.channels), tuple(plan.questions))
        for each in unknown:
            self._wrong(each.path, each.message, each.hint)
        return telling

    def _reporting(self, asked: ReportBlock, block: ConfigBlock, channels: Mapping[str, Channel]) -> Reporting:
        reporting, unknown = read_reporting(asked, block.timezone, channels, tuple(block.channels))
        for each in unknown:
            self._wrong(each.path, each.message, each.hint)
        return reporting

    def _schedule(self, block: ConfigBlock, own: Mapping[str, OwnCheck]) -> Schedule:
        schedule, wrong = read_schedule(block.schedule, block.timezone, sorted(CHECKS.keys() | own.keys()))
        for each in wrong:
            self._wrong(each.path, each.message, each.hint)
        return schedule

    def _channels(self, data: dict[str, Any]) -> dict[str, Channel]:
        read = {name: self._channel(name, fields) for name, fields in data.items()}
        return {name: channel for name, channel in read.items() if channel}

    def _channel(self, name: str, data: Any) -> Channel | None:
        path = ("channels", name)
        kind = data.get("kind") if isinstance(data, dict) else None
        if not isinstance(kind, str):
            message = f"channel {shortened(name)} has no kind"
            self._wrong(path, message, f"write kind: {', '.join(KINDS)}")
            return None
        try:
            cls = channel_class(kind, self.file.parent)
            self.files += [self.file.parent / kind] if kind.endswith(".py") else []
        except UsageError as error:
            own = kind.endswith(".py")
            message = str(error) if own else f"{shortened(kind)} is not a kind of channel"
            self._wrong((*path, "kind"), message, "" if own else suggest(kind, KINDS))
            return None
        rest = {setting: value for setting, value in data.items() if setting != "kind"}
        noun = f"a setting of {kind} channels"
        channel, wrong = read_dataclass(self.document, cast("type[Channel]", cls), rest, path, noun, ["kind"])
        self.problems += wrong
        return channel


def _split(data: dict[str, Any], model: type[CheckBlock | StoreBlock]) -> tuple[dict[str, Any], dict[str, Any]]:
    own = {name: value for name, value in data.items() if name in model.model_fields}
    return own, {name: value for name, value in data.items() if name not in own}
