"""What does a run say to the person who started it?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from checks.model import READY_DAYS
from monitor.alerts.message import Reason
from monitor.alerts.text import MARKS
from monitor.compose import Composer, ago
from monitor.config import Config
from monitor.incidents import RANK, Incident
from monitor.pipeline import Result, composer_of

MOST_NEW = 8  # events that are still being learned, by name


def counts(result: Result, seconds: float) -> dict[str, Any]:
    """Return the part of the JSON summary that only the run knows."""
    reading = result.reading
    return {
        "events": len(reading.catalog.events) if reading else 0,
        "statements": reading.statements if reading else 0,
        "rows": reading.rows if reading else 0,
        "seconds": round(seconds, 3),
    }


def as_text(config: Config, result: Result, seconds: float, *, dry_run: bool = False) -> str:
    """Return the run as text: what is wrong first, then what was read and told."""
    composer = composer_of(config)
    is_open = [incident for incident in result.incidents if incident.is_open]
    serious = sorted((i for i in is_open if RANK[i.severity]), key=lambda i: (-RANK[i.severity], i.started))
    notices = [incident for incident in is_open if not RANK[incident.severity]]
    ended = [message for message in result.messages if message.reason is Reason.RESOLVED]
    lines = [_verdict(serious, config.workspace)]
    lines += [line for incident in serious for line in _incident(incident, composer, result)]
    if ended:
        lines += ["", "Over since the last run", *(f"  {MARKS['resolved']} {message.title}" for message in ended)]
    if notices:
        lines += ["", "For the weekly clean-up", *(_notice(i, composer) for i in notices)]
    unjudged = list(_unjudged(result, composer))
    lines += ["", *unjudged] if unjudged else []
    return "\n".join([*lines, "", *_told(result, dry_run=dry_run), _read(result, seconds)])


def _verdict(serious: list[Incident], workspace: str) -> str:
    if not serious:
        return f"{workspace}: nothing is wrong."
    return f"{workspace}: {len(serious)} open incident{'s' * (len(serious) > 1)}."


def _notice(incident: Incident, composer: Composer) -> str:
    lowered = f" (lowered {incident.lowered})" if incident.lowered else ""
    return f"  {MARKS['info']} {composer.title(incident)}{lowered}"


def _incident(incident: Incident, composer: Composer, result: Result) -> Iterator[str]:
    local = incident.started.astimezone(composer.zone)
    since = f"since {local:%a} {local.day} {local:%b %H:%M} ({ago(result.now - incident.started)})"
    owner = composer.plan.owner(incident.headline.event)
    yield ""
    yield f"{MARKS[incident.severity.value]} {composer.title(incident)}, {since}"
    yield f"   {incident.headline.text}"
    yield f"   {incident.id}{f' · {owner}' if owner else ''}"


def _unjudged(result: Result, composer: Composer) -> Iterator[str]:
    """Say what is not judged yet, and why."""
    for source, until in sorted(result.waiting.items()):
        local = until.astimezone(composer.zone)
        yield f"{source} waits for its load: judged up to {local:%a} {local.day} {local:%b %H:%M}."
    new = [f"{event} ({days} of {READY_DAYS} days)" for event, days in result.learning.items()]
    if new:
        more = f" and {len(new) - MOST_NEW:,} more" if len(new) > MOST_NEW else ""
        yield f"Learning: {', '.join(new[:MOST_NEW])}{more}."


def _told(result: Result, *, dry_run: bool) -> Iterator[str]:
    if dry_run and result.messages:
        yield f"Dry run: {len(result.messages)} message(s) would be sent; nothing was remembered."
    told = Counter((outcome.delivery.channel, str(outcome.state)) for outcome in result.outcomes)
    for (channel, state), number in sorted(told.items()):
        yield f"{channel}: {number} {state}"
    for outcome in result.outcomes:
        if outcome.reason and outcome.state != "suppressed":
            yield f"  {outcome.delivery.message.title}: {outcome.reason}"


def _read(result: Result, seconds: float) -> str:
    if result.error:
        return "The store does not answer; nothing was judged."
    if result.reading is None:
        return "Nothing is due: every complete hour has been judged."
    reading = result.reading
    return (
        f"Read {reading.rows:,} rows in {reading.statements} statements, made {len(result.verdicts):,} tests, "
        f"in {seconds:.1f} s."
    )
