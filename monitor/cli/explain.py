"""`trackwatch explain`: the SQL that a run would issue."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import (
    Moment,
    checks_of,
    config_option,
    group_option,
    json_option,
    opened,
    time_of,
    workspace_option,
)

if TYPE_CHECKING:
    from monitor.pipeline import Installation
    from monitor.stores.base import Estimate, Statement


@click.command("explain")
@config_option
@workspace_option
@click.option("--now", type=Moment(), help="As if it were this time; by default now.")
@click.option("--table", "only", help="Only this table.")
@group_option
@json_option
def command(
    config_path: Path | None,
    workspace: str | None,
    now: dt.datetime | None,
    only: str | None,
    groups: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show every SQL statement that a run would issue, with its values, and what the store says it would cost."""
    import orjson  # noqa: PLC0415 keeps --help fast

    from monitor.config import load_config  # noqa: PLC0415
    from monitor.pipeline import would_ask  # noqa: PLC0415

    config = load_config(config_path, workspace=workspace)
    with opened(config) as installation:
        asked = would_ask(installation, time_of(config, now), checks_of(config, groups))
        every = [
            *installation.store.statements(asked, estimated=True),
            *_of_incidents(installation, time_of(config, now)),
        ]
        statements = [statement for statement in every if only in (None, statement.table)]
    if as_json:
        listed = [
            {"table": s.table, "sql": s.sql, "estimate": asdict(s.estimate) if s.estimate else None}
            | ({"apart": s.apart} if s.apart else {})
            for s in statements
        ]
        click.echo(orjson.dumps({"version": 1, "statements": listed}, option=orjson.OPT_INDENT_2).decode())
        return
    for statement in statements:
        said = f": {in_words(statement.estimate)}" if statement.estimate else ""
        apart = f"-- not fused: {statement.apart}\n" if statement.apart else ""
        click.echo(f"-- {statement.table}{said}\n{apart}{statement.sql};\n")
    fused = [statement for statement in statements if not statement.apart]
    tables = Counter(statement.table for statement in fused)
    most = max(tables.values(), default=0)
    counted = f"{several(len(fused), 'statement')} for {several(len(tables), 'table')}"
    beside = f", and {len(statements) - len(fused)} beside them" if len(fused) < len(statements) else ""
    click.echo(f"-- {counted}, at most {most} per table{beside}; read-only")
    if estimates := [statement.estimate for statement in statements if statement.estimate]:
        click.echo(f"-- by the store's own estimate {in_words(total(estimates))}; nothing was run")


def _of_incidents(installation: Installation, now: dt.datetime) -> Iterator[Statement]:
    """Yield what will be asked once for each open incident that is not located yet."""
    from checks.base import PAIRED  # noqa: PLC0415 keeps --help fast
    from monitor.pipeline import would_cross  # noqa: PLC0415

    for incident, asked in would_cross(installation, now):
        why = f"asked once for {incident.id}, when its first day is over: which two dimensions together explain it"
        found = installation.store.statements(asked, estimated=True)
        yield from (
            replace(each, apart=why) for each in found if PAIRED in each.sql
        )  # else the table has no dimensions


def several(count: int, noun: str) -> str:
    """Return a number with its noun.

    >>> several(1, "table"), several(2, "table")
    ('1 table', '2 tables')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def in_words(estimate: Estimate) -> str:
    """Return what a statement costs as people say it.

    >>> from monitor.stores.base import Estimate
    >>> in_words(Estimate(rows=12345.0, bytes=2500000.0, cost=17.2))
    'about 12,345 rows read, 2.5 MB, planner cost 17'
    """
    parts = [f"about {estimate.rows:,.0f} rows read"] if estimate.rows is not None else []
    parts += [size(estimate.bytes)] if estimate.bytes is not None else []
    parts += [f"planner cost {estimate.cost:,.0f}"] if estimate.cost is not None else []
    return ", ".join(parts) or "no estimate"


def size(count: float) -> str:
    """Return a number of bytes in the unit that people think in.

    >>> size(999), size(2_500_000), size(3e13)
    ('999 B', '2.5 MB', '30.0 TB')
    """
    units = ("B", "kB", "MB", "GB", "TB")
    power = min(int(math.log10(max(count, 1)) // 3), len(units) - 1)
    return f"{count / 1000**power:.{1 if power else 0}f} {units[power]}"


def total(estimates: Sequence[Estimate]) -> Estimate:
    """Return the sum of estimates; None where no statement gave that number."""

    def added(numbers: list[float | None]) -> float | None:
        known = [number for number in numbers if number is not None]
        return sum(known) if known else None

    from monitor.stores.base import Estimate  # noqa: PLC0415 keeps --help fast

    return Estimate(
        rows=added([one.rows for one in estimates]),
        bytes=added([one.bytes for one in estimates]),
        cost=added([one.cost for one in estimates]),
    )
