"""What does a week's report say? Made once for all who ask, until something is remembered anew."""

from __future__ import annotations

import datetime as dt

from monitor.report import gather
from monitor.report.content import Report
from monitor.report.week import Week
from monitor.web.site import Site

SETTLED = dt.timedelta(days=3)  # before a week is that old, the one before it says more


def current(site: Site) -> Week:
    """Return the week that the overview is about: the newest of which three days are judged."""
    progress = site.memory.progress()
    until = progress.judged_until if progress else site.now()
    return Week.of((until - SETTLED).astimezone(site.zone).date())


def report_of(site: Site, week: Week) -> Report:
    """Return the report of a week.

    Raises:
        StateError: the state database does not answer.
    """
    return site.remembered(f"report {week}", lambda: gather.report_of(site.memory, site.config, week, site.now()))
