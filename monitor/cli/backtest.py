"""`trackwatch backtest`: what would have been told, had trackwatch watched then?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.common import config_option, current_time, json_option, workspace_option

if TYPE_CHECKING:
    from monitor.backtest.comparison import Pair
    from monitor.backtest.past import Past
    from monitor.backtest.replay import Replayed
    from monitor.config import Config

Step = Callable[[int, int], None]
DATE = click.DateTime(["%Y-%m-%d"])


@click.command("backtest")
@config_option
@workspace_option
@click.option("--from", "since", type=DATE, required=True, help="The first local day that is judged.")
@click.option("--to", "until", type=DATE, required=True, help="The local day before which judging ends.")
@click.option("--against", metavar="FILE|REVISION", help="Compare with another configuration, or a Git revision of it.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with charts as well.")
@click.option("--measure", is_flag=True, help="Ask the event store, even where what was measured is remembered.")
@json_option
def command(
    config_path: Path | None, workspace: str | None, since: dt.datetime, until: dt.datetime, as_json: bool, **asked: Any
) -> None:
    """Replay the past hour by hour: which alerts would have been sent, and how many a week?

    Each hour is judged with what lay before it, as the service would have done. Nothing is sent,
    and trackwatch's own memory is left alone. Stopped half-way, it goes on there.
    """
    from monitor.config import load_config  # noqa: PLC0415 keeps --help fast
    from monitor.pipeline import composer_of  # noqa: PLC0415

    started = current_time()
    config = load_config(config_path, workspace=workspace)
    span = _span(config, since, until, started)
    with progress("Reading the past") as step:
        past = past_of(config, span, step, anew=asked["measure"])
    replayed = _replayed(config, past, span)
    pairs = _pairs(asked["against"], config, past, replayed) if asked["against"] else None
    if asked["out"]:
        _write(asked["out"], config, past, replayed, pairs)
    seconds = (current_time() - started).total_seconds()
    click.echo(_said(replayed, composer_of(config), seconds, pairs, as_json=as_json))


def _span(config: Config, since: dt.datetime, until: dt.datetime, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 keeps --help fast

    from monitor.errors import UsageError  # noqa: PLC0415

    zone = ZoneInfo(config.zone)
    start, end = (day.replace(tzinfo=zone).astimezone(dt.UTC) for day in (since, until))
    if start >= end:
        raise UsageError(f"--to {until:%Y-%m-%d} is not after --from {since:%Y-%m-%d}")
    if end > now:
        raise UsageError(f"--to {until:%Y-%m-%d} is not over yet")
    return start, end


def _cache(config: Config) -> str:
    return f"sqlite:///{config.file.parent / 'trackwatch-backtest.db'}"


def past_of(config: Config, span: tuple[dt.datetime, dt.datetime], step: Step, *, anew: bool) -> Past:
    """Return what is known of the past: out of trackwatch's own memory, or else of the event store."""
    from monitor.backtest.past import read, remembered  # noqa: PLC0415 keeps --help fast
    from monitor.errors import UsageError  # noqa: PLC0415
    from monitor.history.memory import Memory  # noqa: PLC0415
    from monitor.stores.opening import open_store  # noqa: PLC0415

    known = None if anew else remembered(config, Memory(config.state_url, config.workspace), *span)
    if known is not None:
        return known
    store = open_store(config.store.settings, config.plan)
    try:
        past = read(config, store, _cache(config), span, step)
    finally:
        store.close()
    if past.points.empty:
        raise UsageError("the store holds no events in that time, nor in the weeks before")
    return past


def _replayed(config: Config, past: Past, span: tuple[dt.datetime, dt.datetime]) -> Replayed:
    from monitor.backtest.checkpoint import EVERY, Checkpoint  # noqa: PLC0415 keeps --help fast
    from monitor.backtest.replay import Replayed, resume  # noqa: PLC0415

    since, until = span
    checkpoint = Checkpoint(_cache(config), config, past, Replayed(since=since, until=since), until)
    reached, days = checkpoint.load(), (until - since).days
    with progress("Judging day by day") as step:
        for number, day in enumerate(resume(config, past, reached, until), start=1):
            reached = day
            step((reached.until - since).days, days)
            if number % EVERY == 0:
                checkpoint.save(reached)
    checkpoint.clear()
    return reached


def _pairs(said: str, config: Config, past: Past, replayed: Replayed) -> tuple[Pair, ...]:
    from monitor.backtest.against import other_config  # noqa: PLC0415 keeps --help fast
    from monitor.backtest.comparison import compare  # noqa: PLC0415

    with other_config(said, config) as other:
        return compare(replayed, _replayed(other, past, (replayed.since, replayed.until)))


def _write(out: Path, config: Config, past: Past, replayed: Replayed, pairs: tuple[Pair, ...] | None) -> None:
    from monitor.backtest.page import as_html  # noqa: PLC0415 keeps --help fast
    from monitor.errors import UsageError  # noqa: PLC0415
    from monitor.pipeline import composer_of  # noqa: PLC0415

    html = as_html(config, past, replayed, composer_of(config), pairs)
    try:
        out.write_text(html, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}") from error
    click.echo(f"wrote {out}", err=True)


def _said(replayed: Replayed, composer: Any, seconds: float, pairs: tuple[Pair, ...] | None, *, as_json: bool) -> str:
    if not as_json:
        from monitor.backtest.text import as_text  # noqa: PLC0415 each form has libraries of its own

        return as_text(replayed, composer, pairs)
    import orjson  # noqa: PLC0415

    from monitor.backtest.document import as_data  # noqa: PLC0415

    return orjson.dumps(as_data(replayed, composer, seconds, pairs), option=orjson.OPT_INDENT_2).decode()


@contextmanager
def progress(title: str) -> Iterator[Step]:
    """Show on a terminal how far it is; elsewhere, nothing."""
    from rich.console import Console  # noqa: PLC0415 keeps --help fast
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(title, visible=False)
        yield lambda done, of: progress.update(task, completed=done, total=of, visible=done < of)
