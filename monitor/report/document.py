"""How does a report look as JSON? Fields may be added, never renamed."""

from __future__ import annotations

from typing import Any

from monitor.output import stamp
from monitor.report.content import Report, Told
from monitor.report.score import Score

VERSION = 1


def document(report: Report) -> dict[str, Any]:
    """Return the report as one JSON document."""
    return {
        "version": VERSION,
        "workspace": report.workspace,
        "week": str(report.week),
        "timezone": report.zone,
        "made": stamp(report.made),
        "summary": report.sentence,
        "score": _score(report.score),
        "scores_before": list(report.before),
        "questions": [
            {
                "ask": verdict.ask,
                "owner": verdict.owner,
                "trust": verdict.trust.value,
                "score": verdict.score.value,
                "incidents": [told.id for told in verdict.because],
            }
            for verdict in report.verdicts
        ],
        "open": [_told(told) for told in report.opened],
        "repaired": [_told(told) for told in report.repaired],
        "todo": [told.id for told in report.todo],
        "events": [
            {
                "event": row.event,
                "priority": row.priority.value,
                "owner": row.owner,
                "days": list(row.days),
                "usual_week": row.before,
                "lost": row.lost,
                "score": row.score,
            }
            for row in report.rows
        ],
        "owners": {owner: score.value for owner, score in report.owners.items()},
        "cleanup": list(report.cleanup),
        "nothing_came_of": list(report.unwatched),
        "monitor": {"alerts": report.alerts, "budget": report.budget},
    }


def _score(score: Score) -> dict[str, Any]:
    return {"value": score.value, "taken": dict(score.taken)}


def _told(told: Told) -> dict[str, Any]:
    return {
        "id": told.id,
        "title": told.title,
        "text": told.text,
        "severity": told.severity.value,
        "started": stamp(told.started),
        "hours": round(told.lasted.total_seconds() / 3600, 1),
        "owner": told.owner,
        "events": list(told.events),
        "points": told.taken,
    }
