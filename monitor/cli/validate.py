"""Are configuration and plan written right? Asked without a database."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.common import config_option, json_option
from monitor.errors import ConfigError, Problem

if TYPE_CHECKING:
    from monitor.config import Config


@click.command("validate")
@config_option
@json_option
def command(config_path: Path | None, as_json: bool) -> None:
    """Check configuration and plan, without a database."""
    from monitor.config import load_config, workspaces  # noqa: PLC0415 keeps --help fast

    loaded: Config | None = None
    problems: tuple[Problem, ...] = ()
    try:
        loaded = load_config(config_path)
        for workspace in workspaces(config_path):
            load_config(config_path, workspace=workspace)
    except ConfigError as error:
        loaded, problems = None, error.problems
    click.echo(json.dumps(_document(loaded, problems)) if as_json else _report(loaded, problems))
    if problems:
        sys.exit(1)


def _report(config: Config | None, problems: tuple[Problem, ...]) -> str:
    if config is None:
        files = len({problem.file for problem in problems})
        found = f"{_many(len(problems), 'problem')} in {_many(files, 'file')}"
        return "\n".join([*map(str, problems), "", found])
    plan = config.plan_path or "no plan"
    rows = {
        "plan": f"{plan}: {', '.join(_many(count, noun) for noun, count in _sizes(config).items())}",
        "checks": ", ".join(config.checks) or "none",
        "schedule": str(config.schedule),
        "store": f"{config.store.settings.layout} layout, days and hours of {config.zone}",
        "channels": ", ".join(config.channels) or "none: problems are shown by 'run' and in the state only",
    }
    lines = [f"{config.file}: no problems", *(f"  {name:<9} {said}" for name, said in rows.items())]
    return "\n".join([*lines, *(f"But {note}" for note in _notes(config))])


def _notes(config: Config) -> list[str]:
    """Say which checks can never find anything: right as it is written, and hardly meant."""
    from monitor.blindness import Known, blind  # noqa: PLC0415 keeps --help fast

    return [f"the check {name} can never find anything: {why}." for name, why in blind(config, Known())]


def _document(config: Config | None, problems: tuple[Problem, ...]) -> dict[str, Any]:
    summary = None
    if config is not None:
        summary = {
            **{f"{noun}s" if noun != "property" else "properties": count for noun, count in _sizes(config).items()},
            "checks": list(config.checks),
            "channels": list(config.channels),
            "notes": _notes(config),
        }
    listed = [{"file": p.file, "line": p.line, "message": p.message, "hint": p.hint} for p in problems]
    return {"version": 1, "summary": summary, "problems": listed}


def _sizes(config: Config) -> dict[str, int]:
    events = config.plan.events.values()
    return {
        "event": len(events),
        "property": sum(len(event.properties) for event in events),
        "question": len(config.plan.questions),
    }


def _many(count: int, noun: str) -> str:
    """Return a count with its noun.

    >>> _many(1, "event"), _many(2, "property")
    ('1 event', '2 properties')
    """
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {noun if count == 1 else plural}"
