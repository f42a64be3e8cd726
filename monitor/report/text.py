"""How does a report read as plain text?"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from checks.words import number, share
from monitor.alerts.text import MARKS
from monitor.alerts.tidy import harmless, one_line
from monitor.compose import ago
from monitor.report import words
from monitor.report.content import Part, Report, Told, Trust, Verdict
from monitor.report.words import MOST_LISTED

TRUST_MARKS = {Trust.YES: "🟢", Trust.CARE: "🟠", Trust.NO: "🔴"}
BARS = "▁▂▃▄▅▆▇█"
LABELS = {Trust.YES: "Yes", Trust.CARE: "With care", Trust.NO: "No"}


def as_text(report: Report, width: int = 78) -> str:
    """Return the report as plain text, wrapped to `width` columns, ending in a newline."""
    sections = (_head, _questions, _todo, _more, _repaired, _owners, _sources, _events, _undecided, _cleanup, _covered)
    parts = [part for section in sections for part in section(report)]
    return "\n\n".join("\n".join(_wrapped(part, width)) for part in [*parts, *_monitor(report)]) + "\n"


def bars(days: Iterable[float | None], top: float | None = None) -> str:
    """Return numbers from zero on as one line of blocks.

    >>> bars([0, 5, 10]), bars([50, None], top=100)
    ('▁▅█', '▅ ')
    """
    values = list(days)
    most = top or max((value for value in values if value is not None), default=0) or 1
    return "".join(" " if value is None else BARS[round(value / most * (len(BARS) - 1))] for value in values)


def _head(report: Report) -> Iterator[str]:
    score = f"Score: {words.trend(report)}. {bars([*report.before, report.score.value], top=100)}"
    lines = [f"{words.title(report)} ({words.span(report)})", report.sentence, score, *words.speed(report)]
    if report.monitor.until:
        lines.append(f"Not all of the week is judged yet: only up to {report.monitor.until:%a %d %b, %H:%M}.")
    yield "\n".join(lines)


def _questions(report: Report) -> Iterator[str]:
    if report.verdicts:
        yield "CAN THIS WEEK'S ANSWERS BE TRUSTED?\n" + "\n".join(map(_question, report.verdicts))


def _question(verdict: Verdict) -> str:
    said = f"{TRUST_MARKS[verdict.trust]} {LABELS[verdict.trust]}: {one_line(verdict.ask)} ({verdict.owner})"
    named, more = words.because(verdict.because)
    return f"{said}\n  because of {one_line(named)}{more}" if named else said


def _todo(report: Report) -> Iterator[str]:
    if report.todo:
        yield "DO THIS WEEK\n" + "\n".join(f"{i}. {_task(told)}" for i, told in enumerate(report.todo, 1))


def _task(told: Told) -> str:
    points = f", {told.taken:.1f} points" if told.taken >= 0.05 else ""
    hand = f"; {told.hand}" if told.hand else ""
    lines = [f"{MARKS[told.severity.value]} {one_line(told.title)} ({ago(told.lasted)}{points}; {told.owner}{hand})"]
    lines += [f"   {one_line(told.text)}"] if told.text else []
    return "\n".join([*lines, f"   {told.advice}"])


def _more(report: Report) -> Iterator[str]:
    if report.more:
        lines = (f"{MARKS[each.severity.value]} {one_line(each.title)} ({each.owner})" for each in report.more)
        yield "ALSO OPEN\n" + "\n".join(_listed(lines))


def _repaired(report: Report) -> Iterator[str]:
    if report.repaired:
        lines = (f"🟢 {one_line(told.title)}, after {ago(told.lasted)}" for told in report.repaired)
        yield "REPAIRED\n" + "\n".join(_listed(lines))


def _owners(report: Report) -> Iterator[str]:
    if len(report.owners) > 1:
        yield "WHO OWNS WHAT IS OPEN (score, open incidents, what would lift it most)\n" + _parts(report, report.owners)


def _sources(report: Report) -> Iterator[str]:
    if len(report.sources) > 1:
        yield "SOURCES (score, what would lift it most)\n" + _parts(report, report.sources)


def _parts(report: Report, parts: tuple[Part, ...]) -> str:
    names = [one_line(part.name, 34) for part in parts]
    column = max(map(len, names))
    return "\n".join(
        _listed(
            f"{name:<{column}}  {'–' if part.score.value is None else f'{part.score.value:.0f}':>3}"
            + (f"  {len(part.open)} open" if part.open else "")
            + (f"  {one_line(lift)}" if (lift := report.lift(part.score)) else "")
            for name, part in zip(names, parts, strict=True)
        )
    )


def _events(report: Report) -> Iterator[str]:
    shown = report.rows[:MOST_LISTED]
    if not shown:
        return
    names = [one_line(row.event, 34) for row in shown]
    column = max(map(len, names))
    lines = [
        f"{name:<{column}}  {bars(row.days)}  {number(sum(row.days)):>10}  {row.score:>3.0f}"
        + (f"  {share(row.lost)} lost" if row.lost else "")
        for name, row in zip(names, shown, strict=True)
    ]
    more = len(report.rows) - len(shown)
    lines += [f"… and {more} more"] if more > 0 else []
    yield "EVENTS (Monday to Sunday, messages, score)\n" + "\n".join(lines)


def _undecided(report: Report) -> Iterator[str]:
    if report.undecided:
        lines = _listed(f"- {one_line(each.text)}" for each in report.undecided)
        yield "\n".join(["NAMES THAT WAIT FOR A DECISION", *lines, f"Take them into the plan: {words.INFER}"])


def _cleanup(report: Report) -> Iterator[str]:
    lines = []
    for number_, (what, items, more) in enumerate(words.steps(report), 1):
        lines += [f"{number_}. {what}", *(f"   - {one_line(item)}" for item in items)]
        lines += [f"   … and {more:,} more: trackwatch plan cleanup --all"] if more else []
    lines += [f"As a change of the plan: {words.CLEANUP}"] if words.can_be_removed(report) else []
    lines += _listed(f"- {one_line(text)}" for text in report.notices)
    if lines:
        saved = f" ({words.amount(report.removable)} in all)" if report.removable else ""
        yield "\n".join([f"TO CLEAN UP, THE SAFEST FIRST{saved}", *lines])


def _covered(report: Report) -> Iterator[str]:
    if report.coverage.planned:
        lines = _listed(f"- {one_line(each.event)}: {each.why}" for each in report.coverage.unwatched)
        yield "\n".join(["WHAT IS WATCHED", words.watched(report), *lines])
    if report.coverage.visible:
        seen = _listed(f"- {one_line(event)}: {said}" for event, said in words.visible(report))
        yield "\n".join(["THE SMALLEST LOSS OF A CRITICAL EVENT THAT IS SEEN", *seen])


def _monitor(report: Report) -> Iterator[str]:
    lines = [*words.itself(report.monitor), f"Made {report.made:%d %b %Y, %H:%M %Z}."]
    yield "\n".join(["THE MONITOR ITSELF", *lines])


def _listed(lines: Iterable[str]) -> list[str]:
    """Return the first of some lines, and how many more there are."""
    found = list(lines)
    more = len(found) - MOST_LISTED
    return [*found[:MOST_LISTED], *([f"… and {more:,} more"] if more > 0 else [])]


def _wrapped(part: str, width: int) -> Iterator[str]:
    for line in map(str, map(harmless, part.split("\n"))):
        hang = len(line) - len(line.lstrip(" -"))
        yield from textwrap.wrap(
            line, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False
        ) or [""]
