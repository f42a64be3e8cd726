"""`trackwatch incidents`: what is wrong now, and why was it told?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import Moment, config_option, current_time, json_option
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.incidents import Incident


@click.group("incidents", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List the incidents, or show one. Without a command: list."""
    if context.invoked_subcommand is None:
        context.invoke(list_incidents)


@command.command("list")
@config_option
@click.option("--since", type=Moment(), help="Also those that were resolved after this time.")
@json_option
def list_incidents(config_path: Path | None = None, since: dt.datetime | None = None, as_json: bool = False) -> None:
    """List the open incidents."""
    from monitor.config import load_config  # noqa: PLC0415 keeps --help fast

    config = load_config(config_path)
    found = _remembered(config, since)
    if as_json:
        click.echo(_json(config, found))
        return
    for incident in found:
        click.echo(_line(config, incident))
    click.echo(f"{len(found)} incident{'s' * (len(found) > 1)}" if found else "No open incidents.")


@command.command("show")
@click.argument("incident_id")
@config_option
@json_option
def show(incident_id: str, config_path: Path | None, as_json: bool) -> None:
    """Show one incident: observed, expected, how sure, what it cost of the budget, and which history it rests on."""
    from monitor.alerts.message import Reason  # noqa: PLC0415 keeps --help fast
    from monitor.alerts.text import as_text  # noqa: PLC0415
    from monitor.config import load_config  # noqa: PLC0415
    from monitor.incidents import State  # noqa: PLC0415
    from monitor.pipeline import composer_of  # noqa: PLC0415
    from monitor.reasons import reasons  # noqa: PLC0415

    config = load_config(config_path)
    everything = _remembered(config, dt.datetime.fromtimestamp(0, tz=dt.UTC))
    found = [incident for incident in everything if incident.id.startswith(incident_id)]
    if len(found) != 1:
        raise UsageError(f"{len(found) or 'no'} incidents begin with {incident_id!r}; see 'trackwatch incidents list'")
    if as_json:
        click.echo(_json(config, found))
        return
    reason = Reason.RESOLVED if found[0].state is State.RESOLVED else Reason.OPENED
    composer = composer_of(config)
    click.echo(as_text(composer.message(found[0], reason, current_time())))
    click.echo("\nHow it was decided")
    click.echo("\n".join(_aligned(list(reasons(found[0], composer)))))


def _aligned(rows: list[tuple[str, str]]) -> Iterator[str]:
    import textwrap  # noqa: PLC0415 keeps --help fast

    width = max(len(name) for name, _ in rows) + 2
    for name, text in rows:
        first, *more = textwrap.wrap(text, 78 - width) or [""]
        yield f"{name:{width}}{first}"
        yield from (f"{'':{width}}{line}" for line in more)


def _remembered(config: Config, since: dt.datetime | None) -> tuple[Incident, ...]:
    from monitor.history.memory import Memory  # noqa: PLC0415 keeps --help fast

    return Memory(config.state_url, config.workspace).incidents(since)


def _line(config: Config, incident: Incident) -> str:
    from monitor.alerts.text import MARKS  # noqa: PLC0415 keeps --help fast
    from monitor.incidents import State  # noqa: PLC0415
    from monitor.pipeline import composer_of  # noqa: PLC0415

    composer = composer_of(config)
    mark = MARKS["resolved" if incident.state is State.RESOLVED else incident.severity.value]
    local = incident.started.astimezone(composer.zone)
    return f"{mark} {incident.id}  {local:%Y-%m-%d %H:%M}  {composer.title(incident)}"


def _json(config: Config, found: tuple[Incident, ...] | list[Incident]) -> str:
    import orjson  # noqa: PLC0415 keeps --help fast

    from monitor.output import incident_json  # noqa: PLC0415
    from monitor.pipeline import composer_of  # noqa: PLC0415

    listed = [incident_json(incident, composer_of(config)) for incident in found]
    return orjson.dumps({"version": 1, "incidents": listed}, option=orjson.OPT_INDENT_2).decode()
