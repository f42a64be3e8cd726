"""`trackwatch verify`: the test before production."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.common import Moment, config_option, current_time, json_option, workspace_option

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.verify.verification import Scope, Verification

Verify = Callable[[dt.datetime], "Verification"]


class Since(Moment):
    """An instant, or how long ago it was."""

    name = "ISO8601|2h"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return an aware datetime, or a length of time."""
        return _length(value) or super().convert(value, param, ctx)


class Length(click.ParamType[dt.timedelta]):
    """A length of time such as 30s, 10m or 2h."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.timedelta:
        """Return it, or refuse with an example."""
        return _length(value) or self.fail(f"{value!r} is not a length of time; write it as 30s, 10m or 2h", param, ctx)


def _length(value: Any) -> dt.timedelta | None:
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 keeps --help fast

    from monitor.values import SomeTime  # noqa: PLC0415

    if isinstance(value, dt.timedelta):
        return value
    try:
        return TypeAdapter[dt.timedelta](SomeTime).validate_python(value)
    except ValidationError:
        return None


@click.command("verify")
@config_option
@workspace_option
@click.option(
    "--since", type=Since(), default="1d", show_default=True, help="What arrived from then on, or this long ago."
)
@click.option("--event", "events", multiple=True, help="Only this event must have fired. May be given several times.")
@click.option("--source", "sources", multiple=True, help="Only this source is released. May be given several times.")
@click.option("--changed-since", "revision", help="Only the events that the plan changed since this Git revision.")
@click.option("--follow", is_flag=True, help="Watch messages land, until all have come as planned.")
@click.option("--every", type=Length(), default="5s", show_default=True, help="With --follow: how often to look.")
@click.option("--timeout", type=Length(), help="With --follow: give up after this long.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit's XML for a CI system too.")
@json_option
def command(
    config_path: Path | None,
    workspace: str | None,
    since: dt.datetime | dt.timedelta,
    junit: Path | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Verify a release: has every planned event fired, with the right properties?

    Asks a development workspace, in one statement per table. Ends with 0 when all that is
    planned came as planned, else with 1. Names and counts are shown, never a value.
    """
    from monitor.config import load_config  # noqa: PLC0415 keeps --help fast

    config = load_config(config_path, workspace=workspace)
    scope = _scope(config, asked["events"], asked["sources"], asked["revision"])
    with _verifier(config, scope, since) as verify:
        found = _followed(verify, asked["every"], asked["timeout"]) if asked["follow"] else verify(current_time())
    if junit:
        _write(junit, found)
    _show(found, as_json=as_json)
    sys.exit(int(not found.passed))


def _scope(config: Config, events: tuple[str, ...], sources: tuple[str, ...], revision: str | None) -> Scope:
    from monitor.errors import UsageError  # noqa: PLC0415 keeps --help fast
    from monitor.values import suggest  # noqa: PLC0415
    from monitor.verify.verification import Scope  # noqa: PLC0415

    for event in events:
        if event not in config.plan.events:
            raise UsageError(f"--event: {event!r} is not in the plan; {suggest(event, list(config.plan.events))}")
    known = {source for event in config.plan.events.values() for source in event.sources}
    for source in sources:
        if source not in known:
            raise UsageError(f"--source: no event of the plan comes from {source!r}; {suggest(source, sorted(known))}")
    changed = _changed(config, revision) if revision else ()
    return Scope(frozenset((*events, *changed)), frozenset(sources))


def _changed(config: Config, revision: str) -> list[str]:
    from monitor.errors import UsageError  # noqa: PLC0415 keeps --help fast
    from monitor.plan.diff import differences  # noqa: PLC0415
    from monitor.plan.revisions import open_plan  # noqa: PLC0415

    if config.plan_path is None:
        raise UsageError("--changed-since: the configuration names no plan")
    _, before = open_plan(revision, config.plan_path)
    found = differences(before.plan, config.plan)
    changed = [each.event for each in found if each.event in config.plan.events and each.kind != "removed"]
    if not changed:
        click.echo(f"The plan promises no event anew since {revision}: nothing to verify.", err=True)
        sys.exit(0)
    return [event for event in dict.fromkeys(changed) if event]


@contextmanager
def _verifier(config: Config, scope: Scope, since: dt.datetime | dt.timedelta) -> Iterator[Verify]:
    from monitor.stores.opening import open_store  # noqa: PLC0415 database drivers
    from monitor.verify.verification import verify  # noqa: PLC0415

    start = current_time() - since if isinstance(since, dt.timedelta) else since
    store = open_store(config.store.settings, config.plan)
    try:
        yield lambda now: verify(config, store, scope, start, now)
    finally:
        store.close()


def _followed(verify: Verify, every: dt.timedelta, timeout: dt.timedelta | None) -> Verification:
    """Look again and again until all has come as planned, the time is over, or somebody presses Ctrl-C."""
    from threading import Event  # noqa: PLC0415 only for those who watch

    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415

    from monitor.verify.follow import board, landed  # noqa: PLC0415

    console, nobody = Console(stderr=True), Event()
    end = current_time() + timeout if timeout else None
    found: Verification | None = None
    with Live(console=console, transient=True, auto_refresh=False) as live:
        while True:
            now = current_time()
            before, found = found, verify(now)
            for line in landed(before, found):
                console.print(f"{now.astimezone():%H:%M:%S} {line}", markup=False, highlight=False, soft_wrap=True)
            if console.is_terminal:
                live.update(board(found), refresh=True)
            if found.passed or (end and now >= end) or _interrupted(nobody, every):
                return found


def _interrupted(nobody: Any, every: dt.timedelta) -> bool:
    try:
        nobody.wait(every.total_seconds())
    except KeyboardInterrupt:
        return True
    return False


def _write(junit: Path, found: Verification) -> None:
    from monitor.errors import UsageError  # noqa: PLC0415 keeps --help fast
    from monitor.verify.junit import as_junit  # noqa: PLC0415

    try:
        junit.write_text(as_junit(found), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--junit {junit}: {error.strerror}") from error


def _show(found: Verification, *, as_json: bool) -> None:
    from monitor.verify.text import as_data, as_text  # noqa: PLC0415 keeps --help fast

    click.echo(json.dumps(as_data(found), ensure_ascii=False) if as_json else as_text(found))
