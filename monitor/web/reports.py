"""What was each week like? The archive of reports."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from monitor.errors import UsageError
from monitor.report.html import as_html
from monitor.report.look import Look
from monitor.report.week import Week
from monitor.web.site import Site, site
from monitor.web.weeks import current, report_of

blueprint = Blueprint("reports", __name__)

# the report as it is mailed carries its styles in itself, and nothing that could run
MAILED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox allow-popups"


@blueprint.get("/reports")
def archive() -> ResponseReturnValue:
    """List the weeks of which anything is remembered, the newest first."""
    here = site()
    return render_template("reports.html.j2", weeks=list(_weeks(here)), current=current(here))


@blueprint.get("/reports/<name>")
def week(name: str) -> ResponseReturnValue:
    """Show the report of a week."""
    here = site()
    report = report_of(here, _week(here, name))
    return render_template("week.html.j2", report=report, look=Look(""))


@blueprint.get("/reports/<name>/mail")
def mailed(name: str) -> ResponseReturnValue:
    """Show the report of a week as it is mailed: one document, to keep or to send on."""
    here = site()
    page = Response(as_html(report_of(here, _week(here, name))))
    page.headers["Content-Security-Policy"] = MAILED
    return page


def _week(here: Site, name: str) -> Week:
    try:
        week = Week.parse(name)
    except UsageError as error:
        abort(404, f"{error}")
    if week not in _weeks(here):
        abort(404, f"Nothing is remembered of week {week}.")
    return week


def _weeks(here: Site) -> list[Week]:
    progress = here.memory.progress()
    if progress is None:
        return []
    first, week = Week.of(progress.measured_from.astimezone(here.zone).date()), current(here)
    found = [week]
    while found[-1].monday > first.monday:
        found.append(found[-1].back(1))
    return found
