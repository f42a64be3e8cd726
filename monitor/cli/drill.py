"""`trackwatch drill`: which faults would be seen, and after how long?"""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.backtest import DATE, past_of, progress
from monitor.cli.common import config_option, json_option, time_of, workspace_option

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.drill.fault import Fault
    from monitor.drill.ground import Ground
    from monitor.drill.outcome import Outcome

WEEKS = dt.timedelta(weeks=4)  # of the past, where nobody says how much
MINUTES = click.FloatRange(min=0, min_open=True)
LEARNED = dt.timedelta(weeks=3)  # of it that only serves to learn, where little is known


class Share(click.ParamType[float]):
    """A share, such as 80%."""

    name = "SHARE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return a number from 0 to 1, or refuse with an example."""
        text = str(value).strip()
        try:
            share = float(text.rstrip("% ")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            self.fail(f"{value!r} is not a share; write it as 80% or 0.8", param, ctx)
        return share


@click.command("drill")
@config_option
@workspace_option
@click.option("--from", "since", type=DATE, help="The first local day to plant into; by default, four weeks ago.")
@click.option("--to", "until", type=DATE, help="The local day before which that ends; by default, today.")
@click.option("--minutes", type=MINUTES, default=5.0, show_default=True, help="For how long faults are planted.")
@click.option("--each", type=click.IntRange(min=1), help="Plant so many of each class, at most.")
@click.option("--fault", "names", multiple=True, metavar="NAME", help="Plant this class, not all; may be given again.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same plants the same.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write a page as well.")
@click.option("--fail-under", type=Share(), help="End with 1 where fewer of the faults are seen, such as 80%.")
@click.option("--measure", is_flag=True, help="Ask the event store, even where what was measured is remembered.")
@json_option
def command(
    config_path: Path | None,
    workspace: str | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Plant faults into a copy of what was measured: which would be seen, by which check, and after how long?

    Stops, losses, copies, changed values, wrong clocks and more, each in one event, at random hours of
    the past in which nothing is wrong. Nothing is sent, and store and memory are left alone.
    """
    from monitor.config import load_config  # noqa: PLC0415 keeps --help fast
    from monitor.pipeline import composer_of  # noqa: PLC0415

    started = time.monotonic()
    config = load_config(config_path, workspace=workspace)
    outcome = _drilled(config, span_of(config, since, until), asked)
    composer = composer_of(config)
    if asked["out"]:
        _write(asked["out"], config, outcome)
    click.echo(_said(outcome, composer, time.monotonic() - started, as_json=as_json))
    least = asked["fail_under"]
    sys.exit(int(least is not None and outcome.whole.share < least))


def span_of(config: Config, since: dt.datetime | None, until: dt.datetime | None) -> tuple[dt.datetime, dt.datetime]:
    """Return the time into which faults are planted: as asked, or the last four weeks that are known well enough."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 keeps --help fast

    from monitor.calendar import floor_day  # noqa: PLC0415
    from monitor.errors import UsageError  # noqa: PLC0415
    from monitor.history.memory import Memory  # noqa: PLC0415

    zone, now = ZoneInfo(config.zone), time_of(config)
    start, end = (day and day.replace(tzinfo=zone).astimezone(dt.UTC) for day in (since, until))
    if end is not None and end > now:
        raise UsageError(f"--to {until:%Y-%m-%d} is not over yet")
    progress = Memory(config.state_url, config.workspace).progress()
    end = end or floor_day(min(now, progress.measured_until) if progress else now, zone)
    if start is None:
        start = end - WEEKS if progress is None else max(end - WEEKS, progress.measured_from + LEARNED)
        start = floor_day(start, zone)
        why = "too little of the past is known: three weeks serve to learn; say with --from where to begin"
    else:
        why = f"--from {since:%Y-%m-%d} is not before {end.astimezone(zone):%Y-%m-%d}, where it ends"
    if start >= end:
        raise UsageError(why)
    return start, end


def _drilled(config: Config, span: tuple[dt.datetime, dt.datetime], asked: dict[str, Any]) -> Outcome:
    from monitor.drill.drilling import Drilled  # noqa: PLC0415 keeps --help fast
    from monitor.drill.outcome import Outcome  # noqa: PLC0415
    from monitor.drill.session import session  # noqa: PLC0415

    faults = _classes(asked["names"])
    ground = _ground(config, span, anew=asked["measure"])
    clock = _Clock(60 * asked["minutes"])
    found = []
    with progress("Planting faults, in seconds") as step:
        for each in session(ground, faults, asked["seed"], asked["each"], clock.goes_on):
            found.append(each)
            step(int(clock.spent()), int(clock.limit))
    return Outcome(
        faults=faults,
        drills=[each for each in found if isinstance(each, Drilled)],
        refused=[each for each in found if not isinstance(each, Drilled)],
        untouched=ground.untouched.replayed,
        seed=asked["seed"],
        finished=not clock.over,
    )


class _Clock:
    """Says whether there is time for another fault."""

    def __init__(self, limit: float) -> None:
        """Begin to count the seconds."""
        self.limit, self.over, self._begun = limit, False, time.monotonic()

    def spent(self) -> float:
        """Return the seconds since it began."""
        return time.monotonic() - self._begun

    def goes_on(self) -> bool:
        """Say whether the time is not over yet."""
        self.over = self.spent() >= self.limit
        return not self.over


def _ground(config: Config, span: tuple[dt.datetime, dt.datetime], *, anew: bool) -> Ground:
    from monitor.drill.ground import Ground  # noqa: PLC0415 keeps --help fast
    from monitor.drill.known import Known  # noqa: PLC0415
    from monitor.drill.untouched import untouched  # noqa: PLC0415
    from monitor.history.memory import Memory  # noqa: PLC0415

    with progress("Reading the past") as step:
        past = past_of(config, span, step, anew=anew)
    with progress("Judging the untouched copy") as step:
        kept = untouched(config, past, span, step)
    rhythms = Memory(config.state_url, config.workspace).rhythms()
    return Ground.of(config, Known(past, config.plan, span[1], rhythms), kept)


def _classes(names: tuple[str, ...]) -> tuple[Fault, ...]:
    from monitor.drill.faults import BY_NAME, FAULTS  # noqa: PLC0415 keeps --help fast
    from monitor.errors import UsageError  # noqa: PLC0415

    unknown = next((name for name in names if name not in BY_NAME), None)
    if unknown is not None:
        raise UsageError(f"--fault {unknown}: there is no such class; there are {', '.join(BY_NAME)}")
    return tuple(BY_NAME[name] for name in names) or FAULTS


def _said(outcome: Outcome, composer: Any, seconds: float, *, as_json: bool) -> str:
    if not as_json:
        from monitor.drill.text import as_text  # noqa: PLC0415 each form has libraries of its own

        return as_text(outcome, composer)
    import orjson  # noqa: PLC0415

    from monitor.drill.document import as_data  # noqa: PLC0415

    return orjson.dumps(as_data(outcome, composer, seconds), option=orjson.OPT_INDENT_2).decode()


def _write(out: Path, config: Config, outcome: Outcome) -> None:
    from monitor.drill.page import as_html  # noqa: PLC0415 keeps --help fast
    from monitor.errors import UsageError  # noqa: PLC0415
    from monitor.pipeline import composer_of  # noqa: PLC0415

    try:
        out.write_text(as_html(config, outcome, composer_of(config)), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}") from error
    click.echo(f"wrote {out}", err=True)
