"""`trackwatch plan`: is the plan well written, where does it come from, what has changed in it?"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli import infer
from monitor.cli.cleanup import cleanup_command
from monitor.cli.common import config_option, current_time, fail_on_option, json_option
from monitor.cycles import uncollected
from monitor.errors import ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from monitor.plan.draft import Imported
    from monitor.plan.lint.faults import Fault

PLACES = (Path("plan.yml"), Path("config/plan.yml"))
MOST_OF_A_RULE = 20  # faults of one rule that are shown, unless all are wanted
MOST_NOTES = 3  # that say the same


@click.group("plan")
def command() -> None:
    """Check, import, infer, export and compare the tracking plan."""


command.add_command(infer.command)
command.add_command(cleanup_command)


@command.command("lint", short_help="Find what will lose data in the warehouse, or not be understood.")
@click.argument("path", required=False, metavar="[PLAN]", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help=f"Every fault, also beyond {MOST_OF_A_RULE} of one rule.")
@config_option
@json_option
@fail_on_option
def lint_command(path: Path | None, everything: bool, config_path: Path | None, as_json: bool, fail_on: str) -> None:
    """Find what in the plan will lose data in the warehouse, or will not be understood.

    PLAN is a file or folder; by default that of the configuration, then ./plan.yml.
    """
    from monitor.plan.lint import lint  # noqa: PLC0415 keeps --help fast
    from monitor.plan.load import read_plan  # noqa: PLC0415

    path = _plan_path(path, config_path)
    problems: tuple[Problem, ...] = ()
    faults: tuple[Fault, ...] = ()
    events, advice = 0, ""
    try:
        with uncollected():
            written = read_plan(path)
            found, events = lint(written), len(written.plan.events)
            faults, advice = found.faults, found.advice
    except ConfigError as error:
        problems = error.problems
    if as_json:
        _print_json(_lint_document(faults, problems, events))
    else:
        click.echo("\n".join(_lint_lines(path, faults, problems, everything=everything)))
        click.echo(advice, nl=bool(advice))
    critical = bool(problems) or any(fault.severity == "critical" for fault in faults)
    sys.exit(int(fail_on != "never" and (critical or (bool(faults) and fail_on == "warning"))))


def _lint_lines(path: Path, faults: Sequence[Fault], problems: Sequence[Problem], *, everything: bool) -> Iterable[str]:
    yield from map(str, problems)
    shown: Counter[str] = Counter()
    for severity in ("critical", "warning"):
        for fault in (each for each in faults if each.severity == severity):
            shown[fault.rule] += 1
            if everything or shown[fault.rule] <= MOST_OF_A_RULE:
                yield str(fault)
    hidden = {rule: count - MOST_OF_A_RULE for rule, count in shown.items() if count > MOST_OF_A_RULE}
    if hidden and not everything:
        yield f"… and {', '.join(f'{count:,} more [{rule}]' for rule, count in hidden.items())}; --all shows them"
    if problems:
        yield f"\n{path}: {_many(len(problems), 'problem')}; the plan cannot be read before they are solved"
    elif not faults:
        yield f"{path}: nothing wrong"
    else:
        critical = sum(fault.severity == "critical" for fault in faults)
        rules = ", ".join(f"{rule} {count:,}" for rule, count in sorted(shown.items(), key=lambda item: -item[1]))
        lose = "loses" if critical == 1 else "lose"
        yield f"\n{path}: {_many(len(faults), 'fault')}, {critical:,} of them {lose} data ({rules})"


def _lint_document(faults: Sequence[Fault], problems: Sequence[Problem], events: int) -> dict[str, Any]:
    counts = Counter(fault.severity for fault in faults)
    summary = {
        "events": events,
        "critical": counts["critical"],
        "warning": counts["warning"],
        "problems": len(problems),
    }
    return {
        "version": 1,
        "summary": summary,
        "faults": [fault.data() for fault in faults],
        "problems": [_problem(problem) for problem in problems],
    }


@command.command("import", short_help="Read plans of other tools.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=click.Path(path_type=Path))
@click.option("--from", "name", help="The format, where it is not seen by itself.")
@click.option("--out", type=click.Path(path_type=Path), help="The file to write; by default the plan is printed.")
@click.option("--into", type=click.Path(path_type=Path), help="A plan that gets the events it does not have yet.")
@json_option
def import_command(
    paths: tuple[Path, ...], name: str | None, out: Path | None, into: Path | None, as_json: bool
) -> None:
    """Read plans of other tools: files, or folders with all below them.

    Segment (Public API, Config API, source schema), RudderStack (JSON, YAML), JSON Schema (reflekt, Iglu), Amplitude
    (CSV), pixel definitions (JSON5), and sheets (CSV) with the columns event, description and properties. What a plan
    has no place for is listed on stderr.
    """
    from monitor.plan.importers import import_plan, importers  # noqa: PLC0415 keeps --help fast
    from monitor.plan.spell import plan_data  # noqa: PLC0415
    from monitor.plan.write import plan_text, write_new  # noqa: PLC0415

    if name is not None and name not in importers():
        raise UsageError(f"there is no format {name!r}; known: {', '.join(importers())}")
    found = import_plan(paths, name)
    text = plan_text(found.plan, [f"Imported from {', '.join(map(str, paths))} by trackwatch plan import."])
    if out is not None:
        write_new(out, text)
    added = _grow(into, found) if into is not None else ""
    if as_json:
        notes = {"notes": [*map(_problem, found.notes)], "left_out": [*map(_problem, found.broken)]}
        _print_json({"version": 1, "summary": _sizes(found), "plan": plan_data(found.plan), **notes})
    elif out is None and into is None:
        click.echo(text, nl=False)
    else:
        click.echo(added or f"Wrote {out}: {_size_line(found)}")
    if not as_json:
        click.echo("\n".join(_notes(found.notes)), err=True, nl=bool(found.notes))
        click.echo("\n".join(f"not read: {each}" for each in found.broken), err=True, nl=bool(found.broken))
    sys.exit(int(bool(found.broken)))


def _grow(into: Path, found: Imported) -> str:
    from monitor.plan.diff import differences  # noqa: PLC0415 only when a plan is merged
    from monitor.plan.load import read_plan  # noqa: PLC0415
    from monitor.plan.merge import save, with_plan  # noqa: PLC0415

    written = read_plan(into)
    changed = with_plan(written, found.plan)
    save(written, changed)
    new = differences(written.plan, read_plan(into).plan)
    left = [each for each in differences(read_plan(into).plan, found.plan) if each.kind in {"changed", "renamed"}]
    events = sum(each.property is None for each in new)
    properties = sum(each.property is not None for each in new)
    kept = f"; {_many(len(left), 'difference')} kept as the plan has it (see trackwatch plan diff)" if left else ""
    return f"{into}: {_many(events, 'event')} and {_many(properties, 'property')} of known events added{kept}"


def _notes(notes: Sequence[Problem]) -> Iterable[str]:
    """Yield notes; of those that say the same, the first few."""
    same: Counter[str] = Counter()
    for note in notes:
        alike = re.sub(r"^version \S+ of '[^']*'", "an older version", note.message)
        same[alike] += 1
        if same[alike] <= MOST_NOTES:
            yield f"note: {note}"
    for message, count in same.items():
        if count > MOST_NOTES:
            yield f"note: {count - MOST_NOTES:,} more: {message}"


@command.command("export", short_help="Write the plan as Segment JSON, CSV or Markdown.")
@click.argument("path", required=False, metavar="[PLAN]", type=click.Path(path_type=Path))
@click.option("--to", "name", required=True, help="The format: segment, csv or markdown.")
@click.option("--out", type=click.Path(path_type=Path), help="The file to write; by default it is printed.")
@click.option("--workspace", help="Whose defaults to use where an event does not say something itself.")
@config_option
@json_option
def export_command(
    path: Path | None, name: str, out: Path | None, workspace: str | None, config_path: Path | None, as_json: bool
) -> None:
    """Write the plan as Segment API JSON, CSV or Markdown; what the format cannot hold is listed on stderr."""
    from monitor.plan.exporters import exporters  # noqa: PLC0415 keeps --help fast
    from monitor.plan.holding import losses  # noqa: PLC0415
    from monitor.plan.load import load_plan  # noqa: PLC0415
    from monitor.plan.write import write_new  # noqa: PLC0415

    if name not in exporters():
        raise UsageError(f"there is no format {name!r}; known: {', '.join(exporters())}")
    plan = load_plan(_plan_path(path, config_path), workspace)
    text, lost = exporters()[name].text(plan), list(losses(plan, exporters()[name].HOLDS))
    if out is not None:
        write_new(out, text)
    if as_json:
        listed = [{"subject": each.subject, "field": each.field, "value": each.value} for each in lost]
        _print_json({"version": 1, "format": name, "text": None if out else text, "lost": listed})
        return
    click.echo(f"Wrote {out}: {_many(len(plan.events), 'event')}" if out else text, nl=bool(out))
    if lost:
        fields = ", ".join(f"{field} {count:,}" for field, count in Counter(each.field for each in lost).most_common())
        lines = [f"not held: {each}" for each in lost[:MOST_OF_A_RULE]]
        more = [f"… and {len(lost) - MOST_OF_A_RULE:,} more; --json lists them"] if len(lost) > MOST_OF_A_RULE else []
        click.echo("\n".join([*lines, *more, f"The format has no place for: {fields}"]), err=True)


@command.command("diff", short_help="Compare two plans, or two Git revisions of one.")
@click.argument("plans", nargs=-1, required=True, metavar="OLD [NEW] [-- PLAN]")
@click.option("--format", "form", type=click.Choice(["text", "markdown"]), default="text", show_default=True)
@click.option("--write", is_flag=True, help="Add the differences to 'changes:' of the new plan, and raise its version.")
@click.option("--why", default="", help="With --write: the reason, for all of them.")
@json_option
@click.option(
    "--fail-on",
    type=click.Choice(["never", "warning", "critical"]),
    default="never",
    show_default=True,
    help="End in exit code 1 when there are differences (warning), or breaking ones (critical).",
)
def diff_command(plans: tuple[str, ...], form: str, write: bool, why: str, as_json: bool, fail_on: str) -> None:
    """Compare two plans: added, removed, renamed, changed, and what of it breaks something.

    A plan is a file, a folder, REVISION:path, or a Git revision of the plan that is named last:
    `plan diff HEAD~1 -- plan.yml`. Without NEW, the plan in the working tree is the new one.
    """
    from monitor.plan import diff, diff_text  # noqa: PLC0415 keeps --help fast
    from monitor.plan.revisions import open_plan  # noqa: PLC0415

    old, new, path = _sides(plans)
    (old_name, old_plan), (new_name, new_plan) = open_plan(old, path), open_plan(new, path)
    found = diff.differences(old_plan.plan, new_plan.plan)
    if as_json:
        _print_json(diff_text.as_data(found, old_name, new_name))
    else:
        tell = diff_text.as_markdown if form == "markdown" else diff_text.as_text
        click.echo(tell(found, old_name, new_name))
    if write and found:
        _write_changes(new, old_plan.plan.version, found, why)
    bad = any(each.breaking for each in found) if fail_on == "critical" else bool(found)
    sys.exit(int(fail_on != "never" and bad))


def _sides(plans: tuple[str, ...]) -> tuple[str, str, Path | None]:
    """Return old, new and the plan whose revisions are meant."""
    if len(plans) > 3:
        raise UsageError("two plans are compared; of more, name two")
    if len(plans) == 3:
        return plans[0], plans[1], Path(plans[2])
    if len(plans) == 1:
        path = _plan_path(None, None)
        return plans[0], str(path), path
    return plans[0], plans[1], Path(plans[1]) if Path(plans[1]).exists() else None


def _write_changes(new: str, old_version: int, found: Sequence[Any], why: str) -> None:
    from monitor.plan.load import read_plan  # noqa: PLC0415 only when something is written
    from monitor.plan.merge import as_changes, save, with_changes  # noqa: PLC0415

    if not Path(new).exists():
        raise UsageError(f"--write: {new} is not a file of the working tree, so nothing can be added to it")
    written = read_plan(Path(new))
    version = max(written.plan.version, old_version + 1)
    changes = list(as_changes(found, version, current_time().date(), why))
    changed = with_changes(written, changes, version)
    save(written, changed)
    files = ", ".join(map(str, changed)) or "nothing: all of it is there already"
    click.echo(f"Wrote {_many(len(changes), 'change')} of version {version}: {files}", err=True)


@command.command("schema", short_help="Print the JSON Schema of plan files.")
def schema_command() -> None:
    """Print the JSON Schema of plan files, by which editors complete and check them."""
    from importlib.resources import files  # noqa: PLC0415

    click.echo((files("monitor.plan") / "plan.schema.json").read_text("utf-8"), nl=False)


def _plan_path(path: Path | None, config_path: Path | None) -> Path:
    """Return the plan that is meant: the one named, that of the configuration, or the one that lies at hand."""
    if path is not None:
        if path.exists() and not path.is_dir() and path.suffix not in {".yml", ".yaml"}:
            raise UsageError(
                f"{path} is not in trackwatch's format; first: trackwatch plan import {path} --out plan.yml"
            )
        return path
    from monitor.config import DEFAULTS  # noqa: PLC0415 keeps --help fast
    from monitor.document import load_document  # noqa: PLC0415

    config = config_path or next((default for default in DEFAULTS if default.is_file()), None)
    named = load_document(config).data.get("plan") if config is not None else None
    if config is not None and isinstance(named, str):
        return config.parent / named
    found = next((place for place in PLACES if place.exists()), None)
    if found is None:
        raise UsageError("no plan: name a file or folder, as in trackwatch plan lint plan.yml")
    return found


def _sizes(found: Imported) -> dict[str, int]:
    events = found.plan.events.values()
    return {"events": len(events), "properties": sum(1 for event in events for _ in event.everything())}


def _size_line(found: Imported) -> str:
    sizes = _sizes(found)
    return f"{_many(sizes['events'], 'event')}, {_many(sizes['properties'], 'property')}"


def _problem(problem: Problem) -> dict[str, Any]:
    return {"file": problem.file, "line": problem.line, "message": problem.message, "hint": problem.hint}


def _print_json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False))


def _many(count: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"
