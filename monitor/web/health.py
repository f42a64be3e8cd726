"""Is trackwatch alive, can it work, and how is it doing? For machines: Docker, Kubernetes, Prometheus.

Whoever reaches the address may ask: what is told are numbers and times, never events' contents or secrets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Flask, Response, current_app, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST

from monitor import metrics, watchdog
from monitor.errors import TrackwatchError
from monitor.watchdog import Health
from monitor.web.site import site

NAME = "trackwatch.health"

blueprint = Blueprint("health", __name__)


@dataclass(frozen=True, slots=True)
class Process:
    """What only the process that serves knows."""

    health: Callable[[], Health]
    leading: Callable[[], bool]


def attach(app: Flask, health: Callable[[], Health], leading: Callable[[], bool]) -> None:
    """Let an app say how the service is doing whose pages it shows."""
    app.extensions[NAME] = Process(health, leading)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """Say that the process answers; nothing else is asked."""
    return {"status": "alive"}


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Say whether the state database answers (else 503), and what is the matter where something is."""
    here, now = site(), site().now()
    try:
        health = _health()
    except TrackwatchError as error:
        return jsonify(status="no state", why=str(error)), 503
    late = watchdog.is_late(here.config, health, now)
    return {
        "status": "late" if late else "ready",
        "workspace": here.config.workspace,
        "leader": _leading(),
        "evaluated": health.evaluated.isoformat() if health.evaluated else None,
        "judged_until": health.vitals.judged_until.isoformat() if health.vitals.judged_until else None,
        "configuration_refused": health.refused or None,
        "channels_waiting": {each.channel: each.number for each in health.vitals.waiting},
        "channels_failed": sorted(health.vitals.failed),
    }


@blueprint.get("/metrics")
def scraped() -> ResponseReturnValue:
    """Return what Prometheus reads."""
    here = site()
    body = metrics.exposed(metrics.Stored(here.config, _health, here.now))
    return Response(body, content_type=CONTENT_TYPE_LATEST)


def _health() -> Health:
    process: Process | None = current_app.extensions.get(NAME)
    return process.health() if process else watchdog.health_of(site().memory)


def _leading() -> bool:
    process: Process | None = current_app.extensions.get(NAME)
    return process.leading() if process else False
