"""How does a test start a Snowflake? fakesnow answers its protocol with DuckDB, in a process of its own packages."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.packages import free_port, installed, running

FAKESNOW = ("fakesnow[server]==0.12.1", "snowflake-connector-python<5")  # it does not start with newer ones


@contextmanager
def snowflake(folder: Path) -> Iterator[int]:
    """Yield the port of the server."""
    packages = installed("fakesnow", *FAKESNOW)
    port = free_port()
    # without our own packages, which are of other versions, and without the modules beside the script
    command = [sys.executable, "-P", "-S", str(Path(__file__).with_name("fakesnow_server.py")), str(port)]
    with running(command, folder / "fakesnow.log", port, env={**os.environ, "PYTHONPATH": str(packages)}, cwd=folder):
        yield port
