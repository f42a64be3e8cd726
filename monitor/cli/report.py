"""`trackwatch report`: what was the week like?"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import Moment, config_option, time_of

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.report.content import Report


@click.command("report")
@config_option
@click.option("--week", "week_text", help="A past week, such as 2026-W09; by default the last one that is over.")
@click.option("--format", "form", type=click.Choice(["html", "text", "json"]), default="text", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Write to a file instead of the terminal.")
@click.option("--owner", help="Only the events that they answer for.")
@click.option("--now", type=Moment(), help="Pretend that it is this time.")
def command(
    config_path: Path | None,
    week_text: str | None,
    form: str,
    out: Path | None,
    owner: str | None,
    now: dt.datetime | None,
) -> None:
    """Report on a week: can its answers be trusted, what broke, what to do.

    Made from what is remembered; the event store is not asked.
    """
    from monitor.config import load_config  # noqa: PLC0415 keeps --help fast

    config = load_config(config_path)
    written = _written(_report(config, week_text, owner, time_of(config, now)), form)
    if out is None:
        click.echo(written, nl=False)
        return
    from monitor.errors import UsageError  # noqa: PLC0415

    try:
        out.write_text(written, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}") from error
    click.echo(f"wrote {out}", err=True)


def _report(config: Config, week_text: str | None, owner: str | None, now: dt.datetime) -> Report:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 keeps --help fast

    from monitor.history.memory import Memory  # noqa: PLC0415
    from monitor.report.gather import report_of  # noqa: PLC0415
    from monitor.report.week import Week  # noqa: PLC0415

    zone = ZoneInfo(config.zone)
    week = Week.parse(week_text) if week_text else Week.before(now, zone)
    return report_of(Memory(config.state_url, config.workspace), config, week, now, owner)


def _written(report: Report, form: str) -> str:
    if form == "html":
        from monitor.report.html import as_html  # noqa: PLC0415 each form has libraries of its own

        return as_html(report)
    if form == "json":
        import orjson  # noqa: PLC0415

        from monitor.report.document import document  # noqa: PLC0415

        return orjson.dumps(document(report), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    from monitor.report.text import as_text  # noqa: PLC0415

    return as_text(report)
