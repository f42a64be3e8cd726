"""How does a backtest read in a terminal?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.words import number
from monitor.alerts.text import MARKS
from monitor.backtest.comparison import Change, Pair
from monitor.backtest.replay import Replayed
from monitor.backtest.weeks import per_channel, weekly
from monitor.compose import Composer, ago
from monitor.incidents import RANK, Incident

MOST = 60  # incidents that are listed
SIGNS = {Change.GAINED: "+", Change.LOST: "-", Change.MOVED: "~", Change.SAME: "="}


def as_text(replayed: Replayed, composer: Composer, pairs: Sequence[Pair] | None = None) -> str:
    """Return the backtest: how much would have been told, of what, and what another configuration changes."""
    parts = ["\n".join(_head(replayed, composer)), "\n".join(_weeks(replayed, composer))]
    if pairs is not None:
        parts.append("\n".join(_compared(pairs, composer)))
    else:
        parts.append("\n".join(_incidents(replayed, composer)))
    return "\n\n".join(part for part in parts if part)


def _head(replayed: Replayed, composer: Composer) -> Iterator[str]:
    first, last = (at.astimezone(composer.zone) for at in (replayed.since, replayed.until))
    yield f"From {first:%a} {first.day} {first:%b %Y} to {last:%a} {last.day} {last:%b %Y}: {said(replayed, composer)}"
    channels = ", ".join(f"{name} {number(count)}" for name, count in per_channel(replayed).items())
    yield f"Messages by channel: {channels or 'none'}. {number(replayed.tests)} tests were made."


def said(replayed: Replayed, composer: Composer) -> str:
    """Return the alerts a week beside the budget, in one sentence."""
    alerts, quiet = len(replayed.alerts), _untold(replayed)
    budget = number(composer.budget.false_alerts_per_week)
    beside = f" {number(quiet)} more came and went untold, or were notices." if quiet else ""
    return (
        f"{number(alerts)} alert{'s' * (alerts != 1)}, {replayed.per_week:.1f} a week"
        f" (of which at most {budget} a week may be false: the budget).{beside}"
    )


def _untold(replayed: Replayed) -> int:
    told = {each.incident for each in replayed.told}
    return sum(incident.id not in told for incident in replayed.incidents)


def _weeks(replayed: Replayed, composer: Composer) -> Iterator[str]:
    yield "Week of      alerts  messages"
    for start, alerts, messages in weekly(replayed, composer.zone):
        yield f"{start.astimezone(composer.zone):%Y-%m-%d}  {alerts:>7}  {messages:>8}  {'▇' * min(alerts, 40)}"


def _incidents(replayed: Replayed, composer: Composer) -> Iterator[str]:
    told = [incident for incident in replayed.incidents if replayed.of(incident)]
    for incident in told[:MOST]:
        yield from _incident(incident, replayed, composer)
    if len(told) > MOST:
        yield f"… and {number(len(told) - MOST)} more; --json and --out have all of them"


def _incident(incident: Incident, replayed: Replayed, composer: Composer) -> Iterator[str]:
    first = replayed.of(incident)[0]
    worst = max((told.severity for told in replayed.of(incident)), key=RANK.__getitem__)
    local = incident.started.astimezone(composer.zone)
    over = f"over after {ago(incident.resolved - incident.started)}" if incident.resolved else "still open at the end"
    yield f"{MARKS[worst.value]} {composer.title(incident)}, since {local:%a} {local.day} {local:%b %H:%M}"
    yield f"   told after {ago(first.at - incident.started)}, {over}. {incident.headline.text}"


def _compared(pairs: Sequence[Pair], composer: Composer) -> Iterator[str]:
    counts = {change: sum(pair.change is change for pair in pairs) for change in Change}
    yield (
        "With the other configuration: "
        + ", ".join(f"{count} {change.value}" for change, count in counts.items())
        + "."
    )
    for pair in pairs:
        if pair.change is not Change.SAME:
            yield _pair(pair, composer)


def _pair(pair: Pair, composer: Composer) -> str:
    incident, told = pair.theirs or pair.ours  # type: ignore[misc]  # a pair has at least one side
    local = incident.started.astimezone(composer.zone)
    line = f"{SIGNS[pair.change]} {composer.title(incident)}, since {local:%a} {local.day} {local:%b %H:%M}"
    if pair.change is not Change.MOVED or pair.ours is None:
        return line
    before, after = pair.ours[1].severity, told.severity
    graver = f", {after} instead of {before}" if before is not after else ""
    if not pair.moved_by:
        return line + graver
    late = f"{ago(abs(pair.moved_by))} {'later' if pair.moved_by.total_seconds() > 0 else 'earlier'}"
    return f"{line}: told {late}{graver}"
