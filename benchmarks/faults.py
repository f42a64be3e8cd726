"""Is anything lost or told twice when trackwatch is killed a thousand times?

python benchmarks/faults.py --kills 500 --url postgresql://me@127.0.0.1/postgres

Without a URL only SQLite is tried. The URL is that of a role that may create databases. See
`monitor/testing/killing.py` for what is run, and when it is killed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from monitor.testing.killing import kill_again_and_again

NAME = "trackwatch_faults"
COLUMNS = (
    "state            runs  killed  while sending  messages sent  lost  told twice  windows as if never killed  minutes"
)


@contextmanager
def database(url: str) -> Iterator[str]:
    """Make a database, and drop it in the end."""
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {NAME}")
        yield urlunsplit(urlsplit(url)._replace(path=f"/{NAME}"))
        server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def show(state: str, url: str, kills: int) -> None:
    """Try one state database, and print what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        found = kill_again_and_again(url or f"sqlite:///{folder}/state.db", Path(folder), kills)
    same = "yes" if found.same else "no"
    numbers = f"{found.runs:7}{found.killed:8}{found.killed_sending:15}{found.sent:15}{found.lost:6}{found.twice:12}"
    print(f"{state:14}{numbers}  {same:>26}{(time.monotonic() - began) / 60:9.1f}", flush=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500, help="of each state database")
    parser.add_argument("--url", help="of a PostgreSQL server, by a role that may create databases")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    given = parser.parse_args()
    print(COLUMNS)
    if given.only != "postgresql":
        show("SQLite", "", given.kills)
    if given.url and given.only != "sqlite":
        with database(given.url) as url:
            show("PostgreSQL", url, given.kills)


if __name__ == "__main__":
    main()
