"""`trackwatch tune`: what should be configured differently, and why?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.backtest import DATE, past_of, progress
from monitor.cli.common import config_option, json_option
from monitor.cli.drill import span_of

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.incidents import Incident
    from monitor.tune.suggestion import Suggestion, Trial


WEEKS = dt.timedelta(weeks=2)  # of the past that are replayed, where nobody says how many


@click.command("tune")
@config_option
@click.option("--from", "since", type=DATE, help="The first local day of the past that is replayed; two weeks ago.")
@click.option("--to", "until", type=DATE, help="The local day before which that ends; by default, today.")
@click.option("--untried", is_flag=True, help="Do not replay the past with each suggestion: quick, but not verified.")
@click.option("--diff", "as_diff", is_flag=True, help="The change to the files, for `git apply` or `patch -p1`.")
@click.option("--write", is_flag=True, help="Make the change, if the files are valid with it.")
@json_option
def command(
    config_path: Path | None, since: dt.datetime | None, until: dt.datetime | None, as_json: bool, **asked: bool
) -> None:
    """Suggest other minimum effects, events to ignore, priorities, holidays and exclusions.

    By what people called noise or useful, and by the past weeks. Each suggestion is tried: the past is replayed
    with it, and one that loses an alert which somebody called useful is not made. Nothing is changed without --write.
    """
    from monitor.config import load_config  # noqa: PLC0415 keeps --help fast
    from monitor.pipeline import composer_of  # noqa: PLC0415
    from monitor.tune.suggestion import diff, drafts  # noqa: PLC0415
    from monitor.tune.text import as_data, as_text  # noqa: PLC0415

    config = load_config(config_path)
    found = _found(config, since, until, untried=asked["untried"])
    texts = drafts(each for each in found.suggestions if each.holds)
    if as_json:
        import orjson  # noqa: PLC0415

        data = as_data(found.suggestions, found.together, diff(texts), composer_of(config))
        click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())
    elif asked["as_diff"]:
        click.echo(diff(texts), nl=False)
    else:
        click.echo(as_text(found.suggestions, found.together, found.marked, composer_of(config)))
    if asked["write"] and texts:
        _write(config, texts)


@dataclass(frozen=True, slots=True)
class _Found:
    """What is suggested, what of it came of trying all of it together, and what people said something of."""

    suggestions: tuple[Suggestion, ...]
    together: Trial | None
    marked: Sequence[Incident]


def _found(config: Config, since: dt.datetime | None, until: dt.datetime | None, *, untried: bool) -> _Found:
    from dataclasses import replace  # noqa: PLC0415 keeps --help fast
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from monitor.backtest.replay import measurements_of, replay  # noqa: PLC0415
    from monitor.calendar import floor_day  # noqa: PLC0415
    from monitor.history.memory import Memory  # noqa: PLC0415
    from monitor.tune.proposing import proposed  # noqa: PLC0415
    from monitor.tune.trial import tried  # noqa: PLC0415

    span = span_of(config, since, until)
    if since is None:
        span = max(span[0], floor_day(span[1] - WEEKS, ZoneInfo(config.zone))), span[1]
    with progress("Reading the past") as step:
        past = past_of(config, span, step, anew=False)
    incidents = Memory(config.state_url, config.workspace).incidents(since=span[1] - dt.timedelta(days=730))
    marked = [each for each in incidents if each.mark]
    suggestions = proposed(config, measurements_of(config, past, span[1]), span[1], incidents)
    if untried or not suggestions:
        return _Found(suggestions, None, marked)
    with progress("Trying each on the past") as step:
        *_, ours = replay(config, past, *span)
        verified = []
        for number, each in enumerate(suggestions, start=1):
            verified.append(replace(each, trial=tried([each], config, past, ours, marked)))
            step(number, len(suggestions) + 1)
        good = [each for each in verified if each.holds]
        together = tried(good, config, past, ours, marked) if len(good) > 1 else None
    return _Found(tuple(verified), together, marked)


def _write(config: Config, texts: dict[Path, str]) -> None:
    """Write the files, once they are known to be valid.

    Raises:
        ConfigError: they would not be; nothing is written.
        UsageError: a file cannot be written; then none is.
    """
    from monitor.config import load_config  # noqa: PLC0415 keeps --help fast
    from monitor.writing import write_whole  # noqa: PLC0415

    load_config(config.file, workspace=config.workspace, drafts=texts)
    write_whole(texts)
    for file in texts:
        click.echo(f"wrote {file}", err=True)
