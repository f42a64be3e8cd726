"""`trackwatch plan cleanup`: what can be taken away, and in which order?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.common import config_option, json_option, workspace_option

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.report.cleanup import CleanUp
    from monitor.usage.survey import Survey

MOST_SHOWN = 20  # of a step, unless all are wanted


@click.command("cleanup", short_help="What is collected for nobody, in a safe order, with what is saved.")
@click.option("--all", "everything", is_flag=True, help=f"Everything, also beyond {MOST_SHOWN} of a step.")
@click.option("--diff", "as_diff", is_flag=True, help="The change to the plan's files, for `git apply` or `patch -p1`.")
@config_option
@workspace_option
@json_option
def cleanup_command(
    config_path: Path | None, workspace: str | None, everything: bool, as_diff: bool, as_json: bool
) -> None:
    """Say what is collected for nobody: what can go first, what next, and how much is saved.

    Made from what the last runs found; the event store is not asked.
    """
    from monitor.config import load_config  # noqa: PLC0415 keeps --help fast

    config = load_config(config_path, workspace=workspace)
    items, survey = _found(config)
    if as_diff:
        from monitor.report.removal import removal  # noqa: PLC0415

        click.echo(removal(config.plan_path, items), nl=False)
    elif as_json:
        import json  # noqa: PLC0415

        click.echo(json.dumps(_document(items, survey), ensure_ascii=False))
    else:
        click.echo("\n".join([*_lines(items, everything=everything), *_of_survey(survey)]))


def _found(config: Config) -> tuple[tuple[CleanUp, ...], Survey | None]:
    from monitor import inventory  # noqa: PLC0415 keeps --help fast
    from monitor.history.memory import Memory  # noqa: PLC0415
    from monitor.report.cleanup import cleanup_list  # noqa: PLC0415
    from monitor.usage import survey  # noqa: PLC0415

    memory = Memory(config.state_url, config.workspace)
    held, looked = memory.snapshot(inventory.NAME), memory.snapshot(survey.NAME)
    found = survey.Survey.from_json(looked[1]) if looked else None
    stock = inventory.Inventory.from_json(held[1]) if held else None
    return cleanup_list(memory.incidents(), config.plan, stock, found.usage if found else None), found


def _lines(items: tuple[CleanUp, ...], *, everything: bool) -> list[str]:
    from monitor.report.cleanup import ADVICE  # noqa: PLC0415
    from monitor.report.words import amount  # noqa: PLC0415

    if not items:
        return ["Nothing to clean up: all that is planned is sent, and nothing is sent that says nothing."]
    lines = []
    for step in sorted({item.step for item in items}):
        here = [item for item in items if item.step == step]
        lines += ["", f"{step}. {ADVICE[step]} ({amount(here)})"]
        shown = here if everything else here[:MOST_SHOWN]
        lines += [f"   {item.text}{_because(item)}" for item in shown]
        if len(here) > len(shown):
            lines.append(f"   … and {len(here) - len(shown):,} more: --all shows them")
    many = f"{len(items):,} thing{'' if len(items) == 1 else 's'}"
    return [f"{many} to clean up, {amount(items)} in all, the safest first", *lines]


def _because(item: CleanUp) -> str:
    said = [*(["something reads it"] if item.read else []), *([item.needed] if item.needed else [])]
    return f" [{'; '.join(said)}]" if said else ""


def _of_survey(survey: Survey | None) -> list[str]:
    if survey is None:
        return ["", "Who reads what is not known: name queries under 'usage' in the configuration."]
    lines = ["", f"{survey.texts:,} texts of SQL were looked at, {survey.failed:,} of them could not be read."]
    lines += [f"   {where}: {why}" for where, why in survey.unread[:MOST_SHOWN]]
    return [*lines, *([f"   {survey.missing}"] if survey.missing else [])]


def _document(items: tuple[CleanUp, ...], survey: Survey | None) -> dict[str, Any]:
    from dataclasses import asdict  # noqa: PLC0415

    from monitor.report.cleanup import saved  # noqa: PLC0415

    values, taken = saved(items)
    return {
        "version": 1,
        "items": [{**asdict(item), "advice": item.advice()} for item in items],
        "saved": {"values": values, "bytes": taken},
        "usage": None if survey is None else {"texts": survey.texts, "failed": survey.failed, "unread": survey.unread},
    }
