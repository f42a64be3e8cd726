"""How does a backtest look as JSON? The incidents and findings are those of a run (docs/reference/json.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.backtest.comparison import Pair
from monitor.backtest.replay import Replayed, Told
from monitor.backtest.weeks import per_channel, weekly
from monitor.compose import Composer
from monitor.incidents import Incident
from monitor.output import document, stamp


def as_data(
    replayed: Replayed, composer: Composer, seconds: float, pairs: Sequence[Pair] | None = None
) -> dict[str, Any]:
    """Return the JSON document, with all problems, incidents and messages."""
    body = document(
        now=replayed.until,
        verdicts=replayed.problems,
        incidents=replayed.incidents,
        composer=composer,
        summary={
            "alerts": len(replayed.alerts),
            "alerts_per_week": round(replayed.per_week, 3),
            "budget": composer.budget.false_alerts_per_week,
            "messages": per_channel(replayed),
            "seconds": round(seconds, 3),
        },
    )
    more: dict[str, Any] = {
        "from": stamp(replayed.since),
        "to": stamp(replayed.until),
        "weeks": [
            {"start": stamp(start), "alerts": alerts, "messages": messages}
            for start, alerts, messages in weekly(replayed, composer.zone)
        ],
        "messages": [_told(each) for each in replayed.told],
    }
    body["summary"]["findings"] = replayed.tests
    if pairs is not None:
        more["against"] = [_pair(pair, composer) for pair in pairs]
    return {**body, **more}


def _told(told: Told) -> dict[str, Any]:
    return {
        "at": stamp(told.at),
        "incident": told.incident,
        "reason": told.reason.value,
        "severity": told.severity.value,
        "title": told.title,
        "channels": list(told.channels),
    }


def _pair(pair: Pair, composer: Composer) -> dict[str, Any]:
    def side(each: tuple[Incident, Told] | None) -> dict[str, Any] | None:
        if each is None:
            return None
        incident, told = each
        return {
            "id": incident.id,
            "title": composer.title(incident),
            "told": stamp(told.at),
            "severity": told.severity.value,
        }

    return {"change": pair.change.value, "here": side(pair.ours), "there": side(pair.theirs)}
