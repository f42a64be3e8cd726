"""Which tests may be skipped, and which modules are not read for examples?"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest
from hypothesis import settings

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

# a slow machine is not a broken law
settings.register_profile("trackwatch", deadline=None)
settings.load_profile("trackwatch")

collect_ignore_glob = [
    "monitor/history/migrations/*",  # Alembic runs these files, nobody imports them
    "tests/servers/*",  # programs of their own, with libraries of their own
]


def _refused(report: Report) -> Report:
    """Turn a skip into a failure where TRACKWATCH_NO_SKIPS is set, as in .ci/run: nothing may be absent there."""
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("TRACKWATCH_NO_SKIPS"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: {reason}. With TRACKWATCH_NO_SKIPS a skipped test is a failed one."
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look at what a test came to."""
    return _refused((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Look at what became of a whole file."""
    return _refused((yield))
