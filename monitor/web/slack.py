"""How do buttons in Slack reach an installation that Slack can reach? As signed requests.

No login: who asks is told by the signature of the app's own secret. What is forged, or older than
five minutes, is refused. What is genuine is answered at once and worked on after.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, abort, current_app, request
from flask.typing import ResponseReturnValue

from monitor.interactions import Desk, slack_channels
from monitor.web.access import csrf
from monitor.web.site import site

LARGEST = 1024 * 1024  # bytes: a press brings the whole message along
KEY = "trackwatch-slack"

blueprint = Blueprint("slack", __name__)
csrf.exempt(blueprint)


@blueprint.post("/slack/interactions")
def interactions() -> ResponseReturnValue:
    """Take what Slack says was pressed."""
    from monitor.alerts.slack.signed import is_genuine  # noqa: PLC0415 heavy, for those who have Slack

    request.max_content_length = LARGEST
    signed = [channel for channel in slack_channels(site().config) if channel.signing_secret]
    if not signed:
        abort(404)
    body, now = request.get_data(), site().now().timestamp()
    ours = (c for c in signed if is_genuine(c.signing_secret or "", body, dict(request.headers), lambda: now))
    slack = next(ours, None)
    if slack is None:
        abort(401, "This request was not signed by the Slack app, or more than five minutes ago.")
    payload = _payload()
    if payload is None:
        abort(400, "There is no payload.")
    _desk().take(slack, payload)
    return "", 200


def _payload() -> dict[str, Any] | None:
    try:
        payload = json.loads(request.form.get("payload", ""))
    except ValueError:
        return None
    return payload if isinstance(payload, dict) else None


def _desk() -> Desk:
    """Return where presses are worked on; a new one after the configuration was reloaded."""
    desk: Desk | None = current_app.extensions.get(KEY)
    if desk is None or desk.config is not site().config:
        desk = Desk(site().config, site().memory, site().now)
        current_app.extensions[KEY] = desk
    return desk
