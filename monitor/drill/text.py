"""How does a drill read in a terminal?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from checks.words import number, percent
from monitor.compose import Composer, ago
from monitor.drill.fault import Fault
from monitor.drill.outcome import Outcome, Tally, why_not

MOST = 25  # events that are listed
WIDTH = 38  # of a name


def as_text(outcome: Outcome, composer: Composer) -> str:
    """Return the drill: what was seen and what was not, by class and by event, and what the untouched copy told."""
    parts = [_head(outcome, composer), _classes(outcome), _events(outcome), _refused(outcome)]
    return "\n\n".join(text for part in parts if (text := "\n".join(part)))


def _head(outcome: Outcome, composer: Composer) -> Iterator[str]:
    yield f"{span(outcome, composer)}: {said(outcome)}"
    yield false_alerts(outcome, composer)
    if not outcome.finished:
        yield f"The time was over: {planted(outcome)}; give it more with --minutes."


def span(outcome: Outcome, composer: Composer) -> str:
    """Return which stretch of the past faults were planted into."""
    first, last = (at.astimezone(composer.zone) for at in (outcome.untouched.since, outcome.untouched.until))
    return f"In a copy of {first:%a} {first.day} {first:%b %Y} to {last:%a} {last.day} {last:%b %Y}"


def said(outcome: Outcome) -> str:
    """Return in one sentence how many were seen, and how soon."""
    whole = outcome.whole
    if not whole.drills:
        return "no fault could be planted."
    low, high = whole.interval
    share = f"{percent(whole.share)}; 95 % interval {percent(low)} to {percent(high)}"
    soon = f", half of them within {ago(whole.delay)}" if whole.delay else ""
    return f"{number(whole.seen)} of {number(len(whole.drills))} planted faults were seen ({share}){soon}."


def planted(outcome: Outcome) -> str:
    """Return how much was covered."""
    classes = sum(bool(tally.drills) for _, tally in outcome.classes)
    events = len(outcome.events)
    return f"{classes} classes of faults, in {events} event{'s' * (events != 1)}, were planted"


def false_alerts(outcome: Outcome, composer: Composer) -> str:
    """Return how often the untouched copy was told of, beside the budget."""
    alerts, budget = len(outcome.untouched.alerts), number(composer.budget.false_alerts_per_week)
    what = f"{number(alerts)} alert{'s' * (alerts != 1)}, {outcome.untouched.per_week:.1f} a week"
    return f"Of the untouched copy it would have told {what}, right ones too; of which {budget} a week may be false."


def _classes(outcome: Outcome) -> Iterator[str]:
    yield f"{'Fault':<{WIDTH}} planted  seen           95 %  told after  by"
    for fault, tally in outcome.classes:
        yield _class(fault, tally)


def _class(fault: Fault, tally: Tally) -> str:
    if not tally.drills:
        return f"{fault.title:<{WIDTH}}       0     –"
    low, high = tally.interval
    by = ", ".join(f"{check} {count}" for check, count in tally.checks[:3]) or "nothing"
    noted = f"; {tally.noted} only in the weekly report" if tally.noted else ""
    return (
        f"{fault.title:<{WIDTH}} {len(tally.drills):>7} {percent(tally.share):>5}"
        f" {f'{percent(low)} to {percent(high)}':>15} {after(tally.delay):>11}  {by}{noted}"
    )


def after(delay: dt.timedelta | None) -> str:
    """Return a median delay, or a dash."""
    return ago(delay) if delay else "–"


def _events(outcome: Outcome) -> Iterator[str]:
    """Yield what survives where; what nothing survives in is summed up."""
    open_ = [tally for tally in outcome.events if tally.seen < len(tally.drills)]
    if open_:
        yield f"{'What survives in':<{WIDTH}}    seen"
    for tally in open_[:MOST]:
        yield f"{tally.name:<{WIDTH}} {f'{tally.seen} of {len(tally.drills)}':>7}  {', '.join(outcome.survived(tally))}"
    if len(open_) > MOST:
        yield f"… and {number(len(open_) - MOST)} more; --json and --out have all of them"
    rest = len(outcome.events) - len(open_)
    if rest:
        yield f"In {number(rest)}{' more' if open_ else ''} event{'s' * (rest != 1)}, nothing survived."


def _refused(outcome: Outcome) -> Iterator[str]:
    for fault, tally in outcome.classes:
        mine = [each for each in outcome.refused if each.fault == fault.name]
        if mine and not tally.drills:
            reasons = ", ".join(f"{why} ({count})" for why, count in why_not(mine))
            yield f"“{fault.title}” could not be planted anywhere: {reasons}"
