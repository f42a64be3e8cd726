"""How does a report say its numbers in words? The same in every form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.words import number, share
from monitor.compose import ago
from monitor.report.cleanup import ADVICE, CleanUp, saved
from monitor.report.content import Lengths, Monitor, Report, Told

MOST_NAMED = 2  # reasons that a verdict names
MOST_OF_STEP = 10  # things to clean up that are named of each step
MOST_LISTED = 15  # names of other lists
WITHIN = {"hour": "an hour", "day": "a day", "week": "a week"}
CLEANUP = "trackwatch plan cleanup --diff | git apply"
INFER = "trackwatch plan infer --write"


def span(report: Report) -> str:
    """Return the days of the week, such as `23 Feb to 1 Mar 2026`."""
    first, last = report.week.days[0], report.week.days[-1]
    return f"{first.day} {first:%b} to {last.day} {last:%b %Y}"


def title(report: Report) -> str:
    """Return what the report is of, such as `Data quality of production, week 2026-W09`."""
    mine = f" for {report.owner}" if report.owner else ""
    return f"Data quality of {report.workspace}{mine}, week {report.week}"


def trend(report: Report) -> str:
    """Return the score with that of the week before: `94 of 100, 3 less than the week before`."""
    if report.score.value is None:
        return "no messages were due"
    said = f"{report.score.value:.0f} of 100"
    last = report.before[-1] if report.before else None
    if last is None:
        return said
    difference = round(report.score.value) - round(last)
    if not difference:
        return f"{said}, as the week before"
    return f"{said}, {abs(difference)} {'more' if difference > 0 else 'less'} than the week before"


def scores(report: Report) -> str:
    """Return the scores of the weeks, the newest last: `Score by week: 2026-W08 100, 2026-W09 94`."""
    values = [*report.before, report.score.value]
    weeks = [report.week.back(back) for back in range(len(values) - 1, -1, -1)]
    said = (f"{week} {'–' if value is None else f'{value:.0f}'}" for week, value in zip(weeks, values, strict=True))
    return f"Score by week: {', '.join(said)}"


def because(told: Sequence[Told]) -> tuple[str, str]:
    """Return the gravest reasons of a verdict, and how many more there are, in words."""
    named = "; ".join(each.title for each in told[:MOST_NAMED])
    return named, f" and {len(told) - MOST_NAMED} more" if len(told) > MOST_NAMED else ""


def speed(report: Report) -> Iterator[str]:
    """Yield how long it took to find what was wrong, and to repair it."""
    if report.detected.count:
        yield f"Found {_took(report.detected)} after it began{_of(report.detected, 'new incident')}."
    if report.resolved.count:
        yield f"Repaired {_took(report.resolved)} after it began{_of(report.resolved, 'repaired incident')}."


def _took(lengths: Lengths) -> str:
    if lengths.longest == lengths.median:
        return ago(lengths.median)
    return f"{ago(lengths.median)} (median; {ago(lengths.longest)} at the longest)"


def _of(lengths: Lengths, noun: str) -> str:
    return f", of {lengths.count} {noun}s" if lengths.count > 1 else ""


def amount(items: Sequence[CleanUp]) -> str:
    """Return what goes with some things: `12,345 values, 1.2 MiB`."""
    values, taken = saved(items)
    said = f"{values:,} value{'' if values == 1 else 's'}"
    return said if taken is None else f"{said}, {taken / 2**20:,.1f} MiB"


def steps(report: Report) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Yield each step of the clean-up, the safest first: what to do and what it saves, of what, and how many more."""
    for step in sorted({item.step for item in report.removable}):
        here = [item for item in report.removable if item.step == step]
        lines = tuple(f"{item.text}{_kept(item)}" for item in here[:MOST_OF_STEP])
        yield f"{ADVICE[step].capitalize()} ({amount(here)})", lines, max(len(here) - MOST_OF_STEP, 0)


def _kept(item: CleanUp) -> str:
    said = [*(["something reads it"] if item.read else []), *([item.needed] if item.needed else [])]
    return f" ({'; '.join(said)})" if said else ""


def can_be_removed(report: Report) -> bool:
    """Say whether a change of the plan removes anything."""
    return any(item.planned and not item.is_blocked() for item in report.removable)


def watched(report: Report) -> str:
    """Return how much of the plan is watched."""
    whole = report.coverage.planned
    count = whole - len(report.coverage.unwatched)
    unowned = f"; {number(report.coverage.unowned)} without an owner" if report.coverage.unowned else ""
    if not report.coverage.known:
        return f"{number(whole)} events are planned{unowned}. Which are watched is not computed yet: the next run does."
    return f"{number(count)} of {number(whole)} planned events are watched{unowned}."


def visible(report: Report) -> Iterator[tuple[str, str]]:
    """Yield each critical event with the smallest loss of it that is seen: `within an hour 60 %, a day 25 %`."""
    for each in report.coverage.visible:
        sizes = [(name, each.drop.get(within)) for within, name in WITHIN.items()]
        said = ", ".join(f"{name} {share(size)}" for name, size in sizes if size is not None)
        yield each.event, f"within {said}" if said else "not even a full stop within a week"


def itself(monitor: Monitor) -> Iterator[str]:
    """Yield how the monitor itself did."""
    allowed = f"at most {number(monitor.budget)} false one{'s' * (monitor.budget != 1)} a week"
    yield f"{monitor.alerts} alert{'s' * (monitor.alerts != 1)} this week; the budget is {allowed}."
    if monitor.tests:
        risk = "" if monitor.risk is None else f"; by chance {monitor.risk:.2g} of them were to be expected to alert"
        yield f"{number(monitor.tests)} tests were made on the week{risk}."
    if monitor.precision:
        yield f"{'; '.join(monitor.precision)}."
    else:
        yield "Nobody has said yet of an alert whether it was useful: 'useful' and 'noise' are buttons on its page."
    for why in dict.fromkeys(each.why for each in monitor.idle):
        names = [each.event for each in monitor.idle if each.why == why]
        watch = f"The check {names[0]} watches" if len(names) == 1 else f"The checks {', '.join(names)} watch"
        yield f"{watch} nothing: {why.removesuffix('.')}."
