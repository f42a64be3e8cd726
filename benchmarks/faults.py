"""Is anything lost or told twice when trackwatch is killed a thousand times?

python benchmarks/faults.py --kills 500 --url postgresql://me@127.0.0.1/postgres

Without a URL only SQLite is tried. The URL is that of a role that may create databases. `mailbox` is mail where it
can be looked up what arrived; a webhook has an id, PagerDuty a key, by which the same is known again. See
`monitor/testing/killing.py` for what is run, and when it is killed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from monitor.testing import outlets
from monitor.testing.killing import kill_again_and_again
from monitor.testing.outlets import Outlet

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the servers of the tests
from servers.mail import mail

NAME = "trackwatch_faults"
COLUMNS = "told by         sent    lost   came twice     said so   told twice"
Opened = Callable[[Path], AbstractContextManager[Outlet]]
OUTLETS: dict[str, Opened] = {
    "slack": lambda _: outlets.slack(),
    "webhook": lambda _: outlets.webhook(),
    "pagerduty": lambda _: outlets.pagerduty(),
    "mail": partial(mail, looked_into=False),
    "mailbox": partial(mail, looked_into=True),
}


@contextmanager
def database(url: str) -> Iterator[str]:
    """Make a database, and drop it in the end."""
    name = f"{NAME}_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def show(state: str, url: str, kills: int, to: Sequence[str]) -> None:
    """Try one state database with some kinds of channels, and print what came of it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        opened = {kind: stack.enter_context(OUTLETS[kind](folder)) for kind in to}
        found = kill_again_and_again(url or f"sqlite:///{folder}/state.db", folder, kills, opened)
    same, minutes = "are" if found.same else "ARE NOT", (time.monotonic() - began) / 60
    print(f"{state}: {found.runs} runs, {found.killed} killed, {found.killed_sending} of them while sending;")
    print(f"incidents {same} those of an installation that nobody killed; {minutes:.1f} minutes")
    print(f"of {found.reports} reports, {found.unreported} were never put into the outbox; they are counted below, too")
    print(COLUMNS)
    for kind, told in found.told.items():
        print(f"{kind:12}{told.sent:8}{told.lost:8}{told.came_twice:13}{told.admitted:12}{told.twice:13}", flush=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500, help="of each state database")
    parser.add_argument("--url", help="of a PostgreSQL server, by a role that may create databases")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--to", action="append", choices=[*OUTLETS], help="who is told; all, if left out")
    given = parser.parse_args()
    if given.only != "postgresql":
        show("SQLite", "", given.kills, given.to or [*OUTLETS])
    if given.url and given.only != "sqlite":
        with database(given.url) as url:
            show("PostgreSQL", url, given.kills, given.to or [*OUTLETS])


if __name__ == "__main__":
    main()
