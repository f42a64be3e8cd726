"""How does a drill look as JSON? The incidents and findings are those of a run (docs/reference/json.md)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from monitor.compose import Composer
from monitor.drill.drilling import Drilled
from monitor.drill.outcome import Outcome, Tally, subject
from monitor.output import document, stamp


def as_data(outcome: Outcome, composer: Composer, seconds: float) -> dict[str, Any]:
    """Return the JSON document: every planted fault, and the incident and finding by which it was seen."""
    seen = [drill.seen for drill in outcome.drills if drill.seen]
    body = document(
        now=outcome.untouched.until,
        verdicts=[sight.verdict for sight in seen],
        incidents=[sight.incident for sight in seen],
        composer=composer,
        summary=_tally(outcome.whole)
        | {
            "finished": outcome.finished,
            "seed": outcome.seed,
            "untouched": {
                "alerts": len(outcome.untouched.alerts),
                "alerts_per_week": round(outcome.untouched.per_week, 3),
                "budget": composer.budget.false_alerts_per_week,
            },
            "seconds": round(seconds, 3),
        },
    )
    place = {id(sight): number for number, sight in enumerate(seen)}
    more: dict[str, Any] = {
        "from": stamp(outcome.untouched.since),
        "to": stamp(outcome.untouched.until),
        "classes": [{"fault": fault.name, "title": fault.title} | _tally(tally) for fault, tally in outcome.classes],
        "events": [{"event": tally.name} | _tally(tally) for tally in outcome.events],
        "drills": [_drill(drill, place.get(id(drill.seen))) for drill in outcome.drills],
        "impossible": [{"fault": each.fault, "event": each.subject, "why": each.why} for each in outcome.refused],
    }
    return {**body, **more}


def _tally(tally: Tally) -> dict[str, Any]:
    low, high = tally.interval
    return {
        "planted": len(tally.drills),
        "seen": tally.seen,
        "share": round(tally.share, 4) if tally.drills else None,
        "low": round(low, 4),
        "high": round(high, 4),
        "median_hours": _hours(tally.delay),
        "checks": dict(tally.checks),
        "only_reported": tally.noted,
    }


def _drill(drill: Drilled, place: int | None) -> dict[str, Any]:
    return {
        "fault": drill.fault,
        "event": drill.place.event,
        "subject": subject(drill),
        "sources": list(drill.place.sources),
        "property": drill.place.property,
        "onset": stamp(drill.onset),
        "until": stamp(drill.end),
        "seen": stamp(drill.seen.at) if drill.seen else None,
        "after_hours": _hours(drill.delay),
        "by": drill.seen.by if drill.seen else None,
        "only_reported": drill.noted or None,
        "incident": place,
        "finding": place,
    }


def _hours(delay: dt.timedelta | None) -> float | None:
    return None if delay is None else round(delay / dt.timedelta(hours=1), 2)
