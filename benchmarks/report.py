"""What CPU does a report take, with 1,000 events of 20 properties, 200 incidents, and a year of history?

The state is that of `pages.py`, with a year of days. It is the report alone that is measured, in a process that has
made one before, and then the command as a whole, which begins with loading Python's libraries. Memory is SQLite.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from child import cost
from pages import NOW, plan, remember

from monitor.config import load_config
from monitor.history.memory import Memory
from monitor.pipeline import composer_of
from monitor.report.gather import gather
from monitor.report.html import as_html
from monitor.report.making import report
from monitor.report.message import message
from monitor.report.text import as_text
from monitor.report.week import Week

WEEK = Week(2026, 9)
YEAR = 365
TARGET = 2.0  # s

T = TypeVar("T")


def timed(name: str, make: Callable[[], T], spent: dict[str, float]) -> T:
    """Note what CPU something takes, the second time."""
    make()
    before = time.process_time()
    made = make()
    spent[name] = time.process_time() - before
    return made


def main() -> None:
    """Print what each step takes, and fail where all of them take too long."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "trackwatch.yml")
        file.write_text('version: 1\nstore: {url: "duckdb:///unused.duckdb"}\n')
        config = replace(load_config(file), plan=plan())
        memory = Memory(config.state_url, config.workspace)
        remember(config, memory, YEAR)
        spent: dict[str, float] = {}
        facts = timed("what is remembered", lambda: gather(memory, config, WEEK, NOW), spent)
        made = timed("the report", lambda: report(facts, config.plan, composer_of(config), NOW), spent)
        timed("as a page", lambda: as_html(made), spent)
        timed("as text", lambda: as_text(made), spent)
        timed("as a message: mail, pictures, text, JSON, Slack", lambda: message(made), spent)
        for name, seconds in spent.items():
            print(f"{name:50} {seconds:6.2f} s of CPU")
        whole = sum(spent.values())
        print(f"{'all of it':50} {whole:6.2f} s of CPU, {whole / TARGET:.2f} × the target of {TARGET:.0f} s")
        asked = ["report", "--config", str(file), "--week", str(WEEK), "--out", str(Path(folder, "week.html"))]
        command = cost([str(Path(sys.executable).with_name("trackwatch")), *asked, "--format", "html"], Path(folder))
        print(f"{'the command, with loading the libraries':50} {command.cpu:6.2f} s of CPU")
    sys.exit(1 if whole > TARGET else 0)


if __name__ == "__main__":
    main()
