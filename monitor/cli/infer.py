"""`trackwatch plan infer`: which plan do the events in the store keep?"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.common import Moment, config_option, current_time, json_option, workspace_option
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.infer.draft import Inferred
    from monitor.plan.load import WrittenPlan

WEEKS = 8
STORE = ("store", "timezone", "workspace", "state")  # what says where events lie: there may be no plan yet


@click.command("infer", short_help="Propose a plan, or more of one, from the events in the store.")
@click.argument("events", nargs=-1, metavar="[EVENT]…")
@click.option("--weeks", type=click.IntRange(4, 52), default=WEEKS, show_default=True, help="How far to look back.")
@click.option("--now", type=Moment(), help="Look back from this time; by default from now.")
@click.option("--into", type=click.Path(path_type=Path), help="The plan to add to; by default the configuration's.")
@click.option("--new", is_flag=True, help="A plan of its own, whatever the configuration's says.")
@click.option("--write", is_flag=True, help="Write the additions into the plan; else they are shown as a diff.")
@click.option("--out", type=click.Path(path_type=Path), help="With --new: the file to write.")
@config_option
@workspace_option
@json_option
def command(  # noqa: PLR0913 a command's options
    events: tuple[str, ...],
    weeks: int,
    now: dt.datetime | None,
    *,
    into: Path | None,
    new: bool,
    write: bool,
    out: Path | None,
    config_path: Path | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Propose names, types, required, enum, range, format and sources, each with its evidence in a comment.

    The last quarter of the weeks is held back: a rule that a message of it breaks is not proposed. What is likely
    but not certain stands in comments that begin with "# ?". Asking for enums reads values: those of texts that
    have few different ones leave the store, by your asking for it; for nothing else do values leave it.
    """
    from monitor.cli.common import opened  # noqa: PLC0415 keeps --help fast
    from monitor.config import load_config  # noqa: PLC0415
    from monitor.infer.asking import Window  # noqa: PLC0415
    from monitor.infer.draft import infer  # noqa: PLC0415
    from monitor.plan.load import read_plan  # noqa: PLC0415

    if write and new:
        raise UsageError("--write adds to a plan; a new one is written by --new --out FILE")
    config = load_config(config_path, workspace=workspace, parts=STORE if new else None)
    path = None if new else into or config.plan_path
    written = read_plan(path) if path else None
    if write and written is None:
        raise UsageError("--write: there is no plan to add to; name it with --into, or write a new one with --out FILE")
    with opened(config) as installation:
        found = infer(installation.store, Window.before(now or current_time(), weeks, config.zone), events)
    for failure in found.failures:
        click.echo(f"not read: {failure.table}: {failure.reason}", err=True)
    if as_json:
        click.echo(json.dumps(_document(found), ensure_ascii=False))
    elif written is None:
        _show_new(found, config.file, out)
    else:
        _show_additions(found, written, write=write)
    click.echo(f"{found.statements:,} statements, {found.rows:,} rows", err=True)


def _show_new(found: Inferred, config: Path, out: Path | None) -> None:
    from monitor.infer.writing import as_plan, proposed  # noqa: PLC0415 only what is shown
    from monitor.plan.write import write_new  # noqa: PLC0415

    text = as_plan(found, f"Inferred by trackwatch plan infer from the store of {config}.")
    lines = list(proposed(found, type(found.plan)()))
    if lines:
        text += "\n# Proposals, to be written below their event if they are meant:\n" + "\n".join(lines) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        write_new(out, text)
        click.echo(f"Wrote {out}: {len(found.plan.events):,} events")


def _show_additions(found: Inferred, written: WrittenPlan, *, write: bool) -> None:
    from monitor.infer.writing import additions, as_diff, proposed  # noqa: PLC0415 only what is shown
    from monitor.plan.merge import save  # noqa: PLC0415

    more = additions(written, found)
    click.echo(as_diff(more) or "# Nothing to add: the plan says all that the events keep.", nl=not more.texts)
    lines = list(proposed(found, written.plan))
    if lines:
        click.echo("\n# Proposals, to be written below their event if they are meant:\n" + "\n".join(lines))
    if write and more.texts:
        save(written, more.texts)
        click.echo(f"Wrote {', '.join(map(str, more.texts))}", err=True)


def _document(found: Inferred) -> dict[str, Any]:
    from monitor.plan.spell import plan_data  # noqa: PLC0415 only what is shown

    remarks = [
        {"event": event, "property": prop, "evidence": said.startswith("? ") is False, "text": said.removeprefix("? ")}
        for (event, prop), texts in found.remarks.items()
        for said in texts
    ]
    proposals = [{"event": event, "rule": line} for event, line in found.proposals]
    summary = {"events": len(found.plan.events), "statements": found.statements, "rows": found.rows}
    return {
        "version": 1,
        "summary": summary,
        "plan": plan_data(found.plan),
        "remarks": remarks,
        "proposals": proposals,
    }
