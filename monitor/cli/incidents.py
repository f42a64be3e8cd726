"""`trackwatch incidents`: what is wrong now, and why was it told?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import Moment, config_option, json_option, time_of, workspace_option
from monitor.cli.incident_actions import commands, find, line, shown

if TYPE_CHECKING:
    from monitor.actions import Action
    from monitor.compose import Composer
    from monitor.config import Config
    from monitor.incidents import Incident
    from monitor.stores.base import Statement


@click.group("incidents", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List the incidents, show one, or do something about one. Without a command: list."""
    if context.invoked_subcommand is None:
        context.invoke(list_incidents)


@command.command("list")
@config_option
@workspace_option
@click.option("--since", type=Moment(), help="Also those that were resolved after this time.")
@json_option
def list_incidents(
    config_path: Path | None = None,
    workspace: str | None = None,
    since: dt.datetime | None = None,
    as_json: bool = False,
) -> None:
    """List the open incidents."""
    from monitor.config import load_config  # noqa: PLC0415 keeps --help fast

    config = load_config(config_path, workspace=workspace)
    found = _remembered(config, since)
    if as_json:
        click.echo(shown(config, found))
        return
    for incident in found:
        click.echo(line(config, incident))
    click.echo(f"{len(found)} incident{'s' * (len(found) > 1)}" if found else "No open incidents.")


@command.command("show")
@click.argument("incident_id")
@config_option
@workspace_option
@json_option
def show(incident_id: str, config_path: Path | None, workspace: str | None, as_json: bool) -> None:
    """Show one incident: observed, expected, how sure, what it cost of the budget, and which history it rests on."""
    from monitor.alerts.message import Reason  # noqa: PLC0415 keeps --help fast
    from monitor.alerts.text import as_text  # noqa: PLC0415
    from monitor.config import load_config  # noqa: PLC0415
    from monitor.history.memory import Memory  # noqa: PLC0415
    from monitor.pipeline import composer_of  # noqa: PLC0415
    from monitor.reasons import reasons  # noqa: PLC0415

    config = load_config(config_path, workspace=workspace)
    memory = Memory(config.state_url, config.workspace)
    incident = find(memory, incident_id)
    if as_json:
        click.echo(shown(config, [incident]))
        return
    composer = composer_of(config)
    click.echo(
        as_text(composer.message(incident, Reason.OPENED if incident.is_open else Reason.RESOLVED, time_of(config)))
    )
    click.echo("\nHow it was decided")
    click.echo("\n".join(_aligned(list(reasons(incident, composer)))))
    for query in _marking(config, incident):
        click.echo(f"\nSQL that marks its rows in {query.table}\n{query.sql}")
    done = memory.actions(incident.id)
    if done:
        click.echo("\nWhat was done")
        click.echo("\n".join(_aligned([_done(action, composer) for action in done])))


def _marking(config: Config, incident: Incident) -> Sequence[Statement]:
    from monitor.cli.common import opened  # noqa: PLC0415 keeps --help fast
    from monitor.marks import sql_for  # noqa: PLC0415

    with opened(config) as installation:
        return sql_for(installation.store, incident)


@command.command("feedback")
@config_option
@workspace_option
@json_option
def feedback(config_path: Path | None, workspace: str | None, as_json: bool) -> None:
    """Say how many incidents of each check people called useful, and which checks are lowered for it."""
    import orjson  # noqa: PLC0415 keeps --help fast

    from monitor.config import load_config  # noqa: PLC0415
    from monitor.history.memory import Memory  # noqa: PLC0415
    from monitor.pipeline import marked  # noqa: PLC0415

    config = load_config(config_path, workspace=workspace)
    found = marked(Memory(config.state_url, config.workspace), time_of(config))
    if as_json:
        click.echo(orjson.dumps({"version": 1, "checks": [each.to_json() for each in found]}).decode())
        return
    for each in found:
        click.echo(f"{each}{': lowered by one step' if each.is_noise else ''}")
    if not found:
        click.echo("Nothing was called useful or noise in the last 90 days.")


def _done(action: Action, composer: Composer) -> tuple[str, str]:
    at = action.at.astimezone(composer.zone)
    note = f": {action.note}" if action.note else ""
    return f"{at:%Y-%m-%d %H:%M}", f"{action.verb} by {action.by} ({action.via}){note}"


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


for _command in commands():
    command.add_command(_command)
