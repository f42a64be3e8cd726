"""How does somebody start who has a store and nothing else?"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import click

from monitor.errors import UsageError

FILES = ("trackwatch.yml", "plan.yml")
PASSWORD = "TRACKWATCH_STORE_PASSWORD"  # noqa: S105 the name of a variable
_IN_HOST = re.compile(r"(?<=://)([^:/?@]*):(?!\$\{\w+\}@)(.+)@")
_IN_QUERY = re.compile(r"([?&](?:password|motherduck_token|token)=)(?!\$\{)[^&]+", re.IGNORECASE)


@click.command("init")
@click.argument("directory", metavar="[DIR]", type=click.Path(path_type=Path), default=".")
@click.option("--url", default="duckdb:///events.duckdb", show_default=True, help="Where events lie.")
def command(directory: Path, url: str) -> None:
    """Write a commented starter configuration for a store URL.

    A password in the URL is not written down: the file names an environment variable.
    """
    if not re.match(r"[a-z][a-z0-9+]*://", url):
        raise UsageError("--url: expected the URL of a database, such as postgresql://user@host/name")
    taken = [str(directory / name) for name in FILES if (directory / name).exists()]
    if taken:
        raise UsageError(f"{' and '.join(taken)} would be overwritten; choose another folder: trackwatch init DIR")
    shown = without_password(url)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            text = (files("monitor") / "starter" / name).read_text("utf-8")
            (directory / name).write_text(text.replace("STORE_URL", json.dumps(shown, ensure_ascii=False)), "utf-8")
    except OSError as error:
        raise UsageError(f"{directory} cannot be written to: {error.strerror}") from None
    click.echo(_next_steps(directory, secret=shown != url))


def without_password(url: str) -> str:
    """Return a store URL with the password replaced by the name of an environment variable.

    >>> without_password("postgresql://reader:hunter2@db.acme.example/events")
    'postgresql://reader:${TRACKWATCH_STORE_PASSWORD}@db.acme.example/events'
    >>> without_password("duckdb:///events.duckdb")
    'duckdb:///events.duckdb'
    """
    variable = f"${{{PASSWORD}}}"
    return _IN_QUERY.sub(rf"\g<1>{variable}", _IN_HOST.sub(rf"\g<1>:{variable}@", url))


def _next_steps(directory: Path, *, secret: bool) -> str:
    config = directory / FILES[0]
    where = "" if str(config) in {"trackwatch.yml", "config/trackwatch.yml"} else f" --config {config}"
    steps = [
        *([f"export {PASSWORD}=…   the password is not in the file"] if secret else []),
        f"edit {config}: the layout of your store, and whom to tell",
        f"edit {directory / FILES[1]}: your events, and the questions they answer",
        f"trackwatch validate{where}",
        f"trackwatch explain{where}   the SQL that a run would issue",
        f"trackwatch run --dry-run{where}",
    ]
    numbered = [f"  {number}. {step}" for number, step in enumerate(steps, 1)]
    return "\n".join([f"Wrote {config} and {directory / FILES[1]}. Next:", *numbered])
