"""What has trackwatch itself done? Its evaluations, and what became of each message."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from monitor.alerts.deliver import State
from monitor.web.site import site

blueprint = Blueprint("records", __name__)

MOST = 100


@blueprint.get("/runs")
def runs() -> ResponseReturnValue:
    """List the newest evaluations, and how far each source is known."""
    here = site()
    return render_template(
        "runs.html.j2",
        runs=here.memory.shelf.runs(MOST),
        watermarks=here.memory.watermarks(),
        progress=here.memory.progress(),
    )


@blueprint.get("/deliveries")
def deliveries() -> ResponseReturnValue:
    """List the newest messages, and what became of each."""
    here, state, channel = site(), request.args.get("state", ""), request.args.get("channel", "")
    found = here.memory.outbox.listed(state=state if state in list(State) else None, channel=channel or None, most=MOST)
    return render_template(
        "deliveries.html.j2",
        entries=found,
        states=[each.value for each in State],
        channels=sorted(here.config.channels),
        state=state,
        channel=channel,
        most=MOST,
    )
