"""How does a report look as JSON? Fields may be added, never renamed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from monitor.output import stamp
from monitor.report import words
from monitor.report.content import Coverage, Lengths, Monitor, Report, Told
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
        "owner": report.owner,
        "owners": {part.name: part.score.value for part in report.owners},
        "sources": {part.name: part.score.value for part in report.sources},
        "open_by_owner": {part.name: list(part.open) for part in report.owners if part.open},
        "hours_to_detect": _lengths(report.detected),
        "hours_to_resolve": _lengths(report.resolved),
        "cleanup": [*(item.text for item in report.removable), *report.notices],
        "nothing_came_of": list(report.coverage.silent),
        "removable": _removable(report),
        "undecided": [
            {"incident": each.incident, "text": each.text, "since": stamp(each.since)} for each in report.undecided
        ],
        "coverage": _coverage(report.coverage),
        "monitor": _monitor(report.monitor),
    }


def _removable(report: Report) -> dict[str, Any]:
    return {
        "items": [{**asdict(item), "advice": item.advice()} for item in report.removable],
        "values": report.saved[0],
        "bytes": report.saved[1],
        "apply": words.CLEANUP if words.can_be_removed(report) else None,
        "diff": report.diff,
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "planned": coverage.planned,
        "unowned": coverage.unowned,
        "known": coverage.known,
        "smallest_drop": {each.event: dict(each.drop) for each in coverage.visible},
        "unwatched": {each.event: each.why for each in coverage.unwatched},
    }


def _monitor(monitor: Monitor) -> dict[str, Any]:
    return {
        "alerts": monitor.alerts,
        "budget": monitor.budget,
        "tests": monitor.tests,
        "expected_false": monitor.risk,
        "precision": list(monitor.precision),
        "idle": {each.event: each.why for each in monitor.idle},
        "judged_until": stamp(monitor.until) if monitor.until else None,
    }


def _lengths(lengths: Lengths) -> dict[str, Any]:
    hours = [round(each.total_seconds() / 3600, 1) for each in (lengths.median, lengths.longest)]
    return {"count": lengths.count, "median": hours[0], "longest": hours[1]}


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
