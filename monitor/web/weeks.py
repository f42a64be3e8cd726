"""What does a week's report say, to the pages?"""

from __future__ import annotations

from monitor.report import current as kept
from monitor.report.content import Report
from monitor.report.gather import report_of
from monitor.report.week import Week
from monitor.web.site import Site


def current(site: Site) -> Report:
    """Return the report of the newest week of which three days are judged. Raises StateError."""
    return site.remembered("report", lambda: kept.current(site.memory, site.config, site.now()))


def report_on(site: Site, week: Week, owner: str | None = None) -> Report:
    """Return the report of a week: as it was kept in the archive, else of what is remembered now. Raises StateError."""
    found = site.memory.report(str(week), owner or "")
    if found is not None:
        return Report.from_json(found.body)
    if owner is None and week == kept.week_of(site.memory, site.config, site.now()):
        return current(site)

    def make() -> Report:
        return report_of(site.memory, site.config, week, site.now(), owner, with_diff=False)

    return site.remembered(f"report {week} {owner}", make)
