"""`trackwatch report`: what was the week like?"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.common import Moment, config_option, time_of, workspace_option

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.history.memory import Memory
    from monitor.report.content import Report
    from monitor.report.week import Week


@click.command("report")
@config_option
@workspace_option
@click.option("--week", "week_text", help="A past week, such as 2026-W09; by default the last one that is over.")
@click.option("--format", "form", type=click.Choice(["html", "text", "json"]), default="text", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Write to a file instead of the terminal.")
@click.option("--owner", help="Only the events that they answer for.")
@click.option("--send", is_flag=True, help="Send it to the channels of 'report' in the configuration, once.")
@click.option("--again", is_flag=True, help="With --send: also where it was sent before.")
@click.option("--now", type=Moment(), help="Pretend that it is this time.")
def command(
    config_path: Path | None,
    workspace: str | None,
    week_text: str | None,
    owner: str | None,
    now: dt.datetime | None,
    **asked: Any,
) -> None:
    """Report on a week: can its answers be trusted, what broke, what to do.

    Made from what is remembered; the event store is not asked.
    """
    from zoneinfo import ZoneInfo  # noqa: PLC0415 keeps --help fast

    from monitor.config import load_config  # noqa: PLC0415
    from monitor.history.memory import Memory  # noqa: PLC0415
    from monitor.report.week import Week  # noqa: PLC0415

    config = load_config(config_path, workspace=workspace)
    at = time_of(config, now)
    week = Week.parse(week_text) if week_text else Week.before(at, ZoneInfo(config.zone))
    memory = Memory(config.state_url, config.workspace)
    if asked["send"]:
        sys.exit(_send(memory, config, week, at, owner, again=asked["again"]))
    from monitor.report.gather import report_of  # noqa: PLC0415

    _show(_written(report_of(memory, config, week, at, owner), asked["form"]), asked["out"])


def _show(written: str, out: Path | None) -> None:
    if out is None:
        click.echo(written, nl=False)
        return
    from monitor.errors import UsageError  # noqa: PLC0415

    try:
        out.write_text(written, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}") from error
    click.echo(f"wrote {out}", err=True)


def _send(memory: Memory, config: Config, week: Week, now: dt.datetime, owner: str | None, *, again: bool) -> int:
    """Send the report, say what became of it, and return the exit code."""
    from monitor.alerts.deliver import State, deliver  # noqa: PLC0415 keeps --help fast
    from monitor.errors import DeliveryError, UsageError  # noqa: PLC0415
    from monitor.report import sending  # noqa: PLC0415
    from monitor.report.message import PREFIX  # noqa: PLC0415

    if config.reporting is None:
        raise UsageError(f"{config.file} says nobody to send reports to; write report: {{to: [{_a_channel(config)}]}}")
    if owner is None:
        new = sending.send(memory, config, week, now, again=again)
    elif sending.reachable(config, owner):
        new = sending.send_to_owner(memory, config, week, now, owner, again=again)
    else:
        raise UsageError(f"no channel in 'to' of 'report' can tell {owner!r} alone; one of kind email tells an address")
    if not new:
        click.echo(f"The report of week {week} was sent before; --again sends it once more.")
    outcomes = [
        outcome
        for outcome in deliver(memory.outbox, config.channels, now, config.delivery)
        if outcome.delivery.message.incident.startswith(PREFIX)
    ]
    for outcome in outcomes:
        to = f" to {outcome.delivery.message.to}" if outcome.delivery.message.to else ""
        why = f": {outcome.reason}" if outcome.reason else ""
        click.echo(f"{outcome.delivery.channel}{to}: {outcome.state}{why}")
    return 0 if all(outcome.state is State.SENT for outcome in outcomes) else DeliveryError.exit_code


def _a_channel(config: Config) -> str:
    return next(iter(config.channels), "team")


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
