"""How does a run look as JSON? A contract: fields may be added, never renamed (docs/reference/json.md)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from checks.base import Finding
from monitor.affected import affected
from monitor.alerts.message import Severity
from monitor.compose import Composer
from monitor.decide import Verdict
from monitor.incidents import RANK, Incident, Opening

VERSION = 1
NUMBERS = ("observed", "expected", "low", "high", "p_value", "effect", "effect_low", "effect_high")
PRICE = ("threshold", "looks", "subjects", "live", "found", "weight", "weekly", "share")


def document(
    *,
    now: dt.datetime,
    verdicts: Sequence[Verdict],
    incidents: Sequence[Incident],
    composer: Composer,
    summary: Mapping[str, Any],
    everything: bool = False,
) -> dict[str, Any]:
    """Return the JSON document of a run, a scan or a replay.

    Args:
        now: the time that the run was told.
        verdicts: all verdicts; the problems are kept, the rest only with `everything`.
        incidents: with the findings that they explain.
        composer: writes titles.
        summary: counts of the run; findings, problems and incidents are added.
        everything: keep the healthy findings too.
    """
    kept = [verdict for verdict in verdicts if verdict.problem or everything]
    index = {_identity(verdict.finding): i for i, verdict in enumerate(kept)}
    return {
        "version": VERSION,
        "now": stamp(now),
        "summary": {
            **summary,
            "findings": len(verdicts),
            "problems": sum(verdict.problem for verdict in verdicts),
            "incidents": sum(incident.is_open for incident in incidents),
        },
        "findings": [finding_json(verdict) for verdict in kept],
        "incidents": [incident_json(incident, composer, index) for incident in incidents],
    }


def finding_json(verdict: Verdict) -> dict[str, Any]:
    """Return one finding with its verdict."""
    f = verdict.finding
    bucket = {"start": stamp(f.bucket.start), "end": stamp(f.bucket.end)} if f.bucket else None
    return {
        "check": f.check,
        "kind": f.kind,
        "event": f.event,
        "property": f.property,
        "source": f.source,
        "slice": dict(f.slice),
        "bucket": bucket,
        **{name: _number(getattr(f, name)) for name in NUMBERS},
        "rows": _number(f.rows),
        "problem": verdict.problem,
        "severity": str(verdict.severity),
        "threshold": _number(verdict.cost),
        "budget_share": _number(verdict.price.share if verdict.price else None),
        "text": f.text,
    }


def stamp(at: dt.datetime) -> str:
    """Return an instant as ISO 8601 in UTC.

    >>> stamp(dt.datetime(2026, 3, 1, 6, tzinfo=dt.UTC))
    '2026-03-01T06:00:00Z'
    """
    return at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def exit_code(incidents: Iterable[Incident], fail_on: str) -> int:
    """Return 1 when an open incident is at least as severe as `fail_on` (never, warning, critical), else 0."""
    if fail_on == "never":
        return 0
    line = RANK[Severity(fail_on)]
    return int(any(i.is_open and RANK[i.severity] >= line for i in incidents))


def incident_json(
    incident: Incident, composer: Composer, index: Mapping[tuple[Any, ...], int] | None = None
) -> dict[str, Any]:
    """Return one incident; `index` says where in the document its findings are."""
    index = index or {}
    found = sorted({index[_identity(f)] for f in incident.findings if _identity(f) in index})
    return {
        "id": incident.id,
        "state": str(incident.state),
        "by": incident.by,
        "until": stamp(incident.until) if incident.until else None,
        "mark": str(incident.mark) if incident.mark else None,
        "title": composer.title(incident),
        "severity": str(incident.severity),
        "events": list(incident.events),
        "started": stamp(incident.begun),
        "last_seen": stamp(incident.last_seen),
        "resolved": stamp(incident.resolved) if incident.resolved else None,
        "slice": dict(incident.where),
        "explains": _number(incident.explains),
        "rows": affected(incident.tallies),
        "nearby": [{"at": stamp(each.at), "what": each.what} for each in incident.nearby],
        "findings": found,
        "lowered": incident.lowered or None,
        "decision": _decision(incident.opening),
    }


def _decision(opening: Opening | None) -> dict[str, Any] | None:
    """Return the verdict that opened an incident: what it cost, and which history it was held against."""
    if opening is None:
        return None
    price, learned = opening.price, opening.learned
    return {
        "p_value": _number(opening.finding.p_value),
        **{name: _number(getattr(price, name)) if price else None for name in PRICE},
        "history": learned
        and {
            "since": stamp(learned.since),
            "until": stamp(learned.until),
            "days": learned.days,
            "left_out": [{"start": stamp(o.start), "end": stamp(o.end), "why": o.why} for o in learned.left_out],
        },
    }


def _identity(f: Finding) -> tuple[Any, ...]:
    return (f.check, f.kind, f.event, f.property, f.source, f.slice, f.bucket)


def _number(value: float | None) -> float | None:
    """Return a number that JSON can hold."""
    return None if value is None or not math.isfinite(value) else float(value)
