"""`trackwatch deliveries`: what became of each message?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.common import Moment, config_option, json_option, workspace_option

if TYPE_CHECKING:
    from monitor.history.outbox import Entry

MOST = 50


@click.command("deliveries")
@config_option
@workspace_option
@click.option("--channel", help="Only to this channel.")
@click.option("--state", type=click.Choice(["sent", "waiting", "suppressed", "failed"]), help="Only these.")
@click.option("--incident", help="Only of this incident or digest: its whole id.")
@click.option("--since", type=Moment(), help="Only those made at or after this time.")
@click.option("--most", type=click.IntRange(min=1), default=MOST, show_default=True, help="At most so many.")
@json_option
def command(config_path: Path | None, workspace: str | None, as_json: bool, **asked: Any) -> None:
    """List the messages, the newest first: sent, suppressed, failed or waiting, and why."""
    from monitor.config import load_config  # noqa: PLC0415 keeps --help fast
    from monitor.history.memory import Memory  # noqa: PLC0415

    config = load_config(config_path, workspace=workspace)
    found = Memory(config.state_url, config.workspace).outbox.listed(**asked)
    if as_json:
        click.echo(_json(found))
        return
    for entry in found:
        click.echo(line(entry, ZoneInfo(config.zone)))
    more = "; there may be more, see --most" if len(found) == asked["most"] else ""
    click.echo(f"{len(found)} deliver{'y' if len(found) == 1 else 'ies'}{more}" if found else "No deliveries.")


def line(entry: Entry, zone: ZoneInfo) -> str:
    """Return one delivery as people read it: when, how it ended, where, what, and why."""
    local = (entry.ended or entry.created).astimezone(zone)
    why = [entry.why] if entry.why else []
    if entry.next_try:
        why.append(f"next try {entry.next_try.astimezone(zone):%Y-%m-%d %H:%M}")
    told = f"{local:%Y-%m-%d %H:%M}  {entry.state:<10}  {entry.channel}  {entry.reason}: {entry.title}"
    return told + (f"\n    {'; '.join(why)}" if why else "")


def _json(found: tuple[Entry, ...]) -> str:
    import dataclasses  # noqa: PLC0415 keeps --help fast

    import orjson  # noqa: PLC0415

    listed = [dataclasses.asdict(entry) for entry in found]
    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
    return orjson.dumps({"version": 1, "deliveries": listed}, option=options).decode()
