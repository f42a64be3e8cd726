"""Which pages are there? Each is a blueprint, which says itself at which address it is."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from jinja2 import BaseLoader, ChoiceLoader, PackageLoader, StrictUndefined
from werkzeug.exceptions import HTTPException

from monitor.config import Config
from monitor.errors import TrackwatchError
from monitor.history.memory import Memory
from monitor.web import access, acts, events, health, incidents, overview, plan, records, reports, slack, weeks, words
from monitor.web.site import NAME, Site, attach, site

PAGES = (health, overview, incidents, acts, events, plan, reports, records, slack)
NAV = (
    ("overview.overview", "Overview"),
    ("incidents.listed", "Incidents"),
    ("plan.browse", "Plan"),
    ("reports.archive", "Reports"),
    ("records.runs", "Runs"),
    ("records.deliveries", "Deliveries"),
)
SECTION = {  # of which page in the navigation others are a part
    "overview.question": "overview.overview",
    "incidents.incident": "incidents.listed",
    "events.event": "plan.browse",
    "events.by_query": "plan.browse",
    "reports.week": "reports.archive",
}
_log = logging.getLogger(__name__)


def create_app(config: Config, memory: Memory, now: Callable[[], dt.datetime]) -> Flask:
    """Return the pages of an installation as a WSGI application.

    Args:
        config: what is watched, and who may look (`config.web`).
        memory: where incidents and measures are remembered.
        now: the clock.

    Raises:
        UsageError: the file of users cannot be read, or a line of it is wrong.
    """
    app = Flask("monitor.web")
    # everything that is shown is text, whatever the template is called: names of events come from anywhere
    app.jinja_options = {"autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    app.url_map.merge_slashes = False  # the name of an event may have two
    attach(app, config, memory, now)
    access.guard(app, config)
    app.jinja_loader = ChoiceLoader([app.jinja_loader or BaseLoader(), PackageLoader("monitor.report")])
    for page in PAGES:
        app.register_blueprint(page.blueprint)
    app.jinja_env.filters.update(words.FILTERS)
    app.context_processor(_known_to_all)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(TrackwatchError, _failed)
    return app


def prepare(app: Flask) -> None:
    """Make what is dear of the first pages, so that nobody waits for it after a run."""
    here: Site = app.extensions[NAME]
    try:
        weeks.current(here)
        plan.stock(here)
        plan.volumes(here)
    except Exception:  # noqa: BLE001 the run has ended well all the same; who asks for the page is told
        _log.exception("the pages could not be prepared")


def _known_to_all() -> dict[str, Any]:
    return {
        "nav": NAV,
        "section": SECTION,
        "site": site(),
        "person": access.person(),
        "may_act": access.may_act(),
        "now": site().now(),
    }


def _refused(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < 400:
        return error
    return render_template("error.html.j2", title=error.name, text=error.description), error.code


def _failed(error: TrackwatchError) -> tuple[str, int]:
    _log.error("%s %s: %s", request.method, request.path, error)
    text = "The state database does not answer, or the configuration was broken meanwhile; the log says more."
    return render_template("error.html.j2", title="This page cannot be made now", text=text), 503
