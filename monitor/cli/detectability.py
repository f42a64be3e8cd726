"""`trackwatch detectability`: how small a drop, or a spike, of each event would be seen, and how soon?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import config_option, json_option, time_of, workspace_option

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.detectability import Detectability, Smallest, Visible

NONE = "–"
WITHIN = {"hour": "an hour", "day": "a day", "week": "a week"}


@click.command("detectability")
@config_option
@workspace_option
@click.option("--event", metavar="NAME", help="Only this event, in sentences.")
@click.option("--sources", is_flag=True, help="Also changes that only one source of an event has.")
@click.option("--fresh", is_flag=True, help="Work it out anew, with the configuration as it is now.")
@json_option
def command(
    config_path: Path | None, workspace: str | None, event: str | None, sources: bool, fresh: bool, as_json: bool
) -> None:
    """Say how small a drop or a spike of each event opens an incident within an hour, a day and a week.

    Worked out by a run once a week, from the past weeks of each event and the budget for false
    alerts; the event store is not asked. --fresh shows what an edit of the configuration would change.
    """
    from monitor.config import load_config  # noqa: PLC0415 keeps --help fast

    config = load_config(config_path, workspace=workspace)
    found = _worked_out(config) if fresh else _kept(config)
    if as_json:
        import orjson  # noqa: PLC0415

        click.echo(orjson.dumps({"version": 1, **found.to_json()}, option=orjson.OPT_INDENT_2).decode())
    elif event is not None:
        click.echo("\n".join(_sentences(event, found)))
    else:
        click.echo("\n".join(_lines(config, found, sources=sources)))


def _kept(config: Config) -> Detectability:
    from monitor.detectability import NAME, Detectability  # noqa: PLC0415 keeps --help fast
    from monitor.errors import UsageError  # noqa: PLC0415
    from monitor.history.memory import Memory  # noqa: PLC0415

    snapshot = Memory(config.state_url, config.workspace).snapshot(NAME)
    if snapshot is None:
        raise UsageError("it has not been worked out yet: 'trackwatch run' does, once it has judged a whole day")
    return Detectability.from_json(snapshot[1])


def _worked_out(config: Config) -> Detectability:
    from monitor.backtest.past import remembered  # noqa: PLC0415 keeps --help fast
    from monitor.backtest.replay import measurements_of  # noqa: PLC0415
    from monitor.detectability import of_measurements  # noqa: PLC0415
    from monitor.errors import UsageError  # noqa: PLC0415
    from monitor.history.memory import Memory  # noqa: PLC0415

    memory = Memory(config.state_url, config.workspace)
    progress = memory.progress()
    until = min(progress.judged_until, time_of(config)) if progress else None
    past = remembered(config, memory, until, until) if until else None
    found = of_measurements(config, measurements_of(config, past, until), until) if past and until else None
    if found is None:
        raise UsageError("there are no whole days yet that could be judged: 'trackwatch run' reads and judges them")
    return found


def _lines(config: Config, found: Detectability, *, sources: bool) -> Iterator[str]:
    from monitor.decide import WEIGHTS  # noqa: PLC0415 keeps --help fast

    def weight(each: Visible) -> float:
        return -WEIGHTS[config.plan.priority(each.event)]

    shown = [each for each in found.visible if sources or each.source is None]
    names = {id(each): f"{each.event} on {each.source}" if each.source else each.event for each in shown}
    width = max((len(name) for name in names.values()), default=0)
    yield _meaning(config, found)
    yield ""
    yield f"{'':{width}}  priority   {'a drop, within':^24}   {'a spike, within':^24}"
    yield f"{'':{width}}             {''.join(f'{said:>8}' for said in WITHIN.values()) * 2}"
    for each in sorted(shown, key=weight):  # stable: by name within a priority
        told = "".join(f"{size:>8}" for size in (*_sizes(each.drop, "-"), *_sizes(each.spike, "+")))
        yield f"{names[id(each)]:{width}}  {config.plan.priority(each.event):<9}  {told}"
    yield ""
    yield f"{NONE} not even a full stop, or ten times as many, opens an incident in that time"
    yield from (f"Not watched: {event}: {why}." for event, why in sorted(found.unwatched.items()))


def _meaning(config: Config, found: Detectability) -> str:
    from checks.words import number  # noqa: PLC0415 keeps --help fast

    budget = config.budget.false_alerts_per_week
    many = f"{number(budget)} false alert{'s' * (budget != 1)} a week"
    sure = f"{100 * found.sure:.0f} % of cases"
    begins = "A change of this size that begins at a random hour of the week"
    return f"{begins} opens an incident in time in {sure},\nwhile nothing else is wrong, at a budget of {many}."


def _sizes(smallest: Smallest, sign: str) -> Iterator[str]:
    for name in WITHIN:
        size = smallest[name]
        yield NONE if size is None else f"{sign}{100 * size:.0f} %"


def _sentences(event: str, found: Detectability) -> Iterator[str]:
    from monitor.errors import UsageError  # noqa: PLC0415 keeps --help fast
    from monitor.values import suggest  # noqa: PLC0415

    own = [each for each in found.visible if each.event == event]
    if not own and event not in found.unwatched:
        known = sorted({each.event for each in found.visible} | found.unwatched.keys())
        raise UsageError(f"--event: nothing is known of {event!r}; {suggest(event, known)}")
    if event in found.unwatched:
        yield f"{event} is not watched: {found.unwatched[event]}."
    for each in own:
        place = f"{event}, on {each.source} alone" if each.source else event
        yield f"{place}: {_said(each.drop, _loss, 'not even a full stop')};"
        yield f"  {_said(each.spike, _rise, 'not even ten times as many')}."


def _said(smallest: Smallest, change: Callable[[float], str], nothing: str) -> str:
    known = [(change(size), WITHIN[name]) for name in WITHIN if (size := smallest[name]) is not None]
    (first, soon), *rest = known or [(nothing, WITHIN["week"])]
    return ", ".join([f"{first} opens an incident within {soon}", *(f"{what} within {when}" for what, when in rest)])


def _loss(size: float) -> str:
    return f"a loss of {100 * size:.0f} %" if size < 1 else "a full stop"


def _rise(size: float) -> str:
    return f"a rise by {100 * size:.0f} %"
