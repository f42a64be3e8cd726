"""What do several commands share? Options, the opened installation, and times as people type them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.pipeline import Installation

F = TypeVar("F", bound=Callable[..., Any])


def config_option(function: F) -> F:
    """Add `--config FILE`."""
    text = "Configuration; by default ./trackwatch.yml, then ./config/trackwatch.yml."
    return click.option("--config", "config_path", type=click.Path(path_type=Path), help=text)(function)


def workspace_option(function: F) -> F:
    """Add `--workspace NAME`."""
    text = "One of the configuration's 'workspaces'; by default its own."
    return click.option("--workspace", help=text)(function)


def group_option(function: F) -> F:
    """Add `--group NAME`."""
    text = "Only this check group of the schedule; may be given several times. By default all checks."
    return click.option("--group", "groups", multiple=True, help=text)(function)


def checks_of(config: Config, groups: Sequence[str]) -> frozenset[str] | None:
    """Return the checks of the named groups of a schedule; None: all.

    Raises:
        UsageError: there is no such group.
    """
    from monitor.errors import UsageError  # noqa: PLC0415 keeps --help fast
    from monitor.values import suggest  # noqa: PLC0415

    known = {group.name: group for group in config.schedule.groups}
    for name in groups:
        if name not in known:
            hint = suggest(name, known) if known else 'write schedule: {groups: {NAME: {checks: [], cron: ""}}}'
            raise UsageError(f"{name!r} is not a check group of {config.file}; {hint}")
    return config.schedule.checks([known[name] for name in groups], config.checks) if groups else None


def json_option(function: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")(function)


def fail_on_option(function: F) -> F:
    """Add `--fail-on`."""
    choice = click.Choice(["never", "warning", "critical"])
    text = "From which severity on open problems end in exit code 1."
    return click.option("--fail-on", type=choice, default="warning", show_default=True, help=text)(function)


class Moment(click.ParamType[dt.datetime]):
    """An instant as ISO 8601; without an offset it is UTC."""

    name = "ISO8601"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        """Return an aware datetime in UTC, or refuse with an example."""
        if isinstance(value, dt.datetime):
            return value
        try:
            at = dt.datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a time; write it as 2026-03-01T06:00:00Z", param, ctx)
        return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)


def current_time() -> dt.datetime:
    """Read the clock: the only place, with `serve`, that does."""
    return dt.datetime.now(tz=dt.UTC)


def time_of(config: Config, now: dt.datetime | None = None) -> dt.datetime:
    """Return the time that a command works with: the one it was given, the configuration's, or the clock's."""
    return now or config.clock or current_time()


@contextmanager
def opened(config: Config) -> Iterator[Installation]:
    """Open the store and the memory that a configuration names, and close the store at the end."""
    from monitor.history.memory import Memory  # noqa: PLC0415 database drivers, for commands that need them
    from monitor.pipeline import Installation  # noqa: PLC0415
    from monitor.stores.opening import DeferredStore  # noqa: PLC0415

    memory = Memory(config.state_url, config.workspace)
    store = DeferredStore(config.store.settings, config.plan)
    try:
        yield Installation(config, store, memory)
    finally:
        store.close()
