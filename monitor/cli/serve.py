"""`trackwatch serve`: keep running, evaluate on schedule."""

from __future__ import annotations

import logging
import signal
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from monitor.cli.common import config_option, current_time, opened, time_of

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.stores.base import Store
    from monitor.web.server import Server


@click.command("serve")
@config_option
def command(config_path: Path | None) -> None:
    """Evaluate now and then on schedule (`schedule: {every: 1h}`), and show the pages, until stopped."""
    from monitor.config import load_config  # noqa: PLC0415 keeps --help fast
    from monitor.schedule import keep_running  # noqa: PLC0415

    _log_to_stderr()
    config = load_config(config_path)

    asked: list[Store] = []
    pages = _pages(config)

    scheduler = keep_running(lambda: _evaluate(config, asked), config.schedule.every)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        scheduler.shutdown(wait=False)  # start() returns when the evaluation under way has ended
        for store in asked:
            store.stop()  # what the database is working on would be for nobody
        if pages:
            pages.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    click.echo(f"{config.workspace}: evaluating every {config.schedule.every}, until stopped", err=True)
    if pages:
        click.echo(f"{config.workspace}: pages at {pages.url}", err=True)
    scheduler.start()


def _evaluate(config: Config, asked: list[Store]) -> None:
    """Evaluate once, and say what came of it; meanwhile the store can be told to stop."""
    from monitor.pipeline import run  # noqa: PLC0415 keeps --help fast
    from monitor.summary import as_text  # noqa: PLC0415

    began = current_time()
    with opened(config) as installation:
        asked[:] = [installation.store]
        result = run(installation, time_of(config))
    click.echo(as_text(config, result, (current_time() - began).total_seconds()))


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for library in ("apscheduler", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _pages(config: Config) -> Server | None:
    """Serve the pages, unless they are switched off."""
    from monitor.history.memory import Memory  # noqa: PLC0415 keeps --help fast
    from monitor.web.app import create_app  # noqa: PLC0415
    from monitor.web.server import start  # noqa: PLC0415

    if not config.web.enabled:
        return None
    memory = Memory(config.state_url, config.workspace)
    return start(create_app(config, memory, lambda: time_of(config)), config.web)
