"""`trackwatch run`: evaluate everything that is due, once."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import (
    Moment,
    checks_of,
    config_option,
    current_time,
    fail_on_option,
    group_option,
    json_option,
    opened,
    time_of,
    workspace_option,
)
from monitor.errors import OvertakenError

if TYPE_CHECKING:
    from monitor.pipeline import Installation, Result


@click.command("run")
@config_option
@workspace_option
@click.option("--now", type=Moment(), help="Judge as if it were this time; by default now.")
@click.option("--dry-run", is_flag=True, help="Say what would be told; remember and send nothing.")
@click.option("--all", "everything", is_flag=True, help="With --json: healthy findings too.")
@group_option
@json_option
@fail_on_option
def command(  # noqa: PLR0913 one parameter for each option
    *,
    config_path: Path | None,
    workspace: str | None,
    now: dt.datetime | None,
    dry_run: bool,
    everything: bool,
    groups: tuple[str, ...],
    as_json: bool,
    fail_on: str,
) -> None:
    """Evaluate everything that is due, once: each complete hour and day is judged one time only."""
    from monitor.config import load_config  # noqa: PLC0415 keeps --help fast
    from monitor.output import exit_code  # noqa: PLC0415
    from monitor.pipeline import run  # noqa: PLC0415

    started = current_time()
    config = load_config(config_path, workspace=workspace)
    checks = checks_of(config, groups)
    with opened(config) as installation, _progress() as on_chunk:
        at = time_of(config, now)
        evaluate = partial(run, installation, at, dry_run=dry_run, on_chunk=on_chunk, checks=checks)
        try:
            result = evaluate()
        except OvertakenError:
            click.echo("trackwatch: another run ended meanwhile; looking at what is left", err=True)
            result = evaluate()
        seconds = (current_time() - started).total_seconds()
        if as_json:
            click.echo(_json(installation, result, seconds, everything=everything))
        else:
            _show(installation, result, seconds, dry_run=dry_run)
    if result.error:
        click.echo(f"trackwatch: {result.error}", err=True)
    failed = any(outcome.state == "failed" for outcome in result.outcomes)
    sys.exit(3 if result.error or failed else exit_code(result.incidents, fail_on))


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal how much of the past a first run has read; elsewhere, nothing."""
    from rich.console import Console  # noqa: PLC0415 keeps --help fast
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("Reading the past", visible=False)
        yield lambda done, of: progress.update(task, completed=done, total=of, visible=done < of)


def _json(installation: Installation, result: Result, seconds: float, *, everything: bool) -> str:
    import orjson  # noqa: PLC0415

    from monitor.output import document  # noqa: PLC0415
    from monitor.pipeline import composer_of  # noqa: PLC0415
    from monitor.summary import counts  # noqa: PLC0415

    parts = document(
        now=result.now,
        verdicts=result.verdicts,
        incidents=result.incidents,
        composer=composer_of(installation.config),
        summary=counts(result, seconds),
        everything=everything,
    )
    return orjson.dumps(parts, option=orjson.OPT_INDENT_2).decode()


def _show(installation: Installation, result: Result, seconds: float, *, dry_run: bool) -> None:
    from monitor.summary import as_text  # noqa: PLC0415

    click.echo(as_text(installation.config, result, seconds, dry_run=dry_run))
