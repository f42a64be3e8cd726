"""`trackwatch demo`: a shop's events with planted faults, and what is found in them."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.cli.common import json_option


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("trackwatch-demo"),
    show_default=True,
    help="Folder for the shop's database, the alerts and the findings.",
)
@click.option(
    "--rows", type=click.IntRange(50_000), default=1_000_000, show_default=True, help="About how many messages."
)
@json_option
def command(out: Path, rows: int, as_json: bool) -> None:
    """Make a demo shop's events (seeded, planted faults), run everything on them, and show the alerts.

    No account, no network. Everything is written into one folder, which can be deleted.
    """
    from monitor.demo.show import as_document, as_text, perform  # noqa: PLC0415 keeps --help fast

    performance = perform(out, rows, announce=lambda line: click.echo(line, err=True))
    click.echo(as_document(performance) if as_json else as_text(performance))
