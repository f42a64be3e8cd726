"""`trackwatch incidents ack, snooze, resolve, noise, useful, note`: somebody does something about an incident."""

from __future__ import annotations

import datetime as dt
import getpass
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.common import Moment, config_option, json_option, time_of, workspace_option
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.history.memory import Memory
    from monitor.incidents import Incident

HELP = {  # the command, its verb, and what it does
    "ack": ("acknowledge", "Say that you have an incident in hand: no more reminders."),
    "snooze": ("snooze", "Hear nothing of an incident until a time, or for a while."),
    "resolve": ("resolve", "Say that an incident is over. If it goes on, it is opened again."),
    "noise": ("noise", "Say that an incident was no problem: it is told no more, and counts against its check."),
    "useful": ("useful", "Say that an incident was worth telling: it counts for its check."),
    "note": ("note", "Write something down about an incident."),
}


class Length(click.ParamType[dt.timedelta]):
    """A length of time, such as 1d, 12h or 1w."""

    name = "LENGTH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.timedelta:
        """Return a positive length of time, or refuse with an example."""
        from pydantic import TypeAdapter  # noqa: PLC0415 keeps --help fast

        from monitor.values import SomeTime  # noqa: PLC0415

        if isinstance(value, dt.timedelta):
            return value
        try:
            return TypeAdapter(SomeTime).validate_python(value)
        except ValueError:
            self.fail(f"{value!r} is not a length of time; write it as 1d, 12h or 1w", param, ctx)


def commands() -> Iterator[click.Command]:
    """Yield a command for each thing that can be done."""
    for name, (verb, text) in HELP.items():
        params = [
            click.Argument(["incident_id"]),
            click.Option(["--by"], default=getpass.getuser, help="Who says so; by default your login name."),
            click.Option(["--note"], default="", help="Why: it is kept with the incident."),
        ]
        if verb == "snooze":
            params += [
                click.Option(["--until"], type=Moment(), help="Until this time."),
                click.Option(["--for", "length"], type=Length(), help="For so long, such as 1d, 12h or 1w."),
            ]
        command = click.Command(name, callback=_doing(verb), params=params, help=text)
        yield json_option(config_option(workspace_option(command)))


def _doing(verb: str) -> Any:
    def do(incident_id: str, config_path: Path | None, workspace: str | None, as_json: bool, **said: Any) -> None:
        from monitor.acting import act  # noqa: PLC0415
        from monitor.actions import Action, Verb  # noqa: PLC0415 keeps --help fast
        from monitor.alerts.deliver import deliver  # noqa: PLC0415
        from monitor.config import load_config  # noqa: PLC0415
        from monitor.history.memory import Memory  # noqa: PLC0415

        config = load_config(config_path, workspace=workspace)
        now = time_of(config)
        memory = Memory(config.state_url, config.workspace)
        action = Action(
            verb=Verb(verb),
            incident=find(memory, incident_id).id,
            by=said["by"],
            via="cli",
            at=now,
            until=_until(said.get("until"), said.get("length"), now),
            note=said["note"],
        )
        after = act(config, memory, action)
        deliver(memory.outbox, config.channels, now, config.delivery)
        click.echo(shown(config, [after]) if as_json else line(config, after))

    return do


def _until(until: dt.datetime | None, length: dt.timedelta | None, now: dt.datetime) -> dt.datetime | None:
    if until and length:
        raise UsageError("--until and --for say the same: write one of them")
    return now + length if length else until


def find(memory: Memory, start: str) -> Incident:
    """Return the one incident whose id begins so. Raises UsageError."""
    everything = memory.incidents(dt.datetime.fromtimestamp(0, tz=dt.UTC))
    found = [incident for incident in everything if incident.id.startswith(start)]
    if len(found) != 1:
        raise UsageError(f"{len(found) or 'no'} incidents begin with {start!r}; see 'trackwatch incidents list'")
    return found[0]


def line(config: Config, incident: Incident) -> str:
    """Return an incident in one line."""
    from monitor.alerts.text import MARKS  # noqa: PLC0415 keeps --help fast
    from monitor.compose import standing  # noqa: PLC0415
    from monitor.pipeline import composer_of  # noqa: PLC0415

    composer = composer_of(config)
    mark = MARKS[incident.severity.value if incident.is_open else "resolved"]
    said = standing(incident, composer.zone)
    local = incident.started.astimezone(composer.zone)
    ending = f" ({said})" if said else ""
    return f"{mark} {incident.id}  {local:%Y-%m-%d %H:%M}  {composer.title(incident)}{ending}"


def shown(config: Config, found: Sequence[Incident]) -> str:
    """Return incidents as one JSON document."""
    import orjson  # noqa: PLC0415 keeps --help fast

    from monitor.output import incident_json  # noqa: PLC0415
    from monitor.pipeline import composer_of  # noqa: PLC0415

    listed = [incident_json(incident, composer_of(config)) for incident in found]
    return orjson.dumps({"version": 1, "incidents": listed}, option=orjson.OPT_INDENT_2).decode()
