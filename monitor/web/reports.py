"""What was each week like? The archive of reports."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from monitor.errors import UsageError
from monitor.history.reports import Kept
from monitor.report.content import UNOWNED, Report
from monitor.report.current import week_of
from monitor.report.html import as_html
from monitor.report.look import Look
from monitor.report.week import Week
from monitor.web.site import Site, site
from monitor.web.weeks import report_on

blueprint = Blueprint("reports", __name__)

# the report as it is mailed carries its styles in itself, and nothing that could run
MAILED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox allow-popups"
PAGE = 53  # weeks on a page


@dataclass(frozen=True, slots=True)
class Filed:
    """A week in the archive."""

    week: Week
    whole: Kept | None  # None: nobody kept it, it is made when it is asked for
    owners: tuple[str, ...]  # whose own reports were kept


@blueprint.get("/reports")
def archive() -> ResponseReturnValue:
    """List the weeks of which anything is remembered or kept, the newest first."""
    here = site()
    kept: dict[str, dict[str, Kept]] = {}
    for each in here.memory.reports():
        kept.setdefault(each.week, {})[each.audience] = each
    weeks = sorted({*_remembered(here), *map(Week.parse, kept)}, reverse=True)
    start = max(request.args.get("from", 0, type=int), 0)
    filed = [
        Filed(week, own.get(""), tuple(sorted(name for name in own if name)))
        for week, own in ((week, kept.get(str(week), {})) for week in weeks[start : start + PAGE])
    ]
    return render_template("reports.html.j2", filed=filed, count=len(weeks), start=start, page=PAGE)


@blueprint.get("/reports/<name>")
def week(name: str) -> ResponseReturnValue:
    """Show the report of a week, or of one owner's events in it."""
    here = site()
    report = _asked(here, name)
    kept = here.memory.reported(name, report.owner or "")
    return render_template("week.html.j2", report=report, look=Look(""), sent=kept)


@blueprint.get("/reports/<name>/mail")
def mailed(name: str) -> ResponseReturnValue:
    """Show the report of a week as it is mailed: one document, to keep or to send on."""
    page = Response(as_html(_asked(site(), name)))
    page.headers["Content-Security-Policy"] = MAILED
    return page


def _asked(here: Site, name: str) -> Report:
    """Return the report that an address means, or answer that there is none."""
    try:
        week, owner = Week.parse(name), request.args.get("owner")
    except UsageError as error:
        abort(404, f"{error}")
    kept = here.memory.reported(str(week), owner or "") is not None
    if not kept and week not in _remembered(here):
        abort(404, f"Nothing is remembered of week {week}.")
    if not kept and owner is not None and owner not in _owners(here):
        abort(404, f"The plan names no owner {owner}.")
    return report_on(here, week, owner)


def _owners(here: Site) -> set[str]:
    return {event.owner or UNOWNED for event in here.config.plan.events.values()}


def _remembered(here: Site) -> list[Week]:
    """Return the weeks of which measures are remembered, the newest first."""
    progress = here.memory.progress()
    if progress is None:
        return []
    first = Week.of(progress.measured_from.astimezone(here.zone).date())
    found = [week_of(here.memory, here.config, here.now())]
    while found[-1].monday > first.monday:
        found.append(found[-1].back(1))
    return found
