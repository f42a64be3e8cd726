"""`trackwatch scan`: a quality report on event files, without configuration."""

from __future__ import annotations

import io
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import click

from monitor.cli.common import current_time, fail_on_option, json_option

if TYPE_CHECKING:
    from monitor.scan.scanning import ScanResult

PIPED = 110  # columns where there is no terminal


@click.command("scan")
@click.argument("paths", metavar="PATH…", nargs=-1, required=True)
@click.option("--layout", help="How events lie in the files, instead of a guess: segment-archive, snowplow, generic…")
@click.option(
    "--map", "mapping", metavar="FIELD=COLUMN", multiple=True, help="Which column is which field; =TEXT is a constant."
)
@click.option("--all", "everything", is_flag=True, help="With --json: healthy findings too.")
@json_option
@fail_on_option
def command(
    paths: tuple[str, ...],
    layout: str | None,
    mapping: tuple[str, ...],
    everything: bool,
    as_json: bool,
    fail_on: str,
) -> None:
    """Report on the quality of event files: NDJSON, CSV and Parquet, gzipped or not; files, folders, globs.

    Fields are id, event, source, occurred_at, sent_at, received_at, loaded_at, user_id, anonymous_id,
    app_version and properties. An example: trackwatch scan orders.csv.gz --map "event==Order Completed"
    """
    from monitor.scan.scanning import scan  # noqa: PLC0415 keeps --help fast
    from monitor.stores.files.mapping import Wishes, parse_map  # noqa: PLC0415

    started = current_time()
    wishes = Wishes(layout, parse_map(mapping))
    with _working():
        result = scan(paths, wishes, started)
    seconds = (current_time() - started).total_seconds()
    if as_json:
        import orjson  # noqa: PLC0415

        click.echo(orjson.dumps(result.as_json(seconds, everything=everything), option=orjson.OPT_INDENT_2).decode())
    else:
        _show(result, seconds)
    sys.exit(result.exit_code(fail_on))


def _working() -> AbstractContextManager[object]:
    """Show on a terminal that work goes on."""
    from rich.console import Console  # noqa: PLC0415

    console = Console(stderr=True)
    return console.status("Reading and judging…") if console.is_terminal else nullcontext()


def _show(result: ScanResult, seconds: float) -> None:
    from rich.console import Console  # noqa: PLC0415

    from monitor.scan.report import render  # noqa: PLC0415

    console = Console(highlight=False)
    if console.is_terminal:
        render(result, console, seconds)
        return
    text = io.StringIO()
    render(result, Console(file=text, highlight=False, width=PIPED), seconds)
    click.echo("\n".join(line.rstrip() for line in text.getvalue().splitlines()))
