"""`trackwatch explain`: the SQL that a run would issue."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import click

from monitor.cli.common import Moment, config_option, current_time, json_option, opened


@click.command("explain")
@config_option
@click.option("--now", type=Moment(), help="As if it were this time; by default now.")
@click.option("--table", "only", help="Only this table.")
@json_option
def command(config_path: Path | None, now: dt.datetime | None, only: str | None, as_json: bool) -> None:
    """Show every SQL statement that a run would issue, with its values, and their number per table."""
    import orjson  # noqa: PLC0415 keeps --help fast

    from monitor.config import load_config  # noqa: PLC0415
    from monitor.pipeline import would_ask  # noqa: PLC0415

    config = load_config(config_path)
    with opened(config) as installation:
        asked = would_ask(installation, now or current_time())
        statements = [s for s in installation.store.statements(asked) if only in (None, s.table)]
    if as_json:
        listed = [{"table": statement.table, "sql": statement.sql} for statement in statements]
        click.echo(orjson.dumps({"version": 1, "statements": listed}, option=orjson.OPT_INDENT_2).decode())
        return
    for statement in statements:
        click.echo(f"-- {statement.table}\n{statement.sql};\n")
    tables = Counter(statement.table for statement in statements)
    most = max(tables.values(), default=0)
    click.echo(f"-- {len(statements)} statements for {len(tables)} tables, at most {most} per table; read-only")
