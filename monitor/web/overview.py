"""Can this week's answers be trusted? The first page: questions, what is open, and how far trackwatch has looked."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from monitor.incidents import RANK, Incident
from monitor.judge import kind_of
from monitor.web.site import Site, site
from monitor.web.weeks import current

blueprint = Blueprint("overview", __name__)


@blueprint.get("/")
def overview() -> ResponseReturnValue:
    """Show the verdict on each question, and the open incidents."""
    here = site()
    report = current(here)
    alarms, notices = open_incidents(here)
    return render_template(
        "overview.html.j2",
        report=report,
        alarms=alarms,
        notices=notices,
        progress=here.memory.progress(),
        runs=here.memory.shelf.runs(1),
    )


@blueprint.get("/questions/<path:name>")
def question(name: str) -> ResponseReturnValue:
    """Show one question: its verdict, why, and the events that answer it."""
    here = site()
    asked = here.config.plan.questions.get(name)
    if asked is None:
        abort(404, f"The plan has no question called {name}.")
    report = current(here)
    needed = [event for event in here.config.plan.events.values() if name in event.answers]
    return render_template(
        "question.html.j2",
        question=asked,
        verdict=next((verdict for verdict in report.verdicts if verdict.question == name), None),
        events=needed,
        rows={row.event: row for row in report.rows},
        report=report,
    )


def open_incidents(here: Site) -> tuple[list[Incident], list[Incident]]:
    """Return what is open, the gravest and newest first: what alarms, and what can wait for a clean-up."""
    known = list(here.memory.incidents())
    known.sort(key=lambda incident: (-RANK[incident.severity], -incident.started.timestamp()))
    alarms = [incident for incident in known if not kind_of(incident.headline).notice]
    return alarms, [incident for incident in known if kind_of(incident.headline).notice]
